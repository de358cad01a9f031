/* SPDX-License-Identifier: MIT */
/*
 * What a PVH loader says: struct hvm_start_info of Xen's public headers
 * (arch-x86/hvm/start_info.h), versions 0 and 1; later ones only add fields.
 * Every address is checked by boot_memory().  Freestanding, no allocation.
 */
#include "base/string.h"
#include "machine/pc/boot/loader.h"

#define PVH_MAGIC 0x336ec578

struct start_info {
	uint32_t magic;
	uint32_t version;
	uint32_t flags;
	uint32_t nr_modules;
	uint64_t modlist_paddr;
	uint64_t cmdline_paddr; /* 0: none */
	uint64_t rsdp_paddr;	/* 0: none */
	/* From version 1 on. */
	uint64_t memmap_paddr;
	uint32_t memmap_entries;
	uint32_t reserved;
};
_Static_assert(sizeof(struct start_info) == 56, "as Xen defines it");
#define START_INFO_SIZE_0 offsetof(struct start_info, memmap_paddr)

struct modlist_entry {
	uint64_t paddr;
	uint64_t size;
	uint64_t cmdline_paddr; /* 0: none */
	uint64_t reserved;
};
_Static_assert(sizeof(struct modlist_entry) == 32, "as Xen defines it");

struct memmap_entry {
	uint64_t addr;
	uint64_t size;
	uint32_t type;
	uint32_t reserved;
};
_Static_assert(sizeof(struct memmap_entry) == 24, "as Xen defines it");

/* Enough of a module's command line to hold its first word. */
#define MODULE_WORDS_MAX 64

static int read_info(uint64_t pa, struct start_info *ret, char reterr[BOOT_ERROR_MAX])
{
	struct start_info info = { 0 };
	const void *from = boot_memory(pa, START_INFO_SIZE_0);

	if (!from)
		return loader_refuse(reterr, "PVH: start_info at 0x%jx is out of reach",
				     (uintmax_t)pa);
	memcpy(&info, from, START_INFO_SIZE_0);
	if (info.magic != PVH_MAGIC)
		return loader_refuse(reterr,
				     "PVH: start_info at 0x%jx: expected magic 0x%x, found 0x%x",
				     (uintmax_t)pa, PVH_MAGIC, info.magic);
	if (info.version == 0)
		return loader_refuse(reterr,
				     "PVH: start_info at 0x%jx: expected version 1 or later, found "
				     "0, which has no memory map",
				     (uintmax_t)pa);
	from = boot_memory(pa, sizeof(info));
	if (!from)
		return loader_refuse(reterr, "PVH: the end of start_info at 0x%jx is out of reach",
				     (uintmax_t)pa);
	memcpy(&info, from, sizeof(info));
	*ret = info;
	return 0;
}

static int read_map(const struct start_info *info, struct boot_loader *loader,
		    char reterr[BOOT_ERROR_MAX])
{
	struct memmap_entry entry;
	const uint8_t *from;

	if (info->memmap_entries == 0 || info->memmap_entries > LOADER_MAP_ENTRIES_MAX)
		return loader_refuse(reterr, "PVH: memory map: expected 1 to %d entries, found %u",
				     LOADER_MAP_ENTRIES_MAX, info->memmap_entries);
	from = boot_memory(info->memmap_paddr, info->memmap_entries * sizeof(entry));
	if (!from)
		return loader_refuse(reterr,
				     "PVH: memory map of %u entries at 0x%jx is out of reach",
				     info->memmap_entries, (uintmax_t)info->memmap_paddr);
	for (uint32_t i = 0; i < info->memmap_entries; i++) {
		memcpy(&entry, from + i * sizeof(entry), sizeof(entry));
		loader_add_memory(loader, entry.addr, entry.size, entry.type);
	}
	return 0;
}

/*
 * Text of unknown length, byte by byte: what lies after its zero may be out of
 * reach.  Returns how many bytes there are before the zero, `size` when there
 * is none among the first `size` (the copy is then cut), -1: out of reach.
 */
static int read_text(uint64_t pa, char *to, int size)
{
	for (int i = 0; i < size; i++) {
		const char *from = boot_memory(pa + (uint64_t)i, 1);

		if (!from)
			return -1;
		to[i] = *from;
		if (!*from)
			return i;
	}
	to[size - 1] = 0;
	return size;
}

static int read_words(const struct start_info *info, struct boot_loader *loader,
		      char reterr[BOOT_ERROR_MAX])
{
	int length = 0;

	if (info->cmdline_paddr)
		length = read_text(info->cmdline_paddr, loader->words, BOOT_WORDS_MAX);
	if (length < 0)
		return loader_refuse(reterr, "PVH: command line at 0x%jx is out of reach",
				     (uintmax_t)info->cmdline_paddr);
	if (length == BOOT_WORDS_MAX)
		return loader_refuse(reterr,
				     "PVH: command line at 0x%jx: expected less than %d bytes, "
				     "found more",
				     (uintmax_t)info->cmdline_paddr, BOOT_WORDS_MAX);
	return 0;
}

static int read_module(const struct modlist_entry *entry, struct boot_loader *loader,
		       char reterr[BOOT_ERROR_MAX])
{
	struct boot_range range = { .start = entry->paddr };
	char words[MODULE_WORDS_MAX] = "";

	if (__builtin_add_overflow(entry->paddr, entry->size, &range.end))
		return loader_refuse(reterr,
				     "PVH: module %u at 0x%jx: expected an end below 2^64, found "
				     "0x%jx bytes",
				     loader->n_modules + 1, (uintmax_t)entry->paddr,
				     (uintmax_t)entry->size);
	if (entry->cmdline_paddr && read_text(entry->cmdline_paddr, words, sizeof(words)) < 0)
		return loader_refuse(reterr,
				     "PVH: command line of module %u at 0x%jx is out of reach",
				     loader->n_modules + 1, (uintmax_t)entry->cmdline_paddr);
	return loader_add_module(loader, range, words, reterr);
}

static int read_modules(const struct start_info *info, struct boot_loader *loader,
			char reterr[BOOT_ERROR_MAX])
{
	struct modlist_entry entry;
	const uint8_t *from;

	if (info->nr_modules == 0)
		return 0;
	if (info->nr_modules > MACHINE_MODULES_MAX)
		return loader_refuse(reterr, "PVH: expected at most %d modules, found %u",
				     MACHINE_MODULES_MAX, info->nr_modules);
	from = boot_memory(info->modlist_paddr, info->nr_modules * sizeof(entry));
	if (!from)
		return loader_refuse(reterr, "PVH: list of %u modules at 0x%jx is out of reach",
				     info->nr_modules, (uintmax_t)info->modlist_paddr);
	for (uint32_t i = 0; i < info->nr_modules; i++) {
		int error;

		memcpy(&entry, from + i * sizeof(entry), sizeof(entry));
		error = read_module(&entry, loader, reterr);
		if (error)
			return error;
	}
	return 0;
}

int boot_read_pvh(uint64_t pa, struct boot_loader *ret, char reterr[BOOT_ERROR_MAX])
{
	struct boot_loader loader = { .name = "PVH" };
	struct start_info info = { 0 };
	int error = read_info(pa, &info, reterr);

	if (!error)
		error = read_map(&info, &loader, reterr);
	if (!error)
		error = read_words(&info, &loader, reterr);
	if (!error)
		error = read_modules(&info, &loader, reterr);
	if (error)
		return error;
	loader.rsdp = info.rsdp_paddr;
	*ret = loader;
	return 0;
}
