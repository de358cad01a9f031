# SPDX-License-Identifier: MIT
"""What the tests of cellc share: the build's own pipeline, a reader of the
note that owes nothing to src/link/note.c, and TAP."""

import os
import re
import struct
import subprocess
import sys
import tempfile

PROVIDES_FUNCTION, PROVIDES_DATA, NEEDS_FUNCTION, NEEDS_DATA, ADDRESS_TAKEN, LAYOUT = range(1, 7)

CELL = 'CELL("probe", 1, CELL_SERVICE, "a cell of the tests");\n'
HEAD = "#include <clew/cell.h>\n"


def run(*command, **options):
    """Standard output; the test stops with the error output when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode:
        raise RuntimeError(" ".join(command) + "\n" + done.stderr)
    return done.stdout


class Note:
    """struct note_header and what follows it, by the layout in src/link/note.h."""

    def __init__(self, raw):
        head = struct.unpack_from("<12I2Q", raw)
        (self.magic, self.format, n_symbols, n_fields, n_statics, strings_size, self.kind,
         self.version, name, summary, state, reason, self.state_size, self.state_hash) = head
        at = 64
        symbols = [struct.unpack_from("<IIQ", raw, at + 16 * i) for i in range(n_symbols)]
        at += 16 * n_symbols
        fields = [struct.unpack_from("<IIQQQ", raw, at + 32 * i) for i in range(n_fields)]
        at += 32 * n_fields + 16 * n_statics
        self.strings = raw[at:]
        assert len(self.strings) == strings_size
        self.name, self.summary = self.text(name), self.text(summary)
        self.state, self.reason = self.text(state), self.text(reason)
        self.symbols = [(kind, self.text(text), type_hash) for text, kind, type_hash in symbols]
        self.fields = [(self.text(field), self.text(kind), offset, size)
                       for field, kind, offset, size, _ in fields]

    def text(self, offset):
        return self.strings[offset:self.strings.index(b"\0", offset)].decode()

    def hash(self, name, *kinds):
        found = [h for kind, other, h in self.symbols
                 if other == name and (not kinds or kind in kinds)]
        return found[0] if found else None

    def names(self, *kinds):
        return sorted(name for kind, name, _ in self.symbols if kind in kinds)


class Pipeline:
    """usage: SCRIPT CELLC ROOT COMPILER... -- CELL_ARGS..."""

    def __init__(self):
        split = sys.argv.index("--")
        self.cellc, self.root = os.path.abspath(sys.argv[1]), sys.argv[2]
        self.compiler = sys.argv[3:split]
        self.cell_args = sys.argv[split + 1:]
        self.folder = tempfile.TemporaryDirectory()
        self.serial = 0

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def compile(self, name, text, *flags):
        """One object. The source keeps its name, which becomes part of the DWARF."""
        self.serial += 1
        folder = self.path(str(self.serial))
        os.mkdir(folder)
        source = os.path.join(folder, name)
        with open(source, "w") as file:
            file.write(text)
        if not flags or not flags[0].startswith("-O"):
            flags = ("-O2", *flags)
        run(*self.compiler, "-std=gnu17", "-I" + self.root + "/include",
            "-I" + self.root + "/src", *self.cell_args, "-g", *flags, "-c", source,
            "-o", source + ".o")
        return source + ".o"

    def combine(self, *objects):
        self.serial += 1
        combined = self.path("%d.combined.o" % self.serial)
        run("ld", "-r", "--unique", "-T", self.root + "/src/toolchain/cell.ld", "-o", combined,
            *objects)
        return combined

    def check(self, combined, output=None):
        """(exit status, what cellc says, path of the cell)"""
        output = output or combined + ".cell.o"
        done = subprocess.run([self.cellc, combined, "-o", output, "--debug", output + ".debug"],
                              capture_output=True, text=True)
        return done.returncode, done.stderr, output

    def cell(self, text, *flags, name="probe.c"):
        """The cell of one source, which cellc must accept."""
        status, said, output = self.check(self.combine(self.compile(name, text, *flags)))
        if status:
            raise RuntimeError(said)
        return output

    def note(self, path):
        raw = path + ".note"
        run("objcopy", "-O", "binary", "--set-section-flags", ".clew.note=alloc",
            "--only-section=.clew.note", path, raw)
        with open(raw, "rb") as file:
            return Note(file.read())


class Tap:
    """Prints one line a test; main() returns the exit status."""

    def __init__(self):
        self.count = self.failed = 0

    def test(self, name, passed, detail=""):
        self.count += 1
        self.failed += not passed
        print("%sok %d - %s" % ("" if passed else "not ", self.count, name.replace("#", "\\#")))
        if not passed:
            for line in str(detail).splitlines():
                print("# " + line)
        sys.stdout.flush()

    def attempt(self, name, function, *arguments):
        try:
            self.test(name, True if function(*arguments) is None else False)
        except (AssertionError, RuntimeError) as error:
            self.test(name, False, error)

    def end(self):
        print("1..%d" % self.count)
        return 1 if self.failed else 0


def numbered(text, names, number):
    """The text with each of the names made unique by a number."""
    return re.sub(r"\b(%s)\b" % "|".join(names), r"\1_%d" % number, text)
