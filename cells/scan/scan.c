/* SPDX-License-Identifier: MIT */
/*
 * Walks all memory that may hold a pointer; what to look for is the caller's.
 */
#include <clew/scan.h>

#include <clew/cell.h>
#include <clew/frame.h>
#include <clew/interrupt.h>
#include <clew/linker.h>
#include <clew/machine.h>
#include <clew/recovery.h>
#include <clew/task.h>

/* Nothing runs on the trap stacks while a task does. */
static bool is_trap_stack(uintptr_t address)
{
	uintptr_t low, high;

	interrupt_stack(&low, &high);
	if (address - low < high - low)
		return true;
	recovery_stack(&low, &high);
	return address - low < high - low;
}

CELL_EXPORT bool scan_is_live(uintptr_t address, uintptr_t own_sp, struct task **ret_stack_of)
{
	struct task_memory memory;

	*ret_stack_of = NULL;
	for (uint64_t id = 0; task_memory_next(id, &memory) == 0; id = memory.id) {
		if (address < memory.stack_low || address >= memory.end)
			continue;
		*ret_stack_of = memory.task;
		if (memory.task != task_current())
			return address >= memory.saved_sp;
		/* The registers in its record are of the last time it was interrupted. */
		return address >= own_sp && address < memory.stack_high;
	}
	return !is_trap_stack(address);
}

static void visit_run(uintptr_t start, size_t pages, bool writable_only, scan_page_visitor *visit,
		      void *context)
{
	for (size_t i = 0; i < pages; i++) {
		uintptr_t va = start + i * PAGE_SIZE;
		enum machine_prot prot;

		if (!linker_page_is_used(va))
			continue;
		prot = machine_prot_at(va);
		if (prot == MACHINE_RW || (prot != MACHINE_NONE && !writable_only))
			visit(context, (const uint64_t *)va, PAGE_SIZE / sizeof(uint64_t));
	}
}

CELL_EXPORT void scan_pages(bool writable_only, scan_page_visitor *visit, void *context)
{
	uintptr_t start = 0;
	size_t pages = 0;
	bool used;

	while (frame_next_run(start, &used, &start, &pages) == 0) {
		if (used)
			visit_run(start, pages, writable_only, visit, context);
		start += pages * PAGE_SIZE;
	}
}

CELL("scan", 1, CELL_SERVICE, "walks all memory that may hold a pointer");
