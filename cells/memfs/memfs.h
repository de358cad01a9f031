/* SPDX-License-Identifier: MIT */
/* Between the files of the cell: its state, and handles. */
#ifndef MEMFS_MEMFS_H
#define MEMFS_MEMFS_H

#include <stddef.h>
#include <stdint.h>

#include <clew/errors.h>
#include <clew/own.h>

#include "tree.h"

struct tree *memfs_tree(void); /* in the cell's state; interrupts off */

/* A node that is in no folder, with what it holds. */
OWNER(memfs_loose); /* word: address of a struct memfs_node */
OWN_IMPLEMENTS(memfs_loose, "the word is the node in no folder");
void memfs_loose_cleanup(memfs_loose *place);

/* Named as the last part of the path.  -ENOMEM; -EEXIST: that is the root. */
MUST_USE int memfs_loose_new(const char *path, uint32_t kind, memfs_loose *ret);
static inline struct memfs_node *memfs_loose_at(const memfs_loose *loose)
{
	return (struct memfs_node *)(uintptr_t)loose->word;
}

/* A handle's word. */
static inline uint64_t memfs_word(uint32_t file, uint32_t position)
{
	return (uint64_t)file << 32 | position;
}

static inline uint32_t memfs_file(uint64_t word)
{
	return (uint32_t)(word >> 32);
}

static inline uint32_t memfs_position(uint64_t word)
{
	return (uint32_t)word;
}

/* seed.c: the files of an archive, those in `folder` ("": all).  -ENOMEM, -EBADMSG. */
MUST_USE int memfs_seed(const void *archive, size_t size, const char *folder);

#endif
