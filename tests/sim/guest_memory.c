/* SPDX-License-Identifier: MIT */
/*
 * What permissions allow, what they fault with, and what patching reaches.
 */
#include "base/string.h"
#include "guest.h"

void guest_load(void);
void guest_store(void);
void guest_jump(void);

static const struct trap_frame *try(void (*code)(void), uint64_t rdi)
{
	return guest_try((uintptr_t)code, rdi);
}

static void expect_fault(const struct trap_frame *frame, uintptr_t rip, uintptr_t address,
			 uint64_t kind)
{
	GUEST_CHECK(frame != NULL);
	GUEST_CHECK(frame->vector == TRAP_PF);
	GUEST_CHECK(frame->rip == rip);
	GUEST_CHECK(frame->address == address);
	GUEST_CHECK((frame->error & (TRAP_PF_WRITE | TRAP_PF_FETCH)) == kind);
}

static void permissions(void)
{
	uintptr_t at = guest_memory(1);
	static const uint8_t ret[] = { 0xc3 };

	guest_set_handlers(guest_catch, NULL);
	expect_fault(try(guest_load, at + 8), (uintptr_t)guest_load, at + 8, 0);
	machine_patch(at, ret, sizeof(ret));

	GUEST_CHECK(machine_map(at, 1, MACHINE_R) == 0);
	GUEST_CHECK(try(guest_load, at) == NULL);
	expect_fault(try(guest_store, at), (uintptr_t)guest_store, at, TRAP_PF_WRITE);
	GUEST_CHECK(try(guest_store, at)->error & TRAP_PF_PRESENT);
	expect_fault(try(guest_jump, at), at, at, TRAP_PF_FETCH);

	GUEST_CHECK(machine_map(at, 1, MACHINE_RX) == 0);
	GUEST_CHECK(try(guest_load, at) == NULL);
	GUEST_CHECK(try(guest_jump, at) == NULL);
	expect_fault(try(guest_store, at), (uintptr_t)guest_store, at, TRAP_PF_WRITE);

	GUEST_CHECK(machine_map(at, 1, MACHINE_RW) == 0);
	expect_fault(try(guest_jump, at), at, at, TRAP_PF_FETCH);
	GUEST_CHECK(try(guest_store, at + 16) == NULL);
	GUEST_CHECK(*(uint64_t *)(at + 16) == at + 16);

	machine_unmap(at, 1);
	expect_fault(try(guest_load, at + 16), (uintptr_t)guest_load, at + 16, 0);
	GUEST_CHECK(machine_map(at, 1, MACHINE_R) == 0);
	GUEST_CHECK(*(uint64_t *)(at + 16) == at + 16);
}

/* A run of pages, one permission in the middle changed. */
static void runs(void)
{
	uintptr_t at = guest_pages(9);

	guest_set_handlers(guest_catch, NULL);
	GUEST_CHECK(machine_map(at + 4 * PAGE_SIZE, 1, MACHINE_NONE) == 0);
	for (size_t i = 0; i < 9; i++)
		GUEST_CHECK((try(guest_store, at + i * PAGE_SIZE) != NULL) == (i == 4));
	machine_unmap(at, 9);
	for (size_t i = 0; i < 9; i++)
		GUEST_CHECK(try(guest_load, at + i * PAGE_SIZE) != NULL);
}

static void invalid(void)
{
	const struct machine_info *info = machine_info();
	uintptr_t end = info->window + info->memory_size;
	uintptr_t at = guest_memory(1);

	GUEST_CHECK(machine_map(at + 1, 1, MACHINE_R) == -EINVAL);
	GUEST_CHECK(machine_map(at, 0, MACHINE_R) == -EINVAL);
	GUEST_CHECK(machine_map(at, SIZE_MAX >> PAGE_SHIFT, MACHINE_R) == -EINVAL);
	GUEST_CHECK(machine_map(at, SIZE_MAX, MACHINE_R) == -EINVAL);
	GUEST_CHECK(machine_map(at, 1, MACHINE_RX + 1) == -EINVAL);
	GUEST_CHECK(machine_map(info->window - PAGE_SIZE, 1, MACHINE_R) == -EINVAL);
	GUEST_CHECK(machine_map(end - PAGE_SIZE, 2, MACHINE_R) == -EINVAL);
	GUEST_CHECK(machine_map(end, 1, MACHINE_R) == -EINVAL);
	GUEST_CHECK(machine_map(at, 1, MACHINE_R) == 0);
}

static uint64_t call(uintptr_t at)
{
	return ((uint64_t(*)(void))at)();
}

/* mov $n, %eax; ret, twice over, without a change of permission. */
static void patch(void)
{
	uintptr_t at = guest_memory(2);
	uint8_t code[] = { 0xb8, 1, 0, 0, 0, 0xc3, 0xcc, 0xcc };
	uint64_t word;

	machine_patch(at, code, sizeof(code));
	GUEST_CHECK(machine_map(at, 2, MACHINE_RX) == 0);
	GUEST_CHECK(call(at) == 1);
	code[1] = 2;
	memcpy(&word, code, sizeof(word));
	machine_patch(at, &word, sizeof(word));
	GUEST_CHECK(call(at) == 2);
	machine_patch(at + PAGE_SIZE - 3, code, sizeof(code));
	GUEST_CHECK(call(at + PAGE_SIZE - 3) == 2);

	machine_patch_fill(at, 0xcc, 2 * PAGE_SIZE);
	for (size_t i = 0; i < 2 * PAGE_SIZE; i++)
		GUEST_CHECK(((const uint8_t *)at)[i] == 0xcc);
	machine_unmap(at, 2);
	machine_patch_fill(at, 0, 2 * PAGE_SIZE);
	GUEST_CHECK(machine_map(at, 2, MACHINE_R) == 0);
	for (size_t i = 0; i < 2 * PAGE_SIZE; i++)
		GUEST_CHECK(((const uint8_t *)at)[i] == 0);
}

static void patch_outside(void)
{
	uint64_t word = 0;

	machine_patch(machine_info()->window + machine_info()->memory_size - 4, &word,
		      sizeof(word));
}

static size_t map_until_refused(uintptr_t at, size_t step)
{
	uintptr_t end = at + guest_memory_size() / 2;
	size_t n = 0;
	int r = 0;

	for (uintptr_t page = at; r == 0 && page < end; page += step) {
		r = machine_map(page, 1, MACHINE_RW);
		n += r == 0;
	}
	guest_say("%s after %zu\n", r == -ENOMEM ? "-ENOMEM" : r == 0 ? "no error" : "?", n);
	return n;
}

/* Every second page: as many mappings as the machine gives, and all of them dropped again. */
static void mappings(void)
{
	uintptr_t at = guest_memory(1);
	size_t n = map_until_refused(at, 2 * PAGE_SIZE);

	for (size_t i = 0; i < n; i++)
		machine_unmap(at + 2 * i * PAGE_SIZE, 1);
	GUEST_CHECK(machine_map(at, 1, MACHINE_RW) == 0);
}

/* Neighbours, so that dropping every second one makes more of them for the host. */
static void neighbours(void)
{
	uintptr_t at = guest_memory(1);
	size_t n = map_until_refused(at, PAGE_SIZE);

	for (size_t i = 0; i < n; i += 2)
		machine_unmap(at + i * PAGE_SIZE, 1);
	for (size_t i = 0; i < n; i++)
		GUEST_CHECK(machine_prot_at(at + i * PAGE_SIZE) ==
			    (i % 2 ? MACHINE_RW : MACHINE_NONE));
	for (size_t i = 1; i < n; i += 2)
		machine_unmap(at + i * PAGE_SIZE, 1);
	GUEST_CHECK(machine_map(at, n, MACHINE_RW) == 0);
}

/* The regions are disjoint pages of memory, and modules can be read. */
static void layout(void)
{
	const struct machine_info *info = machine_info();
	uint64_t sum = 0;

	for (uint32_t i = 0; i < info->n_regions; i++) {
		const struct machine_region *a = &info->regions[i];

		GUEST_CHECK(a->start % PAGE_SIZE == 0 && a->size % PAGE_SIZE == 0);
		GUEST_CHECK(a->start >= info->window);
		GUEST_CHECK(a->start - info->window + a->size <= info->memory_size);
		sum += a->size;
		for (uint32_t j = 0; j < i; j++)
			GUEST_CHECK(a->start + a->size <= info->regions[j].start ||
				    info->regions[j].start + info->regions[j].size <= a->start);
	}
	GUEST_CHECK(info->n_modules == 2);
	GUEST_CHECK(memcmp(info->modules[1].start, "layout", 6) == 0);
	GUEST_CHECK(info->modules[1].size == 6);
	guest_say("memory %lu in regions %lu\n", info->memory_size, sum);
}

const struct guest_scenario guest_memory_scenarios[] = {
	{ "permissions", permissions },
	{ "runs", runs },
	{ "invalid", invalid },
	{ "patch", patch },
	{ "patch_outside", patch_outside },
	{ "mappings", mappings },
	{ "neighbours", neighbours },
	{ "layout", layout },
	{ 0 },
};
