/* SPDX-License-Identifier: MIT */
/*
 * clew-image: writes a loaded object as an ELF file (image.h) for a debugger
 * that sees the system from outside, as gdb sees QEMU's.
 *
 * sim/gdb/clew.py gives it what it read from the guest.  Not for typing: files
 * and addresses come by position.  No part of the running machine.
 */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <clew/machine.h>

#include "image.h"
#include "side_file.h"

enum argument {
	OBJECT = 1,
	TEXT,			     /* what lies at the text's address, at least all of it */
	CONSTANTS,		     /* the same */
	BASES,			     /* four: text, constants, data, state; hexadecimal */
	FOLDER = BASES + LINK_POOLS, /* of side files */
	FILE_TO_WRITE,
	ARGUMENTS,
};

static _Noreturn void fail(const char *path, const char *what)
{
	fprintf(stderr, "clew-image: %s: %s\n", path, what);
	exit(1);
}

static GMappedFile *map_file(const char *path)
{
	g_autoptr(GError) error = NULL;
	GMappedFile *file = g_mapped_file_new(path, FALSE, &error);

	if (!file)
		fail(path, error->message);
	return file;
}

/* The bytes of a pool in whole pages, filled up with zeroes. */
static guint8 *read_pool(const struct image *image, enum link_pool pool, const char *path)
{
	size_t size = image->object.size[pool];
	guint8 *pages = g_malloc0((size + PAGE_SIZE - 1) & ~(size_t)(PAGE_SIZE - 1));
	GMappedFile *file = map_file(path);

	if (g_mapped_file_get_length(file) < size)
		fail(path, "shorter than what the object has there");
	if (size > 0)
		memcpy(pages, g_mapped_file_get_contents(file), size);
	g_mapped_file_unref(file);
	return pages;
}

static GByteArray *build(const struct image *image, char **argv)
{
	g_autofree char *cells = g_build_filename(argv[FOLDER], "cells", NULL);
	g_autofree char *fixtures = g_build_filename(argv[FOLDER], "fixtures", NULL);
	const char *const folders[] = { argv[FOLDER], cells, fixtures, NULL };
	g_autofree guint8 *text = read_pool(image, LINK_TEXT, argv[TEXT]);
	g_autofree guint8 *constants = read_pool(image, LINK_CONST, argv[CONSTANTS]);
	g_autoptr(GPtrArray) sections = side_file_read(image, folders);
	struct image_file ignored;

	/* The page of data that a mapped file has: at an address that nobody uses. */
	return image_build(image, text, constants, PAGE_SIZE, sections, &ignored);
}

/* Prints the cell and its version. */
int main(int argc, char **argv)
{
	uintptr_t bases[LINK_POOLS];
	g_autoptr(GByteArray) bytes = NULL;
	g_autoptr(GError) error = NULL;
	GMappedFile *object;
	struct image image;

	if (argc != ARGUMENTS)
		return 2;
	for (size_t i = 0; i < LINK_POOLS; i++)
		bases[i] = g_ascii_strtoull(argv[BASES + i], NULL, 16);
	object = map_file(argv[OBJECT]);
	if (image_open(&image, g_mapped_file_get_contents(object), g_mapped_file_get_length(object),
		       bases) < 0)
		fail(argv[OBJECT], "no object that can be linked");
	bytes = build(&image, argv);
	if (!g_file_set_contents(argv[FILE_TO_WRITE], (const char *)bytes->data, bytes->len,
				 &error))
		fail(argv[FILE_TO_WRITE], error->message);
	printf("%s %u\n", image.name, image.version);
	image_close(&image);
	g_mapped_file_unref(object);
	return 0;
}
