/* SPDX-License-Identifier: MIT */
/*
 * error: the word of an owner
 * fixed: return task_handle_id(task);
 */
#include <clew/task.h>

uint64_t number(const task_handle *task);
uint64_t number(const task_handle *task)
{
	return task->word; /* wrong */
}
