#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Results of benches: a file of rows, and tables for people.

usage: table.py [--into FILE.md] RESULTS.tsv

Prints the table of README.md, or puts it there between its two marks.

A row is name, minimum, median, unit, separated by tabs.  On a machine other
than hosted the name is NAME@MACHINE.  What somebody else's program needs for
the like is NAME.vs.PEER.
"""

import argparse
import os
import platform
import re
import subprocess
import sys

HEAD = "name\tmin\tmedian\tunit\n"
SYMBOLIC = "dlopen_bsymbolic"
# What is to be reached: our median is at most the peer's by this factor.
AIMS = {
    "switch": {"swapcontext": 20, "jump_fcontext": 1 / 2},
    "channel_rtt": {"pipe": 60, "erlang": 10},
    "map_unmap": {"mmap": 5},
    "load_1000": {SYMBOLIC: 2, "dlopen": 6, "jitlink": 60},
    "load_1000_beside_1000": {"alone": 1 / 1.1},
    "swap_100": {"dlopen": 3, "erlang": 100},
    "stalls": {"idle": 1},
    "fault_d5": {"siglongjmp": 1 / 2.5},
    "fault_d50": {"libgcc": 3},
}
# The median is to be below this, in the row's unit.
LIMITS = {"commit_20": 2000, "boot": 20}
LOAD_PEERS = ("dlopen", SYMBOLIC, "jitlink")
UNWINDERS = ("siglongjmp", "libgcc", "libunwind", "restart")
# README.md's rows: name, what it is, whom it is compared with.
ROWS = (
    ("switch", "one context to another", ("swapcontext", "jump_fcontext")),
    ("yield", "the same through the scheduler", ("swapcontext", "jump_fcontext", "sched_yield")),
    ("spawn_join", "a task, begun and ended", ("pthread",)),
    ("channel_rtt", "64 bytes to a task and back", ("pipe", "futex", "erlang")),
    ("map_unmap", "a page, touched", ("mmap",)),
    *(("load_%d%s" % (n, "_beside_%d" % others if others else ""),
       "%d functions, %s" % (n, "beside %d cells" % others if others else "published, checked"),
       LOAD_PEERS + (("alone",) if others else ()))
      for n in (100, 1000, 10000) for others in (0, 100, 1000)),
    *(("commit_%d" % n, "users of a replaced cell", ()) for n in (1, 20, 1000)),
    ("swap_100", "functions, prepare to commit", ("dlopen", "erlang")),
    ("swap_100_retire", "what was replaced goes", ()),
    ("stalls", "pauses over 10 us in 0.1 s", ("idle", "woken")),
    ("stall_swaps", "swaps meanwhile, of 200", ()),
    ("stall_median", "of those pauses", ("idle",)),
    ("stall_longest", "of those pauses", ("idle",)),
    ("fault_d5", "fault to next task", UNWINDERS),
    ("fault_d50", "through 50 frames with cleanups", UNWINDERS),
    ("boot", "exec to prompt", ()),
    ("boot@pc", "the same in QEMU", ()),
)
MARKS = ("<!-- made by bench/table.py -->\n", "<!-- until here -->\n")


def median(values):
    return sorted(values)[len(values) // 2]


def on_machine(name, machine):
    return name if machine == "hosted" else "%s@%s" % (name, machine)


def keep(path, rows):
    """Writes the rows, in place of those of the same names."""
    new = {row[0] for row in rows}
    lines = []
    if os.path.exists(path):
        with open(path, encoding="ascii") as file:
            lines = [line for line in file.readlines()[1:] if line.split("\t")[0] not in new]
    lines += ["\t".join(str(value) for value in row) + "\n" for row in rows]
    with open(path, "w", encoding="ascii") as file:
        file.write(HEAD + "".join(lines))


def kept(path):
    """{name: (median, unit)}"""
    with open(path, encoding="ascii") as file:
        rows = [line.rstrip("\n").split("\t") for line in file.readlines()[1:]]
    return {row[0]: (float(row[2]), row[3]) for row in rows}


def number(value):
    return "{:,}".format(value).replace(",", " ")


def show(title, rows):
    """Names down, machines across, each with its median by the first one's."""
    own = [row for row in rows if ".vs." not in row[0]]
    machines = list(dict.fromkeys((row[0].split("@") + ["hosted"])[1] for row in own))
    names = list(dict.fromkeys(row[0].split("@")[0] for row in own))
    of = {row[0]: row for row in own}
    print(title)
    print("%-24s" % "" + "".join("%36s" % machine for machine in machines))
    print("%-24s" % "name" + ("%14s%14s%8s" % ("min", "median", "ratio")) * len(machines) +
          "  unit")
    for name in names:
        at = [of.get(on_machine(name, machine)) for machine in machines]
        base = next(row for row in at if row)
        line = "%-24s" % name
        for row in at:
            ratio = "%.2f" % (row[2] / base[2]) if row and base[2] else ""
            line += "%14s%14s%8s" % (number(row[1]), number(row[2]), ratio) if row else " " * 36
        print(line + "  " + base[3])
    print()


def factor_of(theirs, ours):
    return theirs / ours if ours else 1.0 if not theirs else float("inf")


def compare(title, rows):
    """Each peer's median by ours, and the aims."""
    of = {row[0]: row for row in rows}
    print(title)
    print("%-24s%-18s%14s%14s%9s%9s" % ("name", "peer", "ours", "peer's", "factor", "aim"))
    for name, _, theirs, unit in (row for row in rows if ".vs." in row[0]):
        name, peer = name.split(".vs.")
        if name not in of:
            continue
        ours = of[name][2]
        aim = AIMS.get(name, {}).get(peer)
        factor = factor_of(theirs, ours)
        verdict = "" if aim is None else "  reached" if factor >= aim else "  missed"
        print("%-24s%-18s%14s%14s%9.2f%9s%s %s" % (
            name, peer, number(ours), number(theirs), factor,
            "" if aim is None else "%.2f" % aim, verdict, "" if unit == "ns" else unit))
    for name, most in LIMITS.items():
        if name in of:
            ours, unit = of[name][2:4]
            print("%-24s%-18s%14s%14s%9s%9s  %s %s" % (
                name, "(below)", number(ours), number(most), "", "",
                "reached" if ours < most else "missed", "" if unit == "ns" else unit))
    print()


# ---- README.md's table -----------------------------------------------------------

LARGER = {"ns": "us", "us": "ms", "ms": "s"}


def brief(value):
    """Three digits at most, as 0.57, 5.9, 123, 12345."""
    return "%.0f" % value if value >= 10 else "%.1f" % value if value >= 1 else "%.2f" % value


def amount(value, unit):
    while value >= 1000 and unit in LARGER:
        value, unit = value / 1000, LARGER[unit]
    return brief(value) + (" " + unit if unit != "pauses" else "")


def row_of(name, what, peers, of):
    """None: not measured."""
    if name not in of:
        return None
    ours, unit = of[name]
    found = [peer for peer in peers if "%s.vs.%s" % (name, peer) in of]
    beside = ["%s %s" % (peer, amount(*of["%s.vs.%s" % (name, peer)])) for peer in found]
    factors = [brief(factor_of(of["%s.vs.%s" % (name, peer)][0], ours)) for peer in found]
    aims = [brief(AIMS[name][peer]) if peer in AIMS.get(name, {}) else "-" for peer in found]
    if name in LIMITS:
        aims.append("below " + amount(LIMITS[name], unit))
    return "| `%s`: %s | %s | %s | %s | %s |\n" % (
        name, what, amount(ours, unit), "; ".join(beside), "; ".join(factors),
        "; ".join(aims) if any(aim != "-" for aim in aims) else "")


def first(command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")[0]


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = re.search(r"^model name\s*: (.*)$", file.read(), re.M)
    return "%d CPUs (%s), Linux %s, %s, load average %.1f" % (
        os.cpu_count(), model[1] if model else "unknown", platform.release(),
        first(["gcc", "--version"]), os.getloadavg()[1])


def table(path):
    of = kept(path)
    rows = [row_of(*row, of) for row in ROWS]
    return ("| medians | Clew | beside it | times faster | aim |\n|---|---|---|---|---|\n" +
            "".join(row for row in rows if row) + "\n`make bench` on %s.\n" % machine())


def put(text, path):
    with open(path, encoding="utf-8") as file:
        before, _, rest = file.read().partition(MARKS[0])
    _, mark, after = rest.partition(MARKS[1])
    assert mark, "%s: expected the lines %r and %r" % (path, *MARKS)
    with open(path, "w", encoding="utf-8") as file:
        file.write(before + MARKS[0] + text + MARKS[1] + after)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--into", metavar="FILE.md")
    parser.add_argument("results")
    options = parser.parse_args()
    if options.into:
        put(table(options.results), options.into)
    else:
        print(table(options.results), end="")


if __name__ == "__main__":
    sys.exit(main())
