# SPDX-License-Identifier: MIT
"""A system that is started, does what a script or a client says, and ends.

Takes the command line of a test: --private for the hosted machine's other
memory mode or --boot for the pc machine, then CLEW, CELLS.tar and what else
the test needs (ARGUMENTS).  What a machine does otherwise than the hosted one
is said in tests/exceptions.txt and nowhere else.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path.insert(0, TESTS)

from tap import SKIPPED  # noqa: E402

# What follows CLEW for each way to start it, and how much slower it is.
LAUNCHES = {"": ("hosted", ["run"], 1), "--private": ("hosted", ["run", "--private"], 1),
            "--boot": ("pc", ["boot"], 4)}
MACHINE, COMMAND, SLOWER = LAUNCHES[next((word for word in sys.argv if word in LAUNCHES), "")]
CLEW, ARCHIVE, *ARGUMENTS = [word for word in sys.argv[1:] if word not in LAUNCHES]
LAUNCH = [CLEW, *COMMAND]
SECONDS = 60 * SLOWER
MARK = "====="
QEMU = "qemu-system-x86_64"



def read_exceptions(name):
    """{test: reason} of this machine for the file."""
    found = {}
    with open(os.path.join(TESTS, "exceptions.txt"), encoding="ascii") as file:
        for line in file:
            where, _, reason = line.partition(": ")
            if where.split()[:2] == [MACHINE, name]:
                found[where.split()[2]] = reason.strip()
    return found


SKIPPED.update(read_exceptions("scenarios/" + os.path.basename(sys.argv[0])))
if MACHINE == "pc" and not shutil.which(QEMU):
    print("1..0 # SKIP %s is not installed" % QEMU)
    sys.exit(0)


def start(*arguments, seconds=SECONDS, launch=LAUNCH):
    """(status, what was printed, what the machine itself said)"""
    done = subprocess.run([*launch, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=seconds, check=False)
    return (done.returncode, done.stdout.decode("utf-8", "replace"),
            done.stderr.decode("utf-8", "replace"))


class Result:
    """How a run ended: status, what was printed, what the machine itself said."""

    def __init__(self, status, output, log):
        self.status = status
        self.output = output
        self.log = log

    def parts(self):
        """The outputs of the commands that run() was given one by one."""
        return [part.strip("\n") for part in self.output.split(MARK + "\n")]


def run(commands, *options, archive=ARCHIVE, launch=LAUNCH):
    """commands: a script, or a list of commands whose outputs parts() tells apart."""
    script = commands if isinstance(commands, str) else ("\necho %s\n" % MARK).join(commands)
    with tempfile.NamedTemporaryFile("w", suffix=".clew") as file:
        file.write(script + "\n")
        file.flush()
        return Result(*start("--cells", archive, *options, file.name, launch=launch))


class Server:
    """A system that clients ask for things while it runs."""

    def __init__(self, *options):
        self.folder = tempfile.TemporaryDirectory()
        self.socket = os.path.join(self.folder.name, "control")
        self.process = subprocess.Popen(
            [*LAUNCH, "--cells", ARCHIVE, "--socket", self.socket, *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        deadline = time.monotonic() + SECONDS
        while not os.path.exists(self.socket):
            assert time.monotonic() < deadline and self.process.poll() is None, "no socket"
            time.sleep(0.005)

    def ctl(self, *words):
        """(status, what was printed, what was said about a refusal)"""
        done = subprocess.run(
            [CLEW, "ctl", "--socket", self.socket, *words], stdin=subprocess.DEVNULL,
            capture_output=True, timeout=SECONDS, check=False)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def shut_down(self):
        """(status, what the machine itself said)"""
        _, log = self.process.communicate(b"shutdown\n", timeout=SECONDS)
        return self.process.returncode, log.decode()

    def end(self):
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()


def table(command, *options):
    """The rows of a command that takes --json."""
    return json.loads(run(command + " --json", *options).output)
