/* SPDX-License-Identifier: MIT */
/*
 * What a multiboot2 loader says: the boot information of the Multiboot2
 * Specification 2.0, section 3.6.  Every tag is checked against the whole,
 * the whole by boot_memory().  Freestanding, no allocation.
 */
#include "base/string.h"
#include "machine/pc/boot/loader.h"

/* Loaders hand over some KiB; SMBIOS and EFI tables may be among them. */
#define INFORMATION_MAX (1u << 20)
#define TAG_ALIGNMENT 8

enum tag_type {
	TAG_END = 0,
	TAG_COMMAND_LINE = 1,
	TAG_MODULE = 3,
	TAG_MEMORY_MAP = 6,
	TAG_ACPI_OLD = 14,
	TAG_ACPI_NEW = 15,
};

struct information {
	uint32_t total_size;
	uint32_t reserved;
};

struct tag {
	uint32_t type;
	uint32_t size; /* with this header, without padding */
};

struct tag_module {
	struct tag tag;
	uint32_t mod_start, mod_end;
	/* a string */
};

struct tag_memory_map {
	struct tag tag;
	uint32_t entry_size, entry_version;
	/* entries */
};

struct memory_map_entry {
	uint64_t base_addr;
	uint64_t length;
	uint32_t type;
	uint32_t reserved;
};
_Static_assert(sizeof(struct memory_map_entry) == 24, "as the specification defines it");

#define RSDP_OLD_SIZE 20

struct reader {
	struct boot_loader loader;
	bool has_words, has_map;
	const uint8_t *bytes; /* of the tag at hand */
	struct tag tag;	      /* its header */
	uint32_t offset;      /* from the start of the information */
};

/* The tag's string, at `start` bytes of it; NULL: not ended within the tag. */
static const char *tag_text(const struct reader *reader, uint32_t start)
{
	const char *text = (const char *)reader->bytes + start;

	if (reader->tag.size <= start)
		return NULL;
	if (string_length_max(text, reader->tag.size - start) == reader->tag.size - start)
		return NULL;
	return text;
}

static int refuse_text(const struct reader *reader, const char *what, char reterr[BOOT_ERROR_MAX])
{
	return loader_refuse(reterr,
			     "multiboot2: tag at byte %u: expected a %s that ends in a zero, found "
			     "none in %u bytes",
			     reader->offset, what, reader->tag.size);
}

static int read_words(struct reader *reader, char reterr[BOOT_ERROR_MAX])
{
	const char *text = tag_text(reader, sizeof(struct tag));

	if (!text)
		return refuse_text(reader, "command line", reterr);
	if (reader->has_words)
		return loader_refuse(reterr,
				     "multiboot2: tag at byte %u: expected one command line, found "
				     "another",
				     reader->offset);
	if (!string_copy(reader->loader.words, BOOT_WORDS_MAX, text))
		return loader_refuse(reterr,
				     "multiboot2: command line: expected less than %d bytes, found "
				     "%zu",
				     BOOT_WORDS_MAX, string_length(text));
	reader->has_words = true;
	return 0;
}

static int read_module(struct reader *reader, char reterr[BOOT_ERROR_MAX])
{
	const char *text = tag_text(reader, sizeof(struct tag_module));
	struct tag_module module;
	struct boot_range range;

	if (!text)
		return refuse_text(reader, "module's command line", reterr);
	memcpy(&module, reader->bytes, sizeof(module));
	range = (struct boot_range){ module.mod_start, module.mod_end };
	return loader_add_module(&reader->loader, range, text, reterr);
}

static int read_map(struct reader *reader, char reterr[BOOT_ERROR_MAX])
{
	struct memory_map_entry entry;
	struct tag_memory_map map;
	uint32_t size, n;

	if (reader->tag.size < sizeof(map))
		return loader_refuse(reterr,
				     "multiboot2: memory map at byte %u: expected at least %zu "
				     "bytes, found %u",
				     reader->offset, sizeof(map), reader->tag.size);
	memcpy(&map, reader->bytes, sizeof(map));
	size = reader->tag.size - (uint32_t)sizeof(map);
	if (map.entry_size < sizeof(entry) || size % map.entry_size != 0)
		return loader_refuse(reterr,
				     "multiboot2: memory map at byte %u: expected whole entries of "
				     "at least %zu bytes, found entries of %u in %u",
				     reader->offset, sizeof(entry), map.entry_size, size);
	n = size / map.entry_size;
	if (n > LOADER_MAP_ENTRIES_MAX)
		return loader_refuse(
			reterr, "multiboot2: memory map: expected at most %d entries, found %u",
			LOADER_MAP_ENTRIES_MAX, n);
	for (uint32_t i = 0; i < n; i++) {
		memcpy(&entry, reader->bytes + sizeof(map) + (size_t)i * map.entry_size,
		       sizeof(entry));
		loader_add_memory(&reader->loader, entry.base_addr, entry.length, entry.type);
	}
	reader->has_map = true;
	return 0;
}

/* A copy of the root pointer; the new one, which is longer, wins.  A cut one is as good as none. */
static void read_rsdp(struct reader *reader)
{
	struct boot_loader *loader = &reader->loader;
	uint32_t size = reader->tag.size - (uint32_t)sizeof(struct tag);
	uint32_t expected = RSDP_OLD_SIZE;

	if (reader->tag.type == TAG_ACPI_NEW)
		expected = sizeof(loader->rsdp_copy);
	if (size < expected || loader->rsdp_copy_size > expected)
		return;
	memcpy(loader->rsdp_copy, reader->bytes + sizeof(struct tag), expected);
	loader->rsdp_copy_size = expected;
}

static int read_tag(struct reader *reader, char reterr[BOOT_ERROR_MAX])
{
	switch (reader->tag.type) {
	case TAG_COMMAND_LINE:
		return read_words(reader, reterr);
	case TAG_MODULE:
		return read_module(reader, reterr);
	case TAG_MEMORY_MAP:
		return read_map(reader, reterr);
	case TAG_ACPI_OLD:
	case TAG_ACPI_NEW:
		read_rsdp(reader);
		return 0;
	default:
		return 0;
	}
}

/* `bytes` are the whole information of `size` bytes. */
static int read_tags(struct reader *reader, const uint8_t *bytes, uint32_t size,
		     char reterr[BOOT_ERROR_MAX])
{
	uint32_t at = sizeof(struct information);

	while (at <= size && size - at >= sizeof(struct tag)) {
		int error;

		memcpy(&reader->tag, bytes + at, sizeof(struct tag));
		if (reader->tag.size < sizeof(struct tag) || reader->tag.size > size - at)
			return loader_refuse(reterr,
					     "multiboot2: tag at byte %u: expected a size of 8 to "
					     "%u, found %u",
					     at, size - at, reader->tag.size);
		if (reader->tag.type == TAG_END)
			return 0;
		reader->bytes = bytes + at;
		reader->offset = at;
		error = read_tag(reader, reterr);
		if (error)
			return error;
		at += (reader->tag.size + TAG_ALIGNMENT - 1) & ~(TAG_ALIGNMENT - 1u);
	}
	return loader_refuse(reterr,
			     "multiboot2: expected an end tag in the %u bytes of boot information, "
			     "found none",
			     size);
}

int boot_read_multiboot2(uint64_t pa, struct boot_loader *ret, char reterr[BOOT_ERROR_MAX])
{
	struct reader reader = { .loader = { .name = "multiboot2" } };
	struct information information;
	const uint8_t *bytes = boot_memory(pa, sizeof(information));
	int error;

	if (!bytes || pa % TAG_ALIGNMENT != 0)
		return loader_refuse(reterr,
				     "multiboot2: expected boot information at a multiple of 8 "
				     "within reach, found 0x%jx",
				     (uintmax_t)pa);
	memcpy(&information, bytes, sizeof(information));
	if (information.total_size > INFORMATION_MAX)
		return loader_refuse(reterr,
				     "multiboot2: expected boot information of at most %u bytes, "
				     "found %u",
				     INFORMATION_MAX, information.total_size);
	bytes = boot_memory(pa, information.total_size);
	if (!bytes)
		return loader_refuse(reterr,
				     "multiboot2: %u bytes of boot information at 0x%jx are out of "
				     "reach",
				     information.total_size, (uintmax_t)pa);
	error = read_tags(&reader, bytes, information.total_size, reterr);
	if (error)
		return error;
	if (!reader.has_map)
		return loader_refuse(reterr,
				     "multiboot2: expected a memory map (tag 6), found none");
	*ret = reader.loader;
	return 0;
}
