/* SPDX-License-Identifier: MIT */
/*
 * The boot archive: which objects it has, and what each provides.
 *
 * Objects at the top of the archive are loaded when a cell needs what they
 * provide; those in folders only when asked for by name.
 */
#include "load.h"

#include "base/format.h"
#include "base/string.h"
#include "base/tar.h"

static int malformed(size_t offset, struct diag *reterr)
{
	diag_fill(reterr, "boot archive", "archive is malformed", "a ustar header", "");
	reterr->offset = offset;
	return -EBADMSG;
}

/* What is in the folder of files is for the file system. */
static bool is_object(const struct tar_member *member)
{
	return !string_starts(member->name, "files/") && string_ends(member->name, ".o") &&
	       string_length(member->name) < 64;
}

static int count_objects(const void *archive, size_t size, uint32_t *ret, struct diag *reterr)
{
	struct tar_member member;
	size_t offset = 0;
	uint32_t count = 0;
	int r;

	while ((r = tar_next(archive, size, &offset, &member)) == 0)
		count += is_object(&member);
	if (r != -ENOENT)
		return malformed(offset, reterr);
	*ret = count;
	return 0;
}

static bool has_folder(const char *path)
{
	for (; *path; path++) {
		if (*path == '/')
			return true;
	}
	return false;
}

static const char *base_name(const char *path)
{
	const char *base = path;

	for (; *path; path++) {
		if (*path == '/')
			base = path + 1;
	}
	return base;
}

void archive_name_of(const char *file, char ret[CELL_NAME_MAX])
{
	size_t length;

	string_copy(ret, CELL_NAME_MAX, base_name(file));
	length = string_length(ret);
	if (string_ends(ret, ".o"))
		ret[length - 2] = 0;
}

/* 0, NOTE_E_FOREIGN, or negative: it cannot be read. */
static int read_object(const struct archive_object *object, struct note *ret, struct diag *reterr)
{
	struct elf elf;
	int r = elf_open(&elf, object->file, object->bytes, object->size, reterr);

	return r < 0 ? r : note_read(&elf, ret, reterr);
}

/*
 * An object that cannot be read stays in the list under its file's name: loading
 * it says why.
 */
static void describe_object(struct archive_object *object, const struct tar_member *member)
{
	struct diag ignored;
	int r;

	object->bytes = member->bytes;
	object->size = member->size;
	string_copy(object->file, sizeof(object->file), member->name);
	archive_name_of(member->name, object->cell);
	object->on_demand = !has_folder(member->name);
	r = read_object(object, &object->note, &ignored);
	object->is_damaged = r < 0;
	if (r != 0)
		return;
	object->kind = object->note.header->kind;
	string_copy(object->cell, sizeof(object->cell),
		    note_string(&object->note, object->note.header->name));
	string_copy(object->summary, sizeof(object->summary),
		    note_string(&object->note, object->note.header->summary));
}

int archive_read(const void *archive, size_t size, struct diag *reterr)
{
	struct linker_state *self = linker_self();
	struct tar_member member;
	uint32_t count;
	size_t offset = 0;
	int r = count_objects(archive, size, &count, reterr);

	if (r < 0)
		return r;
	if (count == 0) {
		diag_fill(reterr, "boot archive", "archive has no objects", "files that end in .o",
			  "none");
		return -ENOENT;
	}
	self->archive = heap_alloc(count * sizeof(*self->archive));
	if (!self->archive) {
		diag_fill(reterr, "boot archive", "out of memory", "a list of its objects", "");
		return -ENOMEM;
	}
	while (tar_next(archive, size, &offset, &member) == 0) {
		if (is_object(&member))
			describe_object(&self->archive[self->n_archive++], &member);
	}
	return 0;
}

/* By cell, by path, by the last part of a path, and by cell in the folders. */
const struct archive_object *archive_find(const char *name)
{
	const struct linker_state *self = linker_self();

	for (uint32_t i = 0; i < self->n_archive; i++) {
		if (self->archive[i].on_demand && string_equal(self->archive[i].cell, name))
			return &self->archive[i];
	}
	for (uint32_t i = 0; i < self->n_archive; i++) {
		if (string_equal(self->archive[i].file, name))
			return &self->archive[i];
	}
	for (uint32_t i = 0; i < self->n_archive; i++) {
		if (string_equal(base_name(self->archive[i].file), name))
			return &self->archive[i];
	}
	for (uint32_t i = 0; i < self->n_archive; i++) {
		if (string_equal(self->archive[i].cell, name))
			return &self->archive[i];
	}
	return NULL;
}

bool archive_has(const void *bytes, size_t size)
{
	const struct linker_state *self = linker_self();

	for (uint32_t i = 0; i < self->n_archive; i++) {
		if (self->archive[i].bytes == bytes && self->archive[i].size == size)
			return true;
	}
	return false;
}

static bool provides(const struct archive_object *object, const char *symbol)
{
	return object->on_demand && object->kind == CELL_SERVICE &&
	       (note_find(&object->note, symbol, NOTE_PROVIDES_FUNCTION) ||
		note_find(&object->note, symbol, NOTE_PROVIDES_DATA));
}

const struct archive_object *archive_provider(const char *symbol)
{
	const struct linker_state *self = linker_self();

	for (uint32_t i = 0; i < self->n_archive; i++) {
		if (provides(&self->archive[i], symbol))
			return &self->archive[i];
	}
	return NULL;
}

void archive_describe_absence(char *ret, size_t size)
{
	const struct linker_state *self = linker_self();
	struct diag diag = { 0 };
	struct note ignored;

	string_copy(ret, size, "none loaded, none in the archive");
	for (uint32_t i = 0; i < self->n_archive; i++) {
		const struct archive_object *object = &self->archive[i];

		if (!object->on_demand || !object->is_damaged)
			continue;
		if (read_object(object, &ignored, &diag) < 0)
			format_text(ret, size, "none; %s: %s", object->file, diag.what);
		return;
	}
}

CELL_EXPORT int linker_archive_find(const char *name, const void **ret_bytes, size_t *ret_size)
{
	const struct archive_object *object = archive_find(name);

	if (!object)
		return -ENOENT;
	*ret_bytes = object->bytes;
	*ret_size = object->size;
	return 0;
}

CELL_EXPORT int linker_archive_next(size_t i, char ret_cell[CELL_NAME_MAX], char ret_file[64],
				    char ret_summary[CELL_SUMMARY_MAX], uint32_t *ret_kind)
{
	const struct linker_state *self = linker_self();

	if (i >= self->n_archive)
		return -ENOENT;
	string_copy(ret_cell, CELL_NAME_MAX, self->archive[i].cell);
	string_copy(ret_file, 64, self->archive[i].file);
	string_copy(ret_summary, CELL_SUMMARY_MAX, self->archive[i].summary);
	*ret_kind = self->archive[i].kind;
	return 0;
}
