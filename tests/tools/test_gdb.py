# SPDX-License-Identifier: MIT
"""gdb on `clew run --debug`, with sim/gdb/clew.py.  Expected: the lines of the sources.

usage: test_gdb.py CLEW CELLS.tar FIXTURES
"""

import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import SKIPPED, TESTS, equal, run_all, test  # noqa: E402

CLEW, CELLS, FIXTURES = sys.argv[1:4]
SCRIPT = "sim/gdb/clew.py"


def gdb(commands, script, *options):
    """What gdb prints, running the system's shell commands in `script`."""
    arguments = ["gdb", "-q", "-nx", "-batch", "-x", SCRIPT]
    for command in ["set pagination off", "set width 0", *commands]:
        arguments += ["-ex", command]
    arguments += ["--args", CLEW, "run", "--debug", *options, "--cells", CELLS, "-c", script]
    return subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=120, check=False).stdout


def line_of(path, text):
    with open(path, encoding="utf-8") as file:
        return [number for number, line in enumerate(file, 1) if text in line][-1]


def frames(output):
    """The functions of the last backtrace, innermost first."""
    found = re.findall(r"^#(\d+)\s+(?:0x[0-9a-f]+ in )?(\S+) \((?:.*)", output, re.M)
    start = max(i for i, (number, _) in enumerate(found) if number == "0")
    return [name for _, name in found[start:]]


@test
def a_pending_breakpoint_is_resolved_when_the_cell_is_loaded_and_hit():
    output = gdb(["break crash.c:frame_3", "run", "backtrace"], "run crash null")
    assert "pending" in output, output
    assert re.search(r"^Breakpoint 1, frame_3 \(kind=.*crash/crash.c:\d+", output, re.M), output
    equal(frames(output)[:3], ["frame_3", "frame_2", "frame_1"])
    equal(frames(output)[-2:], ["task_begin", "context_start"])


@test
def a_breakpoint_on_a_line_of_a_second_version_is_hit_after_the_swap():
    line = line_of("fixtures/counter_v2.c", "counter_state.value++")
    output = gdb([f"break counter_v2.c:{line}", "run", "print counter_state.calls", "next",
                  "print counter_state"], "load counter; swap counter counter_v2.o; "
                 "run hammer --calls 2")
    assert re.search(rf"counter_next .*fixtures/counter_v2.c:{line}\n", output), output
    assert re.search(r"^\$2 = \{value = \d+, calls = \d+\}", output, re.M), output


@test
def gdb_stops_at_the_line_that_crashes_and_the_system_goes_on_from_there():
    line = line_of("cells/crash/crash.c", "*(volatile uint32_t *)address = 1;")
    output = gdb(["run", "backtrace 2", "continue"], "run crash null; cells")
    assert re.search(rf"SIGSEGV.*\n.*frame_5 .*crash.c:{line}\n", output), output
    assert "crash: crashed (fault 1): page fault: write of 0x0" in output, output
    assert "exited" in output, output


@test
def in_recovery_the_script_shows_the_task_that_crashed_and_then_the_handler_goes_on():
    output = gdb(["handle SIGSEGV nostop noprint pass", "break handle_fault", "run",
                  "clew bt trap", "continue"], "run crash null")
    names = frames(output)
    equal(names[:5], ["frame_5", "frame_4", "frame_3", "frame_2", "frame_1"])
    equal(names[-1], "context_start")
    assert "5 cleanups run, 0 faults in cleanups" in output, output


@test
def a_cleanup_that_runs_while_a_crash_is_unwound_has_the_backtrace_of_the_task():
    output = gdb(["handle SIGSEGV nostop noprint pass", "break witness_cleanup", "run",
                  "backtrace"], "run crash null")
    names = frames(output)
    equal(names[0], "witness_cleanup")
    assert names[1].startswith("frame_5") and names[-1] == "context_start", output


@test
def a_backtrace_in_the_machine_goes_on_to_the_cell_that_called_it():
    output = gdb(["break uart_out8", "run", "backtrace"], "cells")
    names = frames(output)
    equal(names[0], "uart_out8")
    assert len(names) > 3 and names[-1] in ("context_start", "context_abandon"), output


@test
def the_script_prints_cells_tasks_and_handles_and_the_backtrace_of_a_parked_task():
    output = gdb(["break frame_5", "run", "clew cells", "clew tasks", "clew bt 2",
                  "print *task_state.current", "print task_state.current->stack",
                  "print task_state.current->guard.word = 0",
                  "print task_state.current->guard", "print *linker_state.cells"],
                 "run crash null")
    assert re.search(r"^linker +1 +2000[0-9a-f]+ +2000[0-9a-f]+ +2000[0-9a-f]+ +yes", output,
                     re.M), output
    assert re.search(r"^ +1 +captain +parked +task_park", output, re.M), output
    assert re.search(r'^\$1 = task \d+ "crash", running$', output, re.M), output
    # 16 pages and one for the record: task.h, cells/task/stack.c
    assert re.search(r"^\$2 = map_rw 0x2000[0-9a-f]+, 17 pages$", output, re.M), output
    assert "$4 = empty map_none\n" in output, output
    assert '$5 = cell "crash", version 1\n' in output, output
    names = frames(output)
    equal(names[0], "task_park")
    assert "serve_step" in names and names[-1] == "context_start", output


@test
def without_side_files_there_are_names_and_no_lines():
    alone = os.path.join(os.path.dirname(CELLS), "tests", "tools-alone")
    os.makedirs(alone, exist_ok=True)
    archive = shutil.copy(CELLS, alone)
    output = subprocess.run(
        ["gdb", "-q", "-nx", "-batch", "-x", SCRIPT, "-ex", "break frame_3", "-ex", "run", "-ex",
         "backtrace", "--args", CLEW, "run", "--debug", "--cells", archive, "-c",
         "run crash null"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=120, check=False).stdout
    equal(frames(output)[:3], ["frame_3", "frame_2", "frame_1"])
    assert "crash.c" not in output, output


@test
def an_image_is_an_elf_file_whose_symbols_readelf_finds_at_the_addresses_of_the_map():
    folder = os.path.join(os.path.dirname(CELLS), "tests", "tools-images")
    shutil.rmtree(folder, ignore_errors=True)
    output = subprocess.run([CLEW, "run", "--cells", CELLS, "--debug", "--images", folder, "-c",
                             "load counter; run crash null"], capture_output=True, text=True,
                            timeout=60, check=False).stdout
    place = re.search(r"#1  0x([0-9a-f]+)  crash: frame_4\+0x([0-9a-f]+)", output)
    start = int(place[1], 16) - int(place[2], 16)
    image = next(name for name in os.listdir(folder) if name.startswith("crash.1."))
    symbols = subprocess.run(["readelf", "-sW", os.path.join(folder, image)],
                             capture_output=True, text=True, check=True)
    equal(symbols.stderr, "")
    assert re.search(rf"{start:016x} +\d+ FUNC .* frame_4$", symbols.stdout, re.M), symbols.stdout


if not shutil.which("gdb"):
    SKIPPED.update({test.__name__: "gdb is not installed" for test in TESTS})
sys.exit(run_all())
