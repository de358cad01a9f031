#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes good objects that compilers seldom write, out of one that they do.

usage: make_odd_objects.py GOOD.o EXTENDED.o BACKWARDS.o GROUP.o

EXTENDED: numbers and indices of sections as gABI's extended numbering writes
them.  BACKWARDS: contents in the file in falling order of section number.
GROUP: a section group.
"""

import struct
import sys

from object import Object

SHT_NULL, SHT_NOBITS, SHT_GROUP, SHT_SYMTAB_SHNDX = 0, 8, 17, 18
SHN_LORESERVE, SHN_XINDEX = 0xFF00, 0xFFFF


def extend(o):
    symtab = o.find(".symtab")
    count = o.section(symtab, "sh_size") // 24
    indices = []
    for i in range(count):
        section = o.symbol(i, "st_shndx")
        is_defined = 0 < section < SHN_LORESERVE
        indices.append(section if is_defined else 0)
        if is_defined:
            o.set_symbol(i, st_shndx=SHN_XINDEX)
    o.add_section(".symtab_shndx", struct.pack("<%dI" % count, *indices),
                  sh_type=SHT_SYMTAB_SHNDX, sh_entsize=4, sh_link=symtab)
    o.set_section(0, sh_size=o.n_sections, sh_link=o.header("e_shstrndx"))
    o.set_header(e_shnum=0, e_shstrndx=SHN_XINDEX)


def turn(o):
    contents = {}
    for i in range(1, o.n_sections):
        if o.section(i, "sh_type") not in (SHT_NULL, SHT_NOBITS):
            start = o.section(i, "sh_offset")
            contents[i] = o.raw[start:start + o.section(i, "sh_size")]
    for i in sorted(contents, reverse=True):
        o.set_section(i, sh_offset=o.append(contents[i], 16))


def group(o):
    words = [1, o.find(".text.good_add"), o.find(".text.good_next")]
    o.add_section(".group", struct.pack("<3I", *words), sh_type=SHT_GROUP, sh_entsize=4,
                  sh_addralign=4, sh_link=o.find(".symtab"), sh_info=o.symbol_number("good_add"))


def main():
    with open(sys.argv[1], "rb") as file:
        good = file.read()
    for path, change in zip(sys.argv[2:], (extend, turn, group)):
        made = Object(good)
        change(made)
        with open(path, "wb") as file:
            file.write(made.raw)


main()
