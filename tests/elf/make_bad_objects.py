#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes bad objects out of a good one, each wrong in one described way.

usage: make_bad_objects.py GOOD.o DIRECTORY MANIFEST

GOOD.o is objects/good.c.  The manifest has a line per object and tab-separated
columns: file, stage, what, section, symbol, description.  The stage says who
has to refuse the object: elf (elf_open) or link (the linker, after elf_open
took it).  what, section and symbol are parts of the diag's texts; - is any.
"""

import os
import struct
import sys

from object import Object

GIB = 1 << 30
SHT_NULL, SHT_PROGBITS, SHT_SYMTAB, SHT_STRTAB, SHT_NOBITS, SHT_REL = 0, 1, 2, 3, 8, 9
SHT_INIT_ARRAY, SHT_GROUP, SHT_SYMTAB_SHNDX = 14, 17, 18
SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR, SHF_INFO_LINK, SHF_TLS, SHF_COMPRESSED = 1, 2, 4, 64, 1024, 2048
SHN_ABS, SHN_COMMON, SHN_XINDEX = 0xFFF1, 0xFFF2, 0xFFFF
LOCAL, GLOBAL = 0, 1
NOTYPE, OBJECT, FUNC, SECTION, FILE, TLS, IFUNC = 0, 1, 2, 3, 4, 6, 10
R_64, R_PC32, R_32, R_32S, R_TPOFF32, R_PC64 = 1, 2, 10, 11, 23, 24

entries = []


def bad(name, description, what="-", section="-", symbol="-", stage="elf"):
    def register(change):
        entries.append((name, stage, what, section, symbol, description, change))
        return change
    return register


def unlinkable(name, description, what="-", section="-", symbol="-"):
    return bad(name, description, what, section, symbol, "link")


def info(bind, kind):
    return bind << 4 | kind


# ---- the file and its header -------------------------------------------------

@bad("empty", "no bytes at all", "shorter than an ELF header")
def _(o):
    o.raw = bytearray()


@bad("one_byte", "the first byte alone", "shorter than an ELF header")
def _(o):
    del o.raw[1:]


@bad("cut_in_header", "one byte less than the ELF header", "shorter than an ELF header")
def _(o):
    del o.raw[63:]


@bad("cut_after_header", "the ELF header alone", "section table outside the file")
def _(o):
    del o.raw[64:]


@bad("cut_in_half", "the first half", "section table outside the file")
def _(o):
    del o.raw[len(o.raw) // 2:]


@bad("cut_last_byte", "the last byte is missing", "section table outside the file")
def _(o):
    del o.raw[-1:]


@bad("zeros", "the right size, all zero", "bad magic")
def _(o):
    o.raw = bytearray(len(o.raw))


@bad("magic", "the first byte of the magic is wrong", "bad magic")
def _(o):
    o.raw[0] = 0x7E


@bad("magic_end", "the last byte of the magic is wrong", "bad magic")
def _(o):
    o.raw[3] = ord("f")


@bad("archive", "an archive's magic", "bad magic")
def _(o):
    o.raw[:8] = b"!<arch>\n"


@bad("class_32", "ELFCLASS32", "wrong class")
def _(o):
    o.raw[4] = 1


@bad("big_endian", "ELFDATA2MSB", "wrong byte order")
def _(o):
    o.raw[5] = 2


@bad("ident_version", "EI_VERSION 0", "wrong version of the ELF header")
def _(o):
    o.raw[6] = 0


@bad("type_exec", "ET_EXEC", "not a relocatable object")
def _(o):
    o.set_header(e_type=2)


@bad("type_dyn", "ET_DYN", "not a relocatable object")
def _(o):
    o.set_header(e_type=3)


@bad("machine_i386", "EM_386", "wrong machine")
def _(o):
    o.set_header(e_machine=3)


@bad("machine_aarch64", "EM_AARCH64", "wrong machine")
def _(o):
    o.set_header(e_machine=183)


@bad("version", "e_version 2", "wrong version of the object")
def _(o):
    o.set_header(e_version=2)


@bad("ehsize", "e_ehsize of ELF32", "wrong size of the ELF header")
def _(o):
    o.set_header(e_ehsize=52)


@bad("shentsize", "e_shentsize of ELF32", "wrong size of a section header")
def _(o):
    o.set_header(e_shentsize=40)


# ---- the section table -------------------------------------------------------

@bad("shoff_zero", "no section table", "no section table")
def _(o):
    o.set_header(e_shoff=0)


@bad("shoff_in_header", "section table inside the ELF header", "no section table")
def _(o):
    o.set_header(e_shoff=56)


@bad("shoff_unaligned", "section table at an odd offset", "section table is not aligned")
def _(o):
    o.set_header(e_shoff=o.header("e_shoff") - 1)


@bad("shoff_end", "section table at the end of the file", "section table outside the file")
def _(o):
    o.raw += bytes(-len(o.raw) % 8)
    o.set_header(e_shoff=len(o.raw))


@bad("shoff_wraps", "section table whose end is past 2^64", "section table outside the file")
def _(o):
    o.set_header(e_shoff=2**64 - 64)


@bad("shnum_one_more", "one section header more than there are bytes",
     "section table outside the file")
def _(o):
    o.set_header(e_shnum=o.n_sections + 1)


@bad("shnum_none", "e_shnum 0 and no number in section 0", "no section table")
def _(o):
    o.set_header(e_shnum=0)


@bad("shnum_extended_file", "extended number of sections leaves the file",
     "section table outside the file")
def _(o):
    o.set_section(0, sh_size=o.n_sections + 1)
    o.set_header(e_shnum=0)


@bad("shnum_extended_huge", "extended number of sections whose bytes wrap to 0",
     "too many sections")
def _(o):
    o.set_section(0, sh_size=2**58)
    o.set_header(e_shnum=0)


@bad("shnum_too_many", "65281 sections, all but a few inactive", "too many sections")
def _(o):
    table, count = o.header("e_shoff"), o.n_sections
    o.set_header(e_shoff=o.append(o.raw[table:table + count * 64] + bytes((0xFF01 - count) * 64)))
    o.set_section(0, sh_size=0xFF01)
    o.set_header(e_shnum=0)


@bad("section_zero", "section 0 is not SHT_NULL", "section 0 is not empty")
def _(o):
    o.set_section(0, sh_type=SHT_PROGBITS)


@bad("section_zero_name", "section 0 has a name", "section 0 is not empty")
def _(o):
    o.set_section(0, sh_name=2**32 - 1)


@bad("shstrndx_zero", "no section of names", "no section of section names")
def _(o):
    o.set_header(e_shstrndx=0)


@bad("shstrndx_end", "e_shstrndx is the number of sections", "no section of section names")
def _(o):
    o.set_header(e_shstrndx=o.n_sections)


@bad("shstrndx_extended", "extended e_shstrndx past the sections", "no section of section names")
def _(o):
    o.set_section(0, sh_link=0x10000)
    o.set_header(e_shstrndx=SHN_XINDEX)


@bad("shstrndx_text", "e_shstrndx names a section of code",
     "section names are not a string table", "[")
def _(o):
    o.set_header(e_shstrndx=o.find(".text.good_add"))


@bad("shstrtab_empty", "section names of no bytes", "section names are not a string table")
def _(o):
    o.set_section(".shstrtab", sh_size=0)


@bad("shstrtab_outside", "section names past the end of the file", "section outside the file")
def _(o):
    o.set_section(".shstrtab", sh_offset=len(o.raw))


@bad("shstrtab_unterminated", "section names without the last zero",
     "string table is not terminated")
def _(o):
    o.set_byte(".shstrtab", -1, ord("x"))


@bad("shstrtab_first", "section names without the first zero",
     "string table does not begin with a zero")
def _(o):
    o.set_byte(".shstrtab", 0, ord("x"))


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


# ---- symbols -----------------------------------------------------------------

@bad("symtab_second", "two symbol tables", "second section of a type that may occur once",
     ".symtab2")
def _(o):
    o.add_section(".symtab2", bytes(24), sh_type=SHT_SYMTAB, sh_entsize=24,
                  sh_link=o.find(".strtab"), sh_info=1)


@bad("symtab_entsize", "sh_entsize of ELF32", "wrong sh_entsize", ".symtab")
def _(o):
    o.set_section(".symtab", sh_entsize=16)


@bad("symtab_entsize_zero", "sh_entsize 0", "wrong sh_entsize", ".symtab")
def _(o):
    o.set_section(".symtab", sh_entsize=0)


@bad("symtab_size", "half a symbol at the end", "size is not a multiple of sh_entsize",
     ".symtab")
def _(o):
    o.set_section(".symtab", sh_size=o.section(".symtab", "sh_size") - 12)


@bad("symtab_unaligned", "symbols at an offset of 4 modulo 8",
     "table is not aligned in the file", ".symtab")
def _(o):
    start, size = o.section(".symtab", "sh_offset"), o.section(".symtab", "sh_size")
    table = o.raw[start:start + size]
    o.set_section(".symtab", sh_offset=o.append(bytes(4) + table) + 4)


@bad("symtab_link", "sh_link is a section of code",
     "sh_link of the symbol table is not a string table", ".symtab")
def _(o):
    o.set_section(".symtab", sh_link=o.find(".text.good_add"))


@bad("symtab_link_zero", "sh_link 0", "sh_link of the symbol table is not a string table",
     ".symtab")
def _(o):
    o.set_section(".symtab", sh_link=0)


@bad("symtab_link_empty", "symbol names of no bytes",
     "sh_link of the symbol table is not a string table", ".symtab")
def _(o):
    o.set_section(".strtab", sh_size=0)


@bad("symtab_empty", "a symbol table of no bytes", "symbol table without symbol 0", ".symtab")
def _(o):
    o.set_section(".symtab", sh_size=0)


@bad("symtab_info_zero", "sh_info 0: symbol 0 is global",
     "first global symbol outside the symbol table", ".symtab")
def _(o):
    o.set_section(".symtab", sh_info=0)


@bad("symtab_info_outside", "sh_info past the last symbol",
     "first global symbol outside the symbol table", ".symtab")
def _(o):
    o.set_section(".symtab", sh_info=o.section(".symtab", "sh_size") // 24 + 1)


@bad("symbol_zero", "symbol 0 has a value", "symbol 0 is not empty", ".symtab")
def _(o):
    o.set_symbol(0, st_value=1)


@bad("symbol_name", "st_name is the size of the names", "symbol name outside the string table",
     ".symtab", "[")
def _(o):
    o.set_symbol("good_next", st_name=o.section(".strtab", "sh_size"))


@bad("symbol_local_after", "a local symbol after sh_info",
     "symbol on the wrong side of sh_info", ".symtab", "good_next")
def _(o):
    o.set_symbol("good_next", st_info=info(LOCAL, FUNC))


@bad("symbol_global_before", "a global symbol before sh_info",
     "symbol on the wrong side of sh_info", ".symtab", "good_table")
def _(o):
    o.set_symbol("good_table", st_info=info(GLOBAL, OBJECT))


@bad("symbol_section", "st_shndx is the number of sections", "symbol in no section",
     ".symtab", "good_next")
def _(o):
    o.set_symbol("good_next", st_shndx=o.n_sections)


@bad("symbol_section_highest", "st_shndx 0xfeff", "symbol in no section", ".symtab",
     "good_next")
def _(o):
    o.set_symbol("good_next", st_shndx=0xFEFF)


@bad("symbol_reserved", "st_shndx SHN_LORESERVE", "symbol in an unknown reserved section",
     ".symtab", "good_next")
def _(o):
    o.set_symbol("good_next", st_shndx=0xFF00)


@bad("symbol_lcommon", "st_shndx SHN_X86_64_LCOMMON", "symbol in an unknown reserved section",
     ".symtab", "good_history")
def _(o):
    o.set_symbol("good_history", st_shndx=0xFF02)


@bad("symbol_inactive", "a symbol in a section of type SHT_NULL",
     "symbol in an inactive section", ".data.good_counter", "good_counter")
def _(o):
    o.set_section(".data.good_counter", sh_type=SHT_NULL)


@bad("symbol_value", "st_value past the end of the section", "symbol outside its section",
     ".data.good_counter", "good_counter")
def _(o):
    o.set_symbol("good_counter", st_value=5, st_size=0)


@bad("symbol_size", "st_value + st_size one past the end of the section",
     "symbol outside its section", ".text.good_next", "good_next")
def _(o):
    o.set_symbol("good_next", st_value=1)


@bad("symbol_wraps", "st_value + st_size wraps past 2^64", "symbol outside its section",
     ".bss.good_history", "good_history")
def _(o):
    o.set_symbol("good_history", st_value=2**64 - 8)


@bad("symbol_section_absolute", "a section symbol in SHN_ABS", "section symbol in no section",
     ".symtab")
def _(o):
    o.set_symbol(o.first_symbol(kind=SECTION), st_shndx=SHN_ABS)


@bad("symbol_section_undefined", "a section symbol that is undefined",
     "section symbol in no section", ".symtab")
def _(o):
    o.set_symbol(o.first_symbol(kind=SECTION), st_shndx=0)


@bad("symbol_file", "a file symbol in a section", "file symbol in a section", ".symtab",
     "good.c")
def _(o):
    o.set_symbol(o.first_symbol(kind=FILE), st_shndx=1)


@bad("common_alignment", "a common symbol aligned to 3", "bad alignment of a common symbol",
     ".symtab", "good_history")
def _(o):
    o.set_symbol("good_history", st_shndx=SHN_COMMON, st_value=3)


@bad("common_alignment_zero", "a common symbol aligned to 0", "bad alignment of a common symbol",
     ".symtab", "good_history")
def _(o):
    o.set_symbol("good_history", st_shndx=SHN_COMMON, st_value=0)


@bad("common_claim", "a common symbol of more than 1 GiB", "common symbol claims too much",
     ".symtab", "good_history")
def _(o):
    o.set_symbol("good_history", st_shndx=SHN_COMMON, st_value=8, st_size=GIB + 1)


# ---- extended section indices -------------------------------------------------

def add_indices(o, count=None, **fields):
    symtab = o.find(".symtab")
    n = o.section(symtab, "sh_size") // 24 if count is None else count
    fields = {"sh_type": SHT_SYMTAB_SHNDX, "sh_entsize": 4, "sh_link": symtab, **fields}
    o.add_section(".symtab_shndx", bytes(4 * n), **fields)


@bad("xindex_missing", "SHN_XINDEX and no section of indices",
     "symbol's section index is missing", ".symtab", "good_next")
def _(o):
    o.set_symbol("good_next", st_shndx=SHN_XINDEX)


@bad("xindex_zero", "an extended index of 0", "symbol in no section", ".symtab", "good_next")
def _(o):
    o.set_symbol("good_next", st_shndx=SHN_XINDEX)
    add_indices(o)


@bad("xindex_outside", "an extended index past the sections", "symbol in no section",
     ".symtab", "good_next")
def _(o):
    o.set_symbol("good_next", st_shndx=SHN_XINDEX)
    add_indices(o)
    at = o.section(".symtab_shndx", "sh_offset") + 4 * o.symbol_number("good_next")
    struct.pack_into("<I", o.raw, at, 0xFFFFFFFF)


@bad("xindex_link", "indices for another symbol table",
     "section indices without their symbol table", ".symtab_shndx")
def _(o):
    add_indices(o, sh_link=o.find(".strtab"))


@bad("xindex_count", "one index too few", "section indices do not match the symbols",
     ".symtab_shndx")
def _(o):
    add_indices(o, count=o.section(".symtab", "sh_size") // 24 - 1)


@bad("xindex_entsize", "indices of 8 bytes", "wrong sh_entsize", ".symtab_shndx")
def _(o):
    add_indices(o, sh_entsize=8)


@bad("xindex_second", "two sections of indices",
     "second section of a type that may occur once", ".symtab_shndx")
def _(o):
    add_indices(o)
    add_indices(o)


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


# ---- relocations -------------------------------------------------------------

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


# ---- for the linker ----------------------------------------------------------

@unlinkable("unknown_type", "relocation type 200", "unknown relocation", ".text.good_twice")
def _(o):
    o.set_rela(".text.good_twice", 0, r_type=200)


@unlinkable("unknown_type_highest", "relocation type 2^32 - 1", "unknown relocation",
            ".text.good_twice")
def _(o):
    o.set_rela(".text.good_twice", 0, r_type=0xFFFFFFFF)


@unlinkable("type_tpoff", "R_X86_64_TPOFF32", "unknown relocation", ".text.good_next",
            "good_counter")
def _(o):
    o.set_rela(".text.good_next", 0, r_type=R_TPOFF32)


@unlinkable("type_copy", "R_X86_64_COPY, for executables only", "unknown relocation",
            ".text.good_twice")
def _(o):
    o.set_rela(".text.good_twice", 0, r_type=5)


@unlinkable("range_32", "an address of the window as an unsigned 32-bit value",
            "relocation out of range", ".data.rel.ro.good_table", "good_subtract")
def _(o):
    o.set_rela(".data.rel.ro.good_table", 1, r_type=R_32)


@unlinkable("range_32s", "an address of the window as a signed 32-bit value",
            "relocation out of range", ".data.rel.ro.good_table", "good_subtract")
def _(o):
    o.set_rela(".data.rel.ro.good_table", 1, r_type=R_32S)


@unlinkable("range_pc32", "a displacement of more than 2 GiB", "relocation out of range",
            ".text.good_next", "good_counter")
def _(o):
    o.set_rela(".text.good_next", 0, r_addend=2**31 + 2**30)


@unlinkable("range_pc32_negative", "a displacement of less than -2 GiB",
            "relocation out of range", ".text.good_next", "good_counter")
def _(o):
    o.set_rela(".text.good_next", 0, r_addend=-(2**31 + 2**30))


@unlinkable("not_loaded", "code that refers to a section that is not loaded",
            "relocation against a section that is not loaded", ".text.good_next",
            "good_counter")
def _(o):
    o.set_symbol("good_counter", st_shndx=o.find(".comment"), st_value=0)


@unlinkable("data_executable", "a writable section that is executable",
            "section is writable and executable", ".data.good_counter")
def _(o):
    o.set_section(".data.good_counter", sh_flags=SHF_WRITE | SHF_ALLOC | SHF_EXECINSTR)


@unlinkable("text_writable", "an executable section that is writable",
            "section is writable and executable", ".text.good_next")
def _(o):
    o.set_section(".text.good_next", sh_flags=SHF_WRITE | SHF_ALLOC | SHF_EXECINSTR)


@unlinkable("tls_data", "thread-local data", "thread-local storage", ".data.good_counter")
def _(o):
    o.set_section(".data.good_counter", sh_flags=SHF_WRITE | SHF_ALLOC | SHF_TLS)


@unlinkable("tls_bss", "thread-local zeroes", "thread-local storage", ".bss.good_history")
def _(o):
    o.set_section(".bss.good_history", sh_flags=SHF_WRITE | SHF_ALLOC | SHF_TLS)


@unlinkable("tls_symbol", "a symbol of type STT_TLS", "symbol type cannot be linked",
            symbol="good_counter")
def _(o):
    o.set_symbol("good_counter", st_info=info(GLOBAL, TLS))


@unlinkable("ifunc", "a symbol of type STT_GNU_IFUNC", "symbol type cannot be linked",
            symbol="good_next")
def _(o):
    o.set_symbol("good_next", st_info=info(GLOBAL, IFUNC))


@unlinkable("notype_provider", "a provided symbol without a type",
            "a provided symbol has no type", symbol="good_next")
def _(o):
    o.set_symbol("good_next", st_info=info(GLOBAL, NOTYPE))


@unlinkable("undefined", "a symbol that nobody provides", "undefined symbol",
            symbol="good_optional")
def _(o):
    o.set_symbol("good_optional", st_info=info(GLOBAL, NOTYPE))


@unlinkable("undefined_call", "a call of a function that nobody provides", "undefined symbol",
            symbol="good_optional")
def _(o):
    o.set_symbol("good_optional", st_info=info(GLOBAL, FUNC))
    o.set_rela(".text.good_twice", 0, r_symbol=o.symbol_number("good_optional"))


@unlinkable("twice_defined", "two definitions of one function", symbol="good_next")
def _(o):
    o.set_symbol("good_twice", st_name=o.symbol("good_next", "st_name"))


@unlinkable("initialiser", "an array of initialisers", "initialiser arrays are not run",
            ".init_array")
def _(o):
    o.add_section(".init_array", bytes(8), sh_type=SHT_INIT_ARRAY,
                  sh_flags=SHF_WRITE | SHF_ALLOC)


@unlinkable("align_page", "a section aligned to a page", "alignment too large",
            ".text.good_next")
def _(o):
    o.set_section(".text.good_next", sh_addralign=4096)


@unlinkable("gigabyte", "zeroes of exactly 1 GiB")
def _(o):
    o.set_section(".bss.good_history", sh_size=GIB)


@unlinkable("gigabyte_twice", "two sections of 1 GiB", "object too large", ".bss.more")
def _(o):
    o.set_section(".bss.good_history", sh_size=GIB)
    o.add_section(".bss.more", sh_type=SHT_NOBITS, sh_flags=SHF_WRITE | SHF_ALLOC, sh_size=GIB)


@unlinkable("gigabyte_common", "a common symbol of exactly 1 GiB")
def _(o):
    o.set_symbol("good_history", st_shndx=SHN_COMMON, st_value=64, st_size=GIB)


# ---- records of cellc (src/link/note.h) ----------------------------------------

NOTE = ".clew.note"
HEADER = "<12I2Q"


def add_note(o, strings=b"\0good\0a summary\0", rest=b"", **fields):
    values = {"magic": 0x65746F6E, "format": 1, "n_symbols": 0, "n_fields": 0, "n_statics": 0,
              "strings_size": len(strings), "kind": 1, "version": 1, "name": 1, "summary": 6,
              "state_symbol": 0, "state_reason": 0, "state_size": 0, "state_hash": 0}
    values.update(fields)
    o.add_section(NOTE, struct.pack(HEADER, *values.values()) + rest + strings)


@unlinkable("note_empty", "a note of no bytes", "truncated header", NOTE)
def _(o):
    o.add_section(NOTE)


@unlinkable("note_cut", "a note that ends in its header", "truncated header", NOTE)
def _(o):
    o.add_section(NOTE, struct.pack("<10I", 0x65746F6E, 1, 0, 0, 0, 0, 1, 1, 0, 0))


@unlinkable("note_magic", "a note with another magic", "bad magic", NOTE)
def _(o):
    add_note(o, magic=0x6E6F7465)


@unlinkable("note_format", "a note of an unknown format", "unknown format", NOTE)
def _(o):
    add_note(o, format=99)


@unlinkable("note_symbols", "a note with 2^32 - 1 symbols", "symbols leave the section", NOTE)
def _(o):
    add_note(o, n_symbols=0xFFFFFFFF)


@unlinkable("note_fields", "a note with more fields than bytes", "fields leave the section", NOTE)
def _(o):
    add_note(o, n_fields=1000)


@unlinkable("note_strings", "a note with strings past its end", "strings do not end the section",
            NOTE)
def _(o):
    add_note(o, strings_size=1000)


@unlinkable("note_unterminated", "a note whose strings do not end",
            "strings without first and last zero", NOTE)
def _(o):
    add_note(o, strings=b"\0good")


@unlinkable("note_string", "a note that names a string past its end", "string out of range",
            NOTE)
def _(o):
    add_note(o, summary=1000)


@unlinkable("note_kind", "a note with an unknown kind of cell", "unknown kind of cell", NOTE)
def _(o):
    add_note(o, kind=77)


@unlinkable("note_name", "a note without a name", "bad name of a cell", NOTE)
def _(o):
    add_note(o, name=0)


@unlinkable("note_state", "a note with a state that is not in the object",
            "state symbol is not defined")
def _(o):
    add_note(o, strings=b"\0good\0good_state\0", summary=0, state_symbol=6, state_size=8,
             state_hash=1)


@unlinkable("note_twice", "two notes", "section appears twice", NOTE)
def _(o):
    add_note(o)
    add_note(o)


def main():
    good_path, directory, manifest = sys.argv[1:]
    with open(good_path, "rb") as file:
        good = file.read()
    os.makedirs(directory, exist_ok=True)
    lines = []
    for name, stage, what, section, symbol, description, change in entries:
        made = Object(good)
        change(made)
        if made.raw == good:
            sys.exit("%s: nothing was changed" % name)
        path = os.path.join(directory, name + ".o")
        with open(path, "wb") as file:
            file.write(made.raw)
        lines.append("\t".join((name + ".o", stage, what, section, symbol, description)))
    if len({line.split("\t")[0] for line in lines}) != len(lines):
        sys.exit("two objects have one name")
    with open(manifest, "w", encoding="ascii") as file:
        file.write("\n".join(lines) + "\n")


main()
