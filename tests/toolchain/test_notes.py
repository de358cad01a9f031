# SPDX-License-Identifier: MIT
"""The two files that cellc writes, against nm, readelf, objdump, ld and gdb."""

import hashlib
import re
import subprocess
import sys

from pipeline import (ADDRESS_TAKEN, HEAD, NEEDS_DATA, NEEDS_FUNCTION, PROVIDES_DATA,
                      PROVIDES_FUNCTION, Pipeline, Tap, run)

PROBE = HEAD + """
#include <clew/own.h>
OWNER(lease);
void lease_cleanup(lease *l);
lease lease_take(int (*f)(int), const void *argument);
extern const int foreign_limit;
extern int foreign_step(int) __attribute__((weak));
struct inner { short code; char tag[5]; };
struct node;
enum mood { GLAD, SAD };
struct probe_state {
	int count;
	struct node *list;
	int (*handlers[4])(int);
	struct inner one, many[3];
	const char *volatile text;
	unsigned a : 3, b : 6;
	union { int i; double d; } either;
	enum mood mood;
	struct { long x, y; };
	lease lease;
};
CELL_STATE(probe, "the tests look at it");
__attribute__((noinline)) static int listed(int n) { return n + foreign_limit; }
__attribute__((noinline)) static int given(int n) { return n * 3; }
__attribute__((noinline)) static int called(int n) { return foreign_step(n) * 7; }
int hidden_given(int n) { return n + 11; }
int hidden_called(int n) { return called(n) + 1; }
static int (*const table[])(int) = { listed, hidden_given };
CELL_EXPORT const char probe_name[] = "probe";
CELL_EXPORT int probe_work(int n)
{
	OWN(lease, l) = lease_take(given, &probe_state);
	return table[n & 1](n) + hidden_called(n);
}
CELL_EXPORT __attribute__((weak)) int probe_weak(int n) { return n + 2; }
CELL("probe", 42, CELL_SERVICE, "a cell with \\"quotes\\"");
"""

TIMER = HEAD + """
struct timer;
void timer_arm(void (*f)(struct timer *), struct timer *t, unsigned long ns);
int timer_due(struct timer *t);
static void tick(struct timer *t)
{
	if (timer_due(t))
		timer_arm(tick, t, 1000);
}
CELL_EXPORT void probe_start(struct timer *t) { timer_arm(tick, t, 5); }
CELL_EXPORT void probe_again(struct timer *t) { timer_arm(probe_again, t, 1); }
void hidden_again(struct timer *t) { timer_arm(hidden_again, t, 1); }
CELL("probe", 1, CELL_SERVICE, "timers that rearm themselves");
"""

PAIR = """
	.text
	.globl first
	.hidden first
	.type first, @function
first:
	.cfi_startproc
	movabsq $0xfffffff6058d4890, %rax
	leaq second(%rip), %rax
	lea second(%rip), %r9d
	leaq 1f(%rip), %rcx
1:	ret
	.cfi_endproc
	.size first, . - first
	.type second, @function
second:
	.cfi_startproc
	leaq first(%rip), %rdx
	ret
	.cfi_endproc
	.size second, . - second
	.section .note.GNU-stack, "", @progbits
"""


SLOTS = """
	.text
	.globl slots
	.hidden slots
	.type slots, @function
slots:
	.cfi_startproc
	movq loaded@GOTPCREL(%rip), %rax
	pushq pushed@GOTPCREL(%rip)
	.cfi_adjust_cfa_offset 8
	call *called@GOTPCREL(%rip)
	popq %rax
	.cfi_adjust_cfa_offset -8
	jmp *jumped@GOTPCREL(%rip)
	.cfi_endproc
	.size slots, . - slots
	.section .note.GNU-stack, "", @progbits
"""


def nm(path, *flags):
    """(name, letter) of each symbol."""
    lines = run("nm", *flags, path).splitlines()
    return [(line.split()[-1], line.split()[-2]) for line in lines]


def identity(pipeline, tap):
    path = pipeline.cell(PROBE)
    note = pipeline.note(path)
    tap.test("the note begins with its magic and format",
             (note.magic, note.format) == (0x65746F6E, 1), note.magic)
    tap.test("the note has name, version, kind and summary of CELL()",
             (note.name, note.version, note.kind, note.summary) ==
             ("probe", 42, 1, 'a cell with "quotes"'), vars(note))
    sizes = {line.split()[3]: int(line.split()[1], 16)
             for line in run("nm", "-S", path).splitlines() if len(line.split()) == 4}
    tap.test("the note has symbol, size and reason of CELL_STATE()",
             (note.state, note.state_size, note.reason) ==
             ("probe_state", sizes["probe_state"], "the tests look at it"), vars(note))
    return path, note


def imports_and_exports(tap, path, note):
    provided = nm(path, "--defined-only", "--extern-only")
    hidden = [line.split()[-1] for line in run("readelf", "-sW", path).splitlines()
              if " HIDDEN " in line]
    functions = sorted(n for n, letter in provided if letter in "TW" and n not in hidden)
    data = sorted(n for n, letter in provided if letter in "DRBV" and n not in hidden)
    tap.test("what nm calls defined, external and not hidden is provided",
             note.names(PROVIDES_FUNCTION) == functions and note.names(PROVIDES_DATA) == data,
             "%s %s\n%s" % (functions, data, note.symbols))
    needed = sorted(n for n, _ in nm(path, "--undefined-only") if n != "_GLOBAL_OFFSET_TABLE_")
    tap.test("what nm calls undefined is needed",
             note.names(NEEDS_FUNCTION, NEEDS_DATA) == needed, "%s\n%s" % (needed, note.symbols))
    tap.test("the one object among the needs is data",
             note.names(NEEDS_DATA) == ["foreign_limit"], note.symbols)
    tap.test("static and hidden functions whose address is taken are named",
             note.names(ADDRESS_TAKEN) == ["hidden_given", "probe.c:given", "probe.c:listed"],
             note.names(ADDRESS_TAKEN))


FIELDS = ["count", "list", "handlers", "one.code", "one.tag", "many", "many[0].code",
          "many[0].tag", "text", "either", "mood", "x", "y", "lease.word"]


def fields(pipeline, tap, note):
    """Offsets and sizes as a program compiled from the same struct prints them."""
    source = PROBE[:PROBE.index("CELL_STATE(probe")].replace(
        HEAD, HEAD + "#include <stddef.h>\n#include <stdio.h>\n")
    source += "int main(void) { struct probe_state *s = 0; (void)s;\n"
    for name in FIELDS:
        source += 'printf("%%s %%zu %%zu\\n", "%s", offsetof(struct probe_state, %s), ' \
                  "sizeof(s->%s));\n" % (name.replace("[0]", ""), name, name)
    path = pipeline.path("offsets.c")
    with open(path, "w") as file:
        file.write(source + "return 0; }\n")
    run(*pipeline.compiler, "-I" + pipeline.root + "/include", path, "-o", path + ".out")
    expected = [(n, int(o), int(s)) for n, o, s in
                (line.split() for line in run(path + ".out").splitlines())]
    found = [(n, o, s) for n, _, o, s in note.fields if n not in ("a", "b")]
    tap.test("members lie where offsetof finds them", found == expected,
             "%s\n%s" % (expected, found))
    types = {n: t for n, t, _, _ in note.fields}
    expected = {"count": "int", "list": "struct node *", "handlers": "int (*[4])(int)",
                "many": "struct inner[3]", "text": "const char *volatile",
                "a": "unsigned int : 3", "mood": "enum mood", "lease.word": "uint64_t"}
    tap.test("members have the types that C declares",
             {n: types.get(n) for n in expected} == expected, types)
    bits = {n: (o, s) for n, _, o, s in note.fields if n in ("a", "b")}
    base = bits["a"][0]
    tap.test("bit-fields of 3 bits and the next 6 span one byte and two",
             bits == {"a": (base, 1), "b": (base, 2)}, bits)


def relocations(path):
    """section: [(offset, type, what)], without the debugging sections."""
    found, section = {}, None
    for line in run("readelf", "-rW", path).splitlines():
        match = re.match(r"Relocation section '\.rela(.*)' at", line)
        section = match.group(1) if match else section
        words = line.split()
        if len(words) > 4 and words[2].startswith("R_X86_64"):
            found.setdefault(section, []).append((words[0], words[2], " ".join(words[4:])))
    return {name: rows for name, rows in found.items() if not name.startswith(".debug")}


def contents(path):
    text = re.sub(r"^.*file format.*$", "", run("objdump", "-s", path), flags=re.M)
    parts = re.split(r"^Contents of section (.*):$", text, flags=re.M)[1:]
    return [(name, body) for name, body in zip(parts[::2], parts[1::2])
            if not name.startswith(".debug") and
            name not in (".clew.note", ".group")]


def files(pipeline, tap, flags, what):
    combined = pipeline.combine(pipeline.compile("probe.c", PROBE, *flags))
    status, said, path = pipeline.check(combined)
    tap.test("cellc accepts the cell " + what, status == 0, said)
    done = subprocess.run(["readelf", "-aW", path], capture_output=True, text=True)
    tap.test("readelf reads the cell %s without a warning" % what,
             done.returncode == 0 and not done.stderr, done.stderr)
    run("objcopy", "-O", "binary", "--set-section-flags", ".clew.cell=alloc",
        "--only-section=.clew.cell", path + ".debug", path + ".sum")
    with open(path, "rb") as cell, open(path + ".sum", "rb") as checksum:
        tap.test("the side file of the cell %s has the SHA-256 of the cell" % what,
                 hashlib.sha256(cell.read()).digest() == checksum.read())
    done = subprocess.run(["eu-elflint", "--gnu-ld", path], capture_output=True, text=True)
    before = subprocess.run(["eu-elflint", "--gnu-ld", combined], capture_output=True, text=True)
    kinds = [{re.sub(r"\[ *\d+\]|\d+", "N", line) for line in text.stdout.splitlines()}
             for text in (before, done)]
    tap.test("elflint finds nothing in the cell %s that ld did not leave there" % what,
             kinds[1] <= kinds[0] | {"No errors"}, done.stdout + "----\n" + before.stdout)
    tap.test("no debugging section stays in the cell " + what,
             not re.search(r"\.debug_", run("readelf", "-SW", path)))
    tap.test("every other section of the cell %s has its bytes" % what,
             contents(path) == contents(combined), contents(path))
    tap.test("every relocation of the cell %s is there" % what,
             relocations(path) == relocations(combined), relocations(path))
    tap.test("ld links the cell " + what,
             run("ld", "-r", "-o", path + ".again", path) == "")
    texts = [re.sub(r"^File: .*$", "", run("readelf", "--debug-dump=info,decodedline", name),
                    flags=re.M) for name in (combined, path + ".debug")]
    tap.test("the side file of the cell %s has its DWARF" % what,
             "probe_work" in texts[0] and texts[0] == texts[1])
    return path


def debugger(tap, path):
    said = run("gdb", "-nx", "-batch", "-ex",
               "add-symbol-file %s.debug -s .text 0x123400000" % path,
               "-ex", "info line probe_work", "-ex", "info symbol probe_work",
               "-ex", "ptype struct inner")
    tap.test("gdb finds lines and types in the side file",
             "probe.c" in said and "starts at address 0x1234" in said and
             "char tag[5]" in said, said)


def deterministic(pipeline, tap):
    paths = [pipeline.cell(PROBE) for _ in range(2)]
    tap.test("one source compiled in two folders gives one cell",
             open(paths[0], "rb").read() == open(paths[1], "rb").read())
    combined = pipeline.combine(pipeline.compile("probe.c", PROBE))
    outputs = [pipeline.check(combined, combined + name)[2] for name in (".1", ".2")]
    tap.test("one object checked twice gives one cell and one side file",
             all(open(outputs[0] + end, "rb").read() == open(outputs[1] + end, "rb").read()
                 for end in ("", ".debug")))


LEA = re.compile(r"^ *([0-9a-f]+):\t.*\blea\s.*# [0-9a-f]+ <([\w.]+)>(.*)$")


def bare_leas(path):
    """lea of a function's start without a relocation, as objdump disassembles it."""
    found = []
    for line in run("objdump", "-drw", path).splitlines():
        match = LEA.match(line)
        if match and "+" not in match.group(2) and "R_X86_64" not in match.group(3):
            found.append(match.group(2))
    return found


def restored(combined, path):
    """The added relocations, and whether each says what the instruction said."""
    before, after = relocations(combined), relocations(path)
    wrong, added = [], []
    symbols = {line.split()[-1]: int(line.split()[0], 16)
               for line in run("nm", "--defined-only", path).splitlines()}
    for section, rows in after.items():
        raw = path + ".section"
        for row in rows:
            if row in before.get(section, []):
                continue
            added.append(row[2].split()[0])
            run("objcopy", "-O", "binary", "--only-section=" + section, path, raw)
            at = int(row[0], 16)
            with open(raw, "rb") as file:
                found = int.from_bytes(file.read()[at:at + 4], "little", signed=True)
            name, sign, addend = row[2].split()
            if row[1] != "R_X86_64_PC32" or sign + addend != "-4" or \
                    symbols[name] - 4 - at != found:
                wrong.append(row)
    return sorted(added), wrong


def self_addresses(pipeline, tap):
    for level in ("-O0", "-O1", "-O2", "-O3", "-Os"):
        combined = pipeline.combine(pipeline.compile("timer.c", TIMER, level))
        status, said, path = pipeline.check(combined)
        tap.test("%s: a function that takes its own address passes" % level, status == 0, said)
        if status:
            continue
        lost = bare_leas(combined)
        added, wrong = restored(combined, path)
        tap.test("%s: the cell has a relocation for each address of a function that it takes"
                 % level, not bare_leas(path), bare_leas(path))
        tap.test("%s: one relocation is added for each that the assembler left out" % level,
                 added == sorted(lost) and (lost or level == "-O0"), "%s %s" % (added, lost))
        tap.test("%s: each added relocation says what the instruction said" % level, not wrong,
                 wrong)
        taken = pipeline.note(path).names(ADDRESS_TAKEN)
        tap.test("%s: functions that rearm themselves are recorded" % level,
                 taken == ["hidden_again", "timer.c:tick"], taken)


def neighbours(pipeline, tap):
    """
    Two functions of assembly in one section. The address of the global one has its
    relocation from the assembler. The constant's bytes, from its third on, would be a lea of it.
    """
    combined = pipeline.combine(
        pipeline.compile("a.c", HEAD + 'CELL("probe", 1, CELL_SERVICE, "x");'),
        pipeline.compile("b.s", PAIR))
    status, said, path = pipeline.check(combined)
    added, wrong = restored(combined, path) if status == 0 else ([], [])
    tap.test("addresses of neighbours in one section of assembly get relocations",
             status == 0 and added == ["second", "second"] and not wrong,
             "%s%s %s" % (said, added, wrong))


def slots(pipeline, tap):
    functions = "".join("int %s(int n) { return n; }\n" % name
                        for name in ("loaded", "pushed", "called", "jumped"))
    status, said, path = pipeline.check(pipeline.combine(
        pipeline.compile("a.c", HEAD + functions + 'CELL("probe", 1, CELL_SERVICE, "x");'),
        pipeline.compile("b.s", SLOTS)))
    taken = [] if status else pipeline.note(path).names(ADDRESS_TAKEN)
    tap.test("a slot that is loaded or pushed takes an address, one that is called does not",
             taken == ["loaded", "pushed"], "%s%s" % (said, taken))


def main():
    pipeline, tap = Pipeline(), Tap()
    path, note = identity(pipeline, tap)
    imports_and_exports(tap, path, note)
    fields(pipeline, tap, note)
    path = files(pipeline, tap, (), "of plain -g")
    files(pipeline, tap, ("-g3",), "of -g3, whose macros come in groups")
    debugger(tap, path)
    deterministic(pipeline, tap)
    self_addresses(pipeline, tap)
    neighbours(pipeline, tap)
    slots(pipeline, tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
