/* SPDX-License-Identifier: MIT */
/*
 * Writes ELF files of what is loaded.  Where things lie is src/link's answer,
 * given again from the same object; nothing is linked here.
 *
 * Parts of a file, in order: headers, text, constants and the data page (each
 * whole pages, as they are mapped), DWARF, symbols, strings, section headers.
 */
#include "image.h"

#include <stdlib.h>
#include <string.h>

#include <clew/machine.h>

#include "base/string.h"
#include "link/note.h"
#include "side_file.h"

#define ET_EXEC 2
#define PT_LOAD 1
#define PF_X 1
#define PF_W 2
#define PF_R 4
#define IMAGE_SEGMENTS 3

/* gABI: Elf64_Phdr. */
struct image_segment {
	uint32_t p_type, p_flags;
	uint64_t p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_align;
};

/* A file on its way. */
struct image_writer {
	const struct image *image;
	GByteArray *bytes;
	GArray *sections;	      /* Elf64_Shdr */
	GString *names;		      /* .shstrtab */
	uint32_t of_pool[LINK_POOLS]; /* section of each pool's symbols; 0: none */
};

/* ---- reading ------------------------------------------------------------------ */

int image_open(struct image *ret, const void *bytes, size_t size, const uintptr_t bases[LINK_POOLS])
{
	struct diag diag;
	struct note note;
	const char *state = NULL;
	int r = elf_open(&ret->elf, "image", bytes, size, &diag);

	if (r == 0)
		r = note_read(&ret->elf, &note, &diag);
	if (r < 0)
		return r;
	string_copy(ret->name, sizeof(ret->name), "foreign");
	ret->version = 0;
	if (r != NOTE_E_FOREIGN) {
		string_copy(ret->name, sizeof(ret->name), note_string(&note, note.header->name));
		ret->version = note.header->version;
		if (note.header->state_hash)
			state = note_string(&note, note.header->state_symbol);
	}
	ret->sections = g_new0(struct link_section, ret->elf.n_sections);
	ret->symbols = g_new0(struct link_symbol, ret->elf.n_symbols + 1ul);
	r = link_layout(&ret->object, &ret->elf, state, ret->sections, ret->symbols, &diag);
	if (r < 0) {
		image_close(ret);
		return r;
	}
	memcpy(ret->object.base, bases, sizeof(ret->object.base));
	link_place(&ret->object);
	return 0;
}

void image_close(struct image *image)
{
	g_clear_pointer(&image->sections, g_free);
	g_clear_pointer(&image->symbols, g_free);
}

/* ---- writing ------------------------------------------------------------------ */

static size_t image_pages(const struct image *image, enum link_pool pool)
{
	return (image->object.size[pool] + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

static void image_align(struct image_writer *writer, size_t align)
{
	static const guint8 zeroes[PAGE_SIZE];

	g_byte_array_append(writer->bytes, zeroes, -writer->bytes->len % align);
}

/* Appends whole pages; where they begin. */
static size_t image_add_pages(struct image_writer *writer, const void *bytes, size_t pages)
{
	size_t at = writer->bytes->len;

	g_byte_array_set_size(writer->bytes, (guint)(at + (pages << PAGE_SHIFT)));
	if (bytes)
		memcpy(writer->bytes->data + at, bytes, pages << PAGE_SHIFT);
	else
		memset(writer->bytes->data + at, 0, pages << PAGE_SHIFT);
	return at;
}

static Elf64_Shdr *image_add_section(struct image_writer *writer, const char *name, uint32_t type,
				     uint64_t flags)
{
	Elf64_Shdr shdr = {
		.sh_name = (uint32_t)writer->names->len,
		.sh_type = type,
		.sh_flags = flags,
		.sh_offset = writer->bytes->len,
		.sh_addralign = 1,
	};

	g_string_append_len(writer->names, name, (gssize)strlen(name) + 1);
	g_array_append_val(writer->sections, shdr);
	return &g_array_index(writer->sections, Elf64_Shdr, writer->sections->len - 1);
}

/* A part of a pool: [from, to) of its image, which is in the file at `at`. */
static void image_add_part(struct image_writer *writer, enum link_pool pool, const char *name,
			   uint64_t flags, size_t at, uint64_t from, uint64_t to)
{
	bool has_bytes = pool == LINK_TEXT || pool == LINK_CONST;
	Elf64_Shdr *shdr;

	if (to <= from)
		return;
	shdr = image_add_section(writer, name, has_bytes ? SHT_PROGBITS : SHT_NOBITS, flags);
	shdr->sh_addr = writer->image->object.base[pool] + from;
	shdr->sh_offset = at + from;
	shdr->sh_size = to - from;
	if (writer->of_pool[pool] == 0)
		writer->of_pool[pool] = writer->sections->len - 1;
}

/*
 * Data and state go by names of their own: Valgrind refuses a file whose .data
 * is not mapped from it, and these stay where the system has them.
 */
static void image_add_parts(struct image_writer *writer, const struct image_file *file)
{
	const struct link_object *object = &writer->image->object;
	uint64_t frames_end = object->eh_frame + object->eh_frame_size;

	image_add_part(writer, LINK_TEXT, ".text", SHF_ALLOC | SHF_EXECINSTR, file->text, 0,
		       object->size[LINK_TEXT]);
	if (object->eh_frame_size == 0)
		frames_end = 0;
	else
		image_add_part(writer, LINK_CONST, ".rodata", SHF_ALLOC, file->constants, 0,
			       object->eh_frame);
	image_add_part(writer, LINK_CONST, ".eh_frame", SHF_ALLOC, file->constants,
		       object->eh_frame, frames_end);
	image_add_part(writer, LINK_CONST, object->eh_frame ? ".rodata.rest" : ".rodata", SHF_ALLOC,
		       file->constants, frames_end, object->size[LINK_CONST]);
	image_add_part(writer, LINK_DATA, ".clew.data", SHF_ALLOC | SHF_WRITE, 0, 0,
		       object->size[LINK_DATA]);
	image_add_part(writer, LINK_STATE, ".clew.state", SHF_ALLOC | SHF_WRITE, 0, 0,
		       object->size[LINK_STATE]);
}

static void image_add_debug(struct image_writer *writer, GPtrArray *debug)
{
	for (guint i = 0; debug && i < debug->len; i++) {
		const struct side_section *section = g_ptr_array_index(debug, i);

		image_add_section(writer, section->name, SHT_PROGBITS, 0)->sh_size = section->size;
		g_byte_array_append(writer->bytes, section->bytes, (guint)section->size);
	}
}

/* ---- symbols ------------------------------------------------------------------ */

static bool image_has_symbol(const struct image *image, uint32_t symbol, bool local)
{
	const Elf64_Sym *sym = &image->elf.symbols[symbol];
	uint32_t section = elf_symbol_section(&image->elf, symbol);
	unsigned int type = ELF64_ST_TYPE(sym->st_info);

	return (type == STT_FUNC || type == STT_OBJECT) && section != SHN_UNDEF &&
	       section < image->elf.n_sections && image->sections[section].pool != LINK_UNPLACED &&
	       (ELF64_ST_BIND(sym->st_info) == STB_LOCAL) == local;
}

static void image_add_symbol(struct image_writer *writer, GArray *syms, GString *strings,
			     uint32_t symbol)
{
	const struct image *image = writer->image;
	uint32_t section = elf_symbol_section(&image->elf, symbol);
	const struct link_section *placed = &image->sections[section];
	const char *name = elf_symbol_name(&image->elf, symbol);
	Elf64_Sym sym = image->elf.symbols[symbol];

	sym.st_name = (uint32_t)strings->len;
	sym.st_shndx = (uint16_t)writer->of_pool[placed->pool];
	sym.st_value += image->object.base[placed->pool] + placed->offset;
	g_array_append_val(syms, sym);
	g_string_append_len(strings, name, (gssize)strlen(name) + 1);
}

static void image_add_symbols(struct image_writer *writer)
{
	g_autoptr(GArray) syms = g_array_new(FALSE, TRUE, sizeof(Elf64_Sym));
	g_autoptr(GString) strings = g_string_new_len("", 1);
	Elf64_Shdr *shdr;
	guint n_local;

	g_array_set_size(syms, 1);
	for (uint32_t i = 1; i < writer->image->elf.n_symbols; i++) {
		if (image_has_symbol(writer->image, i, true))
			image_add_symbol(writer, syms, strings, i);
	}
	n_local = syms->len;
	for (uint32_t i = 1; i < writer->image->elf.n_symbols; i++) {
		if (image_has_symbol(writer->image, i, false))
			image_add_symbol(writer, syms, strings, i);
	}
	image_align(writer, 8);
	shdr = image_add_section(writer, ".symtab", SHT_SYMTAB, 0);
	shdr->sh_size = syms->len * sizeof(Elf64_Sym);
	shdr->sh_link = writer->sections->len;
	shdr->sh_info = n_local;
	shdr->sh_addralign = 8;
	shdr->sh_entsize = sizeof(Elf64_Sym);
	g_byte_array_append(writer->bytes, (const guint8 *)syms->data, (guint)shdr->sh_size);
	image_add_section(writer, ".strtab", SHT_STRTAB, 0)->sh_size = strings->len;
	g_byte_array_append(writer->bytes, (const guint8 *)strings->str, (guint)strings->len);
}

/* ---- headers ------------------------------------------------------------------ */

/* gABI: PT_LOAD entries ascend by p_vaddr. */
static int image_compare_segments(const void *a, const void *b)
{
	const struct image_segment *one = a, *two = b;

	return (one->p_vaddr > two->p_vaddr) - (one->p_vaddr < two->p_vaddr);
}

static void image_write_headers(struct image_writer *writer, const struct image_file *file,
				uintptr_t data_page)
{
	const uintptr_t *base = writer->image->object.base;
	struct image_segment phdrs[IMAGE_SEGMENTS] = {
		{ PT_LOAD, PF_R | PF_X, file->text, base[LINK_TEXT], base[LINK_TEXT],
		  file->text_pages << PAGE_SHIFT, file->text_pages << PAGE_SHIFT, PAGE_SIZE },
		{ PT_LOAD, PF_R, file->constants, base[LINK_CONST], base[LINK_CONST],
		  file->constants_pages << PAGE_SHIFT, file->constants_pages << PAGE_SHIFT,
		  PAGE_SIZE },
		{ PT_LOAD, PF_R | PF_W, file->data, data_page, data_page, PAGE_SIZE, PAGE_SIZE,
		  PAGE_SIZE },
	};
	const Elf64_Ehdr ehdr = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(ehdr),
		.e_shoff = writer->bytes->len,
		.e_ehsize = sizeof(ehdr),
		.e_phentsize = sizeof(phdrs[0]),
		.e_phnum = IMAGE_SEGMENTS,
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = (uint16_t)writer->sections->len,
		.e_shstrndx = (uint16_t)(writer->sections->len - 1),
	};

	qsort(phdrs, IMAGE_SEGMENTS, sizeof(phdrs[0]), image_compare_segments);
	memcpy(writer->bytes->data, &ehdr, sizeof(ehdr));
	memcpy(writer->bytes->data + sizeof(ehdr), phdrs, sizeof(phdrs));
}

GByteArray *image_build(const struct image *image, const void *text, const void *constants,
			uintptr_t data_page, GPtrArray *debug, struct image_file *ret)
{
	g_autoptr(GArray) sections = g_array_new(FALSE, TRUE, sizeof(Elf64_Shdr));
	g_autoptr(GString) names = g_string_new_len("", 1);
	struct image_writer writer = { image, g_byte_array_new(), sections, names, { 0 } };
	struct image_file file = {
		.text_pages = image_pages(image, LINK_TEXT),
		.constants_pages = image_pages(image, LINK_CONST),
	};
	Elf64_Shdr *shdr;

	g_array_set_size(sections, 1);
	image_add_pages(&writer, NULL, 1);
	file.text = image_add_pages(&writer, text, file.text_pages);
	file.constants = image_add_pages(&writer, constants, file.constants_pages);
	file.data = image_add_pages(&writer, NULL, 1);
	image_add_parts(&writer, &file);
	image_add_debug(&writer, debug);
	image_add_symbols(&writer);
	shdr = image_add_section(&writer, ".shstrtab", SHT_STRTAB, 0);
	shdr->sh_size = names->len;
	g_byte_array_append(writer.bytes, (const guint8 *)names->str, (guint)names->len);
	image_align(&writer, 8);
	image_write_headers(&writer, &file, data_page);
	g_byte_array_append(writer.bytes, (const guint8 *)sections->data,
			    (guint)(sections->len * sizeof(Elf64_Shdr)));
	*ret = file;
	return writer.bytes;
}
