#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Lists what the ownership plugin takes on trust, each with its reason.

usage: suppressions.py ROOT

That is the code that implements an owner (OWN_IMPLEMENTS and, for macros that
do, OWN_IMPLEMENTS_ANY), what is given up (FORGET), callers' pointers that a
cell keeps (OWN_KEPT), and assembly, whose reason is the comment that its file
begins with.  Its last line counts them.
"""

import os
import re
import sys

FOLDERS = ("cells", "include", "src")
MARKS = {
    "OWN_IMPLEMENTS": re.compile(r'\bOWN_IMPLEMENTS\((\w+),\s*"([^"]*)"\)'),
    "OWN_IMPLEMENTS_ANY": re.compile(r'\b(OWN_IMPLEMENTS_ANY)\("([^"]*)"\)'),
    "FORGET": re.compile(r'\bFORGET\(([^,]*),\s*"([^"]*)"\)'),
    "OWN_KEPT": re.compile(r'\b(OWN_KEPT)\("([^"]*)"\)'),
}
ASSEMBLY = re.compile(r"\b(asm|__asm__)\b")


def sources():
    for folder in FOLDERS:
        for path, folders, names in os.walk(folder):
            if path == os.path.join("src", "machine"):
                folders.remove("pc")  # a machine; like sim/, no cell
            for name in sorted(names):
                if name.endswith((".c", ".h", ".S")):
                    yield os.path.join(path, name)


def list_marks(path, text, counts):
    for mark, pattern in MARKS.items():
        for found in pattern.finditer(text):
            line = text[:found.start()].count("\n") + 1
            what = "" if found[1] == mark else " " + found[1]
            counts[mark] = counts.get(mark, 0) + 1
            print("%s:%d: %s%s: %s" % (path, line, mark, what, found[2]))


def list_assembly(path, text):
    """How many lines of assembly, or statements of it in C."""
    code = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    if path.endswith(".S"):
        lines = [line for line in code.split("\n") if line.strip() and line[0] != "#"]
    else:
        lines = ASSEMBLY.findall(code)
    if lines:
        comment = re.search(r"/\*\n \* (.*?)[.;\n]", text)
        print("%s: %d lines of assembly: %s" % (path, len(lines), comment[1]))
    return len(lines)


def main():
    os.chdir(sys.argv[1])
    counts, assembly = {}, 0
    for path in sorted(sources()):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        if path != os.path.join("include", "clew", "own.h"):
            list_marks(path, text, counts)
        assembly += list_assembly(path, text)
    print("%s, %d lines of assembly" % (
        ", ".join("%d %s" % (count, mark) for mark, count in sorted(counts.items())), assembly))


if __name__ == "__main__":
    main()
