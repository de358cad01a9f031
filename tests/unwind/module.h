/* SPDX-License-Identifier: MIT */
/*
 * The unwind tables of everything this process has loaded, found by the
 * program headers and indexed by src/unwind.  Allocates, never frees.
 */
#ifndef TESTS_UNWIND_MODULE_H
#define TESTS_UNWIND_MODULE_H

#include <stddef.h>
#include <stdint.h>

#include "unwind/unwind.h"

#define MODULES_MAX 32

struct module {
	const char *path; /* "" is the program itself */
	uint64_t bias;	  /* what is added to the addresses in the file */
	uint64_t low, high;
	const uint8_t *eh_frame;
	size_t eh_frame_size;
	const uint8_t *eh_frame_hdr;
	struct unwind_entry *entries;
	size_t n_entries;
};

/* Finds and indexes all of them; exits when src/unwind refuses one. */
int modules_load(struct module *modules);

/* NULL: no module has an entry for pc. */
const struct unwind_entry *modules_find(const struct module *modules, int count, uint64_t pc);

#endif
