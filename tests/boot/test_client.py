#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Clients of a system that runs in QEMU: sessions on a line that knows of none.

usage: test_client.py CLEW CELLS.tar FIXTURES

What is carried out and refused on any machine is tests/console/test_control.py's;
frames are those of include/clew/control.h, checksums are zlib's.  Speaks TAP.
"""

import os
import re
import socket
import threading
import time
import zlib

from machine import ARGUMENTS, SECONDS, Machine
from tap import equal, run_all, test

FIXTURES, = ARGUMENTS
BULK_MIN = 4097  # bytes of an object that takes the bulk line


def header(payload, verb="exec", name=None, length=None):
    length = len(payload) if length is None else length
    words = ["clew1", verb, str(length), f"{zlib.crc32(payload):08x}"] + ([name] if name else [])
    return " ".join(words).encode() + b"\n"


def connect(machine):
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(SECONDS)
    line.connect(machine.socket)
    return line


def answer_of(line):
    answer = b""
    while part := line.recv(65536):
        answer += part
    return answer


def request(machine, data, half_close=False):
    """The answer, from the first byte to the end of the connection."""
    with connect(machine) as line:
        line.sendall(data)
        if half_close:
            line.shutdown(socket.SHUT_WR)
        return answer_of(line)


def refusal(text):
    return b"error %d\n%sdone 1\n" % (len(text), text)


def fixture(name):
    with open(os.path.join(FIXTURES, name), "rb") as file:
        return file.read()


def padded(data, size):
    """The object with more behind it, which no section names."""
    assert len(data) <= size
    return data + b"\xff" * (size - len(data))


@test
def a_client_is_answered_on_each_machine_and_the_line_is_closed():
    for name in ("pc", "q35", "microvm"):
        with Machine("--machine", name) as machine:
            equal(machine.ctl("echo on; nonsense"),
                  (1, "on\nnonsense: no such command; help lists them\n", ""))
            data = b"echo frame"
            equal(request(machine, header(data) + data), b"out 6\nframe\ndone 0\n")
            equal(machine.end(), (0, "", ""))


@test
def a_client_may_come_before_the_guest_is_up():
    with Machine() as machine:
        equal(machine.ctl("echo early"), (0, "early\n", ""))


@test
def every_byte_arrives_as_it_was_sent():
    odd = bytes(byte for byte in range(256) if byte not in b"\0\n\r'") * 4 + b"\xff" * 9
    data = b"echo '" + odd + b"'"
    equal(request(SYSTEM, header(data) + data),
          b"out %d\n%s\ndone 0\n" % (len(odd) + 1, odd))


@test
def an_object_arrives_whole_on_either_line():
    object_ = fixture("greeter_v2.o")
    sizes = [len(object_), 20000, 1 << 20, 16 << 20]
    assert sizes[0] >= BULK_MIN
    for size in sizes:
        data = padded(object_, size)
        SYSTEM.ctl("unload greeter")
        equal(SYSTEM.ctl("load greeter")[0], 0)
        answer = request(SYSTEM, header(data, "swap", "greeter") + data)
        assert re.search(rb"\ngreeter +\d+ +2 .*\ndone 0\n$", answer, re.S), answer


@test
def without_a_bulk_line_an_object_takes_the_control_line():
    with Machine("--machine", "microvm") as machine:
        equal(machine.ctl("load greeter")[0], 0)
        status, output, said = machine.ctl("swap", "greeter",
                                           os.path.join(FIXTURES, "greeter_v2.o"))
        equal((status, said), (0, ""))
        assert re.search(r"^greeter +1 +2 ", output, re.M), output


@test
def truncated_and_damaged_objects_are_refused_on_either_line():
    for size in (BULK_MIN - 1, BULK_MIN, 100000):
        data = padded(b"object", size)
        begin = header(data, "swap", "counter")
        start = time.monotonic()
        answer = request(SYSTEM, begin + data[:-1], half_close=True)
        # Only the bulk line can say that a payload is shorter; on the other it is waited for.
        assert size < BULK_MIN or time.monotonic() - start < 9
        equal(answer, refusal(b"payload truncated: expected %d bytes, found %d"
                              % (size, size - 1)))
        answer = request(SYSTEM, begin + b"O" + data[1:])
        assert answer.startswith(b"error ") and b"CRC of the payload: expected" in answer, answer
        equal(SYSTEM.ctl("echo on"), (0, "on\n", ""))


@test
def a_client_that_stops_sending_is_refused_after_ten_seconds():
    data = padded(b"object", 100000)
    with connect(SYSTEM) as line:
        line.sendall(header(data, "swap", "counter") + data[:5000])
        begin = time.monotonic()
        answer = answer_of(line)
    equal(answer, refusal(b"payload truncated: expected 100000 bytes, found 5000"))
    assert 9 < time.monotonic() - begin < 60


@test
def clients_that_go_at_any_point_leave_nothing_for_the_next():
    data = padded(fixture("greeter_v2.o"), 300000)
    whole = header(data, "swap", "greeter") + data
    for size in (0, 1, 20, len(whole) - len(data) - 1, len(whole) - len(data), 5000, 200000,
                 len(whole)):
        with connect(SYSTEM) as line:
            line.sendall(whole[:size])
        equal(SYSTEM.ctl("echo mine"), (0, "mine\n", ""))


@test
def a_client_that_goes_takes_its_command_with_it_at_once():
    with connect(SYSTEM) as line:
        data = b"echo begun; run hammer --seconds 600"
        line.sendall(header(data) + data)
        with line.makefile("rb") as answer:
            equal(answer.readline(), b"out 6\n")
    time.sleep(2)
    # Asked on the other line: the next client's session would end the command too.
    SYSTEM.process.stdin.write(b"ps; echo end\n")
    SYSTEM.process.stdin.flush()
    tasks = SYSTEM.expect("end\n")
    assert "shell" in tasks and "hammer" not in tasks, tasks


@test
def a_client_that_does_not_read_is_left_behind():
    with connect(SYSTEM) as line:
        data = b"cells; " * 20000
        line.sendall(header(data) + data)
        begin = time.monotonic()
        equal(SYSTEM.ctl("echo next"), (0, "next\n", ""))
        assert time.monotonic() - begin < SECONDS / 2


@test
def clients_wait_for_each_other():
    results = []
    threads = [threading.Thread(target=lambda n=n: results.append(
        (n, SYSTEM.ctl(f"sleep 0.2; echo {n}")))) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    equal(sorted(results), [(n, (0, f"{n}\n", "")) for n in range(8)])


@test
def what_comes_after_a_request_is_dropped():
    data = b"echo one"
    equal(request(SYSTEM, header(data) + data + header(data) + data), b"out 4\none\ndone 0\n")
    equal(request(SYSTEM, b"nonsense\n" * 2000)[:6], b"error ")
    equal(SYSTEM.ctl("echo on"), (0, "on\n", ""))


@test
def a_shutdown_ends_the_session_with_the_machine():
    with Machine() as machine:
        equal(machine.ctl("echo last; shutdown")[:2], (4, "last\n"))
        equal(machine.end(), (0, "", ""))
        assert not os.path.lexists(machine.socket)


@test
def a_guest_that_does_not_answer_is_given_up():
    with Machine(f"--gdb={os.path.join(os.path.dirname(SYSTEM.socket), 'gdb')}") as machine:
        equal(machine.ctl("ps"),
              (4, "", "clew ctl: the system does not answer on its control line\n"))


@test
def the_system_still_ends_cleanly():
    equal(SYSTEM.end(b"echo last\n"), (0, "last\n", ""))


if __name__ == "__main__":
    SYSTEM = Machine()
    run_all()
