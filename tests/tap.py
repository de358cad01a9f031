# SPDX-License-Identifier: MIT
"""Runs the functions of a test script and reports them in the Test Anything Protocol.

A test is a function decorated with @test; its name is the sentence that is true when it
passes.  It fails by an exception.  One that is named in SKIPPED is not run, for the reason
given there.
"""

import sys
import traceback

TESTS = []
SKIPPED = {}


def test(function):
    TESTS.append(function)
    return function


def equal(found, expected):
    assert found == expected, f"expected {expected!r}, found {found!r}"


def run_all():
    failed = 0
    print(f"1..{len(TESTS)}")
    for number, function in enumerate(TESTS, 1):
        name = function.__name__.replace("_", " ")
        if function.__name__ in SKIPPED:
            print(f"ok {number} - {name} # SKIP {SKIPPED[function.__name__]}")
            continue
        try:
            function()
        except Exception:  # a test may fail in any way
            failed += 1
            print(f"not ok {number} - {name}")
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
        else:
            print(f"ok {number} - {name}")
        sys.stdout.flush()
    sys.exit(1 if failed else 0)
