/* SPDX-License-Identifier: MIT */
/*
 * `clew inspect`: reads an object as the linker does, with the same strict
 * readers (src/elf, src/link/note.h), and prints what it finds.
 *
 * It neither links nor judges: whether the object can be loaded, only loading
 * tells.  Host only, GLib; no part of the running machine.
 */
#include "inspect.h"

#include <glib.h>
#include <stdarg.h>

#include <clew/cell.h>
#include <clew/diag.h>

#include "elf/elf.h"
#include "link/note.h"

/* Rows of text under named columns.  A column whose name starts with # holds numbers. */
struct table {
	const char *title;
	const char *const *columns; /* ends with NULL */
	GPtrArray *rows;	    /* of char **, as long as columns */
};

struct report {
	GString *text;
	bool is_json;
	bool is_first; /* in the JSON list or object being written */
};

static void add_json_string(GString *text, const char *value)
{
	g_string_append_c(text, '"');
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			g_string_append_printf(text, "\\%c", *value);
		else if ((unsigned char)*value < 0x20 || (unsigned char)*value >= 0x7f)
			g_string_append_printf(text, "\\u%04x", (unsigned char)*value);
		else
			g_string_append_c(text, *value);
	}
	g_string_append_c(text, '"');
}

/* "key": value, where a key with # is a number; the # is not written. */
static void add_json_pair(struct report *report, const char *key, const char *value)
{
	bool is_number = *key == '#';

	if (!report->is_first)
		g_string_append(report->text, ", ");
	report->is_first = false;
	add_json_string(report->text, key + is_number);
	g_string_append(report->text, ": ");
	if (is_number)
		g_string_append(report->text, value);
	else
		add_json_string(report->text, value);
}

__attribute__((format(printf, 3, 4))) static void
report_line(struct report *report, const char *key, const char *format, ...)
{
	va_list arguments;
	g_autofree char *value = NULL;

	va_start(arguments, format);
	value = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	if (report->is_json)
		add_json_pair(report, key, value);
	else
		g_string_append_printf(report->text, "%-10s %s\n", key + (*key == '#'), value);
}

static void table_add(struct table *table, ...)
{
	size_t n_columns = g_strv_length((char **)table->columns);
	char **row = g_new0(char *, n_columns + 1);
	va_list arguments;

	va_start(arguments, table);
	for (size_t i = 0; i < n_columns; i++)
		row[i] = va_arg(arguments, char *);
	va_end(arguments);
	g_ptr_array_add(table->rows, row);
}

static size_t table_width(const struct table *table, size_t column)
{
	size_t width = strlen(table->columns[column]);

	if (*table->columns[column] == '#')
		width--;
	for (size_t i = 0; i < table->rows->len; i++) {
		char **row = g_ptr_array_index(table->rows, i);

		width = MAX(width, strlen(row[column]));
	}
	return width;
}

static void add_text_row(struct report *report, const struct table *table, char *const *row)
{
	for (size_t i = 0; table->columns[i]; i++) {
		int width = (int)table_width(table, i);
		bool is_number = *table->columns[i] == '#';
		bool is_last = !table->columns[i + 1];
		const char *text = row[i];

		if (row == (char *const *)table->columns)
			text += is_number;
		if (is_last && !is_number)
			width = 0;
		g_string_append_printf(report->text, "  %*s", is_number ? width : -width, text);
	}
	g_string_append_c(report->text, '\n');
}

static void add_text_table(struct report *report, const struct table *table)
{
	if (table->rows->len == 0)
		return;
	g_string_append_printf(report->text, "\n%s\n", table->title);
	add_text_row(report, table, (char *const *)table->columns);
	for (size_t i = 0; i < table->rows->len; i++)
		add_text_row(report, table, g_ptr_array_index(table->rows, i));
}

static void add_json_table(struct report *report, const struct table *table)
{
	g_string_append(report->text, ", ");
	add_json_string(report->text, table->title);
	g_string_append(report->text, ": [");
	for (size_t i = 0; i < table->rows->len; i++) {
		char **row = g_ptr_array_index(table->rows, i);

		g_string_append(report->text, i ? ", {" : "{");
		report->is_first = true;
		for (size_t j = 0; table->columns[j]; j++)
			add_json_pair(report, table->columns[j], row[j]);
		g_string_append_c(report->text, '}');
	}
	g_string_append_c(report->text, ']');
	report->is_first = false;
}

static void free_row(void *row)
{
	g_strfreev(row);
}

static struct table table_new(const char *title, const char *const *columns)
{
	return (struct table){
		.title = title,
		.columns = columns,
		.rows = g_ptr_array_new_with_free_func(free_row),
	};
}

/* Writes the table and frees it. */
static void report_table(struct report *report, struct table *table)
{
	if (report->is_json)
		add_json_table(report, table);
	else
		add_text_table(report, table);
	g_ptr_array_unref(table->rows);
}

static char *hash_text(uint64_t hash)
{
	return hash ? g_strdup_printf("%016" G_GINT64_MODIFIER "x", hash) : g_strdup("unknown");
}

static char *number_text(uint64_t number)
{
	return g_strdup_printf("%" G_GUINT64_FORMAT, number);
}

static void report_symbols(struct report *report, const struct note *note, const char *title,
			   enum note_symbol_kind first, enum note_symbol_kind last)
{
	static const char *const kinds[] = {
		[NOTE_PROVIDES_FUNCTION] = "function", [NOTE_PROVIDES_DATA] = "data",
		[NOTE_NEEDS_FUNCTION] = "function",    [NOTE_NEEDS_DATA] = "data",
		[NOTE_ADDRESS_TAKEN] = "function",     [NOTE_TYPE_LAYOUT] = "layout",
	};
	static const char *const columns[] = { "kind", "type_hash", "name", NULL };
	struct table table = table_new(title, columns);

	for (uint32_t i = 0; i < note->header->n_symbols; i++) {
		const struct note_symbol *symbol = &note->symbols[i];

		if (symbol->kind >= first && symbol->kind <= last)
			table_add(&table, g_strdup(kinds[symbol->kind]),
				  hash_text(symbol->type_hash),
				  g_strdup(note_string(note, symbol->name)));
	}
	report_table(report, &table);
}

static const char *section_type(uint32_t type)
{
	switch (type) {
	case SHT_PROGBITS:
		return "PROGBITS";
	case SHT_SYMTAB:
		return "SYMTAB";
	case SHT_STRTAB:
		return "STRTAB";
	case SHT_RELA:
		return "RELA";
	case SHT_NOTE:
		return "NOTE";
	case SHT_NOBITS:
		return "NOBITS";
	case SHT_REL:
		return "REL";
	case SHT_INIT_ARRAY:
		return "INIT_ARRAY";
	case SHT_FINI_ARRAY:
		return "FINI_ARRAY";
	case SHT_PREINIT_ARRAY:
		return "PREINIT_ARRAY";
	case SHT_GROUP:
		return "GROUP";
	case SHT_SYMTAB_SHNDX:
		return "SYMTAB_SHNDX";
	case SHT_X86_64_UNWIND:
		return "UNWIND";
	default:
		return NULL;
	}
}

static char *section_type_text(uint32_t type)
{
	const char *name = section_type(type);

	return name ? g_strdup(name) : g_strdup_printf("0x%x", type);
}

/* The letters of readelf. */
static char *section_flags_text(uint64_t flags)
{
	static const struct {
		uint64_t flag;
		char letter;
	} letters[] = {
		{ SHF_WRITE, 'W' },	 { SHF_ALLOC, 'A' },   { SHF_EXECINSTR, 'X' },
		{ SHF_MERGE, 'M' },	 { SHF_STRINGS, 'S' }, { SHF_INFO_LINK, 'I' },
		{ SHF_LINK_ORDER, 'L' }, { SHF_GROUP, 'G' },   { SHF_TLS, 'T' },
		{ SHF_COMPRESSED, 'C' },
	};
	char text[G_N_ELEMENTS(letters) + 1];
	size_t length = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(letters); i++)
		if (flags & letters[i].flag)
			text[length++] = letters[i].letter;
	return length ? g_strndup(text, length) : g_strdup("-");
}

static void report_sections(struct report *report, const struct elf *elf)
{
	static const char *const columns[] = { "#id", "type", "flags", "#size", "name", NULL };
	struct table table = table_new("sections", columns);

	for (uint32_t i = 1; i < elf->n_sections; i++) {
		const Elf64_Shdr *shdr = &elf->sections[i];

		table_add(&table, number_text(i), section_type_text(shdr->sh_type),
			  section_flags_text(shdr->sh_flags), number_text(shdr->sh_size),
			  g_strdup(elf_section_name(elf, i)));
	}
	report_table(report, &table);
}

static const char *relocation_type(uint32_t type)
{
	switch (type) {
	case R_X86_64_NONE:
		return "R_X86_64_NONE";
	case R_X86_64_64:
		return "R_X86_64_64";
	case R_X86_64_PC32:
		return "R_X86_64_PC32";
	case R_X86_64_PLT32:
		return "R_X86_64_PLT32";
	case R_X86_64_GOTPCREL:
		return "R_X86_64_GOTPCREL";
	case R_X86_64_32:
		return "R_X86_64_32";
	case R_X86_64_32S:
		return "R_X86_64_32S";
	case R_X86_64_PC64:
		return "R_X86_64_PC64";
	case R_X86_64_GOTPCRELX:
		return "R_X86_64_GOTPCRELX";
	case R_X86_64_REX_GOTPCRELX:
		return "R_X86_64_REX_GOTPCRELX";
	default:
		return NULL;
	}
}

static char *relocation_type_text(uint32_t type)
{
	const char *name = relocation_type(type);

	return name ? g_strdup(name) : g_strdup_printf("%u", type);
}

static void count_relocations(const struct elf *elf, uint32_t section, GTree *counts)
{
	size_t n_relas;
	const Elf64_Rela *relas = elf_relas(elf, section, &n_relas);

	for (size_t i = 0; i < n_relas; i++) {
		gpointer type = GUINT_TO_POINTER(ELF64_R_TYPE(relas[i].r_info));
		gsize count = GPOINTER_TO_SIZE(g_tree_lookup(counts, type));

		g_tree_insert(counts, type, GSIZE_TO_POINTER(count + 1));
	}
}

static gint compare_types(gconstpointer a, gconstpointer b)
{
	return (GPOINTER_TO_UINT(a) > GPOINTER_TO_UINT(b)) -
	       (GPOINTER_TO_UINT(a) < GPOINTER_TO_UINT(b));
}

static gboolean add_relocation(gpointer type, gpointer count, gpointer table)
{
	table_add(table, number_text(GPOINTER_TO_SIZE(count)),
		  relocation_type_text(GPOINTER_TO_UINT(type)));
	return FALSE;
}

static void report_relocations(struct report *report, const struct elf *elf)
{
	static const char *const columns[] = { "#count", "name", NULL };
	struct table table = table_new("relocations", columns);
	GTree *counts = g_tree_new(compare_types);

	for (uint32_t i = 1; i < elf->n_sections; i++)
		if (elf->sections[i].sh_type == SHT_RELA)
			count_relocations(elf, i, counts);
	g_tree_foreach(counts, add_relocation, &table);
	g_tree_unref(counts);
	report_table(report, &table);
}

static void report_fields(struct report *report, const struct note *note)
{
	static const char *const columns[] = { "#offset", "#size", "type", "name", NULL };
	struct table table = table_new("fields", columns);

	for (uint32_t i = 0; i < note->header->n_fields; i++) {
		const struct note_field *field = &note->fields[i];

		table_add(&table, number_text(field->offset), number_text(field->size),
			  g_strdup(note_string(note, field->type)),
			  g_strdup(note_string(note, field->name)));
	}
	report_table(report, &table);
}

static void report_identity(struct report *report, const struct note *note)
{
	const struct note_header *header = note->header;

	report_line(report, "name", "%s", note_string(note, header->name));
	report_line(report, "#version", "%u", header->version);
	report_line(report, "kind", "%s",
		    header->kind == CELL_APPLICATION ? "application" : "service");
	report_line(report, "summary", "%s", note_string(note, header->summary));
	if (*note_string(note, header->state_symbol) == 0) {
		report_line(report, "state", "none");
		return;
	}
	report_line(report, "state", "%s", note_string(note, header->state_symbol));
	report_line(report, "#bytes", "%" G_GUINT64_FORMAT, header->state_size);
	report_line(report, "layout", "%016" G_GINT64_MODIFIER "x", header->state_hash);
	report_line(report, "reason", "%s", note_string(note, header->state_reason));
}

static void report_object(struct report *report, const char *path, const struct elf *elf,
			  const struct note *note)
{
	if (report->is_json)
		g_string_append(report->text, report->text->len ? ",\n{" : "{");
	else if (report->text->len)
		g_string_append_c(report->text, '\n');
	report->is_first = true;
	if (note) {
		report_line(report, "file", "%s", path);
		report_identity(report, note);
		report_symbols(report, note, "provides", NOTE_PROVIDES_FUNCTION,
			       NOTE_PROVIDES_DATA);
		report_symbols(report, note, "needs", NOTE_NEEDS_FUNCTION, NOTE_NEEDS_DATA);
		report_symbols(report, note, "addresses", NOTE_ADDRESS_TAKEN, NOTE_ADDRESS_TAKEN);
		report_symbols(report, note, "layouts", NOTE_TYPE_LAYOUT, NOTE_TYPE_LAYOUT);
		report_fields(report, note);
	} else {
		report_line(report, "name", "%s", path);
		report_line(report, "kind", "foreign: can be loaded, not replace a cell");
	}
	report_sections(report, elf);
	report_relocations(report, elf);
	if (report->is_json)
		g_string_append_c(report->text, '}');
}

static int report_diag(const char *path, const struct diag *diag)
{
	GString *text = g_string_new(NULL);

	g_string_append_printf(text, "clew: %s: ", path);
	if (*diag->section)
		g_string_append_printf(text, "section %s: ", diag->section);
	if (*diag->symbol)
		g_string_append_printf(text, "symbol %s: ", diag->symbol);
	if (diag->offset != DIAG_NO_OFFSET)
		g_string_append_printf(text, "offset %" G_GUINT64_FORMAT ": ", diag->offset);
	g_string_append(text, diag->what);
	if (*diag->expected)
		g_string_append_printf(text, ": expected %s", diag->expected);
	if (*diag->found)
		g_string_append_printf(text, "%s found %s", *diag->expected ? "," : ":",
				       diag->found);
	g_printerr("%s\n", text->str);
	g_string_free(text, TRUE);
	return 1;
}

static int inspect_bytes(struct report *report, const char *path, const void *bytes, size_t size)
{
	struct diag diag = { .offset = DIAG_NO_OFFSET };
	struct note note;
	struct elf elf;
	int r = elf_open(&elf, path, bytes, size, &diag);

	if (r)
		return report_diag(path, &diag);
	r = note_read(&elf, &note, &diag);
	if (r < 0)
		return report_diag(path, &diag);
	report_object(report, path, &elf, r == NOTE_E_FOREIGN ? NULL : &note);
	return 0;
}

static int inspect_file(struct report *report, const char *path)
{
	static const uint64_t nothing;
	g_autoptr(GError) error = NULL;
	GMappedFile *file = g_mapped_file_new(path, FALSE, &error);
	const void *bytes;
	int r;

	if (!file) {
		g_printerr("clew: %s\n", error->message);
		return 1;
	}
	bytes = g_mapped_file_get_contents(file);
	r = inspect_bytes(report, path, bytes ? bytes : &nothing, g_mapped_file_get_length(file));
	g_mapped_file_unref(file);
	return r;
}

int inspect_command(int argc, char **argv)
{
	gboolean is_json = FALSE;
	const GOptionEntry entries[] = {
		{ "json", 0, 0, G_OPTION_ARG_NONE, &is_json, "Print an array of objects", NULL },
		{ NULL },
	};
	g_autoptr(GOptionContext) context = g_option_context_new("FILE.o... - explain objects");
	g_autoptr(GError) error = NULL;
	struct report report;
	int r = 0;

	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error)) {
		g_printerr("clew: inspect: %s\n", error->message);
		return 2;
	}
	if (argc < 2) {
		g_printerr("usage: clew inspect [--json] FILE.o...\n");
		return 2;
	}
	report = (struct report){ .text = g_string_new(NULL), .is_json = is_json };
	for (int i = 1; i < argc; i++)
		r |= inspect_file(&report, argv[i]);
	g_print(is_json ? "[%s]\n" : "%s", report.text->str);
	g_string_free(report.text, TRUE);
	return r;
}
