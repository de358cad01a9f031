# SPDX-License-Identifier: MIT
"""Systems that have zlib and Lua: the boot archive with their objects and files added.

The last argument of a test is foreign.json (src/toolchain/foreign.py); where it
says that there is nothing, the test skips with the reason.
"""

import io
import json
import os
import sys
import tarfile
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenarios"))

import system  # noqa: E402

with open(system.ARGUMENTS[-1], encoding="utf-8") as result_file:
    RESULT = json.load(result_file)
if "objects" not in RESULT:
    print("1..0 # SKIP " + RESULT["reason"])
    sys.exit(0)

SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "scripts")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def read_scripts(folder):
    return {name: read(os.path.join(folder, name)) for name in sorted(os.listdir(folder))
            if name.endswith(".lua")}


class World:
    """A boot archive with the applications, and files in the root of the file system."""

    def __init__(self, files):
        self.folder = tempfile.TemporaryDirectory()
        self.archive = os.path.join(self.folder.name, "cells.tar")
        members = {name + ".o": read(path) for name, path in RESULT["objects"].items()}
        members.update({"files/" + name: contents for name, contents in files.items()})
        with tarfile.open(system.ARCHIVE) as source, \
                tarfile.open(self.archive, "w", format=tarfile.USTAR_FORMAT) as archive:
            for member in source:
                archive.addfile(member, source.extractfile(member))
            for name, contents in members.items():
                member = tarfile.TarInfo(name)
                member.size = len(contents)
                archive.addfile(member, io.BytesIO(contents))

    def run(self, commands, *options):
        """The outputs of the commands, and the result as a whole."""
        result = system.run(commands, "--memory", "128M", *options, archive=self.archive)
        return result.parts(), result
