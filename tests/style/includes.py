# SPDX-License-Identifier: MIT
"""The include rule: which part of the tree may include what.

The headers that gcc brings for freestanding code may be included everywhere.
Of the rest, each part has a list of what stands before the name's first slash,
"own" for its own folder, and perhaps the host's headers.
"""

import os
import re

FREESTANDING = {
    "float.h", "iso646.h", "limits.h", "stdalign.h", "stdarg.h", "stdbool.h", "stddef.h",
    "stdint.h", "stdnoreturn.h",
}
SOURCE_LIBRARIES = ("arch", "base", "elf", "link", "unwind")
GLIB = re.compile(r"^(glib|gio|gobject|gmodule|glib-unix)\b")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+(?:<([^>\n]+)>|"([^"\n]+)"|(\S+))', re.M)


class Part:
    """What one part of the tree may include besides <clew/...> and the freestanding headers."""

    def __init__(self, libraries=(), own=True, host=False, glib=False):
        self.libraries = libraries
        self.own = own
        self.host = host
        self.glib = glib


# tests mirror the tree: tests/shell tests cells/shell.  These test more than their own.
MIRRORED = {"unwind": ("cells/recovery",), "task": ("cells/wait", "cells/round_robin")}

# By the longest prefix of the path.
PARTS = {
    "include/clew/": Part(own=False),
    "cells/": Part(SOURCE_LIBRARIES),
    "fixtures/": Part(("base",)),
    "src/": Part(("base",)),
    "src/arch/": Part(("arch", "base")),
    "src/link/": Part(("base", "elf", "link", "unwind")),
    "src/unwind/": Part(("base", "unwind")),
    "src/elf/": Part(("base", "elf")),
    "src/nano_core/": Part(("arch", "base", "elf", "link")),
    "src/toolchain/": Part(("base", "elf", "link"), host=True),
    "sim/": Part(SOURCE_LIBRARIES, host=True, glib=True),
    "tests/": Part(SOURCE_LIBRARIES + ("toolchain",), host=True, glib=True),
    "bench/": Part(SOURCE_LIBRARIES, host=True, glib=True),
}


def part_of(path):
    prefixes = [prefix for prefix in PARTS if path.startswith(prefix)]
    return PARTS[max(prefixes, key=len)] if prefixes else None


def own_folders(path):
    """Where a quoted name without a library's prefix may lie."""
    folder = os.path.dirname(path)
    folders = [folder]
    pieces = path.split("/")
    if pieces[0] == "tests" and len(pieces) > 2:
        folders += [part + "/" + pieces[1] for part in ("cells", "src")] + pieces[1:2]
        folders += MIRRORED.get(pieces[1], ())
        folders.append("tests")  # what all tests share
    return folders


def refuse_quoted(path, name, part, exists):
    library = name.split("/")[0]
    whole = os.path.normpath(os.path.dirname(path) + "/" + name)
    if path.startswith("tests/") and os.path.dirname(whole) in own_folders(path) and exists(whole):
        return None
    if ".." in name.split("/"):
        return '"%s": a path that goes up' % name
    if library in part.libraries and exists("src/" + name):
        return None
    if part.own and any(exists(folder + "/" + name) for folder in own_folders(path)):
        return None
    return '"%s" is neither in its own folder nor in a library that this part uses' % name


def refuse_system(name, part, exists):
    if name.startswith("clew/"):
        return None if exists("include/" + name) else "<%s>: there is no such interface" % name
    if name in FREESTANDING:
        return None
    if GLIB.match(name) and not part.glib:
        return "<%s>: GLib is for sim/ and tests/" % name
    return None if part.host else "<%s>: a header of the host" % name


def check(path, text, exists):
    """exists(path): whether the tree has this file."""
    part = part_of(path)
    if not part or not path.endswith((".c", ".h", ".S")):
        return
    for match in INCLUDE.finditer(text):
        system, quoted, computed = match.groups()
        if computed:
            refusal = "an include that is computed: %s" % computed
        elif system:
            refusal = refuse_system(system, part, exists)
        else:
            refusal = refuse_quoted(path, quoted, part, exists)
        if refusal:
            yield text.count("\n", 0, match.start()) + 1, refusal
