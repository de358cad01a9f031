#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs each kind of the application ordeal.c in a system of its own.

usage: ordeal.py CLEW CELLS.tar ORDEAL.o

Expected are the frames' cleanups in reverse order, the cause, what was
recorded, the same memory in use afterwards, and a system that goes on.
Speaks TAP.
"""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

SECONDS = 60
FRAMES = [4, 3, 2, 1]
ADDRESS = "0x[0-9a-f]+"

# kind: cause, function, cleanups printed, landing pads, nested faults
UNWOUND = {
    "ud2": ("invalid opcode", "undefined_instruction", FRAMES, 4, 0),
    "int3": ("breakpoint", "breakpoint", FRAMES, 4, 0),
    "hlt": ("general protection: bad address or privileged instruction", "privileged",
            FRAMES, 4, 0),
    "syscall": ("system call", "system_call", FRAMES, 4, 0),
    "backwards": ("page fault: write of 0x0", "backwards", FRAMES, 4, 0),
    "float": ("SIMD floating-point exception", "float_exception", FRAMES, 4, 0),
    "jumpnull": ("call of 0x0", "frame_4", FRAMES, 4, 0),
    "jumpfar": ("general protection: bad address or privileged instruction", "jump_to",
                FRAMES, 4, 0),
    "calldata": ("call of " + ADDRESS, "to_data", FRAMES, 4, 0),
    "irq": ("page fault: write of 0x8", "with_interrupts_off", [90] + FRAMES, 5, 0),
    "bombs": ("page fault: write of 0x18", "many_bombs", FRAMES, 13, 9),
    "overflows": ("stack overflow", "recurse", FRAMES, 5, 1),
    "deep": ("stack overflow", "recurse_owning", FRAMES, None, 0),
    "put": (r"panic: live owner overwritten \(ordeal\.c:[0-9]+\)", "put_twice",
            [91] + FRAMES, 5, 0),
    "quote": (r'assert: string_equal\("\\"", "\\\\"\) \(ordeal\.c:[0-9]+\)', "assert_quoted",
              FRAMES, 4, 0),
    "free": ("page fault: read of 0x1000", "heap_free", FRAMES, None, 0),
}

# The frames cannot be found, or there are more faults than are put up with.
LOST = {
    "nostack": ("page fault: write of 0xfffffffffffffff8", "no_stack", 0, 0),
    "wrongstack": ("page fault: write of 0x0", "wrong_stack", 0, 0),
    "smashtwo": ("return to 0x6b6b6b6b6b6b", r"\?", 0, 0),
    "smashcode": ("invalid opcode", "undefined_instruction", 0, 0),
    "framepointer": ("page fault: write of 0x0", "smash_frame_pointer", 0, 0),
    "morebombs": ("page fault: write of 0x18", "many_bombs", 17, 17),
}


class Failed(Exception):
    pass


def check(holds, what):
    if not holds:
        raise Failed(what)


class System:
    def __init__(self, clew, cells):
        self.clew = clew
        self.cells = cells

    def run(self, commands, *options):
        return subprocess.run(
            [self.clew, "run", "--seed", "1", "--cells", self.cells, *options, "-c", commands],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            timeout=SECONDS, check=False, text=True, errors="replace")


def memory_in_use(output):
    """The tables of `mem`, without the lines that do not say what is in use."""
    tables = []
    for line in output.splitlines():
        if line.startswith("NAME  ") and "GROUP" in line:
            tables.append([])
        elif tables and re.match(r"\w+ +(frames|heap|pool) ", line):
            tables[-1].append(line)
    return tables


def cleanups(output):
    return [int(line.split()[1]) for line in output.splitlines() if line.startswith("cleanup ")]


def run_kind(system, kind):
    # Once before the first `mem`, so that what is allocated on first use is there.
    done = system.run("run ordeal; mem; run ordeal %s; mem; run hammer --calls 10" % kind)
    check(done.stderr == "", "on the machine's log: " + done.stderr)
    tables = memory_in_use(done.stdout)
    check(len(tables) == 2, "two tables of memory in:\n" + done.stdout)
    check(tables[0] == tables[1], "memory in use:\n" + "\n".join(
        "%s\n%s" % pair for pair in zip(*tables) if pair[0] != pair[1]))
    check(re.search(r"calls by [0-9]+ tasks in .*, 0 errors", done.stdout),
          "the system goes on:\n" + done.stdout)
    return done.stdout


def check_record(output, cause, function):
    check(re.search(r"^ordeal: crashed \(fault 1\): %s$" % cause, output, re.M),
          "cause %s in:\n%s" % (cause, output))
    check(re.search(r"function %s$" % function, output, re.M),
          "function %s in:\n%s" % (function, output))


def check_counts(output, pads, nested, lost):
    match = re.search(r"^  ([0-9]+) cleanups run, ([0-9]+) faults in cleanups(.*)$", output, re.M)
    check(match, "counts in:\n" + output)
    check(pads is None or int(match[1]) == pads, "%s landing pads, not %s" % (match[1], pads))
    check(int(match[2]) == nested, "%s faults in cleanups, not %s" % (match[2], nested))
    check((match[3] != "") == lost, "the rest of the stack: '%s'" % match[3])


def check_unwound(system, kind):
    cause, function, expected, pads, nested = UNWOUND[kind]
    output = run_kind(system, kind)
    check_record(output, cause, function)
    check(cleanups(output) == expected, "cleanups %s in:\n%s" % (expected, output))
    check_counts(output, pads, nested, False)


def check_lost(system, kind):
    cause, function, pads, nested = LOST[kind]
    output = run_kind(system, kind)
    check_record(output, cause, function)
    check(cleanups(output) == [], "no cleanup of a lost frame in:\n" + output)
    check_counts(output, pads, nested, True)


def check_exit(system):
    output = run_kind(system, "exit")
    check(cleanups(output) == FRAMES, "cleanups in:\n" + output)
    check("crashed" not in output, "no crash in:\n" + output)


def check_interrupt(system):
    done = system.run("run ordeal interrupt")
    check(done.returncode == 4, "status %d, not 4" % done.returncode)
    check(re.match(r"clew: died: page fault: write of 0x10, rip %s rsp %s\n"
                   r"  ordeal:bad_handler\+%s\n  interrupt:\w+\+%s\n"
                   % (ADDRESS, ADDRESS, ADDRESS, ADDRESS), done.stderr),
          "the report: " + done.stderr)


def check_seed(system, folder):
    traces = []
    for name in "first", "second":
        path = os.path.join(folder, name)
        system.run("run ordeal bombs; run ordeal nostack; run crash overflow", "--trace", path)
        with open(path, encoding="utf-8") as file:
            traces.append(file.read())
    check(traces[0].count('"event":"fault"') == 3, "three faults in the trace")
    check(traces[0] == traces[1], "two traces of one seed differ")


def check_swap(system):
    crash = "run crash cleanup; swap recovery recovery.o; "
    done = system.run("run hammer --calls 20000 &; " + 5 * crash + "wait; faults")
    check(cleanups(done.stdout) == 5 * [5, 4, 3, 2, 1], "cleanups in:\n" + done.stdout)
    records = re.findall(r"^ +[0-9]+ .* frame_5 +6 +1 +no +page fault", done.stdout, re.M)
    check(len(records) == 5, "5 records in:\n" + done.stdout)
    check(re.search(r"^320000 calls by 4 tasks in .*, 0 errors$", done.stdout, re.M),
          "the tasks that did nothing wrong:\n" + done.stdout)


def tests(system, folder):
    for kind in UNWOUND:
        yield ("ordeal %s is unwound through all of its frames" % kind,
               lambda kind=kind: check_unwound(system, kind))
    for kind in LOST:
        yield ("ordeal %s ends although its frames are lost, and its memory is not" % kind,
               lambda kind=kind: check_lost(system, kind))
    yield "an exit four frames deep runs the cleanups", lambda: check_exit(system)
    yield ("a fault in an interrupt handler ends the system with a report",
           lambda: check_interrupt(system))
    yield "crashes are the same in two runs of one seed", lambda: check_seed(system, folder)
    yield ("recovery is replaced between crashes and keeps its log",
           lambda: check_swap(system))


def main():
    clew, archive, ordeal = sys.argv[1:]
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        cells = os.path.join(folder, "cells")
        with tarfile.open(archive) as tar:
            tar.extractall(cells)
        shutil.copy(ordeal, os.path.join(cells, "ordeal.o"))
        all_tests = list(tests(System(os.path.abspath(clew), cells), folder))
        print("1..%d" % len(all_tests), flush=True)
        for number, (name, run) in enumerate(all_tests, 1):
            try:
                run()
                print("ok %d - %s" % (number, name), flush=True)
            except (Failed, subprocess.TimeoutExpired) as error:
                failed += 1
                for line in str(error).splitlines():
                    print("# " + line)
                print("not ok %d - %s" % (number, name), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
