#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The reader and readelf print the same tables of an object.

usage: compare_readelf.py READELF DUMP OBJECT...

DUMP (dump.c) prints what src/elf reads.  Speaks TAP.
"""

import re
import subprocess
import sys

SECTION = re.compile(r"\s*\[ *(\d+)\] (.*?) +(\S+) +([0-9a-f]{16}) ([0-9a-f]+) ([0-9a-f]+) "
                     r"([0-9a-f]+) +([A-Zl]*) +(\d+) +(\d+) +(\d+)$")
SYMBOL = re.compile(r"\s*(\d+): ([0-9a-f]{16}) +(\d+|0x[0-9a-f]+) (\w+) +(\w+) +(\w+) +(\w+)"
                    r"(?: (.*))?$")
RELA = re.compile(r"([0-9a-f]{16})  ([0-9a-f]{8})([0-9a-f]{8}) R_X86_64_\w+(.*)$")
KINDS = {"NULL": 0, "PROGBITS": 1, "SYMTAB": 2, "STRTAB": 3, "RELA": 4, "NOTE": 7, "NOBITS": 8,
         "INIT_ARRAY": 14, "FINI_ARRAY": 15, "PREINIT_ARRAY": 16, "GROUP": 17,
         "SYMTAB SECTION INDICES": 18, "X86_64_UNWIND": 0x70000001}
FLAGS = {"W": 1, "A": 2, "X": 4, "M": 16, "S": 32, "I": 64, "L": 128, "G": 512, "T": 1024,
         "C": 2048, "E": 0x80000000, "l": 0x10000000}
TYPES = {"NOTYPE": 0, "OBJECT": 1, "FUNC": 2, "SECTION": 3, "FILE": 4, "COMMON": 5, "TLS": 6,
         "IFUNC": 10}
BINDINGS = {"LOCAL": 0, "GLOBAL": 1, "WEAK": 2}
VISIBILITIES = {"DEFAULT": 0, "INTERNAL": 1, "HIDDEN": 2, "PROTECTED": 3}
INDICES = {"UND": 0, "ABS": 0xFFF1, "COM": 0xFFF2}


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def section(line):
    # The type may contain blanks; it ends where the address begins.
    match = SECTION.match(line.replace("SYMTAB SECTION INDICES", "SYMTAB_SECTION_INDICES"))
    if not match:
        return None
    number, name, kind, _, offset, size, entsize, flags, link, info, align = match.groups()
    return ("section %s %s type %d flags %x offset %x size %x entsize %x link %s info %s "
            "align %s") % (
        number, name.strip(), KINDS[kind.replace("_SECTION_INDICES", " SECTION INDICES")],
        sum(FLAGS[flag] for flag in flags), int(offset, 16), int(size, 16), int(entsize, 16),
        link, info, align)


def symbol(line):
    match = SYMBOL.match(line)
    if not match:
        return None
    number, value, size, kind, bind, visibility, index, name = match.groups()
    if kind == "SECTION":  # readelf prints the section's name
        name = ""
    return "symbol %s value %x size %x type %d bind %d visibility %d in %d %s" % (
        number, int(value, 16), int(size, 0), TYPES[kind], BINDINGS[bind],
        VISIBILITIES[visibility], INDICES[index] if index in INDICES else int(index), name or "")


def rela(line):
    match = RELA.match(line)
    if not match:
        return None
    offset, number, kind, rest = match.groups()
    addend = re.search(r"([+-] )?([0-9a-f]+)$", rest)
    value = int(addend.group(2), 16) if addend else 0
    if addend and addend.group(1) == "- ":
        value = -value
    return "rela %x type %d symbol %d addend %d" % (
        int(offset, 16), int(kind, 16), int(number, 16), value)


def tables(readelf, path):
    parts = ((section, "-S"), (symbol, "-s"), (rela, "-r"))
    lines = []
    for parse, option in parts:
        text = run(readelf, "-W", option, path).splitlines()
        lines += [parsed.rstrip() for parsed in map(parse, text) if parsed]
    return lines


def main():
    readelf, dump, *paths = sys.argv[1:]
    print("1..%d" % len(paths))
    failed = 0
    for number, path in enumerate(paths, 1):
        ours = [line.rstrip() for line in run(dump, path).splitlines()]
        theirs = tables(readelf, path)
        same = ours == theirs and len(ours) > 0
        failed |= not same
        print("%s %d - the reader and readelf agree on the %d lines of %s" % (
            "ok" if same else "not ok", number, len(theirs), path))
        for mine, other in list(zip(ours, theirs)) if not same else []:
            if mine != other:
                print("# reader:  %s\n# readelf: %s" % (mine, other))
    return failed


sys.exit(main())
