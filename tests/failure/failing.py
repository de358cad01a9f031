# SPDX-License-Identifier: MIT
"""A boot archive in which the k-th request for memory fails, from the start.

The state of the cell `failure` is in its object, and in nano_core's, which
counts for itself until the cells take over; see failure.c.
"""

import os
import struct
import tarfile
import tempfile

MARK = b"failing request\0"
ONCE, ON = 0, 1  # enum failure_extent
STAGES = ("nano_core.o", "failure.o")


class FailingArchive:
    """Writes what boots with the k-th request of a stage failing."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = file.read()
        self.places = {}
        with tarfile.open(path) as archive:
            for member in archive:
                if member.name in STAGES:
                    self.places[member.name] = self.find(member.offset_data, member.size)
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "cells.tar")

    def find(self, start, size):
        at = self.data.index(MARK, start, start + size)
        assert self.data.find(MARK, at + 1, start + size) < 0, "two states"
        return at + len(MARK)

    def write(self, stage, k, extent):
        changed = bytearray(self.data)
        struct.pack_into("<QQ", changed, self.places[stage], k, extent)
        with open(self.path, "wb") as file:
            file.write(changed)
        return self.path
