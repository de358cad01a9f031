/* SPDX-License-Identifier: MIT */
/*
 * Writing objects.  libelf lays the files out; everything that it is given is
 * determined by the input, so equal inputs give equal bytes.
 */
#include "output.h"

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/sha256.h"
#include "link/note.h"

struct output {
	const struct object *object;
	const struct additions *additions;
	const char *path;
	Elf *elf;
	size_t *sections; /* new index of each section; 0: dropped */
	size_t *symbols;  /* new index of each symbol; 0: dropped */
	size_t n_sections;
	char *names; /* .shstrtab */
	size_t names_size;
	size_t names_capacity;
	void **buffers; /* that libelf borrows until it has written */
	size_t n_buffers;
	size_t buffer_capacity;
	bool is_debug;
};

static void *borrowed(struct output *output, size_t size)
{
	void *buffer = object_allocate(size, 1);

	output->buffers = object_grow(output->buffers, output->n_buffers, &output->buffer_capacity,
				      sizeof(*output->buffers));
	output->buffers[output->n_buffers++] = buffer;
	return buffer;
}

static size_t add_name(struct output *output, const char *prefix, const char *name)
{
	size_t at = output->names_size, length = strlen(prefix) + strlen(name) + 1;

	while (output->names_size + length > output->names_capacity)
		output->names = object_grow(output->names, output->names_capacity,
					    &output->names_capacity, 1);
	snprintf(output->names + at, length, "%s%s", prefix, name);
	output->names_size += length;
	return at;
}

/* A group goes when none of its members stays. */
static bool keeps_group(const struct output *output, const struct section *section)
{
	const uint32_t *words = (const uint32_t *)section->bytes;

	for (size_t i = 1; i < section->shdr.sh_size / sizeof(*words); i++)
		if (words[i] < output->object->n_sections && output->sections[words[i]])
			return true;
	return false;
}

static bool keeps_section(const struct output *output, const struct section *section)
{
	if (!output->is_debug)
		return !section_is_debug(section);
	return section->shdr.sh_type != SHT_RELA || section_is_debug(section);
}

static void map_sections(struct output *output)
{
	const struct object *object = output->object;

	for (size_t i = 1; i < object->n_sections; i++)
		output->sections[i] = keeps_section(output, &object->sections[i]);
	for (size_t i = 1; i < object->n_sections; i++)
		if (object->sections[i].shdr.sh_type == SHT_GROUP)
			output->sections[i] = keeps_group(output, &object->sections[i]);
	output->n_sections = 1;
	for (size_t i = 1; i < object->n_sections; i++)
		if (output->sections[i])
			output->sections[i] = output->n_sections++;
}

static void map_symbols(struct output *output)
{
	const struct object *object = output->object;
	size_t next = 1;

	for (size_t i = 1; i < object->n_symbols; i++) {
		const struct symbol *symbol = &object->symbols[object->order[i]];

		if (!symbol_is_defined(symbol) || output->sections[symbol->sym.st_shndx])
			output->symbols[object->order[i]] = next++;
	}
}

static void fill_symtab(struct output *output, Elf64_Shdr *shdr, Elf_Data *data)
{
	const struct object *object = output->object;
	Elf64_Sym *syms = borrowed(output, object->n_symbols * sizeof(*syms));
	size_t count = 1;

	shdr->sh_info = 1;
	for (size_t i = 1; i < object->n_symbols; i++) {
		const struct symbol *symbol = &object->symbols[object->order[i]];

		if (!output->symbols[object->order[i]])
			continue;
		syms[count] = symbol->sym;
		if (symbol_is_defined(symbol))
			syms[count].st_shndx = output->sections[symbol->sym.st_shndx];
		count++;
		if (symbol_is_local(symbol))
			shdr->sh_info = count;
	}
	data->d_buf = syms;
	data->d_size = count * sizeof(*syms);
}

static Elf64_Rela map_rela(const struct output *output, const Elf64_Rela *rela)
{
	size_t symbol = ELF64_R_SYM(rela->r_info);
	Elf64_Rela mapped = *rela;

	if (symbol >= output->object->n_symbols || (symbol && !output->symbols[symbol]))
		errx(1, "%s: a relocation refers to a section that is dropped",
		     output->object->path);
	mapped.r_info = ELF64_R_INFO(output->symbols[symbol], ELF64_R_TYPE(rela->r_info));
	return mapped;
}

static int compare_offsets(const void *a, const void *b)
{
	const Elf64_Rela *one = a, *two = b;

	return (one->r_offset > two->r_offset) - (one->r_offset < two->r_offset);
}

/* The relocations of section `target`, and the ones added to it. */
static void fill_relas(struct output *output, size_t target, Elf_Data *data)
{
	const struct section *section = &output->object->sections[target];
	size_t n_added = output->additions ? output->additions->count : 0;
	Elf64_Rela *relas = borrowed(output, (section->n_relas + n_added) * sizeof(*relas));
	size_t count = 0;

	for (size_t i = 0; i < n_added; i++)
		if (output->additions->items[i].section == target)
			relas[count++] = map_rela(output, &output->additions->items[i].rela);
	for (size_t i = 0; i < section->n_relas; i++)
		relas[count++] = map_rela(output, &section->relas[i]);
	qsort(relas, count, sizeof(*relas), compare_offsets);
	data->d_buf = relas;
	data->d_size = count * sizeof(*relas);
}

static void fill_group(struct output *output, const struct section *section, Elf64_Shdr *shdr,
		       Elf_Data *data)
{
	const uint32_t *words = (const uint32_t *)section->bytes;
	uint32_t *mapped = borrowed(output, section->shdr.sh_size);
	size_t count = 1;

	mapped[0] = words[0];
	for (size_t i = 1; i < section->shdr.sh_size / sizeof(*words); i++)
		if (words[i] < output->object->n_sections && output->sections[words[i]])
			mapped[count++] = output->sections[words[i]];
	shdr->sh_info = output->symbols[section->shdr.sh_info];
	data->d_buf = mapped;
	data->d_size = count * sizeof(*mapped);
}

static void begin_section(struct output *output, const Elf64_Shdr *shdr, Elf_Scn **ret_scn,
			  Elf_Data **ret_data)
{
	Elf_Scn *scn = elf_newscn(output->elf);
	Elf_Data *data = scn ? elf_newdata(scn) : NULL;

	if (!data)
		errx(1, "%s: %s", output->path, elf_errmsg(-1));
	data->d_align = shdr->sh_addralign ? shdr->sh_addralign : 1;
	data->d_type = ELF_T_BYTE;
	data->d_version = EV_CURRENT;
	*ret_scn = scn;
	*ret_data = data;
}

static void end_section(struct output *output, Elf_Scn *scn, Elf_Data *data, Elf64_Shdr *shdr)
{
	shdr->sh_size = data->d_size;
	shdr->sh_offset = 0;
	if (!gelf_update_shdr(scn, shdr))
		errx(1, "%s: %s", output->path, elf_errmsg(-1));
}

static void copy_section(struct output *output, size_t index)
{
	const struct object *object = output->object;
	const struct section *section = &object->sections[index];
	Elf64_Shdr shdr = section->shdr;
	Elf_Data *data;
	Elf_Scn *scn;

	begin_section(output, &shdr, &scn, &data);
	shdr.sh_name = add_name(output, "", section->name);
	if (shdr.sh_link < object->n_sections)
		shdr.sh_link = output->sections[shdr.sh_link];
	if (shdr.sh_type == SHT_RELA || (shdr.sh_flags & SHF_INFO_LINK))
		shdr.sh_info = output->sections[section->shdr.sh_info];
	if (output->is_debug && (shdr.sh_flags & SHF_ALLOC) && shdr.sh_type != SHT_NOTE)
		shdr.sh_type = SHT_NOBITS;
	data->d_size = shdr.sh_size;
	if (shdr.sh_type == SHT_SYMTAB)
		fill_symtab(output, &shdr, data);
	else if (shdr.sh_type == SHT_RELA)
		fill_relas(output, section->shdr.sh_info, data);
	else if (shdr.sh_type == SHT_GROUP)
		fill_group(output, section, &shdr, data);
	else if (shdr.sh_type != SHT_NOBITS)
		data->d_buf = (void *)section->bytes;
	end_section(output, scn, data, &shdr);
}

static void add_rela_section(struct output *output, size_t target)
{
	const struct object *object = output->object;
	Elf64_Shdr shdr = {
		.sh_type = SHT_RELA,
		.sh_flags = SHF_INFO_LINK,
		.sh_link = output->sections[object->symtab],
		.sh_info = output->sections[target],
		.sh_addralign = 8,
		.sh_entsize = sizeof(Elf64_Rela),
	};
	Elf_Data *data;
	Elf_Scn *scn;

	begin_section(output, &shdr, &scn, &data);
	shdr.sh_name = add_name(output, ".rela", object->sections[target].name);
	fill_relas(output, target, data);
	end_section(output, scn, data, &shdr);
}

static void add_rela_sections(struct output *output)
{
	size_t last = 0;

	for (size_t i = 0; i < output->additions->count; i++) {
		size_t target = output->additions->items[i].section;

		if (target != last && output->object->sections[target].rela == 0)
			add_rela_section(output, target);
		last = target;
	}
}

/* A section that is not loaded. */
static void add_section(struct output *output, const char *name, uint64_t align, const void *bytes,
			size_t size)
{
	Elf64_Shdr shdr = { .sh_type = SHT_PROGBITS, .sh_addralign = align };
	Elf_Data *data;
	Elf_Scn *scn;

	begin_section(output, &shdr, &scn, &data);
	shdr.sh_name = add_name(output, "", name);
	data->d_buf = (void *)bytes;
	data->d_size = size;
	end_section(output, scn, data, &shdr);
}

static void add_checksum(struct output *output, const char *cell)
{
	uint8_t *digest = borrowed(output, SHA256_SIZE);
	FILE *file = fopen(cell, "re");
	uint8_t *bytes;
	long size;

	if (!file || fseek(file, 0, SEEK_END) < 0)
		err(1, "%s", cell);
	size = ftell(file);
	if (size < 0)
		err(1, "%s", cell);
	rewind(file);
	bytes = object_allocate((size_t)size, 1);
	if (fread(bytes, 1, (size_t)size, file) != (size_t)size)
		err(1, "%s", cell);
	fclose(file);
	sha256(bytes, (size_t)size, digest);
	free(bytes);
	add_section(output, SIDE_FILE_SECTION, 1, digest, SHA256_SIZE);
}

static void write_header(struct output *output)
{
	const Elf64_Ehdr *from = &output->object->ehdr;
	Elf64_Ehdr ehdr = {
		.e_type = ET_REL,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_flags = from->e_flags,
		.e_shstrndx = output->sections[from->e_shstrndx],
	};

	memcpy(ehdr.e_ident, from->e_ident, EI_NIDENT);
	if (!gelf_newehdr(output->elf, ELFCLASS64) || !gelf_update_ehdr(output->elf, &ehdr))
		errx(1, "%s: %s", output->path, elf_errmsg(-1));
}

/* The section names are complete only when every other section is there. */
static void fill_names(struct output *output)
{
	size_t index = output->sections[output->object->ehdr.e_shstrndx];
	Elf_Scn *scn = elf_getscn(output->elf, index);
	Elf_Data *data = elf_getdata(scn, NULL);
	Elf64_Shdr shdr;

	if (!data || !gelf_getshdr(scn, &shdr))
		errx(1, "%s: %s", output->path, elf_errmsg(-1));
	data->d_buf = output->names;
	data->d_size = output->names_size;
	end_section(output, scn, data, &shdr);
}

static int begin(struct output *output, const struct object *object, const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd < 0)
		err(1, "%s", path);
	output->object = object;
	output->path = path;
	output->elf = elf_begin(fd, ELF_C_WRITE, NULL);
	if (!output->elf)
		errx(1, "%s: %s", path, elf_errmsg(-1));
	output->sections = object_allocate(object->n_sections, sizeof(*output->sections));
	output->symbols = object_allocate(object->n_symbols, sizeof(*output->symbols));
	add_name(output, "", "");
	map_sections(output);
	map_symbols(output);
	write_header(output);
	for (size_t i = 1; i < object->n_sections; i++)
		if (output->sections[i])
			copy_section(output, i);
	return fd;
}

static void end(struct output *output, int fd)
{
	fill_names(output);
	if (elf_update(output->elf, ELF_C_WRITE) < 0)
		errx(1, "%s: %s", output->path, elf_errmsg(-1));
	elf_end(output->elf);
	for (size_t i = 0; i < output->n_buffers; i++)
		free(output->buffers[i]);
	free(output->buffers);
	free(output->names);
	free(output->symbols);
	free(output->sections);
	if (close(fd))
		err(1, "%s", output->path);
}

void output_cell(const struct object *object, const struct additions *additions,
		 const uint8_t *note, size_t note_size, const char *path)
{
	struct output output = { .additions = additions };
	int fd = begin(&output, object, path);

	add_rela_sections(&output);
	add_section(&output, NOTE_SECTION, 8, note, note_size);
	end(&output, fd);
}

void output_debug(const struct object *object, const char *cell, const char *path)
{
	struct output output = { .is_debug = true };
	int fd = begin(&output, object, path);

	add_checksum(&output, cell);
	end(&output, fd);
}
