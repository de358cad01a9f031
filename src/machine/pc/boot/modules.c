/* SPDX-License-Identifier: MIT */
/*
 * The archive of cells, which the loader brought: what is in it, and where it
 * is broken.  pc.info.modules are filled; their bytes can be read.
 */
#include "machine/pc/boot/boot.h"

#include "base/format.h"
#include "base/string.h"
#include "base/tar.h"
#include "machine/pc/pc.h"

#define MODULES_FOLDER "boot/" /* of the archive: its members are modules */
/* A header's fields, as POSIX places them. */
#define MODULES_MAGIC 257
#define MODULES_SIZE 124
#define MODULES_CHECKSUM 148

/* A field as text: what is no letter, digit or blank becomes a question mark. */
static void put_field(char ret[16], const uint8_t *from, size_t length)
{
	for (size_t i = 0; i < length; i++)
		ret[i] = (char)(from[i] >= ' ' && from[i] < 0x7f ? from[i] : '?');
	ret[length] = 0;
}

static void describe_damage(const void *archive, size_t size, size_t at, const char *before,
			    char reterr[BOOT_ERROR_MAX])
{
	const uint8_t *header = (const uint8_t *)archive + at;
	char where[96], found[16], checksum[16];

	format_text(where, sizeof(where), "cells.tar, %s%.32s, byte %zu of %zu",
		    before[0] ? "after " : "first member", before, at, size);
	if (memcmp(header + MODULES_MAGIC, "ustar", 5) != 0) {
		put_field(found, header + MODULES_MAGIC, 5);
		format_text(reterr, BOOT_ERROR_MAX,
			    "%s: expected a tar header (\"ustar\"), found \"%s\"", where, found);
		return;
	}
	put_field(found, header + MODULES_SIZE, 11);
	put_field(checksum, header + MODULES_CHECKSUM, 6);
	format_text(reterr, BOOT_ERROR_MAX,
		    "%s: expected a size and a checksum that fit, found %s and %s", where, found,
		    checksum);
}

int boot_find_member(const void *archive, size_t size, const char *name, struct tar_member *ret,
		     char reterr[BOOT_ERROR_MAX])
{
	struct tar_member member = { .name = "" }, found = { .name = "" };
	size_t offset = 0;
	int r;

	while ((r = tar_next(archive, size, &offset, &member)) == 0) {
		if (found.name[0] == 0 && string_equal(member.name, name))
			found = member;
	}
	if (r != -ENOENT) {
		describe_damage(archive, size, offset, member.name, reterr);
		return -EBADMSG;
	}
	if (found.name[0] == 0) {
		format_text(reterr, BOOT_ERROR_MAX,
			    "cells.tar: expected a member %s, found none in %zu bytes", name, size);
		return -ENOENT;
	}
	*ret = found;
	return 0;
}

const struct machine_module *boot_find_module(const char *name)
{
	for (uint32_t i = 0; i < pc.info.n_modules; i++) {
		if (string_equal(pc.info.modules[i].name, name))
			return &pc.info.modules[i];
	}
	return NULL;
}

static void add_member(const struct machine_module *cells, const char *name)
{
	struct machine_module *module = &pc.info.modules[pc.info.n_modules];
	struct tar_member member;
	char path[32], error[BOOT_ERROR_MAX];
	int r;

	if (boot_find_module(name))
		return;
	format_text(path, sizeof(path), MODULES_FOLDER "%s", name);
	r = boot_find_member(cells->start, cells->size, path, &member, error);
	if (r == -ENOENT)
		return;
	if (r < 0)
		boot_fail("%s", error);
	if (pc.info.n_modules == MACHINE_MODULES_MAX)
		boot_fail("cells.tar, member %s: expected room for one module more, found %u "
			  "modules",
			  path, pc.info.n_modules);
	*module = (struct machine_module){ .start = member.bytes, .size = member.size };
	(void)string_copy(module->name, sizeof(module->name), name);
	pc.info.n_modules++;
}

void boot_find_members(void)
{
	const struct machine_module *cells = boot_find_module("cells");

	if (!cells)
		return;
	add_member(cells, "script");
	add_member(cells, "files");
}
