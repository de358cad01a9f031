# SPDX-License-Identifier: MIT
"""An ELF64 relocatable object as bytes that can be changed field by field.

Nothing is checked and nothing is kept consistent: that is what it is for.
Offsets and sizes of fields are the gABI's (chapter 4).
"""

import struct

EHDR = {
    "e_type": (16, "H"), "e_machine": (18, "H"), "e_version": (20, "I"), "e_shoff": (40, "Q"),
    "e_ehsize": (52, "H"), "e_shentsize": (58, "H"), "e_shnum": (60, "H"), "e_shstrndx": (62, "H"),
}
SHDR = {
    "sh_name": (0, "I"), "sh_type": (4, "I"), "sh_flags": (8, "Q"), "sh_addr": (16, "Q"),
    "sh_offset": (24, "Q"), "sh_size": (32, "Q"), "sh_link": (40, "I"), "sh_info": (44, "I"),
    "sh_addralign": (48, "Q"), "sh_entsize": (56, "Q"),
}
SYM = {
    "st_name": (0, "I"), "st_info": (4, "B"), "st_other": (5, "B"), "st_shndx": (6, "H"),
    "st_value": (8, "Q"), "st_size": (16, "Q"),
}
RELA = {
    "r_offset": (0, "Q"), "r_type": (8, "I"), "r_symbol": (12, "I"), "r_addend": (16, "q"),
}
SHDR_SIZE, SYM_SIZE, RELA_SIZE = 64, 24, 24


class Object:
    def __init__(self, raw):
        self.raw = bytearray(raw)

    def _get(self, base, field):
        return struct.unpack_from("<" + field[1], self.raw, base + field[0])[0]

    def _set(self, base, field, value):
        struct.pack_into("<" + field[1], self.raw, base + field[0], value)

    # header
    def header(self, field):
        return self._get(0, EHDR[field])

    def set_header(self, **fields):
        for name, value in fields.items():
            self._set(0, EHDR[name], value)

    # sections, by name or number
    @property
    def n_sections(self):
        return self.header("e_shnum")

    def _shdr(self, section):
        return self.header("e_shoff") + self.find(section) * SHDR_SIZE

    def _text(self, table, offset):
        start = self.section(table, "sh_offset") + offset
        return self.raw[start:self.raw.index(0, start)].decode()

    def find(self, section):
        if isinstance(section, int):
            return section
        for i in range(1, self.n_sections):
            if self._text(self.header("e_shstrndx"), self.section(i, "sh_name")) == section:
                return i
        raise KeyError(section)

    def section(self, section, field):
        return self._get(self._shdr(section), SHDR[field])

    def set_section(self, section, **fields):
        base = self._shdr(section)
        for name, value in fields.items():
            self._set(base, SHDR[name], value)

    # symbols, by name or number
    def symbol_number(self, symbol):
        if isinstance(symbol, int):
            return symbol
        strings = self.section(".symtab", "sh_link")
        for i in range(1, self.section(".symtab", "sh_size") // SYM_SIZE):
            if self._text(strings, self.symbol(i, "st_name")) == symbol:
                return i
        raise KeyError(symbol)

    def symbol(self, symbol, field):
        base = self.section(".symtab", "sh_offset") + self.symbol_number(symbol) * SYM_SIZE
        return self._get(base, SYM[field])

    def set_symbol(self, symbol, **fields):
        base = self.section(".symtab", "sh_offset") + self.symbol_number(symbol) * SYM_SIZE
        for name, value in fields.items():
            self._set(base, SYM[name], value)

    def first_symbol(self, bind=None, kind=None):
        """The first symbol after symbol 0 with this binding and type."""
        for i in range(1, self.section(".symtab", "sh_size") // SYM_SIZE):
            info = self.symbol(i, "st_info")
            if bind in (None, info >> 4) and kind in (None, info & 15):
                return i
        raise KeyError((bind, kind))

    # relocations: those for a section, by number
    def rela(self, section, i, field):
        return self._get(self.section(".rela" + section, "sh_offset") + i * RELA_SIZE, RELA[field])

    def set_rela(self, section, i, **fields):
        base = self.section(".rela" + section, "sh_offset") + i * RELA_SIZE
        for name, value in fields.items():
            self._set(base, RELA[name], value)

    # contents
    def set_byte(self, section, offset, value):
        """Offset below 0: from the end."""
        start, size = self.section(section, "sh_offset"), self.section(section, "sh_size")
        self.raw[start + (offset if offset >= 0 else size + offset)] = value

    def append(self, contents, align=8):
        """Adds bytes to the end of the file and returns where."""
        self.raw += bytes(-len(self.raw) % align)
        offset = len(self.raw)
        self.raw += contents
        return offset

    def add_section(self, name, contents=b"", **fields):
        """A new last section; section table and section names move to the end of the file."""
        names = self.header("e_shstrndx")
        start, size = self.section(names, "sh_offset"), self.section(names, "sh_size")
        self.set_section(names, sh_size=size + len(name) + 1, sh_offset=self.append(
            self.raw[start:start + size] + name.encode() + b"\0"))
        offset = self.append(contents)
        table, count = self.header("e_shoff"), self.n_sections
        self.set_header(e_shnum=count + 1, e_shoff=self.append(
            self.raw[table:table + count * SHDR_SIZE] + bytes(SHDR_SIZE)))
        self.set_section(count, sh_name=size, sh_offset=offset, sh_size=len(contents),
                         sh_type=1, sh_addralign=8)
        self.set_section(count, **fields)
        return count
