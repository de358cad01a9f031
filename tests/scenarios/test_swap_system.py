# SPDX-License-Identifier: MIT
"""Every cell of the running system is replaced by itself while tasks are at work.

usage: test_swap_system.py [--private] CLEW CELLS.tar

Each cell has a system of its own, and at the end one system has all of its
cells replaced.  Afterwards everything that a user does must work.
"""

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
    # The load was still there when the last cell had been replaced.
    if not re.search(REPORT, "\n".join(result.parts()[len(swaps) + 1:]), re.M):
        yield "the load: %s" % re.findall(r".*calls by 2 tasks.*", result.output)
    if result.status != 1 or result.log:
        yield "status %d, the machine said: %s" % (result.status, result.log)


def swap_and_use(names, load):
    swaps = ["swap %s %s.o" % (name, name) for name in names]
    commands = ["run hammer --tasks 2 %s &" % load] + swaps + AFTER
    problems = list(find_problems(run(commands), commands, swaps))
    assert not problems, "\n".join(problems)


def make_test(name):
    def swaps():
        swap_and_use([name], "--calls 150000")
    swaps.__name__ = "everything works after %s was replaced under load" % name
    return swaps


CELLS = [row["name"] for row in table("cells")]
for cell in CELLS:
    test(make_test(cell))


@test
def everything_works_after_all_cells_were_replaced_under_load():
    swap_and_use(CELLS, "--seconds 2")


run_all()
