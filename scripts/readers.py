"""Opens what densitas writes with the readers that its users have, and what those write with densitas.

    scripts/readers.py path/to/densitas

Needs numpy, gemmi, mrcfile, GridDataFormats, pynrrd, vtk, tifffile and trimesh; `scripts/readers.sh` brings them. Not part
of the README's test command, which needs no Python.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import gemmi
import gridData
import mrcfile
import nrrd
import numpy as np
import tifffile
import trimesh
import vtk
from vtk.util.numpy_support import vtk_to_numpy

DENSITAS = Path(sys.argv[1]).resolve()
# Origin a multiple of the spacing, so that gemmi, which reads NSTART only, places it too. All sides differ.
BOX = "--bounds=-3,5,-2,4,1,6"
GRID = "17,13,11"
ORIGIN, SPACING = np.array([-3.0, -2.0, 1.0]), np.array([0.5, 0.5, 0.5])


def densitas(*arguments):
    out = subprocess.run([DENSITAS, *map(str, arguments)], capture_output=True, text=True)
    assert out.returncode == 0, f"{arguments}: {out.stderr}"
    return out.stdout


def same(what, found, expected, tolerance=0.0):
    found, expected = np.asarray(found, float), np.asarray(expected, float)
    assert found.shape == expected.shape, f"{what}: shape {found.shape}, expected {expected.shape}"
    error = np.abs(found - expected).max()
    assert error <= tolerance, f"{what}: off by {error}, at most {tolerance} is allowed"
    print(f"  {what}: the same")


def read_map(path, values):
    """What all readers of MRC and CCP4 agree on."""
    with mrcfile.open(path) as mrc:
        assert mrcfile.validate(path), "mrcfile finds the file invalid"
        same("mrcfile, values as [z, y, x]", mrc.data.transpose(2, 1, 0), values)
        same("mrcfile, voxel size", mrc.voxel_size.tolist(), SPACING, 1e-6)
        origin = mrc.header.origin.tolist()
        assert (mrc.header.mapc, mrc.header.mapr, mrc.header.maps) == (1, 2, 3)
    ccp4 = gemmi.read_ccp4_map(str(path))
    start = [ccp4.header_i32(word) for word in (5, 6, 7)]
    cell = ccp4.grid.unit_cell
    spacing = np.array([cell.a, cell.b, cell.c]) / [ccp4.header_i32(word) for word in (8, 9, 10)]
    same("gemmi, values", np.array(ccp4.grid, copy=False), values)
    same("gemmi, spacing", spacing, SPACING, 1e-6)
    same("gemmi, place of the first node", start * spacing, ORIGIN, 1e-6)
    grid = gridData.Grid(str(path), file_format="mrc")
    same("GridDataFormats, values", grid.grid, values)
    same("GridDataFormats, spacing", grid.delta, SPACING, 1e-6)
    return origin, grid.origin


def read_mrc(path, values):
    origin, _ = read_map(path, values)
    same("mrcfile, origin", origin, ORIGIN, 1e-6)


def read_ccp4(path, values):
    _, origin = read_map(path, values)
    same("GridDataFormats, origin", origin, ORIGIN, 1e-6)


def read_dx(path, values):
    grid = gridData.Grid(str(path))
    same("GridDataFormats of DX, values", grid.grid.astype("f4"), values)
    same("GridDataFormats of DX, origin", grid.origin, ORIGIN)
    same("GridDataFormats of DX, spacing", grid.delta, SPACING)


def read_nrrd(path, values):
    data, header = nrrd.read(str(path))
    same("pynrrd, values", data, values)
    same("pynrrd, directions", header["space directions"], np.diag(SPACING))
    same("pynrrd, origin", header["space origin"], ORIGIN)


def read_vti(path, values):
    reader = vtk.vtkXMLImageDataReader()
    reader.SetFileName(str(path))
    reader.Update()
    image = reader.GetOutput()
    data = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions(), order="F")
    same("VTK, values", data, values)
    same("VTK, origin", image.GetOrigin(), ORIGIN)
    same("VTK, spacing", image.GetSpacing(), SPACING)


def read_tif(path, values):
    with tifffile.TiffFile(path) as tif:
        assert tif.is_imagej, "not taken for ImageJ's"
        series, meta, page = tif.series[0], tif.imagej_metadata, tif.pages[0]
        assert series.axes == "ZYX", series.axes
        same("tifffile, values as [z, y, x]", series.asarray().transpose(2, 1, 0), values)
        pixels = [page.tags[name].value for name in ("XResolution", "YResolution")]
        spacing = [d / n for n, d in pixels] + [meta["spacing"]]
        same("tifffile, spacing", spacing, SPACING, 1e-9)
        origin = [-float(meta[key]) * s for key, s in zip(("xorigin", "yorigin", "zorigin"), spacing)]
        same("tifffile, origin", origin, ORIGIN, 1e-6)


def write_all(folder, values):
    """The same grid as others write it: each path with the tolerance of its place and of its values."""
    with mrcfile.new(folder / "mrcfile.mrc") as mrc:
        mrc.set_data(values.transpose(2, 1, 0).astype("f4"))
        mrc.voxel_size = tuple(SPACING)
        mrc.header.origin.x, mrc.header.origin.y, mrc.header.origin.z = ORIGIN
    yield "mrcfile.mrc"
    for mode, name in (("i2", "int16.mrc"), ("u2", "uint16.mrc"), ("f2", "float16.mrc")):
        with mrcfile.new(folder / name) as mrc:
            mrc.set_data((values.transpose(2, 1, 0) * 1000).astype(mode))
            mrc.voxel_size = tuple(SPACING)
            mrc.header.origin.x, mrc.header.origin.y, mrc.header.origin.z = ORIGIN
        yield name
    grid = gridData.Grid(values, origin=ORIGIN, delta=SPACING)
    grid.export(str(folder / "griddata.dx"))
    yield "griddata.dx"
    for encoding in ("raw", "gzip", "ascii"):
        name = f"pynrrd-{encoding}.nrrd"
        header = {"space dimension": 3, "space directions": np.diag(SPACING), "space origin": ORIGIN, "encoding": encoding}
        nrrd.write(str(folder / name), values, header)
        yield name
    nrrd.write(str(folder / "detached.nhdr"), values, {**header, "encoding": "raw"}, detached_header=True)
    yield "detached.nhdr"
    image = vtk.vtkImageData()
    image.SetDimensions(values.shape)
    image.SetOrigin(ORIGIN)
    image.SetSpacing(SPACING)
    image.AllocateScalars(vtk.VTK_FLOAT, 1)
    vtk_to_numpy(image.GetPointData().GetScalars())[:] = values.ravel(order="F")
    image.GetPointData().GetScalars().SetName("density")
    for mode, set_mode in (("ascii", "SetDataModeToAscii"), ("binary", "SetDataModeToBinary"), ("appended", "SetDataModeToAppended")):
        for pack in (True, False):
            for encode in (True, False):
                name = f"vtk-{mode}-{pack}-{encode}.vti"
                writer = vtk.vtkXMLImageDataWriter()
                writer.SetFileName(str(folder / name))
                getattr(writer, set_mode)()
                writer.SetEncodeAppendedData(encode)
                writer.SetBlockSize(4096)
                if not pack:
                    writer.SetCompressorTypeToNone()
                else:
                    writer.SetCompressorTypeToZLib()
                writer.SetInputData(image)
                assert writer.Write()
                yield name
    stack = values.transpose(2, 1, 0).astype("f4")
    metadata = {"axes": "ZYX", "spacing": SPACING[2], "unit": "nm"}
    tifffile.imwrite(folder / "imagej.tif", stack, imagej=True, resolution=tuple(1 / SPACING[:2]), metadata=metadata)
    yield "imagej.tif"
    sizes = {f"PhysicalSize{axis}": s for axis, s in zip("XYZ", SPACING)}
    units = {f"PhysicalSize{axis}Unit": "nm" for axis in "XYZ"}
    for name, options in (("ome.ome.tif", {}), ("ome-deflate.ome.tif", {"compression": "zlib", "tile": (16, 16)})):
        tifffile.imwrite(folder / name, stack, metadata={"axes": "ZYX", **sizes, **units}, **options)
        yield name


def read_with_densitas(folder, values):
    for name in write_all(folder, values):
        told = json.loads(densitas("info", folder / name, "--json"))
        scaled = values * 1000 if name.startswith(("int16", "uint16", "float16")) else values
        kind = {"int16.mrc": "i2", "uint16.mrc": "u2", "float16.mrc": "f2"}.get(name, "f4")
        same(f"densitas of {name}, shape", told["shape"], values.shape)
        same("spacing", told["spacing"], SPACING, 1e-6)
        origin = [0, 0, 0] if name.endswith(".tif") else ORIGIN
        same("origin", told["origin"], origin, 1e-6)
        densitas("density", folder / name, "-o", folder / "again.npy")
        # GridDataFormats and VTK's text write fewer digits than f32 has.
        digits = 5.1e-7 if name == "griddata.dx" else 1e-6 * np.abs(scaled).max() if "ascii" in name else 0.0
        same("values", np.load(folder / "again.npy"), scaled.astype(kind), digits)


def read_points(folder):
    """Atoms with their density, in gemmi."""
    rng = np.random.default_rng(1)
    lines = [
        f"ATOM  {i + 1:5}  CA  ALA A{i + 1:4}    {x:8.3f}{y:8.3f}{z:8.3f}  1.00 10.00           C  "
        for i, (x, y, z) in enumerate(rng.normal(0, 10, (50, 3)))
    ]
    (folder / "in.pdb").write_text("\n".join(lines) + "\n")
    densitas("density", folder / "in.pdb", "--at-points", folder / "at.npy")
    expected = np.load(folder / "at.npy")
    for name, digits in (("out.pdb", 0.0051), ("out.cif", 5.1e-5)):
        told = json.loads(densitas("density", folder / "in.pdb", "--at-points", folder / name, "--json"))
        # A structure owns its atoms.
        written, source = (gemmi.read_structure(str(folder / file)) for file in (name, "in.pdb"))
        atoms = [site.atom for site in written[0].all()]
        places = [site.atom.pos.tolist() for site in source[0].all()]
        same(f"gemmi of {name}, positions", [a.pos.tolist() for a in atoms], places, 1e-9)
        scale = 10.0 ** told["bfactor_exponent"]
        same(f"gemmi of {name}, density as B factor", [a.b_iso for a in atoms], expected * scale, digits)


def read_surfaces(folder):
    """Surfaces in trimesh: closed, of the area and volume told, and those of a Gaussian's sphere."""
    sigma, center = 2.0, np.array([1.0, 2.0, 3.0])
    straight = np.diag([0.2, 0.25, 0.22])
    oblique = np.array([[0.2, 0, 0], [0.06, 0.19, 0], [-0.05, 0.04, 0.21]])
    noise = np.random.default_rng(1).normal(size=(24, 25, 26)).astype("f4")
    for name, steps in (("straight", straight), ("oblique", oblique)):
        shape = np.array([70, 70, 70])
        origin = center - (shape - 1) @ steps / 2 + 0.03
        places = origin + np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1) @ steps
        values = np.exp(-((places - center) ** 2).sum(-1) / (2 * sigma**2)).astype("f4")
        header = {"space dimension": 3, "space directions": steps, "space origin": origin}
        nrrd.write(str(folder / f"{name}.nrrd"), values, header)
        for ending in ("stl", "ply", "obj", "glb"):
            path = folder / f"{name}.{ending}"
            out = densitas("density", folder / f"{name}.nrrd", "--iso", np.exp(-0.5), "-o", path, "--json")
            told = json.loads(out)["surfaces"][0]
            mesh = trimesh.load(str(path), force="mesh")
            assert mesh.is_watertight and mesh.is_winding_consistent and mesh.euler_number == 2, f"{path.name} is open"
            same(f"trimesh of {path.name}, area", mesh.area, told["area"], 1e-5 * told["area"])
            same(f"trimesh of {path.name}, volume", mesh.volume, told["volume"], 1e-5 * told["volume"])
            same("area of the sphere", mesh.area, 4 * np.pi * sigma**2, 0.006 * told["area"])
            same("volume of the sphere", mesh.volume, 4 / 3 * np.pi * sigma**3, 0.01 * told["volume"])
            outward = mesh.vertices - center
            same("radius", np.linalg.norm(outward, axis=1), np.full(len(outward), sigma), 0.003 * sigma)
            if ending != "stl":
                # Without `process` trimesh keeps the normals of the file.
                scene = trimesh.load(str(path), process=False)
                mesh = scene if isinstance(scene, trimesh.Trimesh) else next(iter(scene.geometry.values()))
                outward = mesh.vertices - center
                same("normals", mesh.vertex_normals, outward / np.linalg.norm(outward, axis=1)[:, None], 0.005)
    # What is hard: noise, and whole numbers at the level itself, cut off by the box.
    for name, values in (("noise", noise), ("whole", np.round(noise))):
        nrrd.write(str(folder / f"{name}.nrrd"), values, {**header, "space origin": [1e3, 0, 0]})
        for ending in ("stl", "ply", "obj", "glb"):
            path = folder / f"{name}.{ending}"
            told = json.loads(densitas("density", folder / f"{name}.nrrd", "--iso", 1, "-o", path, "--json"))
            mesh = trimesh.load(str(path), force="mesh")
            assert mesh.is_watertight and mesh.is_winding_consistent, f"{path.name} is open"
            volume = told["surfaces"][0]["volume"]
            same(f"trimesh of {path.name}, volume", mesh.volume, volume, 1e-3 * volume)


def main():
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        densitas("density", "sample:founding", BOX, "--grid", GRID, "-o", folder / "d.npy")
        values = np.load(folder / "d.npy")
        assert values.shape == (17, 13, 11) and np.unique(values).size > 2000, "the grid is not that of the options"
        for ending, check in (("mrc", read_mrc), ("ccp4", read_ccp4), ("dx", read_dx), ("nrrd", read_nrrd), ("vti", read_vti), ("tif", read_tif)):
            path = folder / f"d.{ending}"
            densitas("density", "sample:founding", BOX, "--grid", GRID, "-o", path)
            print(f".{ending}")
            check(path, values)
        read_with_densitas(folder, values)
        read_points(folder)
        read_surfaces(folder)
        print("every reader agrees")


main()
