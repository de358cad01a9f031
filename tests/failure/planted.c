/* SPDX-License-Identifier: MIT */
/*
 * Operations that are wrong: each leaves one thing behind when its request
 * fails, as a forgotten undo would.  They show that the dump sees it.
 */
#include "operations.h"

#include <clew/heap.h>
#include <clew/linker.h>
#include <clew/machine.h>
#include <clew/memory.h>

#include "base/string.h"
#include "link/record.h"

/* The request that fails, with words. */
static int ask(struct diag *reterr)
{
	OWN(heap_block, block) = OWNER_EMPTY;

	string_copy(reterr->what, sizeof(reterr->what), "planted");
	return heap_block_new(1000, &block);
}

static uintptr_t address_of(const char *symbol)
{
	uintptr_t address;

	return linker_symbol(namespace_root(), symbol, &address) < 0 ? 0 : address;
}

int planted_block(const struct operation *operation, struct held *held, struct diag *reterr)
{
	OWN(heap_block, block) = OWNER_EMPTY;
	int r = heap_block_new(24, &block);

	string_copy(reterr->what, sizeof(reterr->what), "planted");
	(void)operation;
	(void)held;
	if (r == 0)
		r = ask(reterr);
	if (r < 0)
		block.word = 0;
	return r;
}

int planted_pages(const struct operation *operation, struct held *held, struct diag *reterr)
{
	OWN(map_rw, pages) = OWNER_EMPTY;
	int r = map_rw_new(1, FRAME_BUFFER, &pages);

	string_copy(reterr->what, sizeof(reterr->what), "planted");
	(void)operation;
	(void)held;
	if (r == 0)
		r = ask(reterr);
	if (r < 0)
		pages.word = 0;
	return r;
}

int planted_permission(const struct operation *operation, struct held *held, struct diag *reterr)
{
	uintptr_t page = address_of(operation->words[1]) & -PAGE_SIZE;
	int r = ask(reterr);

	(void)held;
	if (r < 0 && machine_map(page, 1, MACHINE_RX) == 0 && machine_map(page, 1, MACHINE_R) < 0)
		return 1;
	return r;
}

int planted_reference(const struct operation *operation, struct held *held, struct diag *reterr)
{
	int r = ask(reterr);

	(void)operation;
	(void)held;
	if (r < 0)
		(void)namespace_ref_ref(namespace_root());
	return r;
}

int planted_entry(const struct operation *operation, struct held *held, struct diag *reterr)
{
	int r = ask(reterr);

	(void)held;
	if (r < 0)
		(void)address_of(operation->words[1]);
	return r;
}

int planted_state(const struct operation *operation, struct held *held, struct diag *reterr)
{
	uint64_t (*next)(void) = (uint64_t(*)(void))address_of(operation->words[1]);
	int r = ask(reterr);

	(void)held;
	if (r < 0)
		(void)next();
	return r;
}

/* A letter in a record of the heap, which nothing follows. */
int planted_contents(const struct operation *operation, struct held *held, struct diag *reterr)
{
	struct link_cell *cell = linker_cell(namespace_root(), operation->words[0]);
	int r = ask(reterr);

	(void)held;
	if (r < 0)
		cell->summary[0]++;
	return r;
}

int planted_slot(const struct operation *operation, struct held *held, struct diag *reterr)
{
	struct dependency_info slot;
	int r = ask(reterr);
	uint64_t word;

	(void)held;
	if (r == 0 || linker_dependency(namespace_root(), operation->words[0], 0, &slot) < 0)
		return r;
	word = *(const uint64_t *)slot.slot + 1;
	machine_patch(slot.slot, &word, sizeof(word));
	return r;
}

int planted_cell(const struct operation *operation, struct held *held, struct diag *reterr)
{
	int r = linker_load(namespace_root(), operation->words[1], reterr);

	(void)held;
	return r == 0 ? ask(reterr) : r;
}

static int linger(void *argument)
{
	(void)argument;
	task_sleep(10 * NS_PER_MS);
	return 0;
}

int planted_task(const struct operation *operation, struct held *held, struct diag *reterr)
{
	task_handle task = OWNER_EMPTY;
	int r = ask(reterr);

	(void)operation;
	(void)held;
	if (r < 0 && task_spawn(linger, NULL, 0, NULL, &task) == 0)
		task_detach(MOVE(task));
	return r;
}
