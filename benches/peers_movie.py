#!/usr/bin/env python3
"""peers_movie.py [--rounds N]: matplotlib, celluloid and densitas write 60 frames of a heat map of 640 x 480 pixels.

densitas is the program that `cargo build --release` makes; its figures hold start, reading, drawing and encoding, those of
the others drawing and encoding. Printed are processor milliseconds a frame, children (ffmpeg) included, the least of the
rounds; and of densitas what encoding alone takes, by `cargo bench --bench movie`. Needs numpy, matplotlib, celluloid and
ffmpeg.
"""
import argparse
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

FRAMES = 60
FPS = 20
EXTENT = (-4, 4, -4, 4)
ROOT = Path(__file__).resolve().parent.parent


def bench_binary() -> str:
    command = ["cargo", "bench", "--bench", "movie", "--no-run"]
    built = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return str(ROOT / re.search(r"\((\S*movie-\S*)\)", built.stderr).group(1))


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


def of_densitas(array: str, file: str) -> None:
    command = [ROOT / "target/release/densitas", "heatmap", array, "--bounds=-4,4,-4,4", "--limits", "value:0,1", "--quiet"]
    command += ["--size", "640x480", "--fps", str(FPS), "--interpolation", "nearest", "-o", file]
    subprocess.run(command, check=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    rounds, binary = parser.parse_args().rounds, bench_binary()
    frames, best = arrays(), {}
    with tempfile.TemporaryDirectory() as folder:
        array = f"{folder}/frames.npy"
        np.save(array, np.array(frames))
        cases = {
            "matplotlib, FFMpegWriter": lambda: of_matplotlib(frames, f"{folder}/m.mp4"),
            "celluloid": lambda: of_celluloid(frames, f"{folder}/c.mp4"),
        }
        for ending in ("mp4", "gif", "avi", "apng"):
            cases[f"densitas, {ending}"] = lambda ending=ending: of_densitas(array, f"{folder}/d.{ending}")
        for _ in range(rounds):
            for name, draw in cases.items():
                before = cpu()
                draw()
                best[name] = min(best.get(name, np.inf), cpu() - before)
            for ending in ("mp4", "gif", "avi", "png"):
                command = [binary, "--case", ending, str(FRAMES), f"{folder}/e.{ending}"]
                took = json.loads(subprocess.check_output(command))["cpu_s"]
                best[f"densitas, encoding {ending} alone"] = min(best.get(f"densitas, encoding {ending} alone", np.inf), took)
    print("| program | CPU ms a frame | frames a CPU second |\n|---|---|---|")
    for name, seconds in best.items():
        print(f"| {name} | {1e3 * seconds / FRAMES:.1f} | {FRAMES / seconds:.1f} |")


if __name__ == "__main__":
    main()
