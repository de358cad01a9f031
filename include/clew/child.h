/* SPDX-License-Identifier: MIT */
/*
 * Tasks that do not outlive their owner.
 *
 * Dropping a task_handle detaches the task; dropping a task_child kills it
 * and waits until it has ended.  For tasks that use what their parent owns:
 * its memory, the text it is to unload.  Inline: part of every cell.
 */
#ifndef CLEW_CHILD_H
#define CLEW_CHILD_H

#include <clew/own.h>
#include <clew/task.h>

OWN_IMPLEMENTS(task_handle, "a child is a handle that kills");

/*
 * Puts off a kill of the caller while it is held.  For cleanups that block: a
 * task that is unwound out of a cleanup loses the rest of it.  What is waited
 * for must come by itself.  Provided by the cell `task`.
 */
OWNER(kill_hold); /* word: id of the task that holds it */
kill_hold task_hold_kill(void);
void kill_hold_cleanup(kill_hold *place);

OWNER(task_child); /* word: task id */
OWN_IMPLEMENTS(task_child, "the word is the number of the task");

static inline task_child task_child_of(task_handle handle)
{
	return (task_child){ handle.word };
}

/* The handle of the same task, borrowed: for task_join, which empties it. */
static inline task_handle *task_child_handle(task_child *child)
{
	return (task_handle *)child;
}

static inline uint64_t task_child_id(const task_child *child)
{
	return child->word;
}

static inline void task_child_cleanup(task_child *place)
{
	OWN(kill_hold, hold) = task_hold_kill();
	OWN(task_handle, handle) = { MOVE(*place).word };
	struct task_exit exit;

	if (IS_EMPTY(handle))
		return;
	if (task_kill(handle.word) < 0)
		return; /* it has ended: dropping the handle is enough */
	if (task_join(&handle, WAIT_FOREVER, &exit) != 0)
		return;
}

#endif
