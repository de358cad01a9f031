# SPDX-License-Identifier: MIT
"""Objects with a wrong ELF header or section table."""

from registry import SHN_XINDEX, SHT_PROGBITS, bad


# ---- the file and its header -------------------------------------------------

@bad("empty", "no bytes at all", "shorter than an ELF header")
def _(o):
    o.raw = bytearray()


@bad("one_byte", "the first byte alone", "shorter than an ELF header")
def _(o):
    del o.raw[1:]


@bad("cut_in_header", "one byte less than the ELF header", "shorter than an ELF header")
def _(o):
    del o.raw[63:]


@bad("cut_after_header", "the ELF header alone", "section table outside the file")
def _(o):
    del o.raw[64:]


@bad("cut_in_half", "the first half", "section table outside the file")
def _(o):
    del o.raw[len(o.raw) // 2:]


@bad("cut_last_byte", "the last byte is missing", "section table outside the file")
def _(o):
    del o.raw[-1:]


@bad("zeros", "the right size, all zero", "bad magic")
def _(o):
    o.raw = bytearray(len(o.raw))


@bad("magic", "the first byte of the magic is wrong", "bad magic")
def _(o):
    o.raw[0] = 0x7E


@bad("magic_end", "the last byte of the magic is wrong", "bad magic")
def _(o):
    o.raw[3] = ord("f")


@bad("archive", "an archive's magic", "bad magic")
def _(o):
    o.raw[:8] = b"!<arch>\n"


@bad("class_32", "ELFCLASS32", "wrong class")
def _(o):
    o.raw[4] = 1


@bad("big_endian", "ELFDATA2MSB", "wrong byte order")
def _(o):
    o.raw[5] = 2


@bad("ident_version", "EI_VERSION 0", "wrong version of the ELF header")
def _(o):
    o.raw[6] = 0


@bad("type_exec", "ET_EXEC", "not a relocatable object")
def _(o):
    o.set_header(e_type=2)


@bad("type_dyn", "ET_DYN", "not a relocatable object")
def _(o):
    o.set_header(e_type=3)


@bad("machine_i386", "EM_386", "wrong machine")
def _(o):
    o.set_header(e_machine=3)


@bad("machine_aarch64", "EM_AARCH64", "wrong machine")
def _(o):
    o.set_header(e_machine=183)


@bad("version", "e_version 2", "wrong version of the object")
def _(o):
    o.set_header(e_version=2)


@bad("ehsize", "e_ehsize of ELF32", "wrong size of the ELF header")
def _(o):
    o.set_header(e_ehsize=52)


@bad("shentsize", "e_shentsize of ELF32", "wrong size of a section header")
def _(o):
    o.set_header(e_shentsize=40)


# ---- the section table -------------------------------------------------------

@bad("shoff_zero", "no section table", "no section table")
def _(o):
    o.set_header(e_shoff=0)


@bad("shoff_in_header", "section table inside the ELF header", "no section table")
def _(o):
    o.set_header(e_shoff=56)


@bad("shoff_unaligned", "section table at an odd offset", "section table is not aligned")
def _(o):
    o.set_header(e_shoff=o.header("e_shoff") - 1)


@bad("shoff_end", "section table at the end of the file", "section table outside the file")
def _(o):
    o.raw += bytes(-len(o.raw) % 8)
    o.set_header(e_shoff=len(o.raw))


@bad("shoff_wraps", "section table whose end is past 2^64", "section table outside the file")
def _(o):
    o.set_header(e_shoff=2**64 - 64)


@bad("shnum_one_more", "one section header more than there are bytes",
     "section table outside the file")
def _(o):
    o.set_header(e_shnum=o.n_sections + 1)


@bad("shnum_none", "e_shnum 0 and no number in section 0", "no section table")
def _(o):
    o.set_header(e_shnum=0)


@bad("shnum_extended_file", "extended number of sections leaves the file",
     "section table outside the file")
def _(o):
    o.set_section(0, sh_size=o.n_sections + 1)
    o.set_header(e_shnum=0)


@bad("shnum_extended_huge", "extended number of sections whose bytes wrap to 0",
     "too many sections")
def _(o):
    o.set_section(0, sh_size=2**58)
    o.set_header(e_shnum=0)


@bad("shnum_too_many", "65281 sections, all but a few inactive", "too many sections")
def _(o):
    table, count = o.header("e_shoff"), o.n_sections
    o.set_header(e_shoff=o.append(o.raw[table:table + count * 64] + bytes((0xFF01 - count) * 64)))
    o.set_section(0, sh_size=0xFF01)
    o.set_header(e_shnum=0)


@bad("section_zero", "section 0 is not SHT_NULL", "section 0 is not empty")
def _(o):
    o.set_section(0, sh_type=SHT_PROGBITS)


@bad("section_zero_name", "section 0 has a name", "section 0 is not empty")
def _(o):
    o.set_section(0, sh_name=2**32 - 1)


@bad("shstrndx_zero", "no section of names", "no section of section names")
def _(o):
    o.set_header(e_shstrndx=0)


@bad("shstrndx_end", "e_shstrndx is the number of sections", "no section of section names")
def _(o):
    o.set_header(e_shstrndx=o.n_sections)


@bad("shstrndx_extended", "extended e_shstrndx past the sections", "no section of section names")
def _(o):
    o.set_section(0, sh_link=0x10000)
    o.set_header(e_shstrndx=SHN_XINDEX)


@bad("shstrndx_text", "e_shstrndx names a section of code",
     "section names are not a string table", "[")
def _(o):
    o.set_header(e_shstrndx=o.find(".text.good_add"))


@bad("shstrtab_empty", "section names of no bytes", "section names are not a string table")
def _(o):
    o.set_section(".shstrtab", sh_size=0)


@bad("shstrtab_outside", "section names past the end of the file", "section outside the file")
def _(o):
    o.set_section(".shstrtab", sh_offset=len(o.raw))


@bad("shstrtab_unterminated", "section names without the last zero",
     "string table is not terminated")
def _(o):
    o.set_byte(".shstrtab", -1, ord("x"))


@bad("shstrtab_first", "section names without the first zero",
     "string table does not begin with a zero")
def _(o):
    o.set_byte(".shstrtab", 0, ord("x"))
