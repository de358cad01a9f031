/* SPDX-License-Identifier: MIT */
/*
 * The linker's backend: where an object's sections go, and its relocations.
 *
 * Pure functions over memory that the caller brings; no allocation, no state,
 * no knowledge of cells.  Who provides a symbol is the caller's business: the
 * linker cell (cells/linker), or a machine that binds nano_core.  In order:
 *
 *	link_layout()	which pool each section goes to, at which offset; which
 *			slots, stubs and entries the relocations ask for
 *	(the caller takes memory: base[], image[])
 *	link_place()	addresses of the object's own symbols
 *	(the caller fills `call` and `address` of every symbol that is needed)
 *	link_relocate()	contents of image[], ready to be written to base[]
 *
 * Sources: psABI section 4.4; the rules are DESIGN's section 6.
 */
#ifndef LINK_LINK_H
#define LINK_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <clew/diag.h>
#include <clew/errors.h>

#include "elf/elf.h"

enum link_pool {
	LINK_TEXT,  /* read and execute: sections, then stubs */
	LINK_CONST, /* read: sections, then the GOT */
	LINK_DATA,  /* read and write, without the state */
	LINK_STATE, /* read and write: the section of the state symbol, alone */
	LINK_POOLS,
	LINK_UNPLACED = LINK_POOLS,
};

#define LINK_STUB_SIZE 8 /* jmp *slot(%rip) and two int3 */
#define LINK_ALIGN 64	 /* of every pool's image; larger sh_addralign is refused */

struct link_section {
	uint16_t pool;	    /* enum link_pool */
	bool has_functions; /* a symbol of type STT_FUNC is in it */
	uint32_t mark;	    /* the user's: begins as 0 */
	uint64_t offset;    /* bytes into the pool's image */
};

enum link_symbol_flag {
	LINK_CALLED = 1u << 0,	  /* call is needed */
	LINK_ADDRESSED = 1u << 1, /* address is needed */
	LINK_DIRECT = 1u << 2,	  /* address is needed in an instruction: cannot be followed */
};

enum link_symbol_kind {
	LINK_HERE,	/* the object's own, in a section without functions */
	LINK_IN_CODE,	/* the object's own, in a section with functions */
	LINK_ELSEWHERE, /* undefined */
	LINK_NOWHERE,	/* in a section that is not loaded */
};

struct link_symbol {
	uint64_t call;	  /* where a call goes */
	uint64_t address; /* what the symbol's address is: for functions, the entry */
	uint16_t flags;
	uint16_t kind;	       /* enum link_symbol_kind */
	uint32_t call_slot;    /* number in the GOT + 1; 0: none */
	uint32_t address_slot; /* likewise */
	uint32_t stub;	       /* number + 1; 0: none */
	uint32_t file;	       /* the STT_FILE symbol before it; 0: none */
	uint32_t name_length;  /* of definitions that are not local */
	uint64_t name_hash;    /* string_hash, of definitions that are not local */
	/* Two hash tables with chains, without memory of their own; 0 ends a chain. */
	uint32_t by_place, next_by_place; /* functions, by section and offset */
	uint32_t by_name, next_by_name;	  /* definitions that are not local, by name */
};

struct link_object {
	const struct elf *elf;
	struct link_section *sections; /* elf->n_sections */
	struct link_symbol *symbols;   /* elf->n_symbols */
	uint32_t state_section;	       /* 0: has no state */
	uint32_t n_slots, n_stubs;
	uint32_t n_words; /* R_X86_64_64 words that refer to undefined symbols */
	uint32_t n_placed;
	uint64_t size[LINK_POOLS];	  /* bytes, GOT and stubs included */
	uint64_t got, stubs;		  /* offsets into LINK_CONST and LINK_TEXT */
	uint64_t eh_frame, eh_frame_size; /* in LINK_CONST; size 0: none */
	uint64_t lsda, lsda_size;	  /* .gcc_except_table*, in LINK_CONST */
	uintptr_t base[LINK_POOLS];	  /* set by the caller before link_place */
	uint8_t *image[LINK_POOLS];	  /* contents to be; NULL for size 0 or an adopted state */
};

/*
 * sections and symbols: zeroed arrays of the sizes above.  state_symbol NULL:
 * the object has none.  -ENOEXEC: refused, *reterr says why.
 */
MUST_USE int link_layout(struct link_object *ret, const struct elf *elf, const char *state_symbol,
			 struct link_section *sections, struct link_symbol *symbols,
			 struct diag *reterr);

/* Fills call and address (the function itself, no entry) of all defined symbols. */
void link_place(struct link_object *object);

/* A word that holds the address of an undefined symbol: found while relocating. */
struct link_word {
	uintptr_t va;
	uint32_t symbol;
	int64_t addend;
};

/*
 * Writes image[].  words: at least n_words places.  -ENOEXEC with *reterr: a value out of range,
 * a relocation that cannot be.
 */
MUST_USE int link_relocate(const struct link_object *object, struct link_word *words,
			   struct diag *reterr);

/* The function symbol that begins at an offset of a section; 0: none does. */
uint32_t link_function_at(const struct link_object *object, uint32_t section, uint64_t offset);

/* The symbol that is defined under this name and not local; 0: none is. */
uint32_t link_definition(const struct link_object *object, const char *name);

/* Fills a diag; a section or symbol of 0 is left out. */
void link_diag(struct diag *ret, const struct elf *elf, uint32_t section, uint32_t symbol,
	       uint64_t offset, const char *what, const char *expected, const char *found);

#endif
