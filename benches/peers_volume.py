#!/usr/bin/env python3
"""peers_volume.py [BENCH_BINARY]: VTK's volume mappers and densitas on the same densities, in the same run.

Without an argument the bench is built and found by `cargo bench --bench march --no-run`. Needs numpy and vtk.
Each round draws every picture once with each program, so that a busy machine slows all; printed are medians over
the rounds, in milliseconds of wall clock and (cpu2) of processor time divided by two. Same density (256^3), camera,
size, step (half a voxel) and Mayavi's colours, opacities and lights; read-back included. `gpu` is
vtkGPUVolumeRayCastMapper on Mesa's software OpenGL, `fixed` vtkFixedPointVolumeRayCastMapper.
"""
import colorsys
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import vtk
from vtk.util.numpy_support import numpy_to_vtk

ROUNDS = 3
NODES = 256
SIZE = (800, 600)
FIELDS = ["full", "sparse", "shells"]


def bench_binary() -> str:
    root = Path(__file__).resolve().parent.parent
    command = ["cargo", "bench", "--bench", "march", "--no-run"]
    built = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True)
    return str(root / re.search(r"\((\S*march-\S*)\)", built.stderr).group(1))


def ours(binary: str, field: str, shading: str, file: Path | None = None) -> dict:
    command = [binary, "--case", field, str(NODES), f"{SIZE[0]}x{SIZE[1]}", shading, "3"]
    return json.loads(subprocess.check_output(command + ([str(file)] if file else [])))


def mayavi_property(low: float, high: float, scale: float, shaded: bool) -> vtk.vtkVolumeProperty:
    """Mayavi's transfer functions from `low` to `low + (high - low) / 2`; `scale` is units of the image per unit."""
    middle = low + 0.5 * (high - low)
    at = lambda value: (value - low) * scale if scale != 1.0 else value
    colors, opacity = vtk.vtkColorTransferFunction(), vtk.vtkPiecewiseFunction()
    for i in range(11):
        t = 0.5 * (1 + np.cos((10 - i) * np.pi / 10))
        rgb = [c**0.5 for c in colorsys.hsv_to_rgb((1 - t) * 2 / 3, 1, 1)]
        colors.AddRGBPoint(at(low + t * (middle - low)), *rgb)
    for value, alpha in [(low, 0.0), (middle, 0.2), (high, 0.2)]:
        opacity.AddPoint(at(value), alpha)
    found = vtk.vtkVolumeProperty()
    found.SetColor(colors)
    found.SetScalarOpacity(opacity)
    found.SetScalarOpacityUnitDistance(1.0)
    found.SetInterpolationTypeToLinear()
    if shaded:
        found.ShadeOn()
        found.SetAmbient(0.0)
        found.SetDiffuse(0.7)
        found.SetSpecular(0.2)
        found.SetSpecularPower(10.0)
    return found


class Vtk:
    """One window with one volume."""

    def __init__(self, mapper: str, values: np.ndarray, told: dict, shaded: bool):
        spacing = 2 * told["half"] / (NODES - 1)
        image = vtk.vtkImageData()
        image.SetDimensions(NODES, NODES, NODES)
        image.SetOrigin(*[-told["half"]] * 3)
        image.SetSpacing(*[spacing] * 3)
        low, high = float(values.min()), float(values.max())
        scale = 65535 / (high - low) if mapper == "fixed" else 1.0
        stored = ((values - low) * scale).round().astype(np.uint16) if mapper == "fixed" else values
        image.GetPointData().SetScalars(numpy_to_vtk(stored, deep=1))
        ray_caster = {"gpu": vtk.vtkGPUVolumeRayCastMapper, "fixed": vtk.vtkFixedPointVolumeRayCastMapper}[mapper]()
        ray_caster.SetInputData(image)
        ray_caster.SetAutoAdjustSampleDistances(0)
        ray_caster.SetSampleDistance(0.5 * spacing)
        volume = vtk.vtkVolume()
        volume.SetMapper(ray_caster)
        volume.SetProperty(mayavi_property(low, high, scale, shaded))
        renderer = vtk.vtkRenderer()
        renderer.SetBackground(0.5, 0.5, 0.5)
        renderer.AddVolume(volume)
        camera = renderer.GetActiveCamera()
        camera.SetPosition(*told["position"])
        camera.SetFocalPoint(0, 0, 0)
        camera.SetViewUp(*told["up"])
        camera.SetViewAngle(told["view_angle"])
        renderer.ResetCameraClippingRange()
        self.window = vtk.vtkRenderWindow()
        self.window.SetOffScreenRendering(1)
        self.window.SetMultiSamples(0)
        self.window.SetSize(*SIZE)
        self.window.AddRenderer(renderer)
        self.camera = camera
        self.draw()

    def draw(self) -> tuple[float, float]:
        """Wall and processor time (divided by two) of a picture, in milliseconds."""
        self.camera.Modified()
        wall, cpu = time.perf_counter(), time.process_time()
        self.window.Render()
        pixels = vtk.vtkUnsignedCharArray()
        self.window.GetRGBACharPixelData(0, 0, SIZE[0] - 1, SIZE[1] - 1, 0, pixels)
        return 1e3 * (time.perf_counter() - wall), 500 * (time.process_time() - cpu)


def main() -> None:
    binary = sys.argv[1] if len(sys.argv) > 1 else bench_binary()
    print("| field | shading | program | median ms | cpu2 ms | wall / densitas | cpu2 / densitas |")
    print("|---|---|---|---|---|---|---|")
    for field in FIELDS:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "density.raw"
            told = ours(binary, field, "off", file)
            values = np.fromfile(file, dtype=np.float32)
        for shading in ["off", "on"]:
            peers = {name: Vtk(name, values, told, shading == "on") for name in ["gpu", "fixed"]}
            times: dict[str, list[tuple[float, float]]] = {"densitas": []} | {f"VTK {name}": [] for name in peers}
            for _ in range(ROUNDS):
                run = ours(binary, field, shading)
                times["densitas"].append((run["median"], run["cpu2"]))
                for name, peer in peers.items():
                    times[f"VTK {name}"].append(peer.draw())
            medians = {name: [statistics.median(t[i] for t in all) for i in (0, 1)] for name, all in times.items()}
            for name, (wall, cpu) in medians.items():
                ratios = [a / b for a, b in zip((wall, cpu), medians["densitas"])]
                print(f"| {field} | {shading} | {name} | {wall:.0f} | {cpu:.0f} | {ratios[0]:.1f} | {ratios[1]:.1f} |")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
