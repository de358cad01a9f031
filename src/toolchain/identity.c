/* SPDX-License-Identifier: MIT */
/* Reading CELL() and CELL_STATE() out of the object; see include/clew/cell.h. */
#include "identity.h"

#include <stdio.h>
#include <string.h>

#include <clew/cell.h>

#define DESCRIPTOR_SECTION ".rodata.clew.cell"

static bool is_terminated(const char *text, size_t size)
{
	return memchr(text, 0, size) != NULL;
}

static bool is_name(const char *name)
{
	return *name && name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] == 0;
}

static const struct section *find_descriptor(struct object *object)
{
	const struct section *found = NULL;

	for (size_t i = 1; i < object->n_sections; i++) {
		const struct section *section = &object->sections[i];

		if (strncmp(section->name, DESCRIPTOR_SECTION, strlen(DESCRIPTOR_SECTION)) != 0 ||
		    !(section->shdr.sh_flags & SHF_ALLOC))
			continue;
		if (section->shdr.sh_size != sizeof(struct cell_descriptor) || !section->bytes)
			section_refuse(object, section, "%llu bytes are not one CELL() descriptor",
				       (unsigned long long)section->shdr.sh_size);
		else if (found)
			section_refuse(object, section, "a second CELL() descriptor");
		else
			found = section;
	}
	if (!found && object->n_errors == 0)
		object_refuse(object, "no CELL() descriptor: the object is not a cell");
	return found;
}

void identity_record(struct object *object, struct records *records)
{
	const struct section *section = find_descriptor(object);
	struct cell_descriptor cell;

	if (!section)
		return;
	memcpy(&cell, section->bytes, sizeof(cell));
	if (cell.magic != CELL_MAGIC) {
		section_refuse(object, section, "bad magic 0x%x in the CELL() descriptor",
			       cell.magic);
		return;
	}
	if (!is_terminated(cell.name, sizeof(cell.name)) || !is_name(cell.name)) {
		section_refuse(object, section,
			       "the cell's name `%.*s' is not 1 to %d of a-z 0-9 _", CELL_NAME_MAX,
			       cell.name, CELL_NAME_MAX - 1);
		return;
	}
	if (!is_terminated(cell.summary, sizeof(cell.summary))) {
		section_refuse(object, section, "the summary is longer than %d bytes",
			       CELL_SUMMARY_MAX - 1);
		return;
	}
	if (cell.version == 0)
		section_refuse(object, section, "version 0: versions count from 1");
	if (cell.kind != CELL_SERVICE && cell.kind != CELL_APPLICATION)
		section_refuse(object, section, "unknown kind of cell %u", cell.kind);
	records->header.kind = cell.kind;
	records->header.version = cell.version;
	records->header.name = records_string(records, cell.name);
	records->header.summary = records_string(records, cell.summary);
}

static const char *find_reason(struct object *object, const char *state)
{
	char name[CELL_NAME_MAX + sizeof("_state_reason")];
	const struct symbol *symbol;
	const struct section *section;
	const char *reason;

	snprintf(name, sizeof(name), "%s_reason", state);
	symbol = object_find_symbol(object, name);
	if (!symbol || !symbol_is_defined(symbol))
		return NULL;
	section = &object->sections[symbol->sym.st_shndx];
	if (!section->bytes || symbol->sym.st_value >= section->shdr.sh_size)
		return NULL;
	reason = (const char *)section->bytes + symbol->sym.st_value;
	return is_terminated(reason, section->shdr.sh_size - symbol->sym.st_value) ? reason : NULL;
}

/* It is migrated as a whole, so nothing may lie in its section beside it. */
static void check_section(struct object *object, const struct symbol *state)
{
	const struct section *section = &object->sections[state->sym.st_shndx];

	if (!section_is_mutable(object, section))
		section_refuse(object, section, "the state `%s' is not writable", state->name);
	if (state->sym.st_size == 0)
		section_refuse(object, section, "the state `%s' is empty", state->name);
	if (state->sym.st_value != 0 || state->sym.st_size != section->shdr.sh_size)
		section_refuse(object, section,
			       "%llu bytes hold more than the state `%s': compile with "
			       "-fdata-sections",
			       (unsigned long long)section->shdr.sh_size, state->name);
}

const struct symbol *identity_record_state(struct object *object, struct records *records)
{
	const char *cell = records->strings + records->header.name;
	char name[CELL_NAME_MAX + sizeof("_state")];
	const struct symbol *state;
	const char *reason;

	snprintf(name, sizeof(name), "%s_state", cell);
	state = object_find_symbol(object, name);
	if (!state || !symbol_is_defined(state) || symbol_type(state) != STT_OBJECT)
		return NULL;
	reason = find_reason(object, name);
	if (!reason) /* not made by CELL_STATE(): statics.c refuses it */
		return NULL;
	if (!*reason)
		object_refuse(object, "CELL_STATE(%s) gives no reason", cell);
	check_section(object, state);
	records->header.state_symbol = records_string(records, name);
	records->header.state_reason = records_string(records, reason);
	return state;
}
