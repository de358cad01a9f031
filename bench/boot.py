#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How long it takes from exec to the shell's prompt, and how large what boots is.

usage: boot.py [--runs N] CLEW CELLS.tar CLEW.elf RESULTS.tsv MACHINE...

MACHINE is hosted, or one of `clew boot --machine`.  Each run has a terminal of
its own, ends with `shutdown`, and has to end with status 0.
"""

import argparse
import json
import os
import pty
import select
import subprocess
import sys
import time

from table import compare, keep, median, on_machine, show

SECONDS = 60
PROMPT = b"clew> "
RESIDENT = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                        "../src/toolchain/resident.py")


def read_until(terminal, mark, deadline):
    """Everything up to the mark; the terminal's end without it is an error."""
    text = b""
    while mark not in text:
        ready, _, _ = select.select([terminal], [], [], deadline - time.monotonic())
        assert ready, "no %r after %d seconds:\n%s" % (mark, SECONDS, text.decode())
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # the other side is closed
            piece = b""
        assert piece, "the end instead of %r:\n%s" % (mark, text.decode())
        text += piece
    return text


def boot(command):
    """Seconds."""
    ours, theirs = pty.openpty()
    start = time.monotonic()
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs) as system:
        os.close(theirs)
        try:
            read_until(ours, PROMPT, start + SECONDS)
            took = time.monotonic() - start
            os.write(ours, b"shutdown\r")
            status = system.wait(SECONDS)
        finally:
            system.kill()
            os.close(ours)
    assert status == 0, "%s: status %d" % (" ".join(command), status)
    return took


def boots(clew, cells, machine, runs):
    command = [clew, "run"] if machine == "hosted" else [clew, "boot", "--machine", machine]
    times = [boot([*command, "--cells", cells]) * 1000 for _ in range(runs)]
    return (on_machine("boot", machine), round(min(times), 3), round(median(times), 3), "ms")


def sections(elf):
    """{name: bytes}, as size(1) counts them"""
    done = subprocess.run(["size", "-A", elf], capture_output=True, text=True, check=True)
    rows = [line.split() for line in done.stdout.splitlines()]
    return {row[0]: int(row[1]) for row in rows if len(row) == 3 and row[1].isdigit()}


def sizes(elf, cells):
    resident = json.loads(subprocess.run(
        [sys.executable, "-B", RESIDENT, "--json", elf], stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, check=False).stdout)
    erased = sum(size for name, size in sections(elf).items() if name.startswith(".boot."))
    for name, value in (
            ("image_stays", sum(row["bytes"] for row in resident)),
            ("image_stays_text", sum(row["bytes"] for row in resident if row["kind"] == "text")),
            ("image_erased", erased),
            ("cells_archive", os.path.getsize(cells))):
        assert value > 0, name
        yield on_machine(name, "pc"), value, value, "bytes"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("clew")
    parser.add_argument("cells")
    parser.add_argument("elf")
    parser.add_argument("results")
    parser.add_argument("machines", nargs="+")
    options = parser.parse_args()
    rows = [boots(options.clew, options.cells, machine, options.runs)
            for machine in options.machines]
    what = list(sizes(options.elf, options.cells))
    keep(options.results, rows + what)
    show("From exec to the prompt, %d runs." % options.runs, rows)
    compare("What is aimed at.", rows)
    show("Sizes.", what)


sys.exit(main())
