# SPDX-License-Identifier: MIT
"""The control line of a running system: what is carried out, and what is refused.

Frames are those of include/clew/control.h, checksums are zlib's.

usage: test_control.py [--boot] CLEW CELLS.tar FIXTURES

With --boot the system is one in QEMU, where `clew boot` relays between the
socket and a serial line, and objects come on the bulk line.
"""

import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from tap import SKIPPED, equal, run_all, test  # noqa: E402

IN_QEMU = sys.argv[1] == "--boot"
CLEW, ARCHIVE, FIXTURES = sys.argv[2 if IN_QEMU else 1:]
PATIENCE = 120.0 if IN_QEMU else 30.0
MOST = 16 << 20


class System:
    """A running system with a control socket; one for all tests."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "control")
        self.process = subprocess.Popen([CLEW, "boot" if IN_QEMU else "run", "--cells", ARCHIVE,
                                         "--socket", self.path],
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

    def read_terminal(self, end):
        """Reads what the shell prints into self.terminal, until it ends so."""
        self.terminal = b""
        while not self.terminal.endswith(end):
            part = os.read(self.process.stdout.fileno(), 65536)
            if not part:
                break
            self.terminal += part

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
    if not IN_QEMU:  # a serial line takes minutes
        payload = b"#" * (MOST - 9) + b"\necho big"
        equal(send(header(payload) + payload), ("big\n", None, 0))
    equal(execute("load greeter")[2], 0)
    payload = os.urandom(4) + b"\xff\xfe" * (MOST // 2 - 2)
    assert_refused(header(payload, "swap", "greeter") + payload, "^swap: cell greeter: bad magic")
    assert_refused(header(b"", length=MOST + 1), f"payload of {MOST + 1} bytes")


@test
def every_byte_may_be_part_of_a_payload():
    for size in (4096, 4097, 100000):  # in QEMU: the serial line, the bulk line
        payload = (bytes(range(256)) * (size // 256 + 1))[:size]
        assert_refused(header(payload, "swap", "greeter") + payload, "^swap: cell greeter: ")
        damaged = payload[:-1] + b"?"
        assert_refused(header(payload, "swap", "greeter") + damaged, "^CRC of the payload: ")


@test
def words_after_the_name_are_refused_unless_they_name_a_block():
    for word, why in (("b", "expected bulk=ID, found b"), ("", "expected bulk=ID, found "),
                      ("bulk=", "block is not a number: bulk="),
                      ("bulk=x", "block is not a number: bulk=x"),
                      ("bulk=4294967296", "block is not a number")):
        assert_refused(f"clew1 swap 0 00000000 greeter {word}\n".encode(), why)
    assert_refused(b"clew1 exec 0 00000000 greeter bulk=1\n", "takes no name")


@test
def a_block_that_does_not_come_is_refused_with_a_reason():
    assert_refused(b"clew1 swap 9 00000000 greeter bulk=4294967295\n",
                   "payload truncated: expected 9 bytes, found 0" if IN_QEMU else
                   "this machine has no bulk line")


@test
def sync_is_answered_with_its_nonce_and_the_session_goes_on():
    with SYSTEM.connect() as line:
        line.sendall(b"clew1 sync 0 00000000 0123456789abcdef\nclew1 sync 0 00000000 n\n")
        line.sendall(header(b"echo on") + b"echo on")
        expected = b"sync 0123456789abcdef\nsync n\nout 3\non\ndone 0\n"
        found = b""
        while len(found) < len(expected):
            found += line.recv(65536)
        equal(found, expected)


@test
def a_sync_that_is_none_is_refused():
    assert_refused(b"clew1 sync 0 00000000\n", "sync takes a nonce")
    assert_refused(b"clew1 sync 0 00000000 \n", "sync takes a nonce")
    assert_refused(b"clew1 sync 0 00000000 a b\n", "sync takes a nonce")
    assert_refused(b"clew1 sync 1 00000000 a\n", "sync takes no payload")


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
def clients_that_go_in_the_middle_of_an_object_leave_nothing_for_the_next():
    payload = os.urandom(300000)
    data = header(payload, "swap", "greeter") + payload
    for size in (10, 60, 1000, 5000, 150000, len(data) - 1, len(data)):
        with SYSTEM.connect() as line:
            line.sendall(data[:size])
        with SYSTEM.connect() as line:
            line.sendall(data[:size])
            time.sleep(0.05)
    equal(execute("echo mine"), ("mine\n", None, 0))
    assert_refused(data, "^swap: cell greeter: bad magic")


@test
def the_cells_of_the_lines_are_replaced_between_and_in_the_middle_of_objects():
    payload = os.urandom(1 << 20)
    data = header(payload, "swap", "greeter") + payload
    for name in ("uart", "console", "control", "virtio_console"):
        with SYSTEM.connect() as line:
            line.sendall(data[:400000])
            time.sleep(0.05)
        equal(execute(f"swap {name} {name}.o")[1:], (None, 0))
        assert_refused(data, "^swap: cell greeter: bad magic")


@test
def the_cells_of_the_lines_are_replaced_while_objects_come():
    """The terminal's shell replaces them; objects come in sequence meanwhile."""
    payload = os.urandom(4 << 20)
    data = header(payload, "swap", "greeter") + payload
    swaps = [f"swap {name} {name}.o" for name in ("uart", "console", "control", "virtio_console")]
    script = "\n".join(swaps * 10) + "\necho replaced\n"
    SYSTEM.process.stdin.write(script.encode())
    SYSTEM.process.stdin.flush()
    printed = threading.Thread(target=SYSTEM.read_terminal, args=(b"replaced\n",),
                               daemon=True)
    printed.start()
    requests = 0
    deadline = time.monotonic() + PATIENCE
    while printed.is_alive() or requests < 2:
        assert time.monotonic() < deadline, SYSTEM.terminal
        out, error, status = send(data)
        equal((out, status), ("", 1))
        assert "bad magic" in error, error
        requests += 1
    equal(SYSTEM.terminal.count(b"virtio_console "), 10)
    assert b"swap: " not in SYSTEM.terminal, SYSTEM.terminal


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

if IN_QEMU:
    SKIPPED["sync_is_answered_with_its_nonce_and_the_session_goes_on"] = \
        "the relay asks, and takes the answer for itself"

if __name__ == "__main__":
    run_all()
