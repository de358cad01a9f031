# SPDX-License-Identifier: MIT
"""What each cell keeps between calls: a table of what cellc found.

usage: state_table.py FILE.state...

EXPORTS: how many provided functions there are, and CHANGE how many of them may change the
state; cellc's effects.h says what that means.  KIND: none; soft, which the cell may lose and
still serve its clients; kept, for the reason that CELL_STATE() gives.
"""

import sys

SOFT = "soft: "


def read(path):
    """Name, bytes, reason, exports, those that may change the state."""
    with open(path, encoding="utf-8") as file:
        lines = [line.rstrip("\n").split("\t") for line in file]
    _, name, size, reason = lines[0]
    exports = [line for line in lines if line[0] == "export"]
    changing = [line for line in exports if line[2] == "changes"]
    return name, int(size), reason, len(exports), len(changing)


def main(paths):
    cells = sorted(read(path) for path in paths)
    print(f"{'CELL':<16} {'KIND':<5} {'BYTES':>7} {'EXPORTS':>8} {'CHANGE':>7}  REASON")
    for name, size, reason, exports, changing in cells:
        kind = "none" if not size else "soft" if reason.startswith(SOFT) else "kept"
        print(f"{name:<16} {kind:<5} {size:>7} {exports:>8} {changing:>7}  "
              f"{reason.removeprefix(SOFT)}".rstrip())
    stateless = sum(1 for cell in cells if not cell[1])
    print(f"{stateless} of {len(cells)} cells keep nothing, "
          f"the others {sum(cell[1] for cell in cells)} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
