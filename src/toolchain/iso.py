#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes an image that GRUB boots: from a CD, and from a disk or a USB stick.

usage: iso.py OUTPUT CLEW.elf CELLS.tar GRUB.cfg

For BIOS, and for UEFI where GRUB's files for that are installed.
"""
import os
import shutil
import subprocess
import sys
import tempfile

GRUB = "/usr/lib/grub"
# What is looked for, and the package that brings it.
NEEDED = (
    ("grub-mkrescue", "grub-common"),
    ("xorriso", "xorriso"),
    ("mformat", "mtools"),
    (GRUB + "/i386-pc/cdboot.img", "grub-pc-bin"),
)
UEFI = GRUB + "/x86_64-efi"
# All that the menu needs: GRUB's other modules are four fifths of the image.
MODULES = ("multiboot2 normal serial terminal iso9660 part_acorn part_amiga part_apple part_bsd "
           "part_dfly part_dvh part_gpt part_msdos part_plan part_sun part_sunpc")


def is_there(what):
    return os.path.exists(what) if what.startswith("/") else shutil.which(what)


def fail(text):
    print("iso: " + text, file=sys.stderr)
    sys.exit(1)


def build(output, tree):
    done = subprocess.run(
        ["grub-mkrescue", "-o", output, "--compress=xz", "--install-modules=" + MODULES,
         "--fonts=", "--locales=", "--themes=", tree],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        # The same dates every time.
        env=dict(os.environ, SOURCE_DATE_EPOCH="0"), check=False)
    if done.returncode != 0:
        fail("grub-mkrescue failed:\n" + done.stdout.decode("utf-8", "replace"))


def main(output, kernel, cells, menu):
    missing = sorted({package for what, package in NEEDED if not is_there(what)})
    if missing:
        fail("some packages are missing:\n    apt-get install " + " ".join(missing))
    if not is_there(UEFI):
        print("iso: for BIOS only: grub-efi-amd64-bin is not installed", file=sys.stderr)
    with tempfile.TemporaryDirectory() as tree:
        os.makedirs(tree + "/boot/grub")
        shutil.copy(kernel, tree + "/boot/clew.elf")
        shutil.copy(cells, tree + "/boot/cells.tar")
        shutil.copy(menu, tree + "/boot/grub/grub.cfg")
        build(os.path.abspath(output), tree)


if __name__ == "__main__":
    main(*sys.argv[1:])
