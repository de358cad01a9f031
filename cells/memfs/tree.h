/* SPDX-License-Identifier: MIT */
/*
 * The names: which file is called what, and in which folder.
 *
 * All functions run with interrupts off; none allocates.
 */
#ifndef MEMFS_TREE_H
#define MEMFS_TREE_H

#include <stddef.h>
#include <stdint.h>

#include <clew/errors.h>
#include <clew/fs.h>

#include "content.h"

#define TREE_CHAINS 256 /* a power of 2 */
#define TREE_ROOT FS_FILE_FIRST

/* A heap block.  Its number is its generation as well: no other file has had it. */
struct memfs_node {
	struct memfs_node *left, *right; /* in the treap of names */
	struct memfs_node *next;	 /* in the chain of its number */
	uint32_t file;
	uint32_t folder;  /* number of the folder it is in */
	uint32_t kind;	  /* enum fs_kind */
	uint32_t length;  /* of the name */
	uint64_t entries; /* of a folder */
	uint64_t lost;	  /* bytes of streams that did not fit */
	struct content content;
	char name[]; /* with its zero */
};

/* Names in the order of (folder, name); the root is not among them. */
struct tree {
	struct memfs_node *names;
	struct memfs_node *chains[TREE_CHAINS]; /* by number */
	uint32_t last;				/* number given out last */
};

/* Where a path leads.  name is borrowed from the path and not terminated. */
struct tree_place {
	uint32_t folder;	 /* number */
	struct memfs_node *node; /* what is there; NULL: nothing, or the root */
	const char *name;
	size_t length; /* 0: the root */
};

/* NULL: there is no such file.  The root is a number without a node. */
struct memfs_node *tree_find(const struct tree *tree, uint32_t file);

/*
 * 0, also when nothing is there but its folder is; -ENOENT, -ENOTDIR,
 * -ENAMETOOLONG, -EINVAL.
 */
MUST_USE int tree_resolve(const struct tree *tree, const char *path, struct tree_place *ret);

/* The last part of a path, without a look at the tree; *ret_length 0: the root. */
MUST_USE int tree_last_part(const char *path, const char **ret, size_t *ret_length);

/* Gives the node, whose name and kind are set, a number and the place. */
void tree_insert(struct tree *tree, const struct tree_place *place, struct memfs_node *node);
void tree_remove(struct tree *tree, struct memfs_node *node);

/* The node with the first name above `after` in the folder; NULL: none. */
struct memfs_node *tree_next(const struct tree *tree, uint32_t folder, const char *after);

#endif
