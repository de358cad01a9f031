/* SPDX-License-Identifier: MIT */
/*
 * What happens to a task that faults, panics, exits or is killed: its frames
 * are unwound, their landing pads run on its own stack, deepest first, and it
 * ends.
 *
 * Not the policy after that (application.h), and not the tables (src/unwind).
 * Freestanding.  Nothing here allocates once recovery_init has run, takes a
 * lock or can loop: a walk moves up a stack, and faults in cleanups are
 * counted.  Faults are handled on a stack of the cell's own, the rest on the
 * task's; interrupts are off until the task goes on, and then as they were, so
 * that a critical section lasts until its guard is released.
 */
#include <clew/recovery.h>

#include <clew/irq.h>
#include <clew/interrupt.h>
#include <clew/ledger.h>
#include <clew/log.h>
#include <clew/memory.h>
#include <clew/panic.h>
#include <clew/task.h>

#include "base/format.h"
#include "base/string.h"
#include "cause.h"
#include "death.h"
#include "fault_log.h"
#include "walk.h"

#define STACK_PAGES 8
#define NESTED_MAX 16
#define CRASHES_MAX 8
#define VECTOR_PANIC 256
#define CAUSE_MAX sizeof(((struct fault_record *)NULL)->cause)

struct recovery_state {
	map_none guard;
	map_rw stack; /* of the fault handler */
	uintptr_t stack_low;
	uint64_t stack_size; /* not its end: that would be a pointer to what lies behind */
	uint32_t deaths;     /* reports of a fault that nobody can survive */
	struct fault_log log;
	struct walk_memory walk;
};

CELL_STATE(recovery, "soft: the fault log outlives the tasks it is about");

struct walk_memory *walk_memory(void)
{
	return &recovery_state.walk;
}

/* Intel SDM vol. 1, table 10-2.  All else being 0, the x87 registers are empty. */
#define FX_X87_CONTROL 0
#define FX_MXCSR 24

/* What a frame's landing pad is given besides the frame. */
struct control {
	uint32_t mxcsr;
	uint16_t x87_control;
	bool irq_on;
};

/* A task that is at fault. */
struct crash {
	struct task *task;
	struct unwind_cursor cursor; /* where to unwind from */
	struct unwind_stack stack;
	struct control control;
	bool lost;		     /* there is no unwinding from the cursor */
	uint64_t lost_function;	     /* then: whose frame it is, 0 when that is not known */
	struct unwind_cursor caller; /* and the frame above it */
	uint32_t vector;
	uintptr_t address;
	char cause[CAUSE_MAX];
};

/* src/arch/x86_64/unwind.S */
void unwind_capture(struct unwind_cursor *ret);
_Noreturn void recovery_resume(struct unwind_cursor *cursor);
_Noreturn void unwind_enter(const struct unwind_cursor *cursor, uint64_t rip, uint64_t exception);

_Static_assert(sizeof(struct unwind_cursor) == 152, "CURSOR_SIZE");
_Static_assert(__builtin_offsetof(struct unwind_cursor, cfa) == 136, "CURSOR_CFA");
_Static_assert(__builtin_offsetof(struct unwind_cursor, exact) == 144, "CURSOR_EXACT");
_Static_assert(UNWIND_RBX == 3 && UNWIND_RBP == 6 && UNWIND_RSP == 7, "CURSOR_R*");
_Static_assert(UNWIND_R12 == 12 && UNWIND_R15 == 15 && UNWIND_RIP == 16, "CURSOR_R*");

static _Noreturn void die(const char *cause, const struct unwind_cursor *cursor,
			  const struct unwind_stack *stack)
{
	death(&recovery_state.deaths, cause, cursor, stack);
}

/* ---- the task's stack ----------------------------------------------------- */

/* The words that may be read, the reserve among them once it is open; empty: no such task. */
static struct unwind_stack stack_of(const struct task *task)
{
	struct unwind_stack stack = { 0 };
	struct task_memory memory;

	if (task_memory_next(task_id_of(task) - 1, &memory) == 0 && memory.task == task)
		stack = (struct unwind_stack){ .low = memory.stack_low, .high = memory.stack_high };
	return stack;
}

/* In the guard page, or in the reserve while it is closed. */
static bool is_overflow(const struct unwind_stack *stack, const struct trap_frame *frame)
{
	uintptr_t guard = stack->low - (TASK_RESERVE_PAGES + 1) * PAGE_SIZE;

	return frame->vector == TRAP_PF && stack->high != 0 && frame->address >= guard &&
	       frame->address < stack->low;
}

/* ---- unwinding ------------------------------------------------------------ */

static void begin(struct task_unwind *unwinding)
{
	unwinding->active = 1;
	unwinding->nested = 0;
}

static struct fault_record *record_of(const struct task_unwind *unwind)
{
	return fault_log_find(&recovery_state.log, unwind->fault_id);
}

/* Loads registers for code of the task; the control words are preserved by the psABI. */
static _Noreturn void go_on(const struct unwind_cursor *cursor, uint64_t rip, uint64_t exception,
			    const struct control *control)
{
	struct trap_frame frame = {
		.rax = exception,
		.rbx = cursor->registers[UNWIND_RBX],
		.rbp = cursor->registers[UNWIND_RBP],
		.rsp = cursor->registers[UNWIND_RSP],
		.r12 = cursor->registers[UNWIND_R12],
		.r13 = cursor->registers[UNWIND_R13],
		.r14 = cursor->registers[UNWIND_R14],
		.r15 = cursor->registers[UNWIND_R15],
		.rip = rip,
		.rflags = 2 | (control->irq_on ? TRAP_RFLAGS_IF : 0),
	};

	memcpy(frame.fx + FX_X87_CONTROL, &control->x87_control, sizeof(control->x87_control));
	memcpy(frame.fx + FX_MXCSR, &control->mxcsr, sizeof(control->mxcsr));
	machine_resume(&frame);
}

/* On the task's stack, from its top. */
static _Noreturn void end_task(void)
{
	task_end(task_unwind_of(task_current())->exit);
}

/* What frames that cannot be unwound owned, as far as it can be told. */
static void sweep(const struct ledger_dead *dead)
{
	struct ledger_report report;

	ledger_sweep(dead, &report);
	log_write("unwound in part only: %u blocks and %u mappings released by the ledger",
		  report.blocks, report.mappings);
}

static void sweep_all(const struct unwind_cursor *cursor, const struct unwind_stack *stack)
{
	uint64_t rsp = cursor->registers[UNWIND_RSP];
	const struct ledger_dead dead = {
		.low = rsp >= stack->low && rsp < stack->high ? rsp : stack->low,
		.high = stack->high,
		.registers = cursor->registers,
		.n_registers = UNWIND_REGISTERS,
		.live_from = UINTPTR_MAX,
	};

	sweep(&dead);
}

static _Noreturn void finish(struct task *task, const struct unwind_cursor *cursor,
			     const struct unwind_stack *stack, bool truncated,
			     const struct control *control)
{
	struct unwind_cursor top = { 0 };
	struct control on = *control;
	struct fault_record *record = record_of(task_unwind_of(task));

	if (record) {
		record->ended = true;
		record->truncated = truncated;
	}
	if (truncated)
		sweep_all(cursor, stack);
	if (stack->high == 0)
		die("a task without a stack", &top, stack);
	/* As after a call: the psABI wants rsp + 8 to be a multiple of 16. */
	top.registers[UNWIND_RSP] = (stack->high & ~15ul) - 8;
	on.irq_on = true;
	go_on(&top, (uintptr_t)end_task, 0, &on);
}

/* From the cursor's frame to that of a landing pad, whose address is returned. */
static uint64_t find_pad(struct task *task, struct unwind_cursor *cursor,
			 const struct unwind_stack *stack, const struct control *control)
{
	struct task_unwind *unwind = task_unwind_of(task);
	struct fault_record *record = record_of(unwind);
	uint64_t pad;
	enum walk_end end;

	if (unwind->nested > NESTED_MAX)
		finish(task, cursor, stack, true, control);
	end = walk_to_pad(cursor, stack, &pad);
	if (end != WALK_PAD)
		finish(task, cursor, stack, end == WALK_TRUNCATED, control);
	if (record)
		record->cleanups++;
	return pad;
}

/* From the cursor's frame on.  The cursor's registers are borrowed. */
static _Noreturn void unwind(struct task *task, struct unwind_cursor *cursor,
			     const struct unwind_stack *stack, const struct control *control)
{
	uint64_t pad = find_pad(task, cursor, stack, control);

	go_on(cursor, pad, (uintptr_t)task_unwind_of(task)->exception, control);
}

/* Interrupts off.  Of the code that calls. */
static struct control control_here(bool irq_on)
{
	struct control control = { .irq_on = irq_on };

	__asm__ volatile("stmxcsr %0" : "=m"(control.mxcsr));
	__asm__ volatile("fnstcw %0" : "=m"(control.x87_control));
	return control;
}

_Noreturn void recovery_resume(struct unwind_cursor *cursor)
{
	struct control control = control_here(machine_irq_save());
	struct task *task = task_current();
	struct unwind_stack stack = { 0 };
	uint64_t pad;

	if (!task || !task_unwind_of(task)->active)
		die("a landing pad that nobody ran", cursor, &stack);
	stack = stack_of(task);
	pad = find_pad(task, cursor, &stack, &control);
	/* On the task's own stack, and the control words are what the pad left. */
	machine_irq_restore(control.irq_on);
	unwind_enter(cursor, pad, (uintptr_t)task_unwind_of(task)->exception);
}

/* ---- the fault log ---------------------------------------------------------- */

/* JSON has no use for a quote or a control character inside a string. */
static void copy_plain(char *to, size_t size, const char *from)
{
	string_copy(to, size, from);
	for (; *to; to++) {
		if (*to == '"' || *to == '\\' || (unsigned char)*to < ' ')
			*to = '\'';
	}
}

static void announce(const struct fault_record *record)
{
	const struct fault_frame *frame = &record->frames[0];
	char cause[CAUSE_MAX];

	log_write("fault %lu: task %lu (%s): %s in %s:%s+0x%x", record->id, record->task,
		  record->task_name, record->cause, frame->cell, frame->symbol, frame->offset);
	if (!log_is_tracing())
		return;
	copy_plain(cause, sizeof(cause), record->cause);
	log_trace("\"event\":\"fault\",\"id\":%lu,\"name\":\"%s\",\"cause\":\"%s\","
		  "\"cell\":\"%s\",\"symbol\":\"%s\",\"offset\":%u",
		  record->id, record->task_name, cause, frame->cell, frame->symbol, frame->offset);
}

static uint32_t name_frames(const struct crash *crash, struct fault_frame *ret)
{
	if (!crash->lost)
		return walk_backtrace(&crash->cursor, &crash->stack, ret, FAULT_BACKTRACE_MAX);
	if (crash->lost_function == 0)
		return walk_traces(&crash->cursor, &crash->stack, ret, FAULT_BACKTRACE_MAX);
	/* The function is known, the place in it is not. */
	walk_name(crash->lost_function, &ret[0]);
	return 1 + walk_backtrace(&crash->caller, &crash->stack, &ret[1], FAULT_BACKTRACE_MAX - 1);
}

static void write_record(const struct crash *crash)
{
	struct fault_record *record = fault_log_new(&recovery_state.log, task_id_of(crash->task));
	struct task_info info;

	record->time_ns = machine_clock_ns();
	if (task_next(record->task - 1, &info) == 0 && info.id == record->task)
		string_copy(record->task_name, sizeof(record->task_name), info.name);
	string_copy(record->cause, sizeof(record->cause), crash->cause);
	record->vector = crash->vector;
	record->address = crash->address;
	record->n_frames = name_frames(crash, record->frames);
	task_unwind_of(crash->task)->fault_id = record->id;
	announce(record);
	fault_log_conceal(record);
}

/* A fault while the task is being unwound is one in a cleanup. */
static void note_nested(const struct crash *crash)
{
	struct task_unwind *unwind = task_unwind_of(crash->task);
	struct fault_record *record = record_of(unwind);
	struct fault_frame place;

	unwind->nested++;
	if (record)
		record->nested = unwind->nested;
	(void)walk_backtrace(&crash->cursor, &crash->stack, &place, 1);
	log_write("fault %lu: in a cleanup: %s in %s:%s+0x%x", unwind->fault_id, crash->cause,
		  place.cell, place.symbol, place.offset);
}

/* The frame's cleanups cannot run; what it owned is found, and its caller is next. */
static _Noreturn void leave_lost_frame(struct crash *crash)
{
	struct fault_record *record = record_of(task_unwind_of(crash->task));
	const uint64_t *caller = crash->caller.registers;
	const uint64_t preserved[] = { caller[UNWIND_RBX], caller[UNWIND_RBP], caller[UNWIND_R12],
				       caller[UNWIND_R13], caller[UNWIND_R14], caller[UNWIND_R15] };
	const struct ledger_dead dead = {
		.low = crash->cursor.registers[UNWIND_RSP],
		.high = caller[UNWIND_RSP],
		.registers = crash->cursor.registers,
		.n_registers = UNWIND_REGISTERS,
		.live_from = caller[UNWIND_RSP],
		.kept = preserved,
		.n_kept = sizeof(preserved) / sizeof(preserved[0]),
	};

	if (record)
		record->lost++;
	sweep(&dead);
	unwind(crash->task, &crash->caller, &crash->stack, &crash->control);
}

/* How the task will end, and the record of it; then its frames are left. */
static _Noreturn void run_crash(struct crash *crash)
{
	struct task_unwind *unwinding = task_unwind_of(crash->task);

	/* It has ended as crashed before: what it does after its last frame faults. */
	if (!unwinding->active &&
	    fault_log_count(&recovery_state.log, task_id_of(crash->task)) >= CRASHES_MAX)
		die("a task that cannot end", &crash->cursor, &crash->stack);
	if (unwinding->fault_id == 0)
		write_record(crash);
	if (unwinding->active) {
		note_nested(crash);
	} else {
		begin(unwinding);
		unwinding->exit = (struct task_exit){ TASK_CRASHED, (int)unwinding->fault_id };
	}
	if (crash->lost_function)
		leave_lost_frame(crash);
	if (crash->lost)
		finish(crash->task, &crash->cursor, &crash->stack, true, &crash->control);
	unwind(crash->task, &crash->cursor, &crash->stack, &crash->control);
}

CELL_EXPORT int recovery_next_fault(uint64_t after, struct fault_record *ret)
{
	OWN(irq_guard, guard) = irq_off();
	const struct fault_record *record = fault_log_next(&recovery_state.log, after);

	if (!record)
		return -ENOENT;
	*ret = *record;
	fault_log_conceal(ret);
	return 0;
}

/* ---- faults ----------------------------------------------------------------- */

static struct unwind_cursor cursor_of(const struct trap_frame *frame)
{
	/* Only these two are told of the instruction after theirs: Intel SDM vol. 3, 6.15. */
	bool is_trap = frame->vector == TRAP_BP || frame->vector == TRAP_OF;
	struct unwind_cursor cursor = { .exact = !is_trap };

	_Static_assert(__builtin_offsetof(struct trap_frame, rip) -
				       __builtin_offsetof(struct trap_frame, rax) ==
			       16 * 8,
		       "DWARF's order");
	memcpy(cursor.registers, &frame->rax, sizeof(cursor.registers));
	return cursor;
}

static bool read_word(const struct unwind_stack *stack, uint64_t address, uint64_t *ret)
{
	if (address < stack->low || address >= stack->high || stack->high - address < 8)
		return false;
	memcpy(ret, (const void *)address, sizeof(*ret));
	return true;
}

static struct fault_site site_of(const struct trap_frame *frame, const struct unwind_stack *stack,
				 bool stack_overflow)
{
	struct fault_site site = { .in_text = walk_is_text(frame->rip),
				   .stack_overflow = stack_overflow };

	site.has_below = read_word(stack, frame->rsp - 8, &site.below);
	if (read_word(stack, frame->rsp, &site.top))
		site.after_call = walk_is_after_call(site.top);
	if (site.in_text)
		site.at_return = *(const uint8_t *)frame->rip == 0xc3;
	return site;
}

/* Where control left the code by a call, the caller is at its call instruction. */
static void leave_bad_call(struct unwind_cursor *cursor, const struct fault_site *site)
{
	cursor->registers[UNWIND_RIP] = site->top;
	cursor->registers[UNWIND_RSP] += 8;
	cursor->exact = false;
}

static struct control control_of(const struct trap_frame *frame)
{
	struct control control = { .irq_on = (frame->rflags & TRAP_RFLAGS_IF) != 0 };

	memcpy(&control.x87_control, frame->fx + FX_X87_CONTROL, sizeof(control.x87_control));
	memcpy(&control.mxcsr, frame->fx + FX_MXCSR, sizeof(control.mxcsr));
	return control;
}

static _Noreturn void crash_at(struct task *task, const struct trap_frame *frame)
{
	struct crash crash = {
		.task = task,
		.cursor = cursor_of(frame),
		.control = control_of(frame),
		.vector = (uint32_t)frame->vector,
		.address = frame->address,
	};
	bool overflow;
	struct fault_site site;
	enum fault_start start;

	crash.stack = stack_of(task);
	overflow = is_overflow(&crash.stack, frame);
	if (overflow && task_open_reserve(task))
		crash.stack = stack_of(task);
	site = site_of(frame, &crash.stack, overflow);
	start = fault_start(frame, &site);
	fault_cause(frame, &site, crash.cause, sizeof(crash.cause));
	if (start == FAULT_BAD_CALL)
		leave_bad_call(&crash.cursor, &site);
	crash.lost = start == FAULT_SMASHED || start == FAULT_LOST;
	if (crash.lost &&
	    !walk_past_lost_frame(&crash.cursor, &crash.stack, &crash.caller, &crash.lost_function))
		crash.lost_function = 0;
	run_crash(&crash);
}

static void handle_fault(struct trap_frame *frame)
{
	struct unwind_stack stack = { recovery_state.stack_low,
				      recovery_state.stack_low + recovery_state.stack_size };
	struct task *task = task_current();
	struct unwind_cursor cursor = cursor_of(frame);
	char cause[CAUSE_MAX];
	struct fault_site site;

	if (frame->rsp - stack.low < stack.high - stack.low) {
		fault_cause(frame, &(struct fault_site){ .in_text = true }, cause, sizeof(cause));
		die(cause, &cursor, &stack);
	}
	if (task && !interrupt_active())
		crash_at(task, frame);
	/* Nobody says how far this stack goes: the page the stack pointer is in is there. */
	stack.low = frame->rsp;
	stack.high = (frame->rsp | (PAGE_SIZE - 1)) + 1;
	site = site_of(frame, &stack, false);
	fault_cause(frame, &site, cause, sizeof(cause));
	die(cause, &cursor, &stack);
}

CELL_EXPORT int recovery_init(void)
{
	OWN(map_rw, stack) = OWNER_EMPTY;
	OWN(map_none, guard) = OWNER_EMPTY;
	int r;

	r = map_rw_new(STACK_PAGES + 1, FRAME_STACK, &stack);
	if (r == 0)
		r = map_rw_guard(&stack, 1, &guard);
	if (r != 0)
		return r;
	PUT(recovery_state.stack, MOVE(stack));
	PUT(recovery_state.guard, MOVE(guard));
	recovery_state.stack_low = (uintptr_t)map_rw_at(&recovery_state.stack);
	recovery_state.stack_size = map_rw_size(&recovery_state.stack);
	machine_set_trap_handler(MACHINE_FAULTS, handle_fault, map_rw_at(&recovery_state.stack),
				 recovery_state.stack_size);
	return 0;
}

/* ---- ends that a task brings on itself --------------------------------------- */

CELL_EXPORT _Noreturn void recovery_unwind_caller(void)
{
	struct control control = control_here(machine_irq_save());
	struct task *task = task_current();
	struct unwind_cursor cursor;
	struct unwind_stack stack = { 0 };

	unwind_capture(&cursor);
	if (!task || interrupt_active())
		die("an exit without a task", &cursor, &stack);
	begin(task_unwind_of(task));
	stack = stack_of(task);
	unwind(task, &cursor, &stack, &control);
}

/* crash has its cursor, in one of the functions below, and its cause: its caller is at fault. */
static _Noreturn void end_with(struct crash *crash)
{
	crash->control = control_here(machine_irq_save());
	crash->task = task_current();
	crash->vector = VECTOR_PANIC;
	if (!crash->task || interrupt_active())
		die(crash->cause, &crash->cursor, &crash->stack);
	crash->stack = stack_of(crash->task);
	walk_out(&crash->cursor, &crash->stack);
	run_crash(crash);
}

CELL_EXPORT _Noreturn void panic(const char *what)
{
	struct crash crash = { 0 };

	unwind_capture(&crash.cursor);
	format_text(crash.cause, CAUSE_MAX, "panic: %s", what);
	end_with(&crash);
}

CELL_EXPORT _Noreturn void panic_assert(const char *expression, const char *file, int line)
{
	struct crash crash = { 0 };

	unwind_capture(&crash.cursor);
	format_text(crash.cause, CAUSE_MAX, "assert: %s (%s:%d)", expression, file_name(file),
		    line);
	end_with(&crash);
}

CELL_EXPORT _Noreturn void own_overwritten(const char *file, int line)
{
	struct crash crash = { 0 };

	unwind_capture(&crash.cursor);
	format_text(crash.cause, CAUSE_MAX, "panic: live owner overwritten (%s:%d)",
		    file_name(file), line);
	end_with(&crash);
}

/* Every cell with cleanups names it; nobody calls it, for the walk knows C's only language. */
CELL_EXPORT void __gcc_personality_v0(void);
CELL_EXPORT void __gcc_personality_v0(void)
{
	panic("the personality routine was called");
}

CELL_EXPORT void recovery_stack(uintptr_t *ret_low, uintptr_t *ret_high)
{
	*ret_low = recovery_state.stack_low;
	*ret_high = recovery_state.stack_low + recovery_state.stack_size;
}

CELL("recovery", 1, CELL_SERVICE, "unwinds tasks that fault, panic, exit or are killed; fault log");
