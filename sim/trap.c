/* SPDX-License-Identifier: MIT */
/*
 * Host signals become trap frames on the system's own trap stacks.
 *
 * A handler of a host signal copies the registers to the registered trap
 * stack, points the signal's context at the registered trap handler and
 * returns: nothing of the system ever runs inside a signal handler.  The
 * handlers run on an alternate stack, allocate nothing and take no lock.
 *
 * A signal found the CPU in the window when RIP was there, or when a wild jump
 * had led it elsewhere: to no text of this process, or into that text on a
 * stack of the window, where only the gates of trap.S have business.  Any
 * other fault is the machine's own.
 */
#include "trap.h"

#include <errno.h>
#include <link.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "death.h"
#include "memory.h"
#include "timer.h"
#include "uart.h"
#include "valgrind.h"

#define TRAP_SIGNAL SIGALRM /* interrupts; gdb passes it on without a word */
#define TRAP_ALTERNATE_SIZE (256u << 10)
#define TRAP_ROOM 2048u /* bytes that a trap handler must find on its stack */
#define TRAP_BELOW 256u /* kept free below an interrupted rsp on the trap stack */
#define TRAP_TEXTS_MAX 64

#define TRAP_RFLAGS_TF (1ul << 8)
#define TRAP_RFLAGS_NT (1ul << 14)
#define TRAP_RFLAGS_AC (1ul << 18)
#define TRAP_MXCSR_DEFAULT 0x1f80u /* psABI 3.2.1: all exceptions masked */
#define TRAP_X87_DEFAULT 0x037fu

/* What trap.S keeps. */
extern const struct trap_frame *trap_resuming;
extern uint32_t trap_pending;
extern uint8_t trap_interrupts;
extern uint64_t trap_iret[5];
extern const uint8_t trap_text[], trap_text_end[];
extern const uint8_t trap_return[], trap_return_end[], trap_handle[];
extern const uint8_t trap_resume_commit[], trap_resume_iret[], trap_resume_end[];

struct trap_stack {
	machine_trap_handler *handler;
	uintptr_t base;
	size_t size;
};

/* Where trap.S goes: in rax and rdx. */
struct trap_target {
	struct trap_frame *frame;
	machine_trap_handler *handler;
};
struct trap_target trap_take_from(const struct trap_frame *from);
_Noreturn void trap_leave(struct trap_frame *frame, machine_trap_handler *handler);

static struct {
	struct trap_stack stacks[2]; /* by enum machine_trap_class */
	struct {
		uintptr_t start, end;
	} texts[TRAP_TEXTS_MAX]; /* executable segments of this process */
	size_t n_texts;
	uintptr_t load_base; /* of the executable, for addr2line */
	pthread_t cpu;
	uintptr_t alternate; /* the stack that signals of the CPU's thread are handled on */
} trap;

/* ---- where a trap goes ---------------------------------------------------- */

static bool trap_is_on(const struct trap_stack *stack, uint64_t rsp)
{
	return rsp > stack->base && rsp <= stack->base + stack->size;
}

/* NULL: there is no room. */
static struct trap_frame *trap_place(enum machine_trap_class class, uint64_t rsp)
{
	const struct trap_stack *stack = &trap.stacks[class];
	uintptr_t top = stack->base + stack->size;
	uintptr_t at;

	if (trap_is_on(stack, rsp))
		top = rsp - TRAP_BELOW;
	at = (top - sizeof(struct trap_frame)) & ~63ul;
	if (at < stack->base + TRAP_ROOM || at > top)
		return NULL;
	return (struct trap_frame *)at;
}

/*
 * The fault handler has run over the end of its own stack, into the page below: to start
 * again at the top would overwrite the frame that it works for.
 */
static bool trap_is_overrun(const struct trap_frame *frame, uint64_t vector, uint64_t address)
{
	uintptr_t base = trap.stacks[MACHINE_FAULTS].base;

	return vector == TRAP_PF && base - address <= PAGE_SIZE && address < base &&
	       frame->rsp >= base - PAGE_SIZE && frame->rsp < base + PAGE_SIZE;
}

static _Noreturn void trap_no_place(enum machine_trap_class class, const struct trap_frame *frame)
{
	if (!trap.stacks[class].handler)
		death_trap(MACHINE_NO_BOOT, frame, "there is no trap handler yet");
	death_trap(MACHINE_DIED, frame, "the trap stack is full");
}

/* `from` may overlap with where the frame goes: a frame that was being resumed. */
static struct trap_target trap_deliver(enum machine_trap_class class, const struct trap_frame *from,
				       uint64_t vector, uint64_t error, uint64_t address)
{
	struct trap_frame *frame = trap_place(class, from->rsp);

	if (!frame || trap_is_overrun(from, vector, address) || !trap.stacks[class].handler) {
		struct trap_frame lost = *from;

		lost.vector = vector;
		lost.error = error;
		lost.address = address;
		trap_no_place(class, &lost);
	}
	valgrind_interrupts(from->rsp);
	memmove(frame, from, sizeof(*frame));
	frame->rflags &= ~TRAP_RFLAGS_IF;
	if (trap_interrupts)
		frame->rflags |= TRAP_RFLAGS_IF;
	frame->vector = vector;
	frame->error = error;
	frame->address = address;
	if (class == MACHINE_FAULTS)
		valgrind_faults(from->rsp, frame, sizeof(*frame));
	trap_interrupts = 0;
	return (struct trap_target){ frame, trap.stacks[class].handler };
}

/* Takes the first pending vector; called from trap.S and from the signal handler. */
struct trap_target trap_take_from(const struct trap_frame *from)
{
	uint64_t vector = (uint64_t)__builtin_ctz(trap_pending);

	__atomic_and_fetch(&trap_pending, ~(1u << vector), __ATOMIC_RELAXED);
	return trap_deliver(MACHINE_INTERRUPTS, from, TRAP_INTERRUPT + vector, 0, 0);
}

/* ---- host contexts -------------------------------------------------------- */

static void trap_read_context(const ucontext_t *context, struct trap_frame *ret)
{
	const greg_t *r = context->uc_mcontext.gregs;

	/* The kernel's image begins as FXSAVE's does. */
	memcpy(ret->fx, context->uc_mcontext.fpregs, sizeof(ret->fx));
	ret->rax = (uint64_t)r[REG_RAX];
	ret->rdx = (uint64_t)r[REG_RDX];
	ret->rcx = (uint64_t)r[REG_RCX];
	ret->rbx = (uint64_t)r[REG_RBX];
	ret->rsi = (uint64_t)r[REG_RSI];
	ret->rdi = (uint64_t)r[REG_RDI];
	ret->rbp = (uint64_t)r[REG_RBP];
	ret->rsp = (uint64_t)r[REG_RSP];
	ret->r8 = (uint64_t)r[REG_R8];
	ret->r9 = (uint64_t)r[REG_R9];
	ret->r10 = (uint64_t)r[REG_R10];
	ret->r11 = (uint64_t)r[REG_R11];
	ret->r12 = (uint64_t)r[REG_R12];
	ret->r13 = (uint64_t)r[REG_R13];
	ret->r14 = (uint64_t)r[REG_R14];
	ret->r15 = (uint64_t)r[REG_R15];
	ret->rip = (uint64_t)r[REG_RIP];
	ret->rflags = (uint64_t)r[REG_EFL];
	ret->vector = (uint64_t)r[REG_TRAPNO];
	ret->error = 0;
	ret->address = 0;
	ret->reserved = 0;
}

/*
 * The signal's return goes to the trap handler.  For interrupts, whose signal is blocked
 * meanwhile.  By trap_handle, since Valgrind notices only an instruction that leaves one
 * stack for another: it would take the handler's switch to a task's stack, when that is
 * the one interrupted, for a stack that grew over all between them.
 */
static void trap_redirect(ucontext_t *context, struct trap_target target)
{
	greg_t *r = context->uc_mcontext.gregs;

	r[REG_RIP] = (greg_t)(uintptr_t)trap_handle;
	r[REG_RAX] = (greg_t)(uintptr_t)target.frame;
	r[REG_RDX] = (greg_t)(uintptr_t)target.handler;
	r[REG_RSP] = (greg_t)(uintptr_t)target.frame;
	r[REG_EFL] &= ~(greg_t)(TRAP_RFLAGS_TF | TRAP_RFLAGS_NT | TRAP_RFLAGS_AC);
	context->uc_mcontext.fpregs->cwd = TRAP_X87_DEFAULT;
	context->uc_mcontext.fpregs->swd = 0;
	context->uc_mcontext.fpregs->mxcsr = TRAP_MXCSR_DEFAULT;
}

static bool trap_in_texts(uintptr_t rip)
{
	for (size_t i = 0; i < trap.n_texts; i++) {
		if (rip >= trap.texts[i].start && rip < trap.texts[i].end)
			return true;
	}
	return false;
}

static bool trap_in_gates(uintptr_t rip)
{
	return rip >= (uintptr_t)trap_text && rip < (uintptr_t)trap_text_end;
}

static bool trap_is_of_window(const struct trap_frame *frame)
{
	if (memory_has(frame->rip) || !trap_in_texts(frame->rip))
		return true;
	return memory_has(frame->rsp) && !trap_in_gates(frame->rip);
}

/* ---- faults --------------------------------------------------------------- */

static void trap_read_cause(int signal, const ucontext_t *context, struct trap_frame *frame)
{
	const greg_t *r = context->uc_mcontext.gregs;

	frame->error = (uint64_t)r[REG_ERR];
	if (signal == SIGSYS) {
		/* The kernel reports the address after the instruction, all of 2 bytes. */
		frame->vector = TRAP_SYSCALL;
		frame->error = 0;
		frame->rip -= 2;
	} else if (frame->vector == TRAP_PF) {
		frame->address = (uint64_t)r[REG_CR2];
	}
	/* The last instruction of machine_resume() faults for the frame it loads. */
	if (frame->rip == (uintptr_t)trap_resume_iret) {
		frame->rip = trap_iret[0];
		frame->rflags = trap_iret[2];
		frame->rsp = trap_iret[3];
	}
}

/* The other thread has no alternate stack. */
static bool trap_is_cpu(const void *on_stack)
{
	return (uintptr_t)on_stack - trap.alternate < TRAP_ALTERNATE_SIZE;
}

/*
 * Leaves for the trap handler without a return from the signal, which would be a system
 * call: nothing is blocked while it is handled, the alternate stack is left, and trap_leave
 * sets what is left of the CPU's state.  An interrupt that comes in here stays pending.
 */
static void trap_on_fault(int signal, siginfo_t *info, void *arg)
{
	const ucontext_t *context = arg;
	struct trap_target target;
	struct trap_frame frame;

	trap_read_context(context, &frame);
	if (!trap_is_cpu(&frame))
		death_exit(MACHINE_DIED, "the machine's I/O thread took signal %d at base + 0x%lx",
			   signal, (unsigned long)(frame.rip - trap.load_base));
	/* Sent by a process, or by the kernel for something that is no trap of the CPU. */
	if (info->si_code <= 0)
		death_exit(MACHINE_DIED, "signal %d was sent by process %d", signal, info->si_pid);
	trap_read_cause(signal, context, &frame);
	if (!trap_is_of_window(&frame)) {
		death_report("the machine's text begins at 0x%lx, its fault is at base + 0x%lx",
			     (unsigned long)trap.load_base,
			     (unsigned long)(frame.rip - trap.load_base));
		death_trap(MACHINE_DIED, &frame, "a fault of the machine itself");
	}
	target = trap_deliver(MACHINE_FAULTS, &frame, frame.vector, frame.error, frame.address);
	trap_leave(target.frame, target.handler);
}

/* ---- interrupts ----------------------------------------------------------- */

static void trap_on_interrupt(int signal, siginfo_t *info, void *arg)
{
	ucontext_t *context = arg;
	uintptr_t rip = (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
	struct trap_frame frame;

	__atomic_or_fetch(&trap_pending, timer_take_expired() | uart_take_requests(),
			  __ATOMIC_RELAXED);
	if (trap_pending == 0)
		return;
	if (rip >= (uintptr_t)trap_return && rip < (uintptr_t)trap_return_end) {
		context->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)trap_return;
		return;
	}
	if (!trap_interrupts)
		return;
	if (rip >= (uintptr_t)trap_resume_commit && rip < (uintptr_t)trap_resume_end) {
		trap_redirect(context, trap_take_from(trap_resuming));
	} else if (memory_has(rip)) {
		trap_read_context(context, &frame);
		trap_redirect(context, trap_take_from(&frame));
	}
}

void trap_raise(uint8_t vector)
{
	if (vector >= TRAP_INTERRUPT && vector < TRAP_INTERRUPT + 32)
		__atomic_or_fetch(&trap_pending, 1u << (vector - TRAP_INTERRUPT), __ATOMIC_RELAXED);
}

void trap_lower(uint8_t vector)
{
	if (vector >= TRAP_INTERRUPT && vector < TRAP_INTERRUPT + 32)
		__atomic_and_fetch(&trap_pending, ~(1u << (vector - TRAP_INTERRUPT)),
				   __ATOMIC_RELAXED);
}

bool trap_is_pending(void)
{
	return __atomic_load_n(&trap_pending, __ATOMIC_RELAXED) != 0;
}

void trap_poke(void)
{
	pthread_kill(trap.cpu, TRAP_SIGNAL);
}

void trap_wait(void)
{
	/* The kernel compares and sleeps in one step, so no signal is missed in between. */
	while (!trap_is_pending())
		syscall(SYS_futex, &trap_pending, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

void trap_set_handler(enum machine_trap_class class, machine_trap_handler *handler, void *stack,
		      size_t size)
{
	if ((unsigned int)class > MACHINE_INTERRUPTS)
		death_exit(MACHINE_DIED, "machine_set_trap_handler: there is no class %u", class);
	trap.stacks[class] = (struct trap_stack){ handler, (uintptr_t)stack, size };
	valgrind_has_stack((uintptr_t)stack, (uintptr_t)stack + size);
}

/* ---- start ---------------------------------------------------------------- */

static int trap_note_texts(struct dl_phdr_info *info, size_t size, void *argument)
{
	if (trap.n_texts == 0)
		trap.load_base = info->dlpi_addr;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *phdr = &info->dlpi_phdr[i];

		if (phdr->p_type != PT_LOAD || !(phdr->p_flags & PF_X))
			continue;
		if (trap.n_texts == TRAP_TEXTS_MAX)
			return -ENOMEM;
		trap.texts[trap.n_texts].start = info->dlpi_addr + phdr->p_vaddr;
		trap.texts[trap.n_texts].end = info->dlpi_addr + phdr->p_vaddr + phdr->p_memsz;
		trap.n_texts++;
	}
	return 0;
}

/* None blocks another: a fault in a handler is reported, and see trap_on_fault. */
static int trap_install(int signal, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO | SA_ONSTACK | flags };

	action.sa_sigaction = handler;
	sigemptyset(&action.sa_mask);
	return sigaction(signal, &action, NULL) < 0 ? -errno : 0;
}

static int trap_set_alternate_stack(void)
{
	stack_t stack = { .ss_size = TRAP_ALTERNATE_SIZE };

	stack.ss_sp = malloc(TRAP_ALTERNATE_SIZE);
	if (!stack.ss_sp)
		return -ENOMEM;
	trap.alternate = (uintptr_t)stack.ss_sp;
	return sigaltstack(&stack, NULL) < 0 ? -errno : 0;
}

int trap_init(void)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS };
	int r = trap_set_alternate_stack();

	trap.cpu = pthread_self();
	valgrind_has_stack((uintptr_t)trap_iret, (uintptr_t)trap_iret + sizeof(trap_iret));
	if (r == 0)
		r = dl_iterate_phdr(trap_note_texts, NULL);
	for (size_t i = 0; r == 0 && i < sizeof(faults) / sizeof(faults[0]); i++)
		r = trap_install(faults[i], trap_on_fault, SA_NODEFER);
	if (r == 0)
		r = trap_install(TRAP_SIGNAL, trap_on_interrupt, SA_RESTART);
	return r;
}
