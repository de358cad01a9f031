/* SPDX-License-Identifier: MIT */
/*
 * Language-specific data: which landing pad belongs to a call site.
 *
 * C has cleanups only, so the action and type tables are not looked at: a
 * landing pad is run for any exception.  Freestanding.
 * Source: Itanium C++ ABI, exception handling, section 7 (LSDA); gcc's tables.
 */
#include "base/string.h"
#include "unwind/fde.h"
#include "unwind/unwind.h"

struct call_sites {
	uint64_t pad_base; /* LPStart: what landing pads are relative to */
	uint8_t encoding;
	struct reader table;
};

struct call_site {
	uint64_t start, size; /* relative to the function */
	uint64_t pad;	      /* relative to pad_base, 0: none */
};

/* The header of an LSDA; all of its call sites lie before bytes.end. */
static bool read_header(struct reader bytes, uint64_t function, struct call_sites *ret)
{
	struct call_sites sites = { .pad_base = function };
	uint8_t encoding;

	encoding = reader_byte(&bytes);
	if (encoding != DW_EH_PE_omit)
		sites.pad_base = reader_pointer(&bytes, encoding);
	if (reader_byte(&bytes) != DW_EH_PE_omit)
		(void)reader_uleb(&bytes);
	sites.encoding = reader_byte(&bytes);
	if (sites.encoding & ~DW_EH_PE_FORMAT)
		return false;
	sites.table = reader_block(&bytes, reader_uleb(&bytes));
	if (bytes.bad)
		return false;
	*ret = sites;
	return true;
}

static bool next_call_site(struct call_sites *sites, struct call_site *ret)
{
	struct reader *table = &sites->table;

	ret->start = reader_value(table, sites->encoding);
	ret->size = reader_value(table, sites->encoding);
	ret->pad = reader_value(table, sites->encoding);
	(void)reader_uleb(table);
	return !table->bad;
}

int unwind_landing_pad(const struct unwind_cursor *cursor, const struct unwind_entry *entry,
		       uint64_t *ret)
{
	uint64_t pc = cursor->registers[UNWIND_RIP] - (cursor->exact ? 0 : 1);
	struct reader bytes = { .end = (const uint8_t *)UINTPTR_MAX };
	struct call_sites sites;
	struct call_site site;

	if (!entry || entry->lsda == 0 || pc - entry->start >= entry->size) {
		*ret = 0;
		return 0;
	}
	bytes.at = (const uint8_t *)(uintptr_t)entry->lsda;
	if (!read_header(bytes, entry->start, &sites))
		return -EBADMSG;
	while (sites.table.at < sites.table.end) {
		if (!next_call_site(&sites, &site))
			return -EBADMSG;
		if (pc - entry->start < site.start) /* the table is sorted */
			break;
		if (pc - entry->start - site.start >= site.size)
			continue;
		*ret = site.pad != 0 ? sites.pad_base + site.pad : 0;
		return 0;
	}
	*ret = 0;
	return 0;
}

/* NULL, or why the call sites of this function cannot be right. */
static const char *check_sites(const struct unwind_entry *entries, size_t count,
			       const struct unwind_entry *entry, struct call_sites *sites)
{
	uint64_t end = 0;
	struct call_site site;

	while (sites->table.at < sites->table.end) {
		if (!next_call_site(sites, &site))
			return "a call site is cut off";
		if (site.start < end || site.size > entry->size ||
		    site.start > entry->size - site.size)
			return "call sites out of order or outside their function";
		if (site.pad != 0 && !unwind_find(entries, count, sites->pad_base + site.pad))
			return "a landing pad outside the code";
		end = site.start + site.size;
	}
	return NULL;
}

static const char *check_entry(const struct section *section, const struct unwind_entry *entries,
			       size_t count, const struct unwind_entry *entry)
{
	uint64_t low = (uintptr_t)section->low + section->delta;
	uint64_t size = (uint64_t)(section->high - section->low);
	struct reader lsda = { .end = section->high, .delta = section->delta };
	struct call_sites sites;

	if (entry->fde - low >= size)
		return "an FDE outside the bytes";
	if (entry->lsda == 0)
		return NULL;
	if (entry->lsda - low >= size)
		return "an LSDA outside the bytes";
	lsda.at = section->low + (entry->lsda - low);
	if (!read_header(lsda, entry->start, &sites))
		return "the header of an LSDA is cut off or unknown";
	return check_sites(entries, count, entry, &sites);
}

int unwind_check_lsdas(const void *bytes, size_t size, uint64_t at,
		       const struct unwind_entry *entries, size_t count, struct diag *reterr)
{
	struct section section = { .low = bytes,
				   .high = (const uint8_t *)bytes + size,
				   .delta = at - (uintptr_t)bytes };

	for (size_t i = 0; i < count; i++) {
		const char *why;

		/* Most functions have none. */
		if (entries[i].lsda == 0 && entries[i].fde - at < size)
			continue;
		why = check_entry(&section, entries, count, &entries[i]);
		if (!why)
			continue;
		*reterr = (struct diag){ .offset = DIAG_NO_OFFSET };
		if (entries[i].fde - at < size)
			reterr->offset = entries[i].lsda - at;
		string_copy(reterr->what, sizeof(reterr->what), why);
		return -EBADMSG;
	}
	return 0;
}
