# SPDX-License-Identifier: MIT
"""What cellc says may change a state, of programs where a reader can tell; budgets."""

import os
import subprocess
import sys

from pipeline import CELL, HEAD, Pipeline, Tap

STATE = HEAD + """
struct probe_state { int count; struct { int deep; } many[4]; };
CELL_STATE(probe, "the tests look at it");
extern void other(int *place);
extern int known(int);
"""

# Source of an export `f`, and what holds of it.  The state is not used elsewhere.
EFFECTS = {
    "changes when it stores": ("changes", "probe_state.count = n; return 0;"),
    "changes when it adds in place": ("changes", "probe_state.count += n; return 0;"),
    "changes when it exchanges": (
        "changes", "return __atomic_exchange_n(&probe_state.count, n, __ATOMIC_SEQ_CST);"),
    "reads when it loads": ("reads", "return probe_state.count + n;"),
    "reads when it compares": ("reads", "return probe_state.count == n;"),
    "has nothing to do with the state that it does not name": ("nothing", "return known(n);"),
    "changes when it gives the address away": (
        "changes", "other(&probe_state.many[n].deep); return 0;"),
}

BEHIND = """
__attribute__((noipa)) static int store(int n) { probe_state.count = n; return n; }
__attribute__((noipa)) static int load(int n) { return probe_state.count + n; }
__attribute__((noipa)) static int middle(int n) { return store(n) + 1; }
__attribute__((noipa)) static int plain(int n) { return n + 1; }
static int (*const stores[])(int) = { plain, store };
static int (*const loads[])(int) = { plain, load };
CELL_EXPORT int through_calls(int n) { return middle(n) * 3; }
CELL_EXPORT int through_a_jump(int n) { return middle(n); }
CELL_EXPORT int through_a_table(int n) { return stores[n & 1](n); }
CELL_EXPORT int reads_through_a_table(int n) { return loads[n & 1](n); }
CELL_EXPORT int through_a_loop(int n) { return n ? through_a_loop(n - 1) * 3 + load(n) : 0; }
CELL_EXPORT int plain_one(int n) { return plain(n); }
CELL_EXPORT int first_name(int n) { probe_state.count = n; return n; }
extern __attribute__((alias("first_name"))) CELL_EXPORT int second_name(int n);
"""
BEHIND_EXPECTED = {
    "through_calls": "changes", "through_a_jump": "changes", "through_a_table": "changes",
    "reads_through_a_table": "reads", "through_a_loop": "reads", "plain_one": "nothing",
    "first_name": "changes", "second_name": "changes",
}


def report(pipeline, text, *flags, state_max=None):
    """(exit status, what cellc says, lines of the report)"""
    combined = pipeline.combine(pipeline.compile("probe.c", text, *flags))
    path = combined + ".state"
    budget = ["--state-max", str(state_max)] if state_max is not None else []
    done = subprocess.run(
        [pipeline.cellc, combined, "-o", combined + ".o", "--state", path, *budget],
        capture_output=True, text=True, check=False)
    lines = []
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            lines = [tuple(line.rstrip("\n").split("\t")) for line in file]
    return done.returncode, done.stderr, lines


def effects(lines):
    return {line[1]: line[2] for line in lines if line[0] == "export"}


def main():
    pipeline, tap = Pipeline(), Tap()
    for level in ("-O0", "-O2"):
        for name, (expected, body) in EFFECTS.items():
            text = STATE + "CELL_EXPORT int f(int n);\nCELL_EXPORT int f(int n) { %s }\n" % body
            _, said, lines = report(pipeline, text + CELL, level)
            tap.test(f"a function {name}, at {level}", effects(lines) == {"f": expected},
                     said + str(lines))
        text = STATE + BEHIND
        _, said, lines = report(pipeline, text + CELL, level, "-Wno-missing-prototypes")
        for name, expected in BEHIND_EXPECTED.items():
            tap.test(f"{name} is seen as {expected}, at {level}",
                     effects(lines).get(name) == expected, said + str(lines))
    text = STATE + "CELL_EXPORT int f(int n) { other(&probe_state.count); return 0; }" + CELL
    _, said, lines = report(pipeline, text)
    tap.test("who takes the state's address is listed", ("address", "f") in lines, said)
    tap.test("name, bytes and reason come first",
             lines[:1] == [("cell", "probe", "20", "the tests look at it")], lines)
    _, said, lines = report(pipeline, HEAD + "CELL_EXPORT int f(void) { return 1; }" + CELL)
    tap.test("a cell without state says so",
             lines == [("cell", "probe", "0", ""), ("export", "f", "nothing")], said + str(lines))
    status, said, _ = report(pipeline, text, state_max=20)
    tap.test("a state as large as its budget is taken", status == 0, said)
    status, said, lines = report(pipeline, text, state_max=19)
    tap.test("a state above its budget is refused and nothing is written",
             status == 1 and "20 bytes of state, the budget is 19" in said and not lines, said)
    status, said, _ = report(pipeline, text, state_max="much")
    tap.test("a budget that is no number is refused",
             status == 2 and "expected a number of bytes, found much" in said, said)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
