# SPDX-License-Identifier: MIT
"""The files of the tree, and C text without its comments and literals."""

import os
import re

SKIPPED_FOLDERS = {".git", "__pycache__", "subprojects", "build"}
C_SUFFIXES = (".c", ".h", ".S")


def is_skipped(path, name):
    """A folder that is not the project's own text: version control, a build's output."""
    return name in SKIPPED_FOLDERS or os.path.exists(os.path.join(path, name, "build.ninja"))


def list_files(root):
    """Paths relative to root, sorted."""
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not is_skipped(folder, name)]
        found += [os.path.relpath(os.path.join(folder, name), root) for name in names]
    return sorted(found)


def read_text(root, path):
    """The file's text, or None when it is not UTF-8 text, or an input of a fuzz target."""
    if "/corpus/" in path:
        return None
    with open(os.path.join(root, path), "rb") as file:
        data = file.read()
    if b"\0" in data:
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


_TOKENS = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def strip_c(text):
    """Comments, strings and characters become blanks; lines stay where they are."""
    return _TOKENS.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def line_of(text, at):
    return text.count("\n", 0, at) + 1
