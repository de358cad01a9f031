#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The image of `make iso` boots as a CD and as a disk, by BIOS and by UEFI.

usage: test_iso.py ISO.py CLEW.elf CELLS.tar GRUB.cfg

Builds it, as `make iso` does.  QEMU is started as if it were hardware: none of
its debug devices, no kernel of its own.  A person types at the first serial
line.  Speaks TAP.
"""

import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from tap import SKIPPED, run_all, test  # noqa: E402

QEMU = "qemu-system-x86_64"
UEFI = "/usr/share/ovmf/OVMF.fd"
SECONDS = 120
NOISE_BYTES = 64 << 20
BUILD = [sys.executable, "-B", sys.argv[1]]
PARTS = sys.argv[2:]
FOLDER = tempfile.TemporaryDirectory()
ISO = os.path.join(FOLDER.name, "clew.iso")
CD = ["-cdrom", ISO]
DISK = ["-drive", "format=raw,snapshot=on,file=" + ISO]  # what a USB stick is
PROMPT = "clew> "


class Computer:
    """Switched on; its serial line is read and typed at."""

    def __init__(self, *options):
        self.folder = tempfile.TemporaryDirectory()
        path = os.path.join(self.folder.name, "line")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen()
            listener.settimeout(SECONDS)
            self.process = subprocess.Popen(
                [QEMU, "-accel", "tcg", "-m", "128", "-no-reboot", "-display", "none",
                 "-nodefaults", "-vga", "std", "-chardev", "socket,id=line,path=" + path,
                 "-serial", "chardev:line", *options],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            self.line, _ = listener.accept()
        self.text = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()
        self.line.close()
        self.folder.cleanup()

    def wait_for(self, pattern):
        """What came up to and with the pattern; what comes after is left."""
        deadline = time.monotonic() + SECONDS
        while not (found := re.search(pattern, self.text)):
            self.line.settimeout(max(0.001, deadline - time.monotonic()))
            piece = self.line.recv(4096).decode("utf-8", "replace")
            assert piece, "the line ended before %r:\n%s" % (pattern, self.text)
            self.text += piece
        self.text, before = self.text[found.end():], self.text[:found.end()]
        return before

    def wait_for_end(self):
        """What comes until the line is closed."""
        self.line.settimeout(SECONDS)
        while piece := self.line.recv(4096):
            self.text += piece.decode("utf-8", "replace")
        return self.text

    def ask(self, command, *patterns):
        self.line.sendall(command.encode() + b"\r")
        for pattern in patterns:
            self.wait_for(pattern)
        self.wait_for(PROMPT)

    def shut_down(self):
        self.line.sendall(b"shutdown\r")
        said = self.wait_for_end()
        assert "safe to switch off" not in said, said
        status = self.process.wait(SECONDS)
        # Power off by ACPI is QEMU's own clean end.
        assert status == 0, "status %d\n%s" % (status, self.process.stderr.read().decode())


def show(*options):
    with Computer(*options) as computer:
        computer.wait_for(PROMPT)
        computer.ask("echo it lives", r"\nit lives\r?\n")
        computer.ask("uptime", r"\npc +[0-9.]+ ")
        computer.ask("log", r"nano_core erased")
        computer.ask("run crash null", r"page fault: write of 0x0", r"5 cleanups run")
        computer.ask("swap linker linker.o", r"\nlinker +1 +1 ")
        computer.shut_down()


@test
def it_boots_from_a_cd():
    show(*CD)


@test
def it_boots_from_a_cd_on_q35():
    show("-machine", "q35", *CD)


@test
def it_boots_from_a_disk():
    show(*DISK)


@test
def it_boots_from_a_disk_by_uefi():
    show("-bios", UEFI, *DISK)


@test
def it_boots_with_more_memory_than_32_bits_address():
    show("-m", "5G", *CD)


@test
def it_boots_in_memory_that_is_full_of_noise():
    noise = os.path.join(FOLDER.name, "noise")
    with open(noise, "wb") as file:
        file.write(random.Random(1).randbytes(NOISE_BYTES))
    show("-object", "memory-backend-file,id=noise,share=off,size=%d,mem-path=%s"
         % (NOISE_BYTES, noise), "-machine", "memory-backend=noise",
         "-m", "%dM" % (NOISE_BYTES >> 20), *CD)


@test
def a_computer_with_too_little_memory_is_told_how_much_is_needed():
    with Computer("-m", "6", *CD) as computer:
        computer.wait_for(r"clew: .*memory.*[0-9]+")


@test
def missing_tools_are_named_by_their_packages():
    done = subprocess.run([*BUILD, ISO + ".none", *PARTS], env={"PATH": FOLDER.name},
                          capture_output=True, text=True, check=False)
    assert done.returncode == 1, done
    for package in ("grub-common", "mtools", "xorriso"):
        assert package in done.stderr, done.stderr
    assert not os.path.exists(ISO + ".none")


for program, package in ((QEMU, "qemu-system-x86"), ("grub-mkrescue", "grub-common")):
    if not shutil.which(program):
        print("1..0 # SKIP %s is not installed (package %s)" % (program, package))
        sys.exit(0)
subprocess.run([*BUILD, ISO, *PARTS], check=True)
if not os.path.exists(UEFI):
    SKIPPED["it_boots_from_a_disk_by_uefi"] = "%s is not installed (package ovmf)" % UEFI
run_all()
