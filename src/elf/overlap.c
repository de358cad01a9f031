/* SPDX-License-Identifier: MIT */
/*
 * Check that no byte of the file belongs to two of: the ELF header, the
 * section table, the contents of a section.  Freestanding, no allocation.
 *
 * Linkers and assemblers write contents in the order of the section table,
 * relocation sections apart; two cursors and one pass prove such an object.
 * Any other order costs n/WINDOW passes of n log WINDOW: at most 256 passes
 * over ELF_SECTIONS_MAX sections, whatever the file says.
 */
#include "elf/check.h"

#define WINDOW 256 /* extents: 6 KiB of stack */

struct extent {
	uint64_t start, end; /* bytes of the file; start < end */
	uint32_t section;    /* n_sections: the section table itself */
};

struct window {
	uint32_t count;
	struct extent extents[WINDOW];
};

/* False: the section has no bytes. */
static bool get_extent(const struct elf *elf, uint32_t section, struct extent *ret)
{
	uint64_t start = elf->ehdr->e_shoff, size = elf->n_sections * sizeof(Elf64_Shdr);

	if (section < elf->n_sections) {
		if (!elf_has_contents(&elf->sections[section]))
			return false;
		start = elf->sections[section].sh_offset;
		size = elf->sections[section].sh_size;
	}
	if (size == 0)
		return false;
	*ret = (struct extent){ .start = start, .end = start + size, .section = section };
	return true;
}

static bool is_before(const struct extent *a, const struct extent *b)
{
	return a->start != b->start ? a->start < b->start : a->section < b->section;
}

/* ---- one pass ------------------------------------------------------------- */

/* The extents of the relocation sections, or of all others, in the order of the table. */
struct cursor {
	bool relas;
	uint32_t next;
	struct extent extent; /* start UINT64_MAX: past the last */
};

static void cursor_step(const struct elf *elf, struct cursor *cursor)
{
	while (cursor->next < elf->n_sections) {
		uint32_t section = cursor->next++;
		bool is_rela = elf->sections[section].sh_type == SHT_RELA;

		if (is_rela == cursor->relas && get_extent(elf, section, &cursor->extent))
			return;
	}
	cursor->extent.start = UINT64_MAX;
}

static bool is_in_order(const struct elf *elf)
{
	struct cursor relas = { .relas = true }, others = { .relas = false };
	struct cursor table = { .next = elf->n_sections };
	uint64_t position = sizeof(Elf64_Ehdr);

	cursor_step(elf, &relas);
	cursor_step(elf, &others);
	(void)get_extent(elf, elf->n_sections, &table.extent);
	for (;;) {
		struct cursor *first = &table;

		if (is_before(&relas.extent, &first->extent))
			first = &relas;
		if (is_before(&others.extent, &first->extent))
			first = &others;
		if (first->extent.start == UINT64_MAX)
			return true;
		if (first->extent.start < position)
			return false;
		position = first->extent.end;
		cursor_step(elf, first);
	}
}

/* ---- any order ------------------------------------------------------------ */

static void swap_extents(struct extent *a, struct extent *b)
{
	struct extent kept = *a;

	*a = *b;
	*b = kept;
}

/* Restores the heap (the last extent at index 0) below index i. */
static void sift_down(struct window *window, uint32_t i, uint32_t count)
{
	for (;;) {
		uint32_t child = 2 * i + 1;

		if (child >= count)
			return;
		if (child + 1 < count &&
		    is_before(&window->extents[child], &window->extents[child + 1]))
			child++;
		if (!is_before(&window->extents[i], &window->extents[child]))
			return;
		swap_extents(&window->extents[i], &window->extents[child]);
		i = child;
	}
}

static void window_add(struct window *window, const struct extent *extent)
{
	uint32_t i;

	if (window->count == WINDOW) {
		if (!is_before(extent, &window->extents[0]))
			return;
		window->extents[0] = *extent;
		sift_down(window, 0, WINDOW);
		return;
	}
	i = window->count++;
	window->extents[i] = *extent;
	while (i > 0 && is_before(&window->extents[(i - 1) / 2], &window->extents[i])) {
		swap_extents(&window->extents[i], &window->extents[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
}

/* Fills the window with the first extents after `last`, in ascending order. */
static void window_fill(struct window *window, const struct elf *elf, const struct extent *last)
{
	window->count = 0;
	for (uint32_t i = 1; i <= elf->n_sections; i++) {
		struct extent extent;

		if (get_extent(elf, i, &extent) && is_before(last, &extent))
			window_add(window, &extent);
	}
	for (uint32_t n = window->count; n > 1; n--) {
		swap_extents(&window->extents[0], &window->extents[n - 1]);
		sift_down(window, 0, n - 1);
	}
}

static int refuse_overlap(const struct elf *elf, const struct extent *first,
			  const struct extent *second, struct diag *reterr)
{
	const struct extent *named = second->section < elf->n_sections ? second : first;
	const struct extent *other = named == second ? first : second;
	struct elf_at at = { .elf = elf, .offset = second->start, .reterr = reterr };

	at.section = named->section;
	if (other->section == 0)
		return elf_refuse(&at, "section overlaps the ELF header", "at %lu or later|%lu",
				  other->end, named->start);
	if (other->section == elf->n_sections)
		return elf_refuse(&at, "section overlaps the section table",
				  "outside %lu to %lu|%lu to %lu", other->start, other->end,
				  named->start, named->end);
	return elf_refuse(&at, "sections overlap", "outside section %u, %lu to %lu|%lu to %lu",
			  other->section, other->start, other->end, named->start, named->end);
}

int elf_check_overlap(const struct elf *elf, struct diag *reterr)
{
	struct extent last = { .start = 0, .end = sizeof(Elf64_Ehdr), .section = 0 };
	struct window window;

	if (is_in_order(elf))
		return 0;
	do {
		window_fill(&window, elf, &last);
		for (uint32_t i = 0; i < window.count; i++) {
			if (window.extents[i].start < last.end)
				return refuse_overlap(elf, &last, &window.extents[i], reterr);
			last = window.extents[i];
		}
	} while (window.count == WINDOW);
	return 0;
}
