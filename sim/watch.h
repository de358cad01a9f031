/* SPDX-License-Identifier: MIT */
/*
 * A descriptor that is watched for now one thing, now another, now nothing.
 */
#ifndef SIM_WATCH_H
#define SIM_WATCH_H

#include <glib-unix.h>

struct watch {
	GSource *source; /* NULL: not watched */
	GIOCondition condition;
};

/* Has the callback called in the context (NULL: the default one) from now on; 0: not any more. */
void watch_set(struct watch *watch, GMainContext *context, int fd, GIOCondition condition,
	       GUnixFDSourceFunc callback, gpointer data);
void watch_drop(struct watch *watch);

#endif
