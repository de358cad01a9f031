/* SPDX-License-Identifier: MIT */
/*
 * The page tables that the system runs on, built once.
 *
 * In plan->tables, in this order (boot_tables_size() counts the same):
 *
 *	PT  of the window: one for each 2 MiB from 0 to the end of memory
 *	PD  of the window: one for each GiB;	PDPT of the window
 *	PD  of the alias: one for each GiB;	PDPT of the alias
 *	PD and PT for the local APIC's page in the alias;	PML4
 *
 * The window begins with the image's pages and the modules accessible, all else
 * is without permission; what is no RAM or not the system's is locked.  The
 * alias has large pages for RAM, and the APIC's registers uncached.
 */
#include "base/string.h"
#include "machine/pc/boot/boot.h"
#include "machine/pc/cpu.h"
#include "machine/pc/page.h"
#include "machine/pc/pc.h"

#define GIB (1ull << 30)

/* pc.ld */
extern const uint8_t resident_start[], resident_constants[], resident_sealed[], resident_data[],
	resident_end[];
extern const uint8_t boot_text[], boot_constants[], boot_data[], boot_end[];

struct tables {
	uint64_t *window_pt, *window_pd, *window_pdpt;
	uint64_t *alias_pd, *alias_pdpt, *apic_pd, *apic_pt, *pml4;
	uint64_t units, gibs;
};

static uint64_t physical(const void *at)
{
	return (uintptr_t)at - PC_ALIAS;
}

static uint64_t *take_pages(uint64_t *at, uint64_t pages)
{
	uint64_t *pages_at = (uint64_t *)*at;

	*at += pages * PAGE_SIZE;
	return pages_at;
}

static void place(struct tables *tables, const struct boot_plan *plan)
{
	uint64_t at = (uintptr_t)pc_alias(plan->tables.start);

	tables->units = (plan->memory_end + PAGE_UNIT - 1) / PAGE_UNIT;
	tables->gibs = (plan->memory_end + GIB - 1) / GIB;
	tables->window_pt = take_pages(&at, tables->units);
	tables->window_pd = take_pages(&at, tables->gibs);
	tables->window_pdpt = take_pages(&at, 1);
	tables->alias_pd = take_pages(&at, tables->gibs);
	tables->alias_pdpt = take_pages(&at, 1);
	tables->apic_pd = take_pages(&at, 1);
	tables->apic_pt = take_pages(&at, 1);
	tables->pml4 = take_pages(&at, 1);
	if (at > (uintptr_t)pc_alias(plan->tables.end))
		boot_fail("page tables: expected at most %lu bytes, found more needed",
			  plan->tables.end - plan->tables.start);
	memset(tables->window_pt, 0, at - (uintptr_t)tables->window_pt);
}

static bool is_in(const struct boot_range *range, uint64_t pa)
{
	return pa >= range->start && pa < range->end;
}

/* ---- the window --------------------------------------------------------------- */

static void set_pages(struct tables *tables, uint64_t start, uint64_t end, uint64_t bits)
{
	for (uint64_t pa = start; pa < end; pa += PAGE_SIZE)
		tables->window_pt[pa / PAGE_SIZE] = pa | bits;
}

static uint64_t pa_of(const uint8_t *symbol)
{
	return (uintptr_t)symbol - PC_WINDOW;
}

/* What stays of the image is locked. */
static void set_image(struct tables *tables)
{
	set_pages(tables, pa_of(resident_start), pa_of(resident_constants), PAGE_RX | PAGE_LOCKED);
	set_pages(tables, pa_of(resident_constants), pa_of(resident_sealed), PAGE_R | PAGE_LOCKED);
	set_pages(tables, pa_of(resident_sealed), pa_of(resident_end), PAGE_RW | PAGE_LOCKED);
	set_pages(tables, pa_of(boot_text), pa_of(boot_constants), PAGE_RX);
	set_pages(tables, pa_of(boot_constants), pa_of(boot_data), PAGE_R);
	set_pages(tables, pa_of(boot_data), pa_of(boot_end), PAGE_RW);
}

static void fill_window(struct tables *tables, const struct boot_plan *plan)
{
	set_pages(tables, 0, tables->units * PAGE_UNIT, PAGE_LOCKED);
	for (uint32_t i = 0; i < plan->free.n; i++)
		set_pages(tables, plan->free.at[i].start, plan->free.at[i].end, 0);
	for (uint32_t i = 0; i < plan->n_modules; i++)
		set_pages(tables, plan->modules[i].range.start & -PAGE_SIZE,
			  plan->modules[i].range.end, PAGE_R);
	set_image(tables);
	for (uint64_t i = 0; i < tables->units; i++)
		tables->window_pd[i] = physical(tables->window_pt + i * PAGE_ENTRIES) | PAGE_TABLE;
	for (uint64_t i = 0; i < tables->gibs; i++)
		tables->window_pdpt[i] =
			physical(tables->window_pd + i * PAGE_ENTRIES) | PAGE_TABLE;
	tables->pml4[PC_WINDOW_SLOT] = physical(tables->window_pdpt) | PAGE_TABLE;
}

/* ---- the alias ---------------------------------------------------------------- */

/* Whether any page of the unit is what the alias is for: memory the system has, or tables. */
static bool unit_is_ram(const struct tables *tables, const struct boot_plan *plan, uint64_t unit)
{
	for (uint64_t i = 0; i < PAGE_ENTRIES; i++) {
		uint64_t page = unit * PAGE_ENTRIES + i;

		if (!(tables->window_pt[page] & PAGE_LOCKED) ||
		    is_in(&plan->tables, page * PAGE_SIZE))
			return true;
	}
	return false;
}

static void add_apic(struct tables *tables, uint64_t pa)
{
	uint64_t gib = pa / GIB, *pd = tables->alias_pd + gib * PAGE_ENTRIES;

	if (pa % PAGE_SIZE || gib >= PAGE_ENTRIES)
		boot_fail("local APIC: expected a page below 512 GiB, found 0x%lx", pa);
	if (gib >= tables->gibs) {
		pd = tables->apic_pd;
		tables->alias_pdpt[gib] = physical(pd) | PAGE_TABLE;
	}
	if (pd[pa / PAGE_UNIT % PAGE_ENTRIES] != 0)
		boot_fail("local APIC: expected no memory at 0x%lx, found some", pa);
	pd[pa / PAGE_UNIT % PAGE_ENTRIES] = physical(tables->apic_pt) | PAGE_TABLE;
	tables->apic_pt[pa / PAGE_SIZE % PAGE_ENTRIES] =
		pa | PAGE_RW | PAGE_UNCACHED | PAGE_WRITE_THROUGH;
	pc.lapic = (uintptr_t)pc_alias(pa);
}

static void fill_alias(struct tables *tables, const struct boot_plan *plan, uint64_t apic)
{
	for (uint64_t unit = 0; unit < tables->units; unit++) {
		if (unit_is_ram(tables, plan, unit))
			tables->alias_pd[unit] = unit * PAGE_UNIT | PAGE_RW | PAGE_LARGE;
	}
	for (uint64_t i = 0; i < tables->gibs; i++)
		tables->alias_pdpt[i] = physical(tables->alias_pd + i * PAGE_ENTRIES) | PAGE_TABLE;
	add_apic(tables, apic);
	tables->pml4[PC_ALIAS_SLOT] = physical(tables->alias_pdpt) | PAGE_TABLE;
}

void boot_build_tables(const struct boot_plan *plan, const struct boot_acpi *acpi)
{
	struct tables tables;

	place(&tables, plan);
	fill_window(&tables, plan);
	fill_alias(&tables, plan, acpi->lapic);
	pc.tables = physical(tables.window_pt);
	pc.directories = physical(tables.window_pd);
	cpu_write_cr3(physical(tables.pml4));
}

void boot_seal(void)
{
	uint64_t *entries = pc_alias(pc.tables);
	uint64_t end = pa_of(resident_data);

	for (uint64_t pa = pa_of(resident_sealed); pa < end; pa += PAGE_SIZE)
		entries[pa / PAGE_SIZE] = pa | PAGE_R | PAGE_LOCKED;
	cpu_write_cr3(cpu_read_cr3());
}
