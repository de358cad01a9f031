/* SPDX-License-Identifier: MIT */
/*
 * Included before a cell's source when it is compiled for a test: makes the
 * state of the cell, and its size, visible to the test.
 */
#ifndef TESTS_OPEN_STATE_H
#define TESTS_OPEN_STATE_H

#include <clew/cell.h>

#undef CELL_STATE
#define CELL_STATE(name, reason) \
	extern struct name##_state name##_state; \
	extern const __SIZE_TYPE__ name##_state_size; \
	const __SIZE_TYPE__ name##_state_size = sizeof(struct name##_state); \
	struct name##_state name##_state

#endif
