/* SPDX-License-Identifier: MIT */
/*
 * Interface of the heap cell: blocks of any size, owned by value.
 *
 * heap_block is the owner to hold in a variable.  Code that builds linked
 * records (the linker, the namespace) takes the pointer out of the owner and
 * is then an owner's implementation itself: heap_alloc and heap_free.
 * Blocks are zero when handed out and aligned to 16 bytes.
 */
#ifndef CLEW_HEAP_H
#define CLEW_HEAP_H

#include <stddef.h>
#include <stdint.h>

#include <clew/errors.h>
#include <clew/own.h>

OWNER(heap_block); /* word: the block's address */
OWN_IMPLEMENTS(heap_block, "the word is the address of the block");

struct heap_usage {
	uint64_t blocks;     /* allocated now */
	uint64_t bytes;	     /* of these, as asked for, rounded up to the size class */
	uint64_t bytes_held; /* taken from the frame allocator */
};

/* -ENOMEM; -EINVAL: size is 0. */
MUST_USE int heap_block_new(size_t size, heap_block *ret);
void heap_block_drop(heap_block block);
void heap_block_cleanup(heap_block *place);
static inline void *heap_block_at(const heap_block *block)
{
	return (void *)(uintptr_t)block->word;
}

/* For records that are linked by pointers: the caller frees it with heap_free(). */
static inline void *heap_block_take(heap_block block)
{
	return (void *)(uintptr_t)block.word;
}

/* NULL: out of memory, or size is 0. */
MUST_USE void *heap_alloc(size_t size);
void heap_free(void *block); /* accepts NULL; panics on what is not a live block */

/*
 * bytes_held may exceed what the blocks need by one empty slab (a page) for
 * each of the size classes; heap_trim gives these back.
 */
/* Bytes of the live block that begins at the address; 0: none does.  For the ledger. */
size_t heap_block_size(uintptr_t address);

void heap_usage(struct heap_usage *ret);
void heap_trim(void);

#endif
