#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""README's claims: each command of its table runs and shows what the row says.

usage: test_readme.py README CLEW CELLS_ARCHIVE
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

QEMU = "qemu-system-x86_64"
# What a row's output must show, by the beginning of its claim.
SHOWS = {
    "a swap under load": (
        0, r"greeter +1 +2 [\s\S]*\ngreeter +1 [\s\S]*\ngreeter +2 [\s\S]* 0 errors",
    ),
    "a swap that cannot be right": (1, r"layout of the state differs[\s\S]*counter +1 "),
    "each of ten kinds of crash": (1, r"(?P<used>buffer +frames.*)[\s\S]*(?P=used)[\s\S]*ledger"),
    "the system's own cells": (
        0, r"task +1 +1 [\s\S]*heap +1 +1 [\s\S]*swap +1 +1 [\s\S]* 0 errors",
    ),
    "files are written and read": (
        0, r"(memfs +1 +1 [\s\S]*){2}scribe: \d+ rounds by 4 tasks, \d+ records, 0 errors\n"
        r"scribe: 20 of 20 tasks crashed with files open\n0 retired\n.*\n\Z",
    ),
    "the bootstrap is gone": (0, r"nano_core erased[\s\S]*nano_core +frames +0x0 +0 +0 +0"),
    "two runs with one seed": (0, r""),
    "a PC runs them as well": (
        1, r"task +1 +1 [\s\S]*linker +1 +1 [\s\S]* 0 errors[\s\S]*5 cleanups run[\s\S]*"
        r"nano_core erased[\s\S]*nano_core +frames +0x0 +0 +0 +0",
    ),
    "the cells of both machines": (0, r""),
    "one seed is the same time": (0, r""),
    "a thousand swaps under calls": (0, r"swap_storm: 1000 swaps, .*; all accounted for; 0 counts"),
    "tasks that crash in 15 ways": (
        0, r" 0 missed, 0 spoilt\n[\s\S]*crash_storm: 1000 tasks; all accounted for; 0 counts",
    ),
    "tasks are killed in whatever": (0, r"spawn_storm: \d+ tasks; all accounted for; 0 counts"),
    "swaps, crashes, spawns and kills": (0, r"squall: 30 swaps; all accounted for; 0 counts"),
}


def rows(path):
    """(claim, command) of the table under `What holds`, but for `make check` itself."""
    with open(path, encoding="utf-8") as file:
        text = file.read().split("## What holds", 1)[1].split("\n## ", 1)[0]
    for claim, command in re.findall(r"^\| (.+?) \| `(.+)` \|$", text, re.M):
        if command != "make check":
            yield claim, command


def main(readme, clew, cells):
    tests = list(rows(readme))
    failed = 0
    print("1..%d" % (len(tests) + 1))
    with tempfile.TemporaryDirectory() as folder:
        for name, target in (("clew", clew), ("cells.tar", cells)):
            os.symlink(os.path.abspath(target), os.path.join(folder, name))
        for i, (claim, command) in enumerate(tests, 1):
            if "clew boot" in command and not shutil.which(QEMU):
                print("ok %d - %s # SKIP %s is not installed" % (i, claim, QEMU))
                continue
            path = os.path.dirname(os.path.abspath(clew)) + os.pathsep + os.environ["PATH"]
            run = subprocess.run(
                ["sh", "-c", command], cwd=folder, env=dict(os.environ, PATH=path),
                stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
            )
            status, pattern = next(
                (SHOWS[key] for key in SHOWS if claim.startswith(key)), (None, None)
            )
            good = run.returncode == status and re.search(pattern, run.stdout)
            failed += not good
            print("%sok %d - %s" % ("" if good else "not ", i, claim))
            if not good:
                print("# %s\n# status %d, expected %s" % (command, run.returncode, status))
                print("\n".join("# " + line for line in run.stdout.splitlines()[-20:]))
    known = len(tests) == len(SHOWS)
    print("%sok %d - every row is checked" % ("" if known else "not ", len(tests) + 1))
    return 1 if failed or not known else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
