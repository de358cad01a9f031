#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Links objects with src/link and with ld at the same addresses, and compares.

usage: compare_ld.py LINK_DUMP LD OBJECT... [--once OBJECT... [ARCHIVE.a...]]

Objects are linked in three places, those after --once in the window only.  Of an
archive each member is an object; those that src/link refuses are counted by reason.

Every section must have the same bytes.  Only fields that go by a table differ,
since each linker has its own: of a GOT field what its slot holds is compared, of
a branch through a stub where the stub leads.  ld gets a copy of the object whose
sections are called s1, s2 ... so that each can be put at its address, and whose
COMMON symbols are where src/link put them.  Speaks TAP.
"""

import collections
import os
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "elf"))
from object import Object, RELA_SIZE, SYM_SIZE  # noqa: E402

SHT_RELA, SHT_NOBITS, SHN_ABS, SHN_COMMON = 4, 8, 0xFFF1, 0xFFF2
SHF_MERGE = 0x30  # and SHF_STRINGS
GOT = (9, 41, 42)  # GOTPCREL, GOTPCRELX, REX_GOTPCRELX
RELATIVE = (2, 4)  # PC32, PLT32
# text, constants, data: in Clew's window, and where even 32-bit fields reach.
BASES = {
    "in the window": (0x200000000000, 0x200004000000, 0x200008000000),
    "far apart": (0x200000000000, 0x20007FF00000 - 0x40000000, 0x200020000000),
    "in low memory": (0x10000000, 0x14000000, 0x18000000),
}


class Ours:
    """What link_dump printed."""

    def __init__(self, tool, path, bases, symbols):
        arguments = [tool, path] + ["%#x" % base for base in bases]
        arguments += ["%s=%#x" % item for item in symbols.items()]
        lines = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout
        self.refused = None
        self.sections, self.symbols, self.tables = {}, {}, {}
        for line in lines.splitlines():
            kind, *columns = line.split("\t")
            if kind == "refused":
                self.refused = columns[3]
            elif kind == "symbol":
                self.symbols[int(columns[0])] = int(columns[1])
            else:
                number, address, contents = int(columns[0]), int(columns[1]), columns[3]
                place = self.sections if kind == "section" else self.tables
                place[number if kind == "section" else kind] = (address, bytes.fromhex(contents))

    def word(self, table, address):
        start, contents = self.tables[table]
        return struct.unpack_from("<Q", contents, address - start)[0]

    def is_in(self, table, address):
        start, contents = self.tables.get(table, (0, b""))
        return 0 <= address - start < len(contents)

    def behind_stub(self, address):
        start, contents = self.tables["stubs"]
        opcode, displacement = struct.unpack_from("<Hi", contents, address - start)
        assert opcode == 0x25FF, "a stub is no jmp *disp32(%rip)"
        return self.word("got", address + 6 + displacement)


class Theirs:
    """What ld wrote: contents by address."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.file = Object(file.read())

    def read(self, address, size):
        for i in range(1, self.file.n_sections):
            start = self.file.section(i, "sh_addr")
            if start and start <= address and \
                    address + size <= start + self.file.section(i, "sh_size"):
                if self.file.section(i, "sh_type") == SHT_NOBITS:
                    return bytes(size)
                offset = self.file.section(i, "sh_offset") + address - start
                return bytes(self.file.raw[offset:offset + size])
        raise KeyError(hex(address))


def undefined_symbols(source):
    strings = source.section(".symtab", "sh_link")
    for i in range(1, source.section(".symtab", "sh_size") // SYM_SIZE):
        if source.symbol(i, "st_shndx") == 0:
            yield source._text(strings, source.symbol(i, "st_name"))


def relocations(source, section):
    for i in range(1, source.n_sections):
        if source.section(i, "sh_type") != SHT_RELA or source.section(i, "sh_info") != section:
            continue
        offset = source.section(i, "sh_offset")
        for k in range(source.section(i, "sh_size") // RELA_SIZE):
            yield struct.unpack_from("<QIIq", source.raw, offset + k * RELA_SIZE)


def prepare(source, ours, path):
    """The copy for ld."""
    copy = Object(bytes(source.raw))
    strings = copy.header("e_shstrndx")
    names = bytes(copy.raw[copy.section(strings, "sh_offset"):]
                  [:copy.section(strings, "sh_size")])
    for number in ours.sections:
        flags = copy.section(number, "sh_flags") & ~SHF_MERGE
        copy.set_section(number, sh_name=len(names), sh_flags=flags)
        names += b"s%d\0" % number
    copy.set_section(strings, sh_offset=copy.append(names), sh_size=len(names))
    for i in range(1, copy.section(".symtab", "sh_size") // SYM_SIZE):
        if copy.symbol(i, "st_shndx") == SHN_COMMON:
            copy.set_symbol(i, st_shndx=SHN_ABS, st_value=ours.symbols[i])
    with open(path, "wb") as file:
        file.write(copy.raw)


def link(ld, folder, source, ours, bases, symbols):
    """(ld's result, its file or its complaint)."""
    prepare(source, ours, os.path.join(folder, "copy.o"))
    script = "SECTIONS {\n"
    for number, (address, _) in sorted(ours.sections.items(), key=lambda item: item[1][0]):
        script += "  s%d %#x : { *(s%d) }\n" % (number, address, number)
    script += "  .got %#x : { *(.got) *(.got.plt) }\n" % (bases[1] + 0x3000000)
    script += "  /DISCARD/ : { *(*) }\n}\n"
    with open(os.path.join(folder, "script"), "w", encoding="ascii") as file:
        file.write(script)
    output = os.path.join(folder, "linked")
    done = subprocess.run(
        [ld, "-static", "--no-relax", "-z", "norelro", "-e", "0", "-o", output,
         "-T", os.path.join(folder, "script")] +
        ["--defsym=%s=%#x" % item for item in symbols.items()] +
        [os.path.join(folder, "copy.o")], capture_output=True, text=True)
    return Theirs(output) if done.returncode == 0 else None, done.stderr


def compare_field(ours, theirs, at, contents, relocation):
    """Whether a field that goes by a table leads to the same; None: it does not go by one."""
    offset, kind, _, addend = relocation
    if kind not in GOT + RELATIVE:
        return None
    mine = at + offset + struct.unpack_from("<i", contents, offset)[0] - addend
    other = at + offset + struct.unpack("<i", theirs.read(at + offset, 4))[0] - addend
    if kind in GOT:
        return ours.word("got", mine) == struct.unpack("<Q", theirs.read(other, 8))[0]
    if ours.is_in("stubs", mine):
        return ours.behind_stub(mine) == other
    return None


def compare(source, ours, theirs):
    """(fields compared, differences)."""
    count, wrong = 0, []
    for number, (at, contents) in ours.sections.items():
        expected = bytearray(theirs.read(at, len(contents)) if contents else b"")
        for relocation in relocations(source, number):
            count += 1
            same = compare_field(ours, theirs, at, contents, relocation)
            if same is False:
                wrong.append("section %d + %#x: a table's slot" % (number, relocation[0]))
            if same is not None:
                offset = relocation[0]
                expected[offset:offset + 4] = contents[offset:offset + 4]
        if expected != contents:
            first = next(i for i, byte in enumerate(contents) if byte != expected[i])
            wrong.append("section %d at %#x" % (number, first))
    return count, wrong


def check(tool, ld, folder, path, bases):
    """(verdict, remark): True, False, or None for an object that is not for us."""
    with open(path, "rb") as file:
        source = Object(file.read())
    if b".symtab\0" not in bytes(source.raw):
        return None, "without symbols"
    # 40 MiB behind the text: near enough for a branch, and no section's.
    symbols = {name: bases[0] + 0x2800000 + 32 * i
               for i, name in enumerate(sorted(set(undefined_symbols(source))))}
    ours = Ours(tool, path, bases, symbols)
    if ours.refused and ours.refused != "relocation out of range":
        return None, ours.refused
    if ours.refused:
        # Where the sections would have been: as in low memory, moved.
        low = Ours(tool, path, BASES["in low memory"], symbols={
            name: address - bases[0] + BASES["in low memory"][0]
            for name, address in symbols.items()})
        if low.refused:
            return False, "refused in low memory: " + low.refused
        for number, (address, contents) in low.sections.items():
            pool = max(k for k in range(3) if address >= BASES["in low memory"][k])
            low.sections[number] = (address - BASES["in low memory"][pool] + bases[pool], contents)
        theirs, complaint = link(ld, folder, source, low, bases, symbols)
        refused = theirs is None and "relocation truncated to fit" in complaint
        return refused, "src/link: out of range; ld: " + complaint.strip().split("\n")[-1]
    theirs, complaint = link(ld, folder, source, ours, bases, symbols)
    if theirs is None:
        return False, complaint.strip().split("\n")[0]
    count, wrong = compare(source, ours, theirs)
    return not wrong, "%d fields%s" % (count, "".join("; " + text for text in wrong[:5]))


def members(archive, folder):
    """Paths of an archive's members, as objects of their own."""
    with open(archive, "rb") as file:
        file.read(8)
        number = 0
        while header := file.read(60):
            size = int(header[48:58])
            contents = file.read(size + size % 2)[:size]
            if contents[:4] == b"\x7fELF":
                number += 1
                path = os.path.join(folder, "%d.o" % number)
                with open(path, "wb") as member:
                    member.write(contents)
                yield path


def check_archive(tool, ld, archive):
    """(verdict, remark) of all of its members."""
    failed, linked, refused = [], 0, collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        for path in members(archive, folder):
            verdict, remark = check(tool, ld, folder, path, BASES["in the window"])
            if verdict is None:
                refused[remark] += 1
            elif verdict:
                linked += 1
            else:
                failed.append("%s: %s" % (os.path.basename(path), remark))
    remark = "%d members%s" % (linked, "".join(
        "; %d not linked: %s" % (count, why) for why, count in sorted(refused.items())))
    return not failed and linked > 0, remark + "".join("; " + text for text in failed[:5])


def cases(paths):
    once = paths.index("--once") if "--once" in paths else len(paths)
    for path in paths[:once]:
        for name in BASES:
            yield path, name
    for path in paths[once + 1:]:
        yield path, "in the window"


def judge(tool, ld, path, name):
    """(verdict, remark); None: nothing to judge."""
    if not os.path.exists(path):
        return None, "is not installed"
    if path.endswith(".a"):
        return check_archive(tool, ld, path)
    with tempfile.TemporaryDirectory() as folder:
        verdict, remark = check(tool, ld, folder, path, BASES[name])
    return verdict, "not linked at all: " + remark if verdict is None else remark


def main():
    tool, ld, *paths = sys.argv[1:]
    todo = list(cases(paths))
    print("1..%d" % len(todo))
    failed = 0
    for number, (path, name) in enumerate(todo, 1):
        verdict, remark = judge(tool, ld, path, name)
        failed |= verdict is False
        remark = "# SKIP " + remark if verdict is None else "(" + remark + ")"
        print("%s %d - ld agrees on %s %s %s" % ("not ok" if verdict is False else "ok", number,
                                                os.path.basename(path), name, remark), flush=True)
    return failed


sys.exit(main())
