#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs each scenario in a system of its own and compares what it prints.

usage: run.py FOLDER LAUNCH...

A scenario is NAME.clew, a script of the shell whose second line is a comment
that says what is true when it passes, and NAME.expect (see pattern.py).
NAME.args, when there is one, holds options for the machine, separated by
blanks, with # comments.  LAUNCH starts a machine; options and script are added
to it.  Speaks TAP.
"""

import os
import subprocess
import sys

from pattern import Expectation

SECONDS = 30


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class Scenario:
    def __init__(self, folder, name):
        self.script = os.path.join(folder, name + ".clew")
        lines = read(self.script).splitlines()
        if len(lines) < 2 or not lines[1].startswith("# "):
            raise ValueError("%s: the second line does not say what the scenario shows" % name)
        self.title = "%s: %s" % (name, lines[1][2:].rstrip("."))
        self.expectation = Expectation(read(os.path.join(folder, name + ".expect")))
        self.options = []
        options = os.path.join(folder, name + ".args")
        if os.path.exists(options):
            for line in read(options).splitlines():
                self.options += line.split("#")[0].split()

    def run(self, launch):
        """None, or what went wrong, and the output."""
        try:
            done = subprocess.run(
                launch + self.options + [self.script], stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired as error:
            return "no end after %d seconds" % SECONDS, text_of(error.stdout)
        output = text_of(done.stdout)
        problem = None
        matched = self.expectation.matched_lines(output)
        if matched is not None:
            problem = self.expectation.explain(matched, output)
        elif done.returncode != self.expectation.status:
            problem = "status: expected %d, found %d" % (self.expectation.status, done.returncode)
        if done.stderr:
            # The machine speaks there: it has something to say about a system that died.
            problem = (problem or "output on the machine's log") + "\n" + text_of(done.stderr)
        return problem, output


def text_of(data):
    return (data or b"").decode("utf-8", "replace").replace("\r\n", "\n")


def comment(text):
    for line in text.splitlines():
        print("# " + line)


def main():
    folder, launch = sys.argv[1], sys.argv[2:]
    names = sorted(name[:-5] for name in os.listdir(folder) if name.endswith(".clew"))
    scenarios = [Scenario(folder, name) for name in names]
    failed = 0
    print("1..%d" % len(scenarios))
    for number, scenario in enumerate(scenarios, 1):
        problem, output = scenario.run(launch)
        if problem:
            failed += 1
            comment(problem)
            comment("the whole output:")
            comment(output)
        print("%sok %d - %s" % ("not " if problem else "", number, scenario.title), flush=True)
    return failed > 0 or not scenarios


sys.exit(main())
