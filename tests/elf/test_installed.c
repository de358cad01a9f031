/* SPDX-License-Identifier: MIT */
/*
 * The reader and libelf agree on what is installed: every ELF file and every
 * ELF member of an archive below a folder.
 *
 * usage: test_installed FOLDER MEBIBYTES
 *
 * Relocatable x86-64 objects must be read by both, and in the same way.  Of
 * others the reader must say what the header says that makes them none.
 * MEBIBYTES: of archives and objects, how much to read at most, evenly from
 * all of it; 0: everything.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agreement.h"
#include "oracle.h"

#define OBJECTS_MIN 50
#define SHOWN 20

enum kind {
	NEITHER,
	OBJECT, /* ET_REL */
	LINKED, /* another ELF file: its header is all that is read */
	ARCHIVE,
};

static struct {
	long files, objects, others, strict, skipped;
	long failures;
} counts;
static struct {
	double total, limit, seen, read; /* bytes */
} sample;
static bool measuring;
static const char *current;

static void fail(const char *member, const char *text)
{
	if (counts.failures++ < SHOWN)
		printf("# %s%s%s: %s\n", current, member ? ": " : "", member ? member : "", text);
}

/* Whether the refusal is what the header says. */
static bool is_true(const char *refusal, const struct oracle_header *header)
{
	if (strcmp(refusal, "wrong class") == 0)
		return header->class != ELFCLASS64;
	if (strcmp(refusal, "wrong byte order") == 0)
		return header->data != ELFDATA2LSB;
	if (strcmp(refusal, "wrong machine") == 0)
		return header->machine != EM_X86_64;
	if (strcmp(refusal, "not a relocatable object") == 0)
		return header->type != ET_REL;
	return false;
}

static void check(const char *member, const void *bytes, size_t size)
{
	struct oracle_header header;
	struct agreement agreement;
	enum agreement_verdict verdict =
		agreement_check(member ? member : "file.o", bytes, size, &agreement);

	if (verdict == AGREEMENT_DIFFERENT)
		return fail(member, agreement.text);
	if (verdict == AGREEMENT_SAME) {
		counts.objects++;
		return;
	}
	if (!oracle_read_header(bytes, size, &header)) {
		counts.others++; /* neither sees an ELF file that is whole */
		return;
	}
	if (is_true(agreement.refusal, &header)) {
		counts.others++;
		return;
	}
	counts.strict++;
	fail(member, agreement.text);
}

/* Evenly: whenever less was read than of all that has been seen should have been. */
static bool is_taken(size_t size)
{
	sample.seen += (double)size;
	if (sample.limit > 0 && sample.read >= sample.seen * sample.limit / sample.total)
		return false;
	sample.read += (double)size;
	return true;
}

static enum kind kind_of(const char *path, size_t size)
{
	int fd = size < sizeof(Elf64_Ehdr) ? -1 : open(path, O_RDONLY);
	unsigned char start[20] = { 0 };
	enum kind kind = NEITHER;

	if (fd < 0)
		return NEITHER;
	if (read(fd, start, sizeof(start)) == (ssize_t)sizeof(start)) {
		if (memcmp(start, "!<arch>\n", 8) == 0)
			kind = ARCHIVE;
		else if (memcmp(start, ELFMAG, SELFMAG) == 0)
			kind = start[16] == ET_REL ? OBJECT : LINKED;
	}
	close(fd);
	return kind;
}

static void check_file(const char *path, size_t size)
{
	int fd = open(path, O_RDONLY);
	void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);

	if (bytes == MAP_FAILED)
		fail(NULL, "cannot be mapped");
	else
		check(NULL, bytes, size);
	munmap(bytes, size);
	close(fd);
}

static int visit(const char *path, const struct stat *status, int type, struct FTW *where)
{
	size_t size = (size_t)status->st_size;
	enum kind kind;

	(void)where;
	if (type != FTW_F || !S_ISREG(status->st_mode) || access(path, R_OK) != 0)
		return 0;
	kind = kind_of(path, size);
	if (kind == NEITHER)
		return 0;
	if (measuring) {
		sample.total += kind == LINKED ? 0 : (double)size;
		return 0;
	}
	if (kind != LINKED && !is_taken(size)) {
		counts.skipped++;
		return 0;
	}
	counts.files++;
	current = path;
	if (kind != ARCHIVE)
		check_file(path, size);
	else
		(void)oracle_members(path, check);
	return 0;
}

static void walk(const char *folder)
{
	if (nftw(folder, visit, 64, FTW_PHYS) != 0) {
		printf("Bail out! %s cannot be walked\n", folder);
		exit(99);
	}
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	sample.limit = strtod(argv[2], NULL) * (1 << 20);
	measuring = true;
	walk(argv[1]);
	measuring = false;
	if (sample.limit > sample.total)
		sample.limit = 0;
	walk(argv[1]);
	printf("# %ld files, %ld more not in the sample; %ld objects read, %ld files and members "
	       "of "
	       "other kinds, %ld refused that should be read\n",
	       counts.files, counts.skipped, counts.objects, counts.others, counts.strict);
	if (counts.failures == 0 && counts.objects < OBJECTS_MIN) {
		printf("1..0 # SKIP %s has only %ld objects\n", argv[1], counts.objects);
		return 0;
	}
	printf("1..1\n%s 1 - the reader and libelf agree on what is in %s (%ld objects)\n",
	       counts.failures ? "not ok" : "ok", argv[1], counts.objects);
	return counts.failures != 0;
}
