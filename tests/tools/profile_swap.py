# SPDX-License-Identifier: MIT
"""Counts the instructions of swaps, by function, with Valgrind's callgrind.

usage: profile_swap.py CLEW SWAPS    from the top of the tree, where .valgrindrc is

What is counted is the shell's command: prepare, commit, retire, print; not boot.  The
machine and its libraries are one line, since most of what they do is for debuggers.
"""

import os
import re
import subprocess
import sys
import tempfile

TOP = 25


def profile(clew, swaps, *arguments):
    """[(instructions, function, cell)], most first, and the instructions of the machine."""
    with tempfile.TemporaryDirectory() as folder:
        script, out = os.path.join(folder, "script"), os.path.join(folder, "callgrind.out")
        with open(script, "w", encoding="utf-8") as file:
            file.write("load counter\n")
            for i in range(swaps):
                file.write(f"swap counter {'counter.o' if i % 2 else 'counter_v2.o'}\n")
        subprocess.run(
            ["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={out}",
             "--toggle-collect=command_swap", clew, "run", "--debug", "--images",
             os.path.join(folder, "images"), "--seed", "1", *arguments, script],
            stdout=subprocess.DEVNULL, check=True, timeout=1200)
        text = subprocess.run(["callgrind_annotate", "--auto=no", "--threshold=100", out],
                              capture_output=True, text=True, check=True).stdout
    rows = re.findall(r"^\s*([\d,]+) \([ \d.]+%\)  \S*?:(\S+) \[(?:.*/)?(.*)\]$", text, re.M)
    total = re.search(r"^\s*([\d,]+) \(100\.0%\)  PROGRAM TOTALS", text, re.M)
    counts = {}
    for count, name, object_ in rows:
        cell, dot, rest = object_.partition(".")
        if dot and rest.endswith(".elf"):
            counts[name, cell] = counts.get((name, cell), 0) + int(count.replace(",", ""))
    found = sorted(((count, *key) for key, count in counts.items()), reverse=True)
    return found, int(total[1].replace(",", "")) - sum(count for count, _, _ in found)


def main():
    clew, swaps = sys.argv[1], int(sys.argv[2])
    rows, machine = profile(clew, swaps)
    total = sum(count for count, _, _ in rows)
    print(f"{swaps} swaps, {total // swaps} instructions of cells each")
    print(f"{'INSTRUCTIONS':>14} {'SHARE':>7}  FUNCTION (CELL)")
    for count, name, cell in rows[:TOP]:
        print(f"{count:>14} {100 * count / total:>6.2f}%  {name} ({cell})")
    print(f"{machine:>14} {'':>7}  the machine")
    return 0


if __name__ == "__main__":
    sys.exit(main())
