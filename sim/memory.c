/* SPDX-License-Identifier: MIT */
/*
 * Physical memory: one run of addresses, a permission for each page, and a
 * way to write that no permission stops.
 *
 * Shared mode maps a memfd twice: the window, whose permissions the system
 * sets, and an alias elsewhere, which no cell knows.  Private mode has no
 * alias: it writes through /proc/self/mem, which reaches private pages of any
 * permission, and a forked child has memory of its own.
 *
 * The kernel allows a process only so many mappings, and machine_unmap() must
 * not fail.  So what each call of machine_map() made accessible is a piece of
 * its own, however the kernel merges it with its neighbours, and pieces are
 * counted: a piece and the gap after it are two mappings at most, whichever
 * pieces are dropped, and no more pieces are made than fit twice.
 *
 * Called on the machine's own stack, by the main thread only.
 */
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "death.h"
#include "valgrind.h"

#define MEMORY_OTHER_MAPPINGS 2048 /* the process' own: libraries, heaps, threads */
#define MEMORY_PIECE 0x80u
#define MEMORY_DEFAULT_LIMIT 65530 /* vm.max_map_count, when it cannot be read */

static struct {
	uint64_t size;
	enum memory_mode mode;
	uint8_t *alias; /* shared mode */
	int self;	/* private mode: /proc/self/mem */
	uint8_t *pages; /* enum machine_prot, and MEMORY_PIECE on a piece's first page */
	size_t pieces;
	size_t pieces_limit;
} memory = { .self = -1 };

static const int memory_host_prot[] = {
	[MACHINE_NONE] = PROT_NONE,
	[MACHINE_R] = PROT_READ,
	[MACHINE_RW] = PROT_READ | PROT_WRITE,
	[MACHINE_RX] = PROT_READ | PROT_EXEC,
};

int memory_reserve(void)
{
	void *at = mmap((void *)MEMORY_WINDOW, MEMORY_MAX, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

	if (at == MAP_FAILED)
		return -errno;
	/* A kernel that does not know MAP_FIXED_NOREPLACE takes it as a hint. */
	return at == (void *)MEMORY_WINDOW ? 0 : -EEXIST;
}

static size_t memory_read_limit(void)
{
	unsigned long limit = MEMORY_DEFAULT_LIMIT;
	FILE *file = fopen("/proc/sys/vm/max_map_count", "re");

	if (file) {
		if (fscanf(file, "%lu", &limit) != 1)
			limit = MEMORY_DEFAULT_LIMIT;
		fclose(file);
	}
	return limit > 2 * MEMORY_OTHER_MAPPINGS ? (limit - MEMORY_OTHER_MAPPINGS) / 2 : 16;
}

static int memory_init_shared(uint64_t size)
{
	int fd = memfd_create("clew memory", MFD_CLOEXEC);
	int r = 0;

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)size) < 0 ||
	    mmap((void *)MEMORY_WINDOW, size, PROT_NONE, MAP_SHARED | MAP_NORESERVE | MAP_FIXED, fd,
		 0) == MAP_FAILED)
		r = -errno;
	if (r == 0) {
		memory.alias =
			mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
		if (memory.alias == MAP_FAILED)
			r = -errno;
	}
	close(fd);
	return r;
}

static void memory_open_self(void)
{
	if (memory.self >= 0)
		close(memory.self);
	memory.self = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
}

/* A child's descriptor must be of its own memory, not of its parent's. */
static void memory_after_fork(void)
{
	if (memory.self >= 0)
		memory_open_self();
}

static int memory_init_private(uint64_t size)
{
	uint64_t probe = 0;

	if (mmap((void *)MEMORY_WINDOW, size, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED)
		return -errno;
	memory_open_self();
	if (memory.self < 0)
		return -errno;
	if (pwrite(memory.self, &probe, sizeof(probe), (off_t)MEMORY_WINDOW) != sizeof(probe))
		return -errno;
	return -pthread_atfork(NULL, NULL, memory_after_fork);
}

int memory_init(uint64_t size, enum memory_mode mode)
{
	uint8_t *pages = calloc(size >> PAGE_SHIFT, 1);
	int r;

	if (!pages)
		return -ENOMEM;
	r = mode == MEMORY_SHARED ? memory_init_shared(size) : memory_init_private(size);
	if (r < 0) {
		free(pages);
		return r;
	}
	munmap((void *)(MEMORY_WINDOW + size), MEMORY_MAX - size);
	memory.size = size;
	memory.mode = mode;
	memory.pages = pages;
	memory.pieces = 0;
	memory.pieces_limit = memory_read_limit();
	return 0;
}

void memory_deinit(void)
{
	if (memory.alias)
		munmap(memory.alias, memory.size);
	if (memory.self >= 0)
		close(memory.self);
	munmap((void *)MEMORY_WINDOW, memory.size);
	free(memory.pages);
	memset(&memory, 0, sizeof(memory));
	memory.self = -1;
}

uint64_t memory_size(void)
{
	return memory.size;
}

bool memory_has(uintptr_t va)
{
	return va - MEMORY_WINDOW < memory.size;
}

static bool memory_has_range(uintptr_t va, size_t size)
{
	return va >= MEMORY_WINDOW && size <= memory.size &&
	       va - MEMORY_WINDOW <= memory.size - size;
}

static enum machine_prot memory_prot_of(size_t page)
{
	return memory.pages[page] & ~MEMORY_PIECE;
}

/* What a change of [first, end) makes of the number of pieces. */
static size_t memory_pieces_after(size_t first, size_t end, enum machine_prot prot)
{
	size_t n = memory.pieces + (prot != MACHINE_NONE);

	for (size_t i = first; i < end; i++)
		n -= memory.pages[i] / MEMORY_PIECE;
	/* The rest of a piece that is cut is a piece. */
	if (end < memory.size >> PAGE_SHIFT && memory_prot_of(end) != MACHINE_NONE)
		n += !(memory.pages[end] & MEMORY_PIECE);
	return n;
}

static void memory_note(size_t first, size_t end, enum machine_prot prot)
{
	memset(memory.pages + first, (int)prot, end - first);
	if (prot != MACHINE_NONE)
		memory.pages[first] |= MEMORY_PIECE;
	if (end < memory.size >> PAGE_SHIFT && memory_prot_of(end) != MACHINE_NONE)
		memory.pages[end] |= MEMORY_PIECE;
}

/* mprotect() may have changed some of the mappings before it failed: puts them back. */
static void memory_put_back(size_t first, size_t end)
{
	for (size_t from = first, to; from < end; from = to) {
		enum machine_prot prot = memory_prot_of(from);

		for (to = from + 1; to < end && memory_prot_of(to) == prot; to++)
			;
		if (mprotect((void *)(MEMORY_WINDOW + (from << PAGE_SHIFT)),
			     (to - from) << PAGE_SHIFT, memory_host_prot[prot]) < 0)
			death_exit(MACHINE_DIED, "out of mappings, and permissions are lost: %d",
				   errno);
	}
}

int memory_map(uintptr_t va, size_t pages, enum machine_prot prot)
{
	size_t first, end, pieces;

	if (va % PAGE_SIZE || pages == 0 || pages > memory.size >> PAGE_SHIFT ||
	    !memory_has_range(va, pages << PAGE_SHIFT) || (unsigned int)prot > MACHINE_RX)
		return -EINVAL;
	first = (va - MEMORY_WINDOW) >> PAGE_SHIFT;
	end = first + pages;
	pieces = memory_pieces_after(first, end, prot);
	if (prot != MACHINE_NONE && pieces > memory.pieces && pieces > memory.pieces_limit)
		return -ENOMEM;
	if (mprotect((void *)va, pages << PAGE_SHIFT, memory_host_prot[prot]) < 0) {
		memory_put_back(first, end);
		return -ENOMEM;
	}
	memory_note(first, end, prot);
	memory.pieces = pieces;
	valgrind_mapped(va, va + (pages << PAGE_SHIFT), prot == MACHINE_RW);
	return 0;
}

void memory_unmap(uintptr_t va, size_t pages)
{
	int r = memory_map(va, pages, MACHINE_NONE);

	if (r < 0)
		death_exit(
			MACHINE_DIED,
			"machine_unmap: expected pages of the window, found %zu at %p (error %d)",
			pages, (void *)va, -r);
}

static void memory_write_self(uintptr_t va, const void *bytes, size_t size)
{
	while (size > 0) {
		ssize_t n = pwrite(memory.self, bytes, size, (off_t)va);

		if (n <= 0 && errno != EINTR)
			death_exit(MACHINE_DIED, "/proc/self/mem: cannot write %zu bytes at %p: %d",
				   size, (void *)va, errno);
		if (n <= 0)
			continue;
		bytes = (const uint8_t *)bytes + n;
		va += (size_t)n;
		size -= (size_t)n;
	}
}

enum machine_prot memory_prot_at(uintptr_t va)
{
	if (!memory_has(va))
		return MACHINE_NONE;
	return memory_prot_of((va - MEMORY_WINDOW) >> PAGE_SHIFT);
}

void memory_patch(uintptr_t va, const void *bytes, size_t size)
{
	uint64_t word;

	if (!memory_has_range(va, size))
		death_exit(MACHINE_DIED,
			   "machine_patch: expected a range in the window, found %zu bytes at %p",
			   size, (void *)va);
	if (memory.mode == MEMORY_PRIVATE) {
		memory_write_self(va, bytes, size);
		valgrind_patched(va, size);
	} else if (size == sizeof(word) && va % sizeof(word) == 0) {
		memcpy(&word, bytes, sizeof(word));
		__atomic_store_n((uint64_t *)(memory.alias + (va - MEMORY_WINDOW)), word,
				 __ATOMIC_RELEASE);
	} else {
		memcpy(memory.alias + (va - MEMORY_WINDOW), bytes, size);
	}
}

int memory_cover(uintptr_t va, size_t pages, int fd, size_t offset)
{
	int prot = memory_host_prot[memory_prot_at(va)];

	if (memory.mode != MEMORY_PRIVATE)
		return -EINVAL;
	if (mmap((void *)va, pages << PAGE_SHIFT, prot, MAP_PRIVATE | MAP_FIXED, fd,
		 (off_t)offset) == MAP_FAILED)
		return -errno;
	return 0;
}

int memory_uncover(uintptr_t va, size_t pages)
{
	int prot = memory_host_prot[memory_prot_at(va)];
	size_t size = pages << PAGE_SHIFT;
	void *copy = malloc(size);
	int r = 0;

	if (!copy)
		return -ENOMEM;
	memcpy(copy, (void *)va, size);
	/* Without permission first: by that Valgrind knows that the names end. */
	if (mprotect((void *)va, size, PROT_NONE) < 0 ||
	    mmap((void *)va, size, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED,
		 -1, 0) == MAP_FAILED)
		r = -errno;
	else
		memory_write_self(va, copy, size);
	free(copy);
	return r;
}

void memory_fill(uintptr_t va, uint8_t byte, size_t size)
{
	uint8_t block[PAGE_SIZE];

	memset(block, byte, sizeof(block));
	while (size > 0) {
		size_t n = size < sizeof(block) ? size : sizeof(block);

		memory_patch(va, block, n);
		va += n;
		size -= n;
	}
}
