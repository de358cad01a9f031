# SPDX-License-Identifier: MIT
"""clang-format, version 14, leaves the C files as they are.

Other versions of it format differently, so they do not count.
"""

import os
import re
import shutil
import subprocess

VERSION = "14"
FOLDERS = ("include/", "src/", "cells/", "sim/", "fixtures/", "tests/", "bench/")
FOUND = re.compile(r"^(.*?):(\d+):\d+: error: code should be clang-formatted", re.M)

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
    return path.endswith((".c", ".h")) and path.startswith(FOLDERS) and path not in EXCLUDED


def check(program, root, style_file, paths):
    """paths: relative to root; yields (path, line, message)."""
    if not paths:
        return
    done = subprocess.run(
        [program, "--style=file:" + style_file, "--dry-run", "--Werror"] + paths,
        cwd=root, capture_output=True, text=True, check=False)
    places = sorted({(path, int(line)) for path, line in FOUND.findall(done.stderr)})
    if done.returncode != 0 and not places:
        yield os.path.relpath(style_file, root), 1, done.stderr.strip().split("\n")[0]
    for path, line in places:
        yield path, line, "clang-format changes this"
