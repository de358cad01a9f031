# SPDX-License-Identifier: MIT
"""A system that is started, does what a script or a client says, and ends.

Takes the command line of a test: --private for the other memory mode, then
CLEW, CELLS.tar and what else the test needs (ARGUMENTS).
"""

import json
import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

SECONDS = 60
MODE = ["--private"] if "--private" in sys.argv else []
CLEW, ARCHIVE, *ARGUMENTS = [word for word in sys.argv[1:] if word != "--private"]
MARK = "====="


class Result:
    """How a run ended: status, what was printed, what the machine itself said."""

    def __init__(self, status, output, log):
        self.status = status
        self.output = output
        self.log = log

    def parts(self):
        """The outputs of the commands that run() was given one by one."""
        return [part.strip("\n") for part in self.output.split(MARK + "\n")]


def run(commands, *options, archive=None, seconds=SECONDS):
    """commands: a script, or a list of commands whose outputs parts() tells apart."""
    script = commands if isinstance(commands, str) else ("\necho %s\n" % MARK).join(commands)
    with tempfile.NamedTemporaryFile("w", suffix=".clew") as file:
        file.write(script + "\n")
        file.flush()
        done = subprocess.run(
            [CLEW, "run", "--cells", archive or ARCHIVE, *MODE, *options, file.name],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False)
    return Result(done.returncode, done.stdout.decode("utf-8", "replace"),
                  done.stderr.decode("utf-8", "replace"))


class Server:
    """A system that clients ask for things while it runs."""

    def __init__(self, *options):
        self.folder = tempfile.TemporaryDirectory()
        self.socket = os.path.join(self.folder.name, "control")
        self.process = subprocess.Popen(
            [CLEW, "run", "--cells", ARCHIVE, *MODE, "--socket", self.socket, *options],
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
