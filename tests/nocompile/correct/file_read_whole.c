/* SPDX-License-Identifier: MIT */
#include <clew/fs.h>
#include <clew/heap.h>

int read_all(const char *path, heap_block *ret);
int read_all(const char *path, heap_block *ret)
{
	OWN(fs_reader, reader) = OWNER_EMPTY;
	OWN(heap_block, block) = OWNER_EMPTY;
	struct fs_entry entry;
	size_t size;
	int r = fs_look(path, &entry);

	if (r == 0)
		r = fs_reader_open(path, &reader);
	if (r == 0)
		r = heap_block_new(entry.size, &block);
	if (r == 0)
		r = fs_reader_read(&reader, heap_block_at(&block), entry.size, &size);
	if (r == 0)
		PUT(*ret, MOVE(block));
	return r;
}
