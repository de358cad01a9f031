/* SPDX-License-Identifier: MIT */
/*
 * The jobs of the shell: applications that run in the background.
 */
#ifndef SHELL_JOBS_H
#define SHELL_JOBS_H

#include <stdbool.h>
#include <stdint.h>

#include <clew/task.h>

#define JOBS_MAX 16
#define JOB_TEXT_MAX 96

struct job {
	uint64_t number; /* 0: a free slot */
	task_handle task;
	bool claimed; /* a task waits for it and will forget it */
	char text[JOB_TEXT_MAX];
};

struct jobs {
	struct job jobs[JOBS_MAX];
	uint64_t last; /* number given out last */
};

/* In the shell's state. */
struct jobs *shell_jobs(void);

#endif
