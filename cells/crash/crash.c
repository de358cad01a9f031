/* SPDX-License-Identifier: MIT */
/*
 * Application that breaks itself, five frames deep, in the way asked for.
 *
 * Each frame owns a block, a page and a witness that prints its number when
 * it is released, so that the order of the cleanups can be read.  No state.
 */
#include <clew/application.h>

#include <clew/cell.h>
#include <clew/console.h>
#include <clew/heap.h>
#include <clew/memory.h>
#include <clew/panic.h>

#include "base/string.h"

#define BLOCK_BYTES 100
#define NOT_MAPPED 0x123456789000ul /* canonical, outside the window and of no host */
#define NOT_CODE 0x6b6b6b6b6b6bul

/* Keeps each frame a frame: no inlining, and no conclusions from its body. */
#define FRAME __attribute__((noinline, noclone, noipa))

enum kind {
	NONE,
	NULL_WRITE,
	DIV,
	WILD,
	OVERFLOW,
	ASSERT,
	ABORT,
	LEAF,
	CLEANUP,
	BADCALL,
	SMASH
};

static const char kinds[][12] = {
	"",	 "null", "div",	    "wild",    "overflow", "assert",
	"abort", "leaf", "cleanup", "badcall", "smash",
};

#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

OWNER(witness); /* word: number of the frame */
OWN_IMPLEMENTS(witness, "the word numbers the frame it reports");

static FRAME void witness_cleanup(witness *place)
{
	uint64_t frame = place->word;

	place->word = 0;
	if (frame != 0)
		print("cleanup %lu\n", frame);
}

OWNER(bomb); /* word: address that its cleanup writes to, plus 1; 0: harmless */
OWN_IMPLEMENTS(bomb, "the word is where its cleanup writes");

static FRAME void bomb_cleanup(bomb *place)
{
	uint64_t address = place->word - 1;

	if (place->word == 0)
		return;
	place->word = 0;
	*(volatile uint32_t *)address = 1;
}

/* What each frame owns.  False: out of memory. */
#define OWN_SOME(number) \
	OWN(witness, order) = { number }; \
	OWN(heap_block, block) = OWNER_EMPTY; \
	OWN(map_rw, pages) = OWNER_EMPTY; \
	if (heap_block_new(BLOCK_BYTES, &block) < 0 || map_rw_new(1, FRAME_BUFFER, &pages) < 0) \
	return -ENOMEM

/* Owns nothing and calls nothing: it has no frame to speak of. */
static FRAME uint32_t read_at(const volatile uint32_t *address)
{
	return *address;
}

static FRAME uint64_t recurse(uint64_t depth)
{
	volatile uint64_t room[32];

	room[depth % 32] = depth;
	if (depth == UINT64_MAX)
		return 0;
	return recurse(depth + 1) + room[depth % 32];
}

static FRAME int return_to_nowhere(void)
{
	volatile uintptr_t *saved = (volatile uintptr_t *)__builtin_frame_address(0);

	saved[1] = NOT_CODE;
	return 0;
}

static FRAME int frame_5(enum kind kind)
{
	volatile uintptr_t address = kind == WILD ? NOT_MAPPED : 0;
	volatile int zero = 0;
	int (*volatile nowhere)(void) = (int (*)(void))NOT_CODE;

	OWN_SOME(5);
	OWN(bomb, fuse) = OWNER_EMPTY;
	switch (kind) {
	case CLEANUP:
		fuse.word = NOT_MAPPED + 1;
		*(volatile uint32_t *)address = 1;
		break;
	case NULL_WRITE:
	case WILD:
		*(volatile uint32_t *)address = 1;
		break;
	case DIV:
		return 1 / zero;
	case OVERFLOW:
		return (int)recurse(1);
	case ASSERT:
		assert(zero == 1);
		break;
	case ABORT:
		panic("crash was asked to give up");
	case LEAF:
		return (int)read_at((const volatile uint32_t *)address);
	case BADCALL:
		return nowhere();
	case SMASH:
		return return_to_nowhere();
	case NONE:
		break;
	}
	return 0;
}

static FRAME int frame_4(enum kind kind)
{
	OWN_SOME(4);
	return frame_5(kind) + 1;
}

static FRAME int frame_3(enum kind kind)
{
	OWN_SOME(3);
	return frame_4(kind) + 1;
}

static FRAME int frame_2(enum kind kind)
{
	OWN_SOME(2);
	return frame_3(kind) + 1;
}

static FRAME int frame_1(enum kind kind)
{
	OWN_SOME(1);
	return frame_2(kind) + 1;
}

static enum kind kind_named(const char *name)
{
	for (size_t i = 1; i < N_KINDS; i++) {
		if (string_equal(kinds[i], name))
			return (enum kind)i;
	}
	return NONE;
}

CELL_EXPORT int application_main(int argc, const char *const *argv)
{
	enum kind kind = argc == 2 ? kind_named(argv[1]) : NONE;

	if (kind != NONE)
		return frame_1(kind);
	print("usage: crash KIND\n"
	      "KIND is one of null div wild overflow assert abort leaf cleanup badcall smash.\n");
	return 2;
}

CELL("crash", 1, CELL_APPLICATION, "breaks itself five frames deep, in the way asked for");
