#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every storm at full size, in both memory modes and in QEMU.

usage: soak.py CLEW CELLS.tar [COUNT [SEEDS]]

COUNT is the size of each storm in the hosted machine, 1,000,000 when it is not
given; in QEMU it is COUNT times what storms.py says.  SEEDS, 1,000 when not
given, is how many orders of events of a small storm are tried in each mode.
Says how far it is on one line, which is written anew on a terminal.  Exits
with 1 when a storm was not what it should be.
"""

import sys
import time

import storms

SECONDS_A_LINE = 10
DAY = 24 * 3600
SEEDS = 1000
SEED_SWAPS = 30


class Line:
    """How far a storm is: one line on a terminal, else one now and then."""

    def __init__(self, title):
        self.title = title
        self.start = time.monotonic()
        self.told = 0 if sys.stdout.isatty() else self.start

    def write(self, text, end):
        clear = "\r\033[K" if sys.stdout.isatty() else ""
        print("%s%s: %s" % (clear, self.title, text), end=end, flush=True)

    def tell(self, done, total):
        now = time.monotonic()
        terminal = sys.stdout.isatty()
        if now - self.told < (0.2 if terminal else SECONDS_A_LINE):
            return
        self.told = now
        spent = now - self.start
        left = spent * (total - done) / done if done else 0
        self.write("%d of %d, %d s, %d s left" % (done, total, spent, left),
                   "" if terminal else "\n")

    def end(self, count, problem, output):
        spent = max(time.monotonic() - self.start, 1e-9)
        self.write("%d in %.1f s, %.0f a second%s" % (
            count, spent, count / spent, "" if problem is None else ": " + problem), "\n")
        if problem is not None:
            print(output)


def run_storm(name, mode, count, arguments):
    line = Line("%s, %s" % (name, mode))
    problem, output = storms.run(
        storms.command(*arguments, mode, "-c", storms.script(name, mode, count) + " --progress"),
        DAY, line.tell)
    line.end(count, problem, output)
    return problem is None


def run_seeds(mode, count, arguments):
    line = Line("seeds, " + mode)
    failed = []
    for seed in range(1, count + 1):
        problem, output = storms.run(storms.command(
            *arguments, mode, "--seed", str(seed), "-c",
            "load teller\nrun squall %d --system" % SEED_SWAPS), DAY)
        if problem:
            failed.append("seed %d: %s\n%s" % (seed, problem, output))
        line.tell(seed, count)
    line.end(count, "%d failed" % len(failed) if failed else None, "\n".join(failed))
    return not failed


def main():
    arguments = sys.argv[1:3]
    given = [int(word) for word in sys.argv[3:]]
    good = True
    for mode in storms.LAUNCHES:
        if mode == "pc" and not storms.find_qemu():
            print("pc: left out, qemu-system-x86_64 is not installed")
            continue
        for name, storm in storms.STORMS.items():
            hosted, pc = storm.full
            count = given[0] if given else hosted
            if mode == "pc":
                count = max(1, count * pc // hosted)
            good &= run_storm(name, mode, count, arguments)
        if mode != "pc":
            good &= run_seeds(mode, given[1] if len(given) > 1 else SEEDS, arguments)
    return 0 if good else 1


sys.exit(main())
