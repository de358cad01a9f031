/* SPDX-License-Identifier: MIT */
/*
 * Tar archives in the host's memory: where nano_core and the cells come from.
 */
#ifndef SIM_ARCHIVE_H
#define SIM_ARCHIVE_H

#include <glib.h>

#define ARCHIVE_NANO_CORE "nano_core.o"

/*
 * A directory becomes an archive of the objects (*.o) in it, in the order of
 * their names, without times and owners; a file is taken as it is.
 */
GBytes *archive_load(const char *path, GError **error);

/*
 * An archive of all files below a directory, by their path from there.
 * Symbolic links count as what they lead to; directories without files are
 * left out.
 */
GBytes *archive_load_files(const char *path, GError **error);

/* The archive with one more member before all others; what there was is not looked at. */
GBytes *archive_prepend(GBytes *archive, const char *name, GBytes *member, GError **error);

/* The archive with these files, by their last names and in this order, before all others. */
GBytes *archive_prepend_files(GBytes *archive, const char *const *paths, GError **error);

/* Contents of one member, "./" before its name left out. */
GBytes *archive_find(GBytes *archive, const char *name, GError **error);

#endif
