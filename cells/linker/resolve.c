/* SPDX-License-Identifier: MIT */
/*
 * Who provides what an object needs, and with which address.
 */
#include "load.h"

#include "base/format.h"
#include "base/string.h"

/*
 * cellc writes symbols in the order of the symbol table, so a search that
 * goes on where the last one ended finds each at once.
 */
uint64_t note_type_hash(const struct note *note, uint32_t *cursor, const char *name,
			uint32_t kind_a, uint32_t kind_b)
{
	uint32_t count = note->header ? note->header->n_symbols : 0;

	for (uint32_t i = 0; i < count; i++) {
		const struct note_symbol *symbol = &note->symbols[(*cursor + i) % count];

		if ((symbol->kind == kind_a || symbol->kind == kind_b) &&
		    string_equal(note_string(note, symbol->name), name)) {
			*cursor = (*cursor + i + 1) % count;
			return symbol->type_hash;
		}
	}
	return 0;
}

/* Is `ns` the namespace of `of`, or one of those it asks? */
static bool is_visible(const struct loading *from, const struct loading *provider)
{
	return provider->ns == from->ns || provider->ns == namespace_of(namespace_root());
}

static struct link_export *find_pending(const struct transaction *transaction,
					const struct loading *from, const char *name)
{
	for (const struct loading *loading = transaction->first; loading;
	     loading = loading->next) {
		struct link_export *export;

		if (!loading->is_new_cell || !is_visible(from, loading))
			continue;
		export = record_export_find(loading->cell, name);
		if (export)
			return export;
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

static int check_provider(struct transaction *transaction, struct loading *loading,
			  uint32_t symbol, const struct link_export *export)
{
	uint32_t flags = loading->symbols[symbol].flags;
	uint64_t need = note_type_hash(&loading->note, &loading->need_cursor, export->name,
				       NOTE_NEEDS_FUNCTION, NOTE_NEEDS_DATA);
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
	int r = 0;

	if (!export)
		export = find_pending(transaction, loading, name);
	if (!export && ELF64_ST_BIND(sym->st_info) == STB_WEAK)
		return 0;
	if (!export)
		r = add_provider(transaction, loading, name, &export);
	if (r < 0)
		return r;
	if (!export)
		return refuse(transaction, loading, symbol, "undefined symbol",
			      "a cell that provides it", "none loaded, none in the archive");
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

/* An identity for a function of this object, whether or not others can see it. */
static void entry_name(const struct loading *loading, uint32_t symbol, char *ret, size_t size)
{
	const char *name = elf_symbol_name(&loading->elf, symbol);
	uint32_t file = loading->symbols[symbol].file;

	if (ELF64_ST_BIND(loading->elf.symbols[symbol].st_info) == STB_LOCAL)
		format_text(ret, size, "%s:%s", file ? elf_symbol_name(&loading->elf, file) : "",
			    name);
	else
		string_copy(ret, size, name);
}

static int own_entry(struct transaction *transaction, struct loading *loading, uint32_t symbol)
{
	struct link_symbol *own = &loading->symbols[symbol];
	struct link_entry *entry;
	char name[160];
	int r;

	entry_name(loading, symbol, name, sizeof(name));
	r = entry_get(transaction, loading->cell, record_export_find(loading->cell, name), name,
		      own->call, loading->version, &entry);
	if (r < 0)
		return r;
	if (entry->version == loading->version && !entry->type_hash)
		entry->type_hash = note_type_hash(&loading->note, &loading->provide_cursor, name,
						  NOTE_ADDRESS_TAKEN, NOTE_PROVIDES_FUNCTION);
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
	r = entry_get(transaction, export->cell, export, export->name, export->value,
		      export->cell->current, &entry);
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

/* The function of this object that has the entry's name and type; 0: none. */
static uint32_t successor_of(struct loading *loading, const struct link_entry *entry)
{
	char name[160];

	for (uint32_t i = 1; i < loading->elf.n_symbols; i++) {
		uint32_t section = elf_symbol_section(&loading->elf, i);
		uint64_t hash;

		if (ELF64_ST_TYPE(loading->elf.symbols[i].st_info) != STT_FUNC ||
		    section == SHN_UNDEF)
			continue;
		entry_name(loading, i, name, sizeof(name));
		if (!string_equal(name, entry->name))
			continue;
		hash = note_type_hash(&loading->note, &loading->provide_cursor, name,
				      NOTE_ADDRESS_TAKEN, NOTE_PROVIDES_FUNCTION);
		return hash == entry->type_hash ? i : 0;
	}
	return 0;
}

int resolve_successors(struct transaction *transaction, struct loading *loading)
{
	struct link_version *version = loading->version;
	uint32_t count = 0;

	if (loading->is_new_cell)
		return 0;
	for (const struct link_entry *entry = loading->cell->entries; entry; entry = entry->next)
		count++;
	if (count == 0)
		return 0;
	version->entry_values = heap_alloc(count * sizeof(*version->entry_values));
	if (!version->entry_values)
		return transaction_out_of_memory(transaction, loading->cell->name,
						 "the list of entries");
	for (struct link_entry *entry = loading->cell->entries; entry; entry = entry->next) {
		uint32_t symbol = entry->version == version ? 0 : successor_of(loading, entry);

		if (symbol)
			version->entry_values[version->n_entry_values++] =
				(struct link_entry_value){
					.entry = entry,
					.value = loading->symbols[symbol].call,
				};
	}
	return 0;
}
