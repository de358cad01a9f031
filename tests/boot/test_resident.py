#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What stays of clew.elf is listed, and each piece has a reason.

usage: test_resident.py RESIDENT.py CLEW.elf MACHINE_FUNCTIONS.h

Sizes are checked against size(1) and the symbols against nm(1).  Speaks TAP.
"""

import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from tap import equal, run_all, test  # noqa: E402

RESIDENT, ELF, FUNCTIONS = sys.argv[1:]
SECTION = ".clew.resident"
STAYS = (".text", ".rodata", ".sealed", ".data", ".bss")
# Each byte is one that somebody has to justify: raise it knowingly.
TEXT_MAX = 8192


def output_of(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def listed(elf):
    """(status, rows, what was said)"""
    done = subprocess.run([sys.executable, "-B", RESIDENT, "--json", elf], capture_output=True,
                          text=True, check=False)
    return done.returncode, json.loads(done.stdout), done.stderr


def with_reasons(change):
    """What is listed of an image with other reasons: change([name, reason, name ...])."""
    with tempfile.TemporaryDirectory() as folder:
        copy, reasons = os.path.join(folder, "clew.elf"), os.path.join(folder, "reasons")
        output_of("objcopy", "--dump-section", SECTION + "=" + reasons, ELF, copy)
        with open(reasons, "rb") as file:
            words = file.read().split(b"\0")[:-1]
        with open(reasons, "wb") as file:
            file.write(b"".join(word + b"\0" for word in change(words)))
        output_of("objcopy", "--update-section", SECTION + "=" + reasons, copy)
        return listed(copy)


@test
def everything_that_stays_has_a_reason_and_every_reason_something_that_stays():
    status, _, said = listed(ELF)
    equal((status, said), (0, ""))


@test
def the_listed_bytes_are_all_of_the_sections_that_stay():
    sizes = re.findall(r"^(\.\w+) +(\d+) ", output_of("size", "-A", ELF), re.M)
    equal(sum(row["bytes"] for row in listed(ELF)[1]),
          sum(int(size) for name, size in sizes if name in STAYS))


@test
def every_function_of_the_machine_is_listed_as_text():
    with open(FUNCTIONS, encoding="ascii") as file:
        functions = set(re.findall(r"X\((machine_\w+)\)", file.read()))
    assert len(functions) > 20, functions
    found = {row["name"] for row in listed(ELF)[1] if row["kind"] == "text"}
    equal(functions - found, set())


@test
def the_text_that_stays_is_small():
    text = sum(row["bytes"] for row in listed(ELF)[1] if row["kind"] == "text")
    assert text <= TEXT_MAX, "%d bytes" % text


@test
def a_reason_for_what_is_not_there_is_named():
    status, _, said = with_reasons(lambda words: words + [b"machine_teleport", b"for fun"])
    equal((status, said), (1, "resident: machine_teleport: a reason for what is not there\n"))


@test
def a_function_without_a_reason_is_named():
    status, rows, said = with_reasons(lambda words: [])
    equal(status, 1)
    for row in rows:
        named = "resident: %s (%s): why is it not a cell?" % (row["name"], row["file"]) in said
        equal(named, row["reason"] is None)
    assert "machine_map" in said, said


@test
def an_image_without_reasons_is_refused():
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, "clew.elf")
        output_of("objcopy", "--remove-section", SECTION, ELF, copy)
        done = subprocess.run([sys.executable, "-B", RESIDENT, copy], capture_output=True,
                              text=True, check=False)
        equal(done.returncode, 2)
        assert "no section" in done.stderr, done.stderr


run_all()
