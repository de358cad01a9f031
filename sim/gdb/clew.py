# SPDX-License-Identifier: MIT
"""Clew for gdb, in this process and in QEMU:

    gdb -x sim/gdb/clew.py --args build/clew run --debug
    gdb -x sim/gdb/clew.py build/clew.elf, with `target remote :1234`, of
        build/clew boot --gdb

In QEMU each cell's names come when it is loaded, so gdb has to be there from the start.

Cells, tasks and owner handles are printed as what they are (`print/r` shows the
fields), and

    clew cells      what is loaded, where
    clew tasks      every task
    clew bt ID      the backtrace of a task that is not running
    clew bt trap    in a trap handler: the backtrace of what was interrupted
"""

import os
import struct
import subprocess
import tempfile

import gdb

gdb.execute("set breakpoint pending on")

REGISTERS = ("rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11",
             "r12", "r13", "r14", "r15", "rip")  # of struct trap_frame, in its order
FRAME_REGISTERS = 512  # TRAP_FRAME_RAX
CONTEXT_SIZE = 64
PAGE_SHIFT = 12


def text_of(array):
    return array.string(errors="replace")


def state_of(cell):
    symbol = gdb.lookup_static_symbol(cell + "_state")
    if symbol is None:
        raise gdb.GdbError(f"the cell {cell} is not loaded, or its side file was not found")
    return symbol.value()


def phase_of(task):
    return str(task["state"]).replace("TASK_", "").lower()


def location_of(address):
    """A function and a line, as gdb knows them."""
    block = gdb.execute(f"info symbol {address:#x}", to_string=True).strip()
    return block.split(" in section")[0]


# ---- what is there ---------------------------------------------------------------


def each(first, link):
    while int(first) != 0:
        yield first.dereference()
        first = first[link]


def tasks():
    return each(state_of("task")["oldest"], "next")


def cells():
    return each(state_of("linker")["cells"], "next")


# ---- pretty-printers ---------------------------------------------------------------


class Task:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        task = self.value
        return f'task {int(task["id"])} "{text_of(task["name"])}", {phase_of(task)}'


class Cell:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        current = self.value["current"]
        version = f', version {int(current["number"])}' if int(current) else ""
        return f'cell "{text_of(self.value["name"])}"{version}'


class Version:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        version = self.value
        name = text_of(version["cell"]["name"]) if int(version["cell"]) else "?"
        return (f'version {int(version["number"])} of cell "{name}", '
                f'text {int(version["text"]["va"]):#x}')


class Owner:
    """A by-value handle: a struct with the one member `word`."""

    def __init__(self, value):
        self.value = value
        self.name = value.type.unqualified().strip_typedefs().tag

    def run_of_frames(self, word):
        start = WINDOW + ((word >> 32) << PAGE_SHIFT)
        return f"{self.name} {start:#x}, {(word >> 8) & 0xffffff} pages"

    def to_string(self):
        word = int(self.value["word"])
        if word == 0:
            return f"empty {self.name}"
        if self.name in ("task_handle", "task_child"):
            return f"{self.name} of task {word}"
        if self.name == "frames" or self.name.startswith("map_"):
            return self.run_of_frames(word)
        return f"{self.name} {word:#x}"


WINDOW = 0x200000000000  # both machines map physical address 0 there

PRINTERS = {"task": Task, "link_cell": Cell, "link_version": Version}


def find_printer(value):
    type_ = value.type.unqualified().strip_typedefs()
    if type_.code != gdb.TYPE_CODE_STRUCT:
        return None
    if type_.tag in PRINTERS and len(type_.fields()) > 1:
        return PRINTERS[type_.tag](value)
    if [field.name for field in type_.fields()] == ["word"]:
        return Owner(value)
    return None


find_printer.__name__ = "clew"
gdb.pretty_printers.append(find_printer)

# ---- commands -------------------------------------------------------------------------


class Clew(gdb.Command):
    """What the running Clew knows of itself: clew cells, clew tasks, clew bt ID."""

    def __init__(self):
        super().__init__("clew", gdb.COMMAND_STATUS, prefix=True)


class ClewCells(gdb.Command):
    """clew cells: what is loaded, and where."""

    def __init__(self):
        super().__init__("clew cells", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        print(f"{'CELL':<20}{'VERSION':>8}  {'TEXT':<16}{'CONSTANTS':<16}{'STATE':<16}CURRENT")
        for cell in cells():
            for version in each(cell["versions"], "next"):
                current = "yes" if version.address == cell["current"] else "no"
                print(f"{text_of(cell['name']):<20}{int(version['number']):>8}  "
                      f"{int(version['text']['va']):<16x}"
                      f"{int(version['constants']['va']):<16x}"
                      f"{int(cell['state']['va']):<16x}{current}")


class ClewTasks(gdb.Command):
    """clew tasks: every task; * marks the one that runs."""

    def __init__(self):
        super().__init__("clew tasks", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        current = state_of("task")["current"]
        print(f"  {'ID':>4}  {'NAME':<32}{'STATE':<10}WHERE")
        for task in tasks():
            running = task.address == current
            where = "" if running else location_of(registers_of(task)["rip"])
            print(f"{'*' if running else ' '} {int(task['id']):>4}  "
                  f"{text_of(task['name']):<32}{phase_of(task):<10}{where}")


def registers_of(task):
    """Where a task that is not running goes on."""
    context = task["context"].cast(gdb.lookup_type("struct context").pointer())
    names = ("r15", "r14", "r13", "r12", "rbx", "rbp", "rip")
    if not task["preempted"]:
        saved = {name: int(context[name]) for name in names}
        saved["rsp"] = int(context) + CONTEXT_SIZE
        return saved
    frame = gdb.Value(int(context["rbx"])).cast(gdb.lookup_type("struct trap_frame").pointer())
    return {name: int(frame[name]) for name in REGISTERS}


def interrupted_registers():
    """The caller of a trap handler has the address 0, and the trap frame for its stack."""
    frame = gdb.newest_frame()
    while frame.older() is not None:
        frame = frame.older()
    if frame.pc() != 0:
        raise gdb.GdbError("expected the stack of a trap handler, found another")
    at = int(frame.read_register("rsp")) + FRAME_REGISTERS
    words = gdb.Value(at).cast(gdb.lookup_type("unsigned long").pointer())
    return {name: int(words[i]) for i, name in enumerate(REGISTERS)}


def backtrace_with(registers):
    gdb.execute("frame 0", to_string=True)
    before = {name: int(gdb.parse_and_eval("$" + name)) for name in REGISTERS}
    try:
        for name, value in registers.items():
            gdb.execute(f"set ${name} = {value:#x}", to_string=True)
        gdb.execute("backtrace")
    finally:
        for name, value in before.items():
            gdb.execute(f"set ${name} = {value:#x}", to_string=True)


class ClewBacktrace(gdb.Command):
    """clew bt ID: the backtrace of a task that is not running.
clew bt trap: in a trap handler, the backtrace of what was interrupted."""

    def __init__(self):
        super().__init__("clew bt", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        if argument.strip() == "trap":
            backtrace_with(interrupted_registers())
            return
        found = [task for task in tasks() if str(int(task["id"])) == argument.strip()]
        if not found:
            raise gdb.GdbError(f"expected the ID of a task, found {argument or 'nothing'}")
        if found[0].address == state_of("task")["current"]:
            gdb.execute("backtrace")
        else:
            backtrace_with(registers_of(found[0]))


# ---- a system in QEMU -----------------------------------------------------------------
#
# It tells of each object that it has linked by a call that does nothing else there.  As
# the hosted machine does for itself, build/sim/clew-image makes an ELF file of it.

PAGE = 1 << PAGE_SHIFT
MACHINE_IMAGE = struct.Struct("<6Q")  # struct machine_image: object, size, four pools
folder = tempfile.TemporaryDirectory(prefix="clew-gdb-")


def read(start, most):
    """What can be read from there."""
    data = b""
    try:
        while start and len(data) < most:
            size = min(PAGE, most - len(data))
            data += bytes(gdb.selected_inferior().read_memory(start + len(data), size))
    except gdb.MemoryError:
        pass
    return data


def keep(name, data):
    path = os.path.join(folder.name, name)
    with open(path, "wb") as file:
        file.write(data)
    return path


def build_folder():
    return os.path.dirname(os.path.abspath(gdb.current_progspace().filename))


def add_cell(told):
    place, size, *pools = MACHINE_IMAGE.unpack(read(told, MACHINE_IMAGE.size))
    image = os.path.join(folder.name, f"{pools[0]:x}.elf")
    subprocess.run(
        [os.path.join(build_folder(), "sim", "clew-image"), keep("object", read(place, size)),
         keep("text", read(pools[0], size)), keep("constants", read(pools[1], size)),
         *(f"{pool:x}" for pool in pools), build_folder(), image],
        check=True, stdout=subprocess.DEVNULL)
    gdb.execute(f"add-symbol-file {image}", to_string=True)


def remove_cell(text):
    image = os.path.join(folder.name, f"{text:x}.elf")
    if os.path.exists(image):
        gdb.execute(f"remove-symbol-file {image}", to_string=True)
        os.unlink(image)


class Told(gdb.Breakpoint):
    """Where the system says something: `then` gets its first argument."""

    def __init__(self, function, then):
        super().__init__("*" + function, internal=True)
        self.silent = True
        self.then = then

    def stop(self):
        try:
            self.then(int(gdb.parse_and_eval("(unsigned long)$rdi")))
        except (gdb.error, OSError, subprocess.CalledProcessError) as error:
            print(f"clew: no names for a cell: {error}")
        return False


def has_symbol(name):
    try:
        gdb.parse_and_eval("&" + name)
    except gdb.error:
        return False
    return True


def watch_guest(*_):
    """Once it is known that the program is the image which QEMU boots."""
    if has_symbol("machine_image_linked") and not has_symbol("debug_image_linked"):
        gdb.events.new_objfile.disconnect(watch_guest)
        Told("machine_image_linked", add_cell)
        Told("machine_image_freed", remove_cell)


gdb.events.new_objfile.connect(watch_guest)
watch_guest()

for command in (Clew, ClewCells, ClewTasks, ClewBacktrace):
    command()
