# SPDX-License-Identifier: MIT
"""What every command of the shell has in common.

usage: test_answers.py [--private|--boot] CLEW CELLS.tar
"""

import json

from system import run, table

from tap import equal, run_all, test

COMMANDS = [row["name"] for row in table("help")]
ARGUMENTS = {"deps": "task", "swap": "greeter greeter_v2.o"}
BEFORE = ["run hammer", "run crash null"]


@test
def help_explains_every_command_that_it_lists():
    result = run(["help " + name for name in COMMANDS])
    equal((result.status, result.log), (0, ""))
    for name, text in zip(COMMANDS, result.parts()):
        lines = text.split("\n")
        assert lines[0] == "usage: " + name or lines[0].startswith("usage: %s " % name), text
        assert lines[1].startswith(name + ": ") and len(lines[1]) > len(name) + 10, text


@test
def every_command_that_was_promised_is_there():
    missing = set("help cells deps ns symbols ps run jobs fg wait kill mem load unload swap faults "
                  "log uptime sleep echo shutdown".split()) - set(COMMANDS)
    assert not missing, missing


@test
def json_is_an_array_of_objects_that_each_have_a_name_or_an_id():
    usages = run(["help " + name for name in COMMANDS]).parts()
    names = [name for name, text in zip(COMMANDS, usages) if "[--json]" in text.split("\n")[0]]
    assert len(names) > 10, names
    commands = [" ".join((name, ARGUMENTS.get(name, ""), "--json")) for name in names]
    result = run(BEFORE + commands)
    for command, text in zip(commands, result.parts()[len(BEFORE):]):
        rows = json.loads(text)
        assert isinstance(rows, list), command
        for row in rows:
            assert "name" in row or "id" in row, (command, row)
            equal((command, list(row)), (command, list(rows[0])))


@test
def a_command_that_is_called_with_too_much_says_how_it_is_called():
    usages = run(["help " + name for name in COMMANDS]).parts()
    names = [name for name, text in zip(COMMANDS, usages) if "..." not in text.split("\n")[0]]
    assert len(names) > 15, names
    result = run([name + " a b c d e" for name in names])
    equal(result.status, 1)
    for name, text in zip(names, result.parts()):
        assert text.startswith("usage: " + name), text


run_all()
