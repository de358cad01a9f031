# SPDX-License-Identifier: MIT
"""The distribution's own archives as foreign cells: they link, or the refusal says why.

usage: test_archives.py CLEW CELLS.tar LD LINK_DUMP

One archive is one cell.  What it lacks is defined by a stand-in, so that the
linker meets every reference; nothing is called.  What has to come out follows
from what readelf says of the object and of the host's libraries.
"""

import collections
import glob
import io
import os
import re
import subprocess
import sys
import tarfile
import tempfile

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path[:0] = [TESTS, os.path.join(TESTS, "scenarios")]

import system  # noqa: E402
from tap import SKIPPED, equal, run_all, test  # noqa: E402

LD, LINK_DUMP = system.ARGUMENTS
FOLDER = "/usr/lib/x86_64-linux-gnu"
ARCHIVES = {"libz": "zlib1g-dev", "liblua5.4": "liblua5.4-dev", "libsqlite3": "libsqlite3-dev"}
# The psABI's names of what src/link can do; README of cells/linker.
KNOWN = {"64", "PC32", "PLT32", "GOTPCREL", "GOTPCRELX", "REX_GOTPCRELX", "32", "32S", "PC64"}
# Everything that cells provide is defined by cells.
GIVEN = {"_GLOBAL_OFFSET_TABLE_"}

Relocation = collections.namedtuple("Relocation", "type symbol")
Symbol = collections.namedtuple("Symbol", "name type binding section")

folder = tempfile.TemporaryDirectory()


def readelf(*arguments):
    return subprocess.run(["readelf", "--wide", *arguments], check=True, capture_output=True,
                          text=True).stdout.splitlines()


def symbols(*arguments):
    for line in readelf(*arguments):
        words = line.split()
        if len(words) >= 8 and words[0].rstrip(":").isdigit():
            yield Symbol(words[7].partition("@")[0], words[3], words[4], words[6])


def relocations(path):
    for line in readelf("--relocs", path):
        words = line.split()
        if len(words) >= 4 and words[2].startswith("R_X86_64_"):
            yield Relocation(words[2].removeprefix("R_X86_64_"), words[4] if len(words) > 4 else "")


def host_objects():
    """Names of data, not functions, in the host's C library."""
    found = set()
    for library in ("libc.so.6", "libm.so.6", "libz.so.1"):
        for path in glob.glob(FOLDER + "/" + library) + glob.glob("/lib/*/" + library)[:1]:
            found |= {one.name for one in symbols("--dyn-syms", path) if one.type == "OBJECT"}
    return found


class Archive:
    """The archive as one relocatable object, and what readelf says of it."""

    def __init__(self, name):
        self.name = name
        self.object = os.path.join(folder.name, name + ".o")
        subprocess.run([LD, "-r", "--unique", "--whole-archive", "-o", self.object,
                        "%s/%s.a" % (FOLDER, name)], check=True)
        every = list(symbols("--symbols", self.object))
        self.undefined = {one.name for one in every if one.section == "UND" and one.name} - GIVEN
        self.types = {one.type for one in every}
        self.relocations = list(relocations(self.object))
        self.data = self.undefined & host_objects()

    def reasons(self):
        """Why the linker has to refuse it: {(what, symbol)}; empty: it links."""
        found = {("unknown relocation", one.symbol) for one in self.relocations
                 if one.type not in KNOWN}
        found |= {("direct reference to another cell's data", one.symbol)
                  for one in self.relocations
                  if one.type in ("PC32", "32", "32S", "PC64") and one.symbol in self.data}
        if self.types & {"TLS", "IFUNC"}:
            found.add(("symbol type", ""))
        return found

    def stand_in(self):
        """An object that defines all that the archive lacks."""
        path = os.path.join(folder.name, "stand_in.s")
        with open(path, "w", encoding="ascii") as file:
            for name in sorted(self.undefined):
                is_data = name in self.data
                file.write(".section %s\n.globl %s\n.type %s, @%s\n%s: %s\n.size %s, . - %s\n" % (
                    ".data" if is_data else ".text", name, name,
                    "object" if is_data else "function", name, ".quad 0" if is_data else "ret",
                    name, name))
            file.write('.section .note.GNU-stack,"",@progbits\n')
        subprocess.run(["as", "-o", path + ".o", path], check=True)
        with open(path + ".o", "rb") as file:
            return file.read()

    def load(self):
        """What the system says to loading it, and the columns of its line of `cells`."""
        path = os.path.join(folder.name, "cells.tar")
        with open(self.object, "rb") as file:
            members = {self.name + ".o": file.read(), "stand_in.o": self.stand_in()}
        with tarfile.open(system.ARCHIVE) as source, \
                tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
            for member in source:
                archive.addfile(member, source.extractfile(member))
            for name, contents in members.items():
                member = tarfile.TarInfo(name)
                member.size = len(contents)
                archive.addfile(member, io.BytesIO(contents))
        return system.run(["load stand_in.o", "load %s.o" % self.name, "cells", "mem"],
                          archive=path).parts()


def check(name):
    archive = Archive(name)
    _, said, cells, _ = archive.load()
    reasons = archive.reasons()
    listed = any(line.split()[:1] == [name] for line in cells.splitlines())
    kinds = collections.Counter(one.type for one in archive.relocations)
    print("# %s: %d undefined symbols; relocations %s" % (
        name, len(archive.undefined), ", ".join("%s %d" % one for one in kinds.most_common())))
    print("# %s: %s" % (name, said))
    # No relocation, so no linker sees it: why this is about linking and not about running.
    code = subprocess.run(["objdump", "--disassemble", archive.object], check=True,
                          capture_output=True, text=True).stdout
    print("# %s: %d reads of the stack protector's word at %%fs:0x28" % (
        name, code.count("%fs:0x28")))
    if not reasons:
        equal((said, listed), (name + ".o: loaded", True))
        return
    found = re.match(r"load: cell \S+: symbol (\S*): ([^:]+): ", said)
    assert found and (found.group(2), found.group(1)) in reasons, (said, reasons)
    assert not listed, cells


def check_alone(name):
    archive = Archive(name)
    path = os.path.join(folder.name, "alone.tar")
    with tarfile.open(system.ARCHIVE) as source, \
            tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as to:
        for member in source:
            to.addfile(member, source.extractfile(member))
        to.add(archive.object, name + ".o")
    before, said, after = system.run(["mem", "load %s.o" % name, "mem"], archive=path).parts()
    found = re.match(r"load: cell (\S+): symbol (\S+): undefined symbol: ", said)
    assert found and found.group(1) == name and found.group(2) in archive.undefined, said
    equal(after, before)


@test
def zlib_as_it_is_shipped_links_or_is_refused_for_the_reason_that_readelf_shows():
    check("libz")


@test
def lua_as_it_is_shipped_links_or_is_refused_for_the_reason_that_readelf_shows():
    check("liblua5.4")


@test
def sqlite_as_it_is_shipped_links_or_is_refused_for_the_reason_that_readelf_shows():
    check("libsqlite3")


@test
def without_a_c_library_each_is_refused_with_a_symbol_that_it_lacks_and_nothing_is_left():
    for name in ARCHIVES:
        if os.path.exists("%s/%s.a" % (FOLDER, name)):
            check_alone(name)


@test
def the_fields_of_zlib_are_as_ld_writes_them():
    # The others would take minutes.
    done = subprocess.run(
        [sys.executable, "-B", os.path.join(TESTS, "link", "compare_ld.py"), LINK_DUMP, LD,
         Archive("libz").object], capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    print("".join("# %s\n" % line for line in done.stdout.splitlines()), end="")


NEEDS = {
    "zlib_as_it_is_shipped_links_or_is_refused_for_the_reason_that_readelf_shows": "libz",
    "the_fields_of_zlib_are_as_ld_writes_them": "libz",
    "lua_as_it_is_shipped_links_or_is_refused_for_the_reason_that_readelf_shows": "liblua5.4",
    "sqlite_as_it_is_shipped_links_or_is_refused_for_the_reason_that_readelf_shows": "libsqlite3",
}
SKIPPED.update({function: ARCHIVES[name] + " is not installed" for function, name in NEEDS.items()
                if not os.path.exists("%s/%s.a" % (FOLDER, name))})

if __name__ == "__main__":
    run_all()
