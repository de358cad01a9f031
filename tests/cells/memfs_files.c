/* SPDX-License-Identifier: MIT */
/*
 * The real memory cells under the files, files as whole arrays, and archives
 * of them.
 */
#include "memfs_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <clew/fs.h>
#include <clew/heap.h>
#include <clew/log.h>
#include <clew/memory.h>
#include <clew/task.h>

#include "fake_machine.h"

static struct frame_usage before;

/* The cell's calls that lead out of this test. */
void task_safe_point(void)
{
	ck_assert(fake_interrupts_on());
}

void log_write(const char *format, ...)
{
}

void files_start(void)
{
	fake_start();
	fake_region(0, 2, MACHINE_REGION_NANO_CORE);
	fake_region(2, FILES_FREE_FRAMES + 1, MACHINE_REGION_FREE);
	ck_assert_int_eq(frame_init(machine_info()), 0);
	ck_assert_int_eq(fs_init(), 0);
	frame_usage(&before);
}

void files_check_released(void)
{
	struct frame_usage now;
	struct heap_usage heap;

	heap_trim();
	frame_usage(&now);
	ck_assert_mem_eq(&now, &before, sizeof(now));
	heap_usage(&heap);
	ck_assert_uint_eq(heap.blocks, 0);
	ck_assert(fake_is_balanced());
}

void files_put(const char *path, const void *bytes, size_t size)
{
	OWN(fs_writer, writer) = OWNER_EMPTY;

	ck_assert_int_eq(fs_writer_open(path, FS_TRUNCATE, &writer), 0);
	ck_assert_int_eq(fs_writer_write(&writer, bytes, size), 0);
}

/* The whole file, in memory of the test. */
uint8_t *files_get(const char *path, size_t *ret_size)
{
	OWN(fs_reader, reader) = OWNER_EMPTY;
	struct fs_entry entry;
	uint8_t *bytes;

	ck_assert_int_eq(fs_look(path, &entry), 0);
	bytes = malloc(entry.size + 1);
	ck_assert_int_eq(fs_reader_open(path, &reader), 0);
	ck_assert_int_eq(fs_reader_read(&reader, bytes, entry.size + 1, ret_size), 0);
	ck_assert_uint_eq(*ret_size, entry.size);
	bytes[entry.size] = 0;
	return bytes;
}

void files_check(const char *path, const void *bytes, size_t size)
{
	size_t found_size;
	uint8_t *found = files_get(path, &found_size);

	ck_assert_uint_eq(found_size, size);
	ck_assert_int_eq(memcmp(found, bytes, size), 0);
	free(found);
}

void files_fill(uint8_t *to, size_t size, uint8_t first)
{
	for (size_t i = 0; i < size; i++)
		to[i] = (uint8_t)(first + i * 7 + i / 256);
}

/* ---- archives ----------------------------------------------------------------- */

static uint8_t archive[64 * 1024] __attribute__((aligned(512)));
static size_t archive_size;

/* One member in POSIX ustar format. */
void files_add_member(const char *prefix, const char *name, const void *bytes, size_t size)
{
	char *header = (char *)archive + archive_size;
	unsigned int sum = 0;

	memset(header, 0, 512);
	memcpy(header, name, strlen(name));
	memcpy(header + 100, "0000644", 7);
	snprintf(header + 124, 12, "%011zo", size);
	memset(header + 148, ' ', 8);
	header[156] = '0';
	memcpy(header + 257,
	       "ustar\0"
	       "00",
	       8);
	memcpy(header + 345, prefix, strlen(prefix));
	for (int i = 0; i < 512; i++)
		sum += (uint8_t)header[i];
	snprintf(header + 148, 8, "%06o", sum);
	memcpy(header + 512, bytes, size);
	archive_size += 512 + (size + 511) / 512 * 512;
}

void files_add_module(const char *name)
{
	struct machine_info *info = fake_info();
	struct machine_module *module = &info->modules[info->n_modules++];

	strcpy(module->name, name);
	module->start = malloc(archive_size + 1024);
	memset((void *)(uintptr_t)module->start, 0, archive_size + 1024);
	memcpy((void *)(uintptr_t)module->start, archive, archive_size);
	module->size = archive_size + 1024;
	memset(archive, 0, sizeof(archive));
	archive_size = 0;
}

void files_damage(size_t at)
{
	archive[at] ^= 1;
}
