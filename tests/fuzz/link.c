/* SPDX-License-Identifier: MIT */
/*
 * The linker's backend: any bytes the whole way that the linker takes an
 * object, but for finding providers: read, lay out, place, relocate, index the
 * unwind tables.  Each section gets room of its own; what is refused is
 * refused with a reason.
 */
#include <stdlib.h>
#include <string.h>

#include "../link/linking.h"
#include "fuzz.h"
#include "link/note.h"
#include "unwind/unwind.h"

#define IMAGE_MAX (16ull << 20) /* larger claims are valid, and slow to fill */

static void refuse(const struct linking *linking, int r, int expected)
{
	FUZZ_REQUIRE(r == expected);
	FUZZ_REQUIRE(linking->diag.what[0] != 0);
}

static bool are_apart(const struct linking *linking, uint32_t i, uint32_t k)
{
	const struct link_section *a = &linking->sections[i], *b = &linking->sections[k];
	uint64_t a_size = linking->elf.sections[i].sh_size;
	uint64_t b_size = linking->elf.sections[k].sh_size;

	return a->pool != b->pool || a->pool == LINK_UNPLACED || a_size == 0 || b_size == 0 ||
	       a->offset + a_size <= b->offset || b->offset + b_size <= a->offset;
}

/* Each section where its pool's image has room for it. */
static void check_places(const struct linking *linking)
{
	for (uint32_t i = 1; i < linking->elf.n_sections; i++) {
		const struct link_section *section = &linking->sections[i];

		for (uint32_t k = 1; k < i; k++)
			FUZZ_REQUIRE(are_apart(linking, i, k));
		if (section->pool == LINK_UNPLACED)
			continue;
		FUZZ_REQUIRE(section->pool < LINK_POOLS);
		FUZZ_REQUIRE(section->offset + linking->elf.sections[i].sh_size <=
			     linking->object.size[section->pool]);
	}
	FUZZ_REQUIRE(linking->object.got + linking->object.n_slots * 8ul <=
			     linking->object.size[LINK_CONST] ||
		     linking->object.n_slots == 0);
}

static void index_unwind(struct linking *linking)
{
	const struct link_object *object = &linking->object;
	uint64_t lsda = object->base[LINK_CONST] + object->lsda, end = lsda + object->lsda_size;
	uint64_t at = object->base[LINK_CONST] + object->eh_frame;
	const uint8_t *constants = object->image[LINK_CONST];
	struct unwind_entry *entries;
	size_t count, again;

	if (object->eh_frame_size == 0 ||
	    unwind_index(constants + object->eh_frame, object->eh_frame_size, at, lsda, end, NULL,
			 0, &count, &linking->diag) < 0 ||
	    count == 0)
		return;
	entries = calloc(count, sizeof(*entries));
	FUZZ_REQUIRE(entries != NULL);
	if (unwind_index(constants + object->eh_frame, object->eh_frame_size, at, lsda, end,
			 entries, count, &again, &linking->diag) == 0) {
		FUZZ_REQUIRE(again == count);
		(void)!unwind_check_lsdas(constants, object->size[LINK_CONST],
					  object->base[LINK_CONST], entries, count, &linking->diag);
	}
	free(entries);
}

static void link_all(struct linking *linking, const char *state_symbol)
{
	const struct linking_bases bases = {
		.base = { 0x200000000000, 0x200004000000, 0x200008000000, 0x20000c000000 },
	};
	uint64_t size = 0;
	int r = linking_layout(linking, state_symbol);

	if (r < 0) {
		refuse(linking, r, -ENOEXEC);
		return;
	}
	check_places(linking);
	for (int pool = 0; pool < LINK_POOLS; pool++)
		size += linking->object.size[pool];
	if (size > IMAGE_MAX)
		return;
	linking_place(linking, &bases);
	r = linking_relocate(linking);
	if (r < 0)
		refuse(linking, r, -ENOEXEC);
	else
		index_unwind(linking);
	fuzz_accepted += r == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct linking linking;
	struct note note;
	const char *state_symbol = NULL;
	int r = linking_open_bytes(&linking, data, size);

	if (r == 0)
		r = note_read(&linking.elf, &note, &linking.diag);
	if (r == 0 && note.header->state_hash)
		state_symbol = note_string(&note, note.header->state_symbol);
	if (r < 0)
		refuse(&linking, r, -EBADMSG);
	else
		link_all(&linking, state_symbol);
	linking_close(&linking);
	return 0;
}
