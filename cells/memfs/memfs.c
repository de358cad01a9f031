/* SPDX-License-Identifier: MIT */
/*
 * Files in memory: folders, reading, and what makes and removes files.
 *
 * Writing is in write.c, the tree of names in tree.c, the bytes of a file in
 * content.c.  Nothing is known of clients: a handle is a number and a
 * position, and each request looks the number up.
 *
 * Changed with interrupts off, FS_PIECE bytes at a time; memory is taken before
 * that and released after it.
 */
#include "memfs.h"

#include <clew/cell.h>
#include <clew/heap.h>
#include <clew/irq.h>
#include <clew/machine.h>
#include <clew/task.h>

#include "base/string.h"

OWN_IMPLEMENTS(memfs_loose, "the word is the node in no folder");
OWN_IMPLEMENTS(heap_block, "a node is a block of the heap");
OWN_IMPLEMENTS(fs_folder, "the word names the file");
OWN_IMPLEMENTS(fs_reader, "the word names the file and the position");

struct memfs_state {
	struct tree tree;
};

CELL_STATE(memfs, "the files, which outlive those who write and read them") = { 0 };

struct tree *memfs_tree(void)
{
	return &memfs_state.tree;
}

/* ---- nodes outside the tree ------------------------------------------------------- */

void memfs_loose_cleanup(memfs_loose *place)
{
	struct memfs_node *node = memfs_loose_at(place);
	OWN(heap_block, block) = { MOVE(*place).word };

	if (node != NULL) {
		OWN(content_pages, pages) = MOVE(node->content.pages);
	}
}

int memfs_loose_new(const char *path, uint32_t kind, memfs_loose *ret)
{
	struct memfs_node *node;
	const char *name;
	size_t length;
	int r = tree_last_part(path, &name, &length);

	if (r < 0)
		return r;
	if (length == 0)
		return -EEXIST;
	node = heap_alloc(sizeof(*node) + length + 1);
	if (node == NULL)
		return -ENOMEM;
	node->kind = kind;
	node->length = (uint32_t)length;
	memcpy(node->name, name, length);
	PUT(*ret, ((memfs_loose){ (uintptr_t)node }));
	return 0;
}

/* ---- looking ------------------------------------------------------------------------ */

static void describe(const struct memfs_node *node, struct fs_entry *ret)
{
	ret->file = node->file;
	ret->kind = node->kind;
	ret->size = node->kind == FS_FOLDER ? node->entries : node->content.size;
	memcpy(ret->name, node->name, node->length + 1);
}

static void describe_root(struct fs_entry *ret)
{
	struct tree *tree = memfs_tree();
	const struct memfs_node *node;

	*ret = (struct fs_entry){ .file = TREE_ROOT, .kind = FS_FOLDER };
	for (node = tree_next(tree, TREE_ROOT, ""); node != NULL;
	     node = tree_next(tree, TREE_ROOT, node->name))
		ret->size++;
}

CELL_EXPORT int fs_look(const char *path, struct fs_entry *ret)
{
	OWN(irq_guard, guard) = irq_off();
	struct tree_place place;
	int r = tree_resolve(memfs_tree(), path, &place);

	if (r < 0)
		return r;
	if (place.length == 0)
		describe_root(ret);
	else if (place.node == NULL)
		return -ENOENT;
	else
		describe(place.node, ret);
	return 0;
}

/* ---- folders ------------------------------------------------------------------------- */

CELL_EXPORT int fs_folder_open(const char *path, fs_folder *ret)
{
	OWN(irq_guard, guard) = irq_off();
	struct tree_place place;
	uint32_t file = TREE_ROOT;
	int r = tree_resolve(memfs_tree(), path, &place);

	if (r < 0)
		return r;
	if (place.length > 0) {
		if (place.node == NULL)
			return -ENOENT;
		if (place.node->kind != FS_FOLDER)
			return -ENOTDIR;
		file = place.node->file;
	}
	PUT(*ret, ((fs_folder){ memfs_word(file, 0) }));
	return 0;
}

CELL_EXPORT int fs_folder_next(const fs_folder *folder, const char *after, struct fs_entry *ret)
{
	OWN(irq_guard, guard) = irq_off();
	uint32_t file = memfs_file(folder->word);
	const struct memfs_node *node;

	if (file != TREE_ROOT && tree_find(memfs_tree(), file) == NULL)
		return -ESTALE;
	node = tree_next(memfs_tree(), file, after);
	if (node == NULL)
		return -ENOENT;
	describe(node, ret);
	return 0;
}

CELL_EXPORT int fs_folder_new(const char *path)
{
	OWN(memfs_loose, loose) = OWNER_EMPTY;
	int r = memfs_loose_new(path, FS_FOLDER, &loose);
	struct tree_place place;

	if (r < 0)
		return r;

	OWN(irq_guard, guard) = irq_off();
	r = tree_resolve(memfs_tree(), path, &place);
	if (r < 0)
		return r;
	if (place.node != NULL)
		return -EEXIST;
	tree_insert(memfs_tree(), &place, memfs_loose_at(&loose));
	loose.word = 0;
	return 0;
}

static int take_out(const char *path, memfs_loose *ret)
{
	OWN(irq_guard, guard) = irq_off();
	struct tree_place place;
	int r = tree_resolve(memfs_tree(), path, &place);

	if (r < 0)
		return r;
	if (place.length == 0)
		return -EBUSY;
	if (place.node == NULL)
		return -ENOENT;
	if (place.node->entries > 0)
		return -ENOTEMPTY;
	tree_remove(memfs_tree(), place.node);
	PUT(*ret, ((memfs_loose){ (uintptr_t)place.node }));
	return 0;
}

CELL_EXPORT int fs_remove(const char *path)
{
	OWN(memfs_loose, loose) = OWNER_EMPTY;

	return take_out(path, &loose);
}

/* ---- reading ---------------------------------------------------------------------------- */

CELL_EXPORT int fs_reader_open(const char *path, fs_reader *ret)
{
	OWN(irq_guard, guard) = irq_off();
	struct tree_place place;
	int r = tree_resolve(memfs_tree(), path, &place);

	if (r < 0)
		return r;
	if (place.length == 0)
		return -EISDIR;
	if (place.node == NULL)
		return -ENOENT;
	if (place.node->kind != FS_FILE)
		return -EISDIR;
	PUT(*ret, ((fs_reader){ memfs_word(place.node->file, 0) }));
	return 0;
}

CELL_EXPORT int fs_reader_seek(fs_reader *reader, uint64_t position)
{
	if (position > FS_SIZE_MAX)
		return -EINVAL;
	reader->word = memfs_word(memfs_file(reader->word), (uint32_t)position);
	return 0;
}

/* At most FS_PIECE bytes, as they are at one moment. */
static int read_piece(uint64_t word, uint8_t *to, size_t size, size_t *ret_size)
{
	OWN(irq_guard, guard) = irq_off();
	const struct memfs_node *node = tree_find(memfs_tree(), memfs_file(word));
	uint64_t at = memfs_position(word), left;

	if (node == NULL)
		return -ESTALE;
	left = at < node->content.size ? node->content.size - at : 0;
	if (size > FS_PIECE)
		size = FS_PIECE;
	*ret_size = left < size ? left : size;
	content_copy_out(&node->content, at, to, *ret_size);
	return 0;
}

CELL_EXPORT int fs_reader_read(fs_reader *reader, void *ret, size_t size, size_t *ret_size)
{
	uint64_t word = reader->word;
	size_t done = 0, part;

	do {
		int r;

		task_safe_point();
		r = read_piece(word, (uint8_t *)ret + done, size - done, &part);
		if (r < 0)
			return r;
		word += part;
		done += part;
	} while (part == FS_PIECE && done < size);
	reader->word = word;
	*ret_size = done;
	return 0;
}

/* ---- start ---------------------------------------------------------------------------------- */

static int seed_from(const struct machine_module *module)
{
	if (string_equal(module->name, "cells"))
		return memfs_seed(module->start, module->size, "files/");
	if (string_equal(module->name, "files"))
		return memfs_seed(module->start, module->size, "");
	return 0;
}

CELL_EXPORT int fs_init(void)
{
	const struct machine_info *machine = machine_info();
	int r = 0;

	for (uint32_t i = 0; i < machine->n_modules && r != -ENOMEM; i++)
		r = seed_from(&machine->modules[i]);
	return r;
}

CELL("memfs", 1, CELL_SERVICE, "files in memory, by path; handles that the cell does not know of");
