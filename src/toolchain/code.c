/* SPDX-License-Identifier: MIT */
/*
 * Reading the instructions for addresses taken; see code.h.
 *
 * Sections are decoded from their start to their end by Zydis, so a byte is
 * never taken for an opcode that it is not.  Source: Intel SDM volume 2, LEA.
 */
#include "code.h"

#include <Zydis/Zydis.h>
#include <string.h>

#include "spelling.h"

struct reading {
	struct object *object;
	const struct types *types;
	struct records *records;
	struct additions *additions;
};

static void record(struct reading *reading, const struct symbol *function)
{
	uint64_t hash = types_hash(reading->types, reading->object, function);
	struct text name = { 0 };

	if (!symbol_is_local(function) && !symbol_is_hidden(function))
		return; /* provided: recorded as such */
	if (symbol_is_local(function))
		text_add(&name, "%s:", function->file);
	text_add(&name, "%s", function->name);
	records_add_symbol(reading->records, name.bytes, NOTE_ADDRESS_TAKEN, hash);
	text_free(&name);
}

/* `bias` is what the field's end adds: 4 for a displacement, 0 for a word of data. */
static void record_target(struct reading *reading, const Elf64_Rela *rela, int64_t bias)
{
	const struct symbol *function = NULL;
	uint64_t offset;
	size_t section = rela_target(reading->object, rela, bias, &offset);

	if (section != SHN_UNDEF)
		function = object_function_at(reading->object, section, offset);
	if (function)
		record(reading, function);
}

static void add_relocation(struct reading *reading, size_t section, uint64_t at,
			   const struct symbol *function)
{
	struct additions *additions = reading->additions;
	uint64_t symbol = (uint64_t)(function - reading->object->symbols);

	additions->items = object_grow(additions->items, additions->count, &additions->capacity,
				       sizeof(*additions->items));
	additions->items[additions->count++] = (struct addition){
		.section = section,
		.rela = {
			.r_offset = at,
			.r_info = ELF64_R_INFO(symbol, R_X86_64_PC32),
			.r_addend = -4,
		},
	};
}

static bool is_lea_rip(const ZydisDecodedInstruction *instruction)
{
	return instruction->mnemonic == ZYDIS_MNEMONIC_LEA && instruction->raw.modrm.mod == 0 &&
	       instruction->raw.modrm.rm == 5 && instruction->raw.disp.size == 32;
}

static void read_lea(struct reading *reading, size_t index, uint64_t at,
		     const ZydisDecodedInstruction *lea)
{
	const struct section *section = &reading->object->sections[index];
	uint64_t field = at + lea->raw.disp.offset;
	const Elf64_Rela *rela = section_rela_at(section, field);
	const struct symbol *function;

	if (rela) {
		if (ELF64_R_TYPE(rela->r_info) == R_X86_64_PC32)
			record_target(reading, rela, 4);
		return;
	}
	function = object_function_at(reading->object, index,
				      at + lea->length + (uint64_t)lea->raw.disp.value);
	if (!function)
		return;
	add_relocation(reading, index, field, function);
	record(reading, function);
}

static void read_instructions(struct reading *reading, size_t index)
{
	const struct section *section = &reading->object->sections[index];
	ZydisDecodedInstruction instruction;
	ZydisDecoder decoder;

	ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	for (uint64_t at = 0; at < section->shdr.sh_size; at += instruction.length) {
		ZyanStatus status =
			ZydisDecoderDecodeInstruction(&decoder, NULL, section->bytes + at,
						      section->shdr.sh_size - at, &instruction);

		if (ZYAN_FAILED(status)) {
			section_refuse(reading->object, section,
				       "bytes at offset %llu are no instruction",
				       (unsigned long long)at);
			return;
		}
		if (is_lea_rip(&instruction))
			read_lea(reading, index, at, &instruction);
	}
}

/* A GOT slot that is not called or jumped through holds an address. */
static bool is_address_slot(const struct section *section, const Elf64_Rela *rela)
{
	const uint8_t call = 0x15, jump = 0x25;
	const uint8_t *field = section->bytes + rela->r_offset;

	switch (ELF64_R_TYPE(rela->r_info)) {
	case R_X86_64_GOTPCREL:
	case R_X86_64_GOTPCRELX:
	case R_X86_64_REX_GOTPCRELX:
		return rela->r_offset < 2 || field[-2] != 0xff ||
		       (field[-1] != call && field[-1] != jump);
	default:
		return false;
	}
}

static void read_relocations(struct reading *reading, const struct section *section)
{
	bool is_code = section_is_code(section);

	for (size_t i = 0; i < section->n_relas; i++) {
		const Elf64_Rela *rela = &section->relas[i];

		if (is_code && is_address_slot(section, rela))
			record_target(reading, rela, 4);
		if (!is_code && ELF64_R_TYPE(rela->r_info) == R_X86_64_64)
			record_target(reading, rela, 0);
	}
}

void code_record(struct object *object, const struct types *types, struct records *records,
		 struct additions *additions)
{
	struct reading reading = {
		.object = object,
		.types = types,
		.records = records,
		.additions = additions,
	};

	for (size_t i = 1; i < object->n_sections; i++) {
		const struct section *section = &object->sections[i];

		if (!(section->shdr.sh_flags & SHF_ALLOC) || !section->bytes ||
		    strcmp(section->name, ".eh_frame") == 0)
			continue;
		if (section_is_code(section))
			read_instructions(&reading, i);
		read_relocations(&reading, section);
	}
}
