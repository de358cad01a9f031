/* SPDX-License-Identifier: MIT */
/*
 * The plan of physical memory against a map of its bytes: 10,000 random maps,
 * each painted grain by grain and read off again.
 *
 * A grain is 512 bytes, so that ranges cut pages in parts, with memory of 24 MiB;
 * or 1 MiB, with addresses up to 66 GiB.  The painted map knows nothing of lists.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/pc/boot/boot.h"
#include "tap.h"

#define MIB (1ull << 20)
#define GIB (1ull << 30)
#define GRAINS_MAX (66 * 1024)
#define ROUNDS 5000

/* How a round is drawn: everything in grains of `grain` bytes. */
struct scale {
	uint64_t grain, grains, unit; /* unit: what free memory comes in, a page or a grain */
	uint64_t low_grains;	      /* where image and modules lie */
	uint64_t scarce;	      /* 1024ths of these that there are when memory is scarce */
};

static const struct scale scales[] = {
	{ 512, 24 * MIB / 512, PAGE_SIZE, 16 * MIB / 512, 368 },
	{ MIB, 66 * 1024, MIB, 5 * 1024, 20 },
};

enum paint {
	PAINT_USABLE = 1,
	PAINT_TAKEN = 2,  /* the map's */
	PAINT_BARRED = 4, /* the chipset's, or above the limit */
	PAINT_KEPT = 8,	  /* image, modules, first MiB: whole units of them */
};

static uint8_t map[GRAINS_MAX];
static uint64_t random_state;

/* xorshift64*: Vigna, An experimental exploration of Marsaglia's xorshift generators, 2014. */
static uint64_t random_below(uint64_t limit)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545f4914f6cdd1dull % limit;
}

/* Half of the bounds lie on units. */
static uint64_t random_bound(const struct scale *scale, uint64_t grains)
{
	uint64_t bound = random_below(grains + 1) * scale->grain;

	return random_below(2) ? bound : bound / scale->unit * scale->unit;
}

static struct boot_range random_range(const struct scale *scale, uint64_t grains, uint64_t longest)
{
	uint64_t start = random_bound(scale, grains);

	return (struct boot_range){ start, start + random_bound(scale, longest) };
}

struct round {
	const struct scale *scale;
	struct boot_loader loader;
	struct boot_range image;
	uint64_t limit;
};

static void draw(struct round *round, const struct scale *scale)
{
	static const char *const names[] = { "cells", "script", "third", "fourth" };
	struct boot_loader *loader = &round->loader;
	uint64_t low = scale->low_grains;
	bool is_scarce = random_below(4) == 0;

	memset(round, 0, sizeof(*round));
	round->scale = scale;
	loader->usable.n = 1 + (uint32_t)random_below(is_scarce ? 2 : 12);
	if (is_scarce)
		low = low * scale->scarce / 1024;
	for (uint32_t i = 0; i < loader->usable.n; i++)
		loader->usable.at[i] = random_range(scale, scale->grains, scale->grains / 4);
	if (random_below(8) != 0) /* most of low memory, or nearly all plans would fail */
		loader->usable.at[0] = (struct boot_range){ 0, low * scale->grain };
	loader->taken.n = (uint32_t)random_below(12);
	for (uint32_t i = 0; i < loader->taken.n; i++)
		loader->taken.at[i] = random_range(scale, scale->grains, scale->grains / 64);
	loader->n_modules = 1 + (uint32_t)random_below(MACHINE_MODULES_MAX);
	for (uint32_t i = 0; i < loader->n_modules; i++) {
		strcpy(loader->modules[i].name, names[i]);
		loader->modules[i].range = random_range(scale, low, low / 32);
	}
	round->image.start = MIB;
	round->image.end = MIB + (1 + random_below(MIB / 512)) * 512;
	round->limit = scale->grains * scale->grain;
	if (random_below(2))
		round->limit -= random_below(scale->grains / 8) * scale->grain;
}

/* ---- what the map says --------------------------------------------------------- */

static void paint(const struct scale *scale, struct boot_range range, uint8_t color)
{
	uint64_t first = range.start / scale->grain;
	uint64_t end = (range.end + scale->grain - 1) / scale->grain;

	for (uint64_t i = first; i < end && i < scale->grains; i++)
		map[i] |= color;
}

static struct boot_range units_around(const struct scale *scale, struct boot_range range)
{
	return (struct boot_range){ range.start / scale->unit * scale->unit,
				    (range.end + scale->unit - 1) / scale->unit * scale->unit };
}

/* The colors that some grain of the range has, and in ret_all those that all have. */
static uint8_t colors(const struct scale *scale, struct boot_range range, uint8_t *ret_all)
{
	uint8_t any = 0, all = 0xff;

	for (uint64_t at = range.start; at < range.end; at += scale->grain) {
		uint64_t i = at / scale->grain;
		uint8_t color = i < scale->grains ? map[i] : PAINT_BARRED;

		any |= color;
		all &= color;
	}
	*ret_all = all;
	return any;
}

static bool is_module_good(const struct round *round, struct boot_range range)
{
	uint8_t any, all;

	if (range.start == range.end || range.start < PAGE_SIZE || range.end > 4 * GIB)
		return false;
	any = colors(round->scale, range, &all);
	if (!(all & PAINT_USABLE) || any & (PAINT_TAKEN | PAINT_BARRED))
		return false;
	/* Pages, where the rest of the round is about units. */
	range.start &= -PAGE_SIZE;
	range.end = (range.end + PAGE_SIZE - 1) & -PAGE_SIZE;
	return range.end <= round->image.start ||
	       range.start >= ((round->image.end + PAGE_SIZE - 1) & -PAGE_SIZE);
}

static bool are_modules_good(const struct round *round)
{
	for (uint32_t i = 0; i < round->loader.n_modules; i++) {
		struct boot_range a = round->loader.modules[i].range;

		if (!is_module_good(round, a))
			return false;
		a = (struct boot_range){ a.start & -PAGE_SIZE,
					 (a.end + PAGE_SIZE - 1) & -PAGE_SIZE };
		for (uint32_t k = 0; k < i; k++) {
			struct boot_range b = round->loader.modules[k].range;

			if (a.start < ((b.end + PAGE_SIZE - 1) & -PAGE_SIZE) &&
			    (b.start & -PAGE_SIZE) < a.end)
				return false;
		}
	}
	return true;
}

static void paint_map(const struct round *round)
{
	const struct boot_loader *loader = &round->loader;
	const struct scale *scale = round->scale;

	memset(map, 0, sizeof(map));
	for (uint32_t i = 0; i < loader->usable.n; i++)
		paint(scale, loader->usable.at[i], PAINT_USABLE);
	for (uint32_t i = 0; i < loader->taken.n; i++)
		paint(scale, loader->taken.at[i], PAINT_TAKEN);
	paint(scale, (struct boot_range){ 0xfec00000, 4 * GIB }, PAINT_BARRED);
	paint(scale, (struct boot_range){ round->limit & -PAGE_SIZE, UINT64_MAX - scale->grain },
	      PAINT_BARRED);
}

static void paint_kept(const struct round *round)
{
	const struct scale *scale = round->scale;

	paint(scale, (struct boot_range){ 0, MIB }, PAINT_KEPT);
	paint(scale, units_around(scale, round->image), PAINT_KEPT);
	for (uint32_t i = 0; i < round->loader.n_modules; i++)
		paint(scale, units_around(scale, round->loader.modules[i].range), PAINT_KEPT);
}

/* The runs of units that are RAM and have none of these colors. */
struct runs {
	struct boot_range at[GRAINS_MAX];
	size_t n;
};
static struct runs ram, expected;

static void find_runs(const struct scale *scale, uint8_t without, struct runs *ret)
{
	ret->n = 0;
	for (uint64_t at = 0; at < scale->grains * scale->grain; at += scale->unit) {
		struct boot_range unit = { at, at + scale->unit };
		uint8_t all, any = colors(scale, unit, &all);

		if (!(all & PAINT_USABLE) || any & without)
			continue;
		if (ret->n > 0 && ret->at[ret->n - 1].end == at)
			ret->at[ret->n - 1].end = unit.end;
		else
			ret->at[ret->n++] = unit;
	}
}

/* Off the end of the highest run below 4 GiB that holds so much; its start, 0: none. */
static uint64_t take(struct runs *runs, uint64_t size)
{
	for (size_t i = runs->n; i-- > 0;) {
		struct boot_range *run = &runs->at[i];

		if (run->end > 4 * GIB || run->end - run->start < size)
			continue;
		run->end -= size;
		return run->end;
	}
	return 0;
}

static uint64_t memory_end(const struct round *round)
{
	uint64_t end = (round->image.end + PAGE_SIZE - 1) & -PAGE_SIZE;

	for (size_t i = 0; i < ram.n; i++)
		end = ram.at[i].end > end ? ram.at[i].end : end;
	for (uint32_t i = 0; i < round->loader.n_modules; i++) {
		uint64_t module_end = round->loader.modules[i].range.end + PAGE_SIZE - 1;

		end = (module_end & -PAGE_SIZE) > end ? module_end & -PAGE_SIZE : end;
	}
	return end;
}

static int by_size(const void *a, const void *b)
{
	const struct boot_range *x = a, *y = b;
	uint64_t size_x = x->end - x->start, size_y = y->end - y->start;

	return size_x < size_y ? 1 : size_x > size_y ? -1 : 0;
}

/* All of the expected runs that are not empty, or as many of the largest as there may be. */
static void compare_free(const struct boot_plan *plan)
{
	size_t limit = MACHINE_REGIONS_MAX - 4 - plan->n_modules, n = 0;
	uint64_t smallest = UINT64_MAX;

	for (uint32_t i = 0; i < plan->free.n; i++) {
		struct boot_range range = plan->free.at[i];
		size_t k = 0;

		while (k < expected.n &&
		       (expected.at[k].start != range.start || expected.at[k].end != range.end))
			k++;
		ck_assert_uint_lt(k, expected.n);
		ck_assert_uint_lt(range.start, range.end);
		ck_assert(i == 0 || plan->free.at[i - 1].end < range.start);
		smallest = range.end - range.start < smallest ? range.end - range.start : smallest;
	}
	qsort(expected.at, expected.n, sizeof(expected.at[0]), by_size);
	while (n < expected.n && expected.at[n].start < expected.at[n].end)
		n++;
	ck_assert_uint_eq(plan->free.n, n < limit ? n : limit);
	if (n > limit)
		ck_assert_uint_ge(smallest, expected.at[limit].end - expected.at[limit].start);
}

/* ---- rounds ---------------------------------------------------------------------- */

/* What boot_plan() must return, with RAM and free runs found and tables taken off. */
static int expect_plan(const struct round *round, uint64_t *ret_end, uint64_t *ret_tables)
{
	uint64_t total = 0;

	paint_map(round);
	if (!are_modules_good(round))
		return -EINVAL;
	find_runs(round->scale, PAINT_TAKEN | PAINT_BARRED, &ram);
	paint_kept(round);
	find_runs(round->scale, PAINT_TAKEN | PAINT_BARRED | PAINT_KEPT, &expected);
	for (size_t i = 0; i < expected.n; i++)
		total += expected.at[i].end - expected.at[i].start;
	*ret_end = memory_end(round);
	if (total < boot_tables_size(*ret_end) + BOOT_FREE_MIN)
		return -ENOMEM;
	*ret_tables = take(&expected, boot_tables_size(*ret_end));
	return *ret_tables ? 0 : -ENOMEM;
}

static int check_round(const struct round *round)
{
	uint64_t end = 0, tables = 0;
	char error[BOOT_ERROR_MAX];
	struct boot_plan plan;
	int r = expect_plan(round, &end, &tables);

	ck_assert_int_eq(boot_plan(&round->loader, round->image, round->limit, &plan, error), r);
	if (r < 0)
		return r;
	ck_assert_uint_eq(plan.memory_end, end);
	ck_assert_uint_eq(plan.tables.start, tables);
	ck_assert_uint_eq(plan.tables.end, tables + boot_tables_size(end));
	ck_assert_uint_eq(plan.n_modules, round->loader.n_modules);
	compare_free(&plan);
	return 0;
}

/* In the large scale the first unit after the image is lost to it: the plan is about pages. */
static void fit_image(struct round *round)
{
	if (round->scale->unit == MIB)
		round->image.end = 2 * MIB;
}

START_TEST(the_plan_is_what_the_painted_map_says)
{
	unsigned int good = 0, bad_modules = 0, little = 0;
	struct round round;

	random_state = 0x436c6577 + (unsigned int)_i;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		draw(&round, &scales[_i]);
		fit_image(&round);
		switch (check_round(&round)) {
		case 0:
			good++;
			break;
		case -EINVAL:
			bad_modules++;
			break;
		default:
			little++;
		}
	}
	/* Each way out was taken often enough to mean something. */
	printf("# %u planned, %u with bad modules, %u with too little memory\n", good, bad_modules,
	       little);
	ck_assert_uint_gt(good, ROUNDS / 10);
	ck_assert_uint_gt(bad_modules, ROUNDS / 10);
	ck_assert_uint_gt(little, 10);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("plan_random");
	TCase *plan = tcase_create("plan_random");

	suite_add_tcase(suite, plan);
	tcase_set_timeout(plan, 120);
	tcase_add_loop_test(plan, the_plan_is_what_the_painted_map_says, 0,
			    sizeof(scales) / sizeof(scales[0]));
	return tap_run(suite);
}
