# SPDX-License-Identifier: MIT
"""Rules about the folder of a cell, and about names of files."""

import os
import re

README_MAX = 30
SECTIONS = ("Purpose", "Provides", "Needs", "State and swap", "Faults")
# A section is a heading or begins with its name in bold.
SECTION = re.compile(r"^(?:#+ *|\*\*)([A-Z][a-z ]*?)(?:\.?\*\*|\.?[ \t]*$)", re.M)
NO_NOUNS = ("util", "utils", "misc", "common", "helper", "helpers", "manager", "new", "final")


def check_readme(path, text):
    if not re.fullmatch(r"cells/[^/]+/README\.md", path):
        return
    if text.count("\n") > README_MAX:
        yield README_MAX + 1, "%d lines, at most %d" % (text.count("\n"), README_MAX)
    found = [name for name in SECTION.findall(text) if name in SECTIONS]
    for name in SECTIONS:
        if name not in found:
            yield 1, "no section `%s`" % name
    if found != [name for name in SECTIONS if name in found]:
        yield 1, "sections in another order than %s" % ", ".join(SECTIONS)


def check_folders(paths):
    """paths: all of the tree's; yields (path, line, message)."""
    names = {path.split("/")[1] for path in paths if re.match(r"cells/[^/]+/", path)}
    for name in sorted(names):
        for needed in ("README.md", "meson.build"):
            path = "cells/%s/%s" % (name, needed)
            if path not in paths:
                yield path, 1, "missing"


def check_names(paths):
    for path in paths:
        stem = os.path.basename(path).split(".")[0]
        if path.endswith((".c", ".h", ".S", ".py")) and stem in NO_NOUNS:
            yield path, 1, "a file is one noun: `%s` says nothing" % stem
