# SPDX-License-Identifier: MIT
"""Runs a script of the system's shell under Valgrind's memcheck.

usage: memcheck.py CLEW SCRIPT    from the top of the tree, where .valgrindrc is

Time is counted (--seed), so that each run is the same.  Exit status 0: no errors.
"""

import re
import subprocess
import sys


def memcheck(clew, *arguments, options=(), folder=None):
    """Output of both, and how many errors memcheck found."""
    output = subprocess.run(
        ["valgrind", "--error-limit=no", *options, clew, "run", "--debug", "--seed", "1",
         *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder,
        timeout=600, check=False, errors="replace").stdout
    summary = re.search(r"ERROR SUMMARY: ([\d,]+) errors", output)
    if not summary:
        sys.exit(output)
    return output, int(summary[1].replace(",", ""))


def main():
    output, errors = memcheck(*sys.argv[1:])
    print(output)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
