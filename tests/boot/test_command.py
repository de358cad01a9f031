#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What `clew boot` asks of QEMU and makes of its end, with a program in QEMU's place.

usage: test_command.py CLEW CELLS.tar

The program notes how it was called and ends as it is told.  Speaks TAP.
"""

import io
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import tarfile
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from tap import equal, run_all, test  # noqa: E402

CLEW, ARCHIVE = sys.argv[1:]
SECONDS = 60
FOLDER = tempfile.TemporaryDirectory()
PATH = os.path.join(FOLDER.name, "bin")
NOTES = os.path.join(FOLDER.name, "notes")

PROGRAM = f"""#!{sys.executable}
import json, os, sys
words = sys.argv[1:]
notes = {{"words": words, "session": os.getsid(0) == os.getpid()}}
for word in words:
    if word.startswith("/proc/self/fd/"):
        with open(word, "rb") as file, open({NOTES!r} + ".initrd", "wb") as copy:
            copy.write(file.read())
with open({NOTES!r}, "w") as file:
    json.dump(notes, file)
end = os.environ["END"]
print("on standard error", file=sys.stderr)
sys.stderr.flush()
if end.startswith("-"):
    os.kill(os.getpid(), int(end[1:]))
os._exit(int(end))
"""


def make_program():
    os.mkdir(PATH)
    path = os.path.join(PATH, "qemu-system-x86_64")
    with open(path, "w", encoding="ascii") as file:
        file.write(PROGRAM)
    os.chmod(path, 0o755)
    image = os.path.join(FOLDER.name, "image")
    with open(image, "wb") as file:
        file.write(b"no image")
    return image


IMAGE = make_program()


def boot(*options, end=33, path=PATH, cells=ARCHIVE):
    """(status, output, what was said)"""
    done = subprocess.run(
        [CLEW, "boot", "--image", IMAGE, "--cells", cells, *options],
        env={"PATH": path, "END": str(end)}, stdin=subprocess.DEVNULL, capture_output=True,
        timeout=SECONDS, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def call(*options, **how):
    """The words QEMU was called with."""
    equal(boot(*options, **how)[0], 0)
    with open(NOTES, encoding="utf-8") as file:
        notes = json.load(file)
    assert notes["session"]
    return notes["words"]


def after(words, option):
    """What follows each occurrence of the option."""
    return [words[at + 1] for at, word in enumerate(words[:-1]) if word == option]


def members():
    """What the guest is given: [(name, content)]."""
    with tarfile.open(NOTES + ".initrd", "r:") as archive:
        return [(member.name, archive.extractfile(member).read())
                for member in archive if member.isfile()]


def read(path):
    with open(path, "rb") as file:
        return file.read()


@test
def without_qemu_the_package_is_named():
    equal(boot(path=FOLDER.name), (3, "", "clew boot: qemu-system-x86_64 is not installed: "
                                          "apt-get install qemu-system-x86\n"))


@test
def the_guests_status_is_the_status():
    for end, status in ((33, 0), (35, 1), (39, 3), (41, 4)):
        equal(boot(end=end), (status, "", "on standard error\n"))


@test
def a_guest_that_resets_itself_has_died():
    status, _, said = boot(end=0)
    equal((status, said.splitlines()[1:]),
          (4, ["clew boot: the guest reset itself (triple fault?)"]))


@test
def a_qemu_that_fails_is_no_boot_and_what_it_says_is_passed_on():
    equal(boot(end=1), (3, "", "on standard error\nclew boot: QEMU could not run the machine\n"))


@test
def any_other_end_is_a_death():
    for end in (2, 32, 34, 37, 43, 255):
        status, _, said = boot(end=end)
        equal(status, 4)
        assert said.endswith(f"expected QEMU to end with 33, 35, 39 or 41, found {end}\n"), said


@test
def a_qemu_that_is_killed_is_a_death():
    for number in (signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM):
        status, _, said = boot(end=-number)
        equal(status, 4)
        assert f"clew boot: QEMU was killed by signal {number} (" in said, said


@test
def wrong_usage_is_status_2_and_starts_nothing():
    for options, found in (
            (["--machine", "pdp11"], "--machine: expected pc, q35 or microvm, found pdp11"),
            (["--memory", "7M"], "--memory: expected 8M to 64G"),
            (["--seed", "x"], "x"),
            (["--gdb=gdb"], "--gdb: expected a port or the path of a socket with a /, found gdb"),
            (["--gdb=65536"], "found 65536"),
            (["-c", "ps", "script"], "expected one SCRIPT or -c COMMANDS, found both"),
            (["--private"], "--private")):
        status, output, said = boot(*options)
        equal((status, output), (2, ""))
        assert said.startswith("clew boot: ") and found in said, said
        assert said.endswith("Try `clew boot --help`.\n"), said
        assert "standard error" not in said, said


@test
def files_that_cannot_be_had_are_no_boot():
    missing = os.path.join(FOLDER.name, "missing")
    for options in (["--image", missing], ["--cells", missing], [missing],
                    ["--trace", missing + "/trace"], ["--socket", missing + "/socket"],
                    ["--socket", IMAGE]):
        status, output, said = boot(*options)
        equal((status, output), (3, ""))
        assert said.startswith("clew boot: ") and options[-1] in said, said
        assert "standard error" not in said, said


@test
def an_archive_without_nano_core_is_refused_as_clew_run_refuses_it():
    empty = os.path.join(FOLDER.name, "empty.tar")
    with tarfile.open(empty, "w"):
        pass
    status, _, said = boot(cells=empty)
    equal(status, 3)
    other = subprocess.run([CLEW, "run", "--cells", empty], stdin=subprocess.DEVNULL,
                           capture_output=True, timeout=SECONDS, check=False)
    equal(said.replace("clew boot", "clew run"), other.stderr.decode())


@test
def qemu_emulates_and_has_nothing_that_was_not_asked_for():
    words = call()
    equal(after(words, "-accel"), ["tcg"])
    equal(after(words, "-display"), ["none"])
    for word in ("-nodefaults", "-no-user-config", "-no-reboot"):
        assert word in words, words
    equal(after(words, "-kernel"), [IMAGE])
    for word in ("-gdb", "-S", "-monitor", "-nic", "-netdev"):
        assert word not in words, words


@test
def memory_is_given_to_the_byte():
    equal(after(call(), "-m"), [f"{64 << 20}B"])
    equal(after(call("--memory", "8396K"), "-m"), [f"{8396 << 10}B"])
    equal(after(call("--memory", "64G"), "-m"), [f"{64 << 30}B"])


@test
def the_guest_is_told_what_holds():
    trace = os.path.join(FOLDER.name, "a,comma")
    equal(after(call(), "-append"), ["debug-exit"])
    equal(after(call("--seed", "18446744073709551615"), "-append"),
          ["debug-exit seed=18446744073709551615"])
    equal(after(call("--trace", trace, "--seed", "0"), "-append"), ["debug-exit trace seed=0"])
    assert os.path.exists(trace)


@test
def pc_is_the_machine_unless_another_is_named():
    equal(after(call(), "-M"), ["pc"])
    equal(after(call("--machine", "q35"), "-M"), ["q35"])
    assert after(call("--machine", "microvm"), "-M")[0].startswith("microvm,")


@test
def there_is_a_bulk_line_where_there_is_pci():
    for machine, n in (("pc", 1), ("q35", 1), ("microvm", 0)):
        devices = after(call("--machine", machine), "-device")
        equal(len([device for device in devices if device.startswith("virtconsole")]), n)
        equal(len([device for device in devices if device.startswith("isa-serial")]), 2)


@test
def gdb_is_waited_for_where_it_was_said():
    for option, place, said in (
            ("--gdb", "tcp:127.0.0.1:1234", ":1234"), ("--gdb=4321", "tcp:127.0.0.1:4321", ":4321"),
            ("--gdb=/a,b", "unix:/a,,b,server=on,wait=off", "/a,b")):
        words = call(option)
        equal(after(words, "-gdb"), [place])
        assert "-S" in words
        assert f"gdb: target remote {said}\n" in boot(option)[2]


@test
def an_archive_is_handed_over_as_it_is():
    call()
    equal(read(NOTES + ".initrd"), read(ARCHIVE))


@test
def a_script_comes_before_the_archive_which_stays_as_it_is():
    script = os.path.join(FOLDER.name, "script")
    for text in (b"", b"ps", b"#" * 511 + b"\n", b"#" * 512 + b"\n", b"\0\xff" * 5000):
        with open(script, "wb") as file:
            file.write(text)
        call(script)
        equal(members()[0], ("boot/script", text))
        data = read(NOTES + ".initrd")
        equal(len(data) % 512, 0)
        assert data.endswith(read(ARCHIVE))
        equal(len(data) - len(read(ARCHIVE)), 512 + -(-len(text) // 512) * 512)
    call("-c", "echo one; echo two")
    equal(members()[0], ("boot/script", b"echo one; echo two"))


@test
def the_files_reach_the_machine_as_an_archive_in_its_archive():
    folder = os.path.join(FOLDER.name, "files")
    os.makedirs(os.path.join(folder, "a"))
    for name in ["b", "a/c"]:
        with open(os.path.join(folder, name), "w", encoding="ascii") as file:
            file.write(name)
    call("--files", folder, "-c", "ls")
    (script, _), (files, content) = members()[:2]
    equal((script, files), ("boot/script", "boot/files"))
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
        equal([(member.name, archive.extractfile(member).read()) for member in archive],
              [("a/c", b"a/c"), ("b", b"b")])


@test
def a_folder_without_nano_core_gets_the_default_ones():
    folder = os.path.join(FOLDER.name, "cells")
    os.mkdir(folder)
    with open(os.path.join(folder, "some.o"), "wb") as file:
        file.write(b"some")
    call("-c", "ps", cells=folder)
    with tarfile.open(os.path.join(os.path.dirname(CLEW), "cells.tar"), "r:") as archive:
        nano_core = archive.extractfile("nano_core.o").read()
    equal(members(), [("boot/script", b"ps"), ("nano_core.o", nano_core), ("some.o", b"some")])
    with open(os.path.join(folder, "nano_core.o"), "wb") as file:
        file.write(b"own")
    call(cells=folder)
    equal(members(), [("nano_core.o", b"own"), ("some.o", b"some")])


@test
def the_socket_is_the_users_alone_and_goes_with_the_machine():
    path = os.path.join(FOLDER.name, "socket")
    # The program in QEMU's place ends at once; it looks at the socket first.
    program = os.path.join(PATH, "qemu-system-x86_64")
    with open(program, "w", encoding="ascii") as file:
        file.write(PROGRAM.replace("end =", f"os.rename({path!r}, {path + '.seen'!r}); end ="))
    try:
        equal(boot("--socket", path)[0], 0)
    finally:
        with open(program, "w", encoding="ascii") as file:
            file.write(PROGRAM)
    mode = os.lstat(path + ".seen").st_mode
    assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o600, oct(mode)
    os.rename(path + ".seen", path)  # one that nobody listens on
    equal(boot("--socket", path)[0], 0)
    assert not os.path.lexists(path)
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(path)
        other.listen(1)
        status, _, said = boot("--socket", path)
        equal((status, said), (3, f"clew boot: {path}: expected no listener, "
                                  "found a running system\n"))
        assert os.path.lexists(path)


if __name__ == "__main__":
    run_all()
