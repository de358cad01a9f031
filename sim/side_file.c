/* SPDX-License-Identifier: MIT */
/*
 * Finds side files by the checksum of their cell (SIDE_FILE_SECTION) and applies
 * the relocations of the DWARF sections.
 *
 * A side file has the sections of its object in the same order, those that are
 * loaded without contents.  Trusts a file as little as the linker does: it is
 * opened by elf/elf.h.
 */
#include "side_file.h"

#include <string.h>

#include "base/sha256.h"
#include "link/note.h"

static void side_section_free(gpointer data)
{
	struct side_section *section = data;

	g_free(section->name);
	g_free(section->bytes);
	g_free(section);
}

/* ---- where it is ---------------------------------------------------------- */

/* Paths by the checksum of the cell they belong to, as text. */
static GHashTable *side_files;

static void side_file_note(const char *path)
{
	g_autoptr(GMappedFile) file = g_mapped_file_new(path, FALSE, NULL);
	struct diag diag;
	struct elf elf;
	uint32_t section;
	GString *key;

	if (!file || elf_open(&elf, "side file", g_mapped_file_get_contents(file),
			      g_mapped_file_get_length(file), &diag) < 0)
		return;
	section = elf_find_section(&elf, SIDE_FILE_SECTION);
	if (section == 0 || elf.sections[section].sh_size != SHA256_SIZE ||
	    !elf_section_data(&elf, section))
		return;
	key = g_string_new(NULL);
	for (size_t i = 0; i < SHA256_SIZE; i++)
		g_string_append_printf(key, "%02x",
				       ((const guint8 *)elf_section_data(&elf, section))[i]);
	g_hash_table_replace(side_files, g_string_free(key, FALSE), g_strdup(path));
}

static void side_file_look(const char *const *folders)
{
	if (!side_files)
		side_files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	for (; *folders; folders++) {
		g_autoptr(GDir) dir = g_dir_open(*folders, 0, NULL);
		const char *name;

		while (dir && (name = g_dir_read_name(dir))) {
			g_autofree char *path = g_build_filename(*folders, name, NULL);

			if (g_str_has_suffix(name, ".debug"))
				side_file_note(path);
		}
	}
}

static GBytes *side_file_load(const struct elf *elf, const char *const *folders)
{
	char key[SHA256_TEXT_SIZE];
	char *bytes;
	gsize size;

	sha256_text(elf->bytes, elf->size, key);
	/* Looked for again when unknown: it may have been built while the system runs. */
	if (!side_files || !g_hash_table_contains(side_files, key))
		side_file_look(folders);
	if (!g_hash_table_contains(side_files, key) ||
	    !g_file_get_contents(g_hash_table_lookup(side_files, key), &bytes, &size, NULL))
		return NULL;
	return g_bytes_new_take(bytes, size);
}

/* ---- relocation ------------------------------------------------------------ */

static bool side_file_is_debug(const struct elf *elf, uint32_t section)
{
	const Elf64_Shdr *shdr = &elf->sections[section];

	return shdr->sh_type == SHT_PROGBITS && !(shdr->sh_flags & (SHF_ALLOC | SHF_COMPRESSED)) &&
	       g_str_has_prefix(elf_section_name(elf, section), ".debug_");
}

/* The next section from `from` on that is loaded; n_sections: none. */
static uint32_t side_file_next_loaded(const struct elf *elf, uint32_t from)
{
	while (from < elf->n_sections && !(elf->sections[from].sh_flags & SHF_ALLOC))
		from++;
	return from;
}

/* The object's section for each of the side file's; NULL: they do not correspond. */
static uint32_t *side_file_map_sections(const struct elf *side, const struct elf *elf)
{
	g_autofree uint32_t *map = g_new0(uint32_t, side->n_sections);
	uint32_t to = side_file_next_loaded(elf, 0);

	for (uint32_t from = side_file_next_loaded(side, 0); from < side->n_sections;
	     from = side_file_next_loaded(side, from + 1)) {
		if (to == elf->n_sections ||
		    strcmp(elf_section_name(side, from), elf_section_name(elf, to)) != 0 ||
		    side->sections[from].sh_size != elf->sections[to].sh_size)
			return NULL;
		map[from] = to;
		to = side_file_next_loaded(elf, to + 1);
	}
	return to == elf->n_sections ? g_steal_pointer(&map) : NULL;
}

/* psABI: S.  Offsets into debug sections count from 0: each is whole. */
static uint64_t side_file_value(const struct image *image, const struct elf *side,
				const uint32_t *map, uint32_t symbol)
{
	uint32_t section = elf_symbol_section(side, symbol);
	uint64_t value = side->symbols[symbol].st_value;
	const struct link_section *placed;

	if (section == SHN_UNDEF || section >= side->n_sections)
		return 0;
	if (map[section] == 0)
		return value;
	placed = &image->sections[map[section]];
	return placed->pool == LINK_UNPLACED
		       ? 0
		       : image->object.base[placed->pool] + placed->offset + value;
}

static void side_file_relocate(const struct image *image, const struct elf *side,
			       const uint32_t *map, uint32_t rela_section, guint8 *bytes)
{
	size_t count;
	const Elf64_Rela *relas = elf_relas(side, rela_section, &count);

	for (size_t i = 0; i < count; i++) {
		uint32_t type = ELF64_R_TYPE(relas[i].r_info);
		uint64_t value = side_file_value(image, side, map, ELF64_R_SYM(relas[i].r_info)) +
				 (uint64_t)relas[i].r_addend;

		/* elf_open() has checked that the places lie in the section, 8 bytes wide or 4. */
		if (type == R_X86_64_64)
			memcpy(bytes + relas[i].r_offset, &value, 8);
		else if (type == R_X86_64_32)
			memcpy(bytes + relas[i].r_offset, &value, 4);
	}
}

static GPtrArray *side_file_sections(const struct image *image, const struct elf *side,
				     const uint32_t *map)
{
	GPtrArray *sections = g_ptr_array_new_with_free_func(side_section_free);
	g_autofree struct side_section **by_index = g_new0(struct side_section *, side->n_sections);

	for (uint32_t i = 1; i < side->n_sections; i++) {
		if (!side_file_is_debug(side, i))
			continue;
		by_index[i] = g_new0(struct side_section, 1);
		by_index[i]->name = g_strdup(elf_section_name(side, i));
		by_index[i]->size = side->sections[i].sh_size;
		by_index[i]->bytes = g_memdup2(elf_section_data(side, i), by_index[i]->size);
		g_ptr_array_add(sections, by_index[i]);
	}
	for (uint32_t i = 1; i < side->n_sections; i++) {
		const Elf64_Shdr *shdr = &side->sections[i];

		if (shdr->sh_type == SHT_RELA && by_index[shdr->sh_info])
			side_file_relocate(image, side, map, i, by_index[shdr->sh_info]->bytes);
	}
	return sections;
}

static GPtrArray *side_file_read_from(const struct image *image, const struct elf *side)
{
	g_autofree uint32_t *map = side_file_map_sections(side, &image->elf);

	return map ? side_file_sections(image, side, map) : NULL;
}

GPtrArray *side_file_read(const struct image *image, const char *const *folders)
{
	g_autoptr(GBytes) bytes = NULL;
	struct diag diag;
	struct elf side;
	const void *data;
	gsize size;

	if (elf_find_section(&image->elf, ".debug_info"))
		return side_file_read_from(image, &image->elf);
	bytes = side_file_load(&image->elf, folders);
	if (!bytes)
		return NULL;
	data = g_bytes_get_data(bytes, &size);
	if (elf_open(&side, "side file", data, size, &diag) < 0)
		return NULL;
	return side_file_read_from(image, &side);
}
