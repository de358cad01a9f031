#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What operations cost, beside what others need for the like.

usage: operations.py [--rounds N] CLEW CELLS.tar PEERS RESULTS.tsv MACHINE...

MACHINE is hosted, or one of `clew boot --machine`.  The application `bench`
measures on each; in the same run the programs of the folder PEERS measure
on the host what hosted figures are compared with.  Prints tables, and keeps
the rows in RESULTS.tsv.  Fails when a measurement is missing or was not made.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile

from table import compare, keep, on_machine, show

SECONDS = 1500
WORDS_MAX = 8  # names in a command
QUICK = ["call", "gate_irq", "gate_prot", "gate_clock", "patch", "map_unmap", "switch",
         "yield", "channel_rtt", "rendezvous", "spawn_join", "fault", "fault_d5", "fault_d50",
         "load", "unload", "swap", "swap_commit"]
BESIDE = ["", "_beside_100", "_beside_1000"]
LOADS = ["load_%s%s" % (n, beside) for n in ("100", "1000") for beside in BESIDE]
# Many rounds of these take minutes, so there are fewer; hosted only.
SLOW = ["commit_1", "commit_20", "commit_1000", "swap_100", "swap_100_retire", "swap_1000",
        *LOADS]
LARGEST = ["load_10000" + beside for beside in BESIDE]
STALLS = ["stalls", "stall_median", "stall_longest"]
# The same of intervals in which nobody swaps, in the same rounds.
CALM = {"stalls_idle": "stalls.vs.idle", "stalls_woken": "stalls.vs.woken",
        "stall_median_idle": "stall_median.vs.idle",
        "stall_longest_idle": "stall_longest.vs.idle"}


def launch(clew, machine):
    return [clew, "run"] if machine == "hosted" else [clew, "boot", "--machine", machine]


def run(command, **more):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=SECONDS, check=False, **more)
    if done.returncode != 0:
        raise SystemExit("%s: status %d\n%s%s" % (" ".join(command), done.returncode,
                                                  done.stdout, done.stderr))
    return done.stdout


def nanoseconds(rows):
    """Cycles into nanoseconds, by the row that says how many there are."""
    khz = {row[0]: row[2] for row in rows}["tsc"]
    for name, least, median, unit in rows:
        if unit == "cycles":
            yield name, round(least * 1e6 / khz, 1), round(median * 1e6 / khz, 1), "ns"
        elif name != "tsc":
            yield name, least, median, unit


def measure_some(clew, cells, machine, rounds, names):
    output = run([*launch(clew, machine), "-m", "256M", "--cells", cells, "-c",
                  "run bench --rounds %d %s" % (rounds, " ".join(["tsc", *names]))])
    rows = []
    for line in output.splitlines():
        name, least, median, unit = line.split("\t")
        assert 0 <= int(least) <= int(median), line
        assert unit != "cycles" or int(least) > 0, line
        rows.append((name, int(least), int(median), unit))
    missing = {*names} - {row[0] for row in rows}
    assert not missing, "%s: no %s" % (machine, ", ".join(sorted(missing)))
    return [(on_machine(row[0], machine), *row[1:]) for row in nanoseconds(rows)]


def measure(clew, cells, machine, rounds, names):
    return [row for i in range(0, len(names), WORDS_MAX)
            for row in measure_some(clew, cells, machine, rounds, names[i:i + WORDS_MAX])]


def peer_rows(output):
    for line in output.splitlines():
        if line.startswith("#"):
            print(line)
            continue
        name, least, median, unit = line.split("\t")
        assert 0 < float(least) <= float(median), line
        yield name, float(least), float(median), unit


def other_objects(peers, folder, count):
    """Beside what the peers load, as many shared objects, each a file of its own: else they
    would be one.
    """
    os.mkdir(os.path.join(folder, "others"))
    for name in os.listdir(peers):
        if name.endswith((".so", ".o")):
            os.symlink(os.path.join(peers, name), os.path.join(folder, name))
    for i in range(count):
        shutil.copy(os.path.join(peers, "filler.so"),
                    os.path.join(folder, "others", "filler_%04u.so" % i))


def absent(names, peer, what):
    for name in names:
        print("# %s.vs.%s: %s" % (name, peer, what))


def unwinders(program, rounds):
    yield from peer_rows(run([program, str(rounds), "libgcc"]))
    preload = {**os.environ, "LD_PRELOAD": "libunwind.so.8"}
    probe = subprocess.run(["true"], env=preload, capture_output=True, check=False)
    if probe.stderr:
        absent(["fault_d5", "fault_d50"], "libunwind", "no libunwind8")
    else:
        yield from peer_rows(run([program, str(rounds), "libunwind"], env=preload))


def measure_peers(peers, rounds, fewer):
    """Of the host."""
    rows = []
    for name in ("contexts", "threads"):
        rows += peer_rows(run([os.path.join(peers, "peer_" + name), str(rounds)]))
    rows += unwinders(os.path.join(peers, "peer_crashing"), rounds)
    with tempfile.TemporaryDirectory() as folder:
        other_objects(os.path.abspath(peers), folder, 1000)
        rows += peer_rows(run([os.path.join(peers, "peer_loading"), str(fewer), folder]))
        jitlink = os.path.join(peers, "peer_jitlink")
        if os.path.exists(jitlink):
            rows += peer_rows(run([jitlink, str(fewer), folder]))
        else:
            absent(LOADS + LARGEST, "jitlink", "built without llvm-dev or g++")
    if shutil.which("escript"):
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers/erlang.escript")
        rows += peer_rows(run(["escript", script, str(rounds), str(fewer)]))
    else:
        absent(["channel_rtt", "swap_100", "swap_1000"], "erlang", "no erlang-base")
    return rows


def with_own_comparisons(rows):
    """Rows of ours that others of ours are to be compared with."""
    of = {row[0]: row for row in rows}
    rows = [(CALM.get(row[0], row[0]), *row[1:]) for row in rows]
    for name in LOADS + LARGEST:
        alone = name.split("_beside_")[0]
        if name in of and name != alone:
            rows.append((name + ".vs.alone", *of[alone][1:]))
    return rows


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("clew")
    parser.add_argument("cells")
    parser.add_argument("peers")
    parser.add_argument("results")
    parser.add_argument("machines", nargs="+")
    options = parser.parse_args()
    fewer = max(options.rounds // 10, 1)
    rows = []
    for machine in options.machines:
        rows += measure(options.clew, options.cells, machine, options.rounds, QUICK)
        if machine == "hosted":
            with tarfile.open(options.cells) as archive:
                largest = "load_10000.o" in archive.getnames()
            rows += measure(options.clew, options.cells, machine, fewer,
                            SLOW + (LARGEST if largest else []))
            rows += measure(options.clew, options.cells, machine, min(fewer, 10),
                            [*STALLS, "stall_swaps", *CALM])
            rows += measure_peers(options.peers, options.rounds, fewer)
    rows = with_own_comparisons(rows)
    keep(options.results, rows)
    show("One operation, %d rounds (of the longer ones %d).  In QEMU (TCG): what emulation takes."
         % (options.rounds, fewer), rows)
    compare("Beside others, by medians: how many times faster, and what is aimed at.", rows)


sys.exit(main())
