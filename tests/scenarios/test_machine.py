# SPDX-License-Identifier: MIT
"""What is seen of a system from outside: exit status, traces, what became of nano_core.

usage: test_machine.py [--private|--boot] CLEW CELLS.tar
"""

import io
import json
import os
import re
import tarfile
import tempfile

from system import ARCHIVE, COMMAND, MACHINE, run, start, table

from tap import equal, run_all, test

BUSY = """run hammer --calls 2000
swap greeter greeter_v2.o
run hammer --tasks 3 --calls 20000 &
swap counter counter_v2.o
run crash cleanup
run --restart 2,5 crash null
run relay 3
swap task task.o
kill %1
wait
ps
log
faults
mem
"""


# ---- exit status ------------------------------------------------------------------


def boot(*arguments):
    return start("--cells", ARCHIVE, *arguments)


@test
def the_end_of_a_script_is_a_clean_shutdown_with_status_0():
    equal(boot("-c", "echo a; run hammer --calls 1 &")[0], 0)


@test
def shutdown_ends_with_status_0_and_nothing_after_it_is_done():
    equal(boot("-c", "echo a; shutdown; echo b"), (0, "a\n", ""))


@test
def a_failed_command_makes_the_status_1_also_with_shutdown():
    equal(boot("-c", "nonsense; echo b")[0], 1)
    equal(boot("-c", "run crash null; shutdown")[0], 1)


@test
def wrong_options_have_status_2_and_say_what_was_wrong():
    for options in [("--nonsense",), ("--memory", "1M"), ("--memory", "x"), ("--seed", "x"),
                    ("-c", "echo", "script")]:
        found, output, log = boot(*options)
        equal((found, output), (2, ""))
        assert log.startswith("clew %s: " % COMMAND[0]), log


@test
def a_damaged_archive_has_status_3_and_the_message_names_it():
    with open(ARCHIVE, "rb") as file:
        whole = file.read()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "bad.tar")
        for length in (0, 100, 512, 5000, len(whole) // 2):
            with open(path, "wb") as file:
                file.write(whole[:length])
            found, output, log = start("--cells", path, "-c", "echo a")
            equal((length, found, output), (length, 3, ""))
            assert path in log or "nano_core" in log, log


def boots_without(name, change):
    """How a system ends whose archive has the member `name` changed, or not at all."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "cells.tar")
        with tarfile.open(ARCHIVE) as source, \
                tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as to:
            for member in source:
                if member.name != name:
                    to.addfile(member, source.extractfile(member))
                elif change:
                    change(source.extractfile(member).read(), member, to)
        return start("--cells", path, "-c", "echo a")


def cut(data, member, archive):
    member.size = len(data) // 2
    archive.addfile(member, io.BytesIO(data[: member.size]))


@test
def a_cell_that_is_missing_or_damaged_at_boot_has_status_3_and_is_named():
    for name in ["nano_core.o", "linker.o", "heap.o", "task.o", "shell.o"]:
        for change in (None, cut):
            found, output, log = boots_without(name, change)
            equal((name, found, output), (name, 3, ""))
            assert name.removesuffix(".o") in log, (name, log)


@test
def a_damaged_object_is_named_when_nobody_provides_a_symbol():
    for name in ["recovery.o", "heap.o"]:
        found, output, log = boots_without(name, cut)
        equal((name, found, output), (name, 3, ""))
        assert re.search(r": symbol \w+: undefined symbol: .*found none; %s: \w+" % name, log), log


@test
def a_folder_of_cells_boots_with_the_nano_core_of_the_command():
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(ARCHIVE) as source:
            for member in source:
                if "/" not in member.name and member.name != "nano_core.o":
                    with open(os.path.join(folder, member.name), "wb") as to:
                        to.write(source.extractfile(member).read())
        equal(start("--cells", folder, "-c", "echo a"), (0, "a\n", ""))


@test
def a_fault_that_no_task_can_be_blamed_for_has_status_4_and_says_where():
    found, output, log = boot("-c", "run bad_driver; echo not reached")
    equal((found, output), (4, "bad_driver: the next tick is the last\n"))
    assert re.search(r"died: page fault: write of 0x0.*\n +bad_driver:fault\+0x", log), log


# ---- traces -----------------------------------------------------------------------


def traced(seed, *options):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "trace")
        result = run(BUSY, "--seed", str(seed), "--trace", path, *options)
        with open(path, "rb") as file:
            return result, file.read()


@test
def two_runs_with_one_seed_agree_in_every_byte():
    first, second = traced(7), traced(7)
    equal(second[0].output, first[0].output)
    equal(second[1], first[1])
    equal((first[0].status, first[0].log), (1, ""))


@test
def both_memory_modes_agree_in_every_byte():
    first, second = traced(7), traced(7, "--private")
    equal(second[0].output, first[0].output)
    equal(second[1], first[1])


@test
def runs_with_different_seeds_have_different_traces():
    assert len({traced(seed)[1] for seed in (1, 2, 3)}) == 3


@test
def every_line_of_a_trace_is_an_object_with_time_and_event():
    last = 0
    events = set()
    for line in traced(7)[1].decode("ascii").splitlines():
        entry = json.loads(line)
        assert entry["t"] >= last, line
        last = entry["t"]
        events.add(entry["event"])
    missing = {"switch", "load", "swap", "fault", "message", "spawn", "end"} - events
    assert not missing, missing


# ---- nano_core ---------------------------------------------------------------------


def touch(*addresses):
    return run(["run touch 0x%x" % address for address in addresses])


# Regions that are erased: where there is boot code it has one.
ERASED = {"nano_core", "boot"} if MACHINE == "pc" else {"nano_core"}


def overlap(row, other):
    start_at = max(int(row["start"], 16), int(other["start"], 16))
    end = min(int(row["start"], 16) + row["size"], int(other["start"], 16) + other["size"])
    return start_at, max(start_at, end)


@test
def nothing_of_nano_core_or_of_what_booted_it_can_be_read_and_its_frames_are_free():
    memory, runs = table("mem"), table("mem --runs")
    places = [row for row in memory if row["group"] == "boot map" and row["name"] in ERASED]
    equal({row["name"] for row in places}, ERASED)
    equal(next(row["used"] for row in memory if row["name"] == "nano_core"), 0)
    addresses = []
    for place in places:
        # Frames that are in use again are so from the lowest on.
        free = [overlap(place, row) for row in runs if row["name"] == "free"]
        begin, end = max(free, key=lambda part: part[1] - part[0])
        assert end - begin >= 16384, (place, free)
        addresses += [begin + (end - begin) // 2 & ~7, end - 4096, end - 1]
    for address, text in zip(addresses, touch(*addresses).parts()):
        assert text.startswith("touch: crashed (fault "), text
        assert "page fault: read of 0x%x\n" % address in text, text


@test
def memory_that_is_there_can_be_read_and_memory_that_is_free_cannot():
    pools = {row["name"]: row for row in table("mem") if row["group"] == "pool"}
    free = next(row for row in table("mem --runs") if row["name"] == "free" and row["size"] > 65536)
    readable = [int(pools[name]["start"], 16) for name in ("text", "constants", "data")]
    not_there = int(free["start"], 16) + free["size"] // 2 & ~7
    parts = touch(*readable, not_there).parts()
    for address, text in zip(readable, parts):
        assert text.startswith("touch: 0x%x holds 0x" % address), text
    assert "page fault: read of 0x%x\n" % not_there in parts[-1], parts[-1]


run_all()
