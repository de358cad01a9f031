/* SPDX-License-Identifier: MIT */
/*
 * The unwind tables of relocatable objects: src/unwind steps to the caller that
 * libdw, libunwind and libgcc step to, and chooses the landing pad that libgcc's
 * personality routine chooses.
 *
 * usage: test_objects PLACES OBJECT | ARCHIVE.a...
 *
 * PLACES: "addresses" compares at every byte of code, so at every instruction;
 * "rows" at the first and the last byte of each row of the tables.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agreement.h"
#include "file.h"
#include "oracle.h"

static bool every_address;
static struct {
	long objects, functions, rows, refused;
} counts;

static void compare_row(const struct object *object, const struct unwind_entry *entry,
			Dwarf_Frame *frame, uint64_t from, uint64_t to)
{
	counts.rows++;
	if (every_address) {
		for (uint64_t pc = from; pc < to; pc++)
			agreement_compare(object, entry, frame, pc);
		return;
	}
	agreement_compare(object, entry, frame, from);
	if (to - from > 1)
		agreement_compare(object, entry, frame, to - 1);
}

static void compare_entry(const struct object *object, const struct unwind_entry *entry,
			  Dwarf_CFI *cfi)
{
	uint64_t pc = entry->start, end = entry->start + entry->size;

	counts.functions++;
	while (pc < end) {
		Dwarf_Frame *frame;
		Dwarf_Addr from, to;
		bool signal;

		if (dwarf_cfi_addrframe(cfi, pc, &frame) != 0)
			return agreement_fail(object, pc, "libdw: %s", dwarf_errmsg(-1));
		if (dwarf_frame_info(frame, &from, &to, &signal) != UNWIND_RIP || to <= pc)
			return agreement_fail(object, pc, "libdw: no row");
		if (signal != unwind_is_signal_frame(entry))
			agreement_fail(object, pc, "libdw: signal frame %d", signal);
		to = to < end ? to : end;
		compare_row(object, entry, frame, pc, to);
		pc = to;
		free(frame);
	}
}

/* How many FDEs of functions that are not empty libdw finds in the section. */
static size_t count_fdes(const struct object *object)
{
	static const unsigned char ident[EI_NIDENT] = {
		0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB
	};
	Elf_Data data = { .d_buf = object->eh_frame,
			  .d_size = object->eh_frame_size,
			  .d_type = ELF_T_BYTE,
			  .d_version = EV_CURRENT };
	Dwarf_CFI_Entry record;
	Dwarf_Off at = 0, next = 0;
	size_t count = 0;

	for (; dwarf_next_cfi(ident, &data, true, at, &next, &record) == 0; at = next) {
		uint32_t size;

		if (dwarf_cfi_cie_p(&record))
			continue;
		memcpy(&size, record.fde.start + 4, 4); /* sdata4, as gcc and gas write them */
		count += size != 0;
	}
	return count;
}

static void compare_tables(const struct object *object, Dwarf_CFI *cfi)
{
	if (count_fdes(object) != object->n_entries)
		agreement_fail(object, (uintptr_t)object->eh_frame, "%zu entries, libdw finds %zu",
			       object->n_entries, count_fdes(object));
	agreement_begin(object, cfi);
	for (size_t i = 0; i < object->n_entries; i++)
		compare_entry(object, &object->entries[i], cfi);
	agreement_end(object);
}

/* What src/unwind refuses, libdw refuses somewhere in the same function. */
static void compare_refusal(const struct object *object, Dwarf_CFI *cfi, const struct diag *diag)
{
	uint64_t fde = (uintptr_t)object->eh_frame + diag->offset, pc;
	int32_t start;
	uint32_t size;

	counts.refused++;
	memcpy(&start, (const void *)(fde + 8), 4);
	memcpy(&size, (const void *)(fde + 12), 4);
	pc = fde + 8 + (uint64_t)start;
	if (strcmp(diag->what, "a change to a CFA that is no register and offset") != 0)
		agreement_fail(object, pc, "refused: %s", diag->what);
	for (uint64_t at = pc; at < pc + size; at++) {
		Dwarf_Frame *frame;
		Dwarf_Op *ops;
		size_t n;
		int r = dwarf_cfi_addrframe(cfi, at, &frame);

		if (r == 0) {
			r = dwarf_frame_cfa(frame, &ops, &n);
			free(frame);
		}
		if (r != 0) {
			agreement.differences[DIFFERENCE_CFA_REGISTER]++;
			return;
		}
	}
	agreement_fail(object, pc, "refused: %s; libdw reads it", diag->what);
}

static void compare_object(const char *name, const void *bytes, size_t size)
{
	struct object object;
	struct diag diag;
	Dwarf_CFI *cfi;
	Elf *elf;
	int r = object_load(&object, name, bytes, size, &diag);

	if (!object.eh_frame) {
		object_unload(&object);
		return;
	}
	counts.objects++;
	elf = elf_memory((char *)object.bytes, object.mapped);
	cfi = dwarf_getcfi_elf(elf);
	if (!cfi)
		agreement_fail(&object, (uintptr_t)object.eh_frame, "libdw: %s", dwarf_errmsg(-1));
	else if (r != 0)
		compare_refusal(&object, cfi, &diag);
	else
		compare_tables(&object, cfi);
	dwarf_cfi_end(cfi);
	elf_end(elf);
	object_unload(&object);
}

static int compare_path(const char *path)
{
	size_t length = strlen(path), size;
	unsigned char *bytes;

	if (length > 2 && strcmp(path + length - 2, ".a") == 0)
		return oracle_archive(path, compare_object) > 0 ? 0 : -1;
	bytes = file_read(path, &size);
	if (!bytes)
		return -1;
	compare_object(path, bytes, size);
	free(bytes);
	return 0;
}

static int check(int number, const char *path)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	int failed;

	memset(&counts, 0, sizeof(counts));
	memset(&agreement, 0, sizeof(agreement));
	if (access(path, R_OK) != 0) {
		printf("ok %d - # SKIP %s is not installed\n", number, path);
		return 0;
	}
	failed = compare_path(path) != 0 || agreement.failures > 0;
	if (counts.objects == 0 && !failed) {
		printf("ok %d - # SKIP %s has no unwind tables\n", number, name);
		return 0;
	}
	printf("%s %d - libdw, libunwind and libgcc agree on %s (%ld objects, %ld functions, "
	       "%ld rows, %ld places, %ld with a landing pad, %ld outermost, "
	       "%ld in rows to remember)\n",
	       failed ? "not ok" : "ok", number, name, counts.objects, counts.functions,
	       counts.rows, agreement.places, agreement.pads, agreement.ends, agreement.plain);
	for (int i = 0; i < N_DIFFERENCES; i++) {
		if (agreement.differences[i])
			printf("# %ld: %s\n", agreement.differences[i],
			       agreement_difference((enum difference)i));
	}
	fflush(stdout);
	return failed;
}

int main(int argc, char **argv)
{
	int failed = 0;

	if (argc < 3)
		return 2;
	every_address = strcmp(argv[1], "addresses") == 0;
	elf_version(EV_CURRENT);
	agreement_open();
	printf("1..%d\n", argc - 2);
	for (int i = 2; i < argc; i++)
		failed |= check(i - 1, argv[i]);
	return failed;
}
