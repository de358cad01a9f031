# SPDX-License-Identifier: MIT
"""A small storm of everything at once, in many orders of events.

usage: test_seeds.py MODE CLEW CELLS.tar FIRST LAST

With a seed time advances by counted safe points, so each seed is another
order of events, and each run of it the same.
"""

import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import storms  # noqa: E402
from tap import equal, run_all, test  # noqa: E402

MODE, CLEW, ARCHIVE = sys.argv[1:4]
FIRST, LAST = (int(word) for word in sys.argv[4:])
SWAPS = 8
EVERY = 20  # of the seeds one also replaces the system's own cells
TWICE = 3
SECONDS = 120


def squall(seed, *options):
    system = " --system" if seed % EVERY == 0 else ""
    return storms.run(storms.command(
        CLEW, ARCHIVE, MODE, "--seed", str(seed), *options, "-c",
        "load teller\nrun squall %d%s" % (SWAPS, system)), SECONDS)


def all_is_accounted_for():
    failed = []
    for seed in range(FIRST, LAST + 1):
        problem, output = squall(seed)
        if problem:
            failed.append("seed %d: %s\n%s" % (seed, problem, output))
    assert not failed, "%d seeds failed\n%s" % (len(failed), "\n".join(failed))


all_is_accounted_for.__name__ = "with seeds %d to %d all is accounted for" % (FIRST, LAST)
test(all_is_accounted_for)


def traced(seed):
    with tempfile.NamedTemporaryFile() as file:
        problem, output = squall(seed, "--trace", file.name)
        assert problem is None, problem + "\n" + output
        return output, file.read()


@test
def a_seed_gives_the_same_output_and_trace_each_time_and_another_gives_others():
    runs = [traced(seed) for seed in range(FIRST, FIRST + TWICE)]
    for seed, run in enumerate(runs, FIRST):
        again = traced(seed)
        equal(again[0], run[0])
        assert again[1] == run[1], "the traces of seed %d differ" % seed
        assert run[1].count(b"\"switch\"") > 100, "nothing happened with seed %d" % seed
    equal(len({run[1] for run in runs}), TWICE)


run_all()
