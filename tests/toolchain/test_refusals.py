# SPDX-License-Identifier: MIT
"""What cellc refuses, with which words, and what it lets pass."""

import os
import subprocess
import sys

from pipeline import CELL, HEAD, Pipeline, Tap

STATE = "struct probe_state { int count; };\n"
TICK = "CELL_EXPORT int probe_tick(void) { return ++%s; }\n"

# sentence, sources, words of the diagnostic
REFUSED = [
    ("an object without CELL() is no cell",
     {"a.c": "int f(void) { return 1; }\n"},
     "no CELL() descriptor: the object is not a cell"),
    ("two descriptors are one too many",
     {"a.c": HEAD + CELL, "b.c": HEAD + CELL},
     "section .rodata.clew.cell: a second CELL() descriptor"),
    ("a descriptor section of another size is refused",
     {"a.c": '__attribute__((used, section(".rodata.clew.cell"))) static const int x = 1;\n'},
     "4 bytes are not one CELL() descriptor"),
    ("a descriptor of another magic is refused",
     {"a.c": HEAD + '__attribute__((used, section(".rodata.clew.cell")))\n'
             'static const struct cell_descriptor d = { .magic = 1, .kind = 1, .version = 1,'
             ' .name = "probe" };\n'},
     "bad magic 0x1 in the CELL() descriptor"),
    ("an empty name is refused", {"a.c": HEAD + 'CELL("", 1, CELL_SERVICE, "x");\n'},
     "the cell's name `' is not 1 to 31 of a-z 0-9 _"),
    ("a capital in a name is refused", {"a.c": HEAD + 'CELL("Probe", 1, CELL_SERVICE, "x");\n'},
     "the cell's name `Probe' is not 1 to 31"),
    ("a slash in a name is refused", {"a.c": HEAD + 'CELL("a/b", 1, CELL_SERVICE, "x");\n'},
     "the cell's name `a/b' is not 1 to 31"),
    ("a name of 32 bytes has no room for its zero",
     {"a.c": HEAD + 'CELL("%s", 1, CELL_SERVICE, "x");\n' % ("n" * 32)},
     "the cell's name `%s' is not 1 to 31" % ("n" * 32)),
    ("a summary of 96 bytes has no room for its zero",
     {"a.c": HEAD + 'CELL("probe", 1, CELL_SERVICE, "%s");\n' % ("s" * 96)},
     "the summary is longer than 95 bytes"),
    ("version 0 is refused", {"a.c": HEAD + 'CELL("probe", 0, CELL_SERVICE, "x");\n'},
     "version 0: versions count from 1"),
    ("an unknown kind is refused", {"a.c": HEAD + 'CELL("probe", 1, 3, "x");\n'},
     "unknown kind of cell 3"),
    ("a zeroed static outside the state is refused",
     {"a.c": HEAD + "static int foo;\n" + TICK % "foo" + CELL},
     "section .bss.foo: mutable static `foo' (4 bytes) is not declared by CELL_STATE()"),
    ("an initialised static outside the state is refused",
     {"a.c": HEAD + "static long foo = 3;\n" + TICK % "foo" + CELL},
     "section .data.foo: mutable static `foo' (8 bytes) is not declared by CELL_STATE()"),
    ("a static that points into the cell is refused",
     {"a.c": HEAD + "static int f(void) { return 1; }\nint g(void);\n"
             "static int (*foo)(void) = f;\n"
             "CELL_EXPORT int probe(int n) { if (n) foo = g; return foo(); }\n" + CELL},
     "section .data.rel.local.foo: mutable static `foo' (8 bytes) is not declared"),
    ("a mutable variable of the whole cell is refused",
     {"a.c": HEAD + "int foo;\n" + TICK % "foo" + CELL},
     "section .bss.foo: mutable static `foo' (4 bytes) is not declared"),
    ("a mutable variable that others may use is refused",
     {"a.c": HEAD + "CELL_EXPORT int foo = 1;\n" + CELL},
     "section .data.foo: mutable static `foo' (4 bytes) is not declared"),
    ("a static of a function is refused as one",
     {"a.c": HEAD + "CELL_EXPORT int f(void) { static int seen; return ++seen; }\n" + CELL},
     "mutable static `seen' of a function (4 bytes)"),
    ("a second static beside the state is refused",
     {"a.c": HEAD + STATE + 'CELL_STATE(probe, "counts");\nstatic int foo;\n' +
             TICK % "foo" + CELL},
     "section .bss.foo: mutable static `foo' (4 bytes) is not declared"),
    ("a state by hand, without its reason, is refused",
     {"a.c": HEAD + STATE + "static struct probe_state probe_state;\n" +
             TICK % "probe_state.count" + CELL},
     "mutable static `probe_state' (4 bytes) is not declared by CELL_STATE()"),
    ("a state with an empty reason is refused",
     {"a.c": HEAD + STATE + 'CELL_STATE(probe, "");\n' + CELL},
     "CELL_STATE(probe) gives no reason"),
    ("a state of another name than the cell's is refused",
     {"a.c": HEAD + "struct other_state { int count; };\nCELL_STATE(other, \"counts\");\n" + CELL},
     "mutable static `other_state' (4 bytes) is declared by CELL_STATE() under a name that is "
     "not the cell's"),
    ("two states are refused",
     {"a.c": HEAD + STATE + "struct other_state { int count; };\nCELL_STATE(other, \"x\");\n"
             'CELL_STATE(probe, "counts");\n' + CELL},
     "mutable static `other_state'"),
    ("a constant state is refused",
     {"a.c": HEAD + STATE + '__attribute__((used)) static const char probe_state_reason[] = "x";\n'
             "__attribute__((used)) static const struct probe_state probe_state = { 1 };\n" + CELL},
     "the state `probe_state' is not writable"),
    ("an empty state is refused",
     {"a.c": HEAD + 'struct probe_state { };\nCELL_STATE(probe, "x");\n' + CELL},
     "the state `probe_state' is empty"),
    ("statics of one name in two files of one name are refused",
     {"x/a.c": HEAD + "void g(void);\n__attribute__((noinline)) static void f(void) { g(); }\n"
               "void one(void) { f(); }\n" + CELL,
      "y/a.c": "void g(void);\n__attribute__((noinline)) static void f(void) { g(); }\n"
               "void two(void) { f(); }\n"},
     "two statics `f' in files called a.c: a swap could not tell them apart"),
    ("a constructor is refused",
     {"a.c": HEAD + "void g(void);\n__attribute__((constructor)) static void f(void) { g(); }\n" +
             CELL},
     "constructors and destructors do not run in cells"),
    ("a destructor is refused",
     {"a.c": HEAD + "void g(void);\n__attribute__((destructor)) static void f(void) { g(); }\n" +
             CELL},
     "constructors and destructors do not run in cells"),
    ("an .init section is refused", {"a.c": HEAD + CELL, "b.s": '.section .init,"ax"\nnop\n'},
     "section .init: constructors and destructors do not run in cells"),
    ("a thread-local variable is refused",
     {"a.c": HEAD + "static __thread int foo;\n" + TICK % "foo" + CELL},
     "thread-local symbol `foo'"),
    ("somebody else's thread-local variable is refused",
     {"a.c": HEAD + "extern __thread int foo;\n" + TICK % "foo" + CELL},
     "thread-local symbol `foo'"),
    ("a common symbol is refused", {"a.c": HEAD + CELL, "b.s": ".comm foo,4,4\n"},
     "common symbol `foo'"),
    ("an indirect function is refused",
     {"a.c": HEAD + CELL, "b.s": ".text\n.globl f\n.hidden f\n.type f,@gnu_indirect_function\n"
                                 "f: .cfi_startproc\nret\n.cfi_endproc\n.size f,.-f\n"},
     "indirect function `f'"),
    ("a section to write and to execute is refused",
     {"a.c": HEAD + CELL, "b.s": '.section .both,"awx"\nnop\n'},
     "section .both: writable and executable"),
    ("an object that asks for an executable stack is refused",
     {"a.c": HEAD + CELL, "b.s": '.section .note.GNU-stack,"x",@progbits\n'},
     "section .note.GNU-stack: the object asks for an executable stack"),
    ("assembly without CFI is refused",
     {"a.c": HEAD + CELL, "b.s": ".text\n.globl f\n.hidden f\n.type f,@function\n"
                                 "f: ret\n.size f,.-f\n"},
     "section .text: function `f' has no unwind tables"),
    ("assembly whose CFI ends before the function is refused",
     {"a.c": HEAD + CELL, "b.s": ".text\n.globl f\n.hidden f\n.type f,@function\n"
                                 "f: .cfi_startproc\nnop\n.cfi_endproc\nret\n.size f,.-f\n"},
     "section .text: function `f' has no unwind tables"),
    ("a label of assembly without CFI is refused",
     {"a.c": HEAD + CELL, "b.s": ".text\n.globl f\n.hidden f\nf: ret\n"},
     "section .text: function `f' has no unwind tables"),
    ("code without any function is refused",
     {"a.c": HEAD + CELL, "b.s": ".text\nret\n"},
     "section .text: code without a function"),
    ("C without unwind tables is refused",
     {"a.c": HEAD + CELL, "b.c -fno-exceptions -fno-asynchronous-unwind-tables "
                          "-fno-non-call-exceptions": "int f(int a) { return a; }\n"},
     "section .text: function `f' has no unwind tables"),
    ("bytes that are no instruction are refused",
     {"a.c": HEAD + CELL, "b.s": ".text\n.globl f\n.hidden f\n.type f,@function\n"
                                 "f: .cfi_startproc\n.byte 0x06\nret\n.cfi_endproc\n.size f,.-f\n"},
     "section .text: bytes at offset 0 are no instruction"),
    ("an object without DWARF is refused",
     {"a.c -g0": HEAD + CELL},
     "no debug information: compile with -g"),
    ("one import declared with two types is refused",
     {"a.c": HEAD + "int g(int);\nint one(void) { return g(1); }\n" + CELL,
      "b.c": "int g(long);\nint two(void) { return g(1); }\n"},
     "`g' is declared with one type in a.c, another in b.c"),
    ("a label of assembly that others may use needs a type",
     {"a.c": HEAD + CELL, "b.s": ".text\n.globl f\nf: .cfi_startproc\nret\n.cfi_endproc\n"},
     "provided symbol `f' is neither function nor object"),
    ("a state of another struct than its own is refused",
     {"a.c": HEAD + "struct other { int a; };\n__attribute__((used)) static const char "
             'probe_state_reason[] = "x";\n'
             "__attribute__((used)) static struct other probe_state;\n" + CELL},
     "the state `probe_state' is not a struct of that name in the DWARF"),
    ("a state that shares its section is refused",
     {"a.c -fno-data-sections": HEAD + STATE + 'CELL_STATE(probe, "counts");\n'
                                "static int foo;\n" + TICK % "foo" + CELL},
     "hold more than the state `probe_state': compile with -fdata-sections"),
    ("an FDE that begins nowhere is refused",
     {"a.c": HEAD + CELL, "b.s": '.section .eh_frame,"a",@progbits\n.long 16,4,0,1,0\n'},
     "section .eh_frame: FDE at offset 0 begins nowhere"),
    ("an FDE that leaves its section is refused",
     {"a.c": HEAD + CELL, "b.s": '.section .eh_frame,"a",@progbits\n.long 100,4,0,1,0\n'},
     "section .eh_frame: entry at offset 0 leaves the section"),
    ("mutable bytes without a symbol are refused",
     {"a.c": HEAD + CELL, "b.s": ".data\n.long 1\n"},
     "section .data: 4 mutable bytes without a symbol"),
]

PASSED = [
    ("a cell of nothing but its descriptor passes", {"a.c": HEAD + CELL}),
    ("a name of 31 bytes passes",
     {"a.c": HEAD + 'CELL("%s", 1, CELL_SERVICE, "x");\n' % ("n" * 31)}),
    ("a summary of 95 bytes passes",
     {"a.c": HEAD + 'CELL("probe", 1, CELL_APPLICATION, "%s");\n' % ("s" * 95)}),
    ("the highest version passes",
     {"a.c": HEAD + 'CELL("probe", 4294967295u, CELL_SERVICE, "x");\n'}),
    ("a zeroed state passes",
     {"a.c": HEAD + STATE + 'CELL_STATE(probe, "counts");\n' + TICK % "probe_state.count" + CELL}),
    ("an initialised state passes",
     {"a.c": HEAD + STATE + 'CELL_STATE(probe, "counts") = { 7 };\n' + CELL}),
    ("a state that is initialised with an address passes",
     {"a.c": HEAD + "static int f(void) { return 1; }\nstruct probe_state { int (*f)(void); };\n"
             'CELL_STATE(probe, "who to call") = { f };\n' + CELL}),
    ("a state that nobody reads passes",
     {"a.c": HEAD + STATE + 'CELL_STATE(probe, "counts");\n'
             "CELL_EXPORT void f(void) { probe_state.count = 1; }\n" + CELL}),
    ("constants with addresses pass",
     {"a.c": HEAD + 'CELL_EXPORT const char *const names[] = { "a", "b" };\n' + CELL}),
    ("a cleanup, which needs the personality's word, passes",
     {"a.c": HEAD + "void g(int *);\nvoid h(void);\n"
             "CELL_EXPORT void f(void) { __attribute__((cleanup(g))) int a = 1; h(); }\n" + CELL}),
    ("constants of functions pass",
     {"a.c": HEAD + "CELL_EXPORT int f(int n) { static const int t[] = { 5, 7, 11 };"
             " return t[n]; }\nCELL_EXPORT int g(int n) { static const int t[] = { 1, 2 };"
             " return t[n]; }\n" + CELL}),
    ("statics of one name in files of two names pass",
     {"a.c": HEAD + "void g(void);\n__attribute__((noinline)) static void f(void) { g(); }\n"
             "void one(void) { f(); }\n" + CELL,
      "b.c": "void g(void);\n__attribute__((noinline)) static void f(void) { g(); }\n"
             "void two(void) { f(); }\n"}),
    ("assembly with CFI passes",
     {"a.c": HEAD + CELL, "b.s": ".text\n.globl f\n.hidden f\n.type f,@function\n"
                                 "f: .cfi_startproc\nret\n.cfi_endproc\n.size f,.-f\n"
                                 '.section .note.GNU-stack,"",@progbits\n'}),
    ("a function of two frames end to end passes",
     {"a.c": HEAD + CELL, "b.s": ".text\n.globl f\n.hidden f\n.type f,@function\n"
                                 "f: .cfi_startproc\nnop\n.cfi_endproc\n.cfi_startproc\nret\n"
                                 ".cfi_endproc\n.size f,.-f\n"
                                 '.section .note.GNU-stack,"",@progbits\n'}),
    ("an import declared twice with one type passes",
     {"a.c": HEAD + "typedef int number;\nnumber g(number);\nint one(void) { return g(1); }\n" +
             CELL,
      "b.c": "int g(int a);\nint two(void) { return g(1); }\n"}),
    ("jump tables and label tables pass",
     {"a.c": HEAD + "int g(int);\nCELL_EXPORT int f(int n) { switch (n) { case 0: return g(3);"
             " case 1: return g(9); case 2: return g(2); case 3: return g(8); case 4: return g(5);"
             " case 5: return 77; } static const void *const t[] = { &&a, &&b };"
             " goto *t[n & 1]; a: return g(1); b: return g(n); }\n" + CELL}),
]


def build(pipeline, sources):
    objects = []
    for key, text in sources.items():
        name, *flags = key.split()
        objects.append(pipeline.compile(name.split("/")[-1], text, *flags))
    return pipeline.check(pipeline.combine(*objects))


def usage(pipeline, tap):
    for name, arguments, status in [
            ("without arguments cellc explains its use", [], 2),
            ("without an output cellc explains its use", ["x.o"], 2),
            ("an unknown option is a usage error", ["x.o", "-o", "y.o", "--what"], 2),
            ("a file that is not there is an error", ["/nonexistent.o", "-o", "y.o"], 1),
            ("a file that is no object is an error", [__file__, "-o", "y.o"], 1),
            ("a program is no object of a cell", [pipeline.cellc, "-o", "y.o"], 1),
            ("help is no error", ["--help"], 0)]:
        done = subprocess.run([pipeline.cellc, *arguments], capture_output=True, text=True,
                              cwd=pipeline.folder.name)
        tap.test(name, done.returncode == status and (done.stderr or done.stdout), done)


def main():
    pipeline, tap = Pipeline(), Tap()
    for name, sources, words in REFUSED:
        status, said, output = build(pipeline, sources)
        tap.test(name, status == 1 and words in said and not os.path.exists(output),
                 "expected: %s\nstatus %d, said: %s" % (words, status, said))
    for name, sources in PASSED:
        status, said, output = build(pipeline, sources)
        tap.test(name, status == 0 and said == "" and os.path.exists(output), said)
    usage(pipeline, tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
