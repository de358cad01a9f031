# SPDX-License-Identifier: MIT
"""gdb on a system in QEMU, by `clew boot --gdb` and sim/gdb/clew.py.

usage: test_gdb_boot.py CLEW CELLS.tar CLEW.elf

Expected: the lines of the sources.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import SKIPPED, TESTS, equal, run_all, test  # noqa: E402

CLEW, CELLS, IMAGE = sys.argv[1:4]
SCRIPT = "sim/gdb/clew.py"
SECONDS = 120


def gdb(commands, script):
    """What gdb prints, and the system, which runs the shell's commands in `script`."""
    with tempfile.TemporaryDirectory() as folder:
        place = os.path.join(folder, "gdb")
        with subprocess.Popen(
                [CLEW, "boot", "--gdb=" + place, "--image", IMAGE, "--cells", CELLS, "-c", script],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                text=True) as system:
            deadline = time.monotonic() + SECONDS
            while not os.path.exists(place):
                assert time.monotonic() < deadline and system.poll() is None
                time.sleep(0.05)
            arguments = ["gdb", "-q", "-nx", "-batch", "-x", SCRIPT]
            for command in ["set pagination off", "set width 0", f"target remote {place}",
                            *commands, "delete", "continue"]:
                arguments += ["-ex", command]
            output = subprocess.run([*arguments, IMAGE], stdout=subprocess.PIPE,
                                    stderr=subprocess.STDOUT, text=True, timeout=SECONDS,
                                    check=False).stdout
            return output, system.communicate(timeout=SECONDS)[0]


def line_of(path, text):
    with open(path, encoding="utf-8") as file:
        return [number for number, line in enumerate(file, 1) if text in line][-1]


def frames(output):
    """The functions of each backtrace, innermost first."""
    found = []
    for number, name in re.findall(r"^#(\d+)\s+(?:0x[0-9a-f]+ in )?(\S+) \((?:.*)", output, re.M):
        if number == "0":
            found.append([])
        found[-1].append(name)
    return found


@test
def a_pending_breakpoint_in_a_second_version_is_hit_after_the_swap_with_names_and_lines():
    line = line_of("fixtures/counter_v2.c", "counter_state.value++")
    output, system = gdb(
        [f"break counter_v2.c:{line}", "continue", "backtrace", "print counter_state",
         "clew cells", "clew tasks", "print *task_state.current", "print *linker_state.cells",
         "print task_state.current->guard.word = 0", "print task_state.current->guard"],
        "load counter; swap counter counter_v2.o; run hammer --calls 2")
    assert "pending" in output, output
    assert re.search(rf"counter_next .*fixtures/counter_v2.c:{line}\n", output), output
    names = frames(output)[0]
    equal((names[0], names[-2:]), ("counter_next", ["task_begin", "context_start"]))
    assert re.search(r"^\$1 = \{value = \d+, calls = \d+\}", output, re.M), output
    assert re.search(r"^counter +2 +2000[0-9a-f]+ +2000[0-9a-f]+ +2000[0-9a-f]+ +yes", output,
                     re.M), output
    assert re.search(r"^ +1 +captain +parked +task_park", output, re.M), output
    assert re.search(r'^\$2 = task \d+ "hammer", running$', output, re.M), output
    assert re.search(r'^\$3 = cell "\w+", version 1$', output, re.M), output
    assert "$5 = empty map_none\n" in output, output
    assert re.search(r"^\d+ calls by 4 tasks in .* 0 errors$", system, re.M), system


@test
def a_crash_is_shown_where_it_is_and_while_it_is_unwound_and_the_system_goes_on():
    line = line_of("cells/crash/crash.c", "*(volatile uint32_t *)address = 1;")
    output, system = gdb(
        ["break handle_fault", "continue", "clew bt trap", "clew bt 1", "delete",
         "break witness_cleanup", "continue", "backtrace"], "run crash null; echo goes on")
    fault, captain, cleanup = frames(output)
    equal(fault[:5], ["frame_5", "frame_4", "frame_3", "frame_2", "frame_1"])
    equal(fault[-1], "context_start")
    assert re.search(rf"#0 .* frame_5 .*/crash/crash.c:{line}\n", output), output
    equal((captain[0], "keep_house" in captain), ("task_park", True))
    equal((cleanup[0], cleanup[-1]), ("witness_cleanup", "context_start"))
    assert cleanup[1].startswith("frame_5"), output
    assert "5 cleanups run, 0 faults in cleanups" in system, system
    assert "goes on" in system, system


@test
def names_go_with_the_cell():
    output, _ = gdb(
        ["break frame_1", "continue", "info functions ^frame_1$", "break command_cells", "continue",
         "info functions ^frame_1$", "info functions ^command_cells$"],
        "run crash null; retire; cells")
    _, before, after, another = output.split("All functions matching")
    equal([len(re.findall(r"^\d+:.* (?:frame_1|command_cells)\(", part, re.M))
           for part in (before, after, another)], [1, 0, 1])


if not shutil.which("gdb"):
    SKIPPED.update({test.__name__: "gdb is not installed" for test in TESTS})
elif not shutil.which("qemu-system-x86_64"):
    SKIPPED.update({test.__name__: "QEMU is not installed" for test in TESTS})
sys.exit(run_all())
