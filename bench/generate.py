#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A source of many functions to load: a cell, or a shared object for comparison.

usage: generate.py --cell VERSION|--peer NAME N OUTPUT.c

Each function is exported, calls the next one, counts its calls in the state
and reads a constant through a table of pointers: NAME_0(depth) is the sum of
the numbers of the functions that it comes by, 0 + 1 + ... + depth.
"""

import argparse
import sys

HEAD = """/* SPDX-License-Identifier: MIT */
/* Made by bench/generate.py: %(n)d functions. */
#include <stdint.h>
%(include)s
struct %(name)s_state {
	uint32_t calls[%(n)d];
};
%(state)s

static const uint32_t numbers[%(n)d] = { %(numbers)s };
static const uint32_t *const places[%(n)d] = { %(places)s };

#define F(i) EXPORT __attribute__((noinline, noclone, noipa)) uint32_t %(name)s_##i(uint32_t depth)
#define BODY(i, next) \\
	F(i) \\
	{ \\
		uint64_t at = i; \\
\\
		__asm__("" : "+r"(at)); /* not known to the compiler */ \\
		%(name)s_state.calls[i]++; \\
		return (depth > 0 ? %(name)s_##next(depth - 1) : 0) + *places[at]; \\
	}
"""
CELL = """
CELL("%(name)s", %(version)d, CELL_SERVICE, "%(n)d functions to load");
"""


def source(name, n, version):
    """Without a version: for a shared object."""
    is_cell = version is not None
    words = {
        "name": name,
        "n": n,
        "version": version or 0,
        "include": '#include <clew/cell.h>\n#define EXPORT CELL_EXPORT\n' if is_cell
                   else "#define EXPORT\n",
        "state": 'CELL_STATE(%s, "what is counted is that a call was made");' % name if is_cell
                 else "static struct %s_state %s_state;" % (name, name),
        "numbers": ", ".join(map(str, range(n))),
        "places": ", ".join("&numbers[%d]" % i for i in range(n)),
    }
    text = [HEAD % words]
    text += ["F(%d);\n" % i for i in range(n)]
    text += ["BODY(%d, %d)\n" % (i, (i + 1) % n) for i in range(n)]
    if is_cell:
        text.append(CELL % words)
    return "".join(text)


def main():
    parser = argparse.ArgumentParser()
    kind = parser.add_mutually_exclusive_group(required=True)
    kind.add_argument("--cell", type=int, metavar="VERSION")
    kind.add_argument("--peer", action="store_true")
    parser.add_argument("name")
    parser.add_argument("n", type=int)
    parser.add_argument("output")
    options = parser.parse_args()
    with open(options.output, "w", encoding="ascii") as file:
        file.write(source(options.name, options.n, options.cell))


if __name__ == "__main__":
    sys.exit(main())
