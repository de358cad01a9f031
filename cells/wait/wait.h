/* SPDX-License-Identifier: MIT */
/*
 * Between the two files of the cell `wait`.
 */
#ifndef CELLS_WAIT_WAIT_H
#define CELLS_WAIT_WAIT_H

#include <clew/wait.h>

struct task;

/* Interrupts off.  Wakes the task that has waited longest and says which; NULL: none waits. */
struct task *wait_wake_first(struct wait_queue *queue);

#endif
