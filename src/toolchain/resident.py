#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Lists what stays of clew.elf while the system runs, and why it is not a cell.

usage: resident.py [--json] CLEW.elf

The reasons stand in the sources (src/machine/pc/resident.h).  Exit status 1:
something has no reason, or a reason is about nothing.
"""
import json
import os
import re
import struct
import subprocess
import sys
import textwrap

# Sections that stay, and what their contents are called.
SECTIONS = {
    ".text": "text",
    ".rodata": "constants",
    ".sealed": "sealed tables",
    ".data": "data",
    ".bss": "data",
}
KINDS = ("text", "constants", "sealed tables", "data", "stacks")
REASONS = ".clew.resident"
UNNAMED = "(strings, padding)"
# Marks of the linker script, and tables that the compiler made.
UNNAMED_NAMES = re.compile(r"resident_|CSWTCH\.|\.L")
SECTION_HEADER = struct.Struct("<IIQQQQIIQQ")  # Elf64_Shdr


class Image:
    """The sections of an ELF64 file: name to (number, address, size, bytes or None)."""

    def __init__(self, path):
        with open(path, "rb") as file:
            data = file.read()
        offset, = struct.unpack_from("<Q", data, 40)  # e_shoff
        count, names = struct.unpack_from("<HH", data, 60)  # e_shnum, e_shstrndx
        headers = [SECTION_HEADER.unpack_from(data, offset + i * SECTION_HEADER.size)
                   for i in range(count)]
        self.sections = {}
        for number, header in enumerate(headers):
            start = headers[names][4] + header[0]
            name = data[start:data.index(b"\0", start)].decode()
            self.sections[name] = (number, header[3], header[5],
                                   data[header[4]:header[4] + header[5]])


class Symbol:
    def __init__(self, name, address, size, section, path):
        self.address, self.size = address, size
        self.section, self.path = section, path
        self.name, self.kind, self.reason = name, SECTIONS[section], None
        self.is_explained_by_file = False

    def explain(self, reason, by_file=False):
        self.reason, self.is_explained_by_file = reason, by_file
        if self.kind == "data" and reason.startswith("stack"):
            self.kind = "stacks"


def read_reasons(image):
    """{symbol: reason}, {path below src/: reason}"""
    words = image.sections[REASONS][3].decode().split("\0")[:-1]
    symbols, files = {}, {}
    for name, reason in zip(words[::2], words[1::2]):
        if "/" in name or "." in name:
            files[below_src(name)] = reason
        else:
            symbols[name] = reason
    return symbols, files


def below_src(path):
    """As reasons and debug information name files: from the build's folder, or from the root."""
    path = os.path.normpath(path) if path else ""
    return re.sub(r"^.*?(?<![^/])src/(?!.*(?<![^/])src/)", "", path)


def read_symbols(path, image):
    """Named bytes of the sections that stay, in order of their addresses."""
    lines = subprocess.run(["nm", "-S", "-l", "--format=posix", path], capture_output=True,
                           text=True, check=True).stdout.splitlines()
    found = {}
    for line in lines:
        words, _, place = line.partition("\t")
        name, _, address, *size = words.split()
        address, size = int(address, 16), int(size[0], 16) if size else 0
        section = section_of(address, image)
        if section and not UNNAMED_NAMES.match(name):
            found[address, -size, name] = Symbol(
                name, address, size, section, below_src(place.rpartition(":")[0]))
    symbols = with_labels_measured([found[key] for key in sorted(found)], image)
    add_places(path, [symbol for symbol in symbols if not symbol.path])
    return symbols


def add_places(path, symbols):
    """nm knows the file of what the compiler made; of assembly there are only line tables."""
    told = subprocess.run(
        ["addr2line", "-e", path, *(hex(symbol.address) for symbol in symbols)],
        capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL).stdout
    for symbol, place in zip(symbols, told.splitlines()):
        if symbol.kind == "text":
            symbol.path = below_src(place.rpartition(":")[0])


def with_labels_measured(symbols, image):
    """
    Labels of assembly have no size: each goes on to the next symbol.  Of several names for
    the same bytes the one with a reason of its own stays.
    """
    reasons = read_reasons(image)[0]
    kept = []
    for i, symbol in enumerate(symbols):
        inside = kept and symbol.address < kept[-1].address + kept[-1].size
        if inside:
            if symbol.address == kept[-1].address and kept[-1].name not in reasons and \
                    symbol.name in reasons:
                kept[-1].name = symbol.name
            continue
        if symbol.size == 0:
            _, start, size, _ = image.sections[symbol.section]
            symbol.size = min([other.address for other in symbols[i + 1:]
                               if other.address > symbol.address] + [start + size]) - symbol.address
        kept.append(symbol)
    return kept


def section_of(address, image):
    for name in SECTIONS:
        if name in image.sections:
            _, start, size, _ = image.sections[name]
            if start <= address < start + size:
                return name
    return None


def explain(symbols, image):
    """Gives each symbol its reason; returns the reasons that nothing needs."""
    by_name, by_file = read_reasons(image)
    used = set()
    for symbol in symbols:
        for key, reasons in ((symbol.name, by_name), (symbol.path, by_file)):
            if key in reasons and symbol.reason is None:
                symbol.explain(reasons[key], reasons is by_file)
                used.add(key)
    return sorted((set(by_name) | set(by_file)) - used)


def add_unnamed(symbols, image):
    """A symbol for the bytes of each section that no other names."""
    for name in SECTIONS:
        if name not in image.sections:
            continue
        size = image.sections[name][2]
        covered = sum(symbol.size for symbol in symbols if symbol.section == name)
        if size > covered:
            rest = Symbol(UNNAMED, 0, size - covered, name, "")
            rest.explain("what the others refer to and lie apart by")
            yield rest


def totals(symbols):
    return {kind: sum(symbol.size for symbol in symbols if symbol.kind == kind)
            for kind in KINDS}


def groups(symbols):
    """[(bytes, name, reason, its symbols)]: one for each reason of a symbol or of a file."""
    found = {}
    for symbol in symbols:
        name = symbol.path if symbol.is_explained_by_file else symbol.name
        found.setdefault(name, []).append(symbol)
    rows = [(sum(symbol.size for symbol in members), name, members[0].reason or "NO REASON",
             members if members[0].is_explained_by_file else [])
            for name, members in found.items()]
    return sorted(rows, key=lambda row: (row[1] == UNNAMED, -row[0], row[1]))


def print_table(symbols):
    sums = totals(symbols)
    for kind in KINDS:
        print("%6d  %s" % (sums[kind], kind.upper()))
        for size, name, reason, members in groups([row for row in symbols if row.kind == kind]):
            print("%6d    %-26s %s" % (size, name, reason))
            members.sort(key=lambda row: (-row.size, row.name))
            # A name and its bytes stay on one line.
            listed = ", ".join("%s\1%d" % (row.name, row.size) for row in members)
            for line in textwrap.wrap(listed, 80, break_long_words=False):
                print(" " * 12 + line.replace("\1", " "))
    print("%6d  bytes in all" % sum(sums.values()))


def print_json(symbols):
    json.dump([{"name": symbol.name, "kind": symbol.kind, "bytes": symbol.size,
                "file": symbol.path, "reason": symbol.reason} for symbol in symbols],
              sys.stdout, indent=1)
    print()


def main(arguments):
    as_json = "--json" in arguments
    paths = [word for word in arguments if word != "--json"]
    if len(paths) != 1:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    image = Image(paths[0])
    if REASONS not in image.sections:
        print("resident: %s has no section %s: it is no clew.elf" % (paths[0], REASONS),
              file=sys.stderr)
        return 2
    symbols = read_symbols(paths[0], image)
    idle = explain(symbols, image)
    symbols += list(add_unnamed(symbols, image))
    (print_json if as_json else print_table)(symbols)
    for symbol in symbols:
        if not symbol.reason:
            print("resident: %s (%s): why is it not a cell?" % (symbol.name, symbol.path),
                  file=sys.stderr)
    for name in idle:
        print("resident: %s: a reason for what is not there" % name, file=sys.stderr)
    return 1 if idle or not all(symbol.reason for symbol in symbols) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
