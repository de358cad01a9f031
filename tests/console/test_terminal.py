# SPDX-License-Identifier: MIT
"""The shell on a terminal: editing, history, Ctrl-C, Ctrl-D, jobs.

usage: test_terminal.py CLEW CELLS.tar
"""

import os
import pty
import re
import select
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from tap import equal, run_all, test  # noqa: E402

CLEW, ARCHIVE = sys.argv[1:3]
PROMPT = "clew> "
CONTROL_C, CONTROL_D, UP, LEFT = "\x03", "\x04", "\x1b[A", "\x1b[D"
PATIENCE = 20.0


class Terminal:
    """A running system whose terminal is ours."""

    def __init__(self, *options, until=PROMPT):
        self.options = options
        self.until = until

    def __enter__(self):
        self.shown = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execv(CLEW, [CLEW, "run", "--cells", ARCHIVE, *self.options])
        self.wait_for(self.until)
        return self

    def __exit__(self, *_):
        os.close(self.fd)
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)

    def wait_for(self, text):
        """Reads until the text was shown, and takes it and what was before it off."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.shown:
            left = deadline - time.monotonic()
            assert left > 0, f"{text!r} was not shown but {self.shown!r}"
            if select.select([self.fd], [], [], left)[0]:
                self.read()
        before, self.shown = self.shown.split(text, 1)
        return before

    def read(self):
        # The host's terminal driver may return the carriage once more.
        self.shown = (self.shown + os.read(self.fd, 65536).decode()).replace("\r\r\n", "\r\n")

    def type(self, keys):
        os.write(self.fd, keys.encode())

    def command(self, line):
        """Types a line and returns what was printed, without echo and prompt."""
        self.type(line + "\r")
        self.wait_for("\r\n")
        return self.wait_for(PROMPT).replace("\r\n", "\n").rstrip("\r")

    def end(self):
        """The exit status; reads what is still to be shown."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                if select.select([self.fd], [], [], 0.05)[0]:
                    self.read()
            except OSError:  # the other side is closed
                time.sleep(0.01)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = 0
                return os.waitstatus_to_exitcode(status)
        raise AssertionError("the system did not end")


@test
def a_command_is_echoed_and_its_output_begins_on_a_new_line():
    with Terminal() as terminal:
        equal(terminal.command("echo hello"), "hello\n")


@test
def keys_edit_the_line_and_up_recalls_it():
    with Terminal() as terminal:
        equal(terminal.command("echo ac" + LEFT + "b"), "abc\n")
        equal(terminal.command(UP + "d"), "abcd\n")
        equal(terminal.command("garbage\x15echo clean"), "clean\n")


@test
def control_d_on_an_empty_line_shuts_down_with_0():
    with Terminal() as terminal:
        terminal.command("nonsense")
        terminal.type(CONTROL_D)
        equal(terminal.end(), 0)


@test
def shutdown_ends_with_0():
    with Terminal() as terminal:
        terminal.type("shutdown\r")
        equal(terminal.end(), 0)


@test
def control_c_gives_up_the_line_being_typed():
    with Terminal() as terminal:
        terminal.type("echo never" + CONTROL_C)
        terminal.wait_for("^C")
        terminal.wait_for(PROMPT)
        equal(terminal.command("echo next"), "next\n")


@test
def control_c_kills_the_application_in_front_and_not_the_system():
    with Terminal() as terminal:
        terminal.type("run hammer --seconds 600\r")
        terminal.wait_for("\r\n")
        time.sleep(0.2)
        terminal.type(CONTROL_C)
        terminal.wait_for("^C\r\n")
        terminal.wait_for(PROMPT)
        assert "hammer" not in terminal.command("ps")


@test
def control_c_in_a_script_kills_the_application_in_front_and_the_script_goes_on():
    script = "echo before; run hammer --seconds 600; echo after"
    with Terminal("-c", script, until="before\r\n") as terminal:
        time.sleep(0.3)
        terminal.type(CONTROL_C)
        terminal.wait_for("after\r\n")
        equal(terminal.end(), 1)


@test
def control_c_ends_a_command_of_the_shell():
    with Terminal() as terminal:
        terminal.type("sleep 600\r")
        terminal.wait_for("\r\n")
        time.sleep(0.1)
        terminal.type(CONTROL_C)
        terminal.wait_for(PROMPT)
        equal(terminal.command("echo next"), "next\n")


@test
def control_c_while_waiting_leaves_the_job_and_in_front_of_it_kills_it():
    with Terminal() as terminal:
        assert terminal.command("run hammer --seconds 600 &").startswith("[1] task ")
        for command, left in [("wait", True), ("fg", False)]:
            terminal.type(command + "\r")
            terminal.wait_for("\r\n")
            time.sleep(0.2)
            terminal.type(CONTROL_C)
            terminal.wait_for(PROMPT)
            time.sleep(0.2)
            terminal.command("")  # where the shell tells that a job has ended
            equal("hammer" in terminal.command("ps"), left)


@test
def a_job_that_ended_is_told_before_the_next_prompt():
    with Terminal() as terminal:
        terminal.command("run hammer --seconds 1 &")
        terminal.wait_for("calls by 4 tasks")
        terminal.wait_for(PROMPT)
        time.sleep(0.2)
        assert "[1] ended: hammer --seconds 1\n" in terminal.command("")


@test
def output_of_a_job_goes_above_the_line_being_typed():
    with Terminal() as terminal:
        terminal.command("run --restart 1,500 crash null &")
        terminal.type("echo ty")
        terminal.wait_for("restarted 1 of 1")
        terminal.wait_for("cleanup 1\r\n\r" + PROMPT + "echo ty")
        terminal.type("ped\r")
        terminal.wait_for("\r\ntyped\r\n")


@test
def a_crash_is_reported_and_the_shell_goes_on():
    with Terminal() as terminal:
        text = terminal.command("run crash div")
        assert re.search(r"^crash: crashed \(fault 1\): divide error$", text, re.M), text
        assert re.search(r"#4 .*crash: frame_1\+0x", text), text
        equal(terminal.command("echo on"), "on\n")


@test
def a_shell_that_is_killed_is_started_again():
    with Terminal() as terminal:
        rows = terminal.command("ps").splitlines()
        shell = [row.split()[0] for row in rows if re.search(r"^ +\d+ +shell ", row)]
        equal(len(shell), 1)
        assert "shell: killed" in terminal.command("kill " + shell[0])
        row = re.search(r"^ +\d+ +shell +\w+ +[0-9.]+ +4 +1 ", terminal.command("ps"), re.M)
        assert row, "no shell that was restarted once"


@test
def shell_and_console_are_replaced_while_a_line_is_read_and_their_old_versions_go():
    with Terminal() as terminal:
        for cell in ("shell", "console"):
            assert re.search(rf"^{cell} +1 +1 ", terminal.command(f"swap {cell} {cell}.o"), re.M)
        terminal.type("echo th")
        time.sleep(0.5)  # meanwhile the captain restarts who is parked in an old version
        equal(terminal.command("ere"), "there\n")
        deadline = time.monotonic() + PATIENCE
        while re.search("shell|console", pending := terminal.command("retire")):
            assert time.monotonic() < deadline, pending
            time.sleep(0.2)


@test
def typing_ahead_is_kept():
    with Terminal() as terminal:
        terminal.type("sleep 0.3\recho one\recho two\r")
        terminal.wait_for("\r\none\r\n")
        terminal.wait_for("\r\ntwo\r\n")


if __name__ == "__main__":
    run_all()
