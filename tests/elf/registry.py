# SPDX-License-Identifier: MIT
"""The list of bad objects, and the numbers of the gABI and psABI that they use."""

GIB = 1 << 30
SHT_NULL, SHT_PROGBITS, SHT_SYMTAB, SHT_NOBITS, SHT_REL = 0, 1, 2, 8, 9
SHT_INIT_ARRAY, SHT_GROUP, SHT_SYMTAB_SHNDX = 14, 17, 18
SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR, SHF_INFO_LINK = 1, 2, 4, 64
SHF_TLS, SHF_COMPRESSED = 1024, 2048
SHN_ABS, SHN_COMMON, SHN_XINDEX = 0xFFF1, 0xFFF2, 0xFFFF
LOCAL, GLOBAL = 0, 1
NOTYPE, OBJECT, FUNC, SECTION, FILE, TLS, IFUNC = 0, 1, 2, 3, 4, 6, 10
R_32, R_32S, R_TPOFF32 = 10, 11, 23

# The columns of the manifest, then the function that changes a good object.
entries = []


def bad(name, description, what="-", section="-", symbol="-", stage="elf"):
    def register(change):
        entries.append((name + ".o", stage, what, section, symbol, description, change))
        return change
    return register


def unlinkable(name, description, what="-", section="-", symbol="-"):
    return bad(name, description, what, section, symbol, "link")


def info(bind, kind):
    return bind << 4 | kind
