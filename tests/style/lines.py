# SPDX-License-Identifier: MIT
"""Rules about the lines of any text file."""

import re

COLUMNS_MAX = 100
# Text whose lines are as long as they are: nothing of ours is written there.
FREE_LINES = ("LICENSE",)
# Cannot hold a comment, or hold nothing but what was decided elsewhere.
WITHOUT_SPDX = re.compile(r"(^LICENSE|\.(expect|args|json|tsv|txt\.in)|/corpus/[^/]+)$")
SPDX = "SPDX-License-" + "Identifier: MIT"
SPDX_WITHIN = 4  # lines from the top
MARKERS = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")) + r")\b")


def columns_of(line):
    return len(line.expandtabs(8))


def check_columns(path, text):
    if path in FREE_LINES:
        return
    for number, line in enumerate(text.split("\n"), 1):
        if columns_of(line) > COLUMNS_MAX:
            yield number, "%d columns, at most %d" % (columns_of(line), COLUMNS_MAX)


def check_blanks(path, text):
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
