# SPDX-License-Identifier: MIT
"""perf on `clew run --debug --images`: functions of cells by name.

usage: test_perf.py CLEW CELLS.tar
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import SKIPPED, TESTS, run_all, test  # noqa: E402

CLEW, CELLS = sys.argv[1:3]
EVENT = "cpu-clock"  # virtual machines may have no hardware counters


def record(data, *command):
    return subprocess.run(["perf", "record", "-q", "-e", EVENT, "-F", "2000", "-o", data, *command],
                          capture_output=True, text=True, timeout=120, check=False)


def why_not():
    """Why perf cannot be used; None: it can."""
    if not shutil.which("perf"):
        return "perf is not installed"
    with tempfile.TemporaryDirectory() as folder:
        done = record(os.path.join(folder, "data"), "true")
    if done.returncode == 0:
        return None
    return "perf cannot record: " + " ".join(done.stderr.split())[:120]


@test
def perf_names_functions_of_cells_and_of_both_versions_across_a_swap():
    with tempfile.TemporaryDirectory() as folder:
        data, images = os.path.join(folder, "data"), os.path.join(folder, "images")
        done = record(data, CLEW, "run", "--cells", CELLS, "--debug", "--images", images, "-c",
                      "run hammer --seconds 2 counter &; sleep 1; "
                      "swap counter counter_v2.o; wait")
        assert done.returncode == 0, done.stderr
        report = subprocess.run(["perf", "report", "-i", data, "--stdio", "-F", "dso,symbol"],
                                capture_output=True, text=True, timeout=120, check=True).stdout
    rows = set(re.findall(r"^\s*(\S+?)\.(\d+)\.\d+\.elf\s+\[\.\] (\S+)", report, re.M))
    for expected in (("counter", "1", "counter_next"), ("counter", "2", "counter_next")):
        assert expected in rows, report


reason = why_not()
if reason:
    SKIPPED.update({test.__name__: reason for test in TESTS})
sys.exit(run_all())
