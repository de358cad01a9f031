#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Programs that misuse owners do not compile; programs that do not, do.

usage: run.py FOLDER PLUGIN -- COMPILER...

FOLDER/misuse/NAME.c begins with a comment:

    error: a part of the diagnostic that it gets
    fixed: what the line that ends in /* wrong */ should be (several: lines)

It has to get that error, and with that line mended compile without a word.
Every program of FOLDER/correct does so at -O1, -O2 and -O3.  A program of
FOLDER/limits is wrong too and compiles: what the plugin does not see.  One
that is refused is no limit any more.  Speaks TAP.
"""

import concurrent.futures
import os
import re
import subprocess
import sys

MARK = "/* wrong */"
LEVELS = ("-O1", "-O2", "-O3")
CRASHES = ("internal compiler error", "Segmentation fault", "*** WARNING ***")


class Compiler:
    def __init__(self, plugin, command):
        self.command = command + ["-fplugin=" + plugin, "-Wall", "-Wextra", "-Werror",
                                  "-Wno-unused-parameter", "-Wno-missing-field-initializers",
                                  "-fdiagnostics-color=never", "-xc", "-c", "-", "-o", "/dev/null"]

    def messages(self, path, text, level):
        """What the compiler says; "" when the program compiles without a word."""
        text = '#line 1 "%s"\n%s' % (os.path.basename(path), text)
        result = subprocess.run(self.command + [level, "-I" + os.path.dirname(path)],
                                input=text, capture_output=True, text=True)
        if result.returncode != 0 and result.stderr == "":
            return "the compiler failed without a message"
        return result.stderr


def read_header(text):
    comment = text[text.index("\n") + 1:].split("*/")[0]
    error = re.search(r"error: (.*)", comment)
    return error and error[1].strip(), re.findall(r"fixed: ?(.*)", comment)


def mend(text, fixed):
    return "\n".join("\n".join(fixed) if line.endswith(MARK) else line
                     for line in text.split("\n"))


def crashed(messages):
    return any(crash in messages for crash in CRASHES)


def check_clean(compiler, path, text):
    for level in LEVELS:
        messages = compiler.messages(path, text, level)
        if messages:
            return "%s, without the mistake:\n%s" % (level, messages)
    return None


def check_misuse(compiler, path, text):
    error, fixed = read_header(text)
    if not error or text.count(MARK) != 1:
        return "it lacks its error: or its one line marked %s" % MARK
    messages = compiler.messages(path, text, "-O2")
    if crashed(messages):
        return "the compiler crashed:\n" + messages
    if not any("error: " in line and error in line for line in messages.split("\n")):
        return "no error with %r, but:\n%s" % (error, messages or "nothing\n")
    messages = compiler.messages(path, mend(text, fixed), "-O2")
    return messages and "without the mistake:\n" + messages


def check_limit(compiler, path, text):
    messages = compiler.messages(path, text, "-O2")
    return messages and "it is refused, so it is no limit any more:\n" + messages


KINDS = (
    ("misuse", "%s is refused by name, and compiles when it is mended", check_misuse),
    ("correct", "%s compiles without a word", check_clean),
    ("limits", "%s compiles, though it is wrong", check_limit),
)


def main():
    folder, plugin = sys.argv[1:3]
    compiler = Compiler(plugin, sys.argv[4:])
    jobs = []
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for kind, sentence, function in KINDS:
            for name in sorted(os.listdir(os.path.join(folder, kind))):
                if not name.endswith(".c"):
                    continue
                path = os.path.join(folder, kind, name)
                with open(path, encoding="utf-8") as file:
                    text = file.read()
                jobs.append((sentence % name[:-2].replace("_", " "),
                             pool.submit(function, compiler, path, text)))
        print("1..%d" % len(jobs))
        failed = 0
        for number, (sentence, job) in enumerate(jobs, 1):
            failure = job.result()
            failed += failure is not None and failure != ""
            print("%sok %d - %s" % ("not " if failure else "", number, sentence))
            for line in (failure or "").splitlines():
                print("# " + line)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
