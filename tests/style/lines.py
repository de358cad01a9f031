# SPDX-License-Identifier: MIT
"""Rules about the lines of any text file."""

import re

COLUMNS_MAX = 100
PROSE_COLUMNS_MAX = 140
# These cannot hold a comment, or are the licence itself.
WITHOUT_SPDX = re.compile(r"(^LICENSE|^\.valgrindrc|\.(expect|json|tsv))$")
SPDX = "SPDX-License-" + "Identifier: MIT"
SPDX_WITHIN = 4  # lines from the top
# In halves, so that this file has none.
MARKERS = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")


def columns_of(line):
    return len(line.expandtabs(8))


# What a program prints is as wide as it is.
OUTPUT = (".expect",)


def check_columns(path, text):
    if path.endswith(OUTPUT):
        return
    prose = path.endswith((".md", ".txt"))
    limit = PROSE_COLUMNS_MAX if prose else COLUMNS_MAX
    for number, line in enumerate(text.split("\n"), 1):
        # A row of a table cannot be broken.
        if columns_of(line) > limit and not (prose and line.startswith("|")):
            yield number, "%d columns, at most %d" % (columns_of(line), limit)


def check_blanks(path, text):
    if path.endswith(OUTPUT):
        return
    for number, line in enumerate(text.split("\n"), 1):
        if line != line.rstrip():
            yield number, "blanks at the end of the line"
    if text and not text.endswith("\n"):
        yield text.count("\n") + 1, "no newline at the end of the file"
    if text.endswith("\n\n"):
        yield text.count("\n"), "an empty line at the end of the file"


def check_spdx(path, text):
    if WITHOUT_SPDX.search(path) or not text:
        return
    if SPDX not in "\n".join(text.split("\n")[:SPDX_WITHIN]):
        yield 1, "no SPDX line"


def check_markers(path, text):
    for number, line in enumerate(text.split("\n"), 1):
        found = MARKERS.search(line)
        if found:
            yield number, "%s: unfinished work belongs elsewhere" % found.group()
