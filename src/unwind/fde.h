/* SPDX-License-Identifier: MIT */
/*
 * A CIE and an FDE, taken apart.  Internal to src/unwind.
 *
 * What fails returns a reason, a constant text; NULL is success.
 * Source: LSB 5 section 10.6.1, DWARF 5 section 6.4.1.
 */
#ifndef UNWIND_FDE_H
#define UNWIND_FDE_H

#include <stdbool.h>
#include <stdint.h>

#include "unwind/reader.h"

struct cie {
	uint64_t code_align;
	int64_t data_align;
	uint8_t fde_encoding;
	uint8_t lsda_encoding; /* DW_EH_PE_omit: its FDEs have none */
	bool augmented;	       /* 'z': FDEs carry augmentation data */
	bool signal_frame;     /* 'S' */
	struct reader program;
};

struct fde {
	const struct cie *cie;
	uint64_t start, size; /* of the code, absolute; start + size does not overflow */
	uint64_t lsda;	      /* absolute; 0: none */
	struct reader program;
};

/* The bytes that CIEs and FDEs may lie in. */
struct section {
	const uint8_t *low, *high;
	uint64_t delta;
};

/* A record's length field and what it spans; *ret_id is the word after the length. */
const char *record_read(const struct section *section, const uint8_t *at, struct reader *ret,
			uint32_t *ret_id);

/* The CIE that was read last, since most FDEs of a section share one.  Begins as zeros. */
struct known_cie {
	const uint8_t *at; /* NULL: none */
	struct cie cie;
};
/*
 * The record at `at`, an FDE (its id is not 0).  What is returned borrows
 * *known, until that is asked for the next.
 */
const char *fde_read(const struct section *section, const uint8_t *at, struct known_cie *known,
		     struct fde *ret);
/*
 * The same of a record as gcc writes them: of the known CIE, with addresses of
 * four bytes.  False: it is not one, or it is malformed; *ret is as it was.
 */
bool fde_read_usual(const struct section *section, const uint8_t *at, const struct known_cie *known,
		    struct fde *ret);
/* The same of a record that has been read. */
const char *fde_of_record(const struct section *section, struct reader record, uint32_t id,
			  struct known_cie *known, struct fde *ret);
const char *cie_read(const struct section *section, const uint8_t *at, struct cie *ret);

/* The FDE of an entry that unwind_index made, at its final address. */
const char *fde_of_entry(uint64_t fde, struct known_cie *known, struct fde *ret);

#endif
