# SPDX-License-Identifier: MIT
"""Objects that are wrong are refused in words, and leave the system as it was.

usage: test_objects.py [--private|--boot] CLEW CELLS.tar MANIFEST BAD_OBJECTS

The objects and the manifest are those of tests/elf: a line per object with its
file, who refuses it, and parts of the message: what, section, symbol (- is any).
They are put into the boot archive and loaded one after the other.
"""

import os
import re
import tarfile
import tempfile

from system import ARCHIVE, ARGUMENTS, run

from tap import equal, run_all, test

MANIFEST, FOLDER = ARGUMENTS
SNAPSHOT = ["cells --all --json", "symbols --json", "ns --json", "mem --json", "deps greeter"]
BATCH = 40  # objects in one archive, which has to fit into the system's memory
BIG = 1 << 20


def read_manifest():
    with open(MANIFEST, encoding="ascii") as file:
        for line in file:
            name, _stage, what, section, symbol, _description = line.rstrip("\n").split("\t")
            yield name, what, section, symbol


def make_archive(path, names):
    with tarfile.open(ARCHIVE) as source, \
            tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as to:
        for member in source:
            to.addfile(member, source.extractfile(member))
        for name in names:
            to.add(os.path.join(FOLDER, name), "bad/" + name, recursive=False)


def matches(text, name, what, section, symbol):
    """The message names the object, what is wrong and, where it is known, the place."""
    wanted = [what] if what != "-" else []
    wanted += ["section " + section] if section != "-" else []
    wanted += ["symbol " + symbol] if symbol != "-" else []
    return (re.match(r"load: cell [^ ]+: .", text) and name[:-2] in text and "\n" not in text and
            all(part in text for part in wanted))


def check(objects):
    loads = ["load bad/" + name for name, *_ in objects]
    with tempfile.TemporaryDirectory() as folder:
        archive = os.path.join(folder, "cells.tar")
        make_archive(archive, [name for name, *_ in objects])
        # The first time around what is only made when needed is made.
        result = run(["load greeter"] + loads + SNAPSHOT + loads + SNAPSHOT + ["run hammer"],
                     archive=archive)
    equal((result.status, result.log), (1, ""))
    parts = result.parts()[1:]
    first, parts = parts[: len(loads)], parts[len(loads):]
    before, parts = parts[: len(SNAPSHOT)], parts[len(SNAPSHOT):]
    second, parts = parts[: len(loads)], parts[len(loads):]
    after, parts = parts[: len(SNAPSHOT)], parts[len(SNAPSHOT):]
    wrong = ["%s: %s" % (entry[0], text) for entry, text in zip(objects, first)
             if not matches(text, *entry)]
    assert not wrong, "\n".join(wrong)
    equal(second, first)
    for command, old, new in zip(SNAPSHOT, before, after):
        assert new == old, "%s: expected\n%s\nfound\n%s" % (command, old, new)
    assert re.search(r" 0 errors$", parts[0]), parts[0]


def make_test(number, objects):
    def refused():
        check(objects)
    refused.__name__ = "bad objects %d to %d are refused in words and leave no trace" % (
        number + 1, number + len(objects))
    return refused


OBJECTS = [entry for entry in read_manifest()
           if os.path.getsize(os.path.join(FOLDER, entry[0])) < BIG]
for first_object in range(0, len(OBJECTS), BATCH):
    test(make_test(first_object, OBJECTS[first_object:first_object + BATCH]))


@test
def there_are_at_least_50_bad_objects():
    assert len(OBJECTS) >= 50, len(OBJECTS)


run_all()
