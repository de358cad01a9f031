# SPDX-License-Identifier: MIT
"""Objects with a wrong symbol table."""

import struct

from registry import (
    FILE, FUNC, GIB, GLOBAL, LOCAL, OBJECT, SECTION, SHN_ABS, SHN_COMMON, SHN_XINDEX, SHT_NULL,
    SHT_SYMTAB, SHT_SYMTAB_SHNDX, bad, info,
)


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


# ---- extended section indices ------------------------------------------------

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
