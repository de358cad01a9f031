# SPDX-License-Identifier: MIT
"""The storms there are, and how one is run.

A storm is an application of fixtures/storms that does its own sums; it ends
with a line that says whether all of them came out.
"""

import os
import re
import subprocess
import threading

LAUNCHES = {"shared": ["run"], "private": ["run", "--private"], "pc": ["boot"]}


class Storm:
    """What it is about (a sentence), its commands, and its size in make check and make soak."""

    def __init__(self, about, commands, small, full):
        self.about = about
        self.commands = commands
        self.small = small
        self.full = full


# Sizes: hosted, pc.  On a PC that QEMU emulates, beats come at a longer period.
STORMS = {
    "swaps": Storm(
        "swaps there and back lose no call, callback, number or message, and leave nothing",
        "load teller\nrun swap_storm %d", (10000, 200), (1000000, 20000)),
    "system swaps": Storm(
        "swaps of every service of the system beside those lose nothing and leave nothing",
        "load teller\nrun swap_storm %d --system", (1000, 40), (1000000, 20000)),
    "crashes": Storm(
        "crashes of every kind end one task each, beside 100 tasks that miss no beat",
        "run crash_storm %d {period}", (10000, 1000), (1000000, 30000)),
    "spawns": Storm(
        "tasks that start tasks get the end and the value of each",
        "run spawn_storm spawn %d", (10000, 500), (1000000, 50000)),
    "kills": Storm(
        "tasks killed in every state end as killed, once, and leave nothing",
        "run spawn_storm kill %d", (10000, 500), (1000000, 50000)),
}
PERIODS_US = {"shared": 20000, "private": 20000, "pc": 500000}
GOOD = re.compile(r"^\w+: [0-9]+ (?:swaps|tasks)\b.*; all accounted for; "
                  r"0 counts of the system changed$")
PROGRESS = re.compile(r"^progress ([0-9]+) ([0-9]+)$")


def command(clew, archive, mode, *options):
    return [clew, *LAUNCHES[mode], "--cells", archive, *options]


def script(storm, mode, count):
    return STORMS[storm].commands.format(period=PERIODS_US[mode]) % count


def verdict(status, output, log):
    """None, or what is wrong."""
    lines = output.replace("\r", "").splitlines()
    if status != 0:
        return "status %d" % status
    if log:
        return "the machine said: " + repr(log)
    if not lines or not GOOD.match(lines[-1]):
        return "the last line is not that all is well"
    return None


def run(arguments, seconds, progress=None):
    """(None or what is wrong, output).  progress(done, total) is called now and then."""
    lines = []
    with subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        log = []
        reader = threading.Thread(target=lambda: log.append(process.stderr.read()))
        reader.start()
        timer = threading.Timer(seconds, process.kill)
        timer.start()
        for line in process.stdout:
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            found = PROGRESS.match(text)
            if not found:
                lines.append(text)
            elif progress:
                progress(int(found[1]), int(found[2]))
        reader.join()
        status = process.wait()
        late = not timer.is_alive()
        timer.cancel()
    output = "\n".join(lines)
    problem = verdict(status, output, b"".join(log).decode("utf-8", "replace"))
    if late:
        problem = "no end after %d seconds" % seconds
    return problem, output


def find_qemu():
    return any(os.access(os.path.join(folder, "qemu-system-x86_64"), os.X_OK)
               for folder in os.environ.get("PATH", "").split(os.pathsep))
