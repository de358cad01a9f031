# SPDX-License-Identifier: MIT
"""Objects with wrong relocations."""

from registry import SHT_PROGBITS, bad

TWICE = ".rela.text.good_twice"


@bad("rela_entsize", "sh_entsize of SHT_REL", "wrong sh_entsize", TWICE)
def _(o):
    o.set_section(TWICE, sh_entsize=16)


@bad("rela_size", "half a relocation", "size is not a multiple of sh_entsize", TWICE)
def _(o):
    o.set_section(TWICE, sh_size=12)


@bad("rela_unaligned", "relocations at an offset of 4 modulo 8",
     "table is not aligned in the file", TWICE)
def _(o):
    o.set_section(TWICE, sh_offset=o.append(bytes(32)) + 4)


@bad("rela_link", "sh_link is a string table",
     "relocations' symbol table is not the object's", TWICE)
def _(o):
    o.set_section(TWICE, sh_link=o.find(".strtab"))


@bad("rela_link_zero", "sh_link 0", "relocations' symbol table is not the object's", TWICE)
def _(o):
    o.set_section(TWICE, sh_link=0)


@bad("rela_no_symtab", "relocations and no symbol table",
     "relocations' symbol table is not the object's", ".rela")
def _(o):
    o.set_section(".symtab", sh_type=SHT_PROGBITS)


@bad("rela_info_zero", "sh_info 0", "relocations for no section", TWICE)
def _(o):
    o.set_section(TWICE, sh_info=0)


@bad("rela_info_outside", "sh_info is the number of sections", "sh_info is not a section", TWICE)
def _(o):
    o.set_section(TWICE, sh_info=o.n_sections)


@bad("rela_info_unflagged", "sh_info past the sections, without SHF_INFO_LINK",
     "relocations for no section", TWICE)
def _(o):
    o.set_section(TWICE, sh_info=0xFFFFFFFF, sh_flags=0)


@bad("rela_info_symtab", "relocations for the symbol table",
     "relocations for a section that cannot have any", TWICE)
def _(o):
    o.set_section(TWICE, sh_info=o.find(".symtab"))


@bad("rela_info_nobits", "relocations for a section without contents",
     "relocations for a section that cannot have any", TWICE)
def _(o):
    o.set_section(TWICE, sh_info=o.find(".bss.good_history"))


@bad("rela_info_itself", "relocations for themselves",
     "relocations for a section that cannot have any", TWICE)
def _(o):
    o.set_section(TWICE, sh_info=o.find(TWICE))


@bad("rela_symbol", "symbol number past the symbol table",
     "relocation's symbol outside the symbol table", TWICE)
def _(o):
    o.set_rela(".text.good_twice", 0, r_symbol=o.section(".symtab", "sh_size") // 24)


@bad("rela_symbol_highest", "symbol number 2^32 - 1",
     "relocation's symbol outside the symbol table", TWICE)
def _(o):
    o.set_rela(".text.good_twice", 0, r_symbol=0xFFFFFFFF)


@bad("rela_offset", "r_offset is the size of the section", "relocation outside its section",
     ".text.good_twice")
def _(o):
    size = o.section(".text.good_twice", "sh_size")
    o.set_rela(".text.good_twice", 0, r_offset=size)


@bad("rela_offset_32", "three bytes left for a 32-bit value", "relocation outside its section",
     ".text.good_next", "good_counter")
def _(o):
    size = o.section(".text.good_next", "sh_size")
    o.set_rela(".text.good_next", 0, r_offset=size - 3)


@bad("rela_offset_64", "seven bytes left for a 64-bit value", "relocation outside its section",
     ".data.rel.ro.good_table", "good_subtract")
def _(o):
    o.set_rela(".data.rel.ro.good_table", 1, r_offset=9)


@bad("rela_offset_wraps", "r_offset 2^64 - 1", "relocation outside its section",
     ".text.good_twice")
def _(o):
    o.set_rela(".text.good_twice", 0, r_offset=2**64 - 1)
