/* SPDX-License-Identifier: MIT */
/* Commands that show what the system's services know: tasks, memory, faults, messages. */
#include <clew/console.h>
#include <clew/frame.h>
#include <clew/heap.h>
#include <clew/linker.h>
#include <clew/log.h>
#include <clew/machine.h>
#include <clew/recovery.h>

#include "base/string.h"
#include "command.h"
#include "table.h"

int command_ps(const struct call *call)
{
	static const struct table_column columns[] = {
		{ "id", TABLE_NUMBER, 4 },	 { "name", TABLE_TEXT, 16 },
		{ "state", TABLE_TEXT, 9 },	 { "cpu", TABLE_SECONDS, 12 },
		{ "priority", TABLE_NUMBER, 8 }, { "restarts", TABLE_NUMBER, 8 },
		{ "switches", TABLE_NUMBER, 9 },
	};
	struct task_info info = { .id = 0 };
	struct table table;

	if (call->argc != 1)
		return command_usage(call);
	TABLE_BEGIN(&table, columns, call->json);
	while (task_next(info.id, &info) == 0) {
		table_put(&table, info.id);
		table_put_text(&table, info.name);
		table_put_text(&table, task_state_name(info.state));
		table_put(&table, info.cpu_ns);
		table_put(&table, info.priority);
		table_put(&table, info.restarts);
		table_put(&table, info.switches);
	}
	table_end(&table);
	return 0;
}

/* ---- mem ------------------------------------------------------------------------- */

static void put_memory(struct table *table, const char *group, const char *name, uint64_t start,
		       uint64_t size, uint64_t used)
{
	table_put_text(table, name);
	table_put_text(table, group);
	table_put(table, start);
	table_put(table, size);
	table_put(table, used);
	table_put(table, size - used);
}

static void put_frames(struct table *table)
{
	struct frame_usage usage;

	frame_usage(&usage);
	put_memory(table, "frames", "all", machine_info()->window, usage.total * PAGE_SIZE,
		   (usage.total - usage.free) * PAGE_SIZE);
	for (uint32_t kind = 0; kind < FRAME_KINDS; kind++)
		put_memory(table, "frames", frame_kind_name((enum frame_kind)kind), 0,
			   usage.used[kind] * PAGE_SIZE, usage.used[kind] * PAGE_SIZE);
}

static void put_heap(struct table *table)
{
	struct heap_usage usage;

	heap_usage(&usage);
	put_memory(table, "heap", "blocks", 0, usage.bytes_held, usage.bytes);
}

static void put_pools(struct table *table)
{
	struct pool_info pool;

	for (size_t i = 0; linker_pool(i, &pool) == 0; i++)
		put_memory(table, "pool", pool.name, pool.start, pool.size, pool.used);
}

static const char *region_name(uint32_t kind)
{
	switch (kind) {
	case MACHINE_REGION_FREE:
		return "memory";
	case MACHINE_REGION_NANO_CORE:
		return "nano_core";
	case MACHINE_REGION_MODULE:
		return "modules";
	case MACHINE_REGION_BOOT:
		return "boot";
	default:
		return "machine";
	}
}

static void put_regions(struct table *table)
{
	const struct machine_info *machine = machine_info();

	for (uint32_t i = 0; i < machine->n_regions; i++) {
		const struct machine_region *region = &machine->regions[i];

		put_memory(table, "boot map", region_name(region->kind), region->start,
			   region->size, region->kind == MACHINE_REGION_FREE ? 0 : region->size);
	}
}

static int print_runs(const struct call *call)
{
	static const struct table_column columns[] = {
		{ "name", TABLE_TEXT, 5 },
		{ "start", TABLE_HEX, 14 },
		{ "size", TABLE_NUMBER, 12 },
	};
	uintptr_t at = machine_info()->window, start;
	struct table table;
	size_t count;
	bool used;

	TABLE_BEGIN(&table, columns, call->json);
	while (frame_next_run(at, &used, &start, &count) == 0 && count > 0) {
		table_put_text(&table, used ? "used" : "free");
		table_put(&table, start);
		table_put(&table, count * PAGE_SIZE);
		at = start + count * PAGE_SIZE;
	}
	table_end(&table);
	return 0;
}

int command_mem(const struct call *call)
{
	static const struct table_column columns[] = {
		{ "name", TABLE_TEXT, 10 },   { "group", TABLE_TEXT, 8 },
		{ "start", TABLE_HEX, 14 },   { "size", TABLE_NUMBER, 12 },
		{ "used", TABLE_NUMBER, 12 }, { "free", TABLE_NUMBER, 12 },
	};
	struct table table;
	const char *option;

	if (!command_optional(call, &option) || (option && !string_equal(option, "--runs")))
		return command_usage(call);
	if (option)
		return print_runs(call);
	heap_trim(); /* so that what is shown follows from what is in use */
	TABLE_BEGIN(&table, columns, call->json);
	put_frames(&table);
	put_heap(&table);
	put_pools(&table);
	put_regions(&table);
	table_end(&table);
	return 0;
}

/* ---- faults and messages ------------------------------------------------------------ */

static void print_faults(bool json)
{
	static const struct table_column columns[] = {
		{ "id", TABLE_NUMBER, 4 },	 { "time", TABLE_SECONDS, 12 },
		{ "task", TABLE_NUMBER, 5 },	 { "name", TABLE_TEXT, 12 },
		{ "cell", TABLE_TEXT, 12 },	 { "function", TABLE_TEXT, 16 },
		{ "cleanups", TABLE_NUMBER, 8 }, { "nested", TABLE_NUMBER, 6 },
		{ "truncated", TABLE_YES, 9 },	 { "cause", TABLE_TEXT, 40 },
	};
	struct fault_record fault = { .id = 0 };
	struct table table;

	TABLE_BEGIN(&table, columns, json);
	while (recovery_next_fault(fault.id, &fault) == 0) {
		table_put(&table, fault.id);
		table_put(&table, fault.time_ns);
		table_put(&table, fault.task);
		table_put_text(&table, fault.task_name);
		table_put_text(&table, fault.n_frames > 0 ? fault.frames[0].cell : "");
		table_put_text(&table, fault.n_frames > 0 ? fault.frames[0].symbol : "");
		table_put(&table, fault.cleanups);
		table_put(&table, fault.nested);
		table_put(&table, fault.truncated);
		table_put_text(&table, fault.cause);
	}
	table_end(&table);
}

static int print_backtrace(uint64_t id, bool json)
{
	static const struct table_column columns[] = {
		{ "id", TABLE_NUMBER, 3 },	{ "cell", TABLE_TEXT, 14 },
		{ "version", TABLE_NUMBER, 7 }, { "address", TABLE_HEX, 14 },
		{ "offset", TABLE_HEX, 6 },	{ "function", TABLE_TEXT, 30 },
	};
	struct fault_record fault;
	struct table table;

	if (id == 0 || recovery_next_fault(id - 1, &fault) < 0 || fault.id != id) {
		print("faults: no such fault: %lu\n", id);
		return STATUS_FAILED;
	}
	if (!json)
		print("%s, task %lu: %s\n", fault.task_name, fault.task, fault.cause);
	TABLE_BEGIN(&table, columns, json);
	for (uint32_t i = 0; i < fault.n_frames && i < FAULT_BACKTRACE_MAX; i++) {
		table_put(&table, i);
		table_put_text(&table, fault.frames[i].cell);
		table_put(&table, fault.frames[i].version);
		table_put(&table, fault.frames[i].pc);
		table_put(&table, fault.frames[i].offset);
		table_put_text(&table, fault.frames[i].symbol);
	}
	table_end(&table);
	return 0;
}

int command_faults(const struct call *call)
{
	const char *word;
	uint64_t id;

	if (!command_optional(call, &word))
		return command_usage(call);
	if (!word) {
		print_faults(call->json);
		return 0;
	}
	return command_number(call, word, &id) ? print_backtrace(id, call->json) : STATUS_FAILED;
}

int command_log(const struct call *call)
{
	static const struct table_column columns[] = {
		{ "id", TABLE_NUMBER, 4 },
		{ "time", TABLE_SECONDS, 12 },
		{ "task", TABLE_NUMBER, 5 },
		{ "text", TABLE_TEXT, 60 },
	};
	struct log_record record = { .id = 0 };
	struct table table;

	if (call->argc != 1)
		return command_usage(call);
	TABLE_BEGIN(&table, columns, call->json);
	while (log_next(record.id, &record) == 0) {
		table_put(&table, record.id);
		table_put(&table, record.time_ns);
		table_put(&table, record.task);
		table_put_text(&table, record.text);
	}
	table_end(&table);
	return 0;
}
