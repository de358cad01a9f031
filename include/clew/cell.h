/* SPDX-License-Identifier: MIT */
/*
 * What makes an object a cell: its descriptor, its exports and its state.
 *
 * cellc reads the descriptor out of the compiled object, never the file's
 * name, and writes what it learns into the section .clew.note (note.h in
 * src/link).  An object without a note is foreign.
 */
#ifndef CLEW_CELL_H
#define CLEW_CELL_H

#include <stdint.h>

#define CELL_NAME_MAX 32    /* bytes, with the terminating zero */
#define CELL_SUMMARY_MAX 96 /* bytes, with the terminating zero */
#define CELL_MAGIC 0x6c6c6543u

enum cell_kind {
	CELL_SERVICE = 1,     /* provides functions to other cells */
	CELL_APPLICATION = 2, /* provides application_main; see application.h */
};

struct cell_descriptor {
	uint32_t magic;
	uint32_t kind;	  /* enum cell_kind */
	uint32_t version; /* counts up from 1; a swap may go either way */
	uint32_t reserved;
	char name[CELL_NAME_MAX];	/* identity: survives versions */
	char summary[CELL_SUMMARY_MAX]; /* one line for `cells` and `help` */
};

/* The last thing in a cell's source file, once. */
#define CELL(cell_name, cell_version, cell_type, cell_summary) \
	__attribute__((used, section(".rodata.clew.cell"))) static const struct cell_descriptor \
		cell_descriptor = { \
			.magic = CELL_MAGIC, \
			.kind = (cell_type), \
			.version = (cell_version), \
			.name = cell_name, \
			.summary = cell_summary, \
		}

/* A definition that other cells may use; everything else is hidden. */
#define CELL_EXPORT __attribute__((visibility("default")))

/*
 * The one mutable static of a cell: a struct <name>_state, with the reason
 * why it has to be there.  `used` keeps the compiler from folding it into a
 * constant or dropping it; it is found by its symbol.
 *
 *	CELL_STATE(counter, "the count is what the service is for") = { ... };
 *
 * A reason that begins with "soft: " says that the cell may lose it and still
 * serve its clients.
 */
#define CELL_STATE(name, reason) \
	__attribute__((used, \
		       section(".rodata.clew.reason"))) static const char name##_state_reason[] = \
		reason; \
	__attribute__((used)) static struct name##_state name##_state

/*
 * A cell whose source is also part of nano_core: where that copy keeps the
 * state, so that it can be handed over.  Such a state must bear being copied.
 */
#define CELL_HANDOVER(name) \
	extern struct name##_state *const name##_state_place; \
	struct name##_state *const name##_state_place = &name##_state

#endif
