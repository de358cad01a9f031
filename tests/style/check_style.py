#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds the house style: each rule is a test, each violation a comment file:line.

usage: check_style.py ROOT

Speaks TAP.  What only deserves a look is listed as `# large` and fails nothing.
"""

import os
import sys

import c_text
import cells
import formatting
import includes
import lines
from tree import list_files, read_text

# Rules about one file's text: test's name and function(path, text).
TEXT_RULES = (
    ("no line is longer than %d columns" % lines.COLUMNS_MAX, lines.check_columns),
    ("no line ends in blanks, every file in one newline", lines.check_blanks),
    ("every file that can hold a comment has an SPDX line", lines.check_spdx),
    ("nothing is marked as unfinished", lines.check_markers),
    ("C is indented with tabs", c_text.check_tabs),
    ("no function is longer than %d lines" % c_text.FUNCTION_MAX, c_text.check_functions),
    ("no C file is longer than %d lines" % c_text.FILE_MAX, c_text.check_length),
    ("what cells are made of has no goto and no setjmp", c_text.check_jumps),
    ("only own.h names struct types", c_text.check_typedefs),
    ("a cell's README is short and has its five sections", cells.check_readme),
)
# Rules about the list of files.
TREE_RULES = (
    ("every cell has a README.md and a meson.build", cells.check_folders),
    ("no file is named after nothing", cells.check_names),
)


class Report:
    def __init__(self, tests):
        print("1..%d" % tests)
        self.count = 0
        self.failed = 0

    def result(self, name, violations, skip=None):
        """violations: [(path, line, message)]"""
        self.count += 1
        self.failed += bool(violations)
        for path, line, message in violations:
            print("# %s:%d: %s" % (path, line, message))
        print("%sok %d - %s%s" % ("not " if violations else "", self.count, name,
                                  " # SKIP " + skip if skip else ""))


def check_text(texts, rule):
    return [(path, line, message)
            for path, text in texts.items() for line, message in rule(path, text)]


def check_formatting(root, texts, report):
    name = "clang-format %s leaves every C file as it is" % formatting.VERSION
    program, missing = formatting.find_formatter()
    if missing:
        report.result(name, [], skip=missing)
        return
    for path, reason in sorted(formatting.EXCLUDED.items()):
        print("# not formatted: %s: %s" % (path, reason))
    paths = [path for path in texts if formatting.is_formatted(path)]
    style_file = os.path.join(root, ".clang-format")
    report.result(name, list(formatting.check(program, root, style_file, paths)))


def main():
    root = os.path.abspath(sys.argv[1])
    paths = list_files(root)
    texts = {path: read_text(root, path) for path in paths}
    texts = {path: text for path, text in texts.items() if text is not None}
    report = Report(len(TEXT_RULES) + len(TREE_RULES) + 2)
    known = set(paths)
    report.result("every part includes only what it may", check_text(
        texts, lambda path, text: includes.check(path, text, known.__contains__)))
    for name, rule in TEXT_RULES:
        report.result(name, check_text(texts, rule))
    for name, rule in TREE_RULES:
        report.result(name, list(rule(known)))
    check_formatting(root, texts, report)
    for path, line, message in check_text(texts, c_text.warn_length):
        print("# large: %s: %s" % (path, message))
    return report.failed > 0


if __name__ == "__main__":
    sys.exit(main())
