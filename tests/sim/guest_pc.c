/* SPDX-License-Identifier: MIT */
/*
 * What only a guest that runs in ring 0 can look at: the pc machine's own
 * tables, and what it keeps from the system.
 *
 * Page fault error codes and table entries: Intel SDM vol. 3, 4.7 and 4.5.
 */
#include "base/string.h"
#include "guest.h"
#include "machine/pc/layout.h"

#define LARGE (2ul << 20)
#define MIB (1ul << 20)
#define CR0_WP (1ul << 16)
#define EFER 0xc0000080u
#define EFER_NXE (1u << 11)
#define ADDRESS_BITS 0x000ffffffffff000ul
#define ENTRY_LARGE (1ul << 7)

void guest_load(void);
void guest_store(void);
void guest_jump(void);
void guest_int_spurious(void);

struct __attribute__((packed)) descriptor_table {
	uint16_t limit;
	uint64_t base;
};

static const struct trap_frame *try(void (*code)(void), uint64_t rdi)
{
	return guest_try((uintptr_t)code, rdi);
}

static void expect_error(void (*code)(void), uintptr_t address, uint64_t error)
{
	const struct trap_frame *frame = try(code, address);

	GUEST_CHECK(frame != NULL && frame->vector == TRAP_PF);
	if (frame->address != address || frame->error != error)
		guest_say("at 0x%lx: found error 0x%lx at 0x%lx\n", address, frame->error,
			  frame->address);
	GUEST_CHECK(frame->address == address && frame->error == error);
}

static void expect_nothing_at(uintptr_t address)
{
	expect_error(guest_load, address, 0);
	expect_error(guest_store, address, TRAP_PF_WRITE);
}

static const struct machine_region *region_of(enum machine_region_kind kind)
{
	const struct machine_info *info = machine_info();

	for (uint32_t i = 0; i < info->n_regions; i++) {
		if (info->regions[i].kind == kind)
			return &info->regions[i];
	}
	return NULL;
}

/* ---- protection ----------------------------------------------------------------- */

static uint64_t read_cr0(void)
{
	uint64_t value;

	__asm__ volatile("mov %%cr0, %0" : "=r"(value));
	return value;
}

static uint32_t read_efer(void)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(EFER));
	return low;
}

/* WP: ring 0 cannot write what is read-only.  NX: data is not executed. */
static void ring_0(void)
{
	uintptr_t at = guest_memory(1);

	guest_set_handlers(guest_catch, NULL);
	GUEST_CHECK(read_cr0() & CR0_WP);
	GUEST_CHECK(read_efer() & EFER_NXE);
	machine_patch_fill(at, 0xc3, PAGE_SIZE);
	GUEST_CHECK(read_cr0() & CR0_WP);
	expect_nothing_at(at);
	GUEST_CHECK(machine_map(at, 1, MACHINE_R) == 0);
	expect_error(guest_store, at, TRAP_PF_PRESENT | TRAP_PF_WRITE);
	expect_error(guest_jump, at, TRAP_PF_PRESENT | TRAP_PF_FETCH);
	GUEST_CHECK(machine_map(at, 1, MACHINE_RX) == 0);
	expect_error(guest_store, at, TRAP_PF_PRESENT | TRAP_PF_WRITE);
	GUEST_CHECK(try(guest_jump, at) == NULL);
	GUEST_CHECK(machine_map(at, 1, MACHINE_RW) == 0);
	expect_error(guest_jump, at, TRAP_PF_PRESENT | TRAP_PF_FETCH);
}

/* Where the boot code lived, and every other place that an address can name. */
static void nothing_else(void)
{
	static const uintptr_t places[] = {
		0,
		8,
		PAGE_SIZE,
		0xb8000,
		PC_IMAGE,
		LARGE - 8,
		LARGE,
		0x400000,
		0xfee00000,
		0xfffffff8,
		0x100000000,
		0x7ffffffff000,
		0xffff800000000000,
		0xffffffff80000000,
		0xfffffffffffff000,
		PC_WINDOW - 8,
		PC_ALIAS - 8,
	};
	const struct machine_info *info = machine_info();

	guest_set_handlers(guest_catch, NULL);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		expect_nothing_at(places[i]);
	/* In the window: the first MiB, what is free, what is behind the end. */
	for (uintptr_t pa = 0; pa < MIB; pa += PAGE_SIZE)
		expect_nothing_at(PC_WINDOW + pa);
	expect_nothing_at(guest_memory(1));
	expect_nothing_at(info->window + info->memory_size);
	expect_nothing_at(PC_WINDOW + 0xfee00000);
}

/* Whose pages can be read but not written. */
static void expect_kept(uintptr_t at)
{
	GUEST_CHECK(try(guest_load, at) == NULL);
	expect_error(guest_store, at, TRAP_PF_PRESENT | TRAP_PF_WRITE);
}

static void own_pages(void)
{
	const struct machine_info *info = machine_info();

	guest_set_handlers(guest_catch, NULL);
	for (uint32_t i = 0; i < info->n_symbols; i++) {
		expect_kept(info->symbols[i].address & ~7ul);
		GUEST_CHECK(machine_prot_at(info->symbols[i].address) == MACHINE_RX);
	}
	expect_kept((uintptr_t)info);
	expect_kept((uintptr_t)info->symbols);
	expect_error(guest_jump, (uintptr_t)info, TRAP_PF_PRESENT | TRAP_PF_FETCH);
	expect_kept((uintptr_t)info->modules[0].start);
}

/* What is not the system's keeps its permissions, whatever is asked. */
static void refusals(void)
{
	const struct machine_info *info = machine_info();

	for (uint32_t i = 0; i < info->n_regions; i++) {
		const struct machine_region *region = &info->regions[i];
		enum machine_prot prot = machine_prot_at(region->start);

		if (region->kind != MACHINE_REGION_MACHINE)
			continue;
		for (int wish = MACHINE_NONE; wish <= MACHINE_RX; wish++) {
			GUEST_CHECK(machine_map(region->start, 1, wish) == -EINVAL);
			GUEST_CHECK(machine_map(region->start, region->size >> PAGE_SHIFT, wish) ==
				    -EINVAL);
		}
		GUEST_CHECK(machine_prot_at(region->start) == prot);
	}
	GUEST_CHECK(machine_map(PC_WINDOW, 1, MACHINE_RW) == -EINVAL);
	GUEST_CHECK(machine_map(PC_WINDOW + 0xb8000, 1, MACHINE_R) == -EINVAL);
}

static void patch_machine(void)
{
	uint64_t word = 0;

	machine_patch(machine_info()->symbols[0].address & ~7ul, &word, sizeof(word));
}

static void patch_across(void)
{
	const struct machine_region *region = region_of(MACHINE_REGION_MACHINE);

	machine_patch_fill(region->start + region->size - 1, 0xcc, 2);
}

static void unmap_machine(void)
{
	machine_unmap(region_of(MACHINE_REGION_MACHINE)->start, 1);
}

/* ---- large pages ------------------------------------------------------------------ */

static const uint64_t *table_at(uint64_t entry)
{
	return (const uint64_t *)(PC_ALIAS + (entry & ADDRESS_BITS));
}

/* Whether the directory maps the address by one page of 2 MiB. */
static bool is_large(uintptr_t va)
{
	uint64_t cr3;

	__asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
	for (int shift = 39; shift > 21; shift -= 9)
		cr3 = table_at(cr3)[va >> shift & 511];
	return table_at(cr3)[va >> 21 & 511] & ENTRY_LARGE;
}

static void expect_all(uintptr_t at, size_t size, enum machine_prot prot, uintptr_t but)
{
	for (uintptr_t page = at; page < at + size; page += PAGE_SIZE) {
		if (page == but)
			continue;
		GUEST_CHECK(machine_prot_at(page) == prot);
		GUEST_CHECK((try(guest_store, page) == NULL) == (prot == MACHINE_RW));
		GUEST_CHECK((try(guest_load, page) == NULL) == (prot != MACHINE_NONE));
	}
}

static void large(void)
{
	uintptr_t at = (guest_memory(2048) + LARGE - 1) & -LARGE;
	uintptr_t one = at + LARGE / 2;

	guest_set_handlers(guest_catch, NULL);
	GUEST_CHECK(machine_map(at, 1024, MACHINE_RW) == 0);
	GUEST_CHECK(is_large(at) && is_large(at + LARGE));
	expect_all(at, 2 * LARGE, MACHINE_RW, 0);
	expect_error(guest_jump, one, TRAP_PF_PRESENT | TRAP_PF_FETCH);
	GUEST_CHECK(machine_map(one, 1, MACHINE_NONE) == 0);
	GUEST_CHECK(!is_large(at) && is_large(at + LARGE));
	expect_nothing_at(one);
	expect_all(at, 2 * LARGE, MACHINE_RW, one);
	GUEST_CHECK(machine_map(one, 1, MACHINE_R) == 0);
	/* Content is where it was: each page holds the address stored there. */
	for (uintptr_t page = at; page < at + 2 * LARGE; page += PAGE_SIZE)
		GUEST_CHECK(*(const uint64_t *)page == page);
	/* Whole again, and from the middle of one to the middle of the next. */
	GUEST_CHECK(machine_map(at, 1024, MACHINE_R) == 0);
	GUEST_CHECK(is_large(at));
	expect_all(at, 2 * LARGE, MACHINE_R, 0);
	expect_error(guest_jump, one, TRAP_PF_PRESENT | TRAP_PF_FETCH);
	GUEST_CHECK(machine_map(one, 512, MACHINE_RW) == 0);
	GUEST_CHECK(!is_large(at) && !is_large(at + LARGE));
	expect_all(at, LARGE / 2, MACHINE_R, 0);
	expect_all(one, LARGE, MACHINE_RW, 0);
	expect_all(one + LARGE, LARGE / 2, MACHINE_R, 0);
	machine_unmap(at, 1024);
	expect_all(at, 2 * LARGE, MACHINE_NONE, 0);
}

/* With more than 4 GiB: memory below and above the hole for devices. */
static void regions(void)
{
	const struct machine_info *info = machine_info();
	uint64_t word = 0x5eed5eed5eed5eed, n = 0, above = 0;

	guest_set_handlers(guest_catch, NULL);
	for (uint32_t i = 0; i < info->n_regions; i++) {
		uintptr_t first = info->regions[i].start;
		uintptr_t last = first + info->regions[i].size - PAGE_SIZE;

		if (info->regions[i].kind != MACHINE_REGION_FREE)
			continue;
		n++;
		above += first - info->window >= 1ul << 32;
		machine_patch(last + PAGE_SIZE - 8, &word, sizeof(word));
		GUEST_CHECK(machine_map(first, 1, MACHINE_RW) == 0);
		GUEST_CHECK(machine_map(last, 1, MACHINE_RW) == 0);
		GUEST_CHECK(try(guest_store, first) == NULL);
		GUEST_CHECK(*(const uint64_t *)(last + PAGE_SIZE - 8) == word);
		machine_unmap(first, 1);
		machine_unmap(last, 1);
		expect_nothing_at(first);
		expect_nothing_at(last);
	}
	guest_say("%lu regions, %lu above 4 GiB\n", n, above);
}

/* ---- the last resort ---------------------------------------------------------------- */

static void unwound(struct trap_frame *frame)
{
	guest_say("handled: vector %lu\n", frame->vector);
	machine_halt(MACHINE_DOWN);
}

/* The machine's own IDT, copied, with no gate for page faults: such a fault is a double one. */
static void double_fault(void)
{
	struct descriptor_table idt;
	uintptr_t at = guest_pages(1);

	guest_set_handlers(unwound, unwound);
	__asm__ volatile("sidt %0" : "=m"(idt));
	GUEST_CHECK(idt.limit == PAGE_SIZE - 1);
	memcpy((void *)at, (const void *)idt.base, PAGE_SIZE);
	memset((void *)(at + 16 * TRAP_PF), 0, 16);
	idt.base = at;
	__asm__ volatile("lidt %0" : : "m"(idt));
	(void)try(guest_load, 8);
}

/* A stack pointer that nothing is mapped at: the CPU's own stack takes the fault. */
static void no_stack(void)
{
	guest_set_handlers(unwound, NULL);
	__asm__ volatile("mov %0, %%rsp\n\tpush %%rax" : : "r"(PC_WINDOW + 8ul) : "memory");
}

/* The local APIC's spurious vector is nobody's business. */
static void spurious(void)
{
	guest_set_handlers(unwound, unwound);
	guest_int_spurious();
}

const struct guest_scenario guest_pc_scenarios[] = {
	{ "ring_0", ring_0 },
	{ "nothing_else", nothing_else },
	{ "own_pages", own_pages },
	{ "refusals", refusals },
	{ "patch_machine", patch_machine },
	{ "patch_across", patch_across },
	{ "unmap_machine", unmap_machine },
	{ "large", large },
	{ "regions", regions },
	{ "double_fault", double_fault },
	{ "no_stack", no_stack },
	{ "spurious", spurious },
	{ 0 },
};
