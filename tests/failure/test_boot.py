#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Whichever request for memory fails during boot: a whole system, or a sentence and status 3.

usage: test_boot.py [--private|--boot] [--every N] CLEW CELLS.tar FAILING.tar

Never a hang, a death, or a part of a system.  Two stages: nano_core, which
loads the cells, and the cells from captain on.  In each the k-th request
fails, or all from the k-th on, for every k, or every N-th.
"""

import os
import re
import subprocess
import sys
import tarfile
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenarios"))

STEP = 1
if "--every" in sys.argv:
    STEP = int(sys.argv.pop(sys.argv.index("--every") + 1))
    sys.argv.remove("--every")

from failing import ON, ONCE, STAGES, FailingArchive  # noqa: E402
from system import ARCHIVE, ARGUMENTS, MACHINE, MARK, SLOWER, start  # noqa: E402

from tap import equal, run_all, test  # noqa: E402

FAILING = FailingArchive(*ARGUMENTS)
SECONDS = 60 * SLOWER  # a hang; the machine may be busy
REQUESTS_MAX = 1 << 14
COMMANDS = ["echo up", "ls /doc", "cells", "log"]
SCRIPT = (";echo %s;" % MARK).join(COMMANDS)
NO_TASK = "echo: cannot start a task: out of memory"
SENTENCE = re.compile(r"((nano_core|captain|shell): [^\n]*(memory|cannot start|guard page)|"
                      r"clew(?: boot)?: too little memory: expected [^\n]*)[^\n]*\n")


def boot(archive, script, *options):
    try:
        return start("--cells", archive, *options, "-c", script, seconds=SECONDS)
    except subprocess.TimeoutExpired:
        return "hangs", "", ""


def names(cells):
    return [line.split()[:2] for line in cells.splitlines()]


class Whole:
    """What a boot without a failure gives."""

    def __init__(self, archive):
        status, output, log = boot(archive, SCRIPT)
        equal((status, log), (0, ""))
        self.pages, cells = self.read(output)[1:3]
        self.cells = names(cells)

    @staticmethod
    def read(output):
        return [part.strip("\n") for part in output.split(MARK + "\n")]

    def check(self, where, status, output, log):
        """0, 1 and all is there; or 3 and one sentence."""
        if status == 3:
            assert not output and SENTENCE.fullmatch(log), (where, output, log)
            return
        assert status in (0, 1), (where, status, output, log)
        equal((where, log), (where, ""))
        if NO_TASK in output:  # the boot was over
            return
        up, pages, cells, messages = self.read(output)
        equal((where, up), (where, "up"))
        equal((where, names(cells)), (where, self.cells))
        if "captain: not all files are there" in messages:  # but whole ones only
            missing = "ls: /doc: not found"
            assert pages == missing or set(pages.splitlines()) < set(self.pages.splitlines())
        else:
            equal((where, pages), (where, self.pages))


def first_whole(stage):
    """The smallest k for which all is well though all requests from the k-th on fail."""
    low, high = 1, REQUESTS_MAX
    while low < high:
        middle = (low + high) // 2
        if boot(FAILING.write(stage, middle, ON), "echo up")[0] == 0:
            high = middle
        else:
            low = middle + 1
    assert 1 < low < REQUESTS_MAX, low
    return low


def make_test(stage, extent):
    def never_half_a_system():
        whole = Whole(FAILING.write(stage, 0, ONCE))
        end = first_whole(stage)
        step = STEP if stage == "nano_core.o" else max(1, STEP // 30)
        done = {}
        for k in [*range(1, end, step), end]:
            status, output, log = boot(FAILING.write(stage, k, extent), SCRIPT)
            if k < end or extent == ONCE:  # from there on the script has no memory
                whole.check((stage, k), status, output, log)
            done[status] = done.get(status, 0) + 1
        print("# %s: %d requests, %s" % (stage, end - 1, ", ".join(
            "%d ended with status %s" % (count, status) for status, count in done.items())))
        assert done.get(3, 0) > 0, done
    never_half_a_system.__name__ = "%s of %s failing gives all of a system or none" % (
        "the k-th request" if extent == ONCE else "the requests from the k-th on",
        stage.replace(".o", "") if stage == "nano_core.o" else "the cells")
    return never_half_a_system


for boot_stage in STAGES:
    test(make_test(boot_stage, ONCE))
    if MACHINE == "hosted":
        test(make_test(boot_stage, ON))


@test
def with_any_amount_of_memory_there_is_all_of_a_system_or_none():
    """A member of the archive that nobody reads takes what memory there is."""
    whole = Whole(ARCHIVE)
    done = {}
    with tempfile.TemporaryDirectory() as folder:
        for kilobytes in range(0, 6400, 6400 // 200 * (1 if STEP == 1 else 4)):
            path = os.path.join(folder, "cells.tar")
            with tarfile.open(ARCHIVE) as source, \
                    tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as to:
                for member in source:
                    to.addfile(member, source.extractfile(member))
                padding = tarfile.TarInfo("padding")
                padding.size = kilobytes << 10
                with open("/dev/zero", "rb") as zeros:
                    to.addfile(padding, zeros)
            result = boot(path, SCRIPT, "--memory", "8M")
            whole.check("%d KiB less" % kilobytes, *result)
            done[result[0]] = done.get(result[0], 0) + 1
    print("# %s" % ", ".join("%d ended with status %s" % (count, status)
                             for status, count in done.items()))
    assert done.get(0, 0) > 0 and done.get(3, 0) > 0, done


run_all()
