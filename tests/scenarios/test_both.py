# SPDX-License-Identifier: MIT
"""The hosted machine and the pc machine run the same bytes in the same way.

usage: test_both.py --boot CLEW CELLS.tar
"""

import hashlib
import json
import os
import re
import tarfile
import tempfile

from system import ARCHIVE, CLEW, LAUNCH, run, start

from tap import equal, run_all, test

HOSTED = [CLEW, "run"]
BUSY = """run hammer --calls 2000
swap greeter greeter_v2.o
run hammer --tasks 3 --calls 20000 &
swap counter counter_v2.o
run crash cleanup
run crash smash
run crash overflow
run --restart 2,5 crash null
run relay 3
kill %1
wait
run nosuch
log
faults
symbols
retire
cells --all
"""


def on_both(commands, *options):
    return [run(commands, *options, launch=launch) for launch in (HOSTED, LAUNCH)]


def cells_of(result):
    return [(row["name"], row["version"], row["sha256"])
            for row in json.loads(result.parts()[-1])]


def hashes_in_archive():
    """By cell name, of the files at the archive's top."""
    with tarfile.open(ARCHIVE) as archive:
        return {member.name.removesuffix(".o"):
                hashlib.sha256(archive.extractfile(member).read()).hexdigest()
                for member in archive if "/" not in member.name}


@test
def each_cell_that_is_loaded_at_boot_is_the_same_file_on_both_machines():
    hosted, pc = (cells_of(result) for result in on_both(["cells --sha256 --json"]))
    equal(pc, hosted)
    files = hashes_in_archive()
    assert len(hosted) > 15, hosted
    equal([(name, files[name]) for name, _, _ in hosted], [(name, sha) for name, _, sha in hosted])


@test
def each_cell_that_is_loaded_later_is_the_same_file_on_both_machines():
    files = hashes_in_archive()
    at_boot = {name for name, _, _ in cells_of(run(["cells --sha256 --json"]))}
    names = sorted(set(files) - at_boot - {"nano_core"})
    # Unloaded again: two applications provide the same function.
    commands = [command for name in names
                for command in ("load " + name, "cells --sha256 --json", "unload " + name)]
    found = []
    for result in on_both(commands):
        rows = [row for part in result.parts()[1::3] for row in json.loads(part)]
        found.append({(row["name"], row["sha256"]) for row in rows})
    equal(found[1], found[0])
    equal(found[0], {(name, files[name]) for name in at_boot.union(names)})


def traced(launch, seed):
    """Output and trace, without what follows from where memory lies and how much there is."""
    with tempfile.NamedTemporaryFile() as trace:
        result = run(BUSY, "--seed", str(seed), "--trace", trace.name, launch=launch)
        text = trace.read().decode("ascii")
    equal((result.status, result.log), (1, ""))
    output = re.sub(r"nano_core erased, [0-9]+ pages", "nano_core erased, N pages", result.output)
    return [re.sub(r"0x[0-9a-f]{12}\b", "ADDRESS", part).splitlines() for part in (output, text)]


def make_test(seed):
    def agree():
        hosted, pc = traced(HOSTED, seed), traced(LAUNCH, seed)
        for one, other in zip(hosted, pc):
            assert len(one) > 100, one
            for number, (expected, found) in enumerate(zip(one, other), 1):
                equal((number, found), (number, expected))
            equal(len(other), len(one))
    agree.__name__ = "with seed %d both machines print and trace the same but for addresses" % seed
    return agree


for number_of_test in (1, 2, 7):
    test(make_test(number_of_test))


@test
def both_begin_with_the_files_of_a_directory_of_the_host():
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, "a"))
        for name, size in [("a/large", 100000), ("small", 5), ("LICENSE", 0)]:
            with open(os.path.join(folder, name), "wb") as file:
                file.write(bytes(range(65, 91)) * (size // 26) + b"end\n")
        hosted, pc = on_both(["ls", "ls a", "cat a/large", "echo more >> a/large", "cat a/large",
                              "cp small LICENSE", "cat LICENSE"], "--files", folder)
    equal((hosted.status, hosted.log), (0, ""))
    equal(hosted.parts()[1].split()[-3:], ["large", "file", "100000"])
    equal(hosted.parts()[4], hosted.parts()[2] + "\nmore")
    equal(hosted.parts()[6], "end")
    equal((pc.status, pc.output.replace("\r", "")), (0, hosted.output))


@test
def a_damaged_cell_is_refused_in_the_same_words():
    with tempfile.NamedTemporaryFile(suffix=".tar") as file:
        with open(ARCHIVE, "rb") as whole:
            data = bytearray(whole.read())
        with tarfile.open(ARCHIVE) as archive:
            data[archive.getmember("greeter.o").offset_data + 18] ^= 0xff  # e_machine
        file.write(data)
        file.flush()
        # By its file, and by its name: not the greeter of a folder instead.
        hosted, pc = (start("--cells", file.name, "-c", "load greeter.o; load greeter; cells",
                            launch=launch)
                      for launch in (HOSTED, LAUNCH))
    equal(hosted[0], 1)
    lines = hosted[1].splitlines()
    assert lines[0].startswith("load: cell greeter.o: "), hosted
    equal(lines[1], lines[0])
    assert "greeter " not in hosted[1], hosted
    equal(pc, hosted)


run_all()
