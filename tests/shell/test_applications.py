# SPDX-License-Identifier: MIT
"""Applications in a running system: hammer under swaps, crash in every way, restarts.

usage: test_applications.py CLEW CELLS.tar CRASH.o
"""

import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from tap import equal, run_all, test  # noqa: E402

CLEW, ARCHIVE, CRASH = sys.argv[1:4]

# What the CPU or the program reports, and the function whose instruction it was.
KINDS = {
    "null": ("page fault: write of 0x0", "frame_5"),
    "div": ("divide error", "frame_5"),
    "wild": ("page fault: write of 0x123456789000", "frame_5"),
    "overflow": ("stack overflow", "recurse"),
    "assert": ("assert: zero == 1", "frame_5"),
    "abort": ("panic: crash was asked to give up", "frame_5"),
    "leaf": ("page fault: read of 0x0", "read_at"),
    "cleanup": ("page fault: write of 0x0", "frame_5"),
    "badcall": ("call of 0x6b6b6b6b6b6b", "frame_5"),
}

CLEANUPS = "".join(f"cleanup {frame}\n" for frame in range(5, 0, -1))


def run(commands):
    done = subprocess.run([CLEW, "run", "--cells", ARCHIVE, "-c", commands], timeout=120,
                          capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout


def function_sizes():
    """Of the functions in crash.o, by readelf."""
    text = subprocess.run(["readelf", "-sW", CRASH], capture_output=True, text=True,
                          check=True).stdout
    return {fields[7]: int(fields[2], 0) for fields in map(str.split, text.splitlines())
            if len(fields) == 8 and fields[3] == "FUNC"}


def usage_rows(text):
    return {(row["group"], row["name"]): row["used"] for row in json.loads(text)}


@test
def each_kind_of_crash_runs_the_cleanups_of_all_frames_in_order():
    for kind in KINDS:
        status, text = run(f"run crash {kind}")
        equal(status, 1)
        assert text.startswith(CLEANUPS), (kind, text)
        equal(text.count("cleanup "), 5)


@test
def each_kind_of_crash_is_reported_with_cause_cell_and_function():
    for kind, (cause, function) in KINDS.items():
        text = run(f"run crash {kind}")[1]
        assert f"crash: crashed (fault 1): {cause}" in text, (kind, text)
        assert f"in cell crash (version 1), function {function}\n" in text, (kind, text)


@test
def the_backtrace_names_the_frames_and_its_offsets_lie_in_their_functions():
    sizes = function_sizes()
    text = run("run crash leaf")[1]
    frames = re.findall(r"#\d+ +0x[0-9a-f]+  (\w+): (\w+)\+0x([0-9a-f]+)", text)
    ours = [(name, int(offset, 16)) for cell, name, offset in frames if cell == "crash"]
    equal([name for name, _ in ours], ["read_at"] + [f"frame_{n}" for n in range(5, 0, -1)])
    for name, offset in ours:
        assert offset < sizes[name], (name, offset, sizes[name])


@test
def a_fault_in_a_cleanup_is_counted_and_the_other_cleanups_run():
    text = run("run crash cleanup")[1]
    assert "1 faults in cleanups" in text, text
    assert text.startswith(CLEANUPS), text


@test
def a_smashed_return_address_ends_the_task_and_the_report_says_what_is_missing():
    status, text = run("run crash smash; echo still here")
    equal(status, 1)
    assert "crash: crashed (fault 1): return to 0x6b6b6b6b6b6b" in text, text
    assert "4 cleanups run, 0 faults in cleanups, 1 frames lost" in text, text
    assert text.endswith("still here\n"), text


@test
def memory_is_the_same_before_and_after_every_crash():
    commands = "run crash null; mem --json; " + "; ".join(f"run crash {kind}" for kind in KINDS)
    text = run(commands + "; mem --json")[1]
    before, after = re.findall(r"\[\n.*?\n\]\n", text, re.S)
    equal(usage_rows(after), usage_rows(before))


@test
def the_fault_log_keeps_every_crash():
    text = run("run crash div; run crash null; faults --json; faults 2")[1]
    table = json.loads(re.search(r"\[\n.*?\n\]\n", text, re.S).group())
    equal([(row["id"], row["cell"], row["function"], row["cause"]) for row in table],
          [(1, "crash", "frame_5", "divide error"),
           (2, "crash", "frame_5", "page fault: write of 0x0")])
    assert re.search(r"^ +1 +crash +1 +0x[0-9a-f]+ +0x[0-9a-f]+  frame_4$", text, re.M), text


@test
def a_crashed_application_is_started_again_as_often_as_asked_with_doubled_back_off():
    text = run("run --restart 3,20 crash null")[1]
    found = re.findall(r"^crash: restarted (\d) of 3 in ([0-9.]+) ms$", text, re.M)
    equal([int(n) for n, _ in found], [1, 2, 3])
    for (_, ms), least in zip(found, [20, 40, 80]):
        assert least <= float(ms) < least + 500, found
    equal(text.count("cleanup 1\n"), 4)
    equal(text.count("function frame_5"), 1)


@test
def an_application_that_returns_is_not_started_again():
    text = run("run --restart 3 crash nonsense")[1]
    equal(text.count("usage: crash KIND"), 1)


@test
def the_exit_status_of_an_application_is_that_of_the_command():
    equal(run("run hammer --calls 10")[0], 0)
    equal(run("run hammer --calls 0")[0], 1)


@test
def what_is_no_application_is_not_run_and_does_not_stay():
    status, text = run("run nothing; run counter; cells --json")
    equal(status, 1)
    lines = text.splitlines()
    assert re.search(r"^run: .*nothing", lines[0]), lines[0]
    assert re.search(r"^run: cell counter: .*is not an application", lines[1]), lines[1]
    assert "counter" not in [row["name"] for row in json.loads(text[text.index("[\n"):])]


@test
def hammer_reports_calls_by_version_and_no_errors():
    text = run("run hammer --tasks 3 --calls 100")[1]
    equal(text.splitlines()[:3], [
        "SERVICE  VERSION        CALLS  POINTER CALLS",
        "greeter        1          300            600",
        "counter        1          300              0",
    ])
    assert re.fullmatch(r"1200 calls by 3 tasks in [0-9.]+ s, 0 errors", text.splitlines()[3])


@test
def swaps_under_load_reach_calls_and_pointers_and_lose_no_number():
    status, text = run("run hammer --seconds 2 & sleep 0.5; swap greeter greeter_v2.o; "
                       "swap counter counter_v2.o; wait")
    equal(status, 0)
    seen = re.findall(r"^(greeter|counter) +(\d) +(\d+) +(\d+)$", text, re.M)
    equal([(name, int(version)) for name, version, _, _ in seen],
          [("greeter", 1), ("greeter", 2), ("counter", 1), ("counter", 2)])
    assert all(int(calls) > 0 for _, _, calls, _ in seen), seen
    assert all(int(seen[i][3]) > 0 for i in (0, 1)), seen
    assert ", 0 errors" in text, text


@test
def a_crash_under_load_disturbs_no_other_task():
    status, text = run("run hammer --seconds 1 & run crash null; run crash overflow; wait 1")
    assert ", 0 errors" in text, text
    equal(text.count(": crashed (fault"), 2)
    equal(status, 1)


@test
def a_killed_run_takes_its_tasks_with_it_and_frees_their_memory():
    text = run("run hammer --calls 1; mem --json; run hammer --seconds 60 & sleep 0.1; kill %1; "
               "wait; mem --json; ps --json")[1]
    before, after, tasks = [json.loads(part) for part in re.findall(r"\[\n.*?\n\]\n", text, re.S)]
    equal([row for row in tasks if row["name"] == "hammer"], [])
    same = ("frames", "stack"), ("frames", "buffer"), ("pool", "text"), ("heap", "blocks")
    usage = [{(row["group"], row["name"]): row["used"] for row in part} for part in (before, after)]
    equal({key: usage[1][key] for key in same}, {key: usage[0][key] for key in same})


if __name__ == "__main__":
    run_all()
