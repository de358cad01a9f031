#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The plugin changes no byte of an object, debugging information included.

usage: identical.py PLUGIN SOURCE... -- COMPILER...

Speaks TAP.  Its last line is what compiling took, with the plugin by without.
"""

import os
import resource
import subprocess
import sys
import tempfile


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def build(command, source, out):
    """The object's bytes, and the seconds it took."""
    before = cpu_seconds()
    # No cache, which may answer with what was compiled in another folder.
    subprocess.run(command + ["-c", source, "-o", out], check=True,
                   env=os.environ | {"CCACHE_DISABLE": "1"})
    with open(out, "rb") as file:
        return file.read(), cpu_seconds() - before


def main():
    plugin = "-fplugin=" + sys.argv[1]
    at = sys.argv.index("--")
    sources, command = sys.argv[2:at], sys.argv[at + 1:]
    command += ["-O2", "-g", "-w", "-gno-record-gcc-switches"]  # the switches do differ
    taken = [0.0, 0.0]
    failed = False
    print("1..%d" % len(sources))
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "object.o")
        for number, source in enumerate(sources, 1):
            plain, plain_s = build(command, source, out)
            checked, checked_s = build(command + [plugin], source, out)
            taken[0] += plain_s
            taken[1] += checked_s
            failed |= plain != checked
            print("%sok %d - %s gives the same object with the plugin" % (
                "not " if plain != checked else "", number, os.path.basename(source)))
    print("# compile time with the plugin: x%.2f (%.2f s by %.2f s)" % (
        taken[1] / taken[0], taken[1], taken[0]))
    return failed


if __name__ == "__main__":
    sys.exit(main())
