# SPDX-License-Identifier: MIT
"""The control line of a running system: what is carried out, and what is refused.

Frames are those of include/clew/control.h, checksums are zlib's.

usage: test_control.py CLEW CELLS.tar FIXTURES
"""

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from tap import equal, run_all, test  # noqa: E402

CLEW, ARCHIVE, FIXTURES = sys.argv[1:4]
PATIENCE = 30.0


class System:
    """A running system with a control socket; one for all tests."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "control")
        self.process = subprocess.Popen([CLEW, "run", "--cells", ARCHIVE, "--socket", self.path],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def connect(self):
        line = socket.socket(socket.AF_UNIX)
        line.settimeout(PATIENCE)
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                line.connect(self.path)
                return line
            except OSError:
                assert time.monotonic() < deadline, "no connection"
                time.sleep(0.01)

    def end(self):
        self.process.stdin.close()
        status = self.process.wait(timeout=PATIENCE)
        self.folder.cleanup()
        return status


def header(payload, verb="exec", name=None, length=None, crc=None):
    length = len(payload) if length is None else length
    crc = f"{zlib.crc32(payload):08x}" if crc is None else crc
    words = ["clew1", verb, str(length), crc] + ([name] if name is not None else [])
    return " ".join(words).encode() + b"\n"


def parse(answer):
    """(output, error, status): concatenated frames; None where there is none."""
    out, error, status, at = b"", None, None, 0
    while at < len(answer):
        end = answer.index(b"\n", at)
        word, number = answer[at:end].split(b" ")
        at = end + 1
        if word == b"done":
            status = int(number)
            assert at == len(answer), answer
            continue
        part = answer[at:at + int(number)]
        if len(part) < int(number):
            raise ValueError("incomplete")
        at += int(number)
        if word == b"out":
            out += part
        else:
            equal(word, b"error")
            error = part.decode()
    return out.decode(), error, status


def answer_of(line):
    answer = b""
    while True:
        part = line.recv(65536)
        assert part, f"the line was closed after {answer!r}"
        answer += part
        try:
            found = parse(answer)
        except ValueError:
            continue
        if found[2] is not None:
            return found


def send(data, piece=None):
    with SYSTEM.connect() as line:
        for at in range(0, len(data), piece or len(data)):
            line.sendall(data[at:at + (piece or len(data))])
            if piece:
                time.sleep(0.001)
        return answer_of(line)


def execute(commands):
    payload = commands.encode()
    return send(header(payload) + payload)


def assert_refused(data, pattern):
    before = execute("cells --json")
    out, error, status = send(data)
    equal((out, status), ("", 1))
    assert re.search(pattern, error), error
    equal(execute("cells --json"), before)


@test
def commands_are_carried_out_and_their_output_comes_back():
    equal(execute("echo one; echo two"), ("one\ntwo\n", None, 0))
    equal(execute(""), ("", None, 0))


@test
def a_failed_command_makes_the_status_1():
    equal(execute("nonsense; echo on"),
          ("nonsense: no such command; help lists them\non\n", None, 1))


@test
def a_request_may_come_in_pieces_of_any_size():
    payload = b"echo 'in pieces'"
    for piece in (1, 7):
        equal(send(header(payload) + payload, piece), ("in pieces\n", None, 0))


@test
def a_header_that_is_none_is_refused():
    assert_refused(b"GET / HTTP/1.1\r\n", "expected clew1, found GET")
    assert_refused(b"\n", "expected clew1")
    assert_refused(b"clew1\n", "VERB LENGTH CRC32")
    assert_refused(b"clew1 exec 0\n", "VERB LENGTH CRC32")
    assert_refused(b"clew1  exec 0 00000000\n", "unknown verb")
    assert_refused(b"clew1 erase 0 00000000\n", "unknown verb erase")
    assert_refused(b"clew1 exec 0 00000000 a b c\n", "too many words")
    assert_refused(b"clew1 exec 0 00000000 name\n", "takes no name")
    assert_refused(b"clew1 swap 0 00000000\n", "takes a name")


@test
def the_longest_header_is_read_and_one_byte_more_is_refused():
    name = "n" * (127 - len("clew1 swap 0 00000000 "))
    assert_refused(f"clew1 swap 0 00000000 {name}\n".encode(), "name longer than 31 bytes")
    assert_refused(f"clew1 swap 0 00000000 {name}n\n".encode(), "longer than 128 bytes")


@test
def numbers_that_are_none_are_refused():
    for length in ("", "-1", "1x", "0x10", "99999999999999999999"):
        assert_refused(f"clew1 exec {length} 00000000\n".encode(), "length is not a number")
    for crc in ("0", "0000000", "000000000", "0000000G", "0000000A"):
        assert_refused(f"clew1 exec 0 {crc}\n".encode(), "8 hexadecimal digits")


@test
def the_largest_payload_is_taken_and_one_byte_more_is_refused():
    most = 16 << 20
    payload = b"#" * (most - 9) + b"\necho big"
    equal(send(header(payload) + payload), ("big\n", None, 0))
    assert_refused(header(b"", length=most + 1), f"payload of {most + 1} bytes")


@test
def a_payload_with_another_checksum_is_refused():
    payload = b"echo damaged"
    assert_refused(header(payload) + b"echo Damaged", "CRC of the payload: expected")


@test
def a_payload_that_ends_too_soon_is_refused():
    with SYSTEM.connect() as line:
        line.sendall(header(b"echo never", length=100) + b"echo never")
        out, error, status = answer_of(line)
    equal((out, status), ("", 1))
    assert "payload truncated: expected 100 bytes, found 10" in error, error


@test
def an_object_from_outside_replaces_a_cell():
    with open(os.path.join(FIXTURES, "greeter_v2.o"), "rb") as file:
        payload = file.read()
    execute("load greeter")
    out, error, status = send(header(payload, "swap", "greeter") + payload)
    equal((error, status), (None, 0))
    assert re.search(r"^greeter +1 +2 ", out, re.M), out
    assert re.search(r"^greeter +2 ", execute("cells")[0], re.M)


@test
def an_object_that_must_not_replace_a_cell_is_refused_and_nothing_changes():
    execute("load counter")
    for name in ("counter_v3_layout.o", "greeter_v2.o", "foreign.o"):
        with open(os.path.join(FIXTURES, name), "rb") as file:
            payload = file.read()
        assert_refused(header(payload, "swap", "counter") + payload, "^swap: cell counter: ")
    assert_refused(header(b"no object", "swap", "counter") + b"no object", "^swap: ")
    assert_refused(header(b"", "swap", "counter"), "^swap: ")
    assert_refused(header(payload, "swap", "nothing") + payload, "^swap: cell nothing: ")


@test
def a_crash_in_a_request_ends_alone():
    out, error, status = execute("run crash null")
    equal((error, status), (None, 1))
    assert "crash: crashed (fault" in out, out
    equal(execute("echo on"), ("on\n", None, 0))


@test
def a_client_that_goes_takes_its_command_with_it():
    with SYSTEM.connect() as line:
        payload = b"run hammer --seconds 600"
        line.sendall(header(payload) + payload)
        time.sleep(0.3)
    assert "hammer" not in execute("ps")[0]


@test
def clients_that_come_and_go_at_any_point_leave_nothing_for_the_next():
    payload = b"ps; sleep 1; ps"
    data = header(payload) + payload
    for size in range(len(data) + 1):
        with SYSTEM.connect() as line:
            line.sendall(data[:size])
    equal(execute("echo mine"), ("mine\n", None, 0))


@test
def a_job_outlives_the_request_that_started_it():
    out = execute("run hammer --seconds 600 &")[0]
    job = re.match(r"\[(\d+)\] task", out).group(1)
    assert "hammer" in execute("ps")[0]
    out, _, status = execute(f"kill %{job}; wait {job}")
    equal(status, 1)
    assert "hammer --seconds 600: killed" in out, out


@test
def control_is_replaced_while_it_waits_and_its_old_version_goes():
    out, error, status = execute("swap control control.o")
    equal((error, status), (None, 0))
    equal(execute("echo next"), ("next\n", None, 0))
    deadline = time.monotonic() + PATIENCE
    while "control" in (pending := execute("retire")[0]):
        assert time.monotonic() < deadline, pending
        time.sleep(0.2)


@test
def the_system_still_ends_cleanly():
    equal(SYSTEM.end(), 0)


SYSTEM = System()

if __name__ == "__main__":
    run_all()
