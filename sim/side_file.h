/* SPDX-License-Identifier: MIT */
/*
 * The DWARF of an object: in the object, or in its side file.
 */
#ifndef SIM_SIDE_FILE_H
#define SIM_SIDE_FILE_H

#include "image.h"

struct side_section {
	char *name; /* ".debug_..." */
	guint8 *bytes;
	size_t size;
};

/*
 * The debug sections, relocated to where the object lies; of side_section.
 * folders: where side files are looked for, ends with NULL.  NULL: there are
 * none.
 */
GPtrArray *side_file_read(const struct image *image, const char *const *folders);

#endif
