# SPDX-License-Identifier: MIT
"""A `clew boot` that runs, and the QEMU below it.

Takes the first words of a test's command line: CLEW and CELLS.tar; the rest
are the test's (ARGUMENTS).  Without QEMU there is nothing to test.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

CLEW, ARCHIVE, *ARGUMENTS = sys.argv[1:]
SECONDS = 120
FOLDER = tempfile.TemporaryDirectory()
QEMU = "qemu-system-x86_64"

if not shutil.which(QEMU):
    print(f"1..0 # SKIP {QEMU} is not installed")
    sys.exit(0)


def wait_until(condition, what):
    deadline = time.monotonic() + SECONDS
    while not (found := condition()):
        assert time.monotonic() < deadline, what
        time.sleep(0.01)
    return found


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(word) for word in file.read().split()]


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Machine:
    """Started with standard input as a pipe; ended in any case."""

    def __init__(self, *options, **streams):
        self.socket = tempfile.mktemp(dir=FOLDER.name)
        streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE,
                   "stderr": subprocess.PIPE, **streams}
        self.process = subprocess.Popen(
            [CLEW, "boot", "--cells", ARCHIVE, "--socket", self.socket, *options], **streams)
        self.qemu = wait_until(self.find_qemu, "no QEMU")

    def find_qemu(self):
        assert self.process.poll() is None, self.process.stderr.read()
        for pid in children(self.process.pid):
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                if QEMU.encode() in file.read():
                    return pid
        return None

    def expect(self, text):
        """Reads output until it contains the text."""
        seen = b""
        while text.encode() not in seen:
            part = os.read(self.process.stdout.fileno(), 4096)
            assert part, f"the end instead of {text!r} after {seen!r}"
            seen += part
        return seen.decode()

    def ctl(self, *words):
        """(status, what was printed, what was said about a refusal)"""
        done = subprocess.run(
            [CLEW, "ctl", "--socket", self.socket, *words], stdin=subprocess.DEVNULL,
            capture_output=True, timeout=SECONDS, check=False)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def end(self, keys=b""):
        """(status, output, what was said)"""
        output, said = self.process.communicate(keys, timeout=SECONDS)
        return self.process.returncode, output.decode(), said.decode()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.kill()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream:
                stream.close()
        self.process.wait()


def boot(*options, keys=b"", archive=ARCHIVE):
    """(status, output, what was said) of a machine that ends by itself."""
    done = subprocess.run([CLEW, "boot", "--cells", archive, *options], input=keys,
                          capture_output=True, timeout=SECONDS, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()
