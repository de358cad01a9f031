# SPDX-License-Identifier: MIT
"""Objects that are well formed and cannot be linked."""

import struct

from registry import (
    FUNC, GIB, GLOBAL, IFUNC, NOTYPE, R_32, R_32S, R_TPOFF32, SHF_ALLOC, SHF_EXECINSTR, SHF_TLS,
    SHF_WRITE, SHN_COMMON, SHT_INIT_ARRAY, SHT_NOBITS, TLS, info, unlinkable,
)


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


@unlinkable("gigabyte", "zeroes of exactly 1 GiB beside other data", "object too large")
def _(o):
    o.set_section(".bss.good_history", sh_size=GIB)


@unlinkable("gigabyte_twice", "two sections of 1 GiB", "object too large")
def _(o):
    o.set_section(".bss.good_history", sh_size=GIB)
    o.add_section(".bss.more", sh_type=SHT_NOBITS, sh_flags=SHF_WRITE | SHF_ALLOC, sh_size=GIB)


@unlinkable("gigabyte_common", "a common symbol of exactly 1 GiB")
def _(o):
    o.set_symbol("good_history", st_shndx=SHN_COMMON, st_value=64, st_size=GIB)


# ---- records of cellc (src/link/note.h) --------------------------------------

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
