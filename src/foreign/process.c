/* SPDX-License-Identifier: MIT */
/*
 * malloc and its kin on the heap cell.  Blocks are a list, so that all of them
 * can be freed with their process; musl's allocator is not used, for what it
 * holds would be memory that nobody owns.
 */
#include "process.h"

#include <clew/heap.h>
#include <clew/panic.h>

#include "base/string.h"
#include "libc.h"

#define BLOCK_MAGIC 0x6b636f6c42ul

/* 32 bytes, so that what follows is aligned like a block of the heap. */
struct foreign_block {
	struct foreign_block *next, *previous;
	size_t size; /* as asked for */
	size_t magic;
};

int foreign_process_new(foreign_process *ret)
{
	void *record = heap_alloc(sizeof(struct foreign_record));

	if (!record)
		return -ENOMEM;
	ret->word = (uintptr_t)record;
	return 0;
}

void foreign_process_cleanup(foreign_process *place)
{
	struct foreign_record *record = foreign_process_at(place);

	place->word = 0;
	while (record && record->blocks) {
		struct foreign_block *block = record->blocks;

		record->blocks = block->next;
		heap_free(block);
	}
	heap_free(record);
}

static void block_link(struct foreign_block *block)
{
	struct foreign_record *record = foreign_current();

	block->next = record->blocks;
	block->previous = NULL;
	if (block->next)
		block->next->previous = block;
	record->blocks = block;
}

static void block_unlink(struct foreign_block *block)
{
	struct foreign_record *record = foreign_current();

	if (block->next)
		block->next->previous = block->previous;
	if (block->previous)
		block->previous->next = block->next;
	else
		record->blocks = block->next;
}

static struct foreign_block *block_of(void *memory)
{
	struct foreign_block *block = (struct foreign_block *)memory - 1;

	if (block->magic != BLOCK_MAGIC)
		panic("foreign code frees what it did not allocate");
	return block;
}

void *malloc(size_t size)
{
	struct foreign_block *block = NULL;
	size_t whole;

	if (!__builtin_add_overflow(size, sizeof(*block), &whole))
		block = heap_alloc(whole);
	if (!block) {
		*__errno_location() = ENOMEM;
		return NULL;
	}
	block->size = size;
	block->magic = BLOCK_MAGIC;
	block_link(block);
	return block + 1;
}

void *calloc(size_t count, size_t size)
{
	size_t whole;

	/* The heap's blocks are zero. */
	return __builtin_mul_overflow(count, size, &whole) ? NULL : malloc(whole);
}

void free(void *memory)
{
	struct foreign_block *block;

	if (!memory)
		return;
	block = block_of(memory);
	block_unlink(block);
	block->magic = 0;
	heap_free(block);
}

void *realloc(void *memory, size_t size)
{
	size_t old = memory ? block_of(memory)->size : 0;
	void *moved = malloc(size);

	if (!moved)
		return NULL;
	if (memory)
		memcpy(moved, memory, old < size ? old : size);
	free(memory);
	return moved;
}
