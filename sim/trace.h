/* SPDX-License-Identifier: MIT */
/*
 * The trace file: one event a line.
 */
#ifndef SIM_TRACE_H
#define SIM_TRACE_H

#include <stddef.h>

/* -errno */
int trace_open(const char *path);

/* Implementation of machine_trace(). */
void trace_write(const char *text, size_t size);

/* Async-signal-safe. */
void trace_flush(void);

#endif
