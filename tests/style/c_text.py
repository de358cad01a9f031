# SPDX-License-Identifier: MIT
"""Rules about C text that no compiler and no formatter holds."""

import re

from tree import C_SUFFIXES, line_of, strip_c

FUNCTION_MAX = 70   # lines between the braces
FILE_MAX = 1000
FILE_LARGE = 600
HEADER_LARGE = 200
LONG_ALLOWED = "flat switch"  # in the comment before a longer function
JUMPS = re.compile(r"\b(goto|_?(?:sig)?setjmp|(?:sig)?longjmp)\b")
STRUCT_TYPEDEF = re.compile(r"\btypedef\s+(?:const\s+)?(?:struct|union)\b[^;(]*?(\{|;)")
# Path: why struct types have names there.
TYPEDEFS_ALLOWED = {
    "include/clew/own.h": "owner handles are passed by value",
    "src/elf/types.h": "the names of the gABI",
    "sim/archive.c": "GLib's automatic cleanup goes by the name of a type",
    "sim/bind.c": "the same",
}


def is_c(path):
    return path.endswith(C_SUFFIXES)


def check_tabs(path, text):
    """clang-format knows; this says so where it is not installed."""
    if not path.endswith((".c", ".h")):
        return
    for number, line in enumerate(text.split("\n"), 1):
        indent = line[: len(line) - len(line.lstrip(" \t"))]
        if " \t" in indent or " " * 8 in indent:
            yield number, "indented with blanks"


def functions_of(text):
    """(line of the opening brace, lines between the braces, text before it)."""
    for match in re.finditer(r"^\{\n(.*?)^\}", strip_c(text), re.M | re.S):
        yield line_of(text, match.start()), match.group(1).count("\n"), text[: match.start()]


def comment_before(before):
    """The comment that ends right above a function's head."""
    head = re.search(r"(/\*(?:(?!\*/).)*\*/)\s*\n(?:[^;}\n][^;}]*)?\Z", before, re.S)
    return head.group(1) if head else ""


def check_functions(path, text):
    if not path.endswith((".c", ".h")):
        return
    for line, length, before in functions_of(text):
        if length > FUNCTION_MAX and LONG_ALLOWED not in comment_before(before):
            yield line, "a function of %d lines, at most %d" % (length, FUNCTION_MAX)


def check_length(path, text):
    if is_c(path) and text.count("\n") > FILE_MAX:
        yield FILE_MAX + 1, "a file of %d lines, at most %d" % (text.count("\n"), FILE_MAX)


def warn_length(path, text):
    limit = HEADER_LARGE if path.endswith(".h") else FILE_LARGE
    if is_c(path) and text.count("\n") > limit:
        yield limit + 1, "%d lines, large from %d" % (text.count("\n"), limit)


def check_jumps(path, text):
    if not is_c(path) or not path.startswith(("cells/", "src/", "include/", "fixtures/")):
        return
    code = strip_c(text)
    for match in JUMPS.finditer(code):
        yield line_of(code, match.start()), "%s: cleanups do the leaving" % match.group()


def check_typedefs(path, text):
    if not is_c(path) or path in TYPEDEFS_ALLOWED:
        return
    code = strip_c(text)
    for match in STRUCT_TYPEDEF.finditer(code):
        # A pointer to a struct may have a name; a struct may not.
        if match.group(1) == ";" and "*" in match.group():
            continue
        yield line_of(code, match.start()), "a typedef of a struct (OWNER of own.h makes those)"
