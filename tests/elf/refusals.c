/* SPDX-License-Identifier: MIT */
/*
 * Why the reader may refuse what libelf reads: libelf hands out what is
 * written, the reader also answers for it.  See agreement.h.
 *
 * gABI: System V Application Binary Interface, chapter 4; psABI: AMD64
 * supplement; Clew: what elf.h promises to those who use the reader.
 */
#include <stddef.h>
#include <string.h>

#include "agreement.h"

static const struct {
	const char *refusal, *reason;
} reasons[] = {
	/* not for this reader, or not an ELF file of this version */
	{ "bad magic", "gABI, ELF Identification: EI_MAG0 to EI_MAG3" },
	{ "wrong class", "Clew: 64-bit objects only" },
	{ "wrong byte order", "psABI 4.1.1: ELFDATA2LSB" },
	{ "wrong machine", "psABI 4.1.1: EM_X86_64" },
	{ "not a relocatable object", "Clew: ET_REL only" },
	{ "wrong version of the ELF header", "gABI, ELF Identification: EI_VERSION is EV_CURRENT" },
	{ "wrong version of the object", "gABI, ELF Header: e_version is EV_CURRENT" },
	{ "wrong size of the ELF header", "gABI, ELF Header: e_ehsize" },
	{ "wrong size of a section header", "gABI, ELF Header: e_shentsize" },
	{ "file is shorter than an ELF header", "gABI, ELF Header" },
	/* the section table */
	{ "no section table", "gABI, Object Files: a linkable file has one" },
	{ "section table outside the file", "gABI, ELF Header: e_shoff" },
	{ "section table is not aligned", "Clew: the table is read in place" },
	{ "section overlaps the section table", "gABI, Sections: they may not overlap" },
	{ "section overlaps the ELF header", "gABI, Sections: they may not overlap" },
	{ "sections overlap", "gABI, Sections: they may not overlap" },
	{ "section outside the file", "gABI, Section Header: sh_offset, sh_size" },
	{ "section 0 is not empty", "gABI, Section Header Table Entry: Index 0" },
	{ "section claims too much", "Clew: ELF_CLAIM_MAX" },
	{ "too many sections", "Clew: ELF_SECTIONS_MAX" },
	{ "bad alignment", "gABI, Section Header: sh_addralign is a power of two" },
	{ "compressed section is to be loaded", "gABI, Section Attribute Flags: SHF_COMPRESSED" },
	{ "compressed table",
	  "gABI, Compression Header: contents that begin with one are no table" },
	{ "second section of a type that may occur once", "gABI, Section Types: SHT_SYMTAB" },
	{ "no section of section names", "gABI, ELF Header: e_shstrndx" },
	{ "section names are not a string table", "gABI, ELF Header: e_shstrndx" },
	{ "section name outside the section names", "gABI, Section Header: sh_name" },
	{ "sh_link is not a section", "gABI, Section Header: sh_link" },
	{ "sh_info is not a section", "gABI, Section Attribute Flags: SHF_INFO_LINK" },
	{ "wrong sh_entsize", "gABI, Section Header: sh_entsize" },
	{ "size is not a multiple of sh_entsize", "gABI, Section Header: sh_entsize" },
	{ "table is not aligned in the file", "Clew: symbols and relocations are read in place" },
	{ "string table is not terminated", "gABI, String Table: the last byte is null" },
	{ "string table does not begin with a zero", "gABI, String Table: the first byte is null" },
	/* symbols */
	{ "symbol table without symbol 0", "gABI, Symbol Table Entry: Index 0" },
	{ "symbol 0 is not empty", "gABI, Symbol Table Entry: Index 0" },
	{ "sh_link of the symbol table is not a string table", "gABI, sh_link of SHT_SYMTAB" },
	{ "first global symbol outside the symbol table", "gABI, sh_info of SHT_SYMTAB" },
	{ "symbol on the wrong side of sh_info", "gABI, Symbol Binding: STB_LOCAL comes first" },
	{ "symbol name outside the string table", "gABI, Symbol Table: st_name" },
	{ "symbol in no section", "gABI, Symbol Table: st_shndx" },
	{ "symbol in an unknown reserved section", "gABI, Special Section Indexes" },
	{ "symbol in an inactive section", "gABI, Section Types: SHT_NULL" },
	{ "symbol outside its section", "gABI, Symbol Values: an offset into the section" },
	{ "symbol's section index is missing", "gABI, Special Section Indexes: SHN_XINDEX" },
	{ "section indices do not match the symbols", "gABI, SHT_SYMTAB_SHNDX: one word a symbol" },
	{ "section indices without their symbol table", "gABI, sh_link of SHT_SYMTAB_SHNDX" },
	{ "section symbol in no section", "gABI, Symbol Types: STT_SECTION" },
	{ "file symbol in a section", "gABI, Symbol Types: STT_FILE is SHN_ABS" },
	{ "bad alignment of a common symbol", "gABI, Symbol Values: st_value of SHN_COMMON" },
	{ "common symbol claims too much", "Clew: ELF_CLAIM_MAX" },
	/* groups */
	{ "group without flags", "gABI, Section Groups: the first entry" },
	{ "group's member is not a section", "gABI, Section Groups: section header indices" },
	{ "group's symbol table is not the object's", "gABI, sh_link of SHT_GROUP" },
	{ "group's symbol outside the symbol table", "gABI, sh_info of SHT_GROUP" },
	/* relocations */
	{ "relocations without addends", "psABI 4.4: Elf64_Rela only" },
	{ "relocations for no section", "gABI, sh_info of SHT_RELA" },
	{ "relocations for a section that cannot have any", "gABI, Relocation: r_offset" },
	{ "relocations' symbol table is not the object's", "gABI, sh_link of SHT_RELA" },
	{ "relocation outside its section", "gABI, Relocation: r_offset" },
	{ "relocation's symbol outside the symbol table", "gABI, Relocation: r_info" },
};

const char *agreement_reason(const char *refusal)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (strcmp(reasons[i].refusal, refusal) == 0)
			return reasons[i].reason;
	}
	return NULL;
}
