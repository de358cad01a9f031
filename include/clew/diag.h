/* SPDX-License-Identifier: MIT */
/*
 * What went wrong, where, what was expected and what was found.
 *
 * Library code and cells do not print: they fill a struct diag and return a
 * negative error; whoever owns the terminal prints it.  The texts are copies,
 * so a diag outlives the object it speaks of.  A field that does not apply is
 * the empty string; offset does not apply when it is DIAG_NO_OFFSET.
 */
#ifndef CLEW_DIAG_H
#define CLEW_DIAG_H

#include <stdint.h>

#define DIAG_NO_OFFSET UINT64_MAX

struct diag {
	char cell[40];	  /* cell or file that the error is about */
	char section[40]; /* ELF section name */
	char symbol[72];  /* ELF symbol name */
	uint64_t offset;  /* bytes: into the section, else into the file */
	char what[96];	  /* one clause, no full stop: "relocation out of range" */
	char expected[72];
	char found[72];
};

#endif
