/* SPDX-License-Identifier: MIT */
/*
 * Applications: cells that provide application_main and are run by name.
 *
 * Each run loads the cell into a child namespace of its own and unloads it
 * when its task has ended.  Provided by the cell `application`.
 */
#ifndef CLEW_APPLICATION_H
#define CLEW_APPLICATION_H

#include <stddef.h>
#include <stdint.h>

#include <clew/diag.h>
#include <clew/errors.h>
#include <clew/own.h>
#include <clew/task.h>

#define APPLICATION_ARGUMENTS_MAX 16
#define APPLICATION_TEXT_MAX 384 /* bytes of all arguments */

/* argv[0] is the application's name.  The exit value is that of the task. */
int application_main(int argc, const char *const *argv);

/*
 * Pages of stack of the task that calls application_main.  An application that
 * does not define it gets TASK_STACK_PAGES.
 */
extern const uint32_t application_stack_pages;

struct application_options {
	uint32_t restarts;   /* how often to start it again after a crash */
	uint64_t backoff_ns; /* before the first restart; doubles each time */
	uint32_t priority;   /* as in task_options */
	int output;	     /* stream; 0: the caller's */
};

/*
 * Starts a supervisor task that runs the application, starts it again after
 * crashes as the options say, and ends as the last attempt ended.
 */
MUST_USE int application_start(int argc, const char *const *argv,
			       const struct application_options *options, task_handle *ret,
			       struct diag *reterr);

#endif
