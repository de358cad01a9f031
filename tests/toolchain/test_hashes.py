# SPDX-License-Identifier: MIT
"""Which changes of a declaration change its hash, and which do not.

What has to change follows from C's rules for compatible types and from the
psABI's calling convention: where a caller compiled against one declaration
would misbehave when bound to the other.
"""

import sys

from pipeline import HEAD, LAYOUT, Pipeline, Tap, numbered

NAMES = ["probe", "tag", "other", "word", "last", "use", "A_probe", "B_probe", "C_probe"]

# sentence, before, after; each declares `probe`
KEPT = [
    ("a renamed parameter keeps the hash", "int probe(int a);", "int probe(int b);"),
    ("a parameter without a name keeps the hash", "int probe(int a);", "int probe(int);"),
    ("a parameter that is itself constant keeps the hash",
     "int probe(int a);", "int probe(const int a);"),
    ("a parameter that is itself restrict keeps the hash",
     "int probe(char *a);", "int probe(char *restrict a);"),
    ("a parameter that is itself volatile keeps the hash",
     "int probe(char *a);", "int probe(char *volatile a);"),
    ("a typedef of a parameter's type keeps the hash",
     "int probe(unsigned a);", "typedef unsigned word; int probe(word a);"),
    ("a typedef of a typedef keeps the hash",
     "int probe(unsigned a);", "typedef unsigned other; typedef other word; int probe(word a);"),
    ("a typedef of the result keeps the hash",
     "unsigned long probe(void);", "typedef unsigned long word; word probe(void);"),
    ("long and long long have one hash", "int probe(long a);", "int probe(long long a);"),
    ("size_t and unsigned long have one hash",
     "int probe(unsigned long a);", "int probe(__SIZE_TYPE__ a);"),
    ("char and signed char have one hash", "int probe(char *a);", "int probe(signed char *a);"),
    ("a new member of a struct behind a pointer keeps the hash",
     "struct tag { int a; }; int probe(struct tag *t);",
     "struct tag { int a, b; }; int probe(struct tag *t);"),
    ("a struct known by name only keeps the hash",
     "struct tag { int a; }; int probe(struct tag *t);", "struct tag; int probe(struct tag *t);"),
    ("a new member of a struct by value keeps the hash, as the layout has its own",
     "struct tag { int a; }; int probe(struct tag t);",
     "struct tag { int a, b; }; int probe(struct tag t);"),
    ("a typedef of a struct keeps the hash",
     "struct tag; int probe(struct tag *t);",
     "struct tag; typedef struct tag word; int probe(word *t);"),
    ("a typedef of a pointer keeps the hash",
     "int probe(char *a);", "typedef char *word; int probe(word a);"),
    ("a new enumerator keeps the hash, as the layout has its own",
     "enum tag { A_probe }; int probe(enum tag t);",
     "enum tag { B_probe, C_probe }; int probe(enum tag t);"),
    ("an array parameter is a pointer", "int probe(int *a);", "int probe(int a[4]);"),
    ("a static bound of a parameter keeps the hash",
     "int probe(int *a);", "int probe(int a[static 4]);"),
    ("a function parameter is a pointer to a function",
     "int probe(int (*f)(void));", "int probe(int f(void));"),
    ("the place of const in a type keeps the hash",
     "int probe(const char *a);", "int probe(char const *a);"),
    ("the order of qualifiers keeps the hash",
     "int probe(const volatile int *a);", "int probe(volatile const int *a);"),
    ("attributes keep the hash",
     "void probe(char *a);", "__attribute__((nonnull, cold, nothrow)) void probe(char *a);"),
    ("noreturn keeps the hash", "void probe(void);", "_Noreturn void probe(void);"),
    ("noreturn of a pointed-to function keeps the hash",
     "void probe(void (*f)(void));", "void probe(__attribute__((noreturn)) void (*f)(void));"),
    ("other prototypes before it keep the hash",
     "int probe(int a);", "int other(long); int last(void); int probe(int a);"),
    ("extern keeps the hash", "int probe(int a);", "extern int probe(int a);"),
    ("a declaration again keeps the hash",
     "int probe(int a);", "int probe(int a); int probe(int);"),
    ("constant elements by a typedef are constant elements",
     "extern const int probe[2];", "typedef int word[2]; extern const word probe;"),
]

CHANGED = [
    ("another result changes the hash", "int probe(void);", "long probe(void);"),
    ("a result instead of none changes the hash", "void probe(void);", "int probe(void);"),
    ("another sign changes the hash", "int probe(int a);", "int probe(unsigned a);"),
    ("another size changes the hash", "int probe(int a);", "int probe(long a);"),
    ("one more parameter changes the hash", "int probe(int a);", "int probe(int a, int b);"),
    ("a parameter instead of none changes the hash", "int probe(void);", "int probe(int a);"),
    ("swapped parameters change the hash",
     "int probe(int a, long b);", "int probe(long b, int a);"),
    ("variable arguments change the hash", "int probe(int a);", "int probe(int a, ...);"),
    ("a constant target changes the hash", "int probe(char *a);", "int probe(const char *a);"),
    ("a volatile target changes the hash", "int probe(char *a);", "int probe(volatile char *a);"),
    ("an atomic target changes the hash", "int probe(int *a);", "int probe(_Atomic int *a);"),
    ("a constant target two pointers deep changes the hash",
     "int probe(char **a);", "int probe(char *const *a);"),
    ("a pointer to a pointer changes the hash", "int probe(char *a);", "int probe(char **a);"),
    ("another struct changes the hash",
     "struct tag; int probe(struct tag *t);", "struct other; int probe(struct other *t);"),
    ("a union instead of a struct changes the hash",
     "struct tag; int probe(struct tag *t);", "union tag; int probe(union tag *t);"),
    ("another enum changes the hash",
     "enum tag { A_probe }; int probe(enum tag t);",
     "enum other { A_probe }; int probe(enum other t);"),
    ("an enum instead of its integer changes the hash",
     "int probe(unsigned t);", "enum tag { A_probe }; int probe(enum tag t);"),
    ("a struct instead of a pointer to it changes the hash",
     "struct tag { long a; }; int probe(struct tag *t);",
     "struct tag { long a; }; int probe(struct tag t);"),
    ("float instead of int changes the hash", "int probe(int a);", "int probe(float a);"),
    ("double instead of float changes the hash", "int probe(float a);", "int probe(double a);"),
    ("bool instead of unsigned char changes the hash",
     "int probe(unsigned char a);", "int probe(_Bool a);"),
    ("an integer instead of a pointer changes the hash",
     "int probe(void *a);", "int probe(unsigned long a);"),
    ("void behind a pointer changes the hash", "int probe(char *a);", "int probe(void *a);"),
    ("a parameter of a pointed-to function changes the hash",
     "int probe(int (*f)(int));", "int probe(int (*f)(long));"),
    ("the result of a pointed-to function changes the hash",
     "int probe(int (*f)(int));", "int probe(void (*f)(int));"),
    ("a pointed-to function that takes more changes the hash",
     "int probe(int (*f)(int));", "int probe(int (*f)(int, int));"),
    ("a struct named by another typedef changes the hash",
     "typedef struct { int a; } word; int probe(word *a);",
     "typedef struct { int a; } last; int probe(last *a);"),
    ("an object instead of a function changes the hash",
     "int probe(void);", "extern int probe;"),
    ("another type of an object changes the hash", "extern int probe;", "extern unsigned probe;"),
    ("a constant object changes the hash", "extern int probe;", "extern const int probe;"),
    ("an array instead of one object changes the hash",
     "extern int probe;", "extern int probe[1];"),
    ("another bound changes the hash", "extern int probe[2];", "extern int probe[3];"),
    ("swapped bounds change the hash", "extern int probe[2][3];", "extern int probe[3][2];"),
    ("an array instead of a pointer changes the hash",
     "extern int *probe;", "extern int probe[2];"),
]

# One tag each: the hash of `struct tag` (kind LAYOUT) as `probe` leads to it.
LAYOUT_KEPT = [
    ("a typedef of a member's type keeps the layout",
     "struct tag { unsigned a; };", "typedef unsigned word; struct tag { word a; };"),
    ("what a member points to may change",
     "struct other { int x; }; struct tag { struct other *a; };",
     "struct other { long x; }; struct tag { struct other *a; };"),
    ("a nested struct has a layout of its own",
     "struct other { int x; }; struct tag { struct other a; };",
     "struct other { unsigned x; }; struct tag { struct other a; };"),
    ("declaring two members at once keeps the layout",
     "struct tag { int a; int b; };", "struct tag { int a, b; };"),
]

LAYOUT_CHANGED = [
    ("a new member changes the layout", "struct tag { int a; };", "struct tag { int a, b; };"),
    ("a renamed member changes the layout", "struct tag { int a; };", "struct tag { int b; };"),
    ("swapped members change the layout",
     "struct tag { int a, b; };", "struct tag { int b, a; };"),
    ("a member of another type changes the layout",
     "struct tag { int a; };", "struct tag { unsigned a; };"),
    ("padding changes the layout",
     "struct tag { int a, b; };", "struct tag { int a, b; } __attribute__((aligned(16)));"),
    ("packing changes the layout",
     "struct tag { char a; int b; };", "struct tag { char a; int b; } __attribute__((packed));"),
    ("a wider bit-field changes the layout",
     "struct tag { int a : 3, b : 4; };", "struct tag { int a : 4, b : 3; };"),
    ("a longer array changes the layout",
     "struct tag { char a[6]; };", "struct tag { char a[7]; };"),
    ("the members of an anonymous struct belong to the layout",
     "struct tag { struct { int x; }; };", "struct tag { struct { int y; }; };"),
]

STATE = 'struct probe_state { %s };\nCELL_STATE(probe, "%s")%s;\n'

# The state, and what stands before it.
STATE_KEPT = [
    ("another reason keeps the state's layout", "", STATE % ("int a;", "one", ""),
     STATE % ("int a;", "two", "")),
    ("another first value keeps the state's layout", "", STATE % ("int a;", "x", ""),
     STATE % ("int a;", "x", " = { 7 }")),
    ("a typedef of a member keeps the state's layout", "typedef int word;",
     STATE % ("int a;", "x", ""), STATE % ("word a;", "x", "")),
    ("what the state points to by tag keeps the state's layout", "",
     "struct node { int a; };" + STATE % ("struct node *n;", "x", ""),
     "struct node { long a; };" + STATE % ("struct node *n;", "x", "")),
]

STATE_CHANGED = [
    ("a new member changes the state's layout", "", STATE % ("int a;", "x", ""),
     STATE % ("int a, b;", "x", "")),
    ("a renamed member changes the state's layout", "", STATE % ("int a;", "x", ""),
     STATE % ("int b;", "x", "")),
    ("a member of a nested struct changes the state's layout", "",
     "struct in { int a; };" + STATE % ("struct in i;", "x", ""),
     "struct in { int b; };" + STATE % ("struct in i;", "x", "")),
    ("a member of a struct in an array changes the state's layout", "",
     "struct in { int a; };" + STATE % ("struct in i[4];", "x", ""),
     "struct in { unsigned a; };" + STATE % ("struct in i[4];", "x", "")),
    ("a longer array changes the state's layout", "", STATE % ("int a[4];", "x", ""),
     STATE % ("int a[5];", "x", "")),
    ("a renumbered enum changes the state's layout", "",
     "enum in { A, B };" + STATE % ("enum in i;", "x", ""),
     "enum in { B, A };" + STATE % ("enum in i;", "x", "")),
    ("another signature of a stored function changes the state's layout", "",
     STATE % ("int (*f)(int);", "x", ""), STATE % ("int (*f)(long);", "x", "")),
    ("a union's member changes the state's layout", "",
     "union in { int a; float b; };" + STATE % ("union in i;", "x", ""),
     "union in { int a; float c; };" + STATE % ("union in i;", "x", "")),
]


def both(pipeline, cases, template):
    """The notes of one cell with every `before`, and of one with every `after`."""
    notes = []
    for side in (1, 2):
        text = HEAD
        for number, case in enumerate(cases):
            text += numbered(case[side] + template, NAMES, number) + "\n"
        text += 'CELL("probes", 1, CELL_SERVICE, "x");\n'
        notes.append(pipeline.note(pipeline.cell(text)))
    return notes


def compare(pipeline, tap, kept, changed, template, name_of, kinds):
    cases = kept + changed
    before, after = both(pipeline, cases, template)
    for number, (sentence, old, new) in enumerate(cases):
        hashes = [note.hash(numbered(name_of, NAMES, number), *kinds) for note in (before, after)]
        known = all(hashes)
        equal = hashes[0] == hashes[1]
        tap.test(sentence, known and equal == (number < len(kept)),
                 "%s\n%s\n%s" % (old, new, hashes))


def compare_states(pipeline, tap):
    for sentence, head, old, new in STATE_KEPT + STATE_CHANGED:
        notes = [pipeline.note(pipeline.cell(
            HEAD + head + text + 'CELL("probe", 1, CELL_SERVICE, "x");\n')) for text in (old, new)]
        equal = notes[0].state_hash == notes[1].state_hash
        expected = (sentence, head, old, new) in STATE_KEPT
        tap.test(sentence, notes[0].state_hash != 0 and equal == expected, old + new)


def providers(pipeline, tap):
    """An import and the definition that it is bound to agree, whatever their texts."""
    definition = pipeline.note(pipeline.cell(HEAD + """
        struct tag { int a; };
        typedef struct tag owned;
        CELL_EXPORT int f(const owned *t, long n);
        CELL_EXPORT int f(const owned *t, const long count)
        {
            return t->a + (int)count;
        }
        CELL_EXPORT const char name[4] = "abc";
        static inline __attribute__((always_inline)) int twice(int n) { return 2 * n; }
        CELL_EXPORT int g(int n) { return twice(n); }
        CELL_EXPORT int h(int n) { return g(n) + g(n + 1) + f(0, n); }
        CELL("definition", 1, CELL_SERVICE, "x");
        """))
    imported = pipeline.note(pipeline.cell(HEAD + """
        struct tag;
        int f(struct tag const *, long);
        extern const char name[4];
        CELL_EXPORT int use(struct tag *t)
        {
            extern int g(int);
            int h(int whatever);
            return f(t, 3) + name[1] + g(1) + h(2);
        }
        CELL("import", 1, CELL_SERVICE, "x");
        """))
    for name in ("f", "name", "g", "h"):
        hashes = definition.hash(name), imported.hash(name)
        tap.test("import and definition of %s have one hash" % name,
                 hashes[0] and hashes[0] == hashes[1], hashes)
    tap.test("a struct that is complete on one side only has one layout record",
             definition.hash("struct tag", LAYOUT) and not imported.hash("struct tag", LAYOUT),
             imported.symbols)


def unknown(pipeline, tap):
    note = pipeline.note(pipeline.cell(HEAD + """
        void release(int *);
        void work(void);
        CELL_EXPORT void f(void) { __attribute__((cleanup(release))) int a = 1; work(); }
        CELL("probe", 1, CELL_SERVICE, "x");
        """))
    for name in ("_Unwind_Resume", "__gcc_personality_v0"):
        tap.test("%s, which no source declares, has no hash" % name, note.hash(name) == 0,
                 note.symbols)


def ambiguous(pipeline, tap):
    """A private tag that two sources use for two things must not be compared."""
    sources = ["struct tag { %s a; }; int %s(struct tag *); int user_%s(void) "
               "{ struct tag t; return %s(&t); }\n" % (kind, name, name, name)
               for kind, name in (("int", "one"), ("long", "two"))]
    objects = [pipeline.compile("a.c", HEAD + sources[0] + 'CELL("probe", 1, CELL_SERVICE, "x");'),
               pipeline.compile("b.c", sources[1])]
    status, said, output = pipeline.check(pipeline.combine(*objects))
    hashed = None if status else pipeline.note(output).hash("struct tag", LAYOUT)
    tap.test("a tag with two layouts in one cell has no layout hash", hashed == 0, said)


def main():
    pipeline, tap = Pipeline(), Tap()
    use = "\nconst void *use(void) { return (const void *)&probe; }"
    compare(pipeline, tap, KEPT, CHANGED, use, "probe", ())
    lead = "\nint probe(struct tag *t);" + use
    compare(pipeline, tap, LAYOUT_KEPT, LAYOUT_CHANGED, lead, "struct tag", (LAYOUT,))
    compare_states(pipeline, tap)
    providers(pipeline, tap)
    unknown(pipeline, tap)
    ambiguous(pipeline, tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
