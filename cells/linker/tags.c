/* SPDX-License-Identifier: MIT */
/*
 * Whether a user and its provider mean the same by a struct's tag.
 *
 * A declaration's type hash names tags only; how a tag is laid out is recorded
 * apart and compared where both sides know it, so that a cell which was
 * compiled against another layout does not link.
 */
#include "load.h"

#include "base/format.h"
#include "base/string.h"

static uint32_t count_tags(const struct note *note, uint32_t *ret_bytes)
{
	uint32_t count = 0;

	*ret_bytes = 0;
	for (uint32_t i = 0; i < note->header->n_symbols; i++) {
		if (note->symbols[i].kind != NOTE_TYPE_LAYOUT)
			continue;
		count++;
		*ret_bytes += (uint32_t)string_length(note_string(note, note->symbols[i].name)) + 1;
	}
	return count;
}

/* Keeps the list sorted by name; lists are short. */
static void insert(struct link_version *version, const char *name, uint64_t layout)
{
	uint32_t i = version->n_tags++;

	for (; i > 0 && string_compare(version->tags[i - 1].name, name) > 0; i--)
		version->tags[i] = version->tags[i - 1];
	version->tags[i] = (struct link_tag){ .name = name, .layout = layout };
}

int tags_record(struct transaction *transaction, struct loading *loading)
{
	struct link_version *version = loading->version;
	const struct note *note = &loading->note;
	uint32_t count, bytes;
	char *names;

	if (loading->is_foreign)
		return 0;
	count = count_tags(note, &bytes);
	if (count == 0)
		return 0;
	version->tags = heap_alloc(count * sizeof(*version->tags) + bytes);
	if (!version->tags)
		return transaction_out_of_memory(transaction, loading->cell->name,
						 "the layouts of types");
	names = (char *)(version->tags + count);
	for (uint32_t i = 0; i < note->header->n_symbols; i++) {
		const char *name = note_string(note, note->symbols[i].name);
		size_t length = string_length(name) + 1;

		if (note->symbols[i].kind != NOTE_TYPE_LAYOUT)
			continue;
		memcpy(names, name, length);
		insert(version, names, note->symbols[i].type_hash);
		names += length;
	}
	return 0;
}

CELL_EXPORT const char *linker_tag_that_differs(const struct link_version *a,
						const struct link_version *b)
{
	uint32_t i = 0, k = 0;

	while (i < a->n_tags && k < b->n_tags) {
		int order = string_compare(a->tags[i].name, b->tags[k].name);

		if (order == 0 && a->tags[i].layout != b->tags[k].layout)
			return a->tags[i].name;
		i += order <= 0;
		k += order >= 0;
	}
	return NULL;
}

static int check_provider_tags(struct transaction *transaction, const struct loading *loading,
			       uint32_t symbol)
{
	const struct link_cell *provider = loading->targets[symbol]->cell;
	const char *tag;
	char expected[72];

	if (!provider->current || provider == loading->cell)
		return 0;
	tag = linker_tag_that_differs(loading->version, provider->current);
	if (!tag)
		return 0;
	format_text(expected, sizeof(expected), "%s as in %s", tag, provider->name);
	diag_fill(transaction->reterr, loading->cell->name,
		  "layout of a type differs from the provider's", expected, "another");
	string_copy(transaction->reterr->symbol, sizeof(transaction->reterr->symbol),
		    elf_symbol_name(&loading->elf, symbol));
	return -ENOEXEC;
}

int tags_check(struct transaction *transaction, struct loading *loading)
{
	const struct link_cell *last = NULL;

	for (uint32_t i = 1; i < loading->elf.n_symbols; i++) {
		int r;

		/* Symbols of one provider come in runs: once for each run will do. */
		if (!loading->targets[i] || loading->targets[i]->cell == last)
			continue;
		last = loading->targets[i]->cell;
		r = check_provider_tags(transaction, loading, i);
		if (r < 0)
			return r;
	}
	return 0;
}
