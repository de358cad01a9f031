#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs each scenario in a system of its own and compares what it prints.

usage: run.py [--private|--boot] CLEW CELLS.tar FOLDER

A scenario is NAME.clew, a script of the shell whose second line is a comment
that says what is true when it passes, and NAME.expect (see pattern.py).
NAME.args, when there is one, holds options for the machine, separated by
blanks, with # comments.  Speaks TAP.
"""

import os
import subprocess
import sys

from pattern import Expectation
from system import ARCHIVE, ARGUMENTS, SKIPPED, SLOWER, start

SECONDS = 30 * SLOWER


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class Scenario:
    def __init__(self, folder, name):
        self.name = name
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

    def run(self):
        """None, or what went wrong, and the output."""
        try:
            status, output, log = start(
                "--cells", ARCHIVE, *self.options, self.script, seconds=SECONDS)
        except subprocess.TimeoutExpired as error:
            return "no end after %d seconds" % SECONDS, (error.stdout or b"").decode()
        output = output.replace("\r\n", "\n")
        problem = None
        matched = self.expectation.matched_lines(output)
        if matched is not None:
            problem = self.expectation.explain(matched, output)
        elif status != self.expectation.status:
            problem = "status: expected %d, found %d" % (self.expectation.status, status)
        if log:
            # The machine speaks there: it has something to say about a system that died.
            problem = (problem or "output on the machine's log") + "\n" + log
        return problem, output


def comment(text):
    for line in text.splitlines():
        print("# " + line)


def report(number, scenario):
    """Whether it failed."""
    if scenario.name in SKIPPED:
        print("ok %d - %s # SKIP %s" % (number, scenario.title, SKIPPED[scenario.name]))
        return False
    problem, output = scenario.run()
    if problem:
        comment(problem)
        comment("the whole output:")
        comment(output)
    print("%sok %d - %s" % ("not " if problem else "", number, scenario.title), flush=True)
    return problem is not None


def main():
    folder, = ARGUMENTS
    names = sorted(name[:-5] for name in os.listdir(folder) if name.endswith(".clew"))
    scenarios = [Scenario(folder, name) for name in names]
    print("1..%d" % len(scenarios))
    failed = [report(number, scenario) for number, scenario in enumerate(scenarios, 1)]
    return any(failed) or not scenarios


sys.exit(main())
