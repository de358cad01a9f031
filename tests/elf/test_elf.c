/* SPDX-License-Identifier: MIT */
/*
 * What elf_open() refuses and what it takes: the bad objects of the manifest,
 * both sides of every limit, and overlaps in files of any order.
 *
 * usage: test_elf GOOD.o DIRECTORY MANIFEST
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elf/elf.h"
#include "file.h"
#include "tap.h"

#define ENTRIES_MAX 512

struct entry { /* a line of the manifest; make_bad_objects.py */
	const char *file, *stage, *what, *section, *symbol, *description;
};

static const char *good_path, *directory;
static struct entry entries[ENTRIES_MAX];
static int n_entries;

/* ---- the manifest ---------------------------------------------------------- */

static void assert_part(const struct entry *entry, const char *field, const char *text,
			const char *part)
{
	ck_assert_msg(strcmp(part, "-") == 0 || strstr(text, part), "%s (%s): %s is \"%s\"",
		      entry->file, entry->description, field, text);
}

START_TEST(a_bad_object_is_refused_at_its_stage_and_the_diag_says_why)
{
	const struct entry *entry = &entries[_i];
	struct diag diag = { .offset = 0 };
	unsigned char *bytes;
	char path[1024];
	struct elf elf;
	size_t size;
	int r;

	snprintf(path, sizeof(path), "%s/%s", directory, entry->file);
	bytes = file_read(path, &size);
	ck_assert_msg(bytes != NULL, "%s cannot be read", path);
	r = elf_open(&elf, entry->file, bytes, size, &diag);
	if (strcmp(entry->stage, "link") == 0) {
		ck_assert_msg(r == 0, "%s: the reader refuses it: %s", entry->file, diag.what);
	} else {
		ck_assert_msg(r == -EBADMSG, "%s (%s): %d", entry->file, entry->description, r);
		ck_assert_str_eq(diag.cell, entry->file);
		assert_part(entry, "what", diag.what, entry->what);
		assert_part(entry, "section", diag.section, entry->section);
		assert_part(entry, "symbol", diag.symbol, entry->symbol);
		ck_assert(diag.expected[0] && diag.found[0]);
	}
	free(bytes);
}
END_TEST

START_TEST(the_good_object_opens)
{
	size_t size;
	unsigned char *bytes = file_read(good_path, &size);
	struct diag diag;
	struct elf elf;

	ck_assert_int_eq(elf_open(&elf, "good.o", bytes, size, &diag), 0);
	ck_assert_str_eq(elf.name, "good.o");
	ck_assert_uint_eq(elf_find_section(&elf, ".no.such.section"), 0);
	ck_assert_uint_ne(elf_find_section(&elf, ".text.good_add"), 0);
	free(bytes);
}
END_TEST

START_TEST(a_refusal_leaves_the_output_untouched)
{
	struct elf elf, before;
	struct diag diag;

	memset(&elf, 0x5a, sizeof(elf));
	memset(&before, 0x5a, sizeof(before));
	ck_assert_int_eq(elf_open(&elf, "empty", "", 0, &diag), -EBADMSG);
	ck_assert_mem_eq(&elf, &before, sizeof(elf));
}
END_TEST

START_TEST(an_object_that_is_not_aligned_in_memory_is_refused)
{
	size_t size;
	unsigned char *bytes = file_read(good_path, &size);
	unsigned char *moved = malloc(size + 4);
	struct diag diag;
	struct elf elf;

	memcpy(moved + 4, bytes, size);
	ck_assert_int_eq(elf_open(&elf, "good.o", moved + 4, size, &diag), -EBADMSG);
	ck_assert_str_eq(diag.what, "object is not aligned in memory");
	free(moved);
	free(bytes);
}
END_TEST

START_TEST(a_name_that_is_too_long_for_a_diag_is_cut)
{
	char name[100] = { 0 };
	struct diag diag;
	struct elf elf;

	memset(name, 'n', sizeof(name) - 1);
	ck_assert_int_eq(elf_open(&elf, name, "", 0, &diag), -EBADMSG);
	ck_assert_uint_eq(strlen(diag.cell), sizeof(diag.cell) - 1);
}
END_TEST

/* ---- objects made here ------------------------------------------------------ */

/* The header, `n` sections of no name, the names (8 bytes), then `room` bytes of contents. */
struct made {
	uint8_t *bytes;
	size_t size;
	Elf64_Shdr *sections;
	uint64_t contents; /* offset */
};

static struct made make_object(uint32_t n, size_t room)
{
	struct made made = { .contents = sizeof(Elf64_Ehdr) + n * sizeof(Elf64_Shdr) + 8 };
	Elf64_Ehdr header = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_REL,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_shoff = sizeof(Elf64_Ehdr),
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shstrndx = 1,
	};

	made.size = made.contents + room;
	made.bytes = calloc(1, made.size);
	ck_assert_ptr_nonnull(made.bytes);
	memcpy(made.bytes, &header, sizeof(header));
	made.sections = (Elf64_Shdr *)(made.bytes + sizeof(header));
	made.sections[0].sh_size = n; /* e_shnum is 0 */
	made.sections[1] = (Elf64_Shdr){
		.sh_type = SHT_STRTAB,
		.sh_offset = made.contents - 8,
		.sh_size = 8,
	};
	return made;
}

static int open_made(const struct made *made, struct diag *reterr)
{
	struct elf elf;

	return elf_open(&elf, "made.o", made->bytes, made->size, reterr);
}

START_TEST(the_largest_number_of_sections_is_taken_and_one_more_is_refused)
{
	struct made most = make_object(ELF_SECTIONS_MAX, 0);
	struct made more = make_object(ELF_SECTIONS_MAX + 1, 0);
	struct diag diag;

	ck_assert_int_eq(open_made(&most, &diag), 0);
	ck_assert_int_eq(open_made(&more, &diag), -EBADMSG);
	ck_assert_str_eq(diag.what, "too many sections");
	free(most.bytes);
	free(more.bytes);
}
END_TEST

START_TEST(a_claim_of_1_gib_is_taken_and_one_byte_more_is_refused)
{
	struct made made = make_object(3, 0);
	struct diag diag;

	made.sections[2] = (Elf64_Shdr){ .sh_type = SHT_NOBITS, .sh_size = 1ul << 30 };
	ck_assert_int_eq(open_made(&made, &diag), 0);
	made.sections[2].sh_size++;
	ck_assert_int_eq(open_made(&made, &diag), -EBADMSG);
	ck_assert_str_eq(diag.what, "section claims too much");
	free(made.bytes);
}
END_TEST

START_TEST(an_alignment_of_0_and_of_1_gib_is_taken_and_of_2_gib_is_refused)
{
	struct made made = make_object(3, 0);
	struct diag diag;

	made.sections[2] = (Elf64_Shdr){ .sh_type = SHT_NOBITS, .sh_addralign = 0 };
	ck_assert_int_eq(open_made(&made, &diag), 0);
	made.sections[2].sh_addralign = 1ul << 30;
	ck_assert_int_eq(open_made(&made, &diag), 0);
	made.sections[2].sh_addralign = 1ul << 31;
	ck_assert_int_eq(open_made(&made, &diag), -EBADMSG);
	ck_assert_str_eq(diag.what, "bad alignment");
	free(made.bytes);
}
END_TEST

START_TEST(contents_up_to_the_last_byte_are_taken_and_one_more_is_refused)
{
	struct made made = make_object(3, 16);
	struct diag diag;

	made.sections[2] = (Elf64_Shdr){
		.sh_type = SHT_PROGBITS,
		.sh_offset = made.contents,
		.sh_size = 16,
	};
	ck_assert_int_eq(open_made(&made, &diag), 0);
	made.sections[2].sh_size++;
	ck_assert_int_eq(open_made(&made, &diag), -EBADMSG);
	ck_assert_str_eq(diag.what, "section outside the file");
	free(made.bytes);
}
END_TEST

/* ---- overlaps in any order --------------------------------------------------- */

#define SHUFFLED 2000
#define EXTENT 16 /* bytes of contents in each section */

/* Section 2 + i has the extent number order[i]. */
static struct made make_ordered(uint32_t count, const uint32_t *order)
{
	struct made made = make_object(count + 2, (size_t)count * EXTENT);

	for (uint32_t i = 0; i < count; i++)
		made.sections[i + 2] = (Elf64_Shdr){
			.sh_type = SHT_PROGBITS,
			.sh_offset = made.contents + (uint64_t)order[i] * EXTENT,
			.sh_size = EXTENT,
		};
	return made;
}

static struct made make_shuffled(uint32_t *order)
{
	srand(1);
	for (uint32_t i = 0; i < SHUFFLED; i++) {
		uint32_t other = (uint32_t)rand() % (i + 1);

		order[i] = order[other];
		order[other] = i;
	}
	return make_ordered(SHUFFLED, order);
}

START_TEST(contents_in_any_order_are_taken)
{
	static uint32_t order[SHUFFLED];
	struct made made = make_shuffled(order);
	struct diag diag;

	ck_assert_int_eq(open_made(&made, &diag), 0);
	free(made.bytes);
}
END_TEST

START_TEST(an_overlap_of_one_byte_is_found_in_any_order)
{
	static uint32_t order[SHUFFLED];
	struct made made = make_shuffled(order);
	struct diag diag;
	char second[16];

	for (uint32_t i = 0; i < SHUFFLED; i++) {
		uint32_t after = 0;

		if (order[i] == SHUFFLED - 1)
			continue;
		while (order[after] != order[i] + 1)
			after++;
		made.sections[i + 2].sh_size++;
		ck_assert_int_eq(open_made(&made, &diag), -EBADMSG);
		ck_assert_str_eq(diag.what, "sections overlap");
		snprintf(second, sizeof(second), "%lu", made.sections[after + 2].sh_offset);
		ck_assert(strncmp(diag.found, second, strlen(second)) == 0);
		made.sections[i + 2].sh_size--;
	}
	ck_assert_int_eq(open_made(&made, &diag), 0);
	free(made.bytes);
}
END_TEST

START_TEST(two_sections_at_one_offset_are_found_in_any_order)
{
	static uint32_t order[SHUFFLED];
	struct made made = make_shuffled(order);
	struct diag diag;

	for (uint32_t i = 1; i < SHUFFLED; i += 7) {
		uint64_t kept = made.sections[i + 2].sh_offset;

		made.sections[i + 2].sh_offset = made.sections[2].sh_offset;
		ck_assert_int_eq(open_made(&made, &diag), -EBADMSG);
		ck_assert_str_eq(diag.what, "sections overlap");
		made.sections[i + 2].sh_offset = kept;
	}
	free(made.bytes);
}
END_TEST

START_TEST(sections_without_contents_overlap_nothing)
{
	struct made made = make_object(5, 16);
	struct diag diag;

	made.sections[2] = (Elf64_Shdr){
		.sh_type = SHT_PROGBITS,
		.sh_offset = made.contents,
		.sh_size = 16,
	};
	made.sections[3] = made.sections[2];
	made.sections[3].sh_size = 0;
	made.sections[4] = made.sections[2];
	made.sections[4].sh_type = SHT_NOBITS;
	ck_assert_int_eq(open_made(&made, &diag), 0);
	made.sections[4].sh_type = SHT_PROGBITS;
	ck_assert_int_eq(open_made(&made, &diag), -EBADMSG);
	free(made.bytes);
}
END_TEST

/* The worst order for the search: the test case's time limit is the assertion. */
START_TEST(the_largest_number_of_sections_in_falling_order_is_taken_in_time)
{
	uint32_t count = ELF_SECTIONS_MAX - 2;
	uint32_t *order = calloc(count, sizeof(*order));
	struct made made;
	struct diag diag;

	ck_assert_ptr_nonnull(order);
	for (uint32_t i = 0; i < count; i++)
		order[i] = count - 1 - i;
	made = make_ordered(count, order);
	ck_assert_int_eq(open_made(&made, &diag), 0);
	made.sections[count].sh_size++;
	ck_assert_int_eq(open_made(&made, &diag), -EBADMSG);
	free(made.bytes);
	free(order);
}
END_TEST

/* ---- the runner -------------------------------------------------------------- */

static int read_manifest(const char *path)
{
	size_t size;
	char *text = (char *)file_read(path, &size), *line;

	if (!text || size == 0 || text[size - 1] != '\n')
		return -1;
	text[size - 1] = 0;
	while ((line = strsep(&text, "\n")) != NULL && n_entries < ENTRIES_MAX) {
		struct entry *entry = &entries[n_entries++];

		entry->file = strsep(&line, "\t");
		entry->stage = strsep(&line, "\t");
		entry->what = strsep(&line, "\t");
		entry->section = strsep(&line, "\t");
		entry->symbol = strsep(&line, "\t");
		entry->description = line;
		if (!line)
			return -1;
	}
	return text ? -1 : 0;
}

static Suite *make_suite(void)
{
	Suite *suite = suite_create("elf");
	TCase *bad = tcase_create("bad objects"), *made = tcase_create("limits");

	tcase_add_loop_test(bad, a_bad_object_is_refused_at_its_stage_and_the_diag_says_why, 0,
			    n_entries);
	tcase_add_test(bad, the_good_object_opens);
	tcase_add_test(bad, a_refusal_leaves_the_output_untouched);
	tcase_add_test(bad, an_object_that_is_not_aligned_in_memory_is_refused);
	tcase_add_test(bad, a_name_that_is_too_long_for_a_diag_is_cut);
	tcase_add_test(made, the_largest_number_of_sections_is_taken_and_one_more_is_refused);
	tcase_add_test(made, a_claim_of_1_gib_is_taken_and_one_byte_more_is_refused);
	tcase_add_test(made, an_alignment_of_0_and_of_1_gib_is_taken_and_of_2_gib_is_refused);
	tcase_add_test(made, contents_up_to_the_last_byte_are_taken_and_one_more_is_refused);
	tcase_add_test(made, contents_in_any_order_are_taken);
	tcase_add_test(made, an_overlap_of_one_byte_is_found_in_any_order);
	tcase_add_test(made, two_sections_at_one_offset_are_found_in_any_order);
	tcase_add_test(made, sections_without_contents_overlap_nothing);
	tcase_add_test(made, the_largest_number_of_sections_in_falling_order_is_taken_in_time);
	tcase_set_timeout(made, 30);
	suite_add_tcase(suite, bad);
	suite_add_tcase(suite, made);
	return suite;
}

int main(int argc, char **argv)
{
	if (argc != 4 || read_manifest(argv[3]) < 0)
		return 2;
	good_path = argv[1];
	directory = argv[2];
	return tap_run(make_suite());
}
