# SPDX-License-Identifier: MIT
"""Results of benches: a file of rows, and a table for people.

A row is name, machine, minimum, median, unit, separated by tabs.  The name of
a comparison with somebody else's program is NAME.vs.PEER, with the machine
that the peer runs on.
"""

import os

HEADS = "%13s%13s%8s" % ("min", "median", "ratio")
HEAD = "name\tmachine\tmin\tmedian\tunit\n"


def median(values):
    return sorted(values)[len(values) // 2]


def keep(path, rows):
    """Writes the rows, in place of those of the same names and machines."""
    new = {(row[0], row[1]) for row in rows}
    lines = []
    if os.path.exists(path):
        with open(path, encoding="ascii") as file:
            lines = [line for line in file.readlines()[1:]
                     if tuple(line.split("\t")[:2]) not in new]
    lines += ["\t".join(str(value) for value in row) + "\n" for row in rows]
    with open(path, "w", encoding="ascii") as file:
        file.write(HEAD + "".join(lines))


def number(value):
    return "%.3f" % value if isinstance(value, float) else "{:,}".format(value).replace(",", " ")


def show(title, rows):
    """Names down, machines across; of several, each with its median by the first one's."""
    machines = list(dict.fromkeys(row[1] for row in rows))
    names = list(dict.fromkeys(row[0] for row in rows))
    of = {(row[0], row[1]): row for row in rows}
    width = len(HEADS) if len(machines) > 1 else len(HEADS) - 8  # one has no ratio
    print(title)
    print("%-20s" % "" + "".join(("%%%ds" % width) % machine for machine in machines))
    print("%-20s" % "name" + HEADS[:width] * len(machines) + "  unit")
    for name in names:
        base = next(of[name, machine][3] for machine in machines if (name, machine) in of)
        line = "%-20s" % name
        for machine in machines:
            if (name, machine) in of:
                _, _, least, middle, unit = of[name, machine]
                ratio = "%.2f" % (middle / base) if base else ""
                line += ("%13s%13s%8s" % (number(least), number(middle), ratio))[:width]
            else:
                line += " " * width
        print(line + "  " + unit)
    print()
