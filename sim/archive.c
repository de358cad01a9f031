/* SPDX-License-Identifier: MIT */
/*
 * Makes and reads ustar archives with libarchive.
 *
 * The system inside reads the same bytes with src/base/tar.c.
 */
#include "archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <gio/gio.h>
#include <string.h>

typedef struct archive archive_writer;
typedef struct archive archive_reader;
typedef struct archive_entry archive_member;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(archive_writer, archive_write_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(archive_reader, archive_read_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(archive_member, archive_entry_free)

static void archive_report(GError **error, struct archive *archive, const char *what)
{
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s: %s", what,
		    archive_error_string(archive));
}

static int archive_compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names in a directory that end so, sorted. */
static GPtrArray *archive_list(const char *path, const char *suffix, GError **error)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GDir) dir = g_dir_open(path, 0, error);
	const char *name;

	if (!dir)
		return NULL;
	while ((name = g_dir_read_name(dir))) {
		if (g_str_has_suffix(name, suffix))
			g_ptr_array_add(names, g_strdup(name));
	}
	g_ptr_array_sort(names, archive_compare_names);
	return g_steal_pointer(&names);
}

static gboolean archive_add(struct archive *archive, const char *name, const void *bytes,
			    gsize size, GError **error)
{
	g_autoptr(archive_member) entry = archive_entry_new();

	archive_entry_set_pathname(entry, name);
	archive_entry_set_size(entry, (la_int64_t)size);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	if (archive_write_header(archive, entry) < ARCHIVE_OK ||
	    archive_write_data(archive, bytes, size) < 0 ||
	    archive_write_finish_entry(archive) < ARCHIVE_OK) {
		archive_report(error, archive, name);
		return FALSE;
	}
	return TRUE;
}

static gboolean archive_add_file(struct archive *archive, const char *path, const char *name,
				 GError **error)
{
	g_autofree char *file = g_build_filename(path, name, NULL);
	g_autofree char *bytes = NULL;
	gsize size;

	if (!g_file_get_contents(file, &bytes, &size, error))
		return FALSE;
	return archive_add(archive, name, bytes, size, error);
}

static la_ssize_t archive_append(struct archive *archive, void *array, const void *bytes,
				 size_t size)
{
	g_byte_array_append(array, bytes, (guint)size);
	return (la_ssize_t)size;
}

/* What is written goes to the array at once: no blocks are filled up. */
static gboolean archive_open(struct archive *archive, GByteArray *bytes, GError **error)
{
	archive_write_set_format_ustar(archive);
	archive_write_set_bytes_per_block(archive, 0);
	if (archive_write_open(archive, bytes, NULL, archive_append, NULL) < ARCHIVE_OK) {
		archive_report(error, archive, "a new archive");
		return FALSE;
	}
	return TRUE;
}

static GBytes *archive_pack(const char *path, GError **error)
{
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	g_autoptr(GPtrArray) names = archive_list(path, ".o", error);
	g_autoptr(archive_writer) archive = archive_write_new();

	if (!names)
		return NULL;
	if (names->len == 0) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
			    "%s: expected objects (*.o), found none", path);
		return NULL;
	}
	if (!archive_open(archive, bytes, error))
		return NULL;
	for (guint i = 0; i < names->len; i++) {
		if (!archive_add_file(archive, path, g_ptr_array_index(names, i), error))
			return NULL;
	}
	if (archive_write_close(archive) < ARCHIVE_OK) {
		archive_report(error, archive, path);
		return NULL;
	}
	return g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
}

GBytes *archive_load(const char *path, GError **error)
{
	g_autofree char *bytes = NULL;
	gsize size;

	if (g_file_test(path, G_FILE_TEST_IS_DIR))
		return archive_pack(path, error);
	if (!g_file_get_contents(path, &bytes, &size, error))
		return NULL;
	return g_bytes_new_take(g_steal_pointer(&bytes), size);
}

GBytes *archive_prepend(GBytes *archive, const char *name, GBytes *member, GError **error)
{
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	g_autoptr(archive_writer) writer = archive_write_new();
	gsize size, n;
	const void *data = g_bytes_get_data(member, &size);

	if (!archive_open(writer, bytes, error) || !archive_add(writer, name, data, size, error))
		return NULL;
	n = bytes->len; /* the end of an archive follows, which is not wanted */
	if (archive_write_close(writer) < ARCHIVE_OK) {
		archive_report(error, writer, name);
		return NULL;
	}
	g_byte_array_set_size(bytes, (guint)n);
	data = g_bytes_get_data(archive, &size);
	g_byte_array_append(bytes, data, (guint)size);
	return g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
}

GBytes *archive_prepend_files(GBytes *archive, const char *const *paths, GError **error)
{
	g_autoptr(GBytes) all = g_bytes_ref(archive);
	size_t n = 0;

	while (paths && paths[n])
		n++;
	while (n-- > 0 && all) {
		g_autofree char *name = g_path_get_basename(paths[n]);
		g_autoptr(GBytes) before = g_steal_pointer(&all);
		g_autoptr(GBytes) member = NULL;
		char *bytes;
		gsize size;

		if (!g_file_get_contents(paths[n], &bytes, &size, error))
			return NULL;
		member = g_bytes_new_take(bytes, size);
		all = archive_prepend(before, name, member, error);
	}
	return g_steal_pointer(&all);
}

/* What is at root/name, where name "" is the root. */
static gboolean archive_add_below(struct archive *archive, const char *root, const char *name,
				  GError **error)
{
	g_autofree char *path = g_build_filename(root, name, NULL);
	g_autoptr(GPtrArray) names = NULL;

	if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
		return archive_add_file(archive, root, name, error);
	if (g_file_test(path, G_FILE_TEST_EXISTS) && !g_file_test(path, G_FILE_TEST_IS_DIR)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE,
			    "%s: expected a file or a directory", path);
		return FALSE;
	}
	names = archive_list(path, "", error);
	for (guint i = 0; names && i < names->len; i++) {
		const char *last = g_ptr_array_index(names, i);
		g_autofree char *below =
			name[0] ? g_build_filename(name, last, NULL) : g_strdup(last);

		if (!archive_add_below(archive, root, below, error))
			return FALSE;
	}
	return names != NULL;
}

GBytes *archive_load_files(const char *path, GError **error)
{
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	g_autoptr(archive_writer) writer = archive_write_new();

	if (!g_file_test(path, G_FILE_TEST_IS_DIR)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY,
			    "--files: expected a directory, found none at %s", path);
		return NULL;
	}
	if (!archive_open(writer, bytes, error) || !archive_add_below(writer, path, "", error))
		return NULL;
	if (archive_write_close(writer) < ARCHIVE_OK) {
		archive_report(error, writer, path);
		return NULL;
	}
	return g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
}

static GBytes *archive_read_member(struct archive *archive, struct archive_entry *entry,
				   GError **error)
{
	size_t size = (size_t)archive_entry_size(entry);
	g_autofree char *bytes = g_try_malloc(size ? size : 1);

	if (!bytes || archive_read_data(archive, bytes, size) != (la_ssize_t)size) {
		archive_report(error, archive, archive_entry_pathname(entry));
		return NULL;
	}
	return g_bytes_new_take(g_steal_pointer(&bytes), size);
}

GBytes *archive_find(GBytes *archive, const char *name, GError **error)
{
	g_autoptr(archive_reader) reader = archive_read_new();
	struct archive_entry *entry;
	gsize size;
	const void *bytes = g_bytes_get_data(archive, &size);

	archive_read_support_format_tar(reader);
	if (archive_read_open_memory(reader, bytes, size) < ARCHIVE_OK) {
		archive_report(error, reader, "the archive of cells");
		return NULL;
	}
	while (archive_read_next_header(reader, &entry) == ARCHIVE_OK) {
		const char *at = archive_entry_pathname(entry);

		if (g_str_has_prefix(at, "./"))
			at += 2;
		if (strcmp(at, name) == 0)
			return archive_read_member(reader, entry, error);
	}
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
		    "the archive of cells: expected a member %s, found none", name);
	return NULL;
}
