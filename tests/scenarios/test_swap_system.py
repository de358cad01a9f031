# SPDX-License-Identifier: MIT
"""Every cell of the running system is replaced by itself while tasks are at work.

usage: test_swap_system.py [--private|--boot] CLEW CELLS.tar

Each cell has a system of its own, and at the end one system has all of its
cells replaced.  Afterwards everything that a user does must work.  Then swaps
and crashes come in a storm, after which nothing of the old versions is left.
"""

import json
import random
import re

from system import run, table

from tap import run_all, test

REPORT = r"^[0-9]+ calls by 2 tasks in .* s, 0 errors$"
# What has to work after a swap; each is tried and its output checked by CHECKS.
AFTER = ["wait", "run hammer --calls 100", "run crash cleanup", "run --restart 1,1 crash null",
         "load channel", "unload channel", "run hammer --tasks 2 --calls 5000 &", "kill %2",
         "sleep 0.001", "ps", "deps linker", "retire", "run nosuch", "echo alive"]
CHECKS = {
    "run hammer --calls 100": r"^1600 calls by 4 tasks in .* s, 0 errors$",
    "run crash cleanup": r"^cleanup 5\ncleanup 4\ncleanup 3\ncleanup 2\ncleanup 1\ncrash: crashed "
                         r"\(fault 1\): page fault: write of 0x0\n  in cell crash .* frame_5\n",
    "run --restart 1,1 crash null": r"^crash: restarted 1 of 1 in .* ms$",
    "load channel": r"^channel: loaded$",
    "unload channel": r"^channel: unloaded$",
    "ps": r"ps +running",
    "deps linker": r"^linker_load +used by",
    "run nosuch": r"^run: cell nosuch: ",
    "echo alive": r"^alive$",
}


def find_problems(result, commands, swaps):
    parts = dict(zip(commands, result.parts()))
    for command in swaps:
        name = command.split()[1]
        if not re.search(r"^%s +1 +1 " % name, parts.get(command, ""), re.M):
            yield "%s: %s" % (command, parts.get(command, "no answer"))
    for command, pattern in CHECKS.items():
        if not re.search(pattern, parts.get(command, ""), re.M):
            yield "%s: %s" % (command, parts.get(command, "no answer"))
    if not re.search(REPORT, result.output, re.M):
        yield "the load: %s" % re.findall(r".*calls by 2 tasks.*", result.output)
    if result.status != 1 or result.log:
        yield "status %d, the machine said: %s" % (result.status, result.log)


def run_under_load(swaps, after, milliseconds):
    """The load has to last until the last swap is done: a slow machine gets more of it."""
    for factor in (1, 4, 16):
        calls = 500 * milliseconds * factor
        commands = ["run hammer --tasks 2 --calls %d &" % calls] + swaps + after
        result = run(commands)
        if not re.search(REPORT, "\n".join(result.parts()[:len(swaps) + 1]), re.M):
            return commands, result
    raise AssertionError("the load ended too early each time:\n" + result.output)


def swap_and_use(names, milliseconds):
    swaps = ["swap %s %s.o" % (name, name) for name in names]
    commands, result = run_under_load(swaps, AFTER, milliseconds)
    problems = list(find_problems(result, commands, swaps))
    assert not problems, "\n".join(problems)


def make_test(name):
    def swaps():
        swap_and_use([name], 300)
    swaps.__name__ = "everything works after %s was replaced under load" % name
    return swaps


CELLS = [row["name"] for row in table("cells")]
for cell in CELLS:
    test(make_test(cell))


@test
def everything_works_after_all_cells_were_replaced_under_load():
    swap_and_use(CELLS, 3000)


@test
def services_are_replaced_there_and_back_and_no_call_fails_or_is_lost():
    swaps = 3 * ["swap greeter greeter_v2.o", "swap counter counter_v2.o", "sleep 0.01",
                 "swap greeter greeter.o", "swap counter counter.o", "sleep 0.01"]
    _, result = run_under_load(swaps, ["wait"], 1000)
    assert (result.status, result.log) == (0, ""), (result.status, result.log)
    report = result.parts()[-1]
    for pattern in (r"^greeter +1 +[1-9]\d* +[1-9]", r"^greeter +2 +[1-9]\d* +[1-9]",
                    r"^counter +1 +[1-9]", r"^counter +2 +[1-9]", REPORT):
        assert re.search(pattern, report, re.M), (pattern, report)


# ---- a storm ------------------------------------------------------------------------

CRASHES = "null div wild overflow assert abort leaf cleanup badcall smash".split()
SETTLED = ["wait", "retire", "mem --json", "retire --json"]


def storm(rounds, dice):
    for _ in range(rounds):
        for name in dice.sample(CELLS, len(CELLS)):
            yield "swap %s %s.o" % (name, name)
            if dice.random() < 0.2:
                yield "run crash " + dice.choice(CRASHES)
            if dice.random() < 0.1:
                yield "swap greeter " + dice.choice(("greeter.o", "greeter_v2.o"))
            if dice.random() < 0.1:
                yield "run hammer --calls 200 &"
            if dice.random() < 0.05:
                yield "wait"


def held(memory):
    """What is in use, other than free blocks that the heap keeps for the next."""
    return {row["name"]: row["used"] for row in json.loads(memory)
            if row["group"] == "pool" or row["name"] in ("blocks", "stack", "buffer", "table")}


@test
def a_storm_of_swaps_and_crashes_under_load_loses_no_call_and_leaves_nothing():
    dice = random.Random(1)
    load = ["run hammer --tasks 2 --seconds 1 &"]
    first = load + list(storm(1, dice)) + SETTLED
    commands = first + load + list(storm(4, dice)) + SETTLED
    result = run(commands)
    parts = result.parts()
    reports = re.findall(r"^[0-9]+ calls by .*", result.output, re.M)
    assert len(reports) > 2 and all(text.endswith(" 0 errors") for text in reports), reports
    for command, text in zip(commands, parts):
        assert not command.startswith("swap") or "NAME          FROM" in text, (command, text)
    assert (result.status, result.log) == (1, ""), (result.status, result.log)
    before, after = parts[len(first) - 2], parts[-2]
    assert held(after) == held(before), (held(before), held(after))
    # What is left is what the tasks of the system itself still stand on.
    left = json.loads(parts[-1])
    assert all(row["stack_words"] > 0 for row in left), left
    assert [row["name"] for row in left] == [row["name"] for row in json.loads(
        parts[len(first) - 1])], left


run_all()
