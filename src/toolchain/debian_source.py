#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Source packages of the machine's own Debian or Ubuntu, without touching its apt.

A list of deb-src entries is derived from the machine's deb entries, and apt
works with it in a private folder: no root, nothing installed.  apt verifies
the archive's signature and every checksum.
"""

import glob
import os
import re
import shutil
import subprocess

SOURCES = "/etc/apt/sources.list"
SOURCES_FOLDER = "/etc/apt/sources.list.d"
FIELDS = ("URIs", "Suites", "Components", "Signed-By")
SECONDS = 180


class Unavailable(Exception):
    """Why the sources cannot be had."""


def read_stanzas(text):
    """Entries of a .sources file as {field: value}."""
    for block in re.split(r"\n\s*\n", text):
        lines = [line for line in block.splitlines() if not line.startswith("#")]
        fields = re.findall(r"^([\w-]+):[ \t]*(.*(?:\n[ \t]+.*)*)", "\n".join(lines), re.M)
        if fields:
            yield dict(fields)


def read_lines(text):
    """Entries of a .list file in the same form."""
    for line in text.splitlines():
        found = re.match(r"deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+([^#]*)", line)
        if not found:
            continue
        options, uri, suite, components = found.groups()
        entry = {"Types": "deb", "URIs": uri, "Suites": suite, "Components": components.strip()}
        signed = re.search(r"signed-by=(\S+)", options or "")
        if signed:
            entry["Signed-By"] = signed.group(1)
        yield entry


def is_distribution(entry):
    """Whether it is the distribution's own archive, not somebody else's."""
    if entry.get("Enabled", "yes").strip() == "no" or "deb" not in entry.get("Types", "").split():
        return False
    if re.search(r"(debian|ubuntu)-archive-keyring", entry.get("Signed-By", "")):
        return True
    return all(re.search(r"/(debian|ubuntu|debian-security)/?$", uri)
               for uri in entry.get("URIs", "-").split())


def source_entries():
    """The machine's deb entries, as the text of a .sources file for their sources."""
    entries = []
    for path in [SOURCES, *sorted(glob.glob(SOURCES_FOLDER + "/*"))]:
        if not os.path.isfile(path) or not path.endswith((".list", ".sources")):
            continue
        with open(path, encoding="utf-8") as file:
            text = file.read()
        entries += read_lines(text) if path.endswith(".list") else read_stanzas(text)
    stanzas = []
    for entry in filter(is_distribution, entries):
        lines = ["%s: %s" % (field, entry[field]) for field in FIELDS if entry.get(field)]
        stanzas.append("\n".join(["Types: deb-src", *lines]) + "\n")
    if not stanzas:
        raise Unavailable("no entry of Debian's or Ubuntu's archive in %s or %s"
                          % (SOURCES, SOURCES_FOLDER))
    return "\n".join(stanzas)


def complaints(text):
    return [line for line in text.splitlines() if line.startswith(("E:", "W:"))]


def run(command, folder, before=()):
    """What it complained about.  Raises Unavailable with the first complaint, or one before."""
    try:
        done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=SECONDS, check=False)
    except FileNotFoundError as missing:
        raise Unavailable("%s is not installed" % missing.filename) from None
    except subprocess.TimeoutExpired:
        raise Unavailable("%s: no answer within %d s" % (command[0], SECONDS)) from None
    if done.returncode != 0:
        reasons = [*before, *complaints(done.stderr), *done.stderr.splitlines(), "no reason given"]
        raise Unavailable("%s: %s" % (command[0], reasons[0]))
    return complaints(done.stderr)


def apt(folder):
    """apt-get with a configuration of its own in the folder."""
    for name in ("lists/partial", "cache/archives/partial"):
        os.makedirs(os.path.join(folder, name), exist_ok=True)
    with open(os.path.join(folder, "clew.sources"), "w", encoding="ascii") as file:
        file.write(source_entries())
    options = {
        "Dir::Etc::sourcelist": folder + "/clew.sources",
        "Dir::Etc::sourceparts": "-",
        "Dir::State::lists": folder + "/lists",
        "Dir::Cache": folder + "/cache",
        "APT::Sandbox::User": "",  # the user _apt could not read a build folder in a home
        "Acquire::Languages": "none",
        "Acquire::Retries": "1",
        "Acquire::http::Timeout": "15",
    }
    return ["apt-get", "--quiet", *("--option=%s=%s" % option for option in options.items())]


def fetch(packages, folder):
    """Downloads and unpacks; {package: folder}.  Raises Unavailable."""
    folder = os.path.abspath(folder)
    found = {package: os.path.join(folder, package) for package in packages}
    if all(os.path.isdir(path) for path in found.values()):
        return found
    os.makedirs(folder, exist_ok=True)
    command = apt(os.path.join(folder, "apt"))
    before = run([*command, "update"], folder)  # succeeds without a network, with complaints
    run([*command, "source", "--download-only", "--only-source", *packages], folder, before)
    for package, path in found.items():
        description = glob.glob(glob.escape(folder + "/" + package) + "_*.dsc")
        if len(description) != 1:
            raise Unavailable("apt-get brought %d descriptions of %s" % (len(description), package))
        if not os.path.isdir(path):
            part = path + ".part"
            shutil.rmtree(part, ignore_errors=True)
            # apt has verified the files.
            run(["dpkg-source", "--no-check", "--no-copy", "--extract", description[0], part],
                folder)
            os.rename(part, path)
    return found
