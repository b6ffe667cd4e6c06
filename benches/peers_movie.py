#!/usr/bin/env python3
"""peers_movie.py [BENCH_BINARY]: matplotlib, celluloid and densitas write 60 frames of a heat map of 640 x 480 pixels.

Without an argument the bench is found by `cargo bench --bench movie --no-run`. Needs numpy, matplotlib, celluloid and
ffmpeg. Printed are processor milliseconds a frame, children (ffmpeg) included, the least of the rounds. densitas'
figure is of encoding alone; those of the others hold drawing too.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from celluloid import Camera
from matplotlib import animation

ROUNDS = 3
FRAMES = 60
FPS = 20
EXTENT = (-4, 4, -4, 4)


def bench_binary() -> str:
    root = Path(__file__).resolve().parent.parent
    command = ["cargo", "bench", "--bench", "movie", "--no-run"]
    built = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True)
    return str(root / re.search(r"\((\S*movie-\S*)\)", built.stderr).group(1))


def arrays() -> list:
    u, v = np.meshgrid(np.linspace(-4, 4, 100), np.linspace(-4, 4, 100))
    out = []
    for k in range(FRAMES):
        c, s = np.cos(2 * np.pi * k / FRAMES), np.sin(2 * np.pi * k / FRAMES)
        out.append(np.exp(-0.5 * ((u * c + v * s) ** 2 + ((v * c - u * s) / 0.4) ** 2)))
    return out


def cpu() -> float:
    t = os.times()
    return t.user + t.system + t.children_user + t.children_system


def of_matplotlib(frames: list, file: str) -> None:
    figure, axes = plt.subplots(figsize=(6.4, 4.8), dpi=100)
    image = axes.imshow(frames[0], origin="lower", extent=EXTENT, vmin=0, vmax=1, cmap="viridis")
    figure.colorbar(image)
    movie = animation.FuncAnimation(figure, lambda k: (image.set_data(frames[k]),), frames=FRAMES, blit=False)
    movie.save(file, writer=animation.FFMpegWriter(fps=FPS))
    plt.close(figure)


def of_celluloid(frames: list, file: str) -> None:
    figure, axes = plt.subplots(figsize=(6.4, 4.8), dpi=100)
    camera = Camera(figure)
    for frame in frames:
        axes.imshow(frame, origin="lower", extent=EXTENT, vmin=0, vmax=1, cmap="viridis")
        camera.snap()
    camera.animate(interval=1000 / FPS).save(file, writer="ffmpeg")
    plt.close(figure)


def main() -> None:
    binary = sys.argv[1] if len(sys.argv) > 1 else bench_binary()
    frames, best = arrays(), {}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(ROUNDS):
            for name, draw in (("matplotlib", of_matplotlib), ("celluloid", of_celluloid)):
                before = cpu()
                draw(frames, f"{folder}/{name}.mp4")
                best[name] = min(best.get(name, np.inf), cpu() - before)
            for ending in ("mp4", "gif", "avi", "png"):
                command = [binary, "--case", ending, str(FRAMES), f"{folder}/densitas.{ending}"]
                took = json.loads(subprocess.check_output(command))["cpu_s"]
                best[f"densitas {ending}"] = min(best.get(f"densitas {ending}", np.inf), took)
    print("| program | CPU ms a frame |\n|---|---|")
    for name, seconds in best.items():
        print(f"| {name} | {1e3 * seconds / FRAMES:.1f} |")


if __name__ == "__main__":
    main()
