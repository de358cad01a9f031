/* SPDX-License-Identifier: MIT */
/*
 * The pc machine's way from the loader to nano_core, step by step.
 */
#include "machine/pc/boot/boot.h"

#include "base/string.h"
#include "machine/apic_timer.h"
#include "machine/pc/end.h"
#include "machine/pc/memory.h"
#include "machine/pc/pc.h"
#include "machine/pc/trap.h"

#define MEMORY_LIMIT (64ull << 30)

enum loader {
	LOADER_PVH,
	LOADER_MULTIBOOT2,
};

/* pc.ld */
extern const uint8_t resident_start[], resident_end[], boot_text[], boot_end[];

_Noreturn void boot_main(enum loader loader, uint64_t info);

const void *boot_memory(uint64_t pa, uint64_t size)
{
	if (size > PC_BOOT_REACH || pa > PC_BOOT_REACH - size)
		return NULL;
	return pc_alias(pa);
}

static uint64_t pa_of(const uint8_t *symbol)
{
	return (uintptr_t)symbol - PC_WINDOW;
}

static void read_loader(enum loader loader, uint64_t info, struct boot_loader *ret)
{
	char error[BOOT_ERROR_MAX];
	int r = loader == LOADER_PVH ? boot_read_pvh(info, ret, error)
				     : boot_read_multiboot2(info, ret, error);

	if (r < 0)
		boot_fail("%s", error);
}

static void read_words(const struct boot_loader *loader)
{
	struct boot_words words = { 0 };
	char error[BOOT_ERROR_MAX];
	int r = boot_parse_words(loader->words, &words, error);

	pc.has_debug_exit = words.debug_exit;
	if (r < 0)
		boot_fail("%s", error);
	pc.info.flags = words.flags;
	pc.seed = words.seed;
}

static void make_plan(const struct boot_loader *loader, struct boot_plan *ret)
{
	struct boot_range image = { pa_of(resident_start), pa_of(boot_end) };
	char error[BOOT_ERROR_MAX];

	if (boot_plan(loader, image, MEMORY_LIMIT, ret, error) < 0)
		boot_fail("%s", error);
}

/* ---- what the system is told -------------------------------------------------- */

static void describe(const struct boot_plan *plan)
{
	struct machine_info *info = &pc.info;

	string_copy(info->name, sizeof(info->name), "pc");
	info->window = PC_WINDOW;
	info->memory_size = plan->memory_end;
	info->symbols = pc_symbols;
	info->n_symbols = PC_SYMBOLS;
	for (uint32_t i = 0; i < plan->n_modules; i++) {
		const struct boot_module *from = &plan->modules[i];
		struct machine_module *module = &info->modules[info->n_modules++];

		string_copy(module->name, sizeof(module->name), from->name);
		module->start = (const void *)(PC_WINDOW + from->range.start);
		module->size = from->range.end - from->range.start;
	}
}

static void add_region(uint64_t start, uint64_t end, enum machine_region_kind kind)
{
	struct machine_region *region = &pc.info.regions[pc.info.n_regions];

	if (start == end)
		return;
	if (pc.info.n_regions++ == MACHINE_REGIONS_MAX)
		boot_fail("memory map: expected at most %d regions, found more",
			  MACHINE_REGIONS_MAX);
	region->start = PC_WINDOW + start;
	region->size = end - start;
	region->kind = kind;
}

static void add_regions(const struct boot_plan *plan, const struct boot_nano *nano)
{
	add_region(pa_of(resident_start), pa_of(resident_end), MACHINE_REGION_MACHINE);
	add_region(pa_of(boot_text), pa_of(boot_end), MACHINE_REGION_BOOT);
	add_region(plan->tables.start, plan->tables.end, MACHINE_REGION_MACHINE);
	add_region(nano->range.start, nano->range.end, MACHINE_REGION_NANO_CORE);
	for (uint32_t i = 0; i < plan->n_modules; i++)
		add_region(plan->modules[i].range.start & -PAGE_SIZE,
			   (plan->modules[i].range.end + PAGE_SIZE - 1) & -PAGE_SIZE,
			   MACHINE_REGION_MODULE);
	for (uint32_t i = 0; i < plan->free.n; i++)
		add_region(plan->free.at[i].start, plan->free.at[i].end, MACHINE_REGION_FREE);
}

/* ---- the way ------------------------------------------------------------------- */

_Noreturn void boot_main(enum loader loader, uint64_t info)
{
	static struct boot_loader told;
	static struct boot_plan plan;
	struct boot_acpi acpi = { .power = &pc.power };
	struct boot_nano nano;
	bool has_serial = boot_serial_init();

	read_loader(loader, info, &told);
	read_words(&told);
	if (!has_serial)
		boot_fail("serial port: expected a 16550 at port 0x%x, found none", MACHINE_COM1);
	make_plan(&told, &plan);
	boot_read_acpi(&told, &acpi);
	boot_start_devices(&acpi);
	pc.info.timer_hz = boot_calibrate();
	if (pc.info.flags & MACHINE_SEEDED)
		pc.info.timer_hz = APIC_TIMER_HZ;
	boot_load_segments();
	boot_build_tables(&plan, &acpi);
	describe(&plan);
	boot_find_members();
	boot_link_nano_core(&plan, &nano);
	add_regions(&plan, &nano);
	boot_seal();
	trap_enter(nano.entry, &pc.info, PC_WINDOW + nano.range.end);
}
