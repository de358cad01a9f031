# SPDX-License-Identifier: MIT
"""Results of benches: a file of rows, and tables for people.

A row is name, minimum, median, unit, separated by tabs.  On a machine other
than hosted the name is NAME@MACHINE.  What somebody else's program needs for
the like is NAME.vs.PEER.
"""

import os

HEAD = "name\tmin\tmedian\tunit\n"


def median(values):
    return sorted(values)[len(values) // 2]


def on_machine(name, machine):
    return name if machine == "hosted" else "%s@%s" % (name, machine)


def keep(path, rows):
    """Writes the rows, in place of those of the same names."""
    new = {row[0] for row in rows}
    lines = []
    if os.path.exists(path):
        with open(path, encoding="ascii") as file:
            lines = [line for line in file.readlines()[1:] if line.split("\t")[0] not in new]
    lines += ["\t".join(str(value) for value in row) + "\n" for row in rows]
    with open(path, "w", encoding="ascii") as file:
        file.write(HEAD + "".join(lines))


def number(value):
    return "{:,}".format(value).replace(",", " ")


def show(title, rows):
    """Names down, machines across, each with its median by the first one's."""
    own = [row for row in rows if ".vs." not in row[0]]
    machines = list(dict.fromkeys((row[0].split("@") + ["hosted"])[1] for row in own))
    names = list(dict.fromkeys(row[0].split("@")[0] for row in own))
    of = {row[0]: row for row in own}
    print(title)
    print("%-24s" % "" + "".join("%36s" % machine for machine in machines))
    print("%-24s" % "name" + ("%14s%14s%8s" % ("min", "median", "ratio")) * len(machines) +
          "  unit")
    for name in names:
        at = [of.get(on_machine(name, machine)) for machine in machines]
        base = next(row for row in at if row)
        line = "%-24s" % name
        for row in at:
            ratio = "%.2f" % (row[2] / base[2]) if row and base[2] else ""
            line += "%14s%14s%8s" % (number(row[1]), number(row[2]), ratio) if row else " " * 36
        print(line + "  " + base[3])
    print()


def compare(title, rows, aims):
    """Each peer's median by ours; aims: {name: {peer: factor}}"""
    of = {row[0]: row for row in rows}
    print(title)
    print("%-24s%-18s%14s%14s%9s%9s" % ("name", "peer", "ours", "peer's", "factor", "aim"))
    for name, _, theirs, unit in (row for row in rows if ".vs." in row[0]):
        name, peer = name.split(".vs.")
        if name not in of:
            continue
        ours = of[name][2]
        aim = aims.get(name, {}).get(peer)
        factor = theirs / ours if ours else float("inf")
        verdict = "" if aim is None else "  reached" if factor >= aim else "  missed"
        print("%-24s%-18s%14s%14s%9.2f%9s%s %s" % (
            name, peer, number(ours), number(theirs), factor,
            "" if aim is None else "%.2f" % aim, verdict, "" if unit == "ns" else unit))
    print()
