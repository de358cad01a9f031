/* SPDX-License-Identifier: MIT */
/* The unwind tables of this process, see module.h. */
#define _GNU_SOURCE
#include "module.h"

#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct search {
	struct module *modules;
	int count;
};

static uint32_t read_u32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

/* LSB 5 section 10.6.2; ld writes the pointer to .eh_frame as pcrel sdata4. */
static const uint8_t *eh_frame_of(const uint8_t *hdr)
{
	if (hdr[0] != 1 || hdr[1] != 0x1b)
		exit(99);
	return hdr + 4 + (int32_t)read_u32(hdr + 4);
}

/* Up to the terminator, it included. */
static size_t eh_frame_size(const uint8_t *eh_frame)
{
	size_t size = 0;

	while (read_u32(eh_frame + size) != 0)
		size += 4 + read_u32(eh_frame + size);
	return size + 4;
}

static void index_module(struct module *module)
{
	struct diag diag = { .offset = 0 };
	size_t count;

	if (unwind_index(module->eh_frame, module->eh_frame_size, (uintptr_t)module->eh_frame,
			 module->low, module->high, NULL, 0, &count, &diag) == 0) {
		module->entries = calloc(count + 1, sizeof(*module->entries));
		if (unwind_index(module->eh_frame, module->eh_frame_size,
				 (uintptr_t)module->eh_frame, module->low, module->high,
				 module->entries, count, &module->n_entries, &diag) == 0)
			return;
	}
	printf("Bail out! %s: %s at %lu\n", module->path, diag.what, diag.offset);
	exit(99);
}

static int add_module(struct dl_phdr_info *info, size_t size, void *context)
{
	struct search *search = context;
	struct module *module = &search->modules[search->count];

	(void)size;
	*module = (struct module){ .path = info->dlpi_name,
				   .bias = info->dlpi_addr,
				   .low = UINT64_MAX };
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *phdr = &info->dlpi_phdr[i];
		uint64_t start = info->dlpi_addr + phdr->p_vaddr;

		if (phdr->p_type == PT_GNU_EH_FRAME)
			module->eh_frame_hdr = (const uint8_t *)start;
		if (phdr->p_type != PT_LOAD)
			continue;
		if (start < module->low)
			module->low = start;
		if (start + phdr->p_memsz > module->high)
			module->high = start + phdr->p_memsz;
	}
	if (!module->eh_frame_hdr || search->count + 1 == MODULES_MAX)
		return 0;
	module->eh_frame = eh_frame_of(module->eh_frame_hdr);
	module->eh_frame_size = eh_frame_size(module->eh_frame);
	index_module(module);
	search->count++;
	return 0;
}

int modules_load(struct module *modules)
{
	struct search search = { .modules = modules };

	dl_iterate_phdr(add_module, &search);
	return search.count;
}

const struct unwind_entry *modules_find(const struct module *modules, int count, uint64_t pc)
{
	for (int i = 0; i < count; i++) {
		const struct unwind_entry *entry =
			unwind_find(modules[i].entries, modules[i].n_entries, pc);

		if (entry)
			return entry;
	}
	return NULL;
}
