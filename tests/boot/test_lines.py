#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What goes between the host's terminal and the guest's, and how `clew boot` is ended.

usage: test_lines.py CLEW CELLS.tar

Speaks TAP.
"""

import json
import os
import pty
import signal
import subprocess
import termios
import time

from machine import ARCHIVE, CLEW, FOLDER, SECONDS, Machine, boot, children, is_alive, wait_until
from tap import equal, run_all, test


@test
def commands_are_carried_out_and_their_status_is_the_status():
    for machine in ("pc", "q35", "microvm"):
        equal(boot("--machine", machine, "-c", "echo one; echo two"), (0, "one\ntwo\n", ""))
    equal(boot("-c", "nonsense; echo on"),
          (1, "nonsense: no such command; help lists them\non\n", ""))


@test
def piped_commands_arrive_whole_and_their_end_is_the_end():
    lines = [f"echo {number} " + "x" * (number % 60) for number in range(1500)]
    status, output, said = boot(keys=("\n".join(lines) + "\n").encode())
    equal((status, said), (0, ""))
    equal(output.splitlines(), [line[5:].rstrip() for line in lines])


@test
def the_first_key_is_not_lost_however_early_it_comes():
    for machine in ("pc", "q35", "microvm") * 3:
        equal(boot("--machine", machine, keys=b"echo 0123456789\n"), (0, "0123456789\n", ""))


@test
def an_input_that_is_empty_ends_the_machine():
    equal(boot(), (0, "", ""))


@test
def a_script_does_not_read_standard_input():
    script = os.path.join(FOLDER.name, "script.clew")
    with open(script, "w", encoding="ascii") as file:
        file.write("echo script\n")
    reading, writing = os.pipe()
    os.write(writing, b"echo keys\n")
    done = subprocess.run([CLEW, "boot", "--cells", ARCHIVE, script], stdin=reading,
                          stdout=subprocess.PIPE, timeout=SECONDS, check=False)
    equal((done.returncode, done.stdout), (0, b"script\n"))
    equal(os.read(reading, 100), b"echo keys\n")


@test
def what_the_machine_says_goes_to_standard_error():
    broken = os.path.join(FOLDER.name, "broken.tar")
    with open(ARCHIVE, "rb") as file, open(broken, "wb") as copy:
        copy.write(file.read()[:-100000])
    status, output, said = boot(archive=broken)
    equal((status, output), (3, ""))
    assert len(said) > 1 and all(c == "\n" or " " <= c <= "~" for c in said), said


@test
def a_reader_that_has_gone_does_not_hold_up_the_machine():
    with Machine("-c", "cells; " * 200 + "shutdown") as machine:
        machine.expect("captain")
        machine.process.stdout.close()
        equal(machine.process.wait(timeout=SECONDS), 0)
        equal(machine.process.stderr.read(), b"")


@test
def a_reader_that_is_slow_gets_everything():
    with Machine("-c", "help; " * 400 + "echo end") as machine:
        time.sleep(3)
        status, output, _ = machine.end()
    equal(status, 0)
    assert output == boot("-c", "help")[1] * 400 + "end\n", "something was lost"


@test
def the_trace_is_events_and_follows_from_the_seed():
    traces = []
    for name in ("a", "b,c"):
        path = os.path.join(FOLDER.name, name)
        equal(boot("--seed", "7", "--trace", path, "-c", "run crash null; ps")[0], 1)
        with open(path, "rb") as file:
            traces.append(file.read())
    equal(traces[0], traces[1])
    assert len([json.loads(line) for line in traces[0].splitlines()]) > 10


@test
def signals_end_it_and_leave_nothing():
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        with Machine() as machine:
            machine.ctl("ps")
            machine.process.stdin.write(b"echo before\n")
            machine.process.stdin.flush()
            machine.expect("before\n")
            assert os.path.exists(machine.socket)
            machine.process.send_signal(number)
            equal(machine.process.wait(timeout=SECONDS), -number)
            assert not is_alive(machine.qemu)
            assert not os.path.lexists(machine.socket)


@test
def qemu_dies_with_it_however_it_ends():
    for number in (signal.SIGKILL, signal.SIGSEGV, signal.SIGSTOP):
        with Machine() as machine:
            machine.process.send_signal(number)
            if number == signal.SIGSTOP:
                machine.process.kill()
            machine.process.wait(timeout=SECONDS)
            wait_until(lambda qemu=machine.qemu: not is_alive(qemu), "QEMU lives")


@test
def it_ends_when_qemu_is_killed():
    with Machine() as machine:
        os.kill(machine.qemu, signal.SIGKILL)
        status, _, said = machine.end()
        equal(status, 4)
        assert "clew boot: QEMU was killed by signal 9 (" in said, said
        assert not os.path.lexists(machine.socket)


@test
def sigint_is_a_key_while_a_script_runs():
    with Machine("-c", "echo begin; run hammer --seconds 600; echo after") as machine:
        machine.expect("begin\n")
        deadline = time.monotonic() + SECONDS
        while machine.process.poll() is None and time.monotonic() < deadline:
            machine.process.send_signal(signal.SIGINT)
            time.sleep(0.5)
        status, output, _ = machine.end()
        equal(status, 1)
        assert output.endswith("after\n"), output


class Terminal:
    """A machine on a terminal."""

    def __init__(self, *options):
        self.master, self.slave = pty.openpty()
        self.before = termios.tcgetattr(self.slave)
        self.machine = Machine(*options, stdin=self.slave, stdout=self.slave, stderr=self.slave)
        wait_until(lambda: not termios.tcgetattr(self.slave)[3] & termios.ICANON, "not raw")

    def expect(self, text):
        seen = b""
        while text not in seen:
            part = os.read(self.master, 4096)
            assert part, seen
            seen += part
        return seen

    def expect_end(self, status):
        equal(self.machine.process.wait(timeout=SECONDS), status)
        equal(termios.tcgetattr(self.slave), self.before)
        self.machine.__exit__()
        os.close(self.master)
        os.close(self.slave)


@test
def on_a_terminal_every_key_is_a_byte():
    terminal = Terminal()
    assert not termios.tcgetattr(terminal.slave)[3] & (termios.ECHO | termios.ISIG)
    os.write(terminal.master, b"echo a key\r")
    terminal.expect(b"\na key")
    os.write(terminal.master, b"run hammer --seconds 600\r")
    time.sleep(1)
    os.write(terminal.master, b"\x03")
    os.write(terminal.master, b"\recho still here\r")
    terminal.expect(b"\nstill here")
    os.write(terminal.master, b"\x04")
    terminal.expect_end(0)


@test
def the_terminal_is_put_back_whatever_ends_it():
    for number in (signal.SIGTERM, signal.SIGHUP):
        terminal = Terminal()
        terminal.machine.process.send_signal(number)
        terminal.expect_end(-number)
    terminal = Terminal()
    os.kill(terminal.machine.qemu, signal.SIGKILL)
    terminal.expect_end(4)


@test
def nothing_is_left_over():
    equal(children(os.getpid()), [])


if __name__ == "__main__":
    run_all()
