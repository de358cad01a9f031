/* SPDX-License-Identifier: MIT */
/*
 * Traps become trap frames on the system's own trap stacks.
 *
 * entry.S calls with interrupts off, on an entry stack of this CPU, and goes
 * from here to the registered handler: nothing of the system runs on a stack
 * of the machine.  What a trap means, where its frame goes and when there is no
 * way on are the same as in the hosted machine's sim/trap.c.
 *
 * The stack pointer tells whose a fault in the machine's text is.  The machine
 * runs on its own stacks only; with any other stack the caller's was too full
 * for a gate, or a wild jump has led here.
 */
#include "machine/pc/trap.h"

#include "arch/x86_64/trap_frame.h"
#include "base/string.h"
#include "machine/pc/end.h"
#include "machine/pc/gate.h"
#include "machine/pc/memory.h"
#include "machine/pc/pc.h"
#include "machine/pc/resident.h"

RESIDENT_FILE("finds a place for the registers where no stack of a cell can be trusted")

#define TRAP_ROOM 2048u		 /* bytes that a trap handler must find on its stack */
#define TRAP_BELOW 256u		 /* kept free below an interrupted rsp on the trap stack */
#define TRAP_NO_ERROR UINT64_MAX /* entry.S: the CPU pushed no error code */
#define TRAP_INT_SIZE 2u	 /* bytes of `int n` */
#define TRAP_INT 0xcdu

#define TRAP_NMI 2u
#define TRAP_MACHINE_CHECK 18u
/* Vectors with an error code: SDM vol. 3, table 6-1; AMD APM vol. 2, table 8-1. */
#define TRAP_WITH_ERROR \
	(1u << TRAP_DF | 1u << 10 | 1u << 11 | 1u << TRAP_SS | 1u << TRAP_GP | 1u << TRAP_PF | \
	 1u << TRAP_AC | 1u << 21 | 1u << 29 | 1u << 30)
/* Error code of the #GP for an `int n` that is not allowed: SDM vol. 3, 6.13. */
#define TRAP_INT_ERROR(vector) ((vector) << 3 | 2u)

_Static_assert(offsetof(struct pc, info) == 0, "machine_info() in gate.S");
_Static_assert(offsetof(struct pc, info.flags) == GATE_INFO_FLAGS, "gate.S");
_Static_assert(MACHINE_SEEDED == GATE_SEEDED, "gate.S");

/* entry.S and gate.S */
extern const uint8_t trap_cpu[], trap_cpu_end[];
extern const uint8_t trap_gates[], trap_gates_end[], trap_idle[], trap_idle_end[];
extern const uint8_t trap_resume_iret[];
extern const uint64_t trap_iret[5];
/* pc.ld */
extern const uint8_t resident_start[], resident_text_end[];

struct trap_stack {
	machine_trap_handler *handler;
	uintptr_t base;
	size_t size;
};

/* Where entry.S goes: in rax and rdx. */
struct trap_target {
	struct trap_frame *frame;
	machine_trap_handler *handler;
};
struct trap_target trap_take(struct trap_frame *from);

static struct trap_stack trap_stacks[2]; /* of this CPU, by enum machine_trap_class */

void trap_set_handler(enum machine_trap_class class, machine_trap_handler *handler, void *stack,
		      size_t size)
{
	if ((unsigned int)class > MACHINE_INTERRUPTS)
		end_die("machine_set_trap_handler: there is no class %u", class);
	trap_stacks[class] = (struct trap_stack){ handler, (uintptr_t)stack, size };
}

/* ---- what a trap is --------------------------------------------------------- */

static bool trap_is_between(uintptr_t at, const uint8_t *start, const uint8_t *end)
{
	return at >= (uintptr_t)start && at < (uintptr_t)end;
}

static bool trap_can_read(uintptr_t at, size_t size)
{
	return memory_prot_at(at) != MACHINE_NONE && memory_prot_at(at + size - 1) != MACHINE_NONE;
}

/* Whether the two bytes of code at the address are these. */
static bool trap_is_code(uintptr_t at, unsigned int first, unsigned int second)
{
	const uint8_t *code = (const uint8_t *)at;

	return trap_can_read(at, 2) && code[0] == first && code[1] == second;
}

/* A vector that came from an `int` instruction and not from what it stands for. */
static bool trap_is_int(const struct trap_frame *frame)
{
	if (frame->vector == TRAP_NMI || frame->vector == TRAP_MACHINE_CHECK)
		return trap_is_code(frame->rip - TRAP_INT_SIZE, TRAP_INT,
				    (unsigned int)frame->vector);
	return frame->error == TRAP_NO_ERROR && frame->vector < TRAP_INTERRUPT &&
	       (TRAP_WITH_ERROR >> frame->vector & 1) != 0;
}

/* With EFER.SCE and IA32_SYSENTER_CS clear the CPU refuses both instructions. */
static bool trap_is_syscall(const struct trap_frame *frame)
{
	switch (frame->vector) {
	case TRAP_UD:
		return trap_is_code(frame->rip, 0x0f, 0x05) || trap_is_code(frame->rip, 0x0f, 0x34);
	case TRAP_GP:
		return trap_is_code(frame->rip, 0x0f, 0x34);
	default:
		return false;
	}
}

static uint64_t trap_read_cr2(void)
{
	uint64_t value;

	__asm__ volatile("mov %%cr2, %0" : "=r"(value));
	return value;
}

static void trap_read_cause(struct trap_frame *frame)
{
	if (trap_is_int(frame)) {
		frame->error = TRAP_INT_ERROR(frame->vector);
		frame->vector = TRAP_GP;
		frame->rip -= TRAP_INT_SIZE;
	} else if (frame->vector == PC_VECTOR_INT80) {
		frame->vector = TRAP_SYSCALL;
		frame->rip -= TRAP_INT_SIZE;
	} else if (trap_is_syscall(frame)) {
		frame->vector = TRAP_SYSCALL;
		frame->error = 0;
	} else if (frame->vector == TRAP_PF) {
		frame->address = trap_read_cr2();
	}
	if (frame->error == TRAP_NO_ERROR)
		frame->error = 0;
	/* The last instruction of machine_resume() faults for the frame it loads. */
	if (frame->rip == (uintptr_t)trap_resume_iret) {
		frame->rip = trap_iret[0];
		frame->rflags = trap_iret[2];
		frame->rsp = trap_iret[3];
	}
}

static bool trap_is_own(const struct trap_frame *frame)
{
	return trap_is_between(frame->rip, resident_start, resident_text_end) &&
	       trap_is_between(frame->rsp - 1, trap_cpu, trap_cpu_end);
}

static void trap_check_own(const struct trap_frame *frame)
{
	switch (frame->vector) {
	case TRAP_NMI:
	case TRAP_DF:
	case TRAP_MACHINE_CHECK:
		end_trap(MACHINE_DIED, frame, "a trap that nobody can take");
	default:
		if (trap_is_own(frame))
			end_trap(MACHINE_DIED, frame, "a fault of the machine itself");
	}
}

/* An interrupt in a gate: at its beginning, or with the caller after the call. */
static void trap_leave_gate(struct trap_frame *frame)
{
	const uint8_t *code = (const uint8_t *)frame->rip;
	bool is_idle = trap_is_between(frame->rip, trap_idle, trap_idle_end);

	if (!trap_is_between(frame->rip, trap_gates, trap_gates_end))
		return;
	if (code[0] == GATE_CLI && code[-1] == GATE_PUSHFQ) {
		frame->rip--;
		frame->rsp += sizeof(uint64_t);
	} else if ((is_idle || code[0] == GATE_RET) && trap_can_read(frame->rsp, 8)) {
		frame->rip = *(const uint64_t *)frame->rsp;
		frame->rsp += sizeof(uint64_t);
		if (is_idle)
			frame->rflags &= ~TRAP_RFLAGS_IF;
	}
}

/* ---- where a trap goes -------------------------------------------------------- */

static bool trap_is_on(const struct trap_stack *stack, uint64_t rsp)
{
	return rsp > stack->base && rsp <= stack->base + stack->size;
}

/* NULL: there is no room. */
static struct trap_frame *trap_place(const struct trap_stack *stack, uint64_t rsp)
{
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
static bool trap_is_overrun(const struct trap_frame *frame)
{
	uintptr_t base = trap_stacks[MACHINE_FAULTS].base;

	return frame->vector == TRAP_PF && base - frame->address <= PAGE_SIZE &&
	       frame->address < base && frame->rsp >= base - PAGE_SIZE &&
	       frame->rsp < base + PAGE_SIZE;
}

/* `from` has everything but the vector state, which no instruction since has changed. */
struct trap_target trap_take(struct trap_frame *from)
{
	const struct trap_stack *stack = &trap_stacks[MACHINE_INTERRUPTS];
	struct trap_frame *frame;

	trap_read_cause(from);
	trap_check_own(from);
	if (from->vector < TRAP_INTERRUPT)
		stack = &trap_stacks[MACHINE_FAULTS];
	else
		trap_leave_gate(from);
	if (!stack->handler)
		end_trap(MACHINE_NO_BOOT, from, "there is no trap handler yet");
	frame = trap_place(stack, from->rsp);
	if (!frame || trap_is_overrun(from))
		end_trap(MACHINE_DIED, from, "the trap stack is full");
	memcpy((uint8_t *)frame + TRAP_FRAME_RAX, (const uint8_t *)from + TRAP_FRAME_RAX,
	       TRAP_FRAME_SIZE - TRAP_FRAME_RAX);
	return (struct trap_target){ frame, stack->handler };
}
