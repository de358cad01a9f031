# SPDX-License-Identifier: MIT
"""Writes an archive with some of its objects replaced, and others added.

usage: replace.py OUTPUT ARCHIVE OBJECT...

Files that do not end in .o are left out: a build rule's other outputs.
"""

import os
import sys
import tarfile

OUTPUT, ARCHIVE, *FILES = sys.argv[1:]


def main():
    objects = {os.path.basename(path): path for path in FILES if path.endswith(".o")}
    with tarfile.open(ARCHIVE) as source, \
            tarfile.open(OUTPUT, "w", format=tarfile.USTAR_FORMAT) as to:
        for member in source:
            if member.name not in objects:
                to.addfile(member, source.extractfile(member))
        for name, path in sorted(objects.items()):
            member = tarfile.TarInfo(name)
            member.size = os.path.getsize(path)
            member.mode = 0o644
            with open(path, "rb") as content:
                to.addfile(member, content)


main()
