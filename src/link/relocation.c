/* SPDX-License-Identifier: MIT */
/* Understands one relocation (relocation.h).  Freestanding, no allocation. */
#include "link/relocation.h"

#include "base/format.h"
#include "base/string.h"

/*
 * The two bytes before a field of text: opcode and ModRM of the instruction
 * that it ends or is part of.  Zeros where there are none.
 */
struct opcode {
	uint8_t first, last;
};

static bool is_text(const struct link_object *object, uint32_t section)
{
	return object->sections[section].pool == LINK_TEXT;
}

static inline struct opcode opcode_before(const struct link_object *object, uint32_t section,
					  uint64_t offset)
{
	const uint8_t *bytes = elf_section_data(object->elf, section);

	if (!is_text(object, section) || !bytes || offset == 0)
		return (struct opcode){ 0 };
	return (struct opcode){
		.first = offset >= 2 ? bytes[offset - 2] : 0,
		.last = bytes[offset - 1],
	};
}

/* lea disp32(%rip), reg: 8d with mod 00, rm 101. */
static bool is_lea(struct opcode opcode)
{
	return opcode.first == 0x8d && (opcode.last & 0xc7) == 0x05;
}

/* call or jmp *disp32(%rip): ff /2, ff /4. */
static bool is_indirect_branch(struct opcode opcode)
{
	return opcode.first == 0xff && (opcode.last == 0x15 || opcode.last == 0x25);
}

/* call rel32, jmp rel32, jcc rel32. */
static bool is_branch(struct opcode opcode)
{
	return opcode.last == 0xe8 || opcode.last == 0xe9 ||
	       (opcode.first == 0x0f && (opcode.last & 0xf0) == 0x80);
}

/* Unwind and exception tables speak of code, not of functions' addresses. */
static bool is_table(const struct link_object *object, uint32_t section)
{
	const char *name = elf_section_name(object->elf, section);

	return string_starts(name, ".eh_frame") || string_starts(name, ".gcc_except_table");
}

/* The addend is any 64-bit value of the file: sums wrap, as in the object's own arithmetic. */
static uint32_t own_function(const struct link_object *object, uint32_t symbol, uint64_t addend)
{
	const Elf64_Sym *sym = &object->elf->symbols[symbol];

	return link_function_at(object, elf_symbol_section(object->elf, symbol),
				sym->st_value + addend);
}

static void take_own_address(struct relocation *relocation, uint32_t function, int64_t addend)
{
	if (function == 0)
		return;
	relocation->use = RELOCATION_OWN_ADDRESS;
	relocation->symbol = function;
	relocation->addend = addend;
}

static int unknown_type(const struct link_object *object, uint32_t section, const Elf64_Rela *rela,
			struct diag *reterr)
{
	link_diag(reterr, object->elf, section, ELF64_R_SYM(rela->r_info), rela->r_offset,
		  "unknown relocation",
		  "R_X86_64_ 64 PC32 PLT32 GOTPCREL GOTPCRELX REX_GOTPCRELX 32 32S PC64", "");
	format_text(reterr->found, sizeof(reterr->found), "type %u", ELF64_R_TYPE(rela->r_info));
	return -ENOEXEC;
}

static bool is_known(uint32_t type)
{
	const uint64_t known = 1ull << R_X86_64_NONE | 1ull << R_X86_64_64 | 1ull << R_X86_64_PC32 |
			       1ull << R_X86_64_PLT32 | 1ull << R_X86_64_GOTPCREL |
			       1ull << R_X86_64_32 | 1ull << R_X86_64_32S | 1ull << R_X86_64_PC64 |
			       1ull << R_X86_64_GOTPCRELX | 1ull << R_X86_64_REX_GOTPCRELX;

	return type < 64 && (known >> type & 1) != 0;
}

int relocation_read(const struct link_object *object, uint32_t section, const Elf64_Rela *rela,
		    struct relocation *ret, struct diag *reterr)
{
	uint32_t symbol = ELF64_R_SYM(rela->r_info), type = ELF64_R_TYPE(rela->r_info);
	uint64_t at = rela->r_offset, addend = (uint64_t)rela->r_addend;
	bool undefined = elf_symbol_section(object->elf, symbol) == SHN_UNDEF;

	if (!is_known(type))
		return unknown_type(object, section, rela, reterr);
	ret->use = RELOCATION_RAW;
	ret->symbol = symbol;
	ret->addend = rela->r_addend;
	ret->type = type;
	ret->section = section;
	ret->offset = at;
	switch (type) {
	case R_X86_64_GOTPCREL:
	case R_X86_64_GOTPCRELX:
	case R_X86_64_REX_GOTPCRELX:
		ret->use = is_indirect_branch(opcode_before(object, section, at))
				   ? RELOCATION_CALL_SLOT
				   : RELOCATION_ADDRESS_SLOT;
		break;
	case R_X86_64_PLT32:
	case R_X86_64_PC32:
		if (undefined &&
		    (type == R_X86_64_PLT32 || is_branch(opcode_before(object, section, at))))
			ret->use = RELOCATION_STUB;
		else if (undefined)
			ret->use = RELOCATION_DIRECT;
		else if (is_lea(opcode_before(object, section, at)))
			take_own_address(ret, own_function(object, symbol, addend + 4), -4);
		break;
	case R_X86_64_64:
		/* Code cannot follow what moves, so there it may only be an entry. */
		if (undefined)
			ret->use = is_text(object, section) ? RELOCATION_DIRECT : RELOCATION_WORD;
		else if (!is_table(object, section))
			take_own_address(ret, own_function(object, symbol, addend), 0);
		break;
	case R_X86_64_32:
	case R_X86_64_32S:
	case R_X86_64_PC64:
		if (undefined)
			ret->use = RELOCATION_DIRECT;
		break;
	default: /* R_X86_64_NONE */
		break;
	}
	return 0;
}
