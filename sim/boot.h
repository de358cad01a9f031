/* SPDX-License-Identifier: MIT */
/*
 * What the machine does before the system's first instruction.
 */
#ifndef SIM_BOOT_H
#define SIM_BOOT_H

#include <glib.h>

#include <clew/diag.h>
#include <clew/machine.h>

#define BOOT_STACK_PAGES 16 /* at the end of nano_core's region */

struct boot_files {
	GBytes *cells;	   /* tar archive */
	GBytes *nano_core; /* object */
	GBytes *script;	   /* NULL: none */
	GBytes *files;	   /* tar archive; NULL: none */
	char *path;	   /* where the cells came from */
};

/* Where nano_core was put: text, constants, data, stack, in this order. */
struct boot_image {
	uintptr_t start, end;
	uintptr_t entry; /* nano_core_start */
};

/* A file that came with the command: beside it, or in ../share/clew from there. */
char *boot_find_file(const char *name, const char *what, GError **error);

/*
 * path NULL: the archive that came with the command.  The objects `added` (NULL:
 * none) come before those of the archive.  ret->script and ret->files are not
 * touched.
 */
gboolean boot_load(const char *path, const char *const *added, struct boot_files *ret,
		   GError **error);

/* Puts modules and nano_core into memory; fills what machine_info() tells. */
gboolean boot_prepare(const struct boot_files *files, uint32_t flags, GError **error);

/* Calls nano_core_start. */
_Noreturn void boot_start(void);

/* Implementation of machine_info(). */
const struct machine_info *boot_info(void);

/* -ENOENT: not a function of machine.h. */
MUST_USE int boot_find_symbol(const char *name, uintptr_t *ret);

/* Links the object below `end` (page aligned), sets permissions, adds the stack. bind.c. */
MUST_USE int boot_bind_nano_core(const void *bytes, size_t size, uintptr_t end,
				 struct boot_image *ret, struct diag *reterr);

#endif
