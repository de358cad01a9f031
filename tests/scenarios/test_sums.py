# SPDX-License-Identifier: MIT
"""The SHA-256 of what was loaded is that of the archive's member.

usage: test_sums.py [--private|--boot] CLEW CELLS.tar FIXTURES
"""

import hashlib
import json
import os
import re
import tarfile

from system import ARCHIVE, ARGUMENTS, Server, run, table

from tap import equal, run_all, test

FIXTURES = ARGUMENTS[0]


def read_archive():
    """{member: (size, SHA-256)}"""
    with tarfile.open(ARCHIVE) as archive:
        contents = {member.name: archive.extractfile(member).read() for member in archive}
    return {name: (len(data), hashlib.sha256(data).hexdigest()) for name, data in contents.items()}


MEMBERS = read_archive()


@test
def every_loaded_cell_has_the_sum_of_its_member():
    # One application: all of them provide the same function.
    kinds = {row["file"]: row["kind"] for row in table("archive")}
    names = [name[:-2] for name, kind in kinds.items() if kind == "service" and "/" not in name]
    names.append("hammer")
    result = run(["\n".join("load " + name for name in names), "cells --json",
                  "cells --sha256 --json"])
    loaded, sums = [json.loads(part) for part in result.parts()[1:]]
    equal([row["name"] for row in sums], [row["name"] for row in loaded])
    equal(sorted(row["name"] for row in sums), sorted(names))
    assert {"linker", "frame", "captain", "greeter"} <= set(names), names
    equal({row["name"]: (row["size"], row["sha256"]) for row in sums},
          {row["name"]: MEMBERS[row["name"] + ".o"] for row in sums})


@test
def each_version_has_the_sum_of_its_own_object():
    rows = json.loads(run(["load greeter\nrun hammer --tasks 1 --seconds 1 &\nsleep 0.1\n"
                           "swap greeter greeter_v2.o", "cells --all --sha256 --json"]).parts()[1])
    found = {row["version"]: row["sha256"] for row in rows if row["name"] == "greeter"}
    equal(found[2], MEMBERS["fixtures/greeter_v2.o"][1])
    # The first one is still there only while something needs it.
    equal(found.get(1, MEMBERS["greeter.o"][1]), MEMBERS["greeter.o"][1])


@test
def an_object_from_outside_has_no_sum():
    system = Server()
    try:
        equal(system.ctl("load greeter")[0], 0)
        equal(system.ctl("swap", "greeter", os.path.join(FIXTURES, "greeter_v2.o"))[0], 0)
        status, output, _ = system.ctl("cells --sha256")
        equal(status, 0)
        sums = dict(re.findall(r"^(\w+) .* (\S+)$", output, re.M))
        equal(sums["greeter"], "-")
        equal(sums["linker"], MEMBERS["linker.o"][1])
        equal(system.shut_down(), (0, ""))
    finally:
        system.end()


run_all()
