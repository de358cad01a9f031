/* SPDX-License-Identifier: MIT */
/*
 * Who provides what an object needs, and with which address.
 */
#include "load.h"

#include "base/format.h"
#include "base/string.h"

/* A number below count, without a division. */
static uint32_t bucket_of(uint64_t hash, uint32_t count)
{
	return (uint32_t)((hash * 0x9e3779b97f4a7c15ull >> 32) * count >> 32);
}

static size_t room_of(const struct note *note, uint32_t string)
{
	return note->header->strings_size - string;
}

static void index_note(struct loading *loading)
{
	const struct note *note = &loading->note;
	uint32_t count = note->header->n_symbols;

	/* From the last to the first, so that a chain has them in order. */
	for (uint32_t i = count; i > 0; i--) {
		uint32_t name = note->symbols[i - 1].name, bucket;
		size_t length;

		bucket = bucket_of(string_hash_within(note_string(note, name), room_of(note, name),
						      &length),
				   count);
		loading->note_next[i - 1] = loading->note_first[bucket];
		loading->note_first[bucket] = i;
	}
	loading->note_is_indexed = true;
}

/* A name is so many bytes long and then zero, as the text at `string` may be. */
static bool is_name(const struct note *note, uint32_t string, const char *name, size_t length)
{
	const char *text = note_string(note, string);
	uint64_t a, b;
	size_t i = 0;

	if (room_of(note, string) <= length || text[length] != 0)
		return false;
	for (; i + 8 <= length; i += 8) {
		__builtin_memcpy(&a, text + i, 8);
		__builtin_memcpy(&b, name + i, 8);
		if (a != b)
			return false;
	}
	for (; i < length; i++) {
		if (text[i] != name[i])
			return false;
	}
	return true;
}

static bool is_wanted(const struct note *note, uint32_t i, const struct note_query *query)
{
	const struct note_symbol *symbol = &note->symbols[i];

	return (symbol->kind == query->kind_a || symbol->kind == query->kind_b) &&
	       is_name(note, symbol->name, query->name, query->length);
}

/* Its number + 1; 0: it is not there. */
static uint32_t look_up(struct loading *loading, const struct note_query *query)
{
	const struct note *note = &loading->note;
	uint32_t i;

	if (!loading->note_is_indexed)
		index_note(loading);
	i = loading->note_first[bucket_of(query->hash, note->header->n_symbols)];
	while (i && !is_wanted(note, i - 1, query))
		i = loading->note_next[i - 1];
	return i;
}

/* cellc writes symbols in the order in which the linker asks: often it is the next. */
uint64_t resolve_type_hash(struct loading *loading, const struct note_query *query)
{
	const struct note *note = &loading->note;
	uint32_t i = loading->note_at;

	if (loading->is_foreign || note->header->n_symbols == 0)
		return 0;
	if (i >= note->header->n_symbols || !is_wanted(note, i, query)) {
		i = look_up(loading, query);
		if (i == 0)
			return 0;
		i--;
	}
	loading->note_at = i + 1;
	return note->symbols[i].type_hash;
}

uint64_t resolve_type_of_entry(struct loading *loading, const char *name)
{
	return resolve_type_hash(loading, &(struct note_query){
						  .name = name,
						  .length = string_length(name),
						  .hash = string_hash(name),
						  .kind_a = NOTE_ADDRESS_TAKEN,
						  .kind_b = NOTE_PROVIDES_FUNCTION,
					  });
}

/* Is `ns` the namespace of `of`, or one of those it asks? */
static bool is_visible(const struct loading *from, const struct loading *provider)
{
	return provider->ns == from->ns || provider->ns == namespace_of(namespace_root());
}

static struct link_export *find_pending(const struct transaction *transaction,
					const struct loading *from, const char *name)
{
	for (const struct loading *loading = transaction->first; loading; loading = loading->next) {
		uint32_t symbol;

		if (!loading->is_new_cell || !loading->exports || !is_visible(from, loading))
			continue;
		symbol = link_definition(&loading->object, name);
		if (symbol && loading->exports[symbol])
			return loading->exports[symbol];
	}
	return NULL;
}

static int add_provider(struct transaction *transaction, const struct loading *from,
			const char *name, struct link_export **ret)
{
	const struct archive_object *object = archive_provider(name);
	int r;

	if (!object)
		return 0;
	r = transaction_add(transaction, namespace_of(namespace_root()), NULL, object->file,
			    object->bytes, object->size);
	if (r == 0)
		*ret = find_pending(transaction, from, name);
	return r;
}

static int refuse(struct transaction *transaction, const struct loading *loading, uint32_t symbol,
		  const char *what, const char *expected, const char *found)
{
	link_diag(transaction->reterr, &loading->elf, 0, symbol, DIAG_NO_OFFSET, what, expected,
		  found);
	string_copy(transaction->reterr->cell, sizeof(transaction->reterr->cell),
		    loading->cell->name);
	return -ENOEXEC;
}

static int check_provider(struct transaction *transaction, struct loading *loading, uint32_t symbol,
			  const struct link_export *export)
{
	uint32_t flags = loading->symbols[symbol].flags;
	uint64_t need = resolve_type_hash(loading, &(struct note_query){
							   .name = export->name,
							   .length = string_length(export->name),
							   .hash = export->name_hash,
							   .kind_a = NOTE_NEEDS_FUNCTION,
							   .kind_b = NOTE_NEEDS_DATA,
						   });
	char expected[72], found[72];

	if ((flags & LINK_CALLED) && !export->is_function)
		return refuse(transaction, loading, symbol, "a call to what is not a function",
			      "STT_FUNC", export->cell->name);
	if ((flags & LINK_DIRECT) && !export->is_function)
		return refuse(transaction, loading, symbol,
			      "direct reference to another cell's data", "a GOT relocation",
			      export->cell->name);
	if (!need || !export->type_hash || need == export->type_hash)
		return 0;
	format_text(expected, sizeof(expected), "type %016lx of %s", export->type_hash,
		    export->cell->name);
	format_text(found, sizeof(found), "type %016lx", need);
	return refuse(transaction, loading, symbol, "type differs from the provider's", expected,
		      found);
}

static int resolve_need(struct transaction *transaction, struct loading *loading, uint32_t symbol)
{
	const Elf64_Sym *sym = &loading->elf.symbols[symbol];
	const char *name = elf_symbol_name(&loading->elf, symbol);
	struct link_export *export = namespace_find(loading->ns, name);
	char absence[72];
	int r = 0;

	/* What no version provides any more, or only the one that this is to replace. */
	if (export && (!export->value || export->cell == loading->cell))
		export = NULL;
	if (!export)
		export = find_pending(transaction, loading, name);
	if (!export && ELF64_ST_BIND(sym->st_info) == STB_WEAK)
		return 0;
	if (!export)
		r = add_provider(transaction, loading, name, &export);
	if (r < 0)
		return r;
	if (!export) {
		archive_describe_absence(absence, sizeof(absence));
		return refuse(transaction, loading, symbol, "undefined symbol",
			      "a cell that provides it", absence);
	}
	loading->targets[symbol] = export;
	return check_provider(transaction, loading, symbol, export);
}

int resolve_needs(struct transaction *transaction, struct loading *loading)
{
	for (uint32_t i = 1; i < loading->elf.n_symbols; i++) {
		int r;

		if (elf_symbol_section(&loading->elf, i) != SHN_UNDEF ||
		    loading->symbols[i].flags == 0)
			continue;
		r = resolve_need(transaction, loading, i);
		if (r < 0)
			return r;
	}
	return 0;
}

void entry_name(const struct loading *loading, uint32_t symbol, char ret[ENTRY_NAME_MAX])
{
	const char *name = elf_symbol_name(&loading->elf, symbol);
	uint32_t file = loading->symbols[symbol].file;

	if (ELF64_ST_BIND(loading->elf.symbols[symbol].st_info) == STB_LOCAL)
		format_text(ret, ENTRY_NAME_MAX, "%s:%s",
			    file ? elf_symbol_name(&loading->elf, file) : "", name);
	else
		string_copy(ret, ENTRY_NAME_MAX, name);
}

static int own_entry(struct transaction *transaction, struct loading *loading, uint32_t symbol)
{
	struct link_symbol *own = &loading->symbols[symbol];
	struct link_export *export = loading->exports[symbol];
	struct link_entry *entry = loading->entries[symbol];
	char name[ENTRY_NAME_MAX];
	int r = 0;

	if (!entry && export)
		entry = export->entry;
	entry_name(loading, symbol, name);
	if (!entry)
		r = entry_new(transaction, loading->cell, export, name, own->call, loading->version,
			      &entry);
	if (r < 0)
		return r;
	if (entry->version == loading->version && !entry->type_hash)
		entry->type_hash = resolve_type_of_entry(loading, name);
	loading->entries[symbol] = entry;
	own->address = entry->stub;
	return 0;
}

static int others_entry(struct transaction *transaction, struct loading *loading, uint32_t symbol)
{
	struct link_export *export = loading->targets[symbol];
	struct link_symbol *needed = &loading->symbols[symbol];
	struct link_entry *entry;
	int r;

	needed->call = export->value;
	needed->address = export->value;
	if (!export->is_function || !(needed->flags & LINK_ADDRESSED))
		return 0;
	r = entry_of_export(transaction, export, &entry);
	if (r < 0)
		return r;
	needed->address = entry->stub;
	return 0;
}

int resolve_entries(struct transaction *transaction, struct loading *loading)
{
	for (uint32_t i = 1; i < loading->elf.n_symbols; i++) {
		uint32_t section = elf_symbol_section(&loading->elf, i);
		unsigned int type = ELF64_ST_TYPE(loading->elf.symbols[i].st_info);
		int r = 0;

		if (loading->targets[i])
			r = others_entry(transaction, loading, i);
		else if (section != SHN_UNDEF && type == STT_FUNC &&
			 (loading->symbols[i].flags & LINK_ADDRESSED))
			r = own_entry(transaction, loading, i);
		if (r < 0)
			return r;
	}
	return 0;
}
