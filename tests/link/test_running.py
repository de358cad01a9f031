#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What DESIGN's chapter on linking promises, in a running system.

usage: test_running.py [OPTION]... CLEW CELLS.tar

Each test boots a system of its own with a script; OPTIONs are clew run's.  The
cells are fixtures.
Speaks TAP.
"""

import io
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile

TESTS = []


def test(function):
    TESTS.append(function)
    return function


class System:
    clew = cells = options = None

    def __init__(self, *commands, status=0, cells=None):
        done = subprocess.run(
            [self.clew, "run", "--cells", cells or self.cells, "--memory", "32M",
             *self.options, "-c", "; ".join(commands)], capture_output=True, text=True, timeout=60)
        self.text = done.stdout + done.stderr
        assert done.returncode == status, "exit status %d\n%s" % (done.returncode, self.text)

    def has(self, *texts):
        for text in texts:
            assert text in self.text, "no %r in\n%s" % (text, self.text)
        return self

    def lacks(self, *texts):
        for text in texts:
            assert text not in self.text, "%r in\n%s" % (text, self.text)
        return self

    def tables(self):
        """What each command with --json printed."""
        return [json.loads(line) for line in re.findall(r"^\[.*?\]$", self.text, re.M | re.S)]


POINTERS = ("load pointers.o", "load pointers_user.o")
EVERYTHING = ("cells --all --json", "symbols --json", "ns --json", "deps frame --json")


@test
def pointers_of_every_kind_reach_the_next_version():
    System(*POINTERS, "run pointers_probe pointers_v3.o 3").lacks("NO ").has(
        "swap: 1 to 3, 0 pinned", "yes a pointer in the heap arrives",
        "yes a pointer in others' constants arrives", "yes and armed itself with the same address",
        "yes a slot of constants is the current version's", "yes a state keeps its address",
        "yes a function that only versions apart have follows")


@test
def a_function_without_successor_keeps_its_version_and_the_report_says_so():
    system = System(*POINTERS, "run pointers_probe pointers_v2.o 2", "retire --json")
    system.lacks("NO ").has("swap: 1 to 2, 1 pinned",
                            "yes a function without successor stays as it was")
    pending = system.tables()[-1]
    assert [(row["name"], row["version"], row["entries"]) for row in pending] == \
        [("pointers", 1, 1)], pending


@test
def a_pinned_version_goes_when_a_later_one_has_the_function_again():
    system = System(*POINTERS, "run pointers_probe pointers_v2.o 2",
                    "run pointers_probe pointers_v3.o 3", "retire --json")
    system.lacks("NO ").has("swap: 2 to 3, 0 pinned")
    assert system.tables()[-1] == []


@test
def a_function_that_the_current_version_lacks_is_provided_by_nobody():
    # `call` takes its address, so that the entry keeps the name.
    system = System(*POINTERS, "run pointers_probe pointers_v2.o 2", "run call pointers_new",
                    "run pointers_probe pointers_v3.o 3", "run call pointers_new", status=1)
    system.lacks("NO ").has("pointers_new(0) = ", "swap: 2 to 3, 1 pinned",
                            "pointers_new: nobody provides it")


@test
def a_swap_can_go_back():
    System(*POINTERS, "run pointers_probe pointers_v2.o 2", "run pointers_probe pointers.o 1",
           "run pointers_probe pointers_v3.o 3").lacks("NO ")


@test
def another_type_of_function_is_not_linked():
    System("load mistaken.o", status=1).has("type differs from the provider's", "greeter_version")


@test
def a_refused_load_leaves_everything_as_it_was():
    for file in ("mistaken.o", "foreign_small.o", "optional_missing.o"):
        system = System("load counter", *EVERYTHING, "load " + file, *EVERYTHING, status=1)
        tables = system.tables()
        assert len(tables) == 8 and tables[:4] == tables[4:], system.text


@test
def a_weak_reference_to_nothing_is_0():
    System("load optional.o", "run call optional_answer 7").has("optional_answer(7) = 7")


@test
def a_weak_reference_that_was_resolved_is_a_use():
    System("load foreign.o", "load optional.o", "run call optional_answer 7", "unload foreign",
           status=1).has("optional_answer(7) = 42", "cell is in use", "optional")
    System("load foreign.o", "load optional.o", "unload optional", "unload foreign").has(
        "optional: unloaded", "foreign: unloaded")


@test
def foreign_objects_branch_take_addresses_and_have_common_data():
    for model in ("pie", "pic"):
        System("load foreign.o", "load foreign_%s.o" % model, "run call model_call 1",
               "run call model_count 2", "run call model_count 2", "run call model_count 3",
               "run call model_pointer 5").has(
                   "model_call(1) = 43", "model_count(2) = 1", "model_count(2) = 2",
                   "model_count(3) = 1", "model_pointer(5) = 5")


@test
def a_foreign_object_with_32_bit_addresses_is_refused():
    System("load foreign.o", "load foreign_small.o", status=1).has(
        "relocation out of range", "32-bit value", "foreign_small")


@test
def one_name_has_one_provider():
    for first, second in (("foreign.o", "rival.o"), ("rival.o", "foreign.o")):
        System("load " + first, "load " + second, "run call foreign_answer", status=1).has(
            "symbol is provided by two cells", "foreign_answer",
            "foreign_answer(0) = %d" % (42 if first == "foreign.o" else 43))


@test
def applications_see_the_version_of_their_own_namespace():
    System("load greeter", "run greet root", "run shadow", "run greet root").has(
        "Hello, world (version 1)", "Good day, world (version 2)",
        "greeter alone: cell is in use", "Hello, root (version 1)").lacks("error")


def with_circle(folder):
    """The archive with both halves of the circle at its top, where cells are found by need."""
    path = os.path.join(folder, "circle.tar")
    with tarfile.open(System.cells) as old, tarfile.open(path, "w", tarfile.USTAR_FORMAT) as new:
        for member in old.getmembers():
            contents = old.extractfile(member).read() if member.isfile() else b""
            new.addfile(member, io.BytesIO(contents))
            if member.name in ("fixtures/circle_first.o", "fixtures/circle_second.o"):
                member.name = os.path.basename(member.name)
                new.addfile(member, io.BytesIO(contents))
    return path


@test
def a_circle_of_cells_is_loaded_on_demand():
    with tempfile.TemporaryDirectory() as folder:
        path = with_circle(folder)
        system = System("load circle_first", "cells --json", "run call circle_first 9",
                        cells=path).has("circle_first(9) = 9")
        names = [row["name"] for row in system.tables()[0]]
        assert {"circle_first", "circle_second"} <= set(names), names
        System("load circle_first", "unload circle_first", cells=path, status=1).has(
            "cell is in use", "circle_second")


@test
def a_circle_that_is_refused_leaves_neither_half():
    System("load circle_first.o", status=1).has("undefined symbol", "circle_second")
    system = System("load circle_first.o", "cells --json", status=1)
    assert not [row for row in system.tables()[0] if row["name"].startswith("circle")]


@test
def a_used_cell_is_not_unloaded_and_an_unused_one_is():
    System(*POINTERS, "unload pointers", status=1).has("cell is in use", "pointers_user")
    before = System("mem --json", "cells --json")
    after = System(*POINTERS, "unload pointers_user", "unload pointers", "mem --json",
                   "cells --json").has("pointers: unloaded")
    assert before.tables()[1] == after.tables()[1]
    pools = [[(row["name"], row["used"]) for row in system.tables()[0]
              if row.get("group") == "pool"] for system in (before, after)]
    assert pools[0] == pools[1] and pools[0], pools


@test
def tasks_that_an_application_leaves_behind_go_with_it():
    system = System("load keeper.o", "run lingerer task", "cells --json", "ps --json", "log")
    system.lacks("stays loaded")
    assert not [row for table in system.tables() for row in table if row["name"] == "lingerer"]


@test
def a_cell_that_memory_points_into_stays_and_the_report_says_why():
    system = System("load keeper.o", "run lingerer memory", "log", "cells --json",
                    "retire --json")
    system.has("stays loaded: something still points into the cell",
               "0 words on stacks, 1 in memory")
    cells, pending = system.tables()
    assert "lingerer" in [row["name"] for row in cells]
    assert [(row["name"], row["stack_words"], row["memory_words"]) for row in pending] == \
        [("lingerer", 0, 1)], pending


@test
def a_cell_that_was_dismissed_goes_when_it_is_let_go():
    system = System("load keeper.o", "run lingerer memory", "ns --json", "run call keeper_drop",
                    "retire", "cells --json", "ns --json", "log")
    system.has("stays loaded", "1 retired", "swap: lingerer unloaded")
    before, cells, after = system.tables()
    assert "lingerer" not in [row["name"] for row in cells]
    assert "lingerer" in [row["name"] for row in before]
    assert "lingerer" not in [row["name"] for row in after]


def main():
    *System.options, System.clew, System.cells = sys.argv[1:]
    print("1..%d" % len(TESTS))
    failed = 0
    for number, function in enumerate(TESTS, 1):
        try:
            function()
            verdict = "ok"
        except (AssertionError, subprocess.TimeoutExpired, ValueError, IndexError) as error:
            failed += 1
            verdict = "not ok"
            print("".join("# %s\n" % line for line in str(error).split("\n")))
        print("%s %d - %s" % (verdict, number, function.__name__.replace("_", " ")), flush=True)
    return failed > 0


sys.exit(main())
