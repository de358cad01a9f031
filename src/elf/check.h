/* SPDX-License-Identifier: MIT */
/*
 * Between the files of the ELF reader: what each step of elf_open() checks,
 * in this order, and how a step refuses.  Not for users: they include elf.h.
 */
#ifndef ELF_CHECK_H
#define ELF_CHECK_H

#include <stdbool.h>

#include "elf/elf.h"

/* The place that a step is looking at.  Section and symbol 0: not about one. */
struct elf_at {
	const struct elf *elf;
	uint32_t section;
	uint32_t symbol;
	uint64_t offset; /* into the section, else into the file; or DIAG_NO_OFFSET */
	struct diag *reterr;
};

/* Fills *at->reterr and returns -EBADMSG.  The format makes "expected|found" out of numbers. */
MUST_USE int elf_refuse(const struct elf_at *at, const char *what, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* sections.c: needs the header; sets the section table and the section names. */
MUST_USE int elf_check_sections(struct elf *elf, struct diag *reterr);
/* overlap.c: needs sections in bounds. */
MUST_USE int elf_check_overlap(const struct elf *elf, struct diag *reterr);
/* symbols.c: needs sections in bounds; sets symbols, their names and extended indices. */
MUST_USE int elf_check_symbols(struct elf *elf, struct diag *reterr);
/* symbols.c: needs symbols. */
MUST_USE int elf_check_groups(const struct elf *elf, struct diag *reterr);
/* relocations.c: needs symbols. */
MUST_USE int elf_check_relas(const struct elf *elf, struct diag *reterr);

#endif
