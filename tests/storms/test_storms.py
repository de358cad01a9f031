# SPDX-License-Identifier: MIT
"""Each storm, at the size for every day.

usage: test_storms.py MODE CLEW CELLS.tar       MODE: shared, private or pc
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import storms  # noqa: E402
from tap import run_all, test  # noqa: E402

MODE, CLEW, ARCHIVE = sys.argv[1:]
SECONDS = 240


def make_test(name):
    storm = storms.STORMS[name]
    count = storm.small[MODE == "pc"]

    def holds():
        problem, output = storms.run(
            storms.command(CLEW, ARCHIVE, MODE, "-c", storms.script(name, MODE, count)), SECONDS)
        assert problem is None, problem + "\n" + output
    holds.__name__ = "%d: %s" % (count, storm.about)
    return holds


if MODE == "pc" and not storms.find_qemu():
    print("1..0 # SKIP qemu-system-x86_64 is not installed")
    sys.exit(0)
for each in storms.STORMS:
    test(make_test(each))
run_all()
