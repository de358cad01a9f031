/* SPDX-License-Identifier: MIT */
/*
 * What it costs to load a cell of many functions, and to replace one that
 * has many functions or many users; with others loaded beside it.
 */
#include "bench.h"

#include <clew/diag.h>
#include <clew/linker.h>
#include <clew/namespace.h>
#include <clew/panic.h>
#include <clew/swap.h>

#include "base/format.h"
#include "base/string.h"

#include "tenants.h"

OWN_IMPLEMENTS(lodger, "lodgers are made where they are loaded");

#define DEPTH 10u
#define SUM (DEPTH * (DEPTH + 1) / 2) /* 0 + 1 + ... + DEPTH */

struct file {
	char name[24]; /* of the cell; the object is name.o, or name_v2.o */
	const void *bytes[2];
	size_t size[2];
};

static int find(struct file *file, unsigned int version)
{
	char object[sizeof(file->name) + 8];

	format_text(object, sizeof(object), version == 0 ? "%s.o" : "%s_v2.o", file->name);
	return linker_archive_find(object, &file->bytes[version], &file->size[version]);
}

static void check_calls(const struct file *file)
{
	char symbol[sizeof(file->name) + 8];
	uintptr_t address = 0;
	int r;

	format_text(symbol, sizeof(symbol), "%s_0", file->name);
	r = linker_symbol(namespace_root(), symbol, &address);
	assert(r == 0 && ((uint32_t(*)(uint32_t))address)(DEPTH) == SUM);
}

static int load(const struct file *file, uint64_t *ret_cycles)
{
	char name[CELL_NAME_MAX];
	struct diag diag;
	uint64_t from = bench_cycles();
	int r = linker_load_object(namespace_root(), file->name, file->bytes[0], file->size[0],
				   name, &diag);

	*ret_cycles = bench_cycles() - from;
	assert(r < 0 || string_equal(name, file->name));
	return r;
}

static int load_and_unload(const struct file *file, uint64_t *ret_cycles)
{
	OWN(lodger, cell) = OWNER_EMPTY;
	int r = load(file, ret_cycles);

	if (r < 0)
		return r;
	cell.word = (uintptr_t)file->name;
	check_calls(file);
	return 0;
}

/* From an object's bytes to functions that are published, with samples->others loaded. */
int bench_load_many(struct bench_samples *samples)
{
	OWN(fillers, others) = OWNER_EMPTY;
	struct file file;
	int r;

	format_text(file.name, sizeof(file.name), "load_%u", samples->size);
	r = find(&file, 0);
	if (r == 0 && samples->others > 0)
		r = fillers_load(samples->others, &others);
	for (uint32_t round = 0; r == 0 && round < samples->rounds; round++)
		r = load_and_unload(&file, &samples->values[round]);
	return r;
}

static int replace(const struct file *file, uint32_t round, struct swap_report *ret)
{
	uint32_t version = (round + 1) % 2;
	struct diag diag;
	int r = swap_cell(namespace_root(), file->name, file->name, file->bytes[version],
			  file->size[version], ret, &diag);

	assert(r < 0 || (ret->from == round % 2 + 1 && ret->to == version + 1));
	return r;
}

static int swap_many(struct bench_samples *samples, bool of_retire)
{
	OWN(lodger, cell) = OWNER_EMPTY;
	struct swap_report report;
	struct file file;
	int r;

	format_text(file.name, sizeof(file.name), "load_%u", samples->size);
	r = find(&file, 0);
	if (r == 0)
		r = find(&file, 1);
	if (r == 0)
		r = load(&file, &samples->values[0]);
	if (r < 0)
		return r;
	cell.word = (uintptr_t)file.name;
	for (uint32_t round = 0; r == 0 && round < samples->rounds; round++) {
		r = replace(&file, round, &report);
		samples->values[round] =
			of_retire ? report.total_ns - report.replaced_ns : report.replaced_ns;
		check_calls(&file);
	}
	return r;
}

/* Until the new version is in place; what it replaced goes after that. */
int bench_swap_many(struct bench_samples *samples)
{
	return swap_many(samples, false);
}

int bench_retire_many(struct bench_samples *samples)
{
	return swap_many(samples, true);
}

/* A word for each of samples->size users. */
int bench_commit_many(struct bench_samples *samples)
{
	OWN(fillers, users) = OWNER_EMPTY;
	struct file file = { .name = "hub" };
	struct swap_report report;
	int r = find(&file, 0);

	if (r == 0)
		r = find(&file, 1);
	if (r == 0)
		r = fillers_load(samples->size, &users);
	for (uint32_t round = 0; r == 0 && round < samples->rounds; round++) {
		r = replace(&file, round, &report);
		samples->values[round] = report.commit_ns;
		assert(r < 0 || (report.slots == samples->size &&
				 fillers_ask(samples->size - 1) == report.to));
	}
	return r;
}
