/* SPDX-License-Identifier: MIT */
/*
 * What the tests of files in memory share: a machine with FILES_FREE_FRAMES of
 * memory, files as whole arrays, and archives that the machine brings along.
 */
#ifndef TESTS_CELLS_MEMFS_FILES_H
#define TESTS_CELLS_MEMFS_FILES_H

#include <stddef.h>
#include <stdint.h>

#define FILES_FREE_FRAMES 2000u

/* A machine without files; the fixture of every test. */
void files_start(void);

/* Memory is as it was at the start, and the heap is empty. */
void files_check_released(void);

void files_put(const char *path, const void *bytes, size_t size);

/* The whole file with a zero byte after it, allocated for the caller. */
uint8_t *files_get(const char *path, size_t *ret_size);

void files_check(const char *path, const void *bytes, size_t size);

/* Bytes that differ from their neighbours, another sequence for each `first`. */
void files_fill(uint8_t *to, size_t size, uint8_t first);

/* A member, in POSIX ustar format, of the archive under construction. */
void files_add_member(const char *prefix, const char *name, const void *bytes, size_t size);

/* Another value for one byte of the archive under construction. */
void files_damage(size_t at);

/* Closes the archive: a module of the machine. */
void files_add_module(const char *name);

#endif
