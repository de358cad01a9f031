/* SPDX-License-Identifier: MIT */
/*
 * A graph of functions and objects, an edge for each relocation between them,
 * and what each function's instructions do to the state; see effects.h.
 */
#include "effects.h"

#include <Zydis/Zydis.h>
#include <stdlib.h>
#include <string.h>

enum effect {
	EFFECT_NOTHING,
	EFFECT_READS,
	EFFECT_CHANGES,
};

struct edge {
	const struct symbol *from, *to;
};

struct effects {
	const struct object *object;
	const struct symbol *state;
	enum effect *own;  /* by symbol: of its own instructions or words */
	bool *has_address; /* by symbol */
	struct edge *edges;
	size_t n_edges, edge_capacity;
};

static bool is_node(const struct symbol *symbol)
{
	unsigned int type = symbol_type(symbol);

	return symbol_is_defined(symbol) && (type == STT_FUNC || type == STT_OBJECT);
}

/*
 * The function or object that has this byte, by its provided name where it has
 * several; NULL: none, as of a string.
 */
static const struct symbol *node_at(const struct object *object, size_t section, uint64_t offset)
{
	const struct symbol *found = NULL;

	for (size_t i = 1; i < object->n_symbols; i++) {
		const struct symbol *symbol = &object->symbols[i];

		if (is_node(symbol) && symbol->sym.st_shndx == section &&
		    offset - symbol->sym.st_value < symbol->sym.st_size &&
		    (!found || (symbol_is_local(found) && !symbol_is_local(symbol))))
			found = symbol;
	}
	return found;
}

static void note(struct effects *effects, const struct symbol *from, const struct symbol *to,
		 enum effect effect)
{
	size_t index = (size_t)(from - effects->object->symbols);

	if (to != effects->state) {
		effects->edges = object_grow(effects->edges, effects->n_edges,
					     &effects->edge_capacity, sizeof(*effects->edges));
		effects->edges[effects->n_edges++] = (struct edge){ from, to };
	} else if (effect > effects->own[index]) {
		effects->own[index] = effect;
	}
}

/* ---- instructions --------------------------------------------------------------- */

static enum effect effect_of(const ZydisDecodedInstruction *instruction,
			     const ZydisDecodedOperand *operands)
{
	if (instruction->mnemonic == ZYDIS_MNEMONIC_LEA)
		return EFFECT_CHANGES;
	for (size_t i = 0; i < instruction->operand_count; i++) {
		const ZydisDecodedOperand *operand = &operands[i];

		if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY &&
		    operand->mem.base == ZYDIS_REGISTER_RIP &&
		    (operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE))
			return EFFECT_CHANGES;
	}
	return EFFECT_READS;
}

struct place {
	size_t section;
	uint64_t at; /* of the instruction */
};

/* What the field refers to, if to anything of this cell. */
static void read_field(struct effects *effects, struct place place, uint8_t field,
		       const ZydisDecodedInstruction *instruction, enum effect effect)
{
	const struct section *section = &effects->object->sections[place.section];
	const Elf64_Rela *rela = section_rela_at(section, place.at + field);
	const struct symbol *from = node_at(effects->object, place.section, place.at), *to = NULL;
	uint64_t offset;
	size_t target;

	if (!rela || !from)
		return;
	target = rela_target(effects->object, rela, instruction->length - field, &offset);
	if (target != SHN_UNDEF)
		to = node_at(effects->object, target, offset);
	if (!to)
		return;
	note(effects, from, to, effect);
	if (to == effects->state && instruction->mnemonic == ZYDIS_MNEMONIC_LEA)
		effects->has_address[from - effects->object->symbols] = true;
}

static void read_instruction(struct effects *effects, struct place place,
			     const ZydisDecodedInstruction *instruction,
			     const ZydisDecodedOperand *operands)
{
	enum effect effect = effect_of(instruction, operands);

	if (instruction->raw.disp.size == 32)
		read_field(effects, place, instruction->raw.disp.offset, instruction, effect);
	if (instruction->raw.imm[0].size >= 32)
		read_field(effects, place, instruction->raw.imm[0].offset, instruction, effect);
}

static void read_code(struct effects *effects, size_t index)
{
	const struct section *section = &effects->object->sections[index];
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
	ZydisDecodedInstruction instruction;
	ZydisDecoder decoder;

	ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	for (uint64_t at = 0; at < section->shdr.sh_size; at += instruction.length) {
		/* code.c has refused what is no instruction. */
		if (ZYAN_FAILED(ZydisDecoderDecodeFull(&decoder, section->bytes + at,
						       section->shdr.sh_size - at, &instruction,
						       operands)))
			return;
		read_instruction(effects, (struct place){ index, at }, &instruction, operands);
	}
}

/* A word of data that points to something leads there, and may be written through. */
static void read_data(struct effects *effects, size_t index)
{
	const struct section *section = &effects->object->sections[index];

	for (size_t i = 0; i < section->n_relas; i++) {
		const Elf64_Rela *rela = &section->relas[i];
		const struct symbol *from, *to = NULL;
		uint64_t offset;
		size_t target = rela_target(effects->object, rela, 0, &offset);

		from = node_at(effects->object, index, rela->r_offset);
		if (target != SHN_UNDEF)
			to = node_at(effects->object, target, offset);
		if (from && to)
			note(effects, from, to, EFFECT_CHANGES);
	}
}

/* ---- the graph ------------------------------------------------------------------ */

static enum effect effect_from(const struct effects *effects, const struct symbol *from,
			       bool *is_seen)
{
	size_t index = (size_t)(from - effects->object->symbols);
	enum effect effect = effects->own[index];

	is_seen[index] = true;
	for (size_t i = 0; i < effects->n_edges; i++) {
		const struct edge *edge = &effects->edges[i];
		enum effect behind;

		if (edge->from != from || is_seen[edge->to - effects->object->symbols])
			continue;
		behind = effect_from(effects, edge->to, is_seen);
		if (behind > effect)
			effect = behind;
	}
	return effect;
}

static void report(const struct effects *effects, FILE *to)
{
	static const char *const names[] = { "nothing", "reads", "changes" };
	const struct object *object = effects->object;

	for (size_t i = 1; i < object->n_symbols; i++) {
		const struct symbol *symbol = &object->symbols[i], *node;
		bool *is_seen;

		if (!is_node(symbol) || symbol_type(symbol) != STT_FUNC ||
		    symbol_is_local(symbol) || symbol_is_hidden(symbol))
			continue;
		is_seen = object_allocate(object->n_symbols, sizeof(*is_seen));
		node = node_at(object, symbol->sym.st_shndx, symbol->sym.st_value);
		if (!node) /* assembly need not say how large it is */
			node = symbol;
		fprintf(to, "export\t%s\t%s\n", symbol->name,
			names[effect_from(effects, node, is_seen)]);
		free(is_seen);
	}
	for (size_t i = 1; i < object->n_symbols; i++) {
		if (effects->has_address[i])
			fprintf(to, "address\t%s\n", object->symbols[i].name);
	}
}

void effects_report(const struct object *object, const struct symbol *state, FILE *to)
{
	struct effects effects = {
		.object = object,
		.state = state,
		.own = object_allocate(object->n_symbols, sizeof(*effects.own)),
		.has_address = object_allocate(object->n_symbols, sizeof(*effects.has_address)),
	};

	for (size_t i = 1; i < object->n_sections; i++) {
		const struct section *section = &object->sections[i];

		if (!(section->shdr.sh_flags & SHF_ALLOC) || !section->bytes ||
		    strcmp(section->name, ".eh_frame") == 0)
			continue;
		if (section_is_code(section))
			read_code(&effects, i);
		else
			read_data(&effects, i);
	}
	report(&effects, to);
	free(effects.own);
	free(effects.has_address);
	free(effects.edges);
}
