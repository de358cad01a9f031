# SPDX-License-Identifier: MIT
"""`clew inspect` against readelf and nm.

Environment: CLEW, the command; BAD_OBJECTS, the manifest of tests/elf, and
BAD_FOLDER, where its objects are.
"""

import collections
import json
import os
import re
import subprocess
import sys

from pipeline import Pipeline, Tap, run
from test_notes import FIELDS, PROBE, nm


def inspect(*arguments):
    return subprocess.run([os.environ["CLEW"], "inspect", *arguments], capture_output=True,
                          text=True)


def readelf_sections(path):
    """(name, type, size, flags)"""
    rows = []
    for line in run("readelf", "-SW", path).splitlines():
        match = re.match(r" +\[ *(\d+)\] (\S*) +(\w+) +\w{16} \w+ (\w+) \w\w (.{3}) ", line)
        if match and match.group(1) != "0":
            name, kind, size, flags = match.groups()[1:]
            rows.append((name, kind, int(size, 16), flags.strip() or "-"))
    return rows


def readelf_relocations(path):
    return collections.Counter(re.findall(r"^\w{16}  \w{16} (R_X86_64_\w+)",
                                          run("readelf", "-rW", path), re.M))


def cell(path, tap):
    done = inspect("--json", path)
    (found,) = json.loads(done.stdout)
    tap.test("a sound cell is explained without a word of error",
             done.returncode == 0 and not done.stderr, done.stderr)
    tap.test("name, version, kind, summary, state and reason are those of the source",
             [found[key] for key in ("name", "version", "kind", "summary", "state", "reason")] ==
             ["probe", 42, "service", 'a cell with "quotes"', "probe_state",
              "the tests look at it"], found)
    sections = [(s["name"], s["type"], s["size"], s["flags"]) for s in found["sections"]]
    tap.test("sections are those of readelf", sections == readelf_sections(path),
             "%s\n%s" % (sections, readelf_sections(path)))
    counts = {r["name"]: r["count"] for r in found["relocations"]}
    tap.test("relocations are counted as readelf lists them", counts == readelf_relocations(path),
             counts)
    needs = sorted(n["name"] for n in found["needs"])
    undefined = sorted(n for n, _ in nm(path, "--undefined-only") if n != "_GLOBAL_OFFSET_TABLE_")
    tap.test("needs are what nm calls undefined", needs == undefined, needs)
    tap.test("what it provides comes with its type hash",
             {p["name"] for p in found["provides"]} == {"probe_name", "probe_work", "probe_weak"}
             and all(re.fullmatch("[0-9a-f]{16}", p["type_hash"]) for p in found["provides"]),
             found["provides"])
    names = [f["name"] for f in found["fields"] if f["name"] not in ("a", "b")]
    tap.test("the members of the state are listed in their order",
             names == [name.replace("[0]", "") for name in FIELDS], names)


def texts(path, foreign, tap):
    said = inspect(path).stdout
    tap.test("the text names the cell, its state and its functions",
             re.search(r"^name +probe$", said, re.M) and
             re.search(r"^  function +[0-9a-f]{16} +probe_work$", said, re.M) and
             re.search(r"^ +0 +4 +int +count$", said, re.M), said)
    done = inspect(foreign)
    tap.test("an object that cellc has not seen is called foreign",
             done.returncode == 0 and "foreign: can be loaded, not replace a cell" in done.stdout,
             done)
    (found,) = json.loads(inspect("--json", foreign).stdout)
    tap.test("a foreign object has a name and its sections in JSON",
             found["name"] == foreign and len(found["sections"]) == len(readelf_sections(foreign)))
    both = json.loads(inspect("--json", path, foreign).stdout)
    tap.test("several files are several objects", len(both) == 2)


def refusals(path, tap):
    for name, arguments, status in [
            ("no file is a usage error", [], 2),
            ("an unknown option is a usage error", ["--what", path], 2),
            ("a file that is not there is an error", ["/nonexistent.o"], 1),
            ("a folder is an error", ["/"], 1),
            ("help is no error", ["--help"], 0)]:
        done = inspect(*arguments)
        tap.test(name, done.returncode == status and bool(done.stdout + done.stderr), done)
    wrong = []
    with open(os.environ["BAD_OBJECTS"], encoding="ascii") as file:
        rows = [line.rstrip("\n").split("\t") for line in file]
    for name, refuser, what, *_ in rows:
        bad = os.path.join(os.environ["BAD_FOLDER"], name)
        done = inspect(bad)
        if refuser != "elf":
            continue
        head = "clew: %s: " % bad
        if done.returncode != 1 or not done.stderr.startswith(head) or what not in done.stderr:
            wrong.append("%s: expected %s, said %s" % (name, what, done.stderr))
    tap.test("each of the bad objects is refused for what is wrong with it",
             len(rows) > 50 and not wrong, "\n".join(wrong))


def note(path, tap):
    """A note that lies about its size: the whole message."""
    with open(path, "rb") as file:
        raw = bytearray(file.read())
    at = raw.index(b"note\1\0\0\0")
    raw[at + 8:at + 12] = b"\xff\xff\xff\xff"
    lying = path + ".lying.o"
    with open(lying, "wb") as file:
        file.write(raw)
    done = inspect(lying)
    tap.test("a lying note is refused with section, offset, expected and found",
             done.returncode == 1 and done.stderr == "clew: %s: section .clew.note: offset 8: "
             "symbols leave the section: expected a count that fits, found 4294967295\n" % lying,
             done)


def main():
    pipeline, tap = Pipeline(), Tap()
    path = pipeline.cell(PROBE)
    foreign = pipeline.compile("foreign.c", "int f(int n) { return n; }\n")
    cell(path, tap)
    texts(path, foreign, tap)
    refusals(path, tap)
    note(path, tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
