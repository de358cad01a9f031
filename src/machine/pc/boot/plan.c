/* SPDX-License-Identifier: MIT */
/*
 * What of physical memory goes where.
 *
 *	RAM  = whole pages of usable - taken - the chipset's - what is above the limit
 *	free = RAM - the first MiB - image - modules - page tables
 *
 * Modules may lie in the first MiB: GRUB puts small ones there.
 *
 * Usable memory is joined before it is cut to whole pages; of what is taken away,
 * pages that are covered in part go too.  Knows nothing of the loader's formats.
 * Freestanding, no allocation.
 */
#include "base/format.h"
#include "base/string.h"
#include "machine/pc/boot/loader.h"
#include "machine/pc/boot/ranges.h"
#include "machine/pc/layout.h"

#define KIB (1ull << 10)
#define MIB (1ull << 20)
#define GIB (1ull << 30)
#define LARGE_PAGE (2 * MIB)
#define KEPT (MIB / 2)

/* I/O and local APIC, and firmware up to the reset vector: no RAM, whatever the map says. */
#define CHIPSET_START 0xfec00000ull

/* Regions of the system besides free memory and modules: machine, boot, tables, nano_core. */
#define OTHER_REGIONS 4

/* What no free range may touch: whole pages, in any order. */
struct obstacles {
	struct boot_range at[BOOT_RANGES_MAX + 4 + MACHINE_MODULES_MAX];
	uint32_t n;
};

static uint64_t page_down(uint64_t pa)
{
	return pa & ~(PAGE_SIZE - 1);
}

/* The last address that is a page's start, when there is no higher one. */
static uint64_t page_up(uint64_t pa)
{
	return pa > UINT64_MAX - PAGE_SIZE ? page_down(UINT64_MAX) : page_down(pa + PAGE_SIZE - 1);
}

static uint64_t divide_up(uint64_t value, uint64_t unit)
{
	return value / unit + (value % unit != 0);
}

static struct boot_range whole_pages_of(struct boot_range range)
{
	return (struct boot_range){ page_up(range.start), page_down(range.end) };
}

static struct boot_range pages_around(struct boot_range range)
{
	if (!range_size(range))
		return (struct boot_range){ 0, 0 };
	return (struct boot_range){ page_down(range.start), page_up(range.end) };
}

/* The same memory, sorted and apart. */
static struct boot_ranges join(const struct boot_ranges *ranges)
{
	struct boot_ranges joined = { .n = 0 };

	for (uint32_t i = 0; i < ranges->n; i++)
		ranges_add(&joined, ranges->at[i], RANGES_DROP_SMALLEST);
	return joined;
}

/* ---- subtraction --------------------------------------------------------- */

static void add_obstacle(struct obstacles *obstacles, struct boot_range range)
{
	obstacles->at[obstacles->n++] = pages_around(range);
}

/* The first address from `at` on that no obstacle covers. */
static uint64_t skip_obstacles(const struct obstacles *obstacles, uint64_t at)
{
	uint64_t before;

	do {
		before = at;
		for (uint32_t i = 0; i < obstacles->n; i++) {
			if (obstacles->at[i].start <= at && at < obstacles->at[i].end)
				at = obstacles->at[i].end;
		}
	} while (at != before);
	return at;
}

/* Where the first obstacle above `at` begins, `end` when there is none below. */
static uint64_t next_obstacle(const struct obstacles *obstacles, uint64_t at, uint64_t end)
{
	for (uint32_t i = 0; i < obstacles->n; i++) {
		if (range_size(obstacles->at[i]) && obstacles->at[i].start > at &&
		    obstacles->at[i].start < end)
			end = obstacles->at[i].start;
	}
	return end;
}

/* Adds the pages of `range` that no obstacle covers. */
static void add_rest(struct boot_ranges *ranges, struct boot_range range,
		     const struct obstacles *obstacles)
{
	uint64_t at = skip_obstacles(obstacles, range.start);

	while (at < range.end) {
		struct boot_range rest = { at, next_obstacle(obstacles, at, range.end) };

		ranges_add(ranges, rest, RANGES_DROP_SMALLEST);
		at = skip_obstacles(obstacles, rest.end);
	}
}

/* ---- modules ----------------------------------------------------------------- */

static bool is_inside(const struct boot_ranges *ranges, struct boot_range range)
{
	for (uint32_t i = 0; i < ranges->n; i++) {
		if (ranges->at[i].start <= range.start && range.end <= ranges->at[i].end)
			return true;
	}
	return false;
}

static bool is_touched(const struct boot_ranges *ranges, struct boot_range range)
{
	for (uint32_t i = 0; i < ranges->n; i++) {
		if (range_overlaps(ranges->at[i], range))
			return true;
	}
	return false;
}

static int refuse_module(const struct boot_module *module, const char *expected, const char *found,
			 char reterr[BOOT_ERROR_MAX])
{
	return loader_refuse(reterr, "module %s at 0x%jx to 0x%jx: expected %s, found %s",
			     module->name, (uintmax_t)module->range.start,
			     (uintmax_t)module->range.end, expected, found);
}

/* `usable` is joined. */
static int check_place(const struct boot_module *module, const struct boot_loader *loader,
		       const struct boot_ranges *usable, uint64_t limit,
		       char reterr[BOOT_ERROR_MAX])
{
	struct boot_range chipset = { CHIPSET_START, PC_BOOT_REACH };

	if (!range_size(module->range))
		return refuse_module(module, "content", "none", reterr);
	if (module->range.start < PAGE_SIZE)
		return refuse_module(module, "a place above the null page", "it there", reterr);
	if (module->range.end > limit || module->range.end > PC_BOOT_REACH)
		return refuse_module(module, "a place below 4 GiB and the end of memory",
				     "it above", reterr);
	if (!is_inside(usable, module->range) || is_touched(&loader->taken, module->range) ||
	    range_overlaps(chipset, module->range))
		return refuse_module(module, "RAM", "no or reserved RAM in the memory map", reterr);
	return 0;
}

/* Whether they have a page in common, when each has its first and last page for itself. */
static bool share_pages(struct boot_range a, struct boot_range b)
{
	return range_overlaps(pages_around(a), pages_around(b));
}

static int check_apart(const struct boot_plan *plan, uint32_t i, struct boot_range image,
		       char reterr[BOOT_ERROR_MAX])
{
	const struct boot_module *module = &plan->modules[i];

	if (share_pages(module->range, image))
		return refuse_module(module, "pages of its own", "the image in them", reterr);
	for (uint32_t k = 0; k < i; k++) {
		if (share_pages(module->range, plan->modules[k].range))
			return refuse_module(module, "pages of its own", "another module in them",
					     reterr);
		if (string_equal(module->name, plan->modules[k].name))
			return loader_refuse(reterr,
					     "modules: expected names that differ, found two "
					     "called %s",
					     module->name);
	}
	return 0;
}

static int name_modules(struct boot_plan *plan, char reterr[BOOT_ERROR_MAX])
{
	bool has_cells = false;

	for (uint32_t i = 0; i < plan->n_modules; i++) {
		struct boot_module *module = &plan->modules[i];

		if (plan->n_modules == 1 || module->name[0] == 0)
			(void)string_copy(module->name, sizeof(module->name), "cells");
		has_cells = has_cells || string_equal(module->name, "cells");
	}
	if (has_cells)
		return 0;
	return loader_refuse(reterr, "no archive of cells: expected a module (QEMU: -initrd "
				     "build/cells.tar; GRUB: module2 /boot/cells.tar cells), found "
				     "none");
}

static int plan_modules(struct boot_plan *plan, const struct boot_loader *loader,
			struct boot_range image, uint64_t limit, char reterr[BOOT_ERROR_MAX])
{
	struct boot_ranges usable = join(&loader->usable);
	int error;

	plan->n_modules = loader->n_modules;
	memcpy(plan->modules, loader->modules, sizeof(plan->modules));
	error = name_modules(plan, reterr);
	for (uint32_t i = 0; i < plan->n_modules && !error; i++) {
		error = check_place(&plan->modules[i], loader, &usable, limit, reterr);
		if (!error)
			error = check_apart(plan, i, image, reterr);
	}
	return error;
}

/* ---- memory ------------------------------------------------------------------ */

static void find_ram(const struct boot_loader *loader, uint64_t limit, struct boot_ranges *ret)
{
	struct boot_ranges usable = join(&loader->usable), ram = { .n = 0 };
	struct obstacles obstacles = { .n = 0 };

	for (uint32_t i = 0; i < loader->taken.n; i++)
		add_obstacle(&obstacles, loader->taken.at[i]);
	add_obstacle(&obstacles, (struct boot_range){ CHIPSET_START, PC_BOOT_REACH });
	for (uint32_t i = 0; i < usable.n; i++) {
		struct boot_range range = whole_pages_of(usable.at[i]);

		range.end = range.end < limit ? range.end : limit;
		add_rest(&ram, range, &obstacles);
	}
	*ret = ram;
}

static void find_free(struct boot_plan *plan, const struct boot_ranges *ram,
		      struct boot_range image)
{
	struct obstacles obstacles = { .n = 0 };

	add_obstacle(&obstacles, (struct boot_range){ 0, MIB });
	add_obstacle(&obstacles, image);
	for (uint32_t i = 0; i < plan->n_modules; i++)
		add_obstacle(&obstacles, plan->modules[i].range);
	for (uint32_t i = 0; i < ram->n; i++)
		add_rest(&plan->free, ram->at[i], &obstacles);
}

static uint64_t find_memory_end(const struct boot_plan *plan, const struct boot_ranges *ram,
				struct boot_range image)
{
	uint64_t end = page_up(image.end);

	if (ram->n > 0 && ram->at[ram->n - 1].end > end)
		end = ram->at[ram->n - 1].end;
	for (uint32_t i = 0; i < plan->n_modules; i++) {
		if (page_up(plan->modules[i].range.end) > end)
			end = page_up(plan->modules[i].range.end);
	}
	return end;
}

/*
 * Says how much there is and how much would do, in whole MiB and rather too
 * much: of each machine's memory firmware and devices keep up to KEPT, and more
 * memory needs more page tables.
 */
static int refuse_little(uint64_t there, uint64_t missing, char reterr[BOOT_ERROR_MAX])
{
	uint64_t mib = divide_up(there, MIB);

	format_text(reterr, BOOT_ERROR_MAX,
		    "too little memory: expected at least %ju MiB, found %ju MiB",
		    (uintmax_t)(mib + divide_up(missing + missing / 128 + KEPT, MIB)),
		    (uintmax_t)mib);
	return -ENOMEM;
}

/*
 * Pages, as tables.c lays them out (SDM vol. 3, 4.5; one maps 512 of the next):
 *
 *	window	PT:   one for each 2 MiB from 0 to memory_end, holes included
 *		PD:   one for each GiB from 0 to memory_end, at least one
 *		PDPT: one
 *	alias	PD:   one for each GiB from 0 to memory_end, at least one
 *		PDPT: one
 *		PD and PT for the local APIC's page: one each
 *	PML4	one
 */
uint64_t boot_tables_size(uint64_t memory_end)
{
	uint64_t tables = divide_up(memory_end, LARGE_PAGE);
	uint64_t directories = memory_end ? divide_up(memory_end, GIB) : 1;

	return (tables + 2 * directories + 5) * PAGE_SIZE;
}

uint64_t boot_take(struct boot_plan *plan, uint64_t size)
{
	size = page_up(size);
	for (uint32_t i = plan->free.n; i-- > 0;) {
		struct boot_range *range = &plan->free.at[i];
		uint64_t start;

		if (size == 0 || range->end > PC_BOOT_REACH || range_size(*range) < size)
			continue;
		start = range->end - size;
		range->end = start;
		if (!range_size(*range))
			ranges_remove(&plan->free, i);
		return start;
	}
	return 0;
}

static int place_tables(struct boot_plan *plan, uint64_t there, char reterr[BOOT_ERROR_MAX])
{
	uint64_t size = boot_tables_size(plan->memory_end);
	uint64_t needed = size + BOOT_FREE_MIN, found = ranges_total(&plan->free);

	if (found < needed)
		return refuse_little(there, needed - found, reterr);
	plan->tables.start = boot_take(plan, size);
	if (plan->tables.start == 0) {
		format_text(reterr, BOOT_ERROR_MAX,
			    "too little memory: expected %ju KiB below 4 GiB in one piece for page "
			    "tables, found none",
			    (uintmax_t)(size / KIB));
		return -ENOMEM;
	}
	plan->tables.end = plan->tables.start + size;
	return 0;
}

int boot_plan(const struct boot_loader *loader, struct boot_range image, uint64_t limit,
	      struct boot_plan *ret, char reterr[BOOT_ERROR_MAX])
{
	struct boot_plan plan = { .n_modules = 0 };
	struct boot_ranges ram;
	int error;

	limit = page_down(limit);
	error = plan_modules(&plan, loader, image, limit, reterr);
	if (error)
		return error;
	find_ram(loader, limit, &ram);
	find_free(&plan, &ram, image);
	plan.memory_end = find_memory_end(&plan, &ram, image);
	error = place_tables(&plan, ranges_total(&ram), reterr);
	if (error)
		return error;
	ranges_keep_largest(&plan.free, MACHINE_REGIONS_MAX - OTHER_REGIONS - plan.n_modules);
	*ret = plan;
	return 0;
}
