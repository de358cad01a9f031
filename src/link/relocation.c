/* SPDX-License-Identifier: MIT */
/* Understands one relocation (relocation.h).  Freestanding, no allocation. */
#include "link/relocation.h"

#include "base/format.h"
#include "base/string.h"

/* The bytes before a 32-bit field: opcode and ModRM of the instruction it ends or is part of. */
static uint8_t byte_before(const struct link_object *object, uint32_t section, uint64_t offset,
			   unsigned int back)
{
	const uint8_t *bytes = elf_section_data(object->elf, section);

	return bytes && offset >= back ? bytes[offset - back] : 0;
}

static bool is_text(const struct link_object *object, uint32_t section)
{
	return object->sections[section].pool == LINK_TEXT;
}

/* lea disp32(%rip), reg: 8d with mod 00, rm 101. */
static bool is_lea(const struct link_object *object, uint32_t section, uint64_t offset)
{
	return is_text(object, section) && byte_before(object, section, offset, 2) == 0x8d &&
	       (byte_before(object, section, offset, 1) & 0xc7) == 0x05;
}

/* call or jmp *disp32(%rip): ff /2, ff /4. */
static bool is_indirect_branch(const struct link_object *object, uint32_t section, uint64_t offset)
{
	uint8_t modrm = byte_before(object, section, offset, 1);

	return is_text(object, section) && byte_before(object, section, offset, 2) == 0xff &&
	       (modrm == 0x15 || modrm == 0x25);
}

/* call rel32, jmp rel32, jcc rel32. */
static bool is_branch(const struct link_object *object, uint32_t section, uint64_t offset)
{
	uint8_t last = byte_before(object, section, offset, 1);

	if (!is_text(object, section))
		return false;
	return last == 0xe8 || last == 0xe9 ||
	       (byte_before(object, section, offset, 2) == 0x0f && (last & 0xf0) == 0x80);
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

int relocation_read(const struct link_object *object, uint32_t section, const Elf64_Rela *rela,
		    struct relocation *ret, struct diag *reterr)
{
	uint32_t symbol = ELF64_R_SYM(rela->r_info);
	uint64_t at = rela->r_offset, addend = (uint64_t)rela->r_addend;
	bool undefined = elf_symbol_section(object->elf, symbol) == SHN_UNDEF;
	struct relocation relocation = {
		.use = RELOCATION_RAW,
		.symbol = symbol,
		.addend = rela->r_addend,
		.type = ELF64_R_TYPE(rela->r_info),
		.section = section,
		.offset = at,
	};

	switch (relocation.type) {
	case R_X86_64_NONE:
		break;
	case R_X86_64_GOTPCREL:
	case R_X86_64_GOTPCRELX:
	case R_X86_64_REX_GOTPCRELX:
		relocation.use = is_indirect_branch(object, section, at) ? RELOCATION_CALL_SLOT
									 : RELOCATION_ADDRESS_SLOT;
		break;
	case R_X86_64_PLT32:
	case R_X86_64_PC32:
		if (undefined &&
		    (relocation.type == R_X86_64_PLT32 || is_branch(object, section, at)))
			relocation.use = RELOCATION_STUB;
		else if (undefined)
			relocation.use = RELOCATION_DIRECT;
		else if (is_lea(object, section, at))
			take_own_address(&relocation, own_function(object, symbol, addend + 4), -4);
		break;
	case R_X86_64_64:
		/* Code cannot follow what moves, so there it may only be an entry. */
		if (undefined)
			relocation.use =
				is_text(object, section) ? RELOCATION_DIRECT : RELOCATION_WORD;
		else if (!is_table(object, section))
			take_own_address(&relocation, own_function(object, symbol, addend), 0);
		break;
	case R_X86_64_32:
	case R_X86_64_32S:
	case R_X86_64_PC64:
		if (undefined)
			relocation.use = RELOCATION_DIRECT;
		break;
	default:
		return unknown_type(object, section, rela, reterr);
	}
	*ret = relocation;
	return 0;
}
