/* SPDX-License-Identifier: MIT */
/* Commands about files. */
#include <clew/console.h>
#include <clew/fs.h>
#include <clew/heap.h>

#include "base/format.h"
#include "base/string.h"
#include "command.h"
#include "table.h"

#define PIECE 4096u

/* ---- ls ------------------------------------------------------------------------- */

static void put_entry(struct table *table, const struct fs_entry *entry)
{
	table_put_text(table, entry->name);
	table_put_text(table, entry->kind == FS_FOLDER ? "folder" : "file");
	table_put(table, entry->size);
}

/* 0, or what went wrong. */
static int put_entries(struct table *table, const fs_folder *folder)
{
	struct fs_entry entry = { .name = "" };
	int r;

	while ((r = fs_folder_next(folder, entry.name, &entry)) == 0)
		put_entry(table, &entry);
	return r == -ENOENT ? 0 : r;
}

int command_ls(const struct call *call)
{
	static const struct table_column columns[] = {
		{ "name", TABLE_TEXT, 30 },
		{ "kind", TABLE_TEXT, 6 },
		{ "size", TABLE_NUMBER, 10 },
	};
	OWN(fs_folder, folder) = OWNER_EMPTY;
	struct fs_entry entry;
	struct table table;
	const char *path;
	int r;

	if (!command_optional(call, &path))
		return command_usage(call);
	if (!path)
		path = "/";
	r = fs_look(path, &entry);
	if (r == 0 && entry.kind == FS_FOLDER)
		r = fs_folder_open(path, &folder);
	if (r < 0)
		return report_path(call, path, r);
	TABLE_BEGIN(&table, columns, call->json);
	if (IS_EMPTY(folder))
		put_entry(&table, &entry);
	else
		r = put_entries(&table, &folder);
	table_end(&table);
	return r < 0 ? report_path(call, path, r) : 0;
}

/* ---- cat and cp ------------------------------------------------------------------- */

/* The bytes that a file has now, although it may grow; the writer NULL: to the task's stream. */
static int copy_bytes(const char *path, fs_writer *writer)
{
	OWN(heap_block, block) = OWNER_EMPTY;
	OWN(fs_reader, reader) = OWNER_EMPTY;
	struct fs_entry entry;
	uint64_t left;
	size_t size;
	int r = fs_reader_open(path, &reader);

	if (r == 0)
		r = fs_look(path, &entry);
	if (r == 0)
		r = heap_block_new(PIECE, &block);
	for (left = r == 0 ? entry.size : 0; r == 0 && left > 0; left -= size) {
		r = fs_reader_read(&reader, heap_block_at(&block), left < PIECE ? left : PIECE,
				   &size);
		if (r < 0 || size == 0)
			break;
		if (writer)
			r = fs_writer_write(writer, heap_block_at(&block), size);
		else
			console_write(task_output(), heap_block_at(&block), size);
	}
	return r;
}

int command_cat(const struct call *call)
{
	int status = 0;

	if (call->argc < 2)
		return command_usage(call);
	for (int i = 1; i < call->argc; i++) {
		int r = copy_bytes(call->argv[i], NULL);

		if (r < 0)
			status = report_path(call, call->argv[i], r);
	}
	return status;
}

static const char *last_part(const char *path)
{
	const char *part = path;

	for (; *path; path++) {
		if (path[0] == '/' && path[1] != '/' && path[1] != 0)
			part = path + 1;
	}
	return part;
}

/* A folder stands for the file of the same name in it. */
static bool find_target(const struct call *call, char target[FS_PATH_MAX])
{
	const char *to = call->argv[2];
	struct fs_entry entry;
	size_t length;

	if (fs_look(to, &entry) == 0 && entry.kind == FS_FOLDER)
		length = format_text(target, FS_PATH_MAX, "%s/%s", to, last_part(call->argv[1]));
	else
		length = format_text(target, FS_PATH_MAX, "%s", to);
	if (length < FS_PATH_MAX)
		return true;
	report_path(call, to, -ENAMETOOLONG);
	return false;
}

int command_cp(const struct call *call)
{
	OWN(fs_writer, writer) = OWNER_EMPTY;
	struct fs_entry from, to;
	char target[FS_PATH_MAX];
	int r;

	if (call->argc != 3)
		return command_usage(call);
	r = fs_look(call->argv[1], &from);
	if (r == 0 && from.kind != FS_FILE)
		r = -EISDIR;
	if (r < 0)
		return report_path(call, call->argv[1], r);
	if (!find_target(call, target))
		return STATUS_FAILED;
	if (fs_look(target, &to) == 0 && to.file == from.file) {
		report_line(call->client, "cp: %s and %s are the same file\n", call->argv[1],
			    target);
		return STATUS_FAILED;
	}
	r = fs_writer_open(target, FS_TRUNCATE, &writer);
	if (r < 0)
		return report_path(call, target, r);
	r = copy_bytes(call->argv[1], &writer);
	if (r == 0)
		return 0;
	report_path(call, target, r);
	report_line(call->client, "cp: %s is incomplete\n", target);
	return STATUS_FAILED;
}

/* ---- rm and mkdir -------------------------------------------------------------------- */

static int for_each_path(const struct call *call, int (*act)(const char *path))
{
	int status = 0;

	if (call->argc < 2)
		return command_usage(call);
	for (int i = 1; i < call->argc; i++) {
		int r = act(call->argv[i]);

		if (r < 0)
			status = report_path(call, call->argv[i], r);
	}
	return status;
}

int command_rm(const struct call *call)
{
	return for_each_path(call, fs_remove);
}

int command_mkdir(const struct call *call)
{
	return for_each_path(call, fs_folder_new);
}
