/* SPDX-License-Identifier: MIT */
/*
 * Applies an object's relocations to its images.  What each one means is
 * relocation.c's answer.  Freestanding, no allocation.
 */
#include "link/link.h"

#include "base/format.h"
#include "base/string.h"
#include "link/relocation.h"

/* psABI: S value of the symbol, A addend, P place, G slot, L stub. */
static uint64_t slot_address(const struct link_object *object, uint32_t slot)
{
	return object->base[LINK_CONST] + object->got + (uint64_t)(slot - 1) * 8;
}

static uint64_t stub_address(const struct link_object *object, uint32_t stub)
{
	return object->base[LINK_TEXT] + object->stubs + (uint64_t)(stub - 1) * LINK_STUB_SIZE;
}

static uint64_t target(const struct link_object *object, const struct relocation *relocation)
{
	const struct link_symbol *symbol = &object->symbols[relocation->symbol];

	switch (relocation->use) {
	case RELOCATION_CALL_SLOT:
		return slot_address(object, symbol->call_slot);
	case RELOCATION_ADDRESS_SLOT:
		return slot_address(object, symbol->address_slot);
	case RELOCATION_STUB:
		return stub_address(object, symbol->stub);
	case RELOCATION_WORD:
	case RELOCATION_DIRECT:
	case RELOCATION_OWN_ADDRESS:
		return symbol->address;
	case RELOCATION_RAW:
		break;
	}
	return symbol->call;
}

static int out_of_range(const struct link_object *object, const struct relocation *relocation,
			uint64_t value, const char *expected, struct diag *reterr)
{
	link_diag(reterr, object->elf, relocation->section, relocation->symbol, relocation->offset,
		  "relocation out of range", expected, "");
	format_text(reterr->found, sizeof(reterr->found), "0x%lx", value);
	return -ENOEXEC;
}

static int store(const struct link_object *object, const struct relocation *relocation,
		 uint64_t value, struct diag *reterr)
{
	const struct link_section *section = &object->sections[relocation->section];
	uint8_t *to = object->image[section->pool] + section->offset + relocation->offset;
	bool is_signed = relocation->type != R_X86_64_32;
	uint32_t word = (uint32_t)value;

	if (relocation->type == R_X86_64_64 || relocation->type == R_X86_64_PC64) {
		memcpy(to, &value, 8);
		return 0;
	}
	if (is_signed && (int64_t)value != (int32_t)word)
		return out_of_range(object, relocation, value, "a signed 32-bit value", reterr);
	if (!is_signed && value != word)
		return out_of_range(object, relocation, value, "an unsigned 32-bit value", reterr);
	memcpy(to, &word, 4);
	return 0;
}

static bool is_relative(uint32_t type)
{
	return type != R_X86_64_64 && type != R_X86_64_32 && type != R_X86_64_32S;
}

static int apply(const struct link_object *object, const struct relocation *relocation,
		 struct diag *reterr)
{
	const struct link_section *section = &object->sections[relocation->section];
	uint32_t of = elf_symbol_section(object->elf, relocation->symbol);
	uint64_t value;

	if (relocation->type == R_X86_64_NONE)
		return 0;
	if (of != SHN_UNDEF && of < object->elf->n_sections &&
	    object->sections[of].pool == LINK_UNPLACED) {
		link_diag(reterr, object->elf, relocation->section, relocation->symbol,
			  relocation->offset, "relocation against a section that is not loaded",
			  "SHF_ALLOC", elf_section_name(object->elf, of));
		return -ENOEXEC;
	}
	value = target(object, relocation) + (uint64_t)relocation->addend;
	if (is_relative(relocation->type))
		value -= object->base[section->pool] + section->offset + relocation->offset;
	return store(object, relocation, value, reterr);
}

/* Images are NULL when nothing of their kind exists: no pointer is made before one is needed. */
static void fill_slot(const struct link_object *object, uint32_t slot, uint64_t value)
{
	if (slot)
		memcpy(object->image[LINK_CONST] + object->got + (slot - 1) * 8ul, &value, 8);
}

static void fill_stub(const struct link_object *object, const struct link_symbol *symbol)
{
	uint8_t stub[LINK_STUB_SIZE] = { 0xff, 0x25, 0, 0, 0, 0, 0xcc, 0xcc };
	uint64_t at = stub_address(object, symbol->stub);
	uint32_t displacement = (uint32_t)(slot_address(object, symbol->call_slot) - (at + 6));

	memcpy(stub + 2, &displacement, 4);
	memcpy(object->image[LINK_TEXT] + (at - object->base[LINK_TEXT]), stub, sizeof(stub));
}

static void fill_slots(const struct link_object *object)
{
	for (uint32_t i = 1; i < object->elf->n_symbols; i++) {
		const struct link_symbol *symbol = &object->symbols[i];

		fill_slot(object, symbol->call_slot, symbol->call);
		fill_slot(object, symbol->address_slot, symbol->address);
		if (symbol->stub)
			fill_stub(object, symbol);
	}
}

static void copy_sections(const struct link_object *object)
{
	for (int pool = 0; pool < LINK_POOLS; pool++) {
		if (object->image[pool])
			memset(object->image[pool], pool == LINK_TEXT ? 0xcc : 0,
			       object->size[pool]);
	}
	for (uint32_t i = 1; i < object->elf->n_sections; i++) {
		const struct link_section *section = &object->sections[i];
		const void *data = elf_section_data(object->elf, i);

		if (section->pool == LINK_UNPLACED || !object->image[section->pool] || !data)
			continue;
		memcpy(object->image[section->pool] + section->offset, data,
		       object->elf->sections[i].sh_size);
	}
}

static int relocate_section(const struct link_object *object, uint32_t rela_section,
			    struct link_word *words, uint32_t *n_words, struct diag *reterr)
{
	uint32_t section = object->elf->sections[rela_section].sh_info;
	size_t count;
	const Elf64_Rela *relas = elf_relas(object->elf, rela_section, &count);

	for (size_t k = 0; k < count; k++) {
		const struct link_section *placed = &object->sections[section];
		__attribute__((uninitialized)) struct relocation relocation;
		int r = relocation_read(object, section, &relas[k], &relocation, reterr);

		if (r == 0)
			r = apply(object, &relocation, reterr);
		if (r < 0)
			return r;
		if (relocation.use == RELOCATION_WORD)
			words[(*n_words)++] = (struct link_word){
				.va = object->base[placed->pool] + placed->offset +
				      relocation.offset,
				.symbol = relocation.symbol,
				.addend = relocation.addend,
			};
	}
	return 0;
}

int link_relocate(const struct link_object *object, struct link_word *words, struct diag *reterr)
{
	uint32_t n_words = 0;

	copy_sections(object);
	for (uint32_t i = 1; i < object->elf->n_sections; i++) {
		const Elf64_Shdr *shdr = &object->elf->sections[i];
		uint32_t pool;
		int r;

		if (shdr->sh_type != SHT_RELA)
			continue;
		pool = object->sections[shdr->sh_info].pool;
		if (pool == LINK_UNPLACED || !object->image[pool])
			continue;
		r = relocate_section(object, i, words, &n_words, reterr);
		if (r < 0)
			return r;
	}
	if (object->n_slots)
		fill_slots(object);
	return 0;
}
