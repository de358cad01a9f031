/* SPDX-License-Identifier: MIT */
/*
 * Files that the machine was started with: members of a tar archive.  Their
 * bytes stay where they are until they are written to.
 */
#include <clew/irq.h>
#include <clew/log.h>

#include "base/string.h"
#include "base/tar.h"
#include "memfs.h"

OWN_IMPLEMENTS(fs_writer, "fills the file without a position");

/* The folders on the way to the last part of the path. */
static int make_folders(const char *path)
{
	char part[FS_PATH_MAX];
	int r = 0;

	for (size_t i = 1; path[i] != 0 && (r == 0 || r == -EEXIST); i++) {
		if (path[i] != '/')
			continue;
		memcpy(part, path, i);
		part[i] = 0;
		r = fs_folder_new(part);
	}
	return r == -EEXIST ? 0 : r;
}

static int add_file(const char *path, const struct tar_member *member)
{
	OWN(fs_writer, writer) = OWNER_EMPTY;
	int r = string_length(path) < FS_PATH_MAX ? make_folders(path) : -ENAMETOOLONG;

	if (r == 0)
		r = member->size <= FS_SIZE_MAX ? fs_writer_open(path, FS_TRUNCATE, &writer)
						: -EFBIG;
	if (r < 0)
		return r;

	OWN(irq_guard, guard) = irq_off();
	struct content *content = &tree_find(memfs_tree(), memfs_file(writer.word))->content;

	content->seed = member->bytes;
	content->seed_size = member->size;
	content->size = member->size;
	return 0;
}

int memfs_seed(const void *archive, size_t size, const char *folder)
{
	struct tar_member member;
	size_t offset = 0;
	int r;

	while ((r = tar_next(archive, size, &offset, &member)) == 0) {
		if (!string_starts(member.name, folder))
			continue;
		r = add_file(member.name + string_length(folder), &member);
		if (r < 0)
			log_write("memfs: %s: cannot be taken: error %d", member.name, -r);
		if (r == -ENOMEM)
			return r;
	}
	if (r == -EBADMSG)
		log_write("memfs: the archive of files is damaged at byte %zu", offset);
	return r == -ENOENT ? 0 : r;
}
