/* SPDX-License-Identifier: MIT */
/*
 * The machine of machine.h.  Its code is in a section of its own, where the
 * storm does not interrupt; what comes meanwhile is pending until interrupts
 * go on or a safe point.
 */
#define _GNU_SOURCE
#include "machine.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <ucontext.h>

#include <clew/heap.h>
#include <clew/interrupt.h>

#include "arch/x86_64/trap_frame.h"

#define MACHINE __attribute__((section("machine_text"), noinline))

#define WINDOW 0x200000000000ul
#define WINDOW_PAGES 65536ul
#define STORM_STEP_NS 6000000ull /* more than a slice */
#define FIRST_STACK_BELOW 0x100000ul

#define LAPIC_EOI 0xb0u
#define LAPIC_LVT_TIMER 0x320u
#define LAPIC_INITIAL_COUNT 0x380u
#define LAPIC_DIVIDE 0x3e0u

extern char __start_machine_text[], __stop_machine_text[];
extern char __executable_start[], etext[];
void machine_enter(struct trap_frame *frame, machine_trap_handler *handler);
_Noreturn void machine_load(const struct trap_frame *frame);

static struct machine_info info = {
	.name = "test",
	.window = WINDOW,
	.memory_size = WINDOW_PAGES * PAGE_SIZE,
	.flags = MACHINE_SEEDED, /* time passes by safe points */
	.timer_hz = 1000000000,
};
static uint8_t permission[WINDOW_PAGES];
static unsigned long fail_at, maps;

/* Written by the signal handler, too. */
static volatile bool irq_on;
static volatile uint64_t clock_ns;
static volatile uint64_t due_ns = UINT64_MAX; /* of the timer's interrupt */
static volatile uint64_t taken;

static uint64_t count, writes, vector;
static uint64_t safe_point_ns = SAFE_POINT_NS;
static machine_trap_handler *handler;
static uintptr_t trap_stack_high;
static timer_t storm;

/* ---- memory ----------------------------------------------------------------- */

MACHINE const struct machine_info *machine_info(void)
{
	return &info;
}

void fail_map(unsigned long k)
{
	fail_at = k;
	maps = 0;
}

MACHINE int machine_map(uintptr_t va, size_t pages, enum machine_prot prot)
{
	static const int host[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE, PROT_READ };

	if (va % PAGE_SIZE != 0 || va < WINDOW ||
	    va + pages * PAGE_SIZE > WINDOW + WINDOW_PAGES * PAGE_SIZE)
		return -EINVAL;
	if (++maps >= fail_at && fail_at != 0)
		return -ENOMEM;
	if (mprotect((void *)va, pages * PAGE_SIZE, host[prot]) != 0)
		abort();
	memset(permission + (va - WINDOW) / PAGE_SIZE, (int)prot, pages);
	return 0;
}

MACHINE void machine_unmap(uintptr_t va, size_t pages)
{
	if (mprotect((void *)va, pages * PAGE_SIZE, PROT_NONE) != 0)
		abort();
	memset(permission + (va - WINDOW) / PAGE_SIZE, MACHINE_NONE, pages);
}

MACHINE enum machine_prot machine_prot_at(uintptr_t va)
{
	return va >= WINDOW && va < WINDOW + WINDOW_PAGES * PAGE_SIZE
		       ? permission[(va - WINDOW) / PAGE_SIZE]
		       : MACHINE_NONE;
}

/* ---- interrupts ---------------------------------------------------------------- */

MACHINE void machine_set_trap_handler(enum machine_trap_class class, machine_trap_handler *fn,
				      void *stack, size_t size)
{
	if (class != MACHINE_INTERRUPTS)
		return;
	handler = fn;
	trap_stack_high = (uintptr_t)stack + size;
}

MACHINE static struct trap_frame *frame_place(void)
{
	struct trap_frame *frame = (struct trap_frame *)(trap_stack_high - 1024);

	memset(frame, 0, sizeof(*frame));
	frame->vector = vector;
	return frame;
}

MACHINE static bool is_due(void)
{
	return clock_ns >= due_ns && handler != NULL;
}

/* Returns when the interrupted flow is resumed, with the flag as it was. */
MACHINE static void take(void)
{
	struct trap_frame *frame = frame_place();

	frame->rflags = 2 | (irq_on ? TRAP_RFLAGS_IF : 0);
	irq_on = false;
	due_ns = UINT64_MAX;
	taken++;
	machine_enter(frame, handler);
}

MACHINE bool machine_irq_save(void)
{
	bool were_on = irq_on;

	irq_on = false;
	return were_on;
}

MACHINE void machine_irq_restore(bool were_on)
{
	irq_on = were_on;
	while (irq_on && is_due())
		take();
}

MACHINE void machine_resume(const struct trap_frame *frame)
{
	irq_on = (frame->rflags & TRAP_RFLAGS_IF) != 0;
	machine_load(frame);
}

MACHINE void machine_idle(void)
{
	if (irq_on)
		abort();
	if (due_ns == UINT64_MAX) {
		fprintf(stderr, "# idle, and nothing to wait for\n");
		_Exit(1);
	}
	if (clock_ns < due_ns)
		clock_ns = due_ns;
	take();
}

MACHINE void machine_safe_point(void)
{
	if (!irq_on)
		abort();
	clock_ns += safe_point_ns;
	if (is_due())
		take();
}

bool interrupts_on(void)
{
	return irq_on;
}

void set_safe_point_step(uint64_t step_ns)
{
	safe_point_ns = step_ns;
}

/* ---- the storm ------------------------------------------------------------------- */

MACHINE static bool may_interrupt(uintptr_t rip)
{
	return irq_on && rip >= (uintptr_t)__executable_start && rip < (uintptr_t)etext &&
	       !(rip >= (uintptr_t)__start_machine_text && rip < (uintptr_t)__stop_machine_text);
}

MACHINE static void frame_of_host(struct trap_frame *frame, const ucontext_t *context)
{
	const greg_t *g = context->uc_mcontext.gregs;

	memcpy(frame->fx, context->uc_mcontext.fpregs, sizeof(frame->fx));
	frame->rax = (uint64_t)g[REG_RAX];
	frame->rbx = (uint64_t)g[REG_RBX];
	frame->rcx = (uint64_t)g[REG_RCX];
	frame->rdx = (uint64_t)g[REG_RDX];
	frame->rsi = (uint64_t)g[REG_RSI];
	frame->rdi = (uint64_t)g[REG_RDI];
	frame->rbp = (uint64_t)g[REG_RBP];
	frame->rsp = (uint64_t)g[REG_RSP];
	frame->r8 = (uint64_t)g[REG_R8];
	frame->r9 = (uint64_t)g[REG_R9];
	frame->r10 = (uint64_t)g[REG_R10];
	frame->r11 = (uint64_t)g[REG_R11];
	frame->r12 = (uint64_t)g[REG_R12];
	frame->r13 = (uint64_t)g[REG_R13];
	frame->r14 = (uint64_t)g[REG_R14];
	frame->r15 = (uint64_t)g[REG_R15];
	frame->rip = (uint64_t)g[REG_RIP];
	frame->rflags = (uint64_t)g[REG_EFL] | TRAP_RFLAGS_IF;
}

/* On the host's alternate stack: makes the program continue in the trap handler. */
MACHINE static void storm_signal(int signal, siginfo_t *details, void *host)
{
	ucontext_t *context = host;
	greg_t *g = context->uc_mcontext.gregs;
	struct trap_frame *frame;

	(void)signal;
	(void)details;
	clock_ns += STORM_STEP_NS;
	if (!is_due() || !may_interrupt((uintptr_t)g[REG_RIP]))
		return;
	frame = frame_place();
	frame_of_host(frame, context);
	irq_on = false;
	due_ns = UINT64_MAX;
	taken++;
	g[REG_RDI] = (greg_t)frame;
	g[REG_RSP] = (greg_t)frame - 8;
	g[REG_RIP] = (greg_t)handler;
	g[REG_EFL] &= ~(greg_t)TRAP_RFLAGS_DF;
}

void start_storm(long interval_us)
{
	static char stack[65536];
	struct sigaction action = { .sa_sigaction = storm_signal,
				    .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
	struct itimerspec every = { .it_interval.tv_nsec = interval_us * 1000,
				    .it_value.tv_nsec = interval_us * 1000 };

	ck_assert_int_eq(sigaltstack(&(stack_t){ .ss_sp = stack, .ss_size = sizeof(stack) }, NULL),
			 0);
	ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
	ck_assert_int_eq(timer_create(CLOCK_MONOTONIC, &event, &storm), 0);
	ck_assert_int_eq(timer_settime(storm, 0, &every, NULL), 0);
}

void stop_storm(void)
{
	timer_delete(storm);
}

uint64_t interrupts_taken(void)
{
	return taken;
}

/* ---- time and the timer ------------------------------------------------------------ */

MACHINE uint64_t machine_clock_ns(void)
{
	return clock_ns;
}

void set_clock(uint64_t now_ns)
{
	clock_ns = now_ns;
}

MACHINE uint32_t machine_lapic_read(uint32_t offset)
{
	(void)offset;
	return 0;
}

MACHINE void machine_lapic_write(uint32_t offset, uint32_t value)
{
	if (offset == LAPIC_LVT_TIMER) {
		vector = value & 0xff;
	} else if (offset == LAPIC_INITIAL_COUNT) {
		count = value;
		writes++;
		due_ns = value == 0 ? UINT64_MAX
				    : clock_ns + (value * 1000000000ull + info.timer_hz - 1) /
							 info.timer_hz;
	} else if (offset == LAPIC_DIVIDE) {
		if (value != 0xb) /* by 1: Intel SDM vol. 3, figure 11-10 */
			abort();
	} else if (offset != LAPIC_EOI) {
		abort();
	}
}

uint64_t last_count(void)
{
	return count;
}

uint64_t alarms_set(void)
{
	return writes;
}

void set_timer_hz(uint32_t hz)
{
	info.timer_hz = hz;
}

void set_flags(uint32_t flags)
{
	info.flags = MACHINE_SEEDED | flags;
}

/* ---- the system --------------------------------------------------------------------- */

void start_system(void)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	void *at = mmap((void *)WINDOW, WINDOW_PAGES * PAGE_SIZE, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

	ck_assert_uint_eq((uintptr_t)at, WINDOW);
	info.regions[0] = (struct machine_region){
		.start = WINDOW,
		.size = WINDOW_PAGES * PAGE_SIZE,
		.kind = MACHINE_REGION_FREE,
	};
	info.n_regions = 1;
	ck_assert_int_eq(frame_init(&info), 0);
	ck_assert_int_eq(interrupt_init(), 0);
	ck_assert_int_eq(task_init("first", here - FIRST_STACK_BELOW, here + PAGE_SIZE), 0);
	machine_irq_restore(true);
}
