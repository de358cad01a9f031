# SPDX-License-Identifier: MIT
"""Runs a script of the system's shell under Valgrind's memcheck.

usage: memcheck.py CLEW SCRIPT

Once with time that is counted (--seed), so that each run is the same, and once in real
time, with interrupts wherever they come.  Exit status 0: no errors.
"""

import os
import re
import subprocess
import sys


TREE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))


def options():
    """Those of .valgrindrc, which Valgrind itself reads only where the user owns it, as
    not every checkout's user does, and only in the folder where it runs.
    """
    with open(os.path.join(TREE, ".valgrindrc"), encoding="ascii") as file:
        return [option.replace("suppressions=", f"suppressions={TREE}/")
                for option in file.read().split()]


def memcheck(clew, *arguments, suppressions=True, time=("--seed", "1")):
    """Output of both, and how many errors memcheck found."""
    tool = [o for o in options() if suppressions or "suppressions" not in o]
    output = subprocess.run(
        ["valgrind", "--command-line-only=yes", "--error-limit=no", *tool, clew, "run",
         "--debug", *time, *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600, check=False,
        errors="replace").stdout
    summary = re.search(r"ERROR SUMMARY: ([\d,]+) errors", output)
    if not summary:
        sys.exit(output)
    return output, int(summary[1].replace(",", ""))


def main():
    status = 0
    for time in ("--seed", "1"), ():
        output, errors = memcheck(*sys.argv[1:], time=time)
        print(output)
        status |= errors > 0
    return status


if __name__ == "__main__":
    sys.exit(main())
