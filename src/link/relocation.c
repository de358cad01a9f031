/* SPDX-License-Identifier: MIT */
/* Where a relocation is, for relocation.h; and refusing one.  Freestanding, no allocation. */
#include "link/relocation.h"

#include "base/format.h"
#include "base/string.h"

static bool is_table(const struct link_object *object, uint32_t section)
{
	const char *name = elf_section_name(object->elf, section);

	return string_starts(name, ".eh_frame") || string_starts(name, ".gcc_except_table");
}

void relocation_begin(const struct link_object *object, uint32_t section,
		      struct relocation_place *ret)
{
	bool is_text = object->sections[section].pool == LINK_TEXT;

	*ret = (struct relocation_place){
		.object = object,
		.bytes = is_text ? elf_section_data(object->elf, section) : NULL,
		.section = section,
		.is_table = is_table(object, section),
	};
}

int relocation_unknown(const struct link_object *object, uint32_t section, const Elf64_Rela *rela,
		       struct diag *reterr)
{
	link_diag(reterr, object->elf, section, ELF64_R_SYM(rela->r_info), rela->r_offset,
		  "unknown relocation",
		  "R_X86_64_ 64 PC32 PLT32 GOTPCREL GOTPCRELX REX_GOTPCRELX 32 32S PC64", "");
	format_text(reterr->found, sizeof(reterr->found), "type %u", ELF64_R_TYPE(rela->r_info));
	return -ENOEXEC;
}

int relocation_read(const struct link_object *object, uint32_t section, const Elf64_Rela *rela,
		    struct relocation *ret, struct diag *reterr)
{
	struct relocation_place place;

	if (!relocation_is_known(ELF64_R_TYPE(rela->r_info)))
		return relocation_unknown(object, section, rela, reterr);
	relocation_begin(object, section, &place);
	relocation_understand(&place, rela, ret);
	return 0;
}
