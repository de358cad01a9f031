#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Whichever request for memory fails in a running system, everything is as before.

usage: test_running.py [--private|--boot] [--every N] CLEW FAILING.tar

The application k_th does the work: see k_th.c and operations.c.  For each
operation every k is tried (or every N-th), and a dump of all that the system
holds is compared.
"""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenarios"))

STEP = 1
if "--every" in sys.argv:
    STEP = int(sys.argv.pop(sys.argv.index("--every") + 1))
    sys.argv.remove("--every")

from system import ARCHIVE, MACHINE, Result, Server, start  # noqa: E402

from tap import equal, run_all, test  # noqa: E402

# By the beginning of an operation's name: requests that it makes at least.
GROUPS = {
    "load": 5, "unload": 1, "swap": 5, "spawn": 3, "kill": 3, "application": 8, "channel": 1,
    "messages": 4, "rendezvous": 4, "memory": 7, "crash": 10, "restart": 40, "file": 1,
    "folder": 1, "copy": 2, "shell": 4,
}
PLANTED = ("block", "pages", "permission", "reference", "entry", "state", "contents", "slot",
           "cell", "task")
LINE = re.compile(r"^(\S+) +(\d+) requests +(\d+) failed +(\d+) done all the same (right|WRONG)$",
                  re.M)
IN_WORDS = re.compile(
    r"^\w+: (.*: )?(out of memory|no memory for [a-z ]+|cannot start a task: out of memory)"
    r"(: expected .*)?$")
SECONDS = 560


RUNS = {}


def try_all(*options):
    """What k_th said with the options: one system for all of its operations."""
    if options not in RUNS:
        RUNS[options] = Result(*start("--cells", ARCHIVE, "--seed", "1", "-c",
                                      "run k_th %s" % " ".join(options), seconds=SECONDS))
        equal(RUNS[options].log, "")
    return RUNS[options]


def about(output, group):
    """What was said of the operations whose names begin so."""
    kept = [line for line in output.splitlines()
            if re.match(r"%s\b|  (before|after) " % group, line)]
    return "\n".join(kept), [line for line in LINE.findall(output) if
                             re.match(r"%s\b" % group, line[0])]


def make_test(group, least, *options):
    def as_before():
        output = try_all("--step", str(STEP), *options).output
        said, lines = about(output, group)
        wrong = [line for line in lines if line[-1] != "right"]
        assert lines and not wrong, said or output[-2000:]
        for name, requests, failed, _, _ in lines:
            assert int(requests) >= least and int(failed) > 0, (name, requests, failed)
        failed = sum(int(line[2]) for line in lines)
        print("# %d attempts failed: %s" % (failed, ", ".join(line[0] for line in lines)))
        if group == "shell":
            check_words(output, failed)
    as_before.__name__ = "%s: after %s fails, everything is as before" % (
        group, "the k-th request" if not options else "every request from the k-th on")
    return as_before


def check_words(output, failed):
    """Each attempt that failed said so in a line, and none of them with a number."""
    said = [line for line in output.splitlines() if "memory" in line and not LINE.match(line)]
    strange = [line for line in said if not IN_WORDS.match(line)]
    assert not strange, strange
    assert len(said) >= failed, (len(said), failed)
    assert not re.search(r"\berror -?\d", output), output[-2000:]


for group_name, requests_least in GROUPS.items():
    test(make_test(group_name, requests_least))
    if MACHINE == "hosted" and group_name != "copy":
        test(make_test(group_name, requests_least, "--on"))


def make_planted(what):
    def is_seen():
        said, lines = about(try_all("planted").output, "planted-" + what)
        equal([line[-1] for line in lines], ["WRONG"])
        assert re.search(r"request \d+:\n  before .*\n  after  ", said), said
    is_seen.__name__ = "what is left behind is seen: %s" % what
    return is_seen


for planted in PLANTED:
    test(make_planted(planted))


@test
def a_shell_that_cannot_be_started_again_comes_back_when_there_is_memory():
    system = Server()
    try:
        status, output, log = system.ctl("run k_th --on alone-shell")
        equal((status, log, LINE.findall(output)[0][-1]), (0, "", "right"))
        equal(system.shut_down()[0], 0)
    finally:
        system.end()


@test
def no_operation_was_wrong_but_those_that_were_planted():
    wrong = {options for options, result in RUNS.items() if "WRONG" in result.output}
    equal(wrong, {("planted",)})


run_all()
