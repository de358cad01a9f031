/* SPDX-License-Identifier: MIT */
/*
 * A running system, instruction by instruction: wherever it is in a cell,
 * src/unwind goes from frame to frame up the stack as libunwind and libgcc do,
 * and finds in each frame the landing pad that libgcc finds.
 *
 * usage: test_stepping INSTRUCTIONS CLEW CELLS.tar SCRIPT...
 *
 * About INSTRUCTIONS of cells are compared for each script, in runs that begin
 * at functions, chosen anew all the time, and at faults; 0: every instruction
 * from exec to the end.  The machine's code between them is not stepped.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "traced.h"
#include "witness.h"

#define FRAMES_MAX 64
#define SHOWN 20
#define RUN 500		     /* instructions of cells in a run */
#define RUN_OF_A_FAULT 20000 /* unwinding is the longest */
#define CALLS_BETWEEN 4	     /* system calls until other functions are chosen */
#define OUTSIDE_MAX 10000    /* instructions outside cells that end a run */
#define CALLS_OF_A_CALL 64   /* system calls in a call of the machine */

static struct traced traced;
static struct {
	long instructions, frames, pads, ends, steps;
	int depth;
	long failures;
	bool cells[TRACED_CELLS_MAX];
} counts;

struct trace {
	struct unwind_cursor cursors[FRAMES_MAX]; /* [0] is where the CPU is */
	int count;				  /* callers */
	int end; /* what ended it: unwind_step's, 0: left the cells */
};

static uint64_t lookup_pc(const struct unwind_cursor *cursor)
{
	return cursor->registers[UNWIND_RIP] - (cursor->exact ? 0 : 1);
}

static const struct unwind_entry *entry_of(const struct unwind_cursor *cursor)
{
	const struct witness_tables *tables = traced_find(&traced, lookup_pc(cursor));

	return tables ? unwind_find(tables->entries, tables->n_entries, lookup_pc(cursor)) : NULL;
}

static void fail(int frame, const char *what, uint64_t ours, uint64_t theirs)
{
	if (counts.failures++ < SHOWN)
		printf("# at 0x%lx, frame %d, %s: 0x%lx, 0x%lx\n", traced.registers[UNWIND_RIP],
		       frame, what, ours, theirs);
}

static void trace_ours(struct trace *trace)
{
	struct unwind_cursor cursor = { .exact = true };

	memcpy(cursor.registers, traced.registers, sizeof(cursor.registers));
	trace->cursors[0] = cursor;
	trace->count = 0;
	trace->end = 0;
	while (trace->end == 0 && trace->count + 1 < FRAMES_MAX) {
		const struct unwind_entry *entry = entry_of(&cursor);

		if (!entry)
			return;
		trace->end = unwind_step(&cursor, entry, &traced.stack);
		if (trace->end == 0)
			trace->cursors[++trace->count] = cursor;
	}
}

static void compare_frames(const struct trace *trace, const char *name,
			   const struct witness_frame *frames, int count)
{
	int n = count < trace->count ? count : trace->count;

	for (int i = 0; i < n; i++) {
		const struct unwind_cursor *cursor = &trace->cursors[i + 1];

		if (cursor->cfa != frames[i].cfa)
			fail(i, name, cursor->cfa, frames[i].cfa);
		for (int k = 0; k < WITNESS_COMPARED; k++) {
			int reg = witness_compared[k];

			if (cursor->registers[reg] != frames[i].registers[reg])
				fail(i, name, cursor->registers[reg], frames[i].registers[reg]);
		}
	}
}

static void compare_pad(const struct unwind_cursor *cursor, int frame,
			const struct witness_function *function)
{
	const struct unwind_entry *entry = entry_of(cursor);
	uint64_t pad = 1, expected = 0;

	if (!entry || entry->start != function->start)
		return fail(frame, "libgcc's function", entry ? entry->start : 0, function->start);
	if (function->lsda)
		expected =
			witness_libgcc_pad(function, cursor->registers[UNWIND_RIP], cursor->exact);
	if (unwind_landing_pad(cursor, entry, &pad) != 0 || pad != expected)
		fail(frame, "libgcc's landing pad", pad, expected);
	counts.pads += expected != 0;
}

/* libgcc looks at the code of a frame without tables, which is not in this process. */
static int callers_with_tables(const struct trace *trace)
{
	return trace->end == 0 && trace->count > 0 ? trace->count - 1 : trace->count;
}

static void compare(void)
{
	static struct witness_frame frames[FRAMES_MAX];
	struct witness_function function;
	struct trace trace;
	int count, n;

	trace_ours(&trace);
	if (trace.end != 0 && trace.end != UNWIND_E_END)
		fail(trace.count, "src/unwind ends with", (uint64_t)trace.end, 0);
	counts.instructions++;
	counts.frames += trace.count;
	counts.ends += trace.end == UNWIND_E_END;
	counts.depth = trace.count > counts.depth ? trace.count : counts.depth;
	count = witness_libunwind_trace(traced.registers, frames, FRAMES_MAX, &function);
	if (count < trace.count || (trace.end == UNWIND_E_END && count != trace.count))
		fail(trace.count, "libunwind's frames", (uint64_t)trace.count, (uint64_t)count);
	compare_frames(&trace, "libunwind", frames, count);
	n = callers_with_tables(&trace);
	if (trace.count > n && n == 0)
		return;
	count = witness_libgcc_trace(traced.registers, frames, n ? n : 1, &function);
	if (count != n)
		fail(trace.count, "libgcc's frames", (uint64_t)n, (uint64_t)count);
	compare_frames(&trace, "libgcc", frames, count);
	compare_pad(&trace.cursors[0], 0, &function);
	for (int i = 0; i < count; i++)
		compare_pad(&trace.cursors[i + 1], i + 1, &frames[i].function);
}

/* Cells come and go while the machine is at work, which tells debuggers. */
static void read_cells(void)
{
	traced_read_cells(&traced);
	witness_libunwind_use(traced.tables, traced.n_cells, &traced.stack);
}

/* Compares where the child is, if that is an instruction of a cell. */
static bool look(void)
{
	static bool was_inside;
	uint64_t rip = traced.registers[UNWIND_RIP];
	const struct witness_tables *tables;

	if (!was_inside && traced_is_window(rip))
		read_cells();
	tables = traced_find(&traced, rip);
	was_inside = tables != NULL;
	if (!tables || !traced_read_stack(&traced))
		return false;
	counts.cells[tables - traced.tables] = true;
	witness_libunwind_stack(&traced.stack);
	compare();
	return true;
}

static const uint64_t no_breakpoints[TRACED_BREAKPOINTS];

/* Or to a signal.  A call that switches to other tasks is not waited for. */
static void return_to(uint64_t address)
{
	const uint64_t addresses[TRACED_BREAKPOINTS] = { address };

	if (!traced_break(&traced, addresses))
		return;
	for (int calls = 0; calls < CALLS_OF_A_CALL; calls++) {
		traced_go_on(&traced);
		if (!traced.at_system_call)
			break;
	}
	if (!traced.ended)
		(void)traced_break(&traced, no_breakpoints);
}

/* One instruction; when it is a call of the machine, to the return from that. */
static void step(void)
{
	bool was_inside = traced_find(&traced, traced.registers[UNWIND_RIP]);
	uint64_t back;

	traced_step(&traced);
	counts.steps++;
	if (traced.ended || traced.signal != 0 || !was_inside ||
	    traced_find(&traced, traced.registers[UNWIND_RIP]))
		return;
	back = traced_return_address(&traced);
	if (traced_find(&traced, back))
		return_to(back);
}

static bool is_fault(int signal)
{
	return signal == SIGSEGV || signal == SIGFPE || signal == SIGILL || signal == SIGBUS;
}

/* So many instructions of cells, more when one of them faults; 0: to the end. */
static void run(long instructions)
{
	long end = counts.instructions + instructions, outside = 0;

	read_cells();
	while (!traced.ended && (instructions == 0 || counts.instructions < end)) {
		if (is_fault(traced.signal))
			end = counts.instructions + RUN_OF_A_FAULT;
		outside = look() ? 0 : outside + 1;
		step();
		if (instructions != 0 && outside > OUTSIDE_MAX)
			break;
	}
}

/* Functions of the cells, other ones each time, by a generator that begins the same. */
static void break_at_functions(void)
{
	static uint64_t random = 1;
	uint64_t addresses[TRACED_BREAKPOINTS] = { 0 };

	read_cells();
	for (size_t i = 0; i < TRACED_BREAKPOINTS && traced.n_cells > 0; i++) {
		const struct witness_tables *tables;

		random = random * 6364136223846793005u + 1442695040888963407u;
		tables = &traced.tables[(random >> 33) % traced.n_cells];
		if (tables->n_entries > 0)
			addresses[i] = tables->entries[(random >> 40) % tables->n_entries].start;
	}
	(void)traced_break(&traced, addresses);
}

static void sample(long instructions)
{
	long calls = 0;

	while (!traced.ended && counts.instructions < instructions) {
		bool is_inside = traced_find(&traced, traced.registers[UNWIND_RIP]);

		if (is_fault(traced.signal) || is_inside) {
			(void)traced_break(&traced, no_breakpoints);
			run(RUN);
			calls = 0;
		}
		if (!traced.ended && calls++ % CALLS_BETWEEN == 0)
			break_at_functions();
		if (!traced.ended)
			traced_go_on(&traced);
	}
	if (!traced.ended)
		(void)traced_break(&traced, no_breakpoints);
}

static bool has_breakpoints(void)
{
	const uint64_t anywhere[TRACED_BREAKPOINTS] = { 4096 };

	return traced_break(&traced, anywhere) && traced_break(&traced, no_breakpoints);
}

static int check(int number, char **arguments, const char *script)
{
	long wanted = strtol(arguments[0], NULL, 0);
	int cells = 0;

	memset(&counts, 0, sizeof(counts));
	if (!traced_start(&traced, arguments[1], arguments[2], script)) {
		printf("ok %d # SKIP a child cannot be traced here\n", number);
		return 0;
	}
	if (!has_breakpoints()) {
		traced_finish(&traced);
		printf("ok %d # SKIP the CPU's breakpoints cannot be set here\n", number);
		return 0;
	}
	if (wanted == 0)
		run(0);
	else
		sample(wanted);
	traced_finish(&traced);
	for (int i = 0; i < TRACED_CELLS_MAX; i++)
		cells += counts.cells[i];
	if (!WIFEXITED(traced.status) || counts.instructions < 1000 || cells < 3)
		counts.failures++;
	printf("%s %d - libunwind and libgcc agree at every instruction in: %s (%ld instructions "
	       "of "
	       "%ld stepped, %d cells, %ld frames, %d deep, %ld landing pads, %ld whole stacks)\n",
	       counts.failures ? "not ok" : "ok", number, script, counts.instructions, counts.steps,
	       cells, counts.frames, counts.depth, counts.pads, counts.ends);
	fflush(stdout);
	return counts.failures != 0;
}

int main(int argc, char **argv)
{
	int failed = 0;

	if (argc < 5)
		return 2;
	witness_libgcc_open();
	witness_libunwind_open();
	printf("1..%d\n", argc - 4);
	for (int i = 4; i < argc; i++)
		failed |= check(i - 3, argv + 1, argv[i]);
	return failed;
}
