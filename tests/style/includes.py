# SPDX-License-Identifier: MIT
"""The include rule: which part of the tree may include what.

The headers that gcc brings for freestanding code may be included everywhere.
Of the rest, each part has a list of folders of src/, "own" for its own folder,
perhaps the host's headers, and folders that it must keep out of whatever the
way there.
"""

import os
import re

FREESTANDING = {
    "float.h", "iso646.h", "limits.h", "stdalign.h", "stdarg.h", "stdbool.h", "stddef.h",
    "stdint.h", "stdnoreturn.h",
}
SOURCE_LIBRARIES = ("arch", "base", "elf", "link", "unwind")
# Numbers that somebody outside has to agree on: the command starts QEMU with the machine's ports.
AGREED = ("src/machine/pc/layout.h",)
GLIB = re.compile(r"^(glib|gio|gobject|gmodule|glib-unix)\b")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+(?:<([^>\n]+)>|"([^"\n]+)"|(\S+))', re.M)


class Part:
    """What one part of the tree may include besides <clew/...> and the freestanding headers."""

    def __init__(self, libraries=(), own=True, host=False, glib=False, never=()):
        self.libraries = libraries
        self.own = own
        self.host = host
        self.glib = glib
        self.never = never


# tests mirror the tree: tests/shell tests cells/shell.  These test more than their own.
MIRRORED = {
    "elf": ("tests/fuzz",),
    "failure": ("cells/linker",),
    "fuzz": ("cells/console", "cells/shell", "sim", "tests/link", "tests/machine",
             "tests/unwind"),
    "task": ("cells/wait", "cells/round_robin"),
    "unwind": ("cells/recovery", "tests/elf"),
}

# By the longest prefix of the path.
PARTS = {
    "include/clew/": Part(own=False),
    "cells/": Part(SOURCE_LIBRARIES),
    "fixtures/": Part(("base",)),
    # zlib's and Lua's headers, and musl's, which these two include.
    "fixtures/foreign/": Part(("base", "foreign"), host=True),
    "src/": Part(("base",)),
    "src/arch/": Part(("arch", "base")),
    "src/link/": Part(("base", "elf", "link", "unwind")),
    "src/unwind/": Part(("base", "unwind")),
    "src/elf/": Part(("base", "elf")),
    "src/nano_core/": Part(("arch", "base", "elf", "link")),
    "src/machine/": Part(("base", "machine"), never=("src/machine/pc/",)),
    # What stays while the system runs, and what is erased with nano_core.
    "src/machine/pc/": Part(("arch", "base", "machine"), never=("src/machine/pc/boot/",)),
    "src/machine/pc/boot/": Part(("base", "elf", "link", "machine")),
    "src/toolchain/": Part(("base", "elf", "link"), host=True),
    "sim/": Part(SOURCE_LIBRARIES + ("machine",), host=True, glib=True,
                 never=("src/machine/pc/",)),
    "tests/": Part(SOURCE_LIBRARIES + ("machine", "toolchain"), host=True, glib=True),
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


def places(path, name, part):
    """Where the quoted name may lie, as the compiler would look and the part may."""
    if part.own:
        yield from (os.path.normpath(folder + "/" + name) for folder in own_folders(path))
    if any(name.startswith(library + "/") for library in part.libraries):
        yield "src/" + name


def refuse_quoted(path, name, part, exists):
    whole = os.path.normpath(os.path.dirname(path) + "/" + name)
    if path.startswith("tests/") and os.path.dirname(whole) in own_folders(path) and exists(whole):
        return None
    if ".." in name.split("/"):
        return '"%s": a path that goes up' % name
    found = [place for place in places(path, name, part) if exists(place)]
    if not found:
        return '"%s" is neither in its own folder nor in a library that this part uses' % name
    if found[0].startswith(part.never) and found[0] not in AGREED:
        return '"%s" lies in a folder that this part keeps out of' % name
    return None


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
