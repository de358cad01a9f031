# SPDX-License-Identifier: MIT
"""clang-format, version 14, leaves the C files as they are.

Other versions of it format differently, so they do not count.
"""

import difflib
import shutil
import subprocess

VERSION = "14"
FOLDERS = ("include/", "src/", "cells/", "sim/", "fixtures/", "tests/", "bench/")

# Path: why the formatter may not touch it.
EXCLUDED = {}


def find_formatter():
    """(program, None) or (None, why not)."""
    for name in ("clang-format-" + VERSION, "clang-format"):
        program = shutil.which(name)
        if not program:
            continue
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
        if "version %s." % VERSION in said.stdout:
            return program, None
    return None, "clang-format %s is not installed" % VERSION


def is_formatted(path):
    return (path.endswith((".c", ".h")) and path.startswith(FOLDERS) and path not in EXCLUDED)


def check(program, style_file, path, text):
    """The first line of each run that would change."""
    done = subprocess.run(
        [program, "--style=file:" + style_file, "--assume-filename=" + path],
        input=text, capture_output=True, text=True, check=True)
    if done.stdout == text:
        return
    before, after = text.split("\n"), done.stdout.split("\n")
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for kind, first, last, _, _ in matcher.get_opcodes():
        if kind != "equal":
            yield first + 1, "clang-format changes %d lines here" % max(last - first, 1)
