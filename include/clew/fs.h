/* SPDX-License-Identifier: MIT */
/*
 * Interface of files: a tree of folders and files, by path.
 *
 * Whoever provides it keeps no record of its clients.  A handle names a file
 * and says how far the client is in it; opening looks a name up and changes
 * nothing, and dropping a handle asks nobody.  So a file that is removed is
 * gone at once: who had it open is told -ESTALE from then on, also when there
 * is another of that name.
 *
 * Paths begin at the root, with or without a `/`; empty parts and `.` are left
 * out, `..` is -EINVAL.  A read or write of at most FS_PIECE bytes is seen
 * whole or not at all; a longer one may be seen in part, in its order.
 *
 * All functions that take a path: -ENAMETOOLONG; -ENOENT and -ENOTDIR, when
 * the way to the last part fails; -EINVAL.  Provided by the cell `memfs`.
 */
#ifndef CLEW_FS_H
#define CLEW_FS_H

#include <stddef.h>
#include <stdint.h>

#include <clew/errors.h>
#include <clew/own.h>

#define FS_NAME_MAX 128		   /* bytes of a part of a path, with the terminating zero */
#define FS_PATH_MAX 512		   /* bytes of a path, with the terminating zero */
#define FS_SIZE_MAX (256ull << 20) /* bytes of a file */
#define FS_PIECE 4096ul		   /* bytes */
#define FS_FILE_FIRST 16	   /* files are numbered from here to INT32_MAX */
#define FS_POSITION_END UINT32_MAX /* of a writer that appends */

/* Word: number of the file << 32 | position in bytes; the handles own nothing else. */
OWNER(fs_reader);
OWNER(fs_writer);
OWNER(fs_folder);
OWN_IMPLEMENTS(fs_reader, "the word names the file");
OWN_IMPLEMENTS(fs_writer, "the word names the file");
OWN_IMPLEMENTS(fs_folder, "the word names the file");

static inline void fs_reader_cleanup(fs_reader *place)
{
	place->word = 0;
}

static inline void fs_writer_cleanup(fs_writer *place)
{
	place->word = 0;
}

static inline void fs_folder_cleanup(fs_folder *place)
{
	place->word = 0;
}

enum fs_kind {
	FS_FILE = 1,
	FS_FOLDER = 2,
};

struct fs_entry {
	uint32_t file; /* number; another file gets it after 2^31 others at the earliest */
	uint32_t kind; /* enum fs_kind */
	uint64_t size; /* bytes; of a folder: entries */
	char name[FS_NAME_MAX];
};

/* ---- reading ------------------------------------------------------------- */

/* -ENOENT; -EISDIR. */
MUST_USE int fs_reader_open(const char *path, fs_reader *ret);
/* *ret_size 0: the end of the file.  -ESTALE. */
MUST_USE int fs_reader_read(fs_reader *reader, void *ret, size_t size, size_t *ret_size);
/* -EINVAL: past FS_SIZE_MAX.  Past the end of the file there is nothing to read. */
MUST_USE int fs_reader_seek(fs_reader *reader, uint64_t position);

/* ---- writing ------------------------------------------------------------- */

enum fs_write {
	FS_KEEP,     /* from its beginning, over what is there; made when there is none */
	FS_TRUNCATE, /* the same, but it is emptied first */
	FS_APPEND,   /* always at the end; made when there is none */
	FS_NEW,	     /* -EEXIST when there is one */
};

/* -EISDIR; -EEXIST; -ENOMEM: nothing was made. */
MUST_USE int fs_writer_open(const char *path, enum fs_write how, fs_writer *ret);
/*
 * All of it, or an error and the file is as it was: -ENOMEM; -EFBIG: it would
 * end past FS_SIZE_MAX; -ESTALE.  What lies between the end of the file and
 * the position reads as zeros.  A file that is emptied or removed meanwhile is
 * so after the write.
 */
MUST_USE int fs_writer_write(fs_writer *writer, const void *bytes, size_t size);
/* -EINVAL: past FS_SIZE_MAX.  A writer that appends does so no longer. */
MUST_USE int fs_writer_seek(fs_writer *writer, uint64_t position);

/* ---- folders ------------------------------------------------------------- */

/* -ENOENT; -ENOTDIR: it is a file. */
MUST_USE int fs_folder_open(const char *path, fs_folder *ret);
/*
 * The entry whose name is the first above `after`, bytewise; "" begins.
 * -ENOENT: no more; -ESTALE.  after may lie in *ret.
 */
MUST_USE int fs_folder_next(const fs_folder *folder, const char *after, struct fs_entry *ret);
/* -EEXIST; -ENOMEM. */
MUST_USE int fs_folder_new(const char *path);

/* A file, or a folder without entries.  -ENOENT; -ENOTEMPTY; -EBUSY: the root. */
MUST_USE int fs_remove(const char *path);
/* -ENOENT. */
MUST_USE int fs_look(const char *path, struct fs_entry *ret);

/* ---- files as streams (console.h) ----------------------------------------- */

/* The stream that appends to the writer's file, as long as there is that file. */
int fs_writer_stream(const fs_writer *writer);
/* What does not fit, or comes after the file, is lost, and counted as long as there is a file. */
void fs_stream_write(int stream, const char *text, size_t size);
/* Bytes that were lost since the file was made or emptied; -ESTALE. */
MUST_USE int fs_stream_lost(int stream, uint64_t *ret);

/* ---- start --------------------------------------------------------------- */

/*
 * Called once, by captain: the files that the machine was started with, from
 * the folder `files` of module "cells" and then from module "files", a tar
 * archive too.  What cannot be taken is left out and logged.  -ENOMEM.
 */
MUST_USE int fs_init(void);

#endif
