/* SPDX-License-Identifier: MIT */
/*
 * What foreign C code takes for its process: memory that is freed as a whole,
 * and an error number.
 *
 * The application owns it and its cleanup frees every block, so a crash in
 * foreign code, which has no cleanups of its own, leaves nothing behind.  The
 * other way does not hold: foreign code that throws (Lua does) skips the
 * cleanups of whoever it called, so what it calls holds no owner meanwhile.
 */
#ifndef FOREIGN_PROCESS_H
#define FOREIGN_PROCESS_H

#include <stddef.h>

#include <clew/errors.h>
#include <clew/own.h>

OWNER(foreign_process); /* word: address of a struct foreign_record in the heap */
OWN_IMPLEMENTS(foreign_process, "the word is the record it frees");

struct foreign_block; /* in front of each block of malloc */

struct foreign_record {
	struct foreign_block *blocks;
	int error_number;
};

/* The process of this run, from the application's state: defined by the application. */
struct foreign_record *foreign_current(void);

MUST_USE int foreign_process_new(foreign_process *ret);
void foreign_process_cleanup(foreign_process *place);
static inline struct foreign_record *foreign_process_at(const foreign_process *process)
{
	return (struct foreign_record *)(uintptr_t)process->word;
}

#endif
