/* SPDX-License-Identifier: MIT */
/*
 * Links nano_core.o with the functions of machine.h and nothing else.
 *
 * The one place where the machine uses src/elf and src/link.  Everything else
 * is linked by the system itself.
 */
#include "boot.h"

#include <glib.h>
#include <string.h>

#include "elf/elf.h"
#include "link/link.h"
#include "memory.h"

#define BIND_NAME "nano_core.o"
#define BIND_ENTRY "nano_core_start"

struct bind {
	struct elf elf;
	struct link_object object;
	struct link_section *sections;
	struct link_symbol *symbols;
	struct link_word *words;
};

static const enum machine_prot bind_prot[LINK_POOLS] = {
	[LINK_TEXT] = MACHINE_RX,
	[LINK_CONST] = MACHINE_R,
	[LINK_DATA] = MACHINE_RW,
	[LINK_STATE] = MACHINE_RW,
};

static void bind_deinit(struct bind *bind)
{
	for (size_t i = 0; i < LINK_POOLS; i++)
		g_free(bind->object.image[i]);
	g_free(bind->sections);
	g_free(bind->symbols);
	g_free(bind->words);
}
typedef struct bind bind_owner;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(bind_owner, bind_deinit)

static size_t bind_pages(uint64_t size)
{
	return (size + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

static int bind_place(struct bind *bind, uintptr_t end, struct boot_image *ret, struct diag *reterr)
{
	size_t pages = BOOT_STACK_PAGES;
	uintptr_t at;

	for (size_t i = 0; i < LINK_POOLS; i++)
		pages += bind_pages(bind->object.size[i]);
	if (pages > (end - MEMORY_WINDOW) >> PAGE_SHIFT) {
		link_diag(reterr, &bind->elf, 0, 0, DIAG_NO_OFFSET,
			  "not enough memory for nano_core", "its pages below the modules",
			  "fewer");
		return -ENOMEM;
	}
	at = end - (pages << PAGE_SHIFT);
	ret->start = at;
	ret->end = end;
	for (size_t i = 0; i < LINK_POOLS; i++) {
		bind->object.base[i] = at;
		bind->object.image[i] = g_malloc0(bind->object.size[i] + 1);
		at += bind_pages(bind->object.size[i]) << PAGE_SHIFT;
	}
	return 0;
}

/* Every undefined symbol is a function of the machine, or weak and then 0. */
static int bind_resolve(struct bind *bind, struct diag *reterr)
{
	for (uint32_t i = 1; i < bind->elf.n_symbols; i++) {
		const char *name = elf_symbol_name(&bind->elf, i);
		struct link_symbol *symbol = &bind->symbols[i];
		uintptr_t address = 0;

		if (bind->elf.symbols[i].st_shndx != SHN_UNDEF ||
		    !(symbol->flags & (LINK_CALLED | LINK_ADDRESSED | LINK_DIRECT)))
			continue;
		if (boot_find_symbol(name, &address) < 0 &&
		    ELF64_ST_BIND(bind->elf.symbols[i].st_info) != STB_WEAK) {
			link_diag(reterr, &bind->elf, 0, i, DIAG_NO_OFFSET, "undefined symbol",
				  "a function of machine.h", name);
			return -ENOEXEC;
		}
		symbol->call = address;
		symbol->address = address;
	}
	return 0;
}

static int bind_find_entry(const struct bind *bind, uintptr_t *ret, struct diag *reterr)
{
	for (uint32_t i = 1; i < bind->elf.n_symbols; i++) {
		if (bind->elf.symbols[i].st_shndx != SHN_UNDEF &&
		    strcmp(elf_symbol_name(&bind->elf, i), BIND_ENTRY) == 0) {
			*ret = bind->symbols[i].call;
			return 0;
		}
	}
	link_diag(reterr, &bind->elf, 0, 0, DIAG_NO_OFFSET, "no entry", BIND_ENTRY,
		  "no such symbol");
	return -ENOEXEC;
}

static int bind_write(const struct bind *bind, const struct boot_image *image)
{
	int r = 0;

	for (size_t i = 0; i < LINK_POOLS && r == 0; i++) {
		size_t pages = bind_pages(bind->object.size[i]);

		if (pages == 0)
			continue;
		memory_patch(bind->object.base[i], bind->object.image[i], bind->object.size[i]);
		r = memory_map(bind->object.base[i], pages, bind_prot[i]);
	}
	if (r == 0)
		r = memory_map(image->end - BOOT_STACK_PAGES * PAGE_SIZE, BOOT_STACK_PAGES,
			       MACHINE_RW);
	return r;
}

int boot_bind_nano_core(const void *bytes, size_t size, uintptr_t end, struct boot_image *ret,
			struct diag *reterr)
{
	g_auto(bind_owner) bind = { 0 };
	struct boot_image image;
	int r;

	r = elf_open(&bind.elf, BIND_NAME, bytes, size, reterr);
	if (r < 0)
		return r;
	bind.sections = g_new0(struct link_section, bind.elf.n_sections);
	bind.symbols = g_new0(struct link_symbol, bind.elf.n_symbols);
	r = link_layout(&bind.object, &bind.elf, NULL, bind.sections, bind.symbols, reterr);
	if (r == 0)
		r = bind_place(&bind, end, &image, reterr);
	if (r < 0)
		return r;
	link_place(&bind.object);
	bind.words = g_new0(struct link_word, bind.object.n_words);
	r = bind_resolve(&bind, reterr);
	if (r == 0)
		r = link_relocate(&bind.object, bind.words, reterr);
	if (r == 0)
		r = bind_find_entry(&bind, &image.entry, reterr);
	if (r == 0)
		r = bind_write(&bind, &image);
	if (r == 0)
		*ret = image;
	return r;
}
