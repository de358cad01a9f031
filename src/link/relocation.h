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

MUST_USE int relocation_read(const struct link_object *object, uint32_t section,
			     const Elf64_Rela *rela, struct relocation *ret, struct diag *reterr);

#endif
