# SPDX-License-Identifier: MIT
"""Valgrind on `clew run --debug`: no errors where there are none, names where there are.

usage: test_valgrind.py CLEW CELLS.tar
"""

import os
import re
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..")]
from memcheck import memcheck  # noqa: E402
from profile_swap import profile  # noqa: E402
from tap import SKIPPED, TESTS, equal, run_all, test  # noqa: E402

CLEW, CELLS = map(os.path.abspath, sys.argv[1:3])


def swap_and_crash(*time):
    script = os.path.join(HERE, "swap_and_crash.clew")
    output, errors = memcheck(CLEW, "--cells", CELLS, script, time=time)
    assert errors == 0, output
    # counter, greeter, task, linker, heap, recovery; ten kinds, one of them three times
    equal(len(re.findall(r"^(?:counter|greeter|task|linker|heap|recovery) .* (?:yes|no)$",
                         output.split("CURRENT")[0], re.M)), 6)
    equal(len(re.findall(r"^crash: crashed \(fault \d+\)", output, re.M)), 13)


@test
def memcheck_finds_no_error_in_swaps_and_in_crashes_of_every_kind():
    swap_and_crash("--seed", "1")


@test
def nor_in_real_time_with_interrupts_wherever_they_come():
    swap_and_crash()


@test
def memcheck_names_functions_and_lines_of_cells_of_a_second_version_too():
    output, errors = memcheck(CLEW, "--cells", CELLS, "-c",
                              "swap task task.o; run crash null", suppressions=False)
    assert errors > 0, output
    report = re.search(r"Invalid write of size 4\n(.*?)Address 0x0 is not", output, re.S)[1]
    equal(re.findall(r" (frame_\d) \(crash.c:\d+\)", report),
          ["frame_5", "frame_4", "frame_3", "frame_2", "frame_1"])
    assert re.search(r"task_begin \(life.c:\d+\)", report), report


@test
def callgrind_counts_the_instructions_of_cells_by_name_across_swaps():
    rows, _ = profile(CLEW, 4, "--cells", CELLS)
    counts = {(name, cell): count for count, name, cell in rows}
    for expected in (("search_page", "swap"), ("link_layout", "linker"), ("elf_open", "linker"),
                     ("command_swap", "shell")):
        assert counts.get(expected, 0) > 0, sorted(counts)


if not shutil.which("valgrind"):
    SKIPPED.update({test.__name__: "valgrind is not installed" for test in TESTS})
sys.exit(run_all())
