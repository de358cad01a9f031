#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs one fuzz target for some seconds, with clang's libFuzzer.

usage: fuzz.py BUILD [TARGET [SECONDS]]

The corpus that grows is BUILD/fuzz/TARGET/corpus, findings are files in
BUILD/fuzz/TARGET.  Exits with 1 when there is one; with 2 when there is no
such target, or no clang.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile

SECONDS = 60
CLANGS = ("clang", "clang-14")
PACKAGES = "clang-14 libclang-rt-14-dev"
HERE = os.path.dirname(os.path.abspath(__file__))
SMALLEST = "int LLVMFuzzerTestOneInput(const char *data, unsigned long size) { return 0; }\n"


def fail(text):
    print(text, file=sys.stderr)
    sys.exit(2)


def has_fuzzer():
    """Whether the clang that the build uses comes with libFuzzer."""
    clang = next(filter(None, map(shutil.which, CLANGS)), None)
    if not clang:
        return False
    with tempfile.TemporaryDirectory() as folder:
        command = [clang, "-fsanitize=fuzzer", "-w", "-x", "c", "-", "-o", folder + "/smallest"]
        return subprocess.run(command, input=SMALLEST, text=True, check=False,
                              stderr=subprocess.DEVNULL).returncode == 0


def read_targets(build):
    """Of the tree as it is now."""
    subprocess.run(["ninja", "-C", build, "--quiet", "build.ninja"], check=True)
    with open(os.path.join(build, "tests", "fuzz", "targets.json")) as file:
        return json.load(file)


def files_of(target):
    """Inputs that the build makes; corpora are folders."""
    return [seed for seed in target["seeds"] if not os.path.isdir(seed)]


def build_target(build, name):
    """Where the program is."""
    target = read_targets(build)[name]
    if not target["has_program"]:  # there was no clang at the time
        subprocess.run(["meson", "setup", "--reconfigure", build], check=True,
                       stdout=subprocess.DEVNULL)
    program = "tests/fuzz/fuzz_" + name
    subprocess.run(["ninja", "-C", build, "--quiet", program] +
                   [os.path.relpath(file, build) for file in files_of(target)], check=True)
    return os.path.join(build, program)


def options_of(name):
    dictionary = os.path.join(HERE, name + ".dict")
    return ["-dict=" + dictionary] if os.path.exists(dictionary) else []


def run(program, folder, options, target):
    """The status, and the files that were found."""
    grown = os.path.join(folder, "corpus")
    os.makedirs(grown, exist_ok=True)
    before = set(os.listdir(folder))
    files = files_of(target)
    command = [program, "-artifact_prefix=%s/" % folder, "-timeout=20", "-print_final_stats=1",
               "-max_len=%d" % target["max_len"]] + options
    command += ["-seed_inputs=" + ",".join(files)] if files else []
    command += [grown] + [seed for seed in target["seeds"] if os.path.isdir(seed)]
    status = subprocess.run(command, check=False,
                            env=dict(os.environ, **target["env"])).returncode
    return status, sorted(set(os.listdir(folder)) - before)


def report(program, path, name, target):
    settings = ["%s=%s" % pair for pair in target["env"].items()]
    print("found: %s" % path)
    print("again: %s" % " ".join(settings + [program, path]))
    print("to keep it: cp %s tests/fuzz/corpus/%s/" % (path, name))


def main():
    if not 2 <= len(sys.argv) <= 4:
        fail(__doc__)
    build = os.path.abspath(sys.argv[1])
    name = (sys.argv[2:] + [""])[0]
    seconds = (sys.argv[3:] + [""])[0] or str(SECONDS)
    targets = read_targets(build)
    if name not in targets:
        fail("make fuzz TARGET=name TIME=seconds; the targets: " + " ".join(sorted(targets)))
    if not seconds.isdigit() or int(seconds) == 0:
        fail("TIME: expected a number of seconds, found " + seconds)
    if not has_fuzzer():
        fail("Fuzzing needs clang with libFuzzer: apt-get install " + PACKAGES)
    program = build_target(build, name)
    folder = os.path.join(build, "fuzz", name)
    options = options_of(name) + ["-max_total_time=" + seconds]
    status, found = run(program, folder, options, targets[name])
    for file in found:
        report(program, os.path.join(folder, file), name, targets[name])
    return 1 if status != 0 or found else 0


if __name__ == "__main__":
    sys.exit(main())
