/* SPDX-License-Identifier: MIT */
/*
 * libunwind as a witness, see witness.h: its remote unwinding (libunwind-
 * x86_64), which takes registers and memory from the functions below.
 */
#include <libunwind.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "witness.h"

/* In libunwind's documentation of remote unwinding by name only; its library exports it. */
int _Ux86_64_dwarf_search_unwind_table(unw_addr_space_t space, unw_word_t ip, unw_dyn_info_t *info,
				       unw_proc_info_t *ret, int need, void *argument);

/* Where a function and its FDE are, from the beginning of the table. */
struct search_row {
	int32_t start, fde;
};

struct search {
	unw_dyn_info_t info;
	struct search_row *rows;
	const struct witness_tables *tables;
};

#define SEARCHES_MAX 64

static struct {
	unw_addr_space_t space;
	struct search searches[SEARCHES_MAX];
	size_t count;
	struct unwind_stack stack;
	const uint64_t *registers;
} libunwind;

static int find_proc_info(unw_addr_space_t space, unw_word_t ip, unw_proc_info_t *ret, int need,
			  void *argument)
{
	for (size_t i = 0; i < libunwind.count; i++) {
		unw_dyn_info_t *info = &libunwind.searches[i].info;

		if (ip >= info->start_ip && ip < info->end_ip)
			return _Ux86_64_dwarf_search_unwind_table(space, ip, info, ret, need,
								  argument);
	}
	return -UNW_ENOINFO;
}

static void put_unwind_info(unw_addr_space_t space, unw_proc_info_t *info, void *argument)
{
	(void)space;
	(void)info;
	(void)argument;
}

static int no_dyn_info(unw_addr_space_t space, unw_word_t *ret, void *argument)
{
	(void)space;
	(void)ret;
	(void)argument;
	return -UNW_ENOINFO;
}

static bool is_readable(uint64_t address)
{
	if (address >= libunwind.stack.low && address < libunwind.stack.high)
		return true;
	for (size_t i = 0; i < libunwind.count; i++) {
		const struct search *search = &libunwind.searches[i];
		uint64_t rows = address - (uintptr_t)search->rows;

		if (address >= search->tables->low && address < search->tables->high)
			return true;
		if (rows < search->tables->n_entries * sizeof(struct search_row))
			return true;
	}
	return false;
}

static int access_mem(unw_addr_space_t space, unw_word_t address, unw_word_t *value, int write,
		      void *argument)
{
	(void)space;
	(void)argument;
	if (write || !is_readable(address))
		return -UNW_EINVAL;
	memcpy(value, (const void *)address, sizeof(*value));
	return 0;
}

static int access_reg(unw_addr_space_t space, unw_regnum_t number, unw_word_t *value, int write,
		      void *argument)
{
	(void)space;
	(void)argument;
	if (write || number < 0 || number >= UNWIND_REGISTERS)
		return -UNW_EBADREG;
	*value = libunwind.registers[number]; /* UNW_X86_64_RAX ... are DWARF's numbers */
	return 0;
}

static int access_fpreg(unw_addr_space_t space, unw_regnum_t number, unw_fpreg_t *value, int write,
			void *argument)
{
	(void)space;
	(void)number;
	(void)value;
	(void)write;
	(void)argument;
	return -UNW_EBADREG;
}

static int resume(unw_addr_space_t space, unw_cursor_t *cursor, void *argument)
{
	(void)space;
	(void)cursor;
	(void)argument;
	return -UNW_EINVAL;
}

static int get_proc_name(unw_addr_space_t space, unw_word_t address, char *name, size_t size,
			 unw_word_t *ret, void *argument)
{
	(void)space;
	(void)address;
	(void)name;
	(void)size;
	(void)ret;
	(void)argument;
	return -UNW_ENOINFO;
}

void witness_libunwind_open(void)
{
	static unw_accessors_t accessors = {
		.find_proc_info = find_proc_info,
		.put_unwind_info = put_unwind_info,
		.get_dyn_info_list_addr = no_dyn_info,
		.access_mem = access_mem,
		.access_reg = access_reg,
		.access_fpreg = access_fpreg,
		.resume = resume,
		.get_proc_name = get_proc_name,
	};

	libunwind.space = unw_create_addr_space(&accessors, 0);
	if (!libunwind.space) {
		printf("Bail out! libunwind has no remote address space\n");
		exit(99);
	}
	unw_set_caching_policy(libunwind.space, UNW_CACHE_NONE);
}

static void use(struct search *search, const struct witness_tables *tables)
{
	const struct unwind_entry *entries = tables->entries;
	size_t n = tables->n_entries;

	search->tables = tables;
	search->rows = calloc(n + 1, sizeof(*search->rows));
	for (size_t i = 0; i < n; i++) {
		search->rows[i].start = (int32_t)(entries[i].start - tables->low);
		search->rows[i].fde = (int32_t)(entries[i].fde - tables->low);
	}
	search->info = (unw_dyn_info_t){
		.start_ip = n ? entries[0].start : 0,
		.end_ip = n ? entries[n - 1].start + entries[n - 1].size : 0,
		.format = UNW_INFO_FORMAT_REMOTE_TABLE,
	};
	search->info.u.rti.segbase = tables->low;
	search->info.u.rti.table_data = (uintptr_t)search->rows;
	search->info.u.rti.table_len = n * sizeof(*search->rows) / sizeof(unw_word_t);
}

void witness_libunwind_use(const struct witness_tables *tables, size_t count,
			   const struct unwind_stack *stack)
{
	if (count > SEARCHES_MAX) {
		printf("Bail out! %zu tables\n", count);
		exit(99);
	}
	for (size_t i = 0; i < libunwind.count; i++)
		free(libunwind.searches[i].rows);
	for (size_t i = 0; i < count; i++)
		use(&libunwind.searches[i], &tables[i]);
	libunwind.count = count;
	libunwind.stack = *stack;
}

void witness_libunwind_stack(const struct unwind_stack *stack)
{
	libunwind.stack = *stack;
}

static void read_frame(unw_cursor_t *cursor, struct witness_frame *frame)
{
	for (int i = 0; i < WITNESS_COMPARED; i++) {
		unw_word_t value = 0;

		unw_get_reg(cursor, witness_compared[i], &value);
		frame->registers[witness_compared[i]] = value;
	}
	unw_get_reg(cursor, UNW_X86_64_RSP, &frame->registers[UNWIND_RSP]);
	frame->cfa = frame->registers[UNWIND_RSP];
}

int witness_libunwind_trace(const uint64_t *registers, struct witness_frame *frames, int max,
			    struct witness_function *ret)
{
	unw_cursor_t cursor;
	unw_proc_info_t info;
	int count = 0;

	libunwind.registers = registers;
	*ret = (struct witness_function){ .known = false };
	if (unw_init_remote(&cursor, libunwind.space, NULL) != 0)
		return 0;
	if (unw_get_proc_info(&cursor, &info) == 0) {
		*ret = (struct witness_function){ .start = info.start_ip,
						  .lsda = info.lsda,
						  .known = true };
	}
	while (count < max && unw_step(&cursor) > 0)
		read_frame(&cursor, &frames[count++]);
	return count;
}
