#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Builds zlib and Lua as applications, from the distribution's source packages.

usage: foreign.py RESULT.json FOLDER TREE COMPILER LD CELLC LIBRARY... -- FLAG...

Everything goes into FOLDER.  RESULT.json has the objects, or the reason why
there are none: then the tests skip.  The flags are those of cells.
"""

import concurrent.futures
import glob
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys

from debian_source import Unavailable, fetch

PACKAGES = ["lua5.1", "lua5.4", "musl", "zlib"]  # lua5.1 for its scripts: lua5.4 brings none

# What computes in musl.  Its assembly has no unwind tables: there is C for all of it.
MUSL = {
    "ctype": "isalnum isalpha isblank iscntrl isdigit isgraph islower isprint ispunct isspace "
             "isupper isxdigit tolower toupper",
    "internal": "floatscan intscan shgetc",
    "locale": "localeconv",
    "math": "__cos __fpclassifyl __math_divzero __math_invalid __math_oflow __math_uflow "
            "__math_xflow __rem_pio2 __rem_pio2_large __signbitl __sin __tan acos asin atan atan2 "
            "ceil copysignl cos exp exp_data fabs fabsl floor fmod fmodl frexp frexpl ldexp log "
            "log10 log2 log2_data log_data pow pow_data scalbn scalbnl sin sqrt sqrt_data tan",
    "stdio": "__towrite fwrite snprintf vfprintf vsnprintf",
    "stdlib": "abs strtod",
    "string": "memchr memrchr stpcpy strchr strchrnul strcmp strcpy strcspn strlen strncmp strnlen "
              "strpbrk strspn strstr",
}
ZLIB = "adler32 compress crc32 deflate inflate infback inffast inftrees trees uncompr zutil"
LUA = ("lapi lauxlib lbaselib lcode lcorolib lctype ldblib ldebug ldo ldump lfunc lgc llex "
       "lmathlib lmem lobject lopcodes lparser lstate lstring lstrlib ltable ltablib ltm lundump "
       "lutf8lib lvm lzio")
LUA_HOST = "loslib liolib loadlib linit lua"
DEBIAN_HEADER = "lua5.4-deb-multiarch.h"  # written by the package's own build


class Builder:
    def __init__(self, folder, tree, compiler, flags):
        self.folder = folder
        self.tree = tree
        self.compiler = compiler
        self.flags = flags

    def path(self, *names):
        path = os.path.join(self.folder, *names)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def is_made(self, to, command):
        """Whether the object is there, of source that does not change, by this command."""
        if command[-3].startswith(self.tree) and not command[-3].startswith(self.folder):
            return False
        try:
            with open(to + ".command", encoding="utf-8") as file:
                return file.read() == repr(command)
        except OSError:
            return False

    def compile(self, sources, into, *arguments):
        """Object files, in the order of the sources."""
        def one(source):
            to = self.path(into, os.path.basename(source) + ".o")
            command = [*self.compiler, *arguments, "-c", source, "-o", to]
            if not self.is_made(to, command):
                subprocess.run(command, check=True)
                with open(to + ".command", "w", encoding="utf-8") as file:
                    file.write(repr(command))
            return to
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            return list(pool.map(one, sources))

    def foreign(self, sources, into, *arguments):
        return self.compile(sources, into, "-std=gnu99", "-O2", "-g", "-w", "-fPIC", *self.flags,
                            *arguments)


def generate_musl_headers(builder, musl):
    """What musl's makefile generates; the folder."""
    architecture = musl + "/arch/x86_64/bits"
    with open(builder.path("include/bits/alltypes.h"), "wb") as file:
        subprocess.run(["sed", "-f", musl + "/tools/mkalltypes.sed",
                        architecture + "/alltypes.h.in", musl + "/include/alltypes.h.in"],
                       stdout=file, check=True)
    with open(architecture + "/syscall.h.in", encoding="ascii") as file:
        calls = file.read()
    with open(builder.path("include/bits/syscall.h"), "w", encoding="ascii") as file:
        file.write(calls + re.sub(r"__NR_", "SYS_", calls))
    with open(builder.path("include/" + DEBIAN_HEADER), "w", encoding="ascii") as file:
        file.write('#define DEB_HOST_MULTIARCH "x86_64-linux-gnu"\n')
    return os.path.join(builder.folder, "include")


def headers(musl, generated):
    return ["-I" + generated, "-I" + musl + "/arch/x86_64", "-I" + musl + "/arch/generic",
            "-I" + musl + "/include"]


def quiet(arguments):
    """The same folders, whose headers may do what ours may not."""
    return [re.sub("^-I", "-isystem", argument) for argument in arguments]


def build_musl(builder, musl, generated):
    """An archive, of which each application takes what it uses."""
    sources = [os.path.join(musl, "src", folder, name + ".c")
               for folder, names in MUSL.items() for name in names.split()]
    found = builder.foreign(sources, "musl", "-D_XOPEN_SOURCE=700", "-I" + musl + "/src/include",
                            "-I" + musl + "/src/internal", *headers(musl, generated))
    archive = builder.path("musl.a")
    if os.path.exists(archive):
        os.unlink(archive)
    subprocess.run(["ar", "rcs", archive, *found], check=True)
    return archive


def build_cell(builder, name, objects, libraries, tools):
    """Combines and records them, as cells/meson.build does."""
    ld, cellc = tools
    combined, cell = builder.path(name + ".combined"), builder.path(name + ".o")
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cell.ld")
    subprocess.run([ld, "-r", "--unique", "-T", script, "-o", combined, *objects, *libraries],
                   check=True)
    subprocess.run([cellc, combined, "-o", cell, "--debug", builder.path(name + ".debug")],
                   check=True)
    return cell


def build_applications(builder, sources, libraries, tools):
    """{application: object}"""
    generated = generate_musl_headers(builder, sources["musl"])
    libraries = [*libraries, build_musl(builder, sources["musl"], generated)]
    own = os.path.join(builder.tree, "fixtures/foreign")
    with_headers = headers(sources["musl"], generated)
    parts = {
        "zlib": (sources["zlib"], ZLIB, []),
        "lua": (sources["lua5.4"] + "/src", LUA, ["-include", own + "/lua_platform.h"]),
    }
    found = {}
    for name, (folder, files, arguments) in parts.items():
        objects = builder.foreign(["%s/%s.c" % (folder, file) for file in files.split()], name,
                                  *arguments, *with_headers)
        objects += builder.compile(
            [os.path.join(own, name + ".c")], name + "_application", *arguments, "-std=gnu17",
            "-O2", "-g", "-fPIC", "-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter",
            "-Wno-missing-field-initializers", *builder.flags, "-I" + builder.tree + "/include",
            "-I" + builder.tree + "/src", "-I" + own, "-isystem" + folder, *quiet(with_headers))
        found[name] = build_cell(builder, name, objects, libraries, tools)
    return found


def build_host_lua(builder, source):
    """The same Lua for this host: what a script should print."""
    objects = builder.compile(
        ["%s/src/%s.c" % (source, name) for name in (LUA + " " + LUA_HOST).split()], "host",
        "-std=gnu99", "-O2", "-w", "-I" + builder.folder + "/include_host")
    to = builder.path("host_lua")
    subprocess.run([*builder.compiler, *objects, "-lm", "-o", to], check=True)
    return to


def key_of(arguments, tree):
    """Changes when anything does that the objects are made of."""
    sum_ = hashlib.sha256(repr(arguments).encode())
    paths = [argument for argument in arguments if os.path.isfile(argument)]
    for pattern in ("fixtures/foreign/*", "include/clew/*", "src/base/*.h", "src/foreign/*.[ch]",
                    "src/toolchain/*.py"):
        paths += sorted(glob.glob(os.path.join(tree, pattern)))
    for path in paths:
        with open(path, "rb") as file:
            sum_.update(file.read())
    return sum_.hexdigest()


def read_result(path):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


def build(folder, tree, compiler, tools, libraries, flags):
    builder = Builder(folder, tree, compiler, flags)
    try:
        sources = fetch(PACKAGES, builder.path("sources"))
    except Unavailable as reason:
        return {"reason": "the source packages cannot be had: %s" % reason}
    objects = build_applications(builder, sources, libraries, tools)
    shutil.copy(builder.path("include", DEBIAN_HEADER), builder.path("include_host", DEBIAN_HEADER))
    return {"objects": objects, "lua": build_host_lua(builder, sources["lua5.4"]),
            "scripts": sources["lua5.1"] + "/test", "sources": sources}


def main(arguments):
    result, folder, tree, compiler, ld, cellc, *rest = arguments
    libraries, flags = rest[:rest.index("--")], rest[rest.index("--") + 1:]
    key = key_of(arguments, tree)
    found = read_result(result)
    if found.get("key") == key and "objects" in found:
        return
    found = build(os.path.abspath(folder), os.path.abspath(tree), compiler.split(), (ld, cellc),
                  libraries, flags)
    with open(result, "w", encoding="utf-8") as file:
        json.dump({"key": key, **found}, file, indent=1)


if __name__ == "__main__":
    main(sys.argv[1:])
