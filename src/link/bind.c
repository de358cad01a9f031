/* SPDX-License-Identifier: MIT */
/*
 * Links one object against one table of symbols.  Who provides the memory, and
 * who writes the result where it is to run, is the machine's business.
 * Freestanding; allocates through its caller.
 */
#include "link/bind.h"

#include "base/format.h"
#include "base/string.h"

static const enum machine_prot bind_prot[LINK_POOLS] = {
	[LINK_TEXT] = MACHINE_RX,
	[LINK_CONST] = MACHINE_R,
	[LINK_DATA] = MACHINE_RW,
	[LINK_STATE] = MACHINE_RW,
};

enum machine_prot link_bind_prot(size_t pool)
{
	return bind_prot[pool];
}

size_t link_bind_pool_pages(const struct link_bind *bind, size_t pool)
{
	return (bind->object.size[pool] + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

/* `count` items; the counts and sizes of an object are bounded by its file and by elf.h. */
static void *take(struct link_bind *bind, size_t count, size_t size, struct diag *reterr)
{
	size_t wanted = count > 0 ? count * size : 1;
	void *memory = bind->allocate(bind->context, wanted);

	if (!memory) {
		link_diag(reterr, &bind->elf, 0, 0, DIAG_NO_OFFSET, "not enough memory to link", "",
			  "none left");
		format_text(reterr->expected, sizeof(reterr->expected), "%zu bytes more", wanted);
	}
	return memory;
}

int link_bind_open(struct link_bind *bind, const char *name, const void *bytes, size_t size,
		   link_bind_allocate *allocate, void *context, struct diag *reterr)
{
	int r;

	*bind = (struct link_bind){ .allocate = allocate, .context = context };
	r = elf_open(&bind->elf, name, bytes, size, reterr);
	if (r < 0)
		return r;
	bind->sections = take(bind, bind->elf.n_sections, sizeof(*bind->sections), reterr);
	if (!bind->sections)
		return -ENOMEM;
	bind->symbols = take(bind, bind->elf.n_symbols, sizeof(*bind->symbols), reterr);
	if (!bind->symbols)
		return -ENOMEM;
	r = link_layout(&bind->object, &bind->elf, NULL, bind->sections, bind->symbols, reterr);
	if (r < 0)
		return r;
	for (size_t i = 0; i < LINK_POOLS; i++)
		bind->pages += link_bind_pool_pages(bind, i);
	return 0;
}

static int place(struct link_bind *bind, uintptr_t at, struct diag *reterr)
{
	struct link_object *object = &bind->object;

	for (size_t i = 0; i < LINK_POOLS; i++) {
		object->base[i] = at;
		at += link_bind_pool_pages(bind, i) << PAGE_SHIFT;
		if (object->size[i] == 0)
			continue;
		object->image[i] = take(bind, object->size[i], 1, reterr);
		if (!object->image[i])
			return -ENOMEM;
	}
	bind->words = take(bind, object->n_words, sizeof(*bind->words), reterr);
	if (!bind->words)
		return -ENOMEM;
	link_place(object);
	return 0;
}

static bool find(const struct machine_symbol *table, size_t n, const char *name, uintptr_t *ret)
{
	for (size_t i = 0; i < n; i++) {
		if (string_equal(table[i].name, name)) {
			*ret = table[i].address;
			return true;
		}
	}
	return false;
}

static int resolve(struct link_bind *bind, const struct machine_symbol *table, size_t n,
		   struct diag *reterr)
{
	for (uint32_t i = 1; i < bind->elf.n_symbols; i++) {
		const char *name = elf_symbol_name(&bind->elf, i);
		struct link_symbol *symbol = &bind->symbols[i];
		uintptr_t address = 0;

		if (bind->elf.symbols[i].st_shndx != SHN_UNDEF ||
		    !(symbol->flags & (LINK_CALLED | LINK_ADDRESSED | LINK_DIRECT)))
			continue;
		if (!find(table, n, name, &address) &&
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

/* The function that the machine calls: defined, and in code. */
static uint32_t find_entry(const struct link_bind *bind, const char *name)
{
	uint32_t symbol = link_definition(&bind->object, name);
	uint32_t section = symbol ? elf_symbol_section(&bind->elf, symbol) : SHN_UNDEF;

	if (section == SHN_UNDEF || section >= bind->elf.n_sections)
		return 0;
	return bind->sections[section].pool == LINK_TEXT ? symbol : 0;
}

int link_bind_at(struct link_bind *bind, uintptr_t at, const struct machine_symbol *table, size_t n,
		 const char *entry, uintptr_t *ret_entry, struct diag *reterr)
{
	uint32_t symbol = find_entry(bind, entry);
	int r;

	if (symbol == 0) {
		link_diag(reterr, &bind->elf, 0, 0, DIAG_NO_OFFSET, "no entry", entry,
			  "no such symbol");
		return -ENOEXEC;
	}
	r = place(bind, at, reterr);
	if (r == 0)
		r = resolve(bind, table, n, reterr);
	if (r == 0)
		r = link_relocate(&bind->object, bind->words, reterr);
	if (r == 0)
		*ret_entry = bind->symbols[symbol].call;
	return r;
}
