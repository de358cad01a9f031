#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What cannot start says why and fails, on a bare QEMU.

usage: test_bad_start.py CLEW.elf CELLS.tar

A start that fails has status 39, isa-debug-exit's for MACHINE_NO_BOOT; 33 is
success, and 0 would be a triple fault.  Speaks TAP.
"""

import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from tap import equal, run_all, test  # noqa: E402

QEMU = "qemu-system-x86_64"
KERNEL, ARCHIVE = sys.argv[1:]
SECONDS = 60
DOWN, NO_BOOT = 33, 39
MACHINE = [QEMU, "-accel", "tcg", "-no-reboot", "-display", "none", "-nodefaults",
           "-kernel", KERNEL]
EXIT = ["-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
FOLDER = tempfile.TemporaryDirectory()


def start(*options, archive=ARCHIVE, words="", memory="64M"):
    """(status, what came on the serial line)"""
    done = subprocess.run(
        [*MACHINE, *EXIT, "-m", memory, "-append", "debug-exit " + words, "-serial", "stdio",
         *(["-initrd", archive] if archive else []), *options],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False)
    return done.returncode, done.stdout.decode("utf-8", "replace").replace("\r", "")


def refuses(pattern, *options, **how):
    """The start fails with one line that matches."""
    status, text = start(*options, **how)
    assert status == NO_BOOT and re.search(pattern, text), (pattern, status, text)
    assert all(" " <= c <= "~" or c == "\n" for c in text), text
    return text


def make_file(data):
    path = os.path.join(FOLDER.name, "cells.tar")
    with open(path, "wb") as file:
        file.write(data)
    return path


def whole():
    with open(ARCHIVE, "rb") as file:
        return file.read()


def archive_with(name, change, more=()):
    """The archive with the member `name` changed, or left out, and more members at its end."""
    with io.BytesIO() as data:
        with tarfile.open(ARCHIVE) as source, \
                tarfile.open(fileobj=data, mode="w", format=tarfile.USTAR_FORMAT) as to:
            for member in source:
                content = source.extractfile(member).read()
                if member.name == name:
                    content = change(content) if change else None
                if content is not None:
                    add(to, member.name, content)
            for added, content in more:
                add(to, added, content)
        return make_file(data.getvalue())


def add(archive, name, content):
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def script(text):
    return [("boot/script", text.encode())]


@test
def a_good_start_has_status_33():
    equal(start(archive=archive_with("", None, script("echo it lives"))), (DOWN, "it lives\n"))


@test
def a_failed_command_has_status_35():
    status, text = start(archive=archive_with("", None, script("nonsense")))
    equal(status, 35)
    assert "no such command" in text, text


# ---- the archive --------------------------------------------------------------------


@test
def without_an_initrd_the_message_says_how_to_give_one():
    refuses(r"^clew: no archive of cells: expected a module \(QEMU: -initrd .*\), found none\n",
            archive=None)


@test
def an_initrd_that_is_no_archive_is_refused():
    for data in (b"x", b"no archive\n" * 1000, bytes(range(256)) * 16, b"\x7fELF" + bytes(4096)):
        refuses(r"^clew: cells\.tar.*: expected ", archive=make_file(data))


@test
def an_archive_of_nothing_has_no_nano_core():
    refuses(r"^clew: cells\.tar: expected a member nano_core\.o, found none",
            archive=make_file(bytes(10240)))


@test
def an_archive_that_was_cut_is_refused():
    data = whole()
    for length in (100, 511, 512, 5000, len(data) // 3, len(data) // 2):
        refuses(r"^clew: .*(cells\.tar|nano_core)", archive=make_file(data[:length]))


@test
def a_damaged_header_is_refused_with_its_place():
    # Name, mode, size, checksum and magic of the first member (POSIX ustar).
    for offset in (0, 100, 124, 148, 257):
        data = bytearray(whole())
        data[offset] ^= 0x41
        refuses(r"^clew: cells\.tar, first member, byte 0 of \d+: expected ",
                archive=make_file(data))


@test
def without_nano_core_the_message_names_it():
    refuses(r"^clew: cells\.tar: expected a member nano_core\.o, found none",
            archive=archive_with("nano_core.o", None))


@test
def a_nano_core_that_is_damaged_is_refused():
    for change in (lambda data: b"", lambda data: data[: len(data) // 2],
                   lambda data: bytes(len(data)), lambda data: b"text\n" * 1000,
                   lambda data: data[:18] + b"\x03\x00" + data[20:]):  # e_machine: EM_386
        refuses(r"^clew: .*nano_core", archive=archive_with("nano_core.o", change))


@test
def a_cell_that_is_missing_is_named():
    for name in ("linker", "task", "shell", "captain"):
        refuses(name, archive=archive_with(name + ".o", None))


@test
def a_cell_that_is_damaged_is_named():
    for name in ("heap", "task", "shell"):
        refuses(name,
                archive=archive_with(name + ".o", lambda data: data[: len(data) // 2]))


# ---- memory, words ------------------------------------------------------------------


@test
def too_little_memory_says_how_much_is_needed_and_that_is_enough():
    for memory in (4, 6):
        text = refuses(r"^clew: too little memory: expected at least \d+ MiB, found \d+ MiB\n",
                       memory="%dM" % memory)
        enough = int(re.search(r"at least (\d+) MiB", text).group(1))
        equal(start(memory="%dM" % enough,
                    archive=archive_with("", None, script("echo it lives"))),
              (DOWN, "it lives\n"))


@test
def a_word_that_is_not_known_is_named_with_those_that_are():
    for words in ("colour=blue", "trace colour=blue interactive", "colour=blue seed=x"):
        refuses(r"^clew: command line: expected words out of .*seed=N, found 'colour=blue'\n",
                words=words)


@test
def a_seed_that_is_no_number_is_refused():
    for word in ("seed=", "seed=x", "seed=-1", "seed=18446744073709551616"):
        refuses(r"^clew: command line: expected a decimal number .*, found '%s'\n" % word,
                words=word)


# ---- hardware that is not there ---------------------------------------------------------


@test
def a_32_bit_cpu_is_refused():
    for cpu in ("pentium3", "qemu32", "qemu64,-lm"):
        refuses(r"^clew: expected a 64-bit CPU with no-execute pages, found none\n", "-cpu", cpu)


@test
def a_cpu_that_lacks_something_is_refused_with_its_name():
    for feature, name in (("nx", "no-execute pages"), ("apic", "local APIC"),
                          ("tsc", "time stamp counter")):
        refuses(r"^clew: .*%s.*, found none\n" % name, "-cpu", "qemu64,-" + feature)


@test
def without_a_timer_to_measure_by_it_is_refused():
    refuses(r"^clew: .*(PIT|timer).*: expected ", "-machine", "microvm,pit=off,isa-serial=on")


@test
def without_a_serial_line_the_screen_says_so():
    words = ["-m", "64M", "-initrd", ARCHIVE, "-vga", "std", "-serial", "none"]
    done = subprocess.run([*MACHINE, *EXIT, *words, "-append", "debug-exit"],
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS,
                          check=False)
    equal((done.returncode, done.stdout), (NO_BOOT, b""))
    expected = "clew: serial port: expected a 16550 at port 0x3f8, found none"
    with subprocess.Popen([*MACHINE, *words, "-monitor", "stdio"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            wait_for_screen(process, expected)
        finally:
            process.kill()


def wait_for_screen(process, expected):
    """The text mode's characters, every second byte at 0xb8000, begin like this."""
    path = os.path.join(FOLDER.name, "screen")
    deadline = time.monotonic() + SECONDS
    found = ""
    while found.rstrip() != expected:
        assert time.monotonic() < deadline, found
        time.sleep(0.2)
        process.stdin.write(b"pmemsave 0xb8000 160 \"%s\"\n" % path.encode())
        process.stdin.flush()
        if os.path.exists(path):
            with open(path, "rb") as file:
                found = file.read()[::2].decode("ascii", "replace")


if not shutil.which(QEMU):
    print("1..0 # SKIP %s is not installed" % QEMU)
    sys.exit(0)
try:
    run_all()
finally:
    FOLDER.cleanup()
