# SPDX-License-Identifier: MIT
"""Objects with wrong or overlapping sections, and wrong groups of them."""

import struct

from registry import (
    GIB, SHF_ALLOC, SHF_COMPRESSED, SHF_EXECINSTR, SHF_INFO_LINK, SHT_GROUP, SHT_REL, bad,
)


# ---- sections ----------------------------------------------------------------

@bad("name_outside", "sh_name is the size of the section names",
     "section name outside the section names", "[")
def _(o):
    o.set_section(".text.good_add", sh_name=o.section(".shstrtab", "sh_size"))


@bad("offset_outside", "sh_offset past the end of the file", "section outside the file",
     ".text.good_add")
def _(o):
    o.set_section(".text.good_add", sh_offset=len(o.raw))


@bad("size_outside", "sh_size one byte more than the file holds", "section outside the file",
     ".comment")
def _(o):
    o.set_section(".comment", sh_size=len(o.raw) - o.section(".comment", "sh_offset") + 1)


@bad("extent_wraps", "sh_offset + sh_size wraps past 2^64", "section outside the file",
     ".comment")
def _(o):
    o.set_section(".comment", sh_offset=2**64 - 4)


@bad("claim_file", "contents of 1 GiB in a small file", "section outside the file", ".comment")
def _(o):
    o.set_section(".comment", sh_size=GIB)


@bad("claim_contents", "contents of more than 1 GiB", "section claims too much", ".comment")
def _(o):
    o.set_section(".comment", sh_size=GIB + 1)


@bad("claim_nobits", "NOBITS of more than 1 GiB", "section claims too much",
     ".bss.good_history")
def _(o):
    o.set_section(".bss.good_history", sh_size=GIB + 1)


@bad("claim_nobits_all", "NOBITS of 2^64 - 1 bytes", "section claims too much",
     ".bss.good_history")
def _(o):
    o.set_section(".bss.good_history", sh_size=2**64 - 1)


@bad("align_three", "sh_addralign 3", "bad alignment", ".text.good_next")
def _(o):
    o.set_section(".text.good_next", sh_addralign=3)


@bad("align_huge", "sh_addralign 2^63", "bad alignment", ".text.good_next")
def _(o):
    o.set_section(".text.good_next", sh_addralign=2**63)


@bad("rel", "SHT_REL", "relocations without addends", ".rela.text.good_twice")
def _(o):
    o.set_section(".rela.text.good_twice", sh_type=SHT_REL)


@bad("compressed", "a compressed section that is to be loaded",
     "compressed section is to be loaded", ".rodata.good_name")
def _(o):
    name = ".rodata.good_name.str1.1"
    o.set_section(name, sh_flags=SHF_ALLOC | SHF_COMPRESSED)


@bad("compressed_relocations", "relocations that are said to be compressed",
     "compressed table", ".rela.text.good_twice")
def _(o):
    o.set_section(".rela.text.good_twice", sh_flags=SHF_INFO_LINK | SHF_COMPRESSED)


@bad("compressed_symbols", "a symbol table that is said to be compressed",
     "compressed table", ".symtab")
def _(o):
    o.set_section(".symtab", sh_flags=SHF_COMPRESSED)


@bad("link_outside", "sh_link is the number of sections", "sh_link is not a section",
     ".text.good_add")
def _(o):
    o.set_section(".text.good_add", sh_link=o.n_sections)


@bad("info_outside", "sh_info with SHF_INFO_LINK is the number of sections",
     "sh_info is not a section", ".text.good_add")
def _(o):
    flags = SHF_ALLOC | SHF_EXECINSTR | SHF_INFO_LINK
    o.set_section(".text.good_add", sh_flags=flags, sh_info=o.n_sections)


@bad("strtab_unterminated", "symbol names without the last zero",
     "string table is not terminated", ".strtab")
def _(o):
    o.set_byte(".strtab", -1, ord("x"))


# ---- overlapping sections ----------------------------------------------------

@bad("overlap_same", "two sections with the same bytes", "sections overlap",
     ".text.good_subtract")
def _(o):
    offset = o.section(".text.good_add", "sh_offset")
    o.set_section(".text.good_subtract", sh_offset=offset)


@bad("overlap_one_byte", "the last byte of a section is the first of the next",
     "sections overlap", ".text.good_subtract")
def _(o):
    start = o.section(".text.good_add", "sh_offset")
    o.set_section(".text.good_add",
                  sh_size=o.section(".text.good_subtract", "sh_offset") - start + 1)


@bad("overlap_inside", "a section inside another", "sections overlap", ".data.good_counter")
def _(o):
    o.set_section(".data.good_counter", sh_offset=o.section(".eh_frame", "sh_offset") + 4)


@bad("overlap_relocations", "relocations that are also code", "sections overlap")
def _(o):
    offset = o.section(".text.good_apply", "sh_offset")
    o.set_section(".rela.text.good_twice", sh_offset=offset)


@bad("overlap_strings", "symbols that are also their names", "sections overlap")
def _(o):
    o.set_section(".strtab", sh_offset=o.section(".symtab", "sh_offset"))


@bad("overlap_header", "a section inside the ELF header", "section overlaps the ELF header",
     ".text.good_add")
def _(o):
    o.set_section(".text.good_add", sh_offset=60)


@bad("overlap_table", "a section that begins in the section table",
     "section overlaps the section table", ".comment")
def _(o):
    o.set_section(".comment", sh_offset=o.header("e_shoff") + 64)


@bad("overlap_into_table", "a section that ends in the section table",
     "section overlaps the section table", ".comment")
def _(o):
    start = o.append(bytes(8))
    table = o.header("e_shoff")
    o.set_header(e_shoff=o.append(o.raw[table:table + o.n_sections * 64]))
    o.set_section(".comment", sh_offset=start, sh_size=9)


# ---- groups ------------------------------------------------------------------

def add_group(o, words, **fields):
    fields = {"sh_type": SHT_GROUP, "sh_entsize": 4, "sh_addralign": 4,
              "sh_link": o.find(".symtab"), "sh_info": o.symbol_number("good_add"), **fields}
    o.add_section(".group", struct.pack("<%dI" % len(words), *words), **fields)


@bad("group_empty", "a group without its word of flags", "group without flags", ".group")
def _(o):
    add_group(o, [])


@bad("group_entsize", "a group of 8-byte words", "wrong sh_entsize", ".group")
def _(o):
    add_group(o, [1, 4], sh_entsize=8)


@bad("group_link", "a group with another symbol table",
     "group's symbol table is not the object's", ".group")
def _(o):
    add_group(o, [1, 4], sh_link=o.find(".strtab"))


@bad("group_symbol", "a group's signature past the symbols",
     "group's symbol outside the symbol table", ".group")
def _(o):
    add_group(o, [1, 4], sh_info=o.section(".symtab", "sh_size") // 24)


@bad("group_member", "a group's member past the sections", "group's member is not a section",
     ".group")
def _(o):
    add_group(o, [1, o.n_sections + 1])


@bad("group_member_zero", "a group's member is section 0", "group's member is not a section",
     ".group")
def _(o):
    add_group(o, [1, 0])
