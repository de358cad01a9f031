/* SPDX-License-Identifier: MIT */
/*
 * nano_core copies the states of its frame allocator and heap into the loaded
 * cells.  Here one shared object with these cells plays nano_core, a second
 * copy of it the loaded cells.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include <clew/frame.h>
#include <clew/heap.h>

#include "fake_machine.h"

#define BLOCKS 400

/* The functions and states of one copy. */
struct copy {
	int (*init)(const struct machine_info *info);
	void *(*alloc)(size_t size);
	void (*free)(void *block);
	void (*trim)(void);
	void (*heap)(struct heap_usage *ret);
	void (*frames)(struct frame_usage *ret);
	char *states[2];
	size_t sizes[2];
};

static void *find(void *object, const char *name)
{
	void *found = dlsym(object, name);

	ck_assert_msg(found != NULL, "%s", dlerror());
	return found;
}

static struct copy open_copy(const char *variable)
{
	const char *path = getenv(variable);
	void *object;

	ck_assert_msg(path != NULL, "%s must name the shared object", variable);
	object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	ck_assert_msg(object != NULL, "%s", dlerror());
	return (struct copy){
		.init = (int (*)(const struct machine_info *))find(object, "frame_init"),
		.alloc = (void *(*)(size_t))find(object, "heap_alloc"),
		.free = (void (*)(void *))find(object, "heap_free"),
		.trim = (void (*)(void))find(object, "heap_trim"),
		.heap = (void (*)(struct heap_usage *))find(object, "heap_usage"),
		.frames = (void (*)(struct frame_usage *))find(object, "frame_usage"),
		.states = { find(object, "frame_state"), find(object, "heap_state") },
		.sizes = { *(size_t *)find(object, "frame_state_size"),
			   *(size_t *)find(object, "heap_state_size") },
	};
}

START_TEST(a_copied_state_serves_blocks_of_before_while_the_original_is_gone)
{
	static void *blocks[BLOCKS];
	struct copy nano, cell;
	struct frame_usage before, after;
	struct heap_usage usage;

	fake_start();
	fake_region(0, 1025, MACHINE_REGION_FREE);
	nano = open_copy("CELLS_FIRST");
	cell = open_copy("CELLS_SECOND");
	ck_assert_ptr_ne(nano.states[0], cell.states[0]);
	ck_assert_int_eq(nano.init(machine_info()), 0);
	nano.frames(&before);
	for (size_t i = 0; i < BLOCKS; i++)
		blocks[i] = nano.alloc(1 + fake_random(3000));
	for (size_t i = 0; i < BLOCKS; i += 3) {
		nano.free(blocks[i]);
		blocks[i] = NULL;
	}
	for (size_t i = 0; i < 2; i++) {
		memcpy(cell.states[i], nano.states[i], cell.sizes[i]);
		memset(nano.states[i], 0xcc, nano.sizes[i]);
	}
	for (size_t i = 0; i < BLOCKS; i += 3) {
		blocks[i] = cell.alloc(1 + fake_random(3000));
		ck_assert_ptr_nonnull(blocks[i]);
	}
	cell.heap(&usage);
	ck_assert_uint_eq(usage.blocks, BLOCKS);
	for (size_t i = 0; i < BLOCKS; i++)
		cell.free(blocks[i]);
	cell.trim();
	cell.heap(&usage);
	ck_assert_uint_eq(usage.blocks + usage.bytes + usage.bytes_held, 0);
	cell.frames(&after);
	ck_assert_mem_eq(&after, &before, sizeof(after));
	for (size_t i = 0; i < nano.sizes[1]; i++)
		ck_assert_int_eq((unsigned char)nano.states[1][i], 0xcc);
	ck_assert(fake_is_balanced());
}
END_TEST

/* Words of [start, start + size) that point into [low, low + extent). */
static unsigned int count_pointers(const void *start, size_t size, const void *low, size_t extent)
{
	const uintptr_t *words = start;
	unsigned int n = 0;

	for (size_t i = 0; i < size / sizeof(*words); i++)
		n += words[i] - (uintptr_t)low < extent;
	return n;
}

START_TEST(no_word_of_the_states_or_of_the_window_points_into_a_state)
{
	struct copy nano;
	unsigned int n = 0;

	fake_start();
	fake_region(0, 257, MACHINE_REGION_FREE);
	nano = open_copy("CELLS_FIRST");
	ck_assert_int_eq(nano.init(machine_info()), 0);
	for (int i = 0; i < BLOCKS; i++)
		ck_assert_ptr_nonnull(nano.alloc(1 + fake_random(1500)));
	for (size_t state = 0; state < 2; state++) {
		for (size_t other = 0; other < 2; other++)
			n += count_pointers(nano.states[other], nano.sizes[other],
					    nano.states[state], nano.sizes[state]);
		for (uint64_t page = 0; page < 257; page++) {
			if (machine_prot_at(FAKE_PAGE(page)) == MACHINE_RW)
				n += count_pointers((void *)FAKE_PAGE(page), PAGE_SIZE,
						    nano.states[state], nano.sizes[state]);
		}
	}
	ck_assert_uint_eq(n, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("handover");
	TCase *tests = tcase_create("handover");

	tcase_add_test(tests, a_copied_state_serves_blocks_of_before_while_the_original_is_gone);
	tcase_add_test(tests, no_word_of_the_states_or_of_the_window_points_into_a_state);
	suite_add_tcase(suite, tests);
	return fake_run(suite);
}
