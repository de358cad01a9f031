/* SPDX-License-Identifier: MIT */
/*
 * Links nano_core.o out of the archive and puts it into memory with its stack.
 *
 * The system's page tables are active: memory that nobody has yet is reached
 * through the alias.  What linking needs of it is taken from the low end of the
 * largest free range, borrowed until nano_core is in its place, and left zero.
 */
#include "machine/pc/boot/boot.h"

#include "base/format.h"
#include "base/string.h"
#include "base/tar.h"
#include "link/bind.h"
#include "machine/pc/memory.h"
#include "machine/pc/pc.h"

#define NANO_NAME "nano_core.o"
#define NANO_ENTRY "nano_core_start"
#define NANO_STACK_PAGES 16 /* at the end of nano_core's region */
#define NANO_ALIGN 16

/* Physical memory [start, end), taken up to `at`. */
struct nano_scratch {
	uint64_t start, at, end;
};

static struct nano_scratch scratch_open(const struct boot_plan *plan)
{
	struct nano_scratch scratch = { 0 };

	for (uint32_t i = 0; i < plan->free.n; i++) {
		const struct boot_range *range = &plan->free.at[i];

		if (range->end - range->start > scratch.end - scratch.start)
			scratch = (struct nano_scratch){ range->start, range->start, range->end };
	}
	return scratch;
}

static void *scratch_allocate(void *context, size_t size)
{
	struct nano_scratch *scratch = context;
	size_t whole = (size + NANO_ALIGN - 1) & ~(size_t)(NANO_ALIGN - 1);
	void *memory = pc_alias(scratch->at);

	if (whole < size || whole > scratch->end - scratch->at)
		return NULL;
	scratch->at += whole;
	return memset(memory, 0, whole);
}

static void scratch_close(const struct nano_scratch *scratch)
{
	memset(pc_alias(scratch->start), 0, scratch->at - scratch->start);
}

/* "nano_core.o, section .text, symbol f, offset 0x10", then what is wrong with it. */
static _Noreturn void nano_fail(const struct diag *diag, int r)
{
	char section[56] = "", symbol[88] = "", offset[32] = "";

	if (diag->section[0])
		format_text(section, sizeof(section), ", section %s", diag->section);
	if (diag->symbol[0])
		format_text(symbol, sizeof(symbol), ", symbol %s", diag->symbol);
	if (diag->offset != DIAG_NO_OFFSET)
		format_text(offset, sizeof(offset), ", offset 0x%lx", diag->offset);
	boot_fail("%s%s%s%s: %s: expected %s, found %s (error %d)",
		  diag->cell[0] ? diag->cell : NANO_NAME, section, symbol, offset,
		  diag->what[0] ? diag->what : "cannot be linked",
		  diag->expected[0] ? diag->expected : "an object", diag->found, -r);
}

static struct tar_member nano_find(void)
{
	const struct machine_module *cells = boot_find_module("cells");
	struct tar_member member;
	char error[BOOT_ERROR_MAX];

	if (!cells)
		boot_fail(
			"expected a module \"cells\" (cells.tar: QEMU's -initrd, GRUB's module2), "
			"found %u modules of other names",
			pc.info.n_modules);
	if (boot_find_member(cells->start, cells->size, NANO_NAME, &member, error) < 0)
		boot_fail("%s", error);
	return member;
}

/* Takes its pages off the plan; scratch memory ends where they begin. */
static struct boot_range nano_place(struct boot_plan *plan, const struct link_bind *bind,
				    struct nano_scratch *scratch)
{
	uint64_t size = (bind->pages + NANO_STACK_PAGES) << PAGE_SHIFT;
	uint64_t start = boot_take(plan, size);

	if (start == 0 || (start < scratch->at && start + size > scratch->start))
		boot_fail(NANO_NAME ": not enough memory: expected %lu KiB of free memory in one "
				    "piece and %lu KiB to link in, found less",
			  size >> 10, (scratch->at - scratch->start + 1023) >> 10);
	if (start >= scratch->start && start < scratch->end)
		scratch->end = start;
	return (struct boot_range){ start, start + size };
}

static void nano_map(uint64_t pa, uint64_t pages, enum machine_prot prot)
{
	int r = memory_map(PC_WINDOW + pa, pages, prot);

	if (r < 0)
		boot_fail(NANO_NAME ": expected %lu pages at physical address 0x%lx to take a "
				    "permission, found a refusal (error %d)",
			  pages, pa, -r);
}

static void nano_write(const struct link_bind *bind, struct boot_range range)
{
	const struct link_object *object = &bind->object;

	memset(pc_alias(range.start), 0, range.end - range.start);
	for (size_t i = 0; i < LINK_POOLS; i++) {
		size_t pages = link_bind_pool_pages(bind, i);
		uint64_t pa = object->base[i] - PC_WINDOW;

		if (pages == 0)
			continue;
		memcpy(pc_alias(pa), object->image[i], object->size[i]);
		nano_map(pa, pages, link_bind_prot(i));
	}
	nano_map(range.end - NANO_STACK_PAGES * PAGE_SIZE, NANO_STACK_PAGES, MACHINE_RW);
}

void boot_link_nano_core(struct boot_plan *plan, struct boot_nano *ret)
{
	struct nano_scratch scratch = scratch_open(plan);
	struct tar_member member = nano_find();
	struct diag diag = { .offset = DIAG_NO_OFFSET };
	struct link_bind bind;
	int r;

	r = link_bind_open(&bind, NANO_NAME, member.bytes, member.size, scratch_allocate, &scratch,
			   &diag);
	if (r < 0)
		nano_fail(&diag, r);
	ret->range = nano_place(plan, &bind, &scratch);
	r = link_bind_at(&bind, PC_WINDOW + ret->range.start, pc.info.symbols, pc.info.n_symbols,
			 NANO_ENTRY, &ret->entry, &diag);
	if (r < 0)
		nano_fail(&diag, r);
	nano_write(&bind, ret->range);
	scratch_close(&scratch);
}
