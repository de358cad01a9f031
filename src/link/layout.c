/* SPDX-License-Identifier: MIT */
/*
 * Which pool each section goes to, and what its relocations will ask for.
 * Applies nothing (relocate.c does) and resolves nothing.  Freestanding, no
 * allocation.
 */
#include "link/link.h"

#include "base/format.h"
#include "base/string.h"
#include "link/relocation.h"

#define KIND_MAX (1ull << 30) /* bytes of one kind; a section is one at most */

void link_diag(struct diag *ret, const struct elf *elf, uint32_t section, uint32_t symbol,
	       uint64_t offset, const char *what, const char *expected, const char *found)
{
	const char *symbol_name = symbol ? elf_symbol_name(elf, symbol) : "";

	memset(ret, 0, sizeof(*ret));
	if (symbol && ELF64_ST_TYPE(elf->symbols[symbol].st_info) == STT_SECTION)
		symbol_name = elf_section_name(elf, elf_symbol_section(elf, symbol));
	string_copy(ret->cell, sizeof(ret->cell), elf->name);
	string_copy(ret->section, sizeof(ret->section),
		    section ? elf_section_name(elf, section) : "");
	string_copy(ret->symbol, sizeof(ret->symbol), symbol_name);
	ret->offset = offset;
	string_copy(ret->what, sizeof(ret->what), what);
	string_copy(ret->expected, sizeof(ret->expected), expected);
	string_copy(ret->found, sizeof(ret->found), found);
}

static bool is_eh_frame(const struct elf *elf, uint32_t section)
{
	return string_equal(elf_section_name(elf, section), ".eh_frame");
}

static bool is_lsda(const struct elf *elf, uint32_t section)
{
	return string_starts(elf_section_name(elf, section), ".gcc_except_table");
}

/* Written by relocation only, so constant once linked. */
static bool is_relro(const char *name)
{
	return string_starts(name, ".data.rel.ro") ||
	       string_starts(name, ".data.rel.local.DW.ref.") ||
	       string_starts(name, ".data.rel.local.ro") || string_starts(name, ".data.DW.ref.");
}

static bool is_initialiser(const Elf64_Shdr *shdr, const char *name)
{
	return shdr->sh_type == SHT_INIT_ARRAY || shdr->sh_type == SHT_FINI_ARRAY ||
	       shdr->sh_type == SHT_PREINIT_ARRAY || string_starts(name, ".ctors") ||
	       string_starts(name, ".dtors") || string_equal(name, ".init") ||
	       string_equal(name, ".fini");
}

/* What a section must not be, whatever it holds. */
static int check_section(const struct elf *elf, uint32_t section, struct diag *reterr)
{
	const Elf64_Shdr *shdr = &elf->sections[section];
	const char *name = elf_section_name(elf, section);
	const char *what = NULL, *expected = "";

	if (shdr->sh_flags & SHF_TLS) {
		what = "thread-local storage";
		expected = "no SHF_TLS";
	} else if ((shdr->sh_flags & SHF_WRITE) && (shdr->sh_flags & SHF_EXECINSTR)) {
		what = "section is writable and executable";
		expected = "SHF_WRITE or SHF_EXECINSTR";
	} else if (is_initialiser(shdr, name)) {
		what = "initialiser arrays are not run";
		expected = "an exported function that its clients call";
	} else if (shdr->sh_addralign > LINK_ALIGN) {
		what = "alignment too large";
		expected = "at most 64";
	} else if (shdr->sh_size > KIND_MAX) {
		what = "section too large";
		expected = "at most 1 GiB";
	}
	if (!what)
		return 0;
	link_diag(reterr, elf, section, 0, DIAG_NO_OFFSET, what, expected, "");
	format_text(reterr->found, sizeof(reterr->found),
		    "type %u flags 0x%lx size 0x%lx align %lu", shdr->sh_type, shdr->sh_flags,
		    shdr->sh_size, shdr->sh_addralign);
	return -ENOEXEC;
}

static enum link_pool pool_of(const struct link_object *object, uint32_t section)
{
	const Elf64_Shdr *shdr = &object->elf->sections[section];

	if (!(shdr->sh_flags & SHF_ALLOC) || shdr->sh_type == SHT_NOTE)
		return LINK_UNPLACED;
	if (shdr->sh_flags & SHF_EXECINSTR)
		return LINK_TEXT;
	if (section == object->state_section)
		return LINK_STATE;
	if ((shdr->sh_flags & SHF_WRITE) && !is_relro(elf_section_name(object->elf, section)))
		return LINK_DATA;
	return LINK_CONST;
}

static int too_large(const struct link_object *object, uint32_t section, uint32_t symbol,
		     struct diag *reterr)
{
	link_diag(reterr, object->elf, section, symbol, DIAG_NO_OFFSET, "object too large",
		  "at most 1 GiB of a kind", "");
	return -ENOEXEC;
}

static int append(struct link_object *object, uint32_t section, enum link_pool pool,
		  struct diag *reterr)
{
	const Elf64_Shdr *shdr = &object->elf->sections[section];
	uint64_t align = shdr->sh_addralign ? shdr->sh_addralign : 1;
	uint64_t at = (object->size[pool] + align - 1) & ~(align - 1);

	object->sections[section].pool = (uint16_t)pool;
	object->sections[section].offset = at;
	object->size[pool] = at + shdr->sh_size;
	object->n_placed++;
	if (object->size[pool] > KIND_MAX)
		return too_large(object, section, 0, reterr);
	return 0;
}

/* Sections of one kind side by side, so that readers see one table. */
static int append_tables(struct link_object *object, bool (*is)(const struct elf *, uint32_t),
			 uint64_t *ret_at, uint64_t *ret_size, struct diag *reterr)
{
	uint64_t *size = &object->size[LINK_CONST];

	*size = (*size + 7) & ~7ull;
	*ret_at = *size;
	for (uint32_t i = 1; i < object->elf->n_sections; i++) {
		int r;

		if (object->sections[i].pool != LINK_CONST || !is(object->elf, i))
			continue;
		r = append(object, i, LINK_CONST, reterr);
		if (r < 0)
			return r;
	}
	*ret_size = *size - *ret_at;
	return 0;
}

static int place_sections(struct link_object *object, struct diag *reterr)
{
	const struct elf *elf = object->elf;
	int r;

	for (uint32_t i = 1; i < elf->n_sections; i++) {
		enum link_pool pool;

		r = check_section(elf, i, reterr);
		if (r < 0)
			return r;
		pool = pool_of(object, i);
		object->sections[i].pool = (uint16_t)pool;
		if (pool == LINK_UNPLACED ||
		    (pool == LINK_CONST && (is_eh_frame(elf, i) || is_lsda(elf, i))))
			continue;
		r = append(object, i, pool, reterr);
		if (r < 0)
			return r;
	}
	r = append_tables(object, is_lsda, &object->lsda, &object->lsda_size, reterr);
	if (r == 0)
		r = append_tables(object, is_eh_frame, &object->eh_frame, &object->eh_frame_size,
				  reterr);
	return r;
}

static int check_symbol(const struct elf *elf, uint32_t symbol, struct diag *reterr)
{
	const Elf64_Sym *sym = &elf->symbols[symbol];
	unsigned int type = ELF64_ST_TYPE(sym->st_info);
	const char *found;

	if (type == STT_TLS)
		found = "STT_TLS";
	else if (type == STT_GNU_IFUNC)
		found = "STT_GNU_IFUNC";
	else
		return 0;
	link_diag(reterr, elf, 0, symbol, DIAG_NO_OFFSET, "symbol type cannot be linked",
		  "a function or an object", found);
	return -ENOEXEC;
}

/* A number below n_symbols: multiplications, where a remainder takes a division. */
static uint32_t bucket_of(const struct link_object *object, uint64_t hash)
{
	uint64_t mixed = hash * 0x9e3779b97f4a7c15ull;

	return (uint32_t)((mixed >> 32) * object->elf->n_symbols >> 32);
}

/* Mixes section and offset; every place that holds functions is looked up by both. */
static uint32_t place_bucket(const struct link_object *object, uint32_t section, uint64_t offset)
{
	return bucket_of(object, offset ^ (uint64_t)section << 40);
}

static uint32_t find_definition(const struct link_object *object, const char *name, uint64_t hash)
{
	uint32_t i = object->symbols[bucket_of(object, hash)].by_name;

	while (i && (object->symbols[i].name_hash != hash ||
		     !string_equal(elf_symbol_name(object->elf, i), name)))
		i = object->symbols[i].next_by_name;
	return i;
}

static void index_function(struct link_object *object, uint32_t number, uint32_t section)
{
	uint32_t bucket = place_bucket(object, section, object->elf->symbols[number].st_value);

	object->sections[section].has_functions = true;
	object->symbols[number].next_by_place = object->symbols[bucket].by_place;
	object->symbols[bucket].by_place = number;
}

static int index_definition(struct link_object *object, uint32_t number, struct diag *reterr)
{
	const char *name = elf_symbol_name(object->elf, number);
	size_t length;
	uint64_t hash =
		string_hash_within(name, elf_symbol_name_room(object->elf, number), &length);
	uint32_t bucket = bucket_of(object, hash);

	object->symbols[number].name_hash = hash;
	object->symbols[number].name_length = (uint32_t)length;
	if (find_definition(object, name, hash)) {
		link_diag(reterr, object->elf, 0, number, DIAG_NO_OFFSET, "symbol is defined twice",
			  "one definition", "");
		return -ENOEXEC;
	}
	object->symbols[number].next_by_name = object->symbols[bucket].by_name;
	object->symbols[bucket].by_name = number;
	return 0;
}

/* COMMON symbols are zeroes behind the other data; st_value is their alignment. */
static int place_common(struct link_object *object, uint32_t number, struct diag *reterr)
{
	const Elf64_Sym *sym = &object->elf->symbols[number];
	uint64_t align = sym->st_value ? sym->st_value : 1;
	uint64_t *size = &object->size[LINK_DATA];

	if (align > LINK_ALIGN) {
		link_diag(reterr, object->elf, 0, number, DIAG_NO_OFFSET, "alignment too large",
			  "at most 64", "");
		format_text(reterr->found, sizeof(reterr->found), "%lu", align);
		return -ENOEXEC;
	}
	*size = (*size + align - 1) & ~(align - 1);
	object->symbols[number].address = *size;
	if (sym->st_size > KIND_MAX - *size)
		return too_large(object, 0, number, reterr);
	*size += sym->st_size;
	return 0;
}

static uint16_t kind_of(const struct link_object *object, uint32_t section)
{
	if (section == SHN_UNDEF)
		return LINK_ELSEWHERE;
	if (section < object->elf->n_sections && object->sections[section].pool == LINK_UNPLACED)
		return LINK_NOWHERE;
	return LINK_HERE;
}

/* Symbols by place and by name, files of local ones, places of COMMON ones. */
static int scan_symbols(struct link_object *object, struct diag *reterr)
{
	const struct elf *elf = object->elf;
	uint32_t file = 0;

	if (elf->n_symbols > 0)
		object->symbols[0].kind = LINK_ELSEWHERE;
	for (uint32_t i = 1; i < elf->n_symbols; i++) {
		const Elf64_Sym *sym = &elf->symbols[i];
		uint32_t section = elf_symbol_section(elf, i);
		bool is_local = ELF64_ST_BIND(sym->st_info) == STB_LOCAL;
		int r = check_symbol(elf, i, reterr);

		object->symbols[i].kind = kind_of(object, section);

		if (ELF64_ST_TYPE(sym->st_info) == STT_FILE)
			file = i;
		if (is_local)
			object->symbols[i].file = file;
		if (r == 0 && !is_local && section != SHN_UNDEF)
			r = index_definition(object, i, reterr);
		if (r == 0 && section == SHN_COMMON)
			r = place_common(object, i, reterr);
		if (r < 0)
			return r;
		if (ELF64_ST_TYPE(sym->st_info) == STT_FUNC && section != SHN_UNDEF &&
		    section < elf->n_sections)
			index_function(object, i, section);
	}
	for (uint32_t i = 1; i < elf->n_symbols; i++) {
		uint32_t section = elf_symbol_section(elf, i);

		if (section < elf->n_sections && object->sections[section].has_functions &&
		    object->symbols[i].kind == LINK_HERE)
			object->symbols[i].kind = LINK_IN_CODE;
	}
	return 0;
}

uint32_t link_function_at(const struct link_object *object, uint32_t section, uint64_t offset)
{
	const struct elf *elf = object->elf;
	uint32_t found = 0, i;

	if (section == SHN_UNDEF || section >= elf->n_sections || elf->n_symbols == 0 ||
	    !object->sections[section].has_functions)
		return 0;
	/*
	 * Of several names for one place a global one is the identity; of several
	 * of these the first, which ends the chain.
	 */
	for (i = object->symbols[place_bucket(object, section, offset)].by_place; i;
	     i = object->symbols[i].next_by_place) {
		if (elf->symbols[i].st_value != offset || elf_symbol_section(elf, i) != section)
			continue;
		if (!found || ELF64_ST_BIND(elf->symbols[i].st_info) != STB_LOCAL ||
		    ELF64_ST_BIND(elf->symbols[found].st_info) == STB_LOCAL)
			found = i;
	}
	return found;
}

uint32_t link_definition(const struct link_object *object, const char *name)
{
	return object->elf->n_symbols ? find_definition(object, name, string_hash(name)) : 0;
}

static void need_slot(struct link_object *object, uint32_t *slot)
{
	if (*slot == 0)
		*slot = ++object->n_slots;
}

static void need(struct link_object *object, uint32_t number, enum relocation_use use)
{
	struct link_symbol *symbol = &object->symbols[number];

	switch (use) {
	case RELOCATION_RAW:
		break;
	case RELOCATION_CALL_SLOT:
		symbol->flags |= LINK_CALLED;
		need_slot(object, &symbol->call_slot);
		break;
	case RELOCATION_ADDRESS_SLOT:
		symbol->flags |= LINK_ADDRESSED;
		need_slot(object, &symbol->address_slot);
		break;
	case RELOCATION_STUB:
		symbol->flags |= LINK_CALLED;
		need_slot(object, &symbol->call_slot);
		if (symbol->stub == 0)
			symbol->stub = ++object->n_stubs;
		break;
	case RELOCATION_WORD:
		symbol->flags |= LINK_ADDRESSED;
		object->n_words++;
		break;
	case RELOCATION_DIRECT:
		symbol->flags |= LINK_ADDRESSED | LINK_DIRECT;
		break;
	case RELOCATION_OWN_ADDRESS:
		symbol->flags |= LINK_ADDRESSED;
		break;
	}
}

static int scan_relocations(struct link_object *object, struct diag *reterr)
{
	for (uint32_t i = 1; i < object->elf->n_sections; i++) {
		const Elf64_Shdr *shdr = &object->elf->sections[i];
		struct relocation_place place;
		const Elf64_Rela *relas;
		size_t count;

		if (shdr->sh_type != SHT_RELA ||
		    object->sections[shdr->sh_info].pool == LINK_UNPLACED)
			continue;
		relas = elf_relas(object->elf, i, &count);
		relocation_begin(object, shdr->sh_info, &place);
		for (size_t k = 0; k < count; k++) {
			__attribute__((uninitialized)) struct relocation relocation;

			if (relocation_is_plain(&place, &relas[k]))
				continue;
			if (!relocation_is_known(ELF64_R_TYPE(relas[k].r_info)))
				return relocation_unknown(object, shdr->sh_info, &relas[k], reterr);
			relocation_understand(&place, &relas[k], &relocation);
			if (relocation.use != RELOCATION_RAW)
				need(object, relocation.symbol, relocation.use);
		}
	}
	return 0;
}

static int refuse_state(const struct link_object *object, uint32_t symbol, const char *what,
			const char *expected, struct diag *reterr)
{
	link_diag(reterr, object->elf, object->state_section, symbol, DIAG_NO_OFFSET, what,
		  expected, "");
	return -ENOEXEC;
}

/* Its section is the state: nothing else may be in it, and it must be writable. */
static int check_state(const struct link_object *object, uint32_t symbol, struct diag *reterr)
{
	const Elf64_Shdr *shdr = &object->elf->sections[object->state_section];
	const Elf64_Sym *sym = &object->elf->symbols[symbol];

	if ((shdr->sh_flags & (SHF_ALLOC | SHF_WRITE | SHF_EXECINSTR)) != (SHF_ALLOC | SHF_WRITE))
		return refuse_state(object, symbol, "the state is not writable data",
				    "SHF_ALLOC and SHF_WRITE", reterr);
	if (sym->st_value != 0 || sym->st_size != shdr->sh_size)
		return refuse_state(object, symbol, "the state shares its section",
				    "a section that is the state", reterr);
	return 0;
}

static int find_state(struct link_object *object, const char *state_symbol, struct diag *reterr)
{
	for (uint32_t i = 1; i < object->elf->n_symbols; i++) {
		uint32_t section = elf_symbol_section(object->elf, i);

		if (ELF64_ST_TYPE(object->elf->symbols[i].st_info) == STT_OBJECT &&
		    section != SHN_UNDEF && section < object->elf->n_sections &&
		    string_equal(elf_symbol_name(object->elf, i), state_symbol)) {
			object->state_section = section;
			return check_state(object, i, reterr);
		}
	}
	return refuse_state(object, 0, "state symbol is not defined", state_symbol, reterr);
}

int link_layout(struct link_object *ret, const struct elf *elf, const char *state_symbol,
		struct link_section *sections, struct link_symbol *symbols, struct diag *reterr)
{
	struct link_object object = { .elf = elf, .sections = sections, .symbols = symbols };
	int r = 0;

	if (state_symbol)
		r = find_state(&object, state_symbol, reterr);
	if (r == 0)
		r = place_sections(&object, reterr);
	if (r == 0)
		r = scan_symbols(&object, reterr);
	if (r == 0)
		r = scan_relocations(&object, reterr);
	if (r < 0)
		return r;
	object.stubs = (object.size[LINK_TEXT] + 15) & ~15ull;
	if (object.n_stubs)
		object.size[LINK_TEXT] = object.stubs + (uint64_t)object.n_stubs * LINK_STUB_SIZE;
	object.got = (object.size[LINK_CONST] + 7) & ~7ull;
	if (object.n_slots)
		object.size[LINK_CONST] = object.got + (uint64_t)object.n_slots * 8;
	*ret = object;
	return 0;
}

void link_place(struct link_object *object)
{
	const struct elf *elf = object->elf;

	for (uint32_t i = 1; i < elf->n_symbols; i++) {
		const Elf64_Sym *sym = &elf->symbols[i];
		uint32_t section = elf_symbol_section(elf, i);
		struct link_symbol *symbol = &object->symbols[i];
		const struct link_section *placed;

		if (section == SHN_UNDEF)
			continue;
		if (section == SHN_COMMON) {
			symbol->address += object->base[LINK_DATA];
		} else if (section == SHN_ABS) {
			symbol->address = sym->st_value;
		} else {
			placed = &object->sections[section];
			if (placed->pool == LINK_UNPLACED)
				continue;
			symbol->address =
				object->base[placed->pool] + placed->offset + sym->st_value;
		}
		symbol->call = symbol->address;
	}
}
