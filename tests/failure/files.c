/* SPDX-License-Identifier: MIT */
/* Operations on files; words: a path. */
#include "operations.h"

#include <clew/fs.h>
#include <clew/memory.h>

#include "base/string.h"

#define FILE_BYTES (300ul << 10)

int files_make_file(const struct operation *operation, struct held *held, struct diag *reterr)
{
	fs_writer writer = OWNER_EMPTY;

	(void)held;
	string_copy(reterr->what, sizeof(reterr->what), "a file's error has no words");
	return fs_writer_open(operation->words[0], FS_NEW, &writer);
}

int files_make_folder(const struct operation *operation, struct held *held, struct diag *reterr)
{
	(void)held;
	string_copy(reterr->what, sizeof(reterr->what), "a file's error has no words");
	return fs_folder_new(operation->words[0]);
}

int files_remove_file(const struct operation *operation, struct held *held)
{
	(void)held;
	return fs_remove(operation->words[0]);
}

int files_prepare_file(const struct operation *operation)
{
	fs_writer writer = OWNER_EMPTY;
	int r = fs_writer_open(operation->words[0], FS_NEW, &writer);

	return r < 0 ? r : fs_writer_write(&writer, "begun", 5);
}

int files_write_file(const struct operation *operation, struct held *held, struct diag *reterr)
{
	/* Its own text: what there is to read. */
	OWN(map_rw, bytes) = OWNER_EMPTY;
	fs_writer writer = OWNER_EMPTY;
	int r = map_rw_new(FILE_BYTES / PAGE_SIZE, FRAME_BUFFER, &bytes);

	(void)held;
	string_copy(reterr->what, sizeof(reterr->what), "a file's error has no words");
	if (r == 0)
		r = fs_writer_open(operation->words[0], FS_APPEND, &writer);
	return r < 0 ? r : fs_writer_write(&writer, map_rw_at(&bytes), FILE_BYTES);
}

int files_empty_file(const struct operation *operation, struct held *held)
{
	fs_writer writer = OWNER_EMPTY;
	int r = fs_writer_open(operation->words[0], FS_TRUNCATE, &writer);

	(void)held;
	return r < 0 ? r : fs_writer_write(&writer, "begun", 5);
}

int files_end_file(const struct operation *operation)
{
	return fs_remove(operation->words[0]);
}
