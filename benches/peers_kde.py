#!/usr/bin/env python3
"""peers_kde.py [BENCH_BINARY]: scipy.stats.gaussian_kde and densitas on the same points, in the same run.

Without an argument the bench is built and found by `cargo bench --bench kde --no-run`. Needs numpy and scipy.
Each round times scipy once (one thread) and every case of densitas, so that a busy machine slows both; printed are
medians over the rounds. densitas' time is that of a whole call (plan + evaluate, f32), cold: the first call of a
fresh process.
"""
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from scipy.stats import gaussian_kde

ROUNDS = 5
GRID = 30
CASES = [("exact", "1e-6", 1), ("exact", "1e-6", 2), ("tree", "1e-3", 1), ("tree", "1e-6", 1), ("tree", "1e-6", 2)]


def bench_binary() -> str:
    root = Path(__file__).resolve().parent.parent
    built = subprocess.run(
        ["cargo", "bench", "--bench", "kde", "--no-run"], cwd=root, check=True, capture_output=True, text=True
    )
    return str(root / re.search(r"\((\S*kde-\S*)\)", built.stderr).group(1))


def scipy_seconds(points: np.ndarray) -> float:
    start = time.perf_counter()
    axes = [slice(a.min(), a.max(), GRID * 1j) for a in points.T]
    nodes = np.mgrid[tuple(axes)].reshape(3, -1)
    gaussian_kde(points.T)(nodes)
    return time.perf_counter() - start


def main() -> None:
    binary = sys.argv[1] if len(sys.argv) > 1 else bench_binary()
    random = np.random.RandomState(1)
    points = np.stack([10 * random.normal(0, 0.1, 5000) for _ in range(3)], axis=1)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "points.npy"
        np.save(file, points)
        scipy, ours = [], {case: [] for case in CASES}
        for _ in range(ROUNDS):
            scipy.append(scipy_seconds(points))
            for method, error, threads in CASES:
                command = [binary, "--case", str(file), str(GRID), method, error, str(threads), "0"]
                ours[method, error, threads].append(json.loads(subprocess.check_output(command)))
    base = statistics.median(scipy)
    print(f"5000 points @ {GRID}^3, median (min) of {ROUNDS} rounds; scipy: {base * 1e3:.0f} ({min(scipy) * 1e3:.0f}) ms, 1 thread\n")
    print("| method | error | threads | cold ms | scipy / densitas | a core | bound | sampled error |")
    print("|---|---|---|---|---|---|---|---|")
    for (method, error, threads), runs in ours.items():
        cold = [run["cold"] for run in runs]
        median, ratio = statistics.median(cold), base / statistics.median(cold)
        print(
            f"| {method} | {error} | {threads} | {median * 1e3:.2f} ({min(cold) * 1e3:.2f}) | {ratio:.1f} | {ratio / threads:.1f} "
            f"| {runs[0]['bound']:.1e} | {runs[0]['sampled']:.1e} |"
        )


if __name__ == "__main__":
    main()
