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

__attribute__((always_inline)) static inline uint64_t target(const struct link_object *object,
							     const struct relocation *relocation)
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

__attribute__((always_inline)) static inline int store(const struct link_object *object,
						       const struct relocation *relocation,
						       uint8_t *to, uint64_t value,
						       struct diag *reterr)
{
	uint32_t word = (uint32_t)value;

	if (relocation->type == R_X86_64_64 || relocation->type == R_X86_64_PC64) {
		__builtin_memcpy(to, &value, 8);
		return 0;
	}
	if (relocation->type == R_X86_64_32) {
		if (value != word)
			return out_of_range(object, relocation, value, "an unsigned 32-bit value",
					    reterr);
	} else if ((int64_t)value != (int32_t)word) {
		return out_of_range(object, relocation, value, "a signed 32-bit value", reterr);
	}
	__builtin_memcpy(to, &word, 4);
	return 0;
}

static inline bool is_relative(uint32_t type)
{
	return type != R_X86_64_64 && type != R_X86_64_32 && type != R_X86_64_32S;
}

static int refuse_unplaced(const struct link_object *object, const struct relocation *relocation,
			   struct diag *reterr)
{
	uint32_t of = elf_symbol_section(object->elf, relocation->symbol);

	link_diag(reterr, object->elf, relocation->section, relocation->symbol, relocation->offset,
		  "relocation against a section that is not loaded", "SHF_ALLOC",
		  elf_section_name(object->elf, of));
	return -ENOEXEC;
}

/* image: of the section that it applies to, which will be at va. */
__attribute__((always_inline)) static inline int apply(const struct link_object *object,
						       const struct relocation *relocation,
						       uint8_t *image, uint64_t va,
						       struct diag *reterr)
{
	uint64_t value;

	if (relocation->type == R_X86_64_NONE)
		return 0;
	if (object->symbols[relocation->symbol].kind == LINK_NOWHERE)
		return refuse_unplaced(object, relocation, reterr);
	value = target(object, relocation) + (uint64_t)relocation->addend;
	if (is_relative(relocation->type))
		value -= va + relocation->offset;
	return store(object, relocation, image + relocation->offset, value, reterr);
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

/* What is between sections: what runs astray there traps. */
static void fill(const struct link_object *object, enum link_pool pool, uint64_t from, uint64_t to)
{
	if (to > from)
		memset(object->image[pool] + from, pool == LINK_TEXT ? 0xcc : 0, to - from);
}

/* Sections of a pool that lie one after the other in [from, to), in the order of the table. */
static void copy_range(const struct link_object *object, enum link_pool pool, uint64_t from,
		       uint64_t to)
{
	const uint64_t end = to;

	for (uint32_t i = 1; i < object->elf->n_sections; i++) {
		const struct link_section *section = &object->sections[i];
		uint64_t size = object->elf->sections[i].sh_size;
		const void *data = elf_section_data(object->elf, i);

		if (section->pool != pool || !data || size == 0 || section->offset < from ||
		    section->offset >= end)
			continue;
		fill(object, pool, from, section->offset);
		memcpy(object->image[pool] + section->offset, data, size);
		from = section->offset + size;
	}
	fill(object, pool, from, to);
}

static void copy_sections(const struct link_object *object)
{
	const uint64_t *size = object->size;

	for (enum link_pool pool = 0; pool < LINK_POOLS; pool++) {
		if (!object->image[pool])
			continue;
		if (pool != LINK_CONST) {
			copy_range(object, pool, 0, size[pool]);
			continue;
		}
		/* Tables come behind the others, whatever their places in the section table. */
		copy_range(object, pool, 0, object->lsda);
		copy_range(object, pool, object->lsda, object->eh_frame);
		copy_range(object, pool, object->eh_frame, size[pool]);
	}
}

/* False: it is out of range, and apply() says so. */
static inline bool store_plain(const struct link_object *object, const Elf64_Rela *rela,
			       uint8_t *image, uint64_t va)
{
	uint64_t value = object->symbols[ELF64_R_SYM(rela->r_info)].call + (uint64_t)rela->r_addend;
	uint32_t word;

	if (ELF64_R_TYPE(rela->r_info) == R_X86_64_64) {
		__builtin_memcpy(image + rela->r_offset, &value, sizeof(value));
		return true;
	}
	value -= va + rela->r_offset;
	word = (uint32_t)value;
	if ((int64_t)value != (int32_t)word)
		return false;
	__builtin_memcpy(image + rela->r_offset, &word, sizeof(word));
	return true;
}

static int relocate_section(const struct link_object *object, uint32_t rela_section,
			    struct link_word *words, uint32_t *n_words, struct diag *reterr)
{
	uint32_t section = object->elf->sections[rela_section].sh_info;
	const struct link_section *placed = &object->sections[section];
	uint8_t *image = object->image[placed->pool] + placed->offset;
	uint64_t va = object->base[placed->pool] + placed->offset;
	struct relocation_place place;
	size_t count;
	const Elf64_Rela *relas = elf_relas(object->elf, rela_section, &count);

	relocation_begin(object, section, &place);
	for (size_t k = 0; k < count; k++) {
		__attribute__((uninitialized)) struct relocation relocation;
		int r;

		if (relocation_is_plain(&place, &relas[k]) &&
		    store_plain(object, &relas[k], image, va))
			continue;
		if (!relocation_is_known(ELF64_R_TYPE(relas[k].r_info)))
			return relocation_unknown(object, section, &relas[k], reterr);
		relocation_understand(&place, &relas[k], &relocation);
		r = apply(object, &relocation, image, va, reterr);
		if (r < 0)
			return r;
		if (relocation.use == RELOCATION_WORD)
			words[(*n_words)++] = (struct link_word){
				.va = va + relocation.offset,
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
