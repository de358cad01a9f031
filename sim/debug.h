/* SPDX-License-Identifier: MIT */
/*
 * `clew run --debug`: what is loaded, for gdb, Valgrind and perf.
 *
 * The system tells of each object that it has linked (machine_image_linked);
 * it becomes an ELF file, which gdb is given in memory and which is mapped
 * over the object's own pages, where Valgrind and perf look for names.
 */
#ifndef SIM_DEBUG_H
#define SIM_DEBUG_H

#include <glib.h>

#include <clew/machine.h>

struct debug_options {
	const char *cells;  /* where the cells came from: side files are near them */
	const char *folder; /* of more side files; NULL: none */
	const char *images; /* the files are left in this folder; NULL: nowhere */
};

/* Memory is private. */
gboolean debug_init(const struct debug_options *options, GError **error);

/* Implementations of machine.h; without debug_init() they do nothing. */
void debug_image_linked(const struct machine_image *image);
void debug_image_freed(uintptr_t text);

#endif
