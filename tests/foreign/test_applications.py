# SPDX-License-Identifier: MIT
"""zlib and Lua inside the system, beside the same sources outside it.

usage: test_applications.py [--private|--boot] CLEW CELLS.tar foreign.json
"""

import ctypes
import hashlib
import json
import os
import re
import subprocess
import tempfile

from foreign import RESULT, SCRIPTS, World, read, read_scripts
from system import ARCHIVE, MACHINE

from tap import equal, run_all, test

# Of the scripts that lua5.1 brings (lua5.4 brings none), those that are not compared.
NOT_COMPARED = {
    "fib.lua": "prints how long it took",
    "globals.lua": "reads what luac prints",
    "luac.lua": "writes a file",
    "printf.lua": "asks the environment and the calendar",
    "table.lua": "reads its input",
    "xd.lua": "reads its input",
}
if MACHINE == "pc":
    NOT_COMPARED["life.lua"] = "prints 1.7 MB, which takes a minute over an emulated 16550"
OURS = ("control.lua", "files.lua", "numbers.lua", "strings.lua", "tables.lua")
ZLIB = ctypes.CDLL("libz.so.1")
ZLIB.zlibVersion.restype = ctypes.c_char_p
ZLIB.compressBound.restype = ctypes.c_ulong

MEMORY = ("stack", "buffer", "blocks", "text", "constants", "data")

scripts = read_scripts(SCRIPTS)
theirs = {name: contents for name, contents in read_scripts(RESULT["scripts"]).items()
          if name not in NOT_COMPARED}
# Text and code of many kinds: what they are does not matter, that they are real does.
samples = {"cells.tar": read(ARCHIVE)[:300000], "zlib.o": read(RESULT["objects"]["zlib"]),
           "zlib.h": read(RESULT["sources"]["zlib"] + "/zlib.h"), "empty": b"", "byte": b"a",
           "zeros": bytes(70000), "readme": read(RESULT["sources"]["zlib"] + "/README")}
world = World({**scripts, **theirs, **samples})


def source_version():
    header = samples["zlib.h"].decode("latin-1")
    return re.search(r'#define ZLIB_VERSION "([0-9.]+)', header).group(1)


def compress(name, level):
    """By the host's zlib, with the same function and room: blocks depend on the room."""
    size = ctypes.c_ulong(ZLIB.compressBound(ctypes.c_ulong(len(samples[name]))))
    room = ctypes.create_string_buffer(size.value)
    equal(ZLIB.compress2(room, ctypes.byref(size), samples[name],
                         ctypes.c_ulong(len(samples[name])), level), 0)
    return room.raw[:size.value]


def compressed(name, level):
    whole = compress(name, level)
    return "%s: %d bytes, %d at level %d, and back; 1 rounds\n%s" % (
        name, len(samples[name]), len(whole), level, hashlib.sha256(whole).hexdigest())


@test
def what_zlib_makes_of_a_file_is_byte_for_byte_what_it_makes_outside():
    # Versions of zlib may choose other blocks.
    equal(re.match(r"[0-9.]+", ZLIB.zlibVersion().decode()).group(), source_version())
    wanted = [(name, level) for name in samples for level in (0, 1, 6, 9)]
    wanted += [("zlib.h", level) for level in range(2, 9)]
    found, result = world.run(["run zlib %s %d" % pair for pair in wanted])
    equal((result.status, result.log), (0, ""))
    for pair, text in zip(wanted, found, strict=True):
        equal(text, compressed(*pair))


def run_outside(name, contents, *arguments):
    """What the host's Lua prints, and the first line of what it complains about."""
    with tempfile.TemporaryDirectory() as folder:
        for script, text in {**scripts, name: contents}.items():
            with open(os.path.join(folder, script), "wb") as file:
                file.write(text)
        done = subprocess.run([RESULT["lua"], name, *arguments], cwd=folder, check=False,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
    complaint = done.stderr.decode().partition("\n")[0].partition(": ")[2]
    return done.stdout.decode("utf-8", "replace").strip("\n"), complaint


def compare(tests, *arguments):
    found, _ = world.run([" ".join(["run lua", name, *arguments]) for name in tests])
    for (name, contents), text in zip(tests.items(), found, strict=True):
        printed, complaint = run_outside(name, contents, *arguments)
        if complaint:
            printed += "\nlua: " + complaint
            text = text.partition("\nstack traceback:")[0]
        equal((name, text.split("\n")), (name, printed.strip("\n").split("\n")))


@test
def the_source_package_of_lua_brings_no_scripts_so_those_of_lua5_1_are_taken():
    found = [name for _, _, names in os.walk(RESULT["sources"]["lua5.4"]) for name in names
             if name.endswith(".lua")]
    equal(found, [])


@test
def scripts_of_its_authors_print_what_they_print_outside():
    assert len(theirs) >= 10, theirs.keys()
    for name, reason in NOT_COMPARED.items():
        print("# %s is not compared: it %s" % (name, reason))
    compare(theirs)


@test
def scripts_that_try_every_library_print_what_they_print_outside():
    compare({name: scripts[name] for name in OURS}, "one", "two")


def memory(text):
    return [(row["name"], row["used"]) for row in json.loads(text) if row["name"] in MEMORY]


LOAD = """load greeter
run lua numbers.lua
run zlib zlib.h 1
swap greeter greeter_v2.o
swap greeter greeter.o
swap heap heap.o
swap memfs memfs.o
retire
""".splitlines()
UNDER_LOAD = """run --restart 4,5 lua crash.lua 3 &
run --restart 4,5 zlib zlib.h 6 2 2 &
run lua crash.lua 0 &
sleep 0.3
swap heap heap.o
sleep 0.1
swap memfs memfs.o
sleep 0.1
swap greeter greeter_v2.o
swap heap heap.o
swap memfs memfs.o
wait
swap greeter greeter.o
retire
""".splitlines()


@test
def they_crash_and_are_started_again_while_what_is_beneath_them_is_swapped():
    found, result = world.run([*LOAD, "mem --json", *UNDER_LOAD, "mem --json"])
    equal((result.status, result.log), (0, ""))
    whole = result.output
    assert whole.count("lua: crashed (fault") == 3 and whole.count("zlib: crashed (fault") == 2, \
        whole
    assert whole.count(": call of 0x0") >= 5, whole
    assert "lua: restarted 3 of 4" in whole and "zlib: restarted 2 of 4" in whole, whole
    assert "attempt 3 of lua ended" in whole and "attempt 0 of lua ended" in whole, whole
    rounds = compressed("zlib.h", 6).replace("1 rounds\n", "")
    assert rounds.partition(";")[0] in whole, whole
    assert hashlib.sha256(compress("zlib.h", 6)).hexdigest() in whole, whole
    before = found[len(LOAD)]
    after = found[len(LOAD) + 1 + len(UNDER_LOAD)]
    equal(memory(after), memory(before))


@test
def twenty_crashes_leave_every_byte_of_memory_as_ten_did():
    crashes = ["run lua crash.lua 1", "run zlib zlib.h 6 2 1"] * 5
    found, result = world.run([*LOAD, "swap greeter greeter_v2.o", *crashes, "retire", "mem --json",
                               *crashes, "retire", "mem --json"])
    equal(len(re.findall(r"crashed \(fault [0-9]+\): call of 0x0", result.output)), 20)
    ten, twenty = found[-len(crashes) - 3], found[-1]
    equal(json.loads(twenty), json.loads(ten))


@test
def a_killed_script_gives_back_its_memory():
    found, result = world.run([*LOAD, "mem --json", "run lua endless.lua &", "sleep 0.2", "kill %1",
                               "wait", "retire", "mem --json"])
    assert "killed" in result.output, result.output
    equal(memory(found[-1]), memory(found[len(LOAD)]))


if __name__ == "__main__":
    run_all()
