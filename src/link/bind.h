/* SPDX-License-Identifier: MIT */
/*
 * Links one object whose undefined symbols are all in one table: how a machine
 * brings in nano_core.o.  Everything else is linked by the system itself.
 *
 * Freestanding; memory comes from the caller.
 */
#ifndef LINK_BIND_H
#define LINK_BIND_H

#include <clew/machine.h>

#include "elf/elf.h"
#include "link/link.h"

/* Where scratch memory comes from: zeroed, freed by the caller in one go; NULL: none left. */
typedef void *link_bind_allocate(void *context, size_t size);

struct link_bind {
	struct elf elf;
	struct link_object object; /* image[]: scratch memory, relocated once linked */
	struct link_section *sections;
	struct link_symbol *symbols;
	struct link_word *words;
	size_t pages; /* of all pools together, each whole pages */
	link_bind_allocate *allocate;
	void *context;
};

/* Reads and lays out; then `pages` is known.  -EBADMSG, -ENOEXEC, -ENOMEM. */
MUST_USE int link_bind_open(struct link_bind *bind, const char *name, const void *bytes,
			    size_t size, link_bind_allocate *allocate, void *context,
			    struct diag *reterr);

/*
 * Places the pools one after the other from `at` (page aligned), resolves
 * against the table (a weak symbol that is not in it is 0), relocates, and
 * finds the entry.  Then the caller copies image[i] (size[i] bytes) to base[i].
 */
MUST_USE int link_bind_at(struct link_bind *bind, uintptr_t at, const struct machine_symbol *table,
			  size_t n, const char *entry, uintptr_t *ret_entry, struct diag *reterr);

/* The permission that pool i is to have, and its pages. */
enum machine_prot link_bind_prot(size_t pool);
size_t link_bind_pool_pages(const struct link_bind *bind, size_t pool);

#endif
