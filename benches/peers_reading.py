"""Reading speed beside gemmi, mdtraj, polars and pyarrow, on the same files in the same run.

    python -m venv V && V/bin/pip install gemmi mdtraj polars pyarrow numpy
    cargo build --release
    DENSITAS_TEST_DATA=/path/to/data V/bin/python benches/peers_reading.py

Every reader is called ROUNDS times, in turn, so that a load of the machine falls on all of them. Times are those of
the reading alone, of a warm file: `seconds.read` of `densitas density --json`, and the peer's call within Python.
For trajectories all frames are pooled.
"""

import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

import gemmi
import mdtraj
import numpy as np
import polars
import pyarrow.csv

ROUNDS = 7
ROOT = pathlib.Path(__file__).parent.parent
PROGRAM = ROOT / "target/release/densitas"
DATA = pathlib.Path(os.environ["DENSITAS_TEST_DATA"]) / "data"


def densitas(path, *options):
    command = [PROGRAM, "density", path, "--grid", "2", "--method", "exact", "-o", "/dev/null", "--json", *options]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    return json.loads(done.stdout)["seconds"]["read"]


def timed(call):
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def concatenated(source, folder, copies):
    """XTC frames follow one another without a header of the file."""
    path = folder / source.name
    path.write_bytes(source.read_bytes() * copies)
    return path


def long_dcd(source, folder, topology, copies):
    path = folder / source.name
    trajectory = mdtraj.load(str(source), top=str(topology))
    mdtraj.join([trajectory] * copies).save_dcd(str(path))
    return path


def table(folder):
    path = folder / "table.csv"
    points = np.random.default_rng(1).normal(size=(1_900_000, 3)) * 1000
    np.savetxt(path, points, fmt="%.6f", delimiter=",", header="x,y,z", comments="")
    return path


def cases(folder):
    structures, trajectories = DATA / "structures", DATA / "trajectories"
    pdb, cif = structures / "pdb4v8r_h36.pdb", structures / "6WG6.cif"
    # All water oxygens of all frames would be one request; here every atom is decoded.
    xtc = concatenated(trajectories / "adk_oplsaa.xtc", folder, 10)
    xtc_topology = str(structures / "adk_oplsaa.gro")
    dcd = long_dcd(trajectories / "adk_dims.dcd", folder, structures / "adk_closed.pdb", 20)
    dcd_topology = mdtraj.load_topology(str(structures / "adk_closed.pdb"))
    xtc_topology = mdtraj.load_topology(xtc_topology)
    csv = table(folder)
    yield "PDB, 128,780 atoms", pdb, [], {"gemmi": lambda: gemmi.read_structure(str(pdb))}
    yield "mmCIF, 20,038 atoms", cif, [], {"gemmi": lambda: gemmi.read_structure(str(cif))}
    yield "XTC, 100 frames", xtc, ["--pool"], {"mdtraj": lambda: mdtraj.load_xtc(str(xtc), top=xtc_topology)}
    yield "DCD, 1,960 frames", dcd, ["--pool"], {"mdtraj": lambda: mdtraj.load_dcd(str(dcd), top=dcd_topology)}
    yield "CSV, 1,900,000 rows", csv, [], {
        "polars": lambda: polars.read_csv(csv),
        "pyarrow": lambda: pyarrow.csv.read_csv(csv),
    }


def main():
    print(f"load average {os.getloadavg()[0]:.1f}, median (min) of {ROUNDS} rounds, seconds\n")
    print("| file | MB | densitas | peers |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name, path, options, peers in cases(pathlib.Path(folder)):
            times = {"densitas": []} | {peer: [] for peer in peers}
            for _ in range(ROUNDS):
                times["densitas"].append(densitas(path, *options))
                for peer, call in peers.items():
                    times[peer].append(timed(call))
            shown = {who: f"{statistics.median(t):.3f} ({min(t):.3f})" for who, t in times.items()}
            others = ", ".join(f"{who} {text}" for who, text in shown.items() if who != "densitas")
            print(f"| {name} | {path.stat().st_size / 1e6:.1f} | {shown['densitas']} | {others} |", flush=True)


if __name__ == "__main__":
    main()
