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
import sys

# Each module puts its objects into entries.
import bad_headers
import bad_sections
import bad_symbols
import bad_relocations
import bad_links
from object import Object
from registry import entries


def main():
    good_path, directory, manifest = sys.argv[1:]
    with open(good_path, "rb") as file:
        good = file.read()
    os.makedirs(directory, exist_ok=True)
    for name in os.listdir(directory):
        if name.endswith(".o"):
            os.remove(os.path.join(directory, name))
    lines = []
    for *texts, change in entries:
        made = Object(good)
        change(made)
        if made.raw == good:
            sys.exit("%s: nothing was changed" % texts[0])
        with open(os.path.join(directory, texts[0]), "wb") as file:
            file.write(made.raw)
        lines.append("\t".join(texts))
    if len({texts[0] for *texts, _ in entries}) != len(entries):
        sys.exit("two objects have one name")
    with open(manifest, "w", encoding="ascii") as file:
        file.write("\n".join(lines) + "\n")


main()
