/* SPDX-License-Identifier: MIT */
/* The reader and libelf on the same bytes, field by field.  Host only. */
#ifndef TESTS_ELF_AGREEMENT_H
#define TESTS_ELF_AGREEMENT_H

#include <stddef.h>

enum agreement_verdict {
	AGREEMENT_SAME,	   /* both read it, and read the same */
	AGREEMENT_REFUSED, /* both refuse it */
	AGREEMENT_STRICT,  /* the reader refuses what libelf reads */
	AGREEMENT_DIFFERENT,
};

struct agreement {
	const char *refusal; /* the reader's, whole; NULL: none.  Valid until the next check */
	char text[400];	     /* what differs, or what is refused and where */
};

/* The bytes must be aligned to 8. */
enum agreement_verdict agreement_check(const char *name, const void *bytes, size_t size,
				       struct agreement *ret);

/*
 * Why the reader is right to refuse what libelf reads, by clause; NULL: it is
 * not one of the known refusals.
 */
const char *agreement_reason(const char *refusal);

#endif
