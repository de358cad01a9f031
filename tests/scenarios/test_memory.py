# SPDX-License-Identifier: MIT
"""What a system does that is short of memory: less, and nothing wrong.

usage: test_memory.py [--private|--boot] CLEW CELLS.tar

The application hog leaves a number of pages for a while; what is tried
meanwhile may fail, in words.  Afterwards the memory is there again.
"""

import json
import time

from system import SECONDS, SLOWER, Server

from tap import equal, run_all, test

TRIES = ["run hammer --calls 10", "run crash overflow", "load channel", "unload channel",
         "swap greeter greeter_v2.o", "swap linker linker.o", "swap task task.o", "cells",
         "run crash cleanup"]
HOLD_MS = 80 * SLOWER
SYSTEM = Server("--memory", "10M")


def in_use():
    SYSTEM.ctl("retire")
    rows = json.loads(SYSTEM.ctl("mem --json")[1])
    return {row["name"]: row["used"] for row in rows
            if row["group"] == "pool" or row["name"] in ("blocks", "stack", "buffer")}


def wait():
    """Until the hog's end was reported, which itself fails while there is no memory for it."""
    until = time.monotonic() + SECONDS
    while SYSTEM.ctl("wait")[0] != 0:
        assert time.monotonic() < until, "the hog does not end"


def settle():
    """Everything done that leaves something behind once: loaded cells, replaced versions."""
    for command in TRIES:
        SYSTEM.ctl(command)
    SYSTEM.ctl("swap greeter greeter.o")


def try_with(pages):
    """What was answered while only so many pages were free."""
    started = SYSTEM.ctl("run hog %d %d &" % (pages, HOLD_MS))
    assert started[0] == 0, started
    until = time.monotonic() + HOLD_MS / 1000
    answers = []
    for command in TRIES * 3:
        if time.monotonic() > until:
            break
        answers.append((command, *SYSTEM.ctl(command)))
    wait()
    return answers


def make_test(pages):
    def short_of_memory():
        settle()
        before = in_use()
        for command, status, output, log in try_with(pages):
            # Died with status 4, or refused without a word: neither may be.
            assert status in (0, 1) and output + log, (command, status, output, log)
        settle()
        equal(in_use(), before)
        answer = SYSTEM.ctl("run hammer --calls 10")
        assert answer[0] == 0 and answer[1].endswith(" 0 errors\n"), answer
    short_of_memory.__name__ = "with %d pages left commands fail in words, and later work" % pages
    return short_of_memory


for free in (0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144):
    test(make_test(free))


@test
def the_system_ends_cleanly():
    equal(SYSTEM.shut_down(), (0, ""))


try:
    run_all()
finally:
    SYSTEM.end()
