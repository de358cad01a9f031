#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every refusal that src/elf can utter is expected by a test.

usage: check_refusals.py MANIFEST TEST.c SOURCE.c...

A refusal is a text given to elf_refuse(); it must be in the manifest's column
"what" of a bad object, or quoted in TEST.c.  Speaks TAP.
"""

import re
import sys

REFUSAL = re.compile(r'elf_refuse\(\s*&?\w+,\s*"([^"]+)"', re.S)


def main():
    manifest, test, *sources = sys.argv[1:]
    with open(manifest, encoding="ascii") as file:
        expected = {line.split("\t")[2] for line in file} - {"-"}
    with open(test, encoding="ascii") as file:
        quoted = file.read()
    texts = []
    for source in sources:
        with open(source, encoding="ascii") as file:
            code = file.read()
        found = REFUSAL.findall(code)
        calls = code.count("elf_refuse(&") + code.count("elf_refuse(at")
        if len(found) != calls:
            print("1..0\nBail out! %s: %d calls, %d texts" % (source, calls, len(found)))
            return 1
        texts += found
    texts = sorted(set(texts))
    print("1..%d" % len(texts))
    failed = 0
    for number, text in enumerate(texts, 1):
        covered = any(part in text for part in expected) or '"%s"' % text in quoted
        failed |= not covered
        print('%s %d - a test expects "%s"' % ("ok" if covered else "not ok", number, text))
    return failed or not texts


sys.exit(main())
