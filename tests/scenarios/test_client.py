# SPDX-License-Identifier: MIT
"""`clew ctl` and a running system: one request after the other, good and bad.

usage: test_client.py [--private|--boot] CLEW CELLS.tar FIXTURES

The protocol itself is tested in tests/console.
"""

import json
import os
import random
import socket
import stat
import subprocess
import time
import zlib

from system import ARGUMENTS, CLEW, SECONDS, Server

from tap import equal, run_all, test

FIXTURES = ARGUMENTS[0]
LOAD = "run hammer --tasks 2 --seconds 2 &"
SYSTEM = Server()
ctl = SYSTEM.ctl


def version_of(name):
    return ctl("cells")[1].split(name + " ")[1].split()[0]


@test
def the_socket_is_for_its_owner_alone():
    equal(stat.S_IMODE(os.stat(SYSTEM.socket).st_mode), 0o600)


@test
def output_and_status_of_a_command_come_back():
    equal(ctl("echo a; echo b"), (0, "a\nb\n", ""))
    equal(ctl("echo a; nonsense")[0], 1)


@test
def an_object_from_outside_replaces_a_cell_under_load():
    equal(ctl("load greeter")[0], 0)
    equal(ctl(LOAD)[0], 0)
    for file, version in [("greeter_v2.o", "2"), ("greeter_v2.o", "2")]:
        status, output, log = ctl("swap", "greeter", os.path.join(FIXTURES, file))
        equal((status, log), (0, ""))
        assert output.startswith("NAME "), output
        equal(version_of("greeter"), version)
    status, output, _ = ctl("wait")
    equal(status, 0)


@test
def an_object_that_was_cut_or_changed_is_refused_and_changes_nothing():
    with open(os.path.join(FIXTURES, "greeter_v2.o"), "rb") as file:
        whole = file.read()
    before = ctl("cells --all --json")[1], ctl("symbols --json")[1]
    path = os.path.join(SYSTEM.folder.name, "bad.o")
    for data in (b"", whole[:40], whole[:200], whole[:-1], whole[: len(whole) // 2],
                 b"\x7fELF" + bytes(len(whole))):
        with open(path, "wb") as file:
            file.write(data)
        status, output, log = ctl("swap", "greeter", path)
        equal((len(data), status, output), (len(data), 1, ""))
        assert log.startswith("clew ctl: swap: "), log
    equal((ctl("cells --all --json")[1], ctl("symbols --json")[1]), before)


@test
def a_refused_object_has_status_1_and_the_reason():
    status, output, log = ctl("swap", "greeter", os.path.join(FIXTURES, "counter_v2.o"))
    equal((status, output), (1, ""))
    assert "expected greeter, found counter" in log, log


@test
def a_file_that_is_not_there_has_status_2():
    equal(ctl("swap", "greeter", "/nonexistent.o")[:2], (2, ""))


@test
def a_client_that_goes_in_the_middle_leaves_the_line_to_the_next():
    for data in (b"", b"clew1", b"clew1 exec 100 00000000\necho", b"clew1 exec 10 "):
        line = socket.socket(socket.AF_UNIX)
        line.connect(SYSTEM.socket)
        line.sendall(data)
        line.close()
        equal(ctl("echo next"), (0, "next\n", ""))


@test
def a_command_whose_client_goes_is_ended():
    process = subprocess.Popen(
        [CLEW, "ctl", "--socket", SYSTEM.socket, "run hammer --seconds 1000"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(0.2)
    process.kill()
    process.wait()
    deadline = time.monotonic() + SECONDS
    while "hammer" in ctl("ps")[1]:
        assert time.monotonic() < deadline, "hammer is still there"


def ask_and_go(command, seconds):
    """Sends a request and goes before it is done."""
    data = command.encode()
    line = socket.socket(socket.AF_UNIX)
    line.connect(SYSTEM.socket)
    line.sendall(b"clew1 exec %d %08x\n" % (len(data), zlib.crc32(data)) + data)
    time.sleep(seconds)
    line.close()


@test
def clients_that_go_while_cells_are_replaced_leave_a_system_that_works():
    dice = random.Random(1)
    cells = [row["name"] for row in json.loads(ctl("cells --json")[1])]
    for _ in range(200):
        name = dice.choice(cells)
        command = dice.choice(["swap %s %s.o" % (name, name)] * 4 + [
            "run crash smash", "run hammer --seconds 100", "run --restart 5,1 crash null"])
        ask_and_go(command, dice.random() * 0.004)
    status, output, log = ctl("run hammer --calls 100; load channel; unload channel")
    equal((status, log), (0, ""))
    assert " 0 errors\nchannel: loaded\nchannel: unloaded\n" in output, output


@test
def the_system_outlives_its_clients_and_ends_cleanly():
    equal(SYSTEM.shut_down(), (0, ""))
    assert not os.path.exists(SYSTEM.socket), "the socket is still there"


try:
    run_all()
finally:
    SYSTEM.end()
