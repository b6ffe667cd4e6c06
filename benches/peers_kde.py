#!/usr/bin/env python3
"""peers_kde.py [--rounds N] [BENCH_BINARY]: densitas beside scipy and KDEpy on the same points, in the same run.

Without a binary the bench is built and found by `cargo bench --bench kde --no-run`. Needs numpy, scipy and KDEpy. Points are
normal, the box is theirs, the rule Scott's, the error 1e-6 of the maximum (2e-7 at the points). Each round runs every
program once, so that a busy machine slows all; printed are medians of wall and processor seconds. densitas is cold: the
first call of a fresh process, plan and evaluation, with 1 and 2 threads; peak memory is that of its process, with the points
(24 bytes each) and the grid. scipy is timed on a share of the nodes where the whole would take hours, and the time is
multiplied (its setting up is left out); KDEpy's FFTKDE takes one bandwidth along each axis, so its error is told for its own kernel: its points are
scaled by their spread, and of 5 million points it runs once. Errors are the largest difference from the exact sum of each one's kernel at nodes drawn at random and
at the largest, as a share of the largest.
"""
import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import numpy as np
from scipy.stats import gaussian_kde

# Points, grid, error asked of densitas, share of the nodes that scipy is timed on.
WORK = [
    (5_000, "30", "1e-6", 1.0),
    (50_000, "64", "1e-6", 2e-3),
    (50_000, "256", "1e-6", 3e-5),
    (500_000, "128", "1e-6", 2e-5),
    (5_000_000, "256", "1e-6", 3e-7),
    (1_000_000, "points", "2e-7", 2e-5),
]


def bench_binary() -> str:
    root = Path(__file__).resolve().parent.parent
    built = subprocess.run(
        ["cargo", "bench", "--bench", "kde", "--no-run"], cwd=root, check=True, capture_output=True, text=True
    )
    return str(root / re.search(r"\((\S*kde-\S*)\)", built.stderr).group(1))


def ours(binary: str, file: Path, grid: str, error: str, threads: int) -> dict:
    child = subprocess.Popen(
        [binary, "--case", str(file), grid, "auto", error, str(threads), "0"], stdout=subprocess.PIPE, text=True
    )
    told = child.stdout.read()
    if child.wait() != 0:
        sys.exit(f"densitas failed: {told}")
    return json.loads(told)


def axes_of(points: np.ndarray, grid: int) -> list[np.ndarray]:
    return [np.linspace(a.min(), a.max(), grid) for a in points.T]


def scipy_seconds(points: np.ndarray, grid: str, share: float) -> float:
    """Of all nodes; where only some are timed, from the difference between two numbers of them."""
    rng = np.random.default_rng(3)
    if grid == "points":
        places = points[rng.choice(len(points), 3 * max(8, int(share * len(points))), replace=False)].T
        whole = len(points)
    else:
        axes = axes_of(points, int(grid))
        whole = int(grid) ** 3
        count = 3 * max(8, int(share * whole))
        at = np.arange(whole) if share == 1.0 else rng.integers(0, whole, count)
        places = np.stack([axis[i] for axis, i in zip(axes, np.unravel_index(at, [int(grid)] * 3))])
    density = gaussian_kde(points.T)

    def seconds(count: int) -> float:
        start = time.process_time()
        density(places[:, :count])
        return time.process_time() - start

    if share == 1.0:
        return seconds(whole)
    third = places.shape[1] // 3
    return (seconds(3 * third) - seconds(third)) / (2 * third) * whole


def kdepy(points: np.ndarray, grid: str) -> tuple[float, float, float]:
    """Wall and processor seconds, and the error for its own kernel."""
    from KDEpy import FFTKDE

    spread = points.std(axis=0, ddof=1)
    scaled = points / spread
    bandwidth = len(points) ** (-1 / 7)
    axes = axes_of(scaled, int(grid))
    # FFTKDE wants all points inside its grid.
    axes = [np.linspace(a[0] - 1e-6, a[-1] + 1e-6, int(grid)) for a in axes]
    nodes = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)
    wall, cpu = time.perf_counter(), time.process_time()
    values = FFTKDE(kernel="gaussian", bw=bandwidth).fit(scaled).evaluate(nodes)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    rng = np.random.default_rng(4)
    at = np.append(rng.integers(0, len(nodes), 20), values.argmax())
    worst = 0.0
    for i in at:
        d2 = ((scaled - nodes[i]) ** 2).sum(axis=1) / bandwidth**2
        exact = np.exp(-0.5 * d2).mean() * (2 * np.pi) ** -1.5 / bandwidth**3
        worst = max(worst, abs(values[i] - exact) / values.max())
    return wall, cpu, worst


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("binary", nargs="?")
    args = parser.parse_args()
    binary = args.binary or bench_binary()
    median = statistics.median
    print("| points @ grid | method | 1 thread: wall / CPU s | 2 threads: wall / CPU s | peak MB | error seen | scipy CPU s | KDEpy CPU s (error) | ratio a core: scipy, KDEpy |")
    print("|---|---|---|---|---|---|---|---|---|")
    for count, grid, error, share in WORK:
        points = 10 * np.random.RandomState(1).normal(0, 0.1, (count, 3))
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "points.npy"
            np.save(file, points)
            runs, scipy, fft = {1: [], 2: []}, [], []
            for _ in range(args.rounds):
                for threads in runs:
                    runs[threads].append(ours(binary, file, grid, error, threads))
                scipy.append(scipy_seconds(points, grid, share))
                if grid != "points" and (count < 5_000_000 or not fft):
                    fft.append(kdepy(points, grid))
        of = {t: [median(r[k] for r in all) for k in ("cold", "cold_cpu")] for t, all in runs.items()}
        cells = [f"{of[t][0]:.4f} / {of[t][1]:.4f}" for t in runs]
        memory = max(r["mb"] for r in runs[1] + runs[2])
        seen = max(r["sampled"] for r in runs[1])
        theirs = median(f[1] for f in fft) if fft else float("nan")
        peer = f"{theirs:.3f} ({fft[0][2]:.0e})" if fft else "cannot"
        ratios = f"{median(scipy) / of[1][1]:.0f}, {theirs / of[1][1]:.1f}" if fft else f"{median(scipy) / of[1][1]:.0f}, -"
        print(
            f"| {count:,} @ {grid}{'' if grid == 'points' else '^3'} | {runs[1][0]['method']} | {cells[0]} | {cells[1]} "
            f"| {memory:.0f} | {seen:.0e} | {median(scipy):.3g} | {peer} | {ratios} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
