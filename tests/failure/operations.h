/* SPDX-License-Identifier: MIT */
/* What is tried with the k-th request for memory failing, by k_th.c. */
#ifndef TESTS_FAILURE_OPERATIONS_H
#define TESTS_FAILURE_OPERATIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <clew/channel.h>
#include <clew/diag.h>
#include <clew/namespace.h>
#include <clew/task.h>

/* What an attempt that succeeded left, for undo. */
struct held {
	namespace_ref ns;
	task_handle task;
	channel_tx tx;
	channel_rx rx;
	uint64_t k;	/* of an operation of copies: which page of the buffer cannot be touched */
	uint64_t pages; /* that it has */
};

struct operation {
	const char *name;
	const char *words[2]; /* for the functions: cells, files, arguments */
	/* what has to be there first; may be NULL */
	int (*prepare)(const struct operation *operation);
	/* 0; negative: as if it had not been tried; positive: what was started failed in its turn
	 */
	int (*attempt)(const struct operation *operation, struct held *held, struct diag *reterr);
	int (*undo)(const struct operation *operation, struct held *held);
	/* after prepare; may be NULL */
	int (*end)(const struct operation *operation);
	/* done and undone it is exactly as before: no other versions, nothing placed elsewhere */
	bool leaves_nothing;
	bool is_copy; /* not the k-th request fails, but the copy of the k-th page */
};

/* NULL: past the end. */
const struct operation *operation_at(size_t i);

typedef int operation_attempt(const struct operation *operation, struct held *held,
			      struct diag *reterr);

typedef int operation_undo(const struct operation *operation, struct held *held);
typedef int operation_prepare(const struct operation *operation);

/* files.c: words are a path. */
operation_prepare files_prepare_file, files_end_file;
operation_attempt files_make_file, files_make_folder, files_write_file;
operation_undo files_remove_file, files_empty_file;

/* copies.c: words are a cell and a file, or a path. */
operation_attempt copy_load, copy_swap, copy_send, copy_receive, copy_spawn, copy_write, copy_read;

/* planted.c: words are a cell, and a function of it or another cell. */
operation_attempt planted_block, planted_pages, planted_permission, planted_reference,
	planted_entry, planted_state, planted_slot, planted_contents, planted_cell, planted_task;

#endif
