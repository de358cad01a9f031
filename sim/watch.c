/* SPDX-License-Identifier: MIT */
/*
 * GLib's descriptor sources cannot change what they wait for: a new one is made.
 */
#include "watch.h"

void watch_drop(struct watch *watch)
{
	if (!watch->source)
		return;
	g_source_destroy(watch->source);
	g_clear_pointer(&watch->source, g_source_unref);
}

void watch_set(struct watch *watch, GMainContext *context, int fd, GIOCondition condition,
	       GUnixFDSourceFunc callback, gpointer data)
{
	if (watch->source && watch->condition == condition)
		return;
	watch_drop(watch);
	if (!condition)
		return;
	watch->condition = condition;
	watch->source = g_unix_fd_source_new(fd, condition);
	g_source_set_callback(watch->source, G_SOURCE_FUNC(callback), data, NULL);
	g_source_attach(watch->source, context);
}
