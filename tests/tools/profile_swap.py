# SPDX-License-Identifier: MIT
"""Counts the instructions of swaps, by function, with Valgrind's callgrind.

usage: profile_swap.py CLEW SWAPS

What is counted is the shell's command: prepare, commit, retire, print; not boot.  The
machine and its libraries are one line, since most of what they do is for debuggers.
"""

import os
import re
import subprocess
import sys
import tempfile

from memcheck import options

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
            ["valgrind", "-q", "--tool=callgrind", "--command-line-only=yes", *options(),
             f"--callgrind-out-file={out}", "--toggle-collect=command_swap",
             clew, "run", "--debug", "--images", os.path.join(folder, "images"), "--seed", "1",
             *arguments, script],
            stdout=subprocess.DEVNULL, check=True, timeout=1200)
        with open(out, encoding="utf-8") as file:
            counts = self_costs(file)
    cells, machine = {}, 0
    for (name, object_), count in counts.items():
        cell, dot, rest = os.path.basename(object_).partition(".")
        if dot and rest.endswith(".elf"):
            cells[name, cell] = cells.get((name, cell), 0) + count
        else:
            machine += count
    return sorted(((count, *key) for key, count in cells.items()), reverse=True), machine


def self_costs(lines):
    """{(function, object): instructions} of a profile in Callgrind's format.

    callgrind_annotate joins functions of one file and name, and so gives what a cell's
    linker did to the machine, which holds the same source.
    """
    names, at, counts = {"ob": {}, "fn": {}}, {}, {}
    called = False
    for line in lines:
        named = re.match(r"c?(ob|fn)=\((\d+)\)(?: (.*))?$", line)
        if named:
            key, number, name = named.groups()
            if name:
                names[key][number] = name
            if line[0] != "c":
                at[key] = names[key][number]
        elif line.startswith("calls="):
            called = True  # the next line is what the callee cost
        elif re.match(r"[\d+*-]\S* \d+$", line):
            if not called:
                key = at["fn"].partition("'")[0], at.get("ob", "")
                counts[key] = counts.get(key, 0) + int(line.split()[1])
            called = False
    return counts


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
