#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every style rule reports what breaks it, and where, and nothing else.

Speaks TAP.  Each case is a file that a rule must report on the given lines; no
lines: the rule must be content with it.
"""

import os
import sys
import tempfile

import c_text
import cells
import formatting
import includes
import lines

TREE = {
    "include/clew/own.h", "include/clew/task.h", "src/base/string.h", "src/elf/elf.h",
    "src/link/link.h", "src/unwind/cfi.h", "src/toolchain/code.h", "cells/shell/table.h",
    "cells/task/record.h", "sim/boot.h", "tests/shell/fake.h", "tests/tap.h",
    "src/machine/seed.h", "src/machine/pc/pc.h", "src/machine/pc/layout.h",
    "src/machine/pc/boot/boot.h",
}
README = "# name\n\n**Purpose.** a\n\n**Provides.** b\n\n**Needs.** c\n\n" \
         "**State and swap.** d\n\n**Faults.** e\n"


def include(path, name):
    return includes.check, path, "#include %s\n" % name


def body(count, comment="", kind="int"):
    return "%s%s f(void)\n{\n%s}\n" % (comment, kind, "\tg();\n" * count)


# What the rule is about, (rule, path, text), lines reported.
CASES = (
    ("a cell may include an interface", include("cells/task/a.c", "<clew/own.h>"), []),
    ("an interface that is not there is reported", include("cells/task/a.c", "<clew/no.h>"), [1]),
    ("a cell may include freestanding headers", include("cells/task/a.c", "<stdint.h>"), []),
    ("a cell may not include the host's headers", include("cells/task/a.c", "<stdio.h>"), [1]),
    ("a cell may not include GLib", include("cells/task/a.c", "<glib.h>"), [1]),
    ("a cell may include its own headers", include("cells/task/a.c", '"record.h"'), []),
    ("a cell may not include another's by name", include("cells/task/a.c", '"table.h"'), [1]),
    ("a cell may not go up", include("cells/task/a.c", '"../shell/table.h"'), [1]),
    ("a cell may not include another's folder", include("cells/task/a.c", '"cells/shell/table.h"'),
     [1]),
    ("a cell may include src libraries", include("cells/task/a.c", '"unwind/cfi.h"'), []),
    ("a cell may not include sim", include("cells/task/a.c", '"boot.h"'), [1]),
    ("a cell may not include the tool chain", include("cells/task/a.c", '"toolchain/code.h"'), [1]),
    ("a library may include base", include("src/elf/a.c", '"base/string.h"'), []),
    ("a library may not include one above it", include("src/elf/a.c", '"link/link.h"'), [1]),
    ("a library may not include the host's headers", include("src/elf/a.c", "<string.h>"), [1]),
    ("nano_core may include link", include("src/nano_core/a.c", '"link/link.h"'), []),
    ("the tool chain may include the host's headers", include("src/toolchain/a.c", "<err.h>"), []),
    ("the tool chain may not include GLib", include("src/toolchain/a.c", "<glib.h>"), [1]),
    ("an interface may not include a library", include("include/clew/a.h", '"base/string.h"'), [1]),
    ("an interface may not include the host's headers", include("include/clew/a.h", "<errno.h>"),
     [1]),
    ("a test may include what all tests share", include("tests/shell/a.c", '"tap.h"'), []),
    ("sim may not include what tests share", include("sim/a.c", '"tap.h"'), [1]),
    ("sim may include GLib", include("sim/a.c", "<gio/gio.h>"), []),
    ("sim may not include a cell", include("sim/a.c", '"table.h"'), [1]),
    ("a test may include what it mirrors", include("tests/shell/a.c", '"table.h"'), []),
    ("a test may not include another cell", include("tests/shell/a.c", '"record.h"'), [1]),
    ("a test may go up to what it mirrors", include("tests/shell/a.c",
                                                    '"../../cells/shell/table.h"'), []),
    ("a test may not go up to another cell", include("tests/shell/a.c",
                                                     '"../../cells/task/record.h"'), [1]),
    ("only sim's tests may include sim", include("tests/shell/a.c", '"boot.h"'), [1]),
    ("sim's tests may include sim", include("tests/sim/a.c", '"boot.h"'), []),
    ("a machine's functions may include base", include("src/machine/pc/a.c", '"base/string.h"'),
     []),
    ("they may include what machines share", include("src/machine/pc/a.c", '"machine/seed.h"'), []),
    ("they may not include a linker", include("src/machine/pc/a.c", '"link/link.h"'), [1]),
    ("they may not include the reader of objects", include("src/machine/pc/a.c", '"elf/elf.h"'),
     [1]),
    ("they may not include what is erased", include("src/machine/pc/a.c",
                                                    '"machine/pc/boot/boot.h"'), [1]),
    ("nor by the shorter way", include("src/machine/pc/a.c", '"boot/boot.h"'), [1]),
    ("what is erased may include what stays", include("src/machine/pc/boot/a.c",
                                                      '"machine/pc/pc.h"'), []),
    ("what is erased may include the linker", include("src/machine/pc/boot/a.c", '"link/link.h"'),
     []),
    ("a machine may not include the host's headers", include("src/machine/pc/a.c", "<stdio.h>"),
     [1]),
    ("what machines share may not include one of them", include("src/machine/a.c",
                                                                '"machine/pc/pc.h"'), [1]),
    ("sim may include what machines share", include("sim/a.c", '"machine/seed.h"'), []),
    ("sim may not include another machine", include("sim/a.c", '"machine/pc/pc.h"'), [1]),
    ("but the numbers it starts it with", include("sim/a.c", '"machine/pc/layout.h"'), []),
    ("a cell may not include a machine", include("cells/task/a.c", '"machine/pc/pc.h"'), [1]),
    ("a library may not include a machine", include("src/elf/a.c", '"machine/seed.h"'), [1]),
    ("an include may not be computed", include("cells/task/a.c", "HEADER"), [1]),

    ("100 columns are not too many", (lines.check_columns, "a.c", "\t" + "x" * 92 + "\n"), []),
    ("101 columns are too many", (lines.check_columns, "a.c", "\n\t" + "x" * 93 + "\n"), [2]),
    ("prose may have 140 columns", (lines.check_columns, "a.md", "x" * 140 + "\n"), []),
    ("prose of 141 columns is reported", (lines.check_columns, "a.md", "x" * 141 + "\n"), [1]),
    ("a row of a table may be as long", (lines.check_columns, "a.md", "|" + "x" * 200 + "\n"), []),
    ("blanks at the end are reported", (lines.check_blanks, "a.c", "int a; \nint b;\t\n"), [1, 2]),
    ("a missing newline is reported", (lines.check_blanks, "a.c", "int a;"), [1]),
    ("an empty last line is reported", (lines.check_blanks, "a.c", "int a;\n\n"), [2]),
    ("an SPDX line satisfies", (lines.check_spdx, "a.py", "#!x\n# %s\n" % lines.SPDX), []),
    ("a missing SPDX line is reported", (lines.check_spdx, "a.py", "import os\n"), [1]),
    ("a late SPDX line is reported", (lines.check_spdx, "a.py", "\n" * 9 + lines.SPDX), [1]),
    ("a mark of unfinished work is reported", (lines.check_markers, "a", "x\n# FIX" + "ME: y\n"),
     [2]),
    ("a longer word is not a mark", (lines.check_markers, "a", "/tmp/clew-XX" + "XXXX\n"), []),

    ("tabs satisfy", (c_text.check_tabs, "a.c", "/*\n * x\n */\n\t\t    int a;\n"), []),
    ("blanks instead of a tab are reported", (c_text.check_tabs, "a.c", "        int a;\n"), [1]),
    ("a blank before a tab is reported", (c_text.check_tabs, "a.c", " \tint a;\n"), [1]),
    ("70 lines in a function are not too many", (c_text.check_functions, "a.c", body(70)), []),
    ("71 lines in a function are too many", (c_text.check_functions, "a.c", body(71)), [2]),
    ("a second function is measured too", (c_text.check_functions, "a.c", body(1) + body(71)), [6]),
    ("a long flat switch that says so may be",
     (c_text.check_functions, "a.c", body(71, "/* A flat switch. */\n")), []),
    ("the excuse of another function does not count",
     (c_text.check_functions, "a.c", "/* A flat switch. */\n" + body(1) + body(71)), [7]),
    ("1000 lines in a file are not too many", (c_text.check_length, "a.c", "\n" * 1000), []),
    ("1001 lines in a file are too many", (c_text.check_length, "a.c", "\n" * 1001), [1001]),
    ("601 lines in a file are large", (c_text.warn_length, "a.c", "\n" * 601), [601]),
    ("goto is reported", (c_text.check_jumps, "cells/x/a.c", "int f;\n\tgoto out;\n"), [2]),
    ("setjmp is reported", (c_text.check_jumps, "src/x/a.c", "\tif (_setjmp(a))\n"), [1]),
    ("goto in a comment is a word", (c_text.check_jumps, "cells/x/a.c", "/* no goto */\n"), []),
    ("a typedef of a struct is reported", (c_text.check_typedefs, "a.h", "typedef struct a {\n"),
     [1]),
    ("one of a named struct as well", (c_text.check_typedefs, "a.h", "typedef struct a b;\n"), [1]),
    ("a typedef of a pointer is none", (c_text.check_typedefs, "a.h", "typedef struct a *b;\n"),
     []),
    ("a typedef of a function is none",
     (c_text.check_typedefs, "a.h", "typedef struct a *b(struct c *);\n"), []),
    ("own.h may name a struct", (c_text.check_typedefs, "include/clew/own.h",
                                 "typedef struct { int a; } b;\n"), []),

    ("a README with five sections satisfies",
     (cells.check_readme, "cells/task/README.md", README), []),
    ("headings are sections too", (cells.check_readme, "cells/task/README.md", README.replace(
        ".**", "").replace("**", "## ").replace(" a\n", "\na\n").replace(" b\n", "\nb\n").replace(
            " c\n", "\nc\n").replace(" d\n", "\nd\n").replace(" e\n", "\ne\n")), []),
    ("a missing section is reported",
     (cells.check_readme, "cells/task/README.md", README.replace("Needs", "Wants")), [1]),
    ("sections in another order are reported", (cells.check_readme, "cells/task/README.md", README.
                                                replace("Needs", "Q").replace("Faults", "Needs").
                                                replace("Q", "Faults")), [1]),
    ("31 lines in a README are too many",
     (cells.check_readme, "cells/task/README.md", README + "\n" * 20), [31]),
)


def lines_of(rule, path, text):
    if rule is includes.check:
        return [line for line, _ in rule(path, text, TREE.__contains__)]
    return [line for line, _ in rule(path, text)]


def tree_cases():
    """(name, found, expected)"""
    whole = {"cells/a/README.md", "cells/a/meson.build", "cells/a/a.c"}
    yield "a whole cell satisfies", list(cells.check_folders(whole)), []
    yield ("a cell without README.md is reported",
           [path for path, _, _ in cells.check_folders(whole - {"cells/a/README.md"})],
           ["cells/a/README.md"])
    yield ("a cell without meson.build is reported",
           [path for path, _, _ in cells.check_folders(whole - {"cells/a/meson.build"})],
           ["cells/a/meson.build"])
    yield ("a file that is called util is reported",
           [path for path, _, _ in cells.check_names({"src/util.c", "src/utility.c"})],
           ["src/util.c"])


def formatted(program, style_file, text):
    with tempfile.TemporaryDirectory() as root:
        with open(os.path.join(root, "a.c"), "w", encoding="ascii") as file:
            file.write(text)
        return [line for _, line, _ in formatting.check(program, root, style_file, ["a.c"])]


def format_cases(style_file):
    program, missing = formatting.find_formatter()
    good = "int f(void)\n{\n\treturn 1;\n}\n"
    for name, text, expected in (
            ("formatted C satisfies", good, []),
            ("a brace in the wrong place is reported", good.replace(")\n{", ") {"), [1]),
            ("a missing blank is reported", good.replace("return 1", "return f()+1"), [3])):
        found = expected if missing else formatted(program, style_file, text)
        yield name, found, expected, missing


def main():
    style_file = os.path.abspath(sys.argv[1])
    results = [(name, lines_of(*case), expected, None) for name, case, expected in CASES]
    results += [(*case, None) for case in tree_cases()]
    results += format_cases(style_file)
    failed = 0
    print("1..%d" % len(results))
    for number, (name, found, expected, skip) in enumerate(results, 1):
        if found != expected:
            failed += 1
            print("# expected %s, found %s" % (expected, found))
        print("%sok %d - %s%s" % ("" if found == expected else "not ", number, name,
                                  " # SKIP " + skip if skip else ""))
    return failed > 0


sys.exit(main())
