# SPDX-License-Identifier: MIT
"""How the machine's entries for apt become entries for sources; asks no network.

usage: test_sources.py FOLDER_OF_debian_source.py
"""

import os
import sys

sys.path[:0] = [sys.argv[1], os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")]

import debian_source  # noqa: E402
from tap import equal, run_all, test  # noqa: E402

# As the installers of Debian 12 and Ubuntu 24.04 and their images write them.
LINES = """# deb cdrom:[Debian GNU/Linux 12.0.0 _Bookworm_]/ bookworm main
deb http://deb.debian.org/debian bookworm main contrib # a mirror
deb [arch=amd64 signed-by=/usr/share/keyrings/somebody.gpg] https://dl.somebody.com/deb stable main
deb-src http://deb.debian.org/debian bookworm main
deb http://security.debian.org/debian-security bookworm-security main
"""
STANZAS = """# Ubuntu
Types: deb
URIs: mirror+file:/etc/apt/apt-mirrors.txt
Suites: noble noble-updates noble-backports
Components: main universe
Signed-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg

Types: deb
URIs: https://deb.somebody.com/node_20.x
Suites: nodistro
Components: main
Signed-By: /usr/share/keyrings/somebody.gpg

Enabled: no
Types: deb
URIs: http://archive.ubuntu.com/ubuntu
Suites: noble-proposed
Components: main
"""


def taken(entries):
    return [(entry["URIs"], entry["Suites"], entry["Components"])
            for entry in entries if debian_source.is_distribution(entry)]


@test
def one_line_entries_of_the_distribution_are_taken_and_no_others():
    equal(taken(debian_source.read_lines(LINES)), [
        ("http://deb.debian.org/debian", "bookworm", "main contrib"),
        ("http://security.debian.org/debian-security", "bookworm-security", "main"),
    ])


@test
def stanzas_of_the_distribution_are_taken_and_no_others():
    equal(taken(debian_source.read_stanzas(STANZAS)), [
        ("mirror+file:/etc/apt/apt-mirrors.txt", "noble noble-updates noble-backports",
         "main universe"),
    ])


@test
def a_program_that_is_missing_or_fails_is_a_reason_not_an_error():
    for command, reason in (("/no/such/program", "/no/such/program is not installed"),
                            ("false", "false: no reason given")):
        try:
            debian_source.run([command], ".")
        except debian_source.Unavailable as found:
            equal(str(found), reason)
        else:
            assert False, command


if __name__ == "__main__":
    run_all()
