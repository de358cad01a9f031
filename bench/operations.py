#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What basic operations cost, by the application `bench`, on each machine.

usage: operations.py [--rounds N] CLEW CELLS.tar RESULTS.tsv MACHINE...

MACHINE is hosted, or one of `clew boot --machine`.  Prints a table and keeps
the rows in RESULTS.tsv.  Fails when a measurement is missing or was not made.
"""

import argparse
import subprocess
import sys

from table import keep, show

SECONDS = 900
# The first measurements of any run; which there are beyond, the application says.
NEEDED = {"call", "gate_irq", "page", "switch", "channel", "spawn", "fault", "load", "swap"}


def launch(clew, machine):
    return [clew, "run"] if machine == "hosted" else [clew, "boot", "--machine", machine]


def measure(clew, cells, machine, rounds):
    done = subprocess.run(
        [*launch(clew, machine), "--cells", cells, "-c", "run bench --rounds %d" % rounds],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS, check=False)
    if done.returncode != 0:
        raise SystemExit("%s: status %d\n%s%s" % (machine, done.returncode, done.stdout,
                                                  done.stderr))
    rows = []
    for line in done.stdout.splitlines():
        name, least, median, unit = line.split("\t")
        assert 0 <= int(least) <= int(median), line
        assert unit != "cycles" or int(least) > 0, line
        rows.append((name, machine, int(least), int(median), unit))
    missing = NEEDED - {row[0] for row in rows}
    assert not missing, "%s: no %s" % (machine, ", ".join(sorted(missing)))
    return rows


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("clew")
    parser.add_argument("cells")
    parser.add_argument("results")
    parser.add_argument("machines", nargs="+")
    options = parser.parse_args()
    rows = []
    for machine in options.machines:
        rows += measure(options.clew, options.cells, machine, options.rounds)
    keep(options.results, rows)
    show("One operation, %d rounds.  Cycles are the host's: in QEMU (TCG), what emulation costs."
         % options.rounds, rows)


sys.exit(main())
