/* SPDX-License-Identifier: MIT */
/*
 * Names in a treap, numbers in chains; see tree.h.
 *
 * The treap is ordered by (folder, name), and by weight(file) as a heap, so
 * its shape follows from what is in it and its depth is logarithmic whatever
 * the order in which names come.  Every change is a few stores with
 * interrupts off.
 */
#include "tree.h"

#include <stdbool.h>

#include "base/string.h"

/* Knuth's multiplicative hash: numbers that follow each other weigh as if drawn. */
static uint32_t weight(const struct memfs_node *node)
{
	return node->file * 2654435769u;
}

/* Negative: (folder, name) comes before the node. */
static int compare(uint32_t folder, const char *name, size_t length, const struct memfs_node *node)
{
	size_t both = length < node->length ? length : node->length;
	int order;

	if (folder != node->folder)
		return folder < node->folder ? -1 : 1;
	order = memcmp(name, node->name, both);
	if (order != 0 || length == node->length)
		return order;
	return length < node->length ? -1 : 1;
}

static struct memfs_node *find_name(const struct tree *tree, uint32_t folder, const char *name,
				    size_t length)
{
	struct memfs_node *node = tree->names;

	while (node != NULL) {
		int order = compare(folder, name, length, node);

		if (order == 0)
			return node;
		node = order < 0 ? node->left : node->right;
	}
	return NULL;
}

struct memfs_node *tree_next(const struct tree *tree, uint32_t folder, const char *after)
{
	size_t length = string_length_max(after, FS_NAME_MAX);
	struct memfs_node *node = tree->names, *best = NULL;

	while (node != NULL) {
		if (compare(folder, after, length, node) < 0) {
			best = node;
			node = node->left;
		} else {
			node = node->right;
		}
	}
	return best != NULL && best->folder == folder ? best : NULL;
}

/* Cuts a treap in what is below the node and what is above it. */
static void split(struct memfs_node *from, const struct memfs_node *at, struct memfs_node **low,
		  struct memfs_node **high)
{
	while (from != NULL) {
		if (compare(at->folder, at->name, at->length, from) < 0) {
			*high = from;
			high = &from->left;
			from = from->left;
		} else {
			*low = from;
			low = &from->right;
			from = from->right;
		}
	}
	*low = NULL;
	*high = NULL;
}

/* All of low is below all of high. */
static void merge(struct memfs_node *low, struct memfs_node *high, struct memfs_node **place)
{
	while (low != NULL && high != NULL) {
		if (weight(low) > weight(high)) {
			*place = low;
			place = &low->right;
			low = low->right;
		} else {
			*place = high;
			place = &high->left;
			high = high->left;
		}
	}
	*place = low != NULL ? low : high;
}

/* ---- numbers ------------------------------------------------------------------- */

struct memfs_node *tree_find(const struct tree *tree, uint32_t file)
{
	struct memfs_node *node = tree->chains[file % TREE_CHAINS];

	while (node != NULL && node->file != file)
		node = node->next;
	return node;
}

/* After 2^31 files they begin again, without those in use. */
static uint32_t next_number(struct tree *tree)
{
	do {
		if (tree->last < TREE_ROOT || tree->last == INT32_MAX)
			tree->last = TREE_ROOT;
		tree->last++;
	} while (tree_find(tree, tree->last) != NULL);
	return tree->last;
}

static void leave_chain(struct tree *tree, const struct memfs_node *node)
{
	struct memfs_node **place = &tree->chains[node->file % TREE_CHAINS];

	while (*place != node)
		place = &(*place)->next;
	*place = node->next;
}

/* ---- in and out ------------------------------------------------------------------ */

static void count_entry(struct tree *tree, uint32_t folder, int by)
{
	struct memfs_node *node = tree_find(tree, folder);

	if (node != NULL)
		node->entries += (uint64_t)(int64_t)by;
}

void tree_insert(struct tree *tree, const struct tree_place *place, struct memfs_node *node)
{
	struct memfs_node **at = &tree->names;

	node->file = next_number(tree);
	node->folder = place->folder;
	node->next = tree->chains[node->file % TREE_CHAINS];
	tree->chains[node->file % TREE_CHAINS] = node;
	while (*at != NULL && weight(*at) >= weight(node)) {
		bool below = compare(node->folder, node->name, node->length, *at) < 0;

		at = below ? &(*at)->left : &(*at)->right;
	}
	split(*at, node, &node->left, &node->right);
	*at = node;
	count_entry(tree, node->folder, 1);
}

void tree_remove(struct tree *tree, struct memfs_node *node)
{
	struct memfs_node **at = &tree->names;

	while (*at != node) {
		bool below = compare(node->folder, node->name, node->length, *at) < 0;

		at = below ? &(*at)->left : &(*at)->right;
	}
	merge(node->left, node->right, at);
	leave_chain(tree, node);
	count_entry(tree, node->folder, -1);
}

/* ---- paths ----------------------------------------------------------------------- */

/* The next part of a path, `.` left out; 0 with length 0: there is none. */
static int next_part(const char **path, const char **ret, size_t *ret_length)
{
	const char *at = *path;
	size_t length;

	do {
		while (*at == '/')
			at++;
		for (length = 0; at[length] != 0 && at[length] != '/'; length++)
			;
		*ret = at;
		at += length;
	} while (length == 1 && **ret == '.');
	*path = at;
	*ret_length = length;
	if (length >= FS_NAME_MAX)
		return -ENAMETOOLONG;
	return length == 2 && (*ret)[0] == '.' && (*ret)[1] == '.' ? -EINVAL : 0;
}

int tree_last_part(const char *path, const char **ret, size_t *ret_length)
{
	const char *name;
	size_t length;
	int r;

	if (string_length_max(path, FS_PATH_MAX) == FS_PATH_MAX)
		return -ENAMETOOLONG;
	*ret = path;
	*ret_length = 0;
	while ((r = next_part(&path, &name, &length)) == 0 && length > 0) {
		*ret = name;
		*ret_length = length;
	}
	return r;
}

int tree_resolve(const struct tree *tree, const char *path, struct tree_place *ret)
{
	struct tree_place place = { .folder = TREE_ROOT, .name = path };
	const char *name;
	size_t length;
	int r = tree_last_part(path, &name, &length);

	while (r == 0 && (r = next_part(&path, &name, &length)) == 0 && length > 0) {
		if (place.length > 0) {
			if (place.node == NULL)
				return -ENOENT;
			if (place.node->kind != FS_FOLDER)
				return -ENOTDIR;
			place.folder = place.node->file;
		}
		place.node = find_name(tree, place.folder, name, length);
		place.name = name;
		place.length = length;
	}
	if (r == 0)
		*ret = place;
	return r;
}
