# SPDX-License-Identifier: MIT
"""The shell's commands in a running system.

usage: test_commands.py CLEW CELLS.tar
"""

import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from tap import equal, run_all, test  # noqa: E402

CLEW, ARCHIVE = sys.argv[1:3]

TABLES = [
    "help", "archive", "cells", "cells --all", "deps linker", "faults", "jobs", "log", "ls doc",
    "mem", "mem --runs", "ns", "ps", "retire", "symbols", "uptime",
]


def run(commands, script=None):
    arguments = [CLEW, "run", "--cells", ARCHIVE]
    arguments += [script] if script else ["-c", commands]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout


def output(commands):
    status, text = run(commands)
    equal(status, 0)
    return text


def rows(command):
    return json.loads(output(command + " --json"))


def named(table, name):
    found = [row for row in table if row["name"] == name]
    equal(len(found), 1)
    return found[0]


@test
def every_table_is_an_array_of_objects_with_a_name_or_an_id():
    texts = output("; echo =;".join(command + " --json" for command in TABLES)).split("=\n")
    equal(len(texts), len(TABLES))
    for command, text in zip(TABLES, texts):
        table = json.loads(text)
        assert isinstance(table, list), command
        for row in table:
            assert "name" in row or "id" in row, (command, row)


@test
def a_table_has_the_same_columns_as_text_and_as_json():
    for command in ["cells", "ps", "mem", "ns", "uptime", "archive"]:
        text, table = output(f"{command}; echo =; {command} --json").split("=\n")
        keys = [list(row) for row in json.loads(table)]
        heading = text.splitlines()[0]
        expected = [key.upper().replace("_", " ") for key in keys[0]]
        equal(re.split(r" {2,}", heading.strip()), expected)
        equal(len(text.splitlines()) - 1, len(keys))


@test
def help_knows_every_command_that_it_lists():
    for command in rows("help"):
        status, text = run("help " + command["name"])
        equal(status, 0)
        assert text.startswith("usage: " + command["name"]), text
        assert command["summary"] in text, text


@test
def a_script_goes_on_after_a_failed_command_and_ends_with_1():
    equal(run("echo a; nonsense; echo b"),
          (1, "a\nnonsense: no such command; help lists them\nb\n"))
    equal(run("nonsense; shutdown; echo never")[0], 1)
    equal(run("echo a; shutdown; echo never"), (0, "a\n"))


@test
def a_syntax_error_is_a_failed_command():
    equal(run("echo 'a"), (1, "a quote does not end\n"))
    equal(run("& echo b"), (1, "nothing before &\nb\n"))


@test
def an_empty_script_is_a_clean_shutdown():
    equal(run(""), (0, ""))
    equal(run("# nothing\n;;"), (0, ""))


@test
def lines_on_standard_input_are_commands_until_it_ends():
    done = subprocess.run([CLEW, "run", "--cells", ARCHIVE], input="echo one\nnope\necho last",
                          capture_output=True, text=True, timeout=60)
    equal(done.stdout, "one\nnope: no such command; help lists them\nlast\n")
    equal(done.returncode, 1)


@test
def wrong_usage_is_told_and_fails():
    for command in ["sleep", "sleep x", "sleep 1.2.3", "swap greeter", "deps", "cells --most",
                    "run", "run --restart x crash", "run --priority 8 crash", "load", "unload",
                    "kill", "ps x", "shutdown now"]:
        status, text = run(command)
        equal(status, 1)
        assert text.startswith("usage: " + command.split()[0]), (command, text)


@test
def sleep_takes_fractions_of_a_second():
    text = output("uptime --json; sleep 0.25; uptime --json")
    first, second = [json.loads(part + "]")[0]["seconds"] for part in text.split("]\n")[:2]]
    assert 0.25 <= second - first < 2, (first, second)


@test
def the_archive_lists_the_objects_of_the_tar_file():
    with tarfile.open(ARCHIVE) as archive:
        files = sorted(member.name for member in archive.getmembers()
                       if member.name.endswith(".o"))
    equal(sorted(row["file"] for row in rows("archive")), files)


@test
def a_loaded_cell_is_listed_until_it_is_unloaded():
    text = output("load greeter; cells --json; unload greeter; cells --json")
    before, after = re.findall(r"\[\n.*?\n\]\n", text, re.S)
    row = named(json.loads(before), "greeter")
    equal((row["version"], row["users"], row["state"]), (1, 0, 0))
    equal([row for row in json.loads(after) if row["name"] == "greeter"], [])


@test
def loading_twice_and_unloading_what_is_used_fail():
    status, text = run("load greeter; load greeter; unload heap; unload greeter; unload greeter")
    equal(status, 1)
    lines = text.splitlines()
    assert re.search(r"^load: .*greeter.*loaded already", lines[1]), lines[1]
    assert re.search(r"^unload: .*heap.*in use", lines[2]), lines[2]
    equal(lines[3], "greeter: unloaded")
    assert re.search(r"^unload: .*greeter.*not loaded", lines[4]), lines[4]


@test
def deps_shows_both_directions():
    table = rows("deps task")
    assert any(row["direction"] == "uses" and row["user"] == "task" for row in table)
    assert any(row["direction"] == "used by" and row["provider"] == "task" for row in table)
    spawn = [row["user"] for row in table if row["name"] == "task_spawn"]
    assert {"shell", "control", "application"} <= set(spawn), spawn


@test
def a_task_can_be_killed_by_id_and_a_job_by_number():
    text = run("run hammer --seconds 60 & kill %1; wait; jobs --json")[1]
    assert text.startswith("[1] task "), text
    assert "hammer --seconds 60: killed" in text, text
    assert text.endswith("[]\n"), text
    status, text = run("kill 12345; kill x; kill %7; kill 1")
    equal(status, 1)
    equal(text, "kill: 12345: no such task\nkill: not a number: x\nkill: %7: no such task\n"
          "kill: 1: this task cannot be killed\n")


@test
def the_end_of_a_script_ends_its_jobs():
    equal(run("run hammer --seconds 60 &")[0], 0)


@test
def there_are_at_most_16_jobs():
    commands = "run hammer --tasks 1 --seconds 60 &\n" * 17 + "jobs --json"
    status, text = run(commands)
    equal(status, 1)
    assert "run: there are 16 jobs already" in text, text
    equal(len(json.loads(text[text.index("["):].split("already\n")[1])), 16)


@test
def a_swap_keeps_the_state_and_is_refused_when_the_layout_changed():
    status, text = run("load counter; swap counter counter_v3_layout.o; cells; "
                       "swap counter counter_v2.o --json")
    equal(status, 1)
    assert re.search(r"^swap: cell counter: .*layout of the state differs", text, re.M), text
    assert re.search(r"^counter +1 ", text, re.M), text
    report = json.loads(text[text.rindex("[\n"):])[0]
    equal((report["name"], report["from"], report["to"], report["state"]), ("counter", 1, 2, 16))


@test
def an_object_that_is_not_in_the_archive_is_refused_with_the_way_to_send_it():
    status, text = run("swap greeter mine.o")
    equal(status, 1)
    assert "mine.o" in text and "clew ctl" in text, text


@test
def a_table_in_a_file_is_the_table():
    text = output("cells --json > t; cat t; cells --json")
    first, second = re.findall(r"\[\n.*?\n\]\n", text, re.S)
    equal([row["name"] for row in json.loads(first)], [row["name"] for row in json.loads(second)])


@test
def a_directory_of_the_host_is_what_the_files_begin_with():
    content = bytes(range(256)) * 77
    with tempfile.TemporaryDirectory() as folder:
        long = os.path.join("n" * 90, "m" * 90)
        os.makedirs(os.path.join(folder, "a", "empty"))
        os.makedirs(os.path.join(folder, os.path.dirname(long)))
        for name in ["a/x", "a/ünï", "a/extra.o", long, "LICENSE"]:
            with open(os.path.join(folder, name), "wb") as file:
                file.write(content)
        os.symlink("a", os.path.join(folder, "link"))
        done = subprocess.run(
            [CLEW, "run", "--cells", ARCHIVE, "--files", folder, "-c",
             "cat link/x > y; cat y; ls --json; ls a --json; cat LICENSE; swap greeter extra.o"],
            capture_output=True, timeout=60, stdin=subprocess.DEVNULL)
    equal(done.returncode, 1)
    assert done.stdout.startswith(content), done.stdout[:100]
    tables, _, rest = done.stdout[len(content):].partition(content)
    top, a = re.findall(rb"\[\n.*?\n\]\n", tables, re.S)
    equal([(row["name"], row["kind"]) for row in json.loads(top)],
          [("LICENSE", "file"), ("a", "folder"), ("doc", "folder"), ("link", "folder"),
           ("n" * 90, "folder"), ("y", "file")])
    equal([row["name"] for row in json.loads(a)], ["extra.o", "x", "ünï"])
    assert b"neither in the boot archive" in rest, rest


@test
def a_cell_is_loaded_and_replaced_from_a_file():
    with tempfile.TemporaryDirectory() as folder, tarfile.open(ARCHIVE) as archive:
        for member, name in [("greeter.o", "one"), ("fixtures/greeter_v2.o", "two")]:
            with open(os.path.join(folder, name), "wb") as file:
                file.write(archive.extractfile(member).read())
        with open(os.path.join(folder, "three"), "wb") as file:
            file.write(b"no object")
        done = subprocess.run(
            [CLEW, "run", "--cells", ARCHIVE, "--files", folder, "-c",
             "mkdir /d; load one; cp two d; swap greeter /d/two --json; rm d/two; run greet you;"
             " swap greeter three; swap greeter d; load nothing"],
            capture_output=True, text=True, timeout=60)
    equal(done.returncode, 1)
    lines = done.stdout.splitlines()
    equal(lines[0], "greeter: loaded")
    report = json.loads(done.stdout[done.stdout.index("["):done.stdout.index("]") + 1])[0]
    equal((report["name"], report["from"], report["to"]), ("greeter", 1, 2))
    assert lines[4].endswith("you (version 2)"), lines
    assert lines[5].startswith("swap: cell three: "), lines
    equal(lines[6:], ["swap: d: a folder",
                      "load: cell nothing: neither in the boot archive nor a file"])


@test
def a_directory_that_cannot_be_packed_is_refused_with_its_name():
    def refusal(folder):
        done = subprocess.run([CLEW, "run", "--cells", ARCHIVE, "--files", folder, "-c", "ls"],
                              capture_output=True, text=True, timeout=60)
        equal((done.returncode, done.stdout), (3, ""))
        return done.stderr

    assert "expected a directory, found none at /nowhere" in refusal("/nowhere")
    with tempfile.TemporaryDirectory() as folder:
        os.mkfifo(os.path.join(folder, "pipe"))
        assert "pipe: expected a file or a directory" in refusal(folder)
        os.rename(os.path.join(folder, "pipe"), os.path.join(folder, "n" * 120))
        with open(os.path.join(folder, "m" * 120), "w", encoding="ascii"):
            pass
        assert "m" * 120 in refusal(folder)


@test
def echo_keeps_quoted_blanks():
    equal(output("echo 'a  b' c \"it's\""), "a  b c it's\n")


if __name__ == "__main__":
    run_all()
