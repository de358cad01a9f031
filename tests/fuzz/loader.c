/* SPDX-License-Identifier: MIT */
/*
 * What a boot loader says, by PVH or by multiboot2: any bytes are taken or
 * refused with a sentence; the plan of what is taken hands out whole pages of
 * RAM, each once.
 *
 * Input: a byte (odd: PVH), then physical memory from INFO on.
 */
#include <stdlib.h>
#include <string.h>

#include "../machine/physical.h"
#include "fuzz.h"
#include "machine/pc/boot/boot.h"

#define INFO 0x1000
#define LIMIT (64ull << 30)
#define IMAGE_START 0x100000
#define IMAGE_END 0x180000

static bool overlaps(struct boot_range a, struct boot_range b)
{
	return a.start < b.end && b.start < a.end && a.start < a.end && b.start < b.end;
}

static void check_apart(struct boot_range range, const struct boot_loader *loader,
			const struct boot_plan *plan)
{
	FUZZ_REQUIRE(range.start % PAGE_SIZE == 0 && range.end % PAGE_SIZE == 0);
	FUZZ_REQUIRE(range.start < range.end && range.start >= 0x100000 && range.end <= LIMIT);
	FUZZ_REQUIRE(!overlaps(range, (struct boot_range){ IMAGE_START, IMAGE_END }));
	for (uint32_t i = 0; i < loader->taken.n; i++)
		FUZZ_REQUIRE(!overlaps(range, loader->taken.at[i]));
	for (uint32_t i = 0; i < plan->n_modules; i++)
		FUZZ_REQUIRE(!overlaps(range, plan->modules[i].range));
}

/* Page by page would be long: where the range leaves one piece of RAM, another goes on. */
static void check_usable(struct boot_range range, const struct boot_loader *loader)
{
	uint64_t at = range.start, before;

	do {
		before = at;
		for (uint32_t i = 0; i < loader->usable.n; i++) {
			if (loader->usable.at[i].start <= at && loader->usable.at[i].end > at)
				at = loader->usable.at[i].end;
		}
	} while (at != before && at < range.end);
	FUZZ_REQUIRE(at >= range.end);
}

static void check_plan(const struct boot_loader *loader, const struct boot_plan *plan)
{
	FUZZ_REQUIRE(plan->free.n <= BOOT_RANGES_MAX && plan->n_modules == loader->n_modules);
	for (uint32_t i = 0; i < plan->free.n; i++) {
		check_apart(plan->free.at[i], loader, plan);
		check_usable(plan->free.at[i], loader);
		FUZZ_REQUIRE(i == 0 || plan->free.at[i - 1].end <= plan->free.at[i].start);
		FUZZ_REQUIRE(!overlaps(plan->free.at[i], plan->tables));
		FUZZ_REQUIRE(plan->free.at[i].end <= plan->memory_end);
	}
	check_apart(plan->tables, loader, plan);
	check_usable(plan->tables, loader);
	FUZZ_REQUIRE(plan->tables.end - plan->tables.start == boot_tables_size(plan->memory_end));
	for (uint32_t i = 0; i < plan->n_modules; i++) {
		FUZZ_REQUIRE(memchr(plan->modules[i].name, 0, sizeof(plan->modules[i].name)));
		check_usable(plan->modules[i].range, loader);
	}
}

static void check_loader(const struct boot_loader *loader)
{
	FUZZ_REQUIRE(loader->n_modules <= MACHINE_MODULES_MAX);
	FUZZ_REQUIRE(loader->usable.n <= BOOT_RANGES_MAX && loader->taken.n <= BOOT_RANGES_MAX);
	FUZZ_REQUIRE(memchr(loader->words, 0, sizeof(loader->words)) != NULL);
	FUZZ_REQUIRE(loader->rsdp_copy_size <= sizeof(loader->rsdp_copy));
	for (uint32_t i = 0; i < loader->n_modules; i++)
		FUZZ_REQUIRE(memchr(loader->modules[i].name, 0, sizeof(loader->modules[i].name)));
}

static void check_refusal(int r, const char *error)
{
	FUZZ_REQUIRE(r == -EINVAL || r == -ENOMEM);
	FUZZ_REQUIRE(error[0] && memchr(error, 0, BOOT_ERROR_MAX) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct boot_range image = { IMAGE_START, IMAGE_END };
	struct fuzz_input input = { data, size };
	bool is_pvh = fuzz_byte(&input) & 1;
	char error[BOOT_ERROR_MAX] = "";
	struct boot_loader loader, untouched;
	struct boot_plan plan;
	int r;

	memset(&loader, 0xa5, sizeof(loader));
	untouched = loader;
	physical_put(INFO, input.at, input.left);
	r = is_pvh ? boot_read_pvh(INFO, &loader, error)
		   : boot_read_multiboot2(INFO, &loader, error);
	physical_clear();
	if (r < 0) {
		FUZZ_REQUIRE(memcmp(&loader, &untouched, sizeof(loader)) == 0);
		check_refusal(r, error);
		return 0;
	}
	FUZZ_REQUIRE(error[0] == 0);
	check_loader(&loader);
	r = boot_plan(&loader, image, LIMIT, &plan, error);
	if (r < 0)
		check_refusal(r, error);
	else
		check_plan(&loader, &plan);
	fuzz_accepted += r == 0;
	return 0;
}
