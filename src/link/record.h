/* SPDX-License-Identifier: MIT */
/*
 * What the running system knows of each loaded cell.
 *
 * Shared by the cells linker (which owns these), namespace, swap and
 * recovery; everybody else sees copies (linker.h).  Lists are changed with
 * interrupts off.  All memory is the heap's, every string a copy: no record
 * points into an object file or into nano_core.
 *
 *	link_cell	an identity, with the state that survives versions
 *	  link_version	one loaded object; current, or replaced and not yet retired
 *	  link_export	a symbol that other cells may use, over all versions
 *	  link_entry	a stub that never moves: the address of a function
 *	link_slot	a word in a user that follows an export
 */
#ifndef LINK_RECORD_H
#define LINK_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include <clew/cell.h>
#include <clew/namespace.h>

#include "unwind/unwind.h"

struct link_cell;
struct link_version;

enum link_slot_kind {
	LINK_SLOT_CALL,	   /* holds the export's current value */
	LINK_SLOT_ADDRESS, /* holds the function's entry: never changes */
	LINK_SLOT_DATA,	   /* holds the object's address */
};

struct link_slot {
	uintptr_t va;  /* the word: in the user's GOT, constants or state */
	uint32_t kind; /* enum link_slot_kind */
	uint32_t reserved;
	int64_t addend;
	struct link_export *target;
	struct link_version *user;
	struct link_slot *next, *prev; /* of target->users */
};

struct link_entry {
	struct link_entry *next; /* of the cell */
	uintptr_t stub;		 /* jmp *slot(%rip) */
	uintptr_t slot;
	uintptr_t value;	      /* what the slot holds */
	struct link_version *version; /* whose text that is */
	uint64_t type_hash;
	char name[]; /* symbol; of a static function "file:name" */
};

struct link_export {
	struct link_export *next; /* of the cell */
	struct link_batch *batch; /* the linker's: the block it is in */
	struct link_cell *cell;
	uintptr_t value; /* in the current version; 0: it has none */
	uint64_t size;
	uint64_t type_hash;	  /* 0: unknown, not compared */
	uint64_t name_hash;	  /* string_hash() of the name */
	struct link_entry *entry; /* NULL until somebody takes the address */
	struct link_slot *users;
	/* of the version linked last, which may be gone: ask link_definition_of() */
	const struct link_definition *definition;
	uint32_t n_users;
	uint32_t order; /* the namespace's: its place in the order of publication */
	bool is_function;
	bool is_state; /* an object that keeps its address when adopted */
	bool is_published;
	char name[];
};

/* A function of a version, for backtraces; sorted by start. */
struct link_function {
	uint32_t start, size; /* bytes from the text's start */
	uint32_t name;	      /* into strings */
};

/* What a version will provide, or provides: applied by publishing or commit. */
struct link_definition {
	struct link_export *export;
	uintptr_t value;
	uint64_t size;
	uint64_t type_hash;
};

/* What an entry will point to. */
struct link_entry_value {
	struct link_entry *entry;
	uintptr_t value;
};

/* How a struct, union or enum is laid out, as this version was compiled. */
struct link_tag {
	const char *name; /* "struct foo", in the same block */
	uint64_t layout;
};

/* A member of the state, as the note names it. */
struct link_field {
	const char *name, *type; /* in the same block */
	uint64_t offset, size;
	uint64_t type_hash;
};

struct link_extent {
	uintptr_t va;  /* page aligned; 0: none */
	uint64_t size; /* bytes, a multiple of PAGE_SIZE */
	uint64_t used; /* bytes */
};

struct link_version {
	struct link_version *next; /* of the cell, newest first */
	struct link_cell *cell;
	uint64_t id;	 /* unique since boot; 0: not yet known to others */
	uint32_t number; /* CELL()'s; 0 of a foreign object */
	uint32_t n_sections;
	struct link_extent text, constants, data;
	const void *object; /* what it was loaded from, in the boot archive; NULL: elsewhere */
	uint64_t object_size;
	struct link_slot *slots;
	uint32_t n_slots;
	uint32_t n_functions;
	struct unwind_entry *unwind;
	size_t n_unwind;
	struct link_function *functions;
	char *strings;
	struct link_definition *definitions;
	struct link_entry_value *entry_values;
	struct link_tag *tags; /* sorted by name */
	uint8_t *tables;       /* the block of definitions, functions, strings and unwind */
	uint32_t n_tags;
	uint32_t n_definitions;
	uint32_t n_entry_values;
	bool is_foreign;
	/* what held it when it was last asked to go */
	uint32_t held_by_stacks, held_by_entries, held_by_memory;
};

/* A word, and what a commit writes there. */
struct link_pair {
	uintptr_t va;
	uint64_t value;
};

struct link_cell {
	struct link_cell *next;
	struct namespace *ns; /* borrowed: outlived by its cells' application */
	uint64_t ns_id;
	struct link_version *current;
	struct link_version *versions;
	struct link_export *exports;
	struct link_entry *entries;
	struct link_extent state;
	struct link_slot *state_slots; /* words in the state, for as long as the cell */
	uint32_t n_state_slots;
	uint32_t n_fields;
	struct link_field *fields; /* of the state */
	uint64_t state_hash;	   /* 0: no state */
	uint32_t kind;		   /* enum cell_kind; 0: foreign or the machine */
	uint32_t mark;		   /* the linker's: whether a walk has been here */
	namespace_ref dismissed;   /* its ns, while it waits to be unloaded; else empty */
	/* entries are cut from pages of their own */
	uintptr_t entry_text, entry_slots; /* current pages; 0: none */
	uint32_t entry_used;
	char name[CELL_NAME_MAX];
	char summary[CELL_SUMMARY_MAX];
};

/* What the version defines the export as; NULL: it does not. */
static inline const struct link_definition *link_definition_of(const struct link_version *version,
							       const struct link_export *export)
{
	const struct link_definition *definition = export->definition;

	if ((uintptr_t)definition < (uintptr_t)version->definitions ||
	    (uintptr_t)definition >= (uintptr_t)(version->definitions + version->n_definitions) ||
	    definition->export != export)
		return NULL;
	return definition;
}

#endif
