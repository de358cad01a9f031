/* SPDX-License-Identifier: MIT */
/*
 * Faults: which vector, where, and back again.
 */
#include "base/string.h"
#include "guest.h"

#define NON_CANONICAL 0x8000000000000000u
/* Status flags that popf and iret may set: CF PF AF ZF SF DF OF. */
#define FLAGS 0xcd5u

extern struct trap_frame guest_set, guest_seen;

void guest_syscall(void);
void guest_int80(void);
void guest_ud2(void);
void guest_int3(void);
void guest_divide(void);
void guest_int8(void);
void guest_int14(void);
void guest_divide_x87(void);
void guest_wait_x87(void);
void guest_load(void);
void guest_jump(void);
void guest_recurse(void);
void guest_load_all(void);
void guest_load_all_end(void);
void guest_resumed(void);

static const struct trap_frame *try(void (*code)(void), uint64_t rdi)
{
	return guest_try((uintptr_t)code, rdi);
}

static void vectors(void)
{
	const struct trap_frame *frame;

	guest_set_handlers(guest_catch, NULL);
	frame = try(guest_ud2, 0);
	GUEST_CHECK(frame->vector == TRAP_UD && frame->rip == (uintptr_t)guest_ud2);
	/* A trap, not a fault: past the one-byte instruction (SDM vol. 3, 6.5). */
	frame = try(guest_int3, 0);
	GUEST_CHECK(frame->vector == TRAP_BP && frame->rip == (uintptr_t)guest_int3 + 1);
	/* xor, mov and cltd are 2, 5 and 1 bytes. */
	frame = try(guest_divide, 0);
	GUEST_CHECK(frame->vector == TRAP_DE && frame->rip == (uintptr_t)guest_divide + 8);
	frame = try(guest_load, NON_CANONICAL);
	GUEST_CHECK(frame->vector == TRAP_GP && frame->rip == (uintptr_t)guest_load);
	GUEST_CHECK(frame->error == 0 && frame->address == 0);
	frame = try(guest_load, 16);
	GUEST_CHECK(frame->vector == TRAP_PF && frame->address == 16);
	GUEST_CHECK((frame->rflags & TRAP_RFLAGS_IF) == 0);
	machine_irq_restore(true);
	frame = try(guest_load, 16);
	GUEST_CHECK((frame->rflags & TRAP_RFLAGS_IF) != 0);
	GUEST_CHECK(!machine_irq_save());
}

/* SDM vol. 3, 6.13: an `int` that is not allowed names the gate, bit 1 set for the IDT. */
static void software_interrupts(void)
{
	const struct trap_frame *frame;

	guest_set_handlers(guest_catch, NULL);
	frame = try(guest_int14, 0);
	GUEST_CHECK(frame->vector == TRAP_GP && frame->rip == (uintptr_t)guest_int14);
	GUEST_CHECK(frame->error == (14 << 3 | 2) && frame->address == 0);
	frame = try(guest_int8, 0);
	GUEST_CHECK(frame->vector == TRAP_GP && frame->rip == (uintptr_t)guest_int8);
	GUEST_CHECK(frame->error == (8 << 3 | 2));
}

static void x87(void)
{
	const struct trap_frame *frame;

	guest_set_handlers(guest_catch, NULL);
	frame = try(guest_divide_x87, 0);
	__asm__ volatile("fninit");
	GUEST_CHECK(frame != NULL && frame->vector == TRAP_MF);
	GUEST_CHECK(frame->rip == (uintptr_t)guest_wait_x87);
}

/* A jump to where nothing is, and to where the machine is but no code. */
static void nowhere(void)
{
	uintptr_t data = (uintptr_t)machine_info();
	const struct trap_frame *frame;

	guest_set_handlers(guest_catch, NULL);
	frame = try(guest_jump, 0);
	GUEST_CHECK(frame->vector == TRAP_PF && frame->rip == 0 && frame->address == 0);
	GUEST_CHECK(frame->error & TRAP_PF_FETCH);
	frame = try(guest_jump, NON_CANONICAL);
	GUEST_CHECK(frame->vector == TRAP_GP);
	frame = try(guest_jump, data);
	GUEST_CHECK(frame->vector == TRAP_PF && frame->rip == data);
}

static void system_call(void)
{
	const struct trap_frame *frame;

	guest_set_handlers(guest_catch, NULL);
	frame = try(guest_syscall, 0);
	GUEST_CHECK(frame != NULL && frame->vector == TRAP_SYSCALL);
	GUEST_CHECK(frame->rip == (uintptr_t)guest_syscall + 5 && frame->rax == 39);
	frame = try(guest_int80, 0);
	GUEST_CHECK(frame != NULL && frame->vector == TRAP_SYSCALL);
	GUEST_CHECK(frame->rip == (uintptr_t)guest_int80 + 5 && frame->rax == 20);
}

static void fill(struct trap_frame *frame, uint8_t seed)
{
	uint64_t *registers = &frame->rax;

	for (size_t i = 0; i < 16; i++)
		registers[i] = 0x0101010101010101u * (seed + i);
	__asm__ volatile("fxsave64 %0" : "=m"(frame->fx));
	for (size_t i = 0; i < 256; i++)
		frame->fx[160 + i] = (uint8_t)(seed * 3 + i); /* xmm0 to xmm15 */
	frame->rflags = FLAGS;
	frame->rsp = guest_pages(1) + 2048;
}

static bool same(const struct trap_frame *a, const struct trap_frame *b)
{
	return memcmp(a->fx + 160, b->fx + 160, 256) == 0 && memcmp(&a->rax, &b->rax, 128) == 0;
}

/* The fault's frame holds all registers, and machine_resume() loads others. */
static void resume_handler(struct trap_frame *frame)
{
	GUEST_CHECK(frame->vector == TRAP_UD && frame->rip == (uintptr_t)guest_load_all_end);
	GUEST_CHECK(same(frame, &guest_set));
	GUEST_CHECK((frame->rflags & FLAGS) == FLAGS);
	fill(frame, 100);
	frame->rflags = TRAP_RFLAGS_IF | 0x841; /* OF ZF CF */
	frame->rip = (uintptr_t)guest_resumed;
	guest_set = *frame;
	machine_resume(frame);
}

static void resume(void)
{
	guest_set_handlers(resume_handler, NULL);
	fill(&guest_set, 7);
	GUEST_CHECK(try(guest_load_all, 0) == NULL);
	GUEST_CHECK(same(&guest_set, &guest_seen));
	GUEST_CHECK((guest_seen.rflags & FLAGS) == 0x841);
	GUEST_CHECK(machine_irq_save());
}

/* A frame whose rip cannot be loaded faults for that frame. */
static void resume_handler_nowhere(struct trap_frame *frame)
{
	if (frame->vector == TRAP_UD) {
		frame->rip = NON_CANONICAL;
		frame->rbx = 0x5eed;
		machine_resume(frame);
	}
	GUEST_CHECK(frame->rip == NON_CANONICAL && frame->rbx == 0x5eed);
	guest_catch(frame);
}

static void resume_nowhere(void)
{
	guest_set_handlers(resume_handler_nowhere, NULL);
	GUEST_CHECK(try(guest_ud2, 0)->vector == TRAP_GP);
}

static void nested_handler(struct trap_frame *frame)
{
	guest_say("frame\n");
	guest_ud2();
}

static void nested(void)
{
	guest_set_handlers(nested_handler, NULL);
	guest_ud2();
}

/* The handler's own stack overflows into the page below it. */
static void overflow_handler(struct trap_frame *frame)
{
	guest_say("frame\n");
	__asm__ volatile("1: push %rax; jmp 1b");
}

static void overflow_of_trap_stack(void)
{
	guest_set_handlers(overflow_handler, NULL);
	guest_ud2();
}

/* A stack runs into its guard page: the first address below it, written. */
static void overflow(void)
{
	uintptr_t at = guest_pages(2);
	const struct trap_frame *frame;

	guest_set_handlers(guest_catch, NULL);
	machine_unmap(at, 1);
	frame = try(guest_recurse, at + 2 * PAGE_SIZE);
	GUEST_CHECK(frame->vector == TRAP_PF && frame->address == at + PAGE_SIZE - 8);
	GUEST_CHECK(frame->rsp == at + PAGE_SIZE && frame->error & TRAP_PF_WRITE);
}

static void no_handler(void)
{
	guest_ud2();
}

const struct guest_scenario guest_trap_scenarios[] = {
	{ "vectors", vectors },
	{ "software_interrupts", software_interrupts },
	{ "x87", x87 },
	{ "nowhere", nowhere },
	{ "system_call", system_call },
	{ "resume", resume },
	{ "resume_nowhere", resume_nowhere },
	{ "nested", nested },
	{ "overflow_of_trap_stack", overflow_of_trap_stack },
	{ "overflow", overflow },
	{ "no_handler", no_handler },
	{ 0 },
};
