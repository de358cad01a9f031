/* SPDX-License-Identifier: MIT */
/* Commands about cells: what is loaded, what needs what, load, unload, swap. */
#include "command.h"

#include <clew/cell.h>
#include <clew/console.h>
#include <clew/fs.h>
#include <clew/heap.h>
#include <clew/linker.h>
#include <clew/shell.h>
#include <clew/swap.h>

#include "base/sha256.h"
#include "base/string.h"
#include "table.h"

/* ---- what there is -------------------------------------------------------------- */

static void print_cells(bool all, bool json)
{
	static const struct table_column columns[] = {
		{ "name", TABLE_TEXT, 14 },	 { "version", TABLE_NUMBER, 7 },
		{ "sections", TABLE_NUMBER, 8 }, { "bytes", TABLE_NUMBER, 8 },
		{ "state", TABLE_NUMBER, 7 },	 { "users", TABLE_NUMBER, 5 },
		{ "current", TABLE_YES, 7 },	 { "ns", TABLE_NUMBER, 4 },
		{ "id", TABLE_NUMBER, 4 },
	};
	struct cell_info info = { .id = 0 };
	struct table table;

	TABLE_BEGIN(&table, columns, json);
	while (linker_next_cell(info.id, &info) == 0) {
		if (!info.current && !all)
			continue;
		table_put_text(&table, info.name);
		table_put(&table, info.version);
		table_put(&table, info.sections);
		table_put(&table, info.bytes);
		table_put(&table, info.state_bytes);
		table_put(&table, info.users);
		table_put(&table, info.current);
		table_put(&table, info.ns);
		table_put(&table, info.id);
	}
	table_end(&table);
}

static void print_sums(bool all, bool json)
{
	static const struct table_column columns[] = {
		{ "name", TABLE_TEXT, 14 },   { "version", TABLE_NUMBER, 7 },
		{ "current", TABLE_YES, 7 },  { "ns", TABLE_NUMBER, 4 },
		{ "id", TABLE_NUMBER, 4 },    { "size", TABLE_NUMBER, 8 },
		{ "sha256", TABLE_TEXT, 64 },
	};
	struct cell_info info = { .id = 0 };
	struct table table;

	TABLE_BEGIN(&table, columns, json);
	while (linker_next_cell(info.id, &info) == 0) {
		char sum[SHA256_TEXT_SIZE] = "-";

		if (!info.current && !all)
			continue;
		if (info.object)
			sha256_text(info.object, info.object_size, sum);
		table_put_text(&table, info.name);
		table_put(&table, info.version);
		table_put(&table, info.current);
		table_put(&table, info.ns);
		table_put(&table, info.id);
		table_put(&table, info.object_size);
		table_put_text(&table, sum);
	}
	table_end(&table);
}

int command_cells(const struct call *call)
{
	bool all = false, sums = false;

	for (int i = 1; i < call->argc; i++) {
		if (string_equal(call->argv[i], "--all"))
			all = true;
		else if (string_equal(call->argv[i], "--sha256"))
			sums = true;
		else
			return command_usage(call);
	}
	if (sums)
		print_sums(all, call->json);
	else
		print_cells(all, call->json);
	return 0;
}

static const char *dependency_kind_name(uint32_t kind)
{
	static const char *const names[] = { "call", "address", "data" };

	return kind <= DEPENDENCY_DATA ? names[kind] : "?";
}

static void put_dependencies(struct table *table, const char *name)
{
	struct dependency_info info;

	for (size_t i = 0; linker_dependency(task_namespace(), name, i, &info) == 0; i++) {
		table_put_text(table, info.symbol);
		table_put_text(table, string_equal(info.user, name) ? "uses" : "used by");
		table_put_text(table, info.user);
		table_put(table, info.user_version);
		table_put_text(table, info.provider);
		table_put_text(table, dependency_kind_name(info.kind));
		table_put(table, info.slot);
	}
}

static bool is_loaded(const char *name)
{
	struct cell_info info = { .id = 0 };

	while (linker_next_cell(info.id, &info) == 0) {
		if (string_equal(info.name, name))
			return true;
	}
	return false;
}

int command_deps(const struct call *call)
{
	static const struct table_column columns[] = {
		{ "name", TABLE_TEXT, 26 },	{ "direction", TABLE_TEXT, 9 },
		{ "user", TABLE_TEXT, 14 },	{ "version", TABLE_NUMBER, 7 },
		{ "provider", TABLE_TEXT, 14 }, { "kind", TABLE_TEXT, 7 },
		{ "slot", TABLE_HEX, 14 },
	};
	struct table table;

	if (call->argc != 2)
		return command_usage(call);
	if (!is_loaded(call->argv[1])) {
		print("deps: no such cell: %s\n", call->argv[1]);
		return STATUS_FAILED;
	}
	TABLE_BEGIN(&table, columns, call->json);
	put_dependencies(&table, call->argv[1]);
	table_end(&table);
	return 0;
}

int command_ns(const struct call *call)
{
	static const struct table_column columns[] = {
		{ "id", TABLE_NUMBER, 4 },	    { "name", TABLE_TEXT, 16 },
		{ "parent", TABLE_NUMBER, 6 },	    { "symbols", TABLE_NUMBER, 7 },
		{ "references", TABLE_NUMBER, 10 },
	};
	struct namespace_info info = { .id = 0 };
	struct table table;

	if (call->argc != 1)
		return command_usage(call);
	TABLE_BEGIN(&table, columns, call->json);
	while (namespace_next(info.id, &info) == 0) {
		table_put(&table, info.id);
		table_put_text(&table, info.name);
		table_put(&table, info.parent);
		table_put(&table, info.symbols);
		table_put(&table, info.references);
	}
	table_end(&table);
	return 0;
}

static bool contains(const char *text, const char *part)
{
	for (; *text; text++) {
		if (string_starts(text, part))
			return true;
	}
	return !*part;
}

int command_symbols(const struct call *call)
{
	static const struct table_column columns[] = {
		{ "name", TABLE_TEXT, 28 },   { "cell", TABLE_TEXT, 14 },
		{ "function", TABLE_YES, 8 }, { "address", TABLE_HEX, 14 },
		{ "users", TABLE_NUMBER, 5 }, { "type", TABLE_HEX, 18 },
	};
	struct symbol_info info;
	struct table table;
	const char *part;

	if (!command_optional(call, &part))
		return command_usage(call);
	TABLE_BEGIN(&table, columns, call->json);
	for (size_t i = 0; linker_symbol_at(task_namespace(), i, &info) == 0; i++) {
		if (part && !contains(info.name, part))
			continue;
		table_put_text(&table, info.name);
		table_put_text(&table, info.cell);
		table_put(&table, info.is_function);
		table_put(&table, info.address);
		table_put(&table, info.users);
		table_put(&table, info.type_hash);
	}
	table_end(&table);
	return 0;
}

static const char *cell_kind_name(uint32_t kind)
{
	return kind == CELL_SERVICE	  ? "service"
	       : kind == CELL_APPLICATION ? "application"
					  : "foreign";
}

int command_archive(const struct call *call)
{
	static const struct table_column columns[] = {
		{ "name", TABLE_TEXT, 14 },
		{ "file", TABLE_TEXT, 22 },
		{ "kind", TABLE_TEXT, 11 },
		{ "summary", TABLE_TEXT, 60 },
	};
	char name[CELL_NAME_MAX], file[64], summary[CELL_SUMMARY_MAX];
	struct table table;
	uint32_t kind;

	if (call->argc != 1)
		return command_usage(call);
	TABLE_BEGIN(&table, columns, call->json);
	for (size_t i = 0; linker_archive_next(i, name, file, summary, &kind) == 0; i++) {
		table_put_text(&table, name);
		table_put_text(&table, file);
		table_put_text(&table, cell_kind_name(kind));
		table_put_text(&table, summary);
	}
	table_end(&table);
	return 0;
}

/* ---- load and unload --------------------------------------------------------------- */

static int read_file(const char *path, heap_block *ret, size_t *ret_size)
{
	OWN(fs_reader, reader) = OWNER_EMPTY;
	struct fs_entry entry;
	int r = fs_reader_open(path, &reader);

	if (r == 0)
		r = fs_look(path, &entry);
	if (r == 0)
		r = heap_block_new(entry.size + 1, ret);
	if (r == 0)
		r = fs_reader_read(&reader, heap_block_at(ret), entry.size, ret_size);
	return r;
}

/* Of the archive, or of the system's files: those are read to *ret_file, which the bytes are in. */
static int find_object(const char *name, heap_block *ret_file, const void **ret, size_t *ret_size)
{
	int r = linker_archive_find(name, ret, ret_size);

	if (r < 0) {
		r = read_file(name, ret_file, ret_size);
		*ret = heap_block_at(ret_file);
	}
	return r;
}

static int load_file(const char *file, char ret_name[CELL_NAME_MAX], struct diag *reterr)
{
	OWN(heap_block, block) = OWNER_EMPTY;
	const void *bytes;
	size_t size;
	int r = find_object(file, &block, &bytes, &size);

	if (r < 0) {
		string_copy(reterr->cell, sizeof(reterr->cell), file);
		if (r == -ENOENT)
			string_copy(reterr->what, sizeof(reterr->what),
				    "neither in the boot archive nor a file");
		return r;
	}
	return linker_load_object(task_namespace(), file, bytes, size, ret_name, reterr);
}

int command_load(const struct call *call)
{
	struct diag diag = { .offset = DIAG_NO_OFFSET };
	char name[CELL_NAME_MAX];
	int r;

	if (call->argc != 2)
		return command_usage(call);
	string_copy(name, sizeof(name), call->argv[1]);
	r = linker_load(task_namespace(), name, &diag);
	if (r == -ENOENT) {
		diag = (struct diag){ .offset = DIAG_NO_OFFSET };
		r = load_file(call->argv[1], name, &diag);
	}
	if (r != 0)
		return report_error(call, r, &diag);
	print("%s: loaded\n", name);
	return 0;
}

int command_unload(const struct call *call)
{
	struct diag diag = { .offset = DIAG_NO_OFFSET };
	int r;

	if (call->argc != 2)
		return command_usage(call);
	r = swap_unload(task_namespace(), call->argv[1], &diag);
	if (r != 0)
		return report_error(call, r, &diag);
	print("%s: unloaded\n", call->argv[1]);
	return 0;
}

/* ---- swap ---------------------------------------------------------------------------- */

static void print_swap(const struct swap_report *report, bool json)
{
	static const struct table_column columns[] = {
		{ "name", TABLE_TEXT, 12 },	{ "from", TABLE_NUMBER, 4 },
		{ "to", TABLE_NUMBER, 3 },	{ "slots", TABLE_NUMBER, 5 },
		{ "entries", TABLE_NUMBER, 7 }, { "pinned", TABLE_NUMBER, 6 },
		{ "state", TABLE_NUMBER, 6 },	{ "commit", TABLE_SECONDS, 9 },
		{ "total", TABLE_SECONDS, 9 },	{ "retired", TABLE_YES, 7 },
	};
	struct table table;

	TABLE_BEGIN(&table, columns, json);
	table_put_text(&table, report->name);
	table_put(&table, report->from);
	table_put(&table, report->to);
	table_put(&table, report->slots);
	table_put(&table, report->entries);
	table_put(&table, report->pinned);
	table_put(&table, report->state_bytes);
	table_put(&table, report->commit_ns);
	table_put(&table, report->total_ns);
	table_put(&table, report->retired);
	table_end(&table);
}

/* In the root, where services live, whatever namespace the caller is in. */
CELL_EXPORT int shell_swap(const char *name, const char *file, const void *bytes, size_t size,
			   struct diag *reterr)
{
	struct swap_report report = { .from = 0 };
	int r;

	*reterr = (struct diag){ .offset = DIAG_NO_OFFSET };
	r = swap_cell(namespace_root(), name, file, bytes, size, &report, reterr);
	if (r == 0)
		print_swap(&report, false);
	return r;
}

int command_swap(const struct call *call)
{
	struct diag diag = { .offset = DIAG_NO_OFFSET };
	struct swap_report report = { .from = 0 };
	OWN(heap_block, block) = OWNER_EMPTY;
	const void *bytes;
	size_t size;
	int r;

	if (call->argc != 3)
		return command_usage(call);
	r = find_object(call->argv[2], &block, &bytes, &size);
	if (r == -ENOENT) {
		report_line(call->client,
			    "swap: %s is neither in the boot archive (see archive) nor a file (see "
			    "ls); to send an object: clew ctl --socket PATH swap %s FILE\n",
			    call->argv[2], call->argv[1]);
		return STATUS_FAILED;
	}
	if (r < 0)
		return report_path(call, call->argv[2], r);
	r = swap_cell(namespace_root(), call->argv[1], call->argv[2], bytes, size, &report, &diag);
	if (r != 0)
		return report_error(call, r, &diag);
	print_swap(&report, call->json);
	return 0;
}

int command_retire(const struct call *call)
{
	static const struct table_column columns[] = {
		{ "id", TABLE_NUMBER, 4 },
		{ "name", TABLE_TEXT, 14 },
		{ "version", TABLE_NUMBER, 7 },
		{ "bytes", TABLE_NUMBER, 8 },
		{ "stack_words", TABLE_NUMBER, 11 },
		{ "entries", TABLE_NUMBER, 7 },
		{ "memory_words", TABLE_NUMBER, 12 },
	};
	struct swap_pending pending = { .id = 0 };
	struct table table;
	unsigned int retired;

	if (call->argc != 1)
		return command_usage(call);
	retired = swap_retire();
	if (!call->json)
		print("%u retired\n", retired);
	TABLE_BEGIN(&table, columns, call->json);
	while (swap_next_pending(pending.id, &pending) == 0) {
		table_put(&table, pending.id);
		table_put_text(&table, pending.name);
		table_put(&table, pending.version);
		table_put(&table, pending.bytes);
		table_put(&table, pending.stack_words);
		table_put(&table, pending.entries);
		table_put(&table, pending.memory_words);
	}
	table_end(&table);
	return 0;
}
