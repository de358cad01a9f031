/* SPDX-License-Identifier: MIT */
/* The operations: loading, swapping, tasks, channels, recovery, files. */
#include "operations.h"

#include <clew/application.h>
#include <clew/child.h>
#include <clew/console.h>
#include <clew/heap.h>
#include <clew/linker.h>
#include <clew/memory.h>
#include <clew/recovery.h>
#include <clew/shell.h>
#include <clew/swap.h>

#include "base/string.h"

#define NOWHERE INT32_MAX /* a stream to a file that there is not */
#define MESSAGES 3
#define TRIES 100

/* ---- loading ----------------------------------------------------------------------- */

/* A word left on some stack may hold the cell for a while. */
static int unload(const namespace_ref *ns, const char *name)
{
	struct diag diag;
	int r = swap_unload(ns, name, &diag);

	for (int i = 0; r == -EBUSY && i < TRIES; i++) {
		task_sleep(NS_PER_MS);
		r = swap_unload(ns, name, &diag);
	}
	return r == -ENOENT ? 0 : r;
}

static int unload_services(const struct operation *operation)
{
	static const char *const names[] = { "hammer",	"counter",	 "greeter",
					     "foreign", "pointers_user", "pointers" };

	(void)operation;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int r = unload(namespace_root(), names[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

static int load(const struct operation *operation, struct held *held, struct diag *reterr)
{
	(void)held;
	return linker_load(namespace_root(), operation->words[0], reterr);
}

static int unload_all(const struct operation *operation, struct held *held)
{
	(void)held;
	return unload_services(operation);
}

static int load_in_child(const struct operation *operation, struct held *held, struct diag *reterr)
{
	OWN(namespace_ref, ns) = OWNER_EMPTY;
	int r = namespace_new(namespace_root(), "child", &ns);

	string_copy(reterr->what, sizeof(reterr->what), "a namespace's error has no words");
	if (r == 0)
		r = linker_load(&ns, operation->words[0], reterr);
	if (r == 0)
		PUT(held->ns, MOVE(ns));
	return r;
}

static int unload_child(const struct operation *operation, struct held *held)
{
	int r = unload(&held->ns, operation->words[0]);

	namespace_ref_cleanup(&held->ns);
	return r < 0 ? r : unload_services(operation);
}

static int load_bytes(const struct operation *operation, struct held *held, struct diag *reterr)
{
	OWN(heap_block, copy) = OWNER_EMPTY;
	const void *bytes;
	size_t size;
	int r = linker_archive_find(operation->words[0], &bytes, &size);

	(void)held;
	string_copy(reterr->what, sizeof(reterr->what), "a block's error has no words");
	if (r == 0)
		r = heap_block_new(size, &copy);
	if (r < 0)
		return r;
	memcpy(heap_block_at(&copy), bytes, size);
	return linker_load_object(namespace_root(), operation->words[0], heap_block_at(&copy), size,
				  NULL, reterr);
}

static int prepare_loaded(const struct operation *operation)
{
	struct diag diag;

	return linker_load(namespace_root(), operation->words[0], &diag);
}

static int unload_one(const struct operation *operation, struct held *held, struct diag *reterr)
{
	(void)held;
	return swap_unload(namespace_root(), operation->words[0], reterr);
}

static int load_again(const struct operation *operation, struct held *held)
{
	(void)held;
	return prepare_loaded(operation);
}

/* ---- swap ---------------------------------------------------------------------------- */

static int swap_to(const char *cell, const char *file, struct diag *reterr)
{
	struct swap_report report;
	const void *bytes;
	size_t size;
	int r = linker_archive_find(file, &bytes, &size);

	return r < 0 ? r : swap_cell(namespace_root(), cell, file, bytes, size, &report, reterr);
}

static int prepare_users(const struct operation *operation)
{
	struct diag diag;

	(void)operation;
	return linker_load(namespace_root(), "hammer", &diag);
}

static int prepare_pointers(const struct operation *operation)
{
	struct diag diag;
	int r = linker_load(namespace_root(), "pointers.o", &diag);

	(void)operation;
	return r < 0 ? r : linker_load(namespace_root(), "pointers_user.o", &diag);
}

static int swap(const struct operation *operation, struct held *held, struct diag *reterr)
{
	(void)held;
	return swap_to(operation->words[0], operation->words[1], reterr);
}

static int swap_back(const struct operation *operation, struct held *held)
{
	char file[64];
	struct diag diag;

	(void)held;
	string_copy(file, sizeof(file), operation->words[0]);
	string_copy(file + string_length(file), sizeof(file) - string_length(file), ".o");
	return swap_to(operation->words[0], file, &diag);
}

/* ---- tasks ---------------------------------------------------------------------------- */

static int finish(heap_block given)
{
	OWN(heap_block, block) = MOVE(given);

	return *(const char *)heap_block_at(&block);
}
TASK_ENTRY(finish, heap_block);

static int spawn(const struct operation *operation, struct held *held, struct diag *reterr)
{
	struct task_options options = { .name = "spawned", .ns = &held->ns };
	OWN(heap_block, block) = OWNER_EMPTY;
	int r = heap_block_new(100, &block);

	(void)operation;
	string_copy(reterr->what, sizeof(reterr->what), "a task's error has no words");
	return r < 0 ? r
		     : TASK_SPAWN(finish, &block, IS_EMPTY(held->ns) ? NULL : &options,
				  &held->task);
}

static int spawn_in_child(const struct operation *operation, struct held *held, struct diag *reterr)
{
	int r = namespace_new(namespace_root(), "child", &held->ns);

	string_copy(reterr->what, sizeof(reterr->what), "a namespace's error has no words");
	if (r == 0)
		r = spawn(operation, held, reterr);
	if (r < 0)
		namespace_ref_cleanup(&held->ns);
	return r;
}

static int join(const struct operation *operation, struct held *held)
{
	struct task_exit exit;
	int r = task_join(&held->task, WAIT_FOREVER, &exit);

	(void)operation;
	namespace_ref_cleanup(&held->ns);
	return r == 0 && exit.end == TASK_RETURNED && exit.value == 0 ? 0 : -EIO;
}

static int stay(struct held nothing)
{
	(void)nothing;
	for (uint32_t i = 0; i < 3600; i++)
		task_sleep(NS_PER_S);
	return 0;
}
TASK_ENTRY_PLAIN(stay, struct held);

static int spawn_and_kill(const struct operation *operation, struct held *held, struct diag *reterr)
{
	OWN(task_child, child) = OWNER_EMPTY;
	task_handle handle = OWNER_EMPTY;
	struct held nothing = { .ns = OWNER_EMPTY };
	int r = TASK_SPAWN(stay, &nothing, NULL, &handle);

	(void)operation;
	(void)held;
	string_copy(reterr->what, sizeof(reterr->what), "a task's error has no words");
	if (r < 0)
		return r;
	PUT(child, task_child_of(MOVE(handle)));
	task_sleep(NS_PER_MS);
	return 0;
}

static int run(const struct operation *operation, uint32_t restarts, enum task_end wanted,
	       struct diag *reterr)
{
	struct application_options options = { .output = NOWHERE,
					       .restarts = restarts,
					       .backoff_ns = NS_PER_MS };
	OWN(task_child, child) = OWNER_EMPTY;
	task_handle handle = OWNER_EMPTY;
	struct task_exit exit;
	int r = application_start(operation->words[1] ? 2 : 1, operation->words, &options, &handle,
				  reterr);

	if (r < 0)
		return r;
	PUT(child, task_child_of(MOVE(handle)));
	r = task_join(task_child_handle(&child), WAIT_FOREVER, &exit);
	return r == 0 && exit.end == wanted && (wanted == TASK_CRASHED || exit.value == 0) ? 0 : 1;
}

static int run_application(const struct operation *operation, struct held *held,
			   struct diag *reterr)
{
	(void)held;
	return run(operation, 0, TASK_RETURNED, reterr);
}

static int run_crash(const struct operation *operation, struct held *held, struct diag *reterr)
{
	(void)held;
	return run(operation, 0, TASK_CRASHED, reterr);
}

static int run_restarts(const struct operation *operation, struct held *held, struct diag *reterr)
{
	(void)held;
	return run(operation, 2, TASK_CRASHED, reterr);
}

/*
 * Kills the task that takes commands at the terminal: its keeper starts another,
 * when there is memory again.
 */
static int lose_shell(const struct operation *operation, struct held *held, struct diag *reterr)
{
	struct task_info info = { .id = 0 };

	(void)held;
	string_copy(reterr->what, sizeof(reterr->what), "a shell's end has no words");
	while (task_next(info.id, &info) == 0) {
		if (string_equal(info.name, operation->words[0]) && task_kill(info.id) == 0) {
			task_sleep(50 * NS_PER_MS);
			return 0;
		}
	}
	return 1;
}

static int await_shell(const struct operation *operation, struct held *held)
{
	struct task_info info;

	(void)held;
	for (int i = 0; i < TRIES; i++) {
		info.id = 0;
		while (task_next(info.id, &info) == 0) {
			if (string_equal(info.name, operation->words[0]))
				return 0;
		}
		task_sleep(10 * NS_PER_MS);
	}
	return -ENOENT;
}

/* ---- channels -------------------------------------------------------------------------- */

static int receive(channel_rx given)
{
	OWN(channel_rx, rx) = MOVE(given);
	uint64_t message, sum = 0;

	while (channel_receive(&rx, &message, WAIT_FOREVER) == 0)
		sum += message;
	return (int)sum;
}
TASK_ENTRY(receive, channel_rx);

static int open_channel(const struct operation *operation, struct held *held, struct diag *reterr)
{
	(void)operation;
	string_copy(reterr->what, sizeof(reterr->what), "a channel's error has no words");
	return channel_new(64, 4000, NULL, &held->tx, &held->rx);
}

static int drop_channel(const struct operation *operation, struct held *held)
{
	(void)operation;
	channel_tx_cleanup(&held->tx);
	channel_rx_cleanup(&held->rx);
	return 0;
}

/* Makes one, moves an end to another task, sends, closes, and asks what arrived. */
static int talk(size_t capacity, struct diag *reterr)
{
	OWN(task_child, child) = OWNER_EMPTY;
	OWN(channel_tx, tx) = OWNER_EMPTY;
	OWN(channel_rx, rx) = OWNER_EMPTY;
	task_handle handle = OWNER_EMPTY;
	struct task_exit exit;
	uint64_t sum = 0;
	int r = channel_new(sizeof(sum), capacity, NULL, &tx, &rx);

	string_copy(reterr->what, sizeof(reterr->what), "a channel's error has no words");
	if (r == 0)
		r = TASK_SPAWN(receive, &rx, NULL, &handle);
	if (r < 0)
		return r;
	PUT(child, task_child_of(MOVE(handle)));
	for (uint64_t i = 1; i <= MESSAGES; i++) {
		if (channel_send(&tx, &i, WAIT_FOREVER) != 0)
			return 1;
		sum += i;
	}
	channel_tx_cleanup(&tx);
	r = task_join(task_child_handle(&child), WAIT_FOREVER, &exit);
	return r == 0 && exit.end == TASK_RETURNED && exit.value == (int)sum ? 0 : 1;
}

static int use_channel(const struct operation *operation, struct held *held, struct diag *reterr)
{
	(void)operation;
	(void)held;
	return talk(4, reterr);
}

static int use_rendezvous(const struct operation *operation, struct held *held, struct diag *reterr)
{
	(void)operation;
	(void)held;
	return talk(0, reterr);
}

/* ---- memory ---------------------------------------------------------------------------- */

static int use_memory(const struct operation *operation, struct held *held, struct diag *reterr)
{
	OWN(map_rw, map) = OWNER_EMPTY;
	OWN(map_none, guard) = OWNER_EMPTY;
	OWN(map_ro, sealed) = OWNER_EMPTY;
	OWN(shared_ro, shared) = OWNER_EMPTY;
	int r = map_rw_new(5, FRAME_BUFFER, &map);

	(void)operation;
	(void)held;
	string_copy(reterr->what, sizeof(reterr->what), "a mapping's error has no words");
	if (r == 0)
		r = map_rw_guard(&map, 1, &guard);
	if (r == 0)
		r = map_rw_seal(&map, &sealed);
	if (r == 0)
		r = map_ro_unseal(&sealed, &map);
	if (r == 0)
		r = map_rw_seal(&map, &sealed);
	if (r == 0)
		r = shared_ro_new(&sealed, &shared);
	return r;
}

static int nothing_to_undo(const struct operation *operation, struct held *held)
{
	(void)operation;
	(void)held;
	return 0;
}

static int execute(const struct operation *operation, struct held *held, struct diag *reterr)
{
	(void)held;
	(void)reterr;
	return shell_execute(operation->words[1], CONSOLE_TERMINAL);
}

static int execute_undo(const struct operation *operation, struct held *held)
{
	(void)held;
	return shell_execute(operation->words[0], CONSOLE_TERMINAL);
}

static int prepare_executed(const struct operation *operation)
{
	return shell_execute(operation->words[0], CONSOLE_TERMINAL);
}

static int end_executed(const struct operation *operation)
{
	return shell_execute(operation->words[1], CONSOLE_TERMINAL);
}

static int unload_planted(const struct operation *operation, struct held *held)
{
	(void)held;
	return unload(namespace_root(), operation->words[1]);
}

static const struct operation operations[] = {
	{ "load", { "hammer" }, NULL, load, unload_all, NULL },
	{ "load-child", { "hammer" }, NULL, load_in_child, unload_child, NULL },
	{ "load-foreign", { "foreign.o" }, NULL, load, unload_all, NULL },
	{ "load-bytes", { "counter_v2.o" }, NULL, load_bytes, unload_all, NULL },
	{ "unload", { "greeter" }, prepare_loaded, unload_one, load_again, unload_services },
	{ "swap-entries",
	  { "greeter", "greeter_v2.o" },
	  prepare_users,
	  swap,
	  swap_back,
	  unload_services },
	{ "swap-state",
	  { "counter", "counter_v2.o" },
	  prepare_users,
	  swap,
	  swap_back,
	  unload_services },
	{ "swap-tables",
	  { "pointers", "pointers_v2.o" },
	  prepare_pointers,
	  swap,
	  swap_back,
	  unload_services },
	{ "swap-channel", { "channel", "channel.o" }, NULL, swap, swap_back, NULL },
	{ "swap-namespace", { "namespace", "namespace.o" }, NULL, swap, swap_back, NULL },
	{ "swap-linker", { "linker", "linker.o" }, NULL, swap, swap_back, NULL },
	{ "swap-task", { "task", "task.o" }, NULL, swap, swap_back, NULL },
	{ "swap-recovery", { "recovery", "recovery.o" }, NULL, swap, swap_back, NULL },
	{ "swap-swap", { "swap", "swap.o" }, NULL, swap, swap_back, NULL },
	{ "swap-heap", { "heap", "heap.o" }, NULL, swap, swap_back, NULL },
	{ "spawn", { NULL }, NULL, spawn, join, NULL, true },
	{ "spawn-child", { NULL }, NULL, spawn_in_child, join, NULL, true },
	{ "kill", { NULL }, NULL, spawn_and_kill, nothing_to_undo, NULL, true },
	/* Services that an application needs stay when it cannot be started, as when it has ended.
	 */
	{ "application",
	  { "greet" },
	  prepare_users,
	  run_application,
	  nothing_to_undo,
	  unload_services },
	{ "channel", { NULL }, NULL, open_channel, drop_channel, NULL, true },
	{ "messages", { NULL }, NULL, use_channel, nothing_to_undo, NULL, true },
	{ "rendezvous", { NULL }, NULL, use_rendezvous, nothing_to_undo, NULL, true },
	{ "memory", { NULL }, NULL, use_memory, nothing_to_undo, NULL, true },
	{ "crash-null", { "crash", "null" }, NULL, run_crash, nothing_to_undo, NULL, true },
	{ "crash-div", { "crash", "div" }, NULL, run_crash, nothing_to_undo, NULL, true },
	{ "crash-abort", { "crash", "abort" }, NULL, run_crash, nothing_to_undo, NULL, true },
	{ "crash-assert", { "crash", "assert" }, NULL, run_crash, nothing_to_undo, NULL, true },
	{ "crash-badcall", { "crash", "badcall" }, NULL, run_crash, nothing_to_undo, NULL, true },
	{ "crash-cleanup", { "crash", "cleanup" }, NULL, run_crash, nothing_to_undo, NULL, true },
	{ "crash-leaf", { "crash", "leaf" }, NULL, run_crash, nothing_to_undo, NULL, true },
	{ "crash-overflow", { "crash", "overflow" }, NULL, run_crash, nothing_to_undo, NULL, true },
	{ "crash-smash", { "crash", "smash" }, NULL, run_crash, nothing_to_undo, NULL, true },
	{ "crash-wild", { "crash", "wild" }, NULL, run_crash, nothing_to_undo, NULL, true },
	{ "restart", { "crash", "null" }, NULL, run_restarts, nothing_to_undo, NULL, true },
	{ "file-new", { "/new" }, NULL, files_make_file, files_remove_file, NULL, true },
	{ "folder-new", { "/new" }, NULL, files_make_folder, files_remove_file, NULL, true },
	{ "file-write",
	  { "/new" },
	  files_prepare_file,
	  files_write_file,
	  files_empty_file,
	  files_end_file },
	{ "copy-load", { "hammer.o" }, NULL, copy_load, unload_all, NULL, false, true },
	{ "copy-swap", { "channel", "channel.o" }, NULL, copy_swap, swap_back, NULL, false, true },
	{ "copy-send", { NULL }, NULL, copy_send, nothing_to_undo, NULL, true, true },
	{ "copy-receive", { NULL }, NULL, copy_receive, nothing_to_undo, NULL, true, true },
	{ "copy-spawn", { NULL }, NULL, copy_spawn, nothing_to_undo, NULL, true, true },
	{ "copy-write",
	  { "/new" },
	  files_prepare_file,
	  copy_write,
	  files_empty_file,
	  files_end_file,
	  false,
	  true },
	{ "copy-read", { "/LICENSE" }, NULL, copy_read, nothing_to_undo, NULL, true, true },
	{ "shell-load", { "unload greeter", "load greeter" }, NULL, execute, execute_undo, NULL },
	{ "shell-unload",
	  { "load greeter", "unload greeter" },
	  prepare_executed,
	  execute,
	  execute_undo,
	  end_executed },
	{ "shell-swap",
	  { "greeter", "swap greeter greeter_v2.o" },
	  prepare_users,
	  execute,
	  swap_back,
	  unload_services },
	{ "shell-run",
	  { NULL, "run greet" },
	  prepare_users,
	  execute,
	  nothing_to_undo,
	  unload_services,
	  true },
	{ "shell-job",
	  { "wait", "run greet &" },
	  prepare_users,
	  execute,
	  execute_undo,
	  unload_services,
	  true },
	{ "shell-folder", { "/new", "mkdir /new" }, NULL, execute, files_remove_file, NULL, true },
	{ "alone-shell", { "shell" }, NULL, lose_shell, await_shell, NULL },
	{ "planted-block", { NULL }, NULL, planted_block, nothing_to_undo, NULL },
	{ "planted-pages", { NULL }, NULL, planted_pages, nothing_to_undo, NULL },
	{ "planted-permission",
	  { "greeter", "greeter_version" },
	  prepare_loaded,
	  planted_permission,
	  nothing_to_undo,
	  unload_services },
	{ "planted-reference", { NULL }, NULL, planted_reference, nothing_to_undo, NULL },
	{ "planted-entry",
	  { "counter", "counter_next" },
	  prepare_loaded,
	  planted_entry,
	  nothing_to_undo,
	  unload_services },
	{ "planted-state",
	  { "counter", "counter_next" },
	  prepare_loaded,
	  planted_state,
	  nothing_to_undo,
	  unload_services },
	{ "planted-contents",
	  { "counter" },
	  prepare_loaded,
	  planted_contents,
	  nothing_to_undo,
	  unload_services },
	{ "planted-slot", { "hammer" }, prepare_users, planted_slot, nothing_to_undo, NULL },
	{ "planted-cell", { NULL, "keeper" }, NULL, planted_cell, unload_planted, NULL },
	{ "planted-task", { NULL }, NULL, planted_task, nothing_to_undo, NULL },
};

const struct operation *operation_at(size_t i)
{
	return i < sizeof(operations) / sizeof(operations[0]) ? &operations[i] : NULL;
}
