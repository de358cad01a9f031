/* SPDX-License-Identifier: MIT */
/*
 * What an object on its way in provides, and what it may not provide.
 */
#include "load.h"

#include "base/string.h"

/* -ENOMEM with a diag that says of what. */
int transaction_out_of_memory(struct transaction *transaction, const char *cell, const char *what)
{
	diag_fill(transaction->reterr, cell, "out of memory", what, "");
	return -ENOMEM;
}

/* Global, of default visibility, and defined: what others may use. */
static bool is_provided(const struct loading *loading, uint32_t symbol)
{
	const Elf64_Sym *sym = &loading->elf.symbols[symbol];

	return ELF64_ST_BIND(sym->st_info) != STB_LOCAL &&
	       ELF64_ST_VISIBILITY(sym->st_other) == STV_DEFAULT &&
	       elf_symbol_section(&loading->elf, symbol) != SHN_UNDEF &&
	       elf_symbol_section(&loading->elf, symbol) != SHN_ABS;
}

static int refuse_provider(struct transaction *transaction, struct loading *loading,
			   uint32_t symbol, const char *what, const char *expected,
			   const char *found)
{
	link_diag(transaction->reterr, &loading->elf, 0, symbol, DIAG_NO_OFFSET, what, expected,
		  found);
	string_copy(transaction->reterr->cell, sizeof(transaction->reterr->cell),
		    loading->cell->name);
	return -ENOEXEC;
}

static int check_provided(struct transaction *transaction, struct loading *loading, uint32_t symbol)
{
	const char *name = elf_symbol_name(&loading->elf, symbol);
	unsigned int type = ELF64_ST_TYPE(loading->elf.symbols[symbol].st_info);

	if (type != STT_FUNC && type != STT_OBJECT && type != STT_COMMON)
		return refuse_provider(transaction, loading, symbol,
				       "a provided symbol has no type", "STT_FUNC or STT_OBJECT",
				       "STT_NOTYPE");
	for (const struct loading *other = transaction->first; other; other = other->next) {
		uint32_t defined = 0;

		if (other != loading && other->ns == loading->ns && other->exports)
			defined = link_definition(&other->object, name);
		if (defined && other->exports[defined])
			return refuse_provider(transaction, loading, symbol,
					       "symbol is provided by two cells", other->cell->name,
					       loading->cell->name);
	}
	return 0;
}

/* The record of a name that the cell has not provided so far. */
static int new_export(struct transaction *transaction, struct loading *loading, uint32_t symbol,
		      const struct note_query *name, struct link_export **ret)
{
	const Elf64_Sym *sym = &loading->elf.symbols[symbol];
	struct link_export *export;
	int r = record_export_new(loading->cell, loading->batch, name, &export);

	if (r < 0)
		return transaction_out_of_memory(transaction, loading->cell->name,
						 "an export's record");
	export->is_function = ELF64_ST_TYPE(sym->st_info) == STT_FUNC;
	export->is_state = record_is_in_state(loading->cell, loading->symbols[symbol].address);
	export->value = loading->is_new_cell ? loading->symbols[symbol].address : 0;
	export->size = sym->st_size;
	/* It was hidden, and its address was taken. */
	export->entry = loading->entries[symbol];
	*ret = export;
	return 0;
}

static int define(struct transaction *transaction, struct loading *loading, uint32_t symbol)
{
	const Elf64_Sym *sym = &loading->elf.symbols[symbol];
	const char *name = elf_symbol_name(&loading->elf, symbol);
	struct link_version *version = loading->version;
	struct note_query query = {
		.name = name,
		.length = loading->symbols[symbol].name_length,
		.hash = loading->symbols[symbol].name_hash,
		.kind_a = NOTE_PROVIDES_FUNCTION,
		.kind_b = NOTE_PROVIDES_DATA,
	};
	struct link_export *export = namespace_find_hashed(loading->ns, name, query.hash);
	uint64_t hash = resolve_type_hash(loading, &query);
	int r = check_provided(transaction, loading, symbol);

	if (r < 0)
		return r;
	/* What a parent provides is shadowed. */
	if (export && export->cell->ns != loading->ns)
		export = NULL;
	if (export && export->cell != loading->cell) {
		/* A weak definition gives way to one that is there; a strong one is an error. */
		if (ELF64_ST_BIND(sym->st_info) == STB_WEAK)
			return 0;
		return refuse_provider(transaction, loading, symbol,
				       "symbol is provided by two cells", export->cell->name,
				       loading->cell->name);
	}
	if (!export) {
		r = new_export(transaction, loading, symbol, &query, &export);
		if (r < 0)
			return r;
		export->type_hash = hash;
	}
	loading->exports[symbol] = export;
	export->definition = &version->definitions[version->n_definitions];
	version->definitions[version->n_definitions++] = (struct link_definition){
		.export = export,
		.value = loading->symbols[symbol].address,
		.size = sym->st_size,
		.type_hash = hash,
	};
	return 0;
}

int provide_exports(struct transaction *transaction, struct loading *loading)
{
	uint32_t count = 0;
	size_t bytes = 0;
	int r = 0;

	for (uint32_t i = 1; i < loading->elf.n_symbols; i++) {
		if (!is_provided(loading, i))
			continue;
		count++;
		bytes += record_export_size(loading->symbols[i].name_length);
	}
	r = record_tables_new(loading, count);
	/* Another version brings few new ones, if any. */
	if (r == 0 && count > 0 && loading->is_new_cell)
		r = record_batch_new(bytes, &loading->batch);
	if (r < 0)
		return transaction_out_of_memory(transaction, loading->cell->name,
						 "the tables of exports, functions and frames");
	for (uint32_t i = 1; i < loading->elf.n_symbols; i++) {
		r = is_provided(loading, i) ? define(transaction, loading, i) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}
