#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every refusal that src/link can utter is expected by a test, word by word.

usage: check_refusals.py --tests TEST.c... --sources SOURCE.c...

A refusal is the text `what` of a diag: the first string that link_diag(),
refuse(), refuse_number() or refuse_state() is given, or one that is put into
`what`.  Speaks TAP.
"""

import re
import sys

CALL = re.compile(r'\b(?:link_diag|refuse|refuse_number|refuse_state)\(([^;{]*?)"([^"\n]+)"', re.S)
ASSIGNED = re.compile(r'\bwhat = "([^"]+)"')


def read(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def refusals(source):
    found = set(ASSIGNED.findall(source))
    for arguments, text in CALL.findall(source):
        if "what" not in arguments.split(",")[-1] and "what," not in arguments:
            found.add(text)
    return found


def main():
    split = sys.argv.index("--sources")
    tests = "".join(read(path) for path in sys.argv[2:split])
    texts = sorted(set().union(*(refusals(read(path)) for path in sys.argv[split + 1:])))
    print("1..%d" % len(texts))
    failed = 0
    for number, text in enumerate(texts, 1):
        covered = '"%s"' % text in tests
        failed |= not covered
        print('%s %d - a test expects "%s"' % ("ok" if covered else "not ok", number, text))
    return failed or not texts


sys.exit(main())
