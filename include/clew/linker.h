/* SPDX-License-Identifier: MIT */
/*
 * Interface of the cell `linker`: loads objects, knows what is loaded.
 *
 * Loading is all or nothing: on any error the system is as before and the
 * diag says which cell, section, symbol and offset.  What a cell needs and
 * nobody provides yet is loaded from the boot archive, cycles too.
 */
#ifndef CLEW_LINKER_H
#define CLEW_LINKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <clew/cell.h>
#include <clew/diag.h>
#include <clew/errors.h>
#include <clew/namespace.h>

/*
 * Loads the cell of that name (its identity, not a file name) from the
 * archive into ns; what it needs goes where a service belongs, the root.
 * -EALREADY: it is loaded there; -ENOENT: no such cell in the archive.
 */
MUST_USE int linker_load(const namespace_ref *ns, const char *name, struct diag *reterr);

/*
 * Loads an object given as bytes (borrowed for the call).  `file` names it in
 * messages; a foreign object takes its identity from it.
 */
MUST_USE int linker_load_object(const namespace_ref *ns, const char *file, const void *bytes,
				size_t size, char ret_name[CELL_NAME_MAX], struct diag *reterr);

/*
 * For swap_unload(), which makes sure that no task runs in the cell.  Does not
 * wait, so what was seen with interrupts off still holds.  -EBUSY: used by
 * another cell, which the diag names; -EAGAIN: somebody is changing what is
 * loaded; -ENOENT.
 */
MUST_USE int linker_unload(const namespace_ref *ns, const char *name, struct diag *reterr);
/* What linker_unload() would answer; unloads nothing. */
MUST_USE int linker_can_unload(const namespace_ref *ns, const char *name, struct diag *reterr);

/* Address of a function or object that the cell exports; -ENOENT. Functions: the entry. */
MUST_USE int linker_symbol(const namespace_ref *ns, const char *symbol, uintptr_t *ret);

/* An object of the boot archive by file or cell name; borrowed from the archive. */
MUST_USE int linker_archive_find(const char *name, const void **ret_bytes, size_t *ret_size);
/* The i-th object: its cell's name (or the file's, when foreign) and file; -ENOENT past the end. */
MUST_USE int linker_archive_next(size_t i, char ret_cell[CELL_NAME_MAX], char ret_file[64],
				 char ret_summary[CELL_SUMMARY_MAX], uint32_t *ret_kind);

/* Called once, by nano_core: arena, root namespace, archive. */
MUST_USE int linker_init(struct diag *reterr);

/* ---- what is loaded, by value --------------------------------------------- */

struct cell_info {
	uint64_t id; /* of the version, unique since boot */
	uint64_t ns; /* namespace id */
	char name[CELL_NAME_MAX];
	char summary[CELL_SUMMARY_MAX];
	uint32_t version;
	uint32_t kind;	   /* enum cell_kind; 0: foreign */
	uint32_t sections; /* loaded */
	uint32_t users;	   /* cells that use it */
	uint64_t bytes;	   /* text, constants and data, as allocated */
	uint64_t state_bytes;
	uintptr_t text, constants, data, state; /* addresses, 0: has none */
	uint64_t text_size, constants_size, data_size;
	const void *object; /* the bytes it was loaded from, if in the boot archive; else NULL */
	uint64_t object_size;
	bool current; /* false: replaced, not yet retired */
};
/* The version with the smallest id above `after`; -ENOENT: none. */
MUST_USE int linker_next_cell(uint64_t after, struct cell_info *ret);

enum dependency_kind {
	DEPENDENCY_CALL,
	DEPENDENCY_ADDRESS,
	DEPENDENCY_DATA
};

struct dependency_info {
	char user[CELL_NAME_MAX];
	char provider[CELL_NAME_MAX];
	char symbol[72];
	uint32_t user_version;
	uint32_t kind; /* enum dependency_kind */
	uintptr_t slot;
};
/* The i-th dependency of the cell `name` (as user and as provider); -ENOENT past the end. */
MUST_USE int linker_dependency(const namespace_ref *ns, const char *name, size_t i,
			       struct dependency_info *ret);

struct symbol_info {
	char name[72];
	char cell[CELL_NAME_MAX];
	uintptr_t address;
	uint32_t users;
	uint32_t is_function;
	uint64_t type_hash;
};
/* The i-th symbol of the namespace. */
MUST_USE int linker_symbol_at(const namespace_ref *ns, size_t i, struct symbol_info *ret);

/* Where an address lies: for backtraces.  Takes no lock, does not allocate. */
struct place {
	char cell[CELL_NAME_MAX];
	uint32_t version;
	char symbol[72];
	uint64_t offset; /* into the symbol */
};
MUST_USE int linker_place(uintptr_t address, struct place *ret);

/* The pools: bytes in all and used, for `mem`. */
struct pool_info {
	const char *name; /* "text", "constants", "data" */
	uintptr_t start;
	uint64_t size, used;
};
MUST_USE int linker_pool(size_t i, struct pool_info *ret);

/* Whether the page of the arena that holds the address is used; true outside the arena. */
bool linker_page_is_used(uintptr_t address);

/* ---- for swap: another version of a loaded cell --------------------------- */

struct link_cell; /* src/link/record.h */
struct link_version;
struct link_function;

/* A version that is linked but not visible; holds the linker's lock. Dropping it undoes it. */
OWNER(linker_successor);
MUST_USE int linker_prepare(const namespace_ref *ns, const char *name, const char *file,
			    const void *bytes, size_t size, linker_successor *ret,
			    struct diag *reterr);
void linker_successor_cleanup(linker_successor *place);
/* Borrowed: record.h says what it will define. */
struct link_version *linker_successor_version(const linker_successor *successor);
/*
 * Publishes what it brought along and makes it a version of its cell, not yet
 * the current one.  Interrupts off; on success a commit must follow.
 */
MUST_USE int linker_admit(linker_successor *successor, struct diag *reterr);
/* The first tag that both know and lay out differently; NULL: none.  Borrowed from a. */
const char *linker_tag_that_differs(const struct link_version *a, const struct link_version *b);
/*
 * Frees a version that is not current and that nothing refers to.  Interrupts
 * off.  -EBUSY: somebody is changing what is loaded.
 */
MUST_USE int linker_retire(struct link_version *version);
/* Withdraws the cell's exports that the current version does not have. */
void linker_prune(struct link_cell *cell);
/* The cell of that name in this very namespace; NULL: none.  Borrowed, interrupts off. */
struct link_cell *linker_cell(const namespace_ref *ns, const char *name);
/*
 * The cell is to be unloaded as soon as nothing holds it.  It keeps ns, which
 * is consumed, until then.
 */
void linker_dismiss(struct link_cell *cell, namespace_ref ns);
/* The dismissed cell whose current version has the smallest id above `after`; NULL: none. */
struct link_cell *linker_next_dismissed(uint64_t after);
/* The version with the smallest id above `after` that was replaced; NULL: none. */
struct link_version *linker_next_replaced(uint64_t after);

/* ---- for recovery and swap ------------------------------------------------- */

/* The version whose text holds the address; NULL: none.  No lock, no allocation. */
const struct link_version *linker_version_at(uintptr_t address);
/* The function of the version that the address is in; NULL: it is before the first one. */
const struct link_function *linker_function_at(const struct link_version *version,
					       uintptr_t address);

#endif
