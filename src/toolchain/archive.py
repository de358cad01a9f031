#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the boot archive: objects by their name, in order, the same bytes every time.

usage: archive.py OUTPUT OBJECT... [--folder NAME OBJECT...] [--as NAME FILE]...

Files that do not end in .o are left out, unless they are given a name: a build
rule's other outputs.
"""
import os
import sys
import tarfile


def add(archive, path, name):
    member = tarfile.TarInfo(name)
    member.size = os.path.getsize(path)
    member.mode = 0o644
    with open(path, "rb") as contents:
        archive.addfile(member, contents)


def main(output, arguments):
    members = []
    folder = ""
    while arguments:
        argument = arguments.pop(0)
        if argument == "--folder":
            folder = arguments.pop(0) + "/"
        elif argument == "--as":
            members.append((arguments.pop(0), arguments.pop(0)))
        elif argument.endswith(".o"):
            members.append((folder + os.path.basename(argument), argument))
    with tarfile.open(output, "w", format=tarfile.USTAR_FORMAT) as archive:
        for name, path in sorted(members):
            add(archive, path, name)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
