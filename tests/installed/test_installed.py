# SPDX-License-Identifier: MIT
"""An installed copy, in a place of its own, makes cells in an empty folder.

usage: test_installed.py BUILD PREFIX TUTORIAL    PREFIX as the build was configured
"""

import glob
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import SKIPPED, equal, run_all, test  # noqa: E402

BUILD, PREFIX, TUTORIAL = sys.argv[1:4]
SCRATCH = tempfile.TemporaryDirectory()
ROOT = SCRATCH.name + "/a place"  # moved, and with a space in its name
EMPTY = SCRATCH.name + "/empty"
BIN = ROOT + PREFIX + "/bin"
# As at a terminal: not what a make that runs the tests tells those below it.
ENVIRONMENT = {key: value for key, value in os.environ.items()
               if key not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")} | {
    "PATH": f"{BIN}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}


def sh(command, folder=EMPTY, status=0):
    """What a command prints, on both lines; status None: any."""
    result = subprocess.run(
        ["sh", "-c", command], cwd=folder, env=ENVIRONMENT, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False)
    assert status in (None, result.returncode), f"{command}: {result.returncode}\n{result.stdout}"
    return result.stdout


def files(folder):
    return sorted(os.listdir(os.path.join(EMPTY, folder)))


@test
def a_new_cell_builds_runs_and_keeps_its_state_in_a_swap():
    sh("clew new-cell numbers")
    # check.expect says what is printed: 1, 2, then, after a swap, 3.
    sh("make -C numbers check")
    assert "numbers.o" in files("numbers"), files("numbers")
    sh("make -C numbers clean")
    equal(files("numbers"), ["Makefile", "README.md", "check.clew", "check.expect", "numbers.c",
                             "numbers.h", "use_numbers.c"])


@test
def the_check_of_a_new_cell_fails_when_the_state_is_lost():
    sh("clew new-cell forgets")
    with open(EMPTY + "/forgets/forgets.c", "r+", encoding="utf-8") as file:
        text = file.read()
        file.seek(0)
        file.write(text.replace("++forgets_state.last", "forgets_state.last + 1"))
        file.truncate()
    assert "-2 from version 1" in sh("make -C forgets check", status=2)


@test
def a_new_cell_runs_on_a_pc_too():
    sh("make -C numbers all")
    output = sh("clew boot --add=numbers/numbers.o --add=numbers/use_numbers.o "
                "numbers/check.clew")
    equal(output.replace("\r", ""), open(EMPTY + "/numbers/check.expect", encoding="ascii").read())


@test
def a_running_system_takes_a_changed_version_from_outside():
    sh("make -C numbers all; sed 's/VERSION 1/VERSION 2/' numbers/numbers.c > second.c;"
       "clew-cc -I numbers -o second.o second.c")
    output = sh(
        "(echo 'run use_numbers 1'; while [ ! -e swapped ]; do sleep 0.1; done;"
        " echo 'run use_numbers 1') |"
        " clew run --add=numbers/numbers.o --add=numbers/use_numbers.o --socket=s & "
        "until clew ctl --socket s cells 2>/dev/null | grep -q '^numbers '; do sleep 0.1; done;"
        "clew ctl --socket s swap numbers second.o; touch swapped; wait")
    assert "1 from version 1" in output and "2 from version 2" in output, output


@test
def nothing_is_made_of_a_name_that_cannot_be_or_that_is_taken():
    before = files(".")
    for name, said in (("Numbers", "small letters"), ("1st", "small letters"),
                       ("", "small letters"), ("a-b", "small letters"), ("n" * 28, "at most 27")):
        assert said in sh(f"clew new-cell '{name}'", status=2), name
    assert "expected one NAME" in sh("clew new-cell", status=2)
    assert "numbers: is there already" in sh("clew new-cell numbers", status=1)
    equal(files("."), before)
    sh(f"clew new-cell {'n' * 27}; rm -r {'n' * 27}")


@test
def a_cell_that_cannot_be_made_leaves_no_file_and_says_why():
    sh("mkdir bad; echo 'int f(void) { return 1 }' > bad/syntax.c;"
       "echo 'static int count; int f(void); int f(void) { return ++count; }\n"
       "#include <clew/cell.h>\nCELL(\"f\", 1, CELL_SERVICE, \"counts\");' > bad/state.c;"
       "echo 'int f(void); int f(void) { return 1; }' > bad/plain.c")
    for arguments, status, said in (
            ("", 2, "expected -o NAME.o"),
            ("-o", 2, "expected -o NAME.o"),
            ("-o x syntax.c", 2, "-o: expected a name that ends in .o, found x"),
            ("-o x.o", 2, "expected a source that ends in .c, found none"),
            ("-o x.o y.s", 2, "expected an option or a source that ends in .c, found y.s"),
            ("-o x.o nothere.c", 1, "nothere.c: No such file"),
            ("-o x.o syntax.c", 1, "syntax.c:1:"),
            ("-o x.o state.c", 1, "mutable static"), ("-o x.o state.c", 1, "count"),
            ("-o x.o plain.c", 1, "cellc: x.o: no CELL() descriptor")):
        output = sh(f"clew-cc {arguments}", EMPTY + "/bad", status)
        assert said in output, (arguments, output)
    equal(files("bad"), ["plain.c", "state.c", "syntax.c"])


@test
def options_of_gcc_and_several_sources_make_one_cell():
    sh("mkdir two; echo 'int half(int); int half(int i) { return i / FACTOR; }' > two/half.c;"
       "echo '#include <clew/cell.h>\nint half(int);\nint whole(int i);\n"
       "CELL_EXPORT int whole(int i) { return half(i); }\n"
       "CELL(\"two\", 3, CELL_SERVICE, \"halves\");' > two/two.c")
    sh("clew-cc -D FACTOR=2 -DOTHER='a b' -o two.o two/half.c two/two.c")
    described = sh("clew inspect two.o")
    assert "two" in described and "whole" in described, described
    assert "FACTOR" in sh("clew-cc -o x.o two/half.c two/two.c", status=1)


def blocks(path):
    """(info string, lines) of each fenced block."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    return [(info, body.splitlines())
            for info, body in re.findall(r"^```(\S[^\n]*)\n(.*?)^```$", text, re.M | re.S)]


def commands(lines):
    """[(command, what it prints)] of a block of a terminal."""
    found = []
    for line in lines:
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line)
    return found


def pattern(lines):
    """... alone: any lines; in a line: anything there."""
    parts = ["(?:.*\n)*?" if line == "..." else
             ".*".join(re.escape(piece) for piece in line.split("...")) + "\n" for line in lines]
    return re.compile("".join(parts))


@test
def the_tutorial_is_what_happens():
    folder, ran = EMPTY + "/tutorial", 0
    os.mkdir(folder)
    for info, lines in blocks(TUTORIAL):
        if info != "console":
            with open(f"{folder}/{info.split()[1]}", "w", encoding="utf-8") as file:
                file.write("\n".join(lines) + "\n")
            continue
        for command, expected in commands(lines):
            if command.startswith("cd "):
                folder = os.path.join(folder, command[3:])
                continue
            output = sh(command, folder, None)
            assert pattern(expected).fullmatch(output), f"$ {command}\n{output}"
            ran += 1
    assert ran >= 12, ran


@test
def bash_offers_sub_commands_and_options_and_man_has_the_pages():
    completion = f"{ROOT}{PREFIX}/share/bash-completion/completions/clew"
    ask = f"""
        source '{completion}'
        offer() {{ COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _clew; echo "${{COMPREPLY[*]}}"; }}
        offer clew b; offer clew ''; offer clew run --se; offer clew run /
    """
    lines = subprocess.run(
        ["bash", "-c", ask], env=ENVIRONMENT, capture_output=True, text=True, check=True,
        timeout=60).stdout.splitlines()
    equal(lines[:3], ["boot", "run boot ctl inspect new-cell", "--seed"])
    assert "/usr" in lines[3].split(), lines[3]
    for page in ("clew", "clew-cc"):
        text = sh(f"man -l '{ROOT}{PREFIX}/share/man/man1/{page}.1'")
        assert text.startswith(page.upper()), text[:80]


def main():
    if not glob.glob(f"{BUILD}/src/toolchain/plugin/*.so"):
        SKIPPED["the_tutorial_is_what_happens"] = "built without the plugin that it shows"
    os.makedirs(EMPTY)
    subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", ROOT],
                   check=True, stdout=subprocess.DEVNULL)
    run_all()


if __name__ == "__main__":
    main()
