/* SPDX-License-Identifier: MIT */
/*
 * One relocation, understood: internal to src/link.
 *
 * What a relocation asks for depends on its type, on whether its symbol is
 * the object's own, and on the instruction it patches.  relocation_read()
 * decides that once; layout.c counts with the answer, relocate.c applies it.
 */
#ifndef LINK_RELOCATION_H
#define LINK_RELOCATION_H

#include <stdint.h>

#include "link/link.h"

enum relocation_use {
	RELOCATION_RAW,		 /* S is the definition: no symbol's address is taken */
	RELOCATION_CALL_SLOT,	 /* GOT, ff /2 or ff /4 */
	RELOCATION_ADDRESS_SLOT, /* GOT, any other instruction */
	RELOCATION_STUB,	 /* branch to another object's function: foreign objects */
	RELOCATION_WORD,	 /* 64-bit word in data, of another object's symbol */
	RELOCATION_DIRECT,	/* another object's symbol within an instruction: foreign objects */
	RELOCATION_OWN_ADDRESS, /* own function's address is taken: its entry */
};

struct relocation {
	enum relocation_use use;
	uint32_t symbol; /* of OWN_ADDRESS: the function, else the relocation's */
	int64_t addend;	 /* of OWN_ADDRESS: relative to the function's entry */
	uint32_t type;
	uint32_t section; /* that it applies to */
	uint64_t offset;
};

/* What all relocations of a section have in common. */
struct relocation_place {
	const struct link_object *object;
	const uint8_t *bytes; /* of a section of text; else NULL */
	uint32_t section;
	bool is_table; /* unwind and exception tables speak of code, not of functions' addresses */
};

void relocation_begin(const struct link_object *object, uint32_t section,
		      struct relocation_place *ret);
MUST_USE int relocation_unknown(const struct link_object *object, uint32_t section,
				const Elf64_Rela *rela, struct diag *reterr);
/* The same for one alone.  -ENOEXEC: of an unknown type. */
MUST_USE int relocation_read(const struct link_object *object, uint32_t section,
			     const Elf64_Rela *rela, struct relocation *ret, struct diag *reterr);

static inline bool relocation_is_known(uint32_t type)
{
	const uint64_t known = 1ull << R_X86_64_NONE | 1ull << R_X86_64_64 | 1ull << R_X86_64_PC32 |
			       1ull << R_X86_64_PLT32 | 1ull << R_X86_64_GOTPCREL |
			       1ull << R_X86_64_32 | 1ull << R_X86_64_32S | 1ull << R_X86_64_PC64 |
			       1ull << R_X86_64_GOTPCRELX | 1ull << R_X86_64_REX_GOTPCRELX;

	return type < 64 && (known >> type & 1) != 0;
}

/*
 * The two bytes before a field of text: opcode and ModRM of the instruction
 * that it ends or is part of, the last one above.  Zeros where there are none.
 */
static inline uint32_t relocation_opcode(const struct relocation_place *place, uint64_t offset)
{
	uint16_t opcode;

	if (!place->bytes || offset == 0)
		return 0;
	if (offset == 1)
		return (uint32_t)place->bytes[0] << 8;
	__builtin_memcpy(&opcode, place->bytes + offset - 2, sizeof(opcode));
	return opcode;
}

/* lea disp32(%rip), reg: 8d with mod 00, rm 101. */
static inline bool relocation_is_lea(uint32_t opcode)
{
	return (opcode & 0xc7ff) == 0x058d;
}

/* call or jmp *disp32(%rip): ff /2, ff /4. */
static inline bool relocation_is_indirect_branch(uint32_t opcode)
{
	return opcode == 0x15ff || opcode == 0x25ff;
}

/* call rel32, jmp rel32, jcc rel32. */
static inline bool relocation_is_branch(uint32_t opcode)
{
	return opcode >> 8 == 0xe8 || opcode >> 8 == 0xe9 || (opcode & 0xf0ff) == 0x800f;
}

/*
 * Whether it is as most are: RELOCATION_RAW, a displacement or an address of
 * the object's own.  Of others this says false, too.
 */
static inline bool relocation_is_plain(const struct relocation_place *place, const Elf64_Rela *rela)
{
	uint32_t kind = place->object->symbols[ELF64_R_SYM(rela->r_info)].kind;
	uint32_t type = ELF64_R_TYPE(rela->r_info);

	if (kind == LINK_HERE)
		return type == R_X86_64_PC32 || type == R_X86_64_64;
	return kind == LINK_IN_CODE && type == R_X86_64_PC32 &&
	       (!place->bytes || !relocation_is_lea(relocation_opcode(place, rela->r_offset)));
}

/* The addend is any 64-bit value of the file: sums wrap, as in the object's own arithmetic. */
static inline void relocation_take_own(const struct link_object *object, struct relocation *ret,
				       uint64_t to_place, int64_t addend)
{
	const Elf64_Sym *sym = &object->elf->symbols[ret->symbol];
	uint32_t section = elf_symbol_section(object->elf, ret->symbol), function;

	if (section >= object->elf->n_sections || !object->sections[section].has_functions)
		return;
	function = link_function_at(object, section, sym->st_value + to_place);
	if (function == 0)
		return;
	ret->use = RELOCATION_OWN_ADDRESS;
	ret->symbol = function;
	ret->addend = addend;
}

/* Of a known type. */
__attribute__((always_inline)) static inline void
relocation_understand(const struct relocation_place *place, const Elf64_Rela *rela,
		      struct relocation *ret)
{
	uint32_t symbol = ELF64_R_SYM(rela->r_info), type = ELF64_R_TYPE(rela->r_info);
	uint64_t at = rela->r_offset, addend = (uint64_t)rela->r_addend;
	bool undefined = place->object->symbols[symbol].kind == LINK_ELSEWHERE;

	ret->use = RELOCATION_RAW;
	ret->symbol = symbol;
	ret->addend = rela->r_addend;
	ret->type = type;
	ret->section = place->section;
	ret->offset = at;
	switch (type) {
	case R_X86_64_GOTPCREL:
	case R_X86_64_GOTPCRELX:
	case R_X86_64_REX_GOTPCRELX:
		ret->use = relocation_is_indirect_branch(relocation_opcode(place, at))
				   ? RELOCATION_CALL_SLOT
				   : RELOCATION_ADDRESS_SLOT;
		break;
	case R_X86_64_PLT32:
	case R_X86_64_PC32:
		if (undefined &&
		    (type == R_X86_64_PLT32 || relocation_is_branch(relocation_opcode(place, at))))
			ret->use = RELOCATION_STUB;
		else if (undefined)
			ret->use = RELOCATION_DIRECT;
		else if (relocation_is_lea(relocation_opcode(place, at)))
			relocation_take_own(place->object, ret, addend + 4, -4);
		break;
	case R_X86_64_64:
		/* Code cannot follow what moves, so there it may only be an entry. */
		if (undefined)
			ret->use = place->bytes ? RELOCATION_DIRECT : RELOCATION_WORD;
		else if (!place->is_table)
			relocation_take_own(place->object, ret, addend, 0);
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
}

#endif
