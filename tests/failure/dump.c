/* SPDX-License-Identifier: MIT */
/*
 * The dump's parts; see dump.h.  Knows the linker's records (link/record.h)
 * and how heap.c marks its pages.  Interrupts off while it walks.
 */
#include <stdarg.h>
#include <stdbool.h>

#include "dump.h"

#include <clew/frame.h>
#include <clew/heap.h>
#include <clew/irq.h>
#include <clew/linker.h>
#include <clew/machine.h>
#include <clew/panic.h>
#include <clew/swap.h>
#include <clew/task.h>

#include "base/format.h"
#include "base/string.h"
#include "link/record.h"

#define HASH_START 0xcbf29ce484222325ull
#define HASH_PRIME 0x100000001b3ull

static void put(struct dump *dump, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct dump *dump, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	dump->length += format_list(dump->text + dump->length, dump->size - dump->length, format,
				    arguments);
	va_end(arguments);
	assert(dump->length + 1 < dump->size);
}

/* By words where it can: a dump is taken thousands of times. */
static uint64_t hash_bytes(uint64_t hash, uintptr_t at, uint64_t size)
{
	const uint64_t *words = (const uint64_t *)at;
	const uint8_t *rest = (const uint8_t *)(at + size / 8 * 8);

	for (uint64_t i = 0; i < size / 8; i++) {
		hash = (hash ^ words[i]) * HASH_PRIME;
		hash ^= hash >> 29;
	}
	for (uint64_t i = 0; i < size % 8; i++)
		hash = (hash ^ rest[i]) * HASH_PRIME;
	return hash;
}

/* ---- state ----------------------------------------------------------------------- */

/*
 * Members of a state that are no part of what must be as before.  NULL: all
 * of that cell's.
 */
static const struct {
	const char *cell, *member, *reason;
} left_out[] = {
	{ "failure", NULL, "counts requests" },
	{ "log", NULL, "what happened stays told" },
	{ "recovery", NULL, "faults that happened stay told" },
	{ "uart", NULL, "bytes on their way" },
	{ "console", NULL, "bytes on their way" },
	{ "interrupt", "active", "whether it runs in an interrupt" },
	{ "lapic_timer", NULL, "time" },
	{ "round_robin", NULL, "who waits for the CPU" },
	{ "frame", "lowest", "where a search begins" },
	{ "heap", "partial", "in which order free blocks are taken" },
	{ "linker", "mark", "a count of walks" },
	{ "linker", "last_id", "a count of versions that ever were" },
	{ "memfs", "tree.last", "a count of files that ever were" },
	{ "shell", "jobs.last", "a count of jobs that ever were" },
	{ "shell", "failed", "whether a command ever failed" },
	{ "linker", "pools", "where a search begins; pools are shown" },
	{ "namespace", "last_id", "a count of namespaces that ever were" },
	{ "task", NULL, "who runs, and time; tasks are shown" },
};

/* The member itself, or what it consists of. */
static bool is_part(const char *name, const char *member)
{
	size_t length = string_length(member);

	return string_starts(name, member) && (name[length] == 0 || name[length] == '.');
}

static bool is_left_out(const char *cell, const char *member)
{
	for (size_t i = 0; i < sizeof(left_out) / sizeof(left_out[0]); i++) {
		if (string_equal(cell, left_out[i].cell) &&
		    (!left_out[i].member || is_part(member, left_out[i].member)))
			return true;
	}
	return false;
}

static void put_state(struct dump *dump, const struct link_cell *cell)
{
	put(dump, "  state 0x%lx %lu\n", cell->state.va, cell->state.used);
	for (uint32_t i = 0; i < cell->n_fields; i++) {
		const struct link_field *field = &cell->fields[i];

		uintptr_t at = cell->state.va + field->offset;

		if (is_left_out(cell->name, field->name))
			continue;
		if (field->size == sizeof(uint64_t))
			put(dump, "    %s.%s %lu\n", cell->name, field->name,
			    *(const uint64_t *)at);
		else
			put(dump, "    %s.%s hash %016lx\n", cell->name, field->name,
			    hash_bytes(HASH_START, at, field->size));
	}
}

/* ---- what is loaded -------------------------------------------------------------- */

static void put_extent(struct dump *dump, const char *name, const struct link_extent *extent)
{
	put(dump, "  %s 0x%lx %lu %016lx\n", name, extent->va, extent->used,
	    extent->va ? hash_bytes(HASH_START, extent->va, extent->size) : 0);
}

static uint64_t word_at(uintptr_t va)
{
	return machine_prot_at(va) == MACHINE_NONE ? 0 : *(const uint64_t *)va;
}

static void put_slots(struct dump *dump, const struct link_slot *slots, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		put(dump, "  slot %lx %u %lx %s %ld\n", slots[i].va, slots[i].kind,
		    word_at(slots[i].va), slots[i].target->name, slots[i].addend);
}

static void put_version(struct dump *dump, const struct link_version *version)
{
	put(dump, "version %lu of %s: %u, %u sections, %u functions\n", version->id,
	    version->cell->name, version->number, version->n_sections, version->n_functions);
	put_extent(dump, "text", &version->text);
	put_extent(dump, "constants", &version->constants);
	put_extent(dump, "data", &version->data);
	put_slots(dump, version->slots, version->n_slots);
	put(dump, "  unwind %016lx\n",
	    hash_bytes(HASH_START, (uintptr_t)version->unwind,
		       version->n_unwind * sizeof(*version->unwind)));
	for (uint32_t i = 0; i < version->n_definitions; i++)
		put(dump, "  defines %s %lx\n", version->definitions[i].export->name,
		    version->definitions[i].value);
}

static void put_export(struct dump *dump, const struct link_export *export)
{
	put(dump, "  export %s %lx %lu %016lx %u%u%u users %u", export->name, export->value,
	    export->size, export->type_hash, export->is_function, export->is_state,
	    export->is_published, export->n_users);
	for (const struct link_slot *slot = export->users; slot; slot = slot->next)
		put(dump, " %lx", slot->va);
	put(dump, "\n");
}

static void put_cell(struct dump *dump, const struct link_cell *cell)
{
	put(dump, "cell %s in %lu: current %lu, dismissed %lx, entries %lx %lx %u\n", cell->name,
	    cell->ns_id, cell->current ? cell->current->id : 0, cell->dismissed.word,
	    cell->entry_text, cell->entry_slots, cell->entry_used);
	for (const struct link_version *version = cell->versions; version; version = version->next)
		put_version(dump, version);
	for (const struct link_export *export = cell->exports; export; export = export->next)
		put_export(dump, export);
	for (const struct link_entry *entry = cell->entries; entry; entry = entry->next)
		put(dump, "  entry %s %lx %lx %lx %lx of %lu\n", entry->name, entry->stub,
		    entry->slot, word_at(entry->slot), entry->value, entry->version->id);
	put_slots(dump, cell->state_slots, cell->n_state_slots);
	put_state(dump, cell);
}

static void put_published(struct dump *dump, const struct namespace *ns)
{
	const struct link_export *export;

	for (uint32_t i = 0; (export = namespace_export(ns, i)); i++)
		put(dump, "  %s is %s's\n", export->name, export->cell->name);
}

static void put_namespaces(struct dump *dump, const struct link_cell *cells)
{
	struct namespace_info info = { .id = 0 };

	while (namespace_next(info.id, &info) == 0) {
		const struct link_cell *cell = cells;

		put(dump, "namespace %lu %s in %lu: %u symbols, %u references\n", info.id,
		    info.name, info.parent, info.symbols, info.references);
		while (cell && cell->ns_id != info.id)
			cell = cell->next;
		if (cell)
			put_published(dump, cell->ns);
	}
}

static void put_pending(struct dump *dump)
{
	struct swap_pending pending = { .id = 0 };

	while (swap_next_pending(pending.id, &pending) == 0)
		put(dump, "pending %lu %s\n", pending.id, pending.name);
}

/* ---- memory ------------------------------------------------------------------------ */

static void put_pools(struct dump *dump)
{
	struct pool_info pool;

	for (size_t i = 0; linker_pool(i, &pool) == 0; i++) {
		uintptr_t end = pool.start + pool.size;

		put(dump, "pool %s used %lu\n", pool.name, pool.used);
		for (uintptr_t at = pool.start, next; at < end; at = next) {
			bool used = linker_page_is_used(at);

			for (next = at; next < end && linker_page_is_used(next) == used;)
				next += PAGE_SIZE;
			if (used)
				put(dump, "  0x%lx %lu pages\n", at, (next - at) / PAGE_SIZE);
		}
	}
}

/* How heap.c marks the first word of its pages, xor the page's address. */
#define SLAB_MAGIC 0x62616c7370616568ull
#define LARGE_MAGIC 0x656772616c706168ull
#define BLOCK_ALIGN 16ul

/*
 * The words of all live blocks, in any order.  Words that may change are taken
 * out again: an export's definition belongs to the version linked last.
 */
static uint64_t mix(uintptr_t at)
{
	uint64_t word = (*(const uint64_t *)at ^ at) * HASH_PRIME;

	return (word ^ word >> 32) * HASH_START;
}

static uint64_t mix_block(uintptr_t at, size_t size)
{
	uint64_t sum = 0;

	for (uintptr_t end = at + size; at < end; at += sizeof(uint64_t))
		sum += mix(at);
	return sum;
}

static uint64_t mix_changing(const struct link_cell *cells)
{
	struct task_memory first;
	uint64_t sum = 0;

	for (const struct link_cell *cell = cells; cell; cell = cell->next) {
		for (const struct link_export *export = cell->exports; export;
		     export = export->next)
			sum += mix((uintptr_t) & export->definition);
	}
	/* The first task's record: registers and times. */
	if (task_memory_next(0, &first) == 0)
		sum += mix_block((uintptr_t)first.task, heap_block_size((uintptr_t)first.task));
	return sum;
}

/* Which blocks of the page are live. */
static uint64_t put_heap_page(struct dump *dump, uintptr_t page)
{
	uint64_t contents = 0;

	uint64_t hash = HASH_START, count = 0, bytes = 0;

	for (uintptr_t at = page; at < page + PAGE_SIZE; at += BLOCK_ALIGN) {
		size_t size = heap_block_size(at);

		if (size == 0)
			continue;
		hash = (hash ^ (at - page)) * HASH_PRIME;
		contents += mix_block(at, size);
		bytes += size;
		count++;
	}
	if (count > 0)
		put(dump, "heap page 0x%lx: %lu blocks, %lu bytes %016lx\n", page, count, bytes,
		    hash);
	return contents;
}

static uint64_t put_heap(struct dump *dump, uintptr_t start, size_t pages)
{
	uint64_t contents = 0;

	for (uintptr_t at = start; at < start + pages * PAGE_SIZE; at += PAGE_SIZE) {
		uint64_t magic;

		if (machine_prot_at(at) != MACHINE_RW)
			continue;
		magic = *(const uint64_t *)at ^ at;
		if (magic == SLAB_MAGIC || magic == LARGE_MAGIC)
			contents += put_heap_page(dump, at);
	}
	return contents;
}

static void put_permissions(struct dump *dump, uintptr_t start, size_t pages)
{
	uintptr_t end = start + pages * PAGE_SIZE;

	for (uintptr_t at = start, next; at < end; at = next) {
		enum machine_prot prot = machine_prot_at(at);

		for (next = at; next < end && machine_prot_at(next) == prot;)
			next += PAGE_SIZE;
		put(dump, "  0x%lx %lu pages %u\n", at, (next - at) / PAGE_SIZE, prot);
	}
}

static void put_frames(struct dump *dump, const struct link_cell *cells)
{
	uint64_t contents = -mix_changing(cells);
	uintptr_t at = machine_info()->window, start;
	struct frame_usage usage;
	size_t count;
	bool used;

	frame_usage(&usage);
	for (uint32_t kind = 0; kind < FRAME_KINDS; kind++)
		put(dump, "frames %s %lu\n", frame_kind_name(kind), usage.used[kind]);
	for (; frame_next_run(at, &used, &start, &count) == 0 && count > 0;
	     at = start + count * PAGE_SIZE) {
		put(dump, "%s 0x%lx %lu\n", used ? "used" : "free", start, count);
		put_permissions(dump, start, count);
		if (used)
			contents += put_heap(dump, start, count);
	}
	put(dump, "contents of the heap %016lx\n", contents);
}

static void put_tasks(struct dump *dump)
{
	struct task_info info = { .id = 0 };

	while (task_next(info.id, &info) == 0)
		put(dump, "task %lu %s, priority %u, restarts %u\n", info.id, info.name,
		    info.priority, info.restarts);
}

/* The linker's list of cells: the newest is the one of the current version with the largest id. */
static const struct link_cell *first_cell(void)
{
	struct cell_info info = { .id = 0 };
	const struct link_cell *cell = linker_cell(namespace_root(), "linker");

	/* Its state begins with the list. */
	(void)info;
	return *(const struct link_cell *const *)cell->state.va;
}

void dump_take(struct dump *dump)
{
	OWN(irq_guard, guard) = irq_off();
	const struct link_cell *cells = first_cell();

	heap_trim();
	(void)frame_settle();
	dump->length = 0;
	put_namespaces(dump, cells);
	for (const struct link_cell *cell = cells; cell; cell = cell->next)
		put_cell(dump, cell);
	put_pending(dump);
	put_pools(dump);
	put_frames(dump, cells);
	put_tasks(dump);
}

bool dump_differs(const struct dump *before, const struct dump *after, const char **ret_before,
		  const char **ret_after)
{
	size_t at = 0;

	if (before->length == after->length &&
	    memcmp(before->text, after->text, before->length) == 0)
		return false;
	while (before->text[at] == after->text[at])
		at++;
	while (at > 0 && before->text[at - 1] != '\n')
		at--;
	*ret_before = before->text + at;
	*ret_after = after->text + at;
	return true;
}
