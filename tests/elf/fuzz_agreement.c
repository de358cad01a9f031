/* SPDX-License-Identifier: MIT */
/*
 * The ELF reader and libelf on any bytes: what the reader takes, libelf reads
 * in the same way; what it refuses though libelf reads it, it refuses for a
 * reason that is known (refusals.c).
 */
#include <stdio.h>
#include <stdlib.h>

#include "agreement.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	void *bytes = fuzz_copy(data, size);
	struct agreement agreement;
	enum agreement_verdict verdict = agreement_check("fuzz.o", bytes, size, &agreement);

	if (verdict == AGREEMENT_DIFFERENT ||
	    (verdict == AGREEMENT_STRICT && !agreement_reason(agreement.refusal)))
		fprintf(stderr, "# %s\n", agreement.text);
	FUZZ_REQUIRE(verdict != AGREEMENT_DIFFERENT);
	FUZZ_REQUIRE(verdict != AGREEMENT_STRICT || agreement_reason(agreement.refusal));
	fuzz_accepted += verdict == AGREEMENT_SAME;
	free(bytes);
	return 0;
}
