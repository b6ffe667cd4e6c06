//! Axis orders, reversed and oblique axes, and that what is written is read again.

use super::*;
use crate::geometry::Box3;
use crate::io::{Input, Source, read_bytes};
use crate::progress::Silent;

/// Values 0, 1, 2, ... in the order of the file.
fn raw(shape: [usize; 3], steps: [DVec3; 3]) -> Raw {
    Raw {
        format: "test",
        shape,
        origin: DVec3::new(10.0, 20.0, 30.0),
        steps,
        values: (0..shape.iter().product::<usize>()).map(|v| v as f32).collect(),
        unit: None,
        notes: Vec::new(),
        warnings: Vec::new(),
    }
}

fn finish(raw: Raw) -> VolumeInput {
    raw.finish(&ReadOptions::default(), "t").unwrap()
}

#[test]
fn axes_in_another_order_are_turned() {
    // Columns run along y, rows along z, sections along x.
    let volume = finish(raw([2, 3, 4], [DVec3::Y, DVec3::Z * 2.0, DVec3::X * 3.0]));
    let lattice = volume.grid.lattice;
    assert_eq!((lattice.shape, lattice.spacing), ([4, 2, 3], DVec3::new(3.0, 1.0, 2.0)));
    // (i, j, k) along x, y, z is j + 2 (k + 3 i) in the file.
    let at = |i: usize, j: usize, k: usize| volume.grid.values[i + 4 * (j + 2 * k)];
    assert_eq!([at(0, 0, 0), at(1, 0, 0), at(0, 1, 0), at(0, 0, 1), at(3, 1, 2)], [0.0, 6.0, 1.0, 2.0, 23.0]);
    assert_eq!((lattice.origin, volume.steps), (DVec3::new(10.0, 20.0, 30.0), None));
}

#[test]
fn axes_that_run_downward_are_turned_round() {
    let volume = finish(raw([3, 2, 2], [-DVec3::X, DVec3::Y, DVec3::Z]));
    assert_eq!(volume.grid.lattice.origin, DVec3::new(8.0, 20.0, 30.0));
    assert_eq!(volume.grid.values[..6], [2.0, 1.0, 0.0, 5.0, 4.0, 3.0]);
}

#[test]
fn oblique_axes_stay_as_they_are_and_are_interpolated() {
    let steps = [DVec3::X, DVec3::new(0.5, 1.0, 0.0), DVec3::Z];
    let shape = [9, 7, 3];
    // A value linear in position is interpolated exactly.
    let plane = |p: DVec3| p.x + 2.0 * p.y - p.z;
    let mut oblique = raw(shape, steps);
    oblique.values = (0..9 * 7 * 3)
        .map(|at| {
            let [i, j, k] = [at % 9, at / 9 % 7, at / 63].map(|v| f64::from(v as u32));
            plane(oblique.origin + steps[0] * i + steps[1] * j + steps[2] * k) as f32
        })
        .collect();
    let volume = finish(oblique);
    assert_eq!((volume.steps, volume.grid.lattice.shape), (Some(steps), shape));
    let (least, most) = (volume.grid.statistics().min, volume.grid.statistics().max);
    let (grid, note) = volume.into_grid();
    assert!(note.is_some());
    let bounds = grid.lattice.bounds();
    assert!((bounds.min - DVec3::new(10.0, 20.0, 30.0)).length() < 1e-12 && bounds.max.x >= 21.0 - 1e-9, "{bounds:?}");
    let [nx, ny, nz] = grid.lattice.shape;
    let mut inside = 0;
    for at in 0..nx * ny * nz {
        let p = grid.lattice.node_at(at);
        let x = p.x - 10.0 - 0.5 * (p.y - 20.0);
        let is_inside = (1e-6..8.0 - 1e-6).contains(&x) && p.y < 26.0 + 1e-9 && p.z < 32.0 + 1e-9;
        let value = f64::from(grid.values[at]);
        assert!((least..=most).contains(&value));
        if is_inside {
            inside += 1;
            assert!((value - plane(p)).abs() < 1e-5, "{p}: {value}");
        }
    }
    assert!(inside > 100, "{inside}");
}

#[test]
fn outside_of_an_oblique_volume_is_0_or_the_nearest_value_and_told() {
    // In the plane x y a parallelogram of 4 by 4 nodes: x - y and y are from 0 to 3.
    let steps = [DVec3::X, DVec3::new(1.0, 1.0, 0.0), DVec3::Z];
    for (least, outside) in [(-5.0, "0"), (2.0, "2"), (-50.0, "-3")] {
        let mut oblique = raw([4, 4, 2], steps);
        oblique.values = (0..32).map(|at| if at == 0 { least } else { least + 47.0 * at as f32 / 31.0 }).collect();
        let volume = finish(oblique);
        let most = volume.grid.statistics().max;
        let (grid, note) = volume.into_grid();
        let lattice = &grid.lattice;
        let [nx, ny, nz] = lattice.shape;
        let is_outside = |at: &usize| {
            let p = lattice.node_at(*at) - lattice.origin;
            let inside = -1e-6..=3.0 + 1e-6;
            !(inside.contains(&(p.x - p.y)) && inside.contains(&p.y))
        };
        let there: Vec<usize> = (0..nx * ny * nz).filter(is_outside).collect();
        let value: f32 = outside.parse().unwrap();
        assert!(there.len() > nx * ny * nz / 4 && there.iter().all(|at| (grid.values[*at] - value).abs() < 1e-5));
        let told = note.unwrap();
        assert!(told.contains(&format!("{} lie outside the volume and are {outside}", there.len())), "{told}");
        let s = grid.statistics();
        assert!(s.min >= f64::from(least) - 1e-5 && s.max <= most + 1e-5, "{s:?}");
    }
}

#[test]
fn steps_that_span_nothing_and_values_that_are_none_are_refused() {
    for steps in [[DVec3::X, DVec3::X, DVec3::Z], [DVec3::X, DVec3::ZERO, DVec3::Z], [DVec3::NAN, DVec3::Y, DVec3::Z]] {
        assert!(raw([2, 2, 2], steps).finish(&ReadOptions::default(), "t").is_err(), "{steps:?}");
    }
    let nan = |n: usize| {
        let mut raw = raw([2, 2, 2], straight(DVec3::ONE));
        raw.values[..n].fill(f32::NAN);
        raw.finish(&ReadOptions::default(), "t")
    };
    assert_eq!(nan(3).unwrap().warnings, ["3 of 8 values of the volume are not finite"]);
    assert!(nan(8).unwrap_err().to_string().contains("none of the 8 values"));
}

fn read(bytes: &[u8], name: &str) -> Result<VolumeInput> {
    match read_bytes(bytes, &Source::Path(name.into()), &ReadOptions::default(), &Silent)? {
        Input::Volume(volume) => Ok(volume),
        Input::Points(_) => panic!("{name} is read as points"),
    }
}

#[test]
fn what_is_written_is_read_again() {
    let bounds = Box3 { min: DVec3::new(-3.0, 1.25, 40.0), max: DVec3::new(-1.0, 2.0, 43.0) };
    let lattice = Lattice::spanning(bounds, [5, 4, 7]).unwrap();
    let values: Vec<f32> = (0..140).map(|v| (v as f32 * 0.37).sin() * 1e-4).collect();
    let folder = std::env::temp_dir().join(format!("densitas-volume-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for (unit, content) in [
        (None, Values::Other),
        (Some(LengthUnit::Angstrom), Values::Density),
        (Some(LengthUnit::Nanometre), Values::Density),
        (Some(LengthUnit::Nanometre), Values::PerVolume),
        // Catches: counts, or grey values, that are divided by a volume.
        (Some(LengthUnit::Nanometre), Values::Counts),
        (Some(LengthUnit::Micrometre), Values::Other),
    ] {
        let grid = DensityGrid::new(lattice, values.clone(), unit).unwrap();
        for name in ["t.mrc", "t.ccp4", "t.dx", "t.nrrd", "t.vti", "t.tif"] {
            let path = folder.join(name);
            let format = VolumeFormat::of(&path).unwrap();
            let notes = write_volume(&path, format, &grid, content, None).unwrap();
            let volume = read(&std::fs::read(&path).unwrap(), name).unwrap();
            let is_map = matches!(format, VolumeFormat::Mrc | VolumeFormat::Ccp4);
            assert!(!notes.iter().any(|note| note.contains("gemmi")), "{notes:?}");
            let length = match unit {
                Some(unit) if is_map => unit.convert(1.0, LengthUnit::Angstrom).unwrap(),
                _ => 1.0,
            };
            let density =
                if matches!(content, Values::Density | Values::PerVolume) { length.powi(-3) as f32 } else { 1.0 };
            let found = volume.grid.lattice;
            assert_eq!(found.shape, lattice.shape, "{name}");
            assert!((found.origin / length - lattice.origin).length() < 2e-5, "{name}: {}", found.origin);
            assert!((found.spacing / length - lattice.spacing).length() < 1e-6, "{name}: {}", found.spacing);
            let close = |(a, b): (&f32, &f32)| (a - b * density).abs() <= 1e-6 * density * b.abs();
            assert!(std::iter::zip(&volume.grid.values, &values).all(close), "{name}");
            let expected = if is_map { Some(LengthUnit::Angstrom) } else { unit };
            assert_eq!((volume.grid.unit, volume.content), (expected, content), "{name}");
            assert!(volume.warnings.is_empty(), "{name}: {:?}", volume.warnings);
        }
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_map_on_nodes_has_starts_and_one_beside_them_an_origin() {
    let words = |origin: f64, name: &str| {
        let lattice = Lattice { shape: [2, 2, 2], origin: DVec3::splat(origin), spacing: DVec3::splat(0.5) };
        let grid = DensityGrid::new(lattice, vec![1.0f32; 8], None).unwrap();
        let mut bytes = Vec::new();
        mrc::write(&mut bytes, &grid, name.ends_with("ccp4"), Values::Density).unwrap();
        let word = |at: usize| bytes[at..at + 4].try_into().unwrap();
        assert_eq!(read(&bytes, name).unwrap().grid.lattice, lattice, "{name}");
        let path = std::env::temp_dir().join(format!("densitas-starts-{}-{name}", std::process::id()));
        let notes = write_volume(&path, VolumeFormat::of(&path).unwrap(), &grid, Values::Density, None).unwrap();
        std::fs::remove_file(path).unwrap();
        assert_eq!(notes.iter().any(|note| note.contains("gemmi")), origin == 0.25, "{notes:?}");
        (i32::from_le_bytes(word(16)), f32::from_le_bytes(word(196)))
    };
    assert_eq!((words(-3.0, "t.mrc"), words(-3.0, "t.ccp4")), ((-6, -3.0), (-6, 0.0)));
    assert_eq!((words(0.25, "t.mrc"), words(0.25, "t.ccp4")), ((0, 0.25), (0, 0.25)));
}

#[test]
fn f64_is_written_exactly_where_the_format_holds_it() {
    let lattice = Lattice { shape: [2, 2, 2], origin: DVec3::ZERO, spacing: DVec3::ONE };
    let grid = DensityGrid::new(lattice, vec![0.1f64; 8], None).unwrap();
    let mut bytes = Vec::new();
    nrrd::write(&mut bytes, &grid, Values::Density).unwrap();
    assert!(bytes.ends_with(&0.1f64.to_le_bytes()));
    let mut text = Vec::new();
    dx::write(&mut text, &grid, Values::Density).unwrap();
    assert!(String::from_utf8(text).unwrap().contains("\n1e-1 1e-1 1e-1\n"));
}

/// A header of MRC with these words set, and data.
fn mrc(words: &[(usize, i32)], data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 1024];
    let fixed = [(0, 2), (4, 3), (8, 1), (28, 2), (32, 3), (36, 1), (208, i32::from_le_bytes(*b"MAP ")), (212, 0x4444)];
    for (at, word) in fixed.iter().chain(words) {
        bytes[*at..at + 4].copy_from_slice(&word.to_le_bytes());
    }
    for (at, length) in [(40, 2f32), (44, 3.0), (48, 1.0)] {
        bytes[at..at + 4].copy_from_slice(&length.to_le_bytes());
    }
    bytes.extend(data);
    bytes
}

#[test]
fn every_mode_of_mrc_is_read_in_both_byte_orders() {
    let first = |bytes: &[u8]| read(bytes, "t.mrc").unwrap().grid.values[..2].to_vec();
    assert_eq!(first(&mrc(&[(12, 0)], &[255, 1, 0, 0, 0, 0])), [-1.0, 1.0]);
    // IMOD's bytes without the flag are unsigned.
    assert_eq!(first(&mrc(&[(12, 0), (152, 1_146_047_817)], &[255, 1, 0, 0, 0, 0])), [255.0, 1.0]);
    assert_eq!(first(&mrc(&[(12, 1)], &[254, 255, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0])), [-2.0, 1.0]);
    assert_eq!(first(&mrc(&[(12, 6)], &[254, 255, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0])), [65534.0, 1.0]);
    assert_eq!(first(&mrc(&[(12, 12)], &[0, 0xc2, 0, 0x3c, 0, 0, 0, 0, 0, 0, 0, 0])), [-3.0, 1.0]);
    assert_eq!(first(&mrc(&[(12, 101)], &[0x3f, 0, 0])), [15.0, 3.0]);
    let mut big = mrc(&[(12, 2)], &[1.5f32.to_le_bytes(); 6].concat());
    big.chunks_exact_mut(4).for_each(<[u8]>::reverse);
    big[208..216].copy_from_slice(b"MAP \x11\x11\0\0");
    assert_eq!(first(&big), [1.5, 1.5]);
    for (mode, expected) in [(3, "Fourier"), (4, "Fourier"), (7, "mode 7")] {
        let error = read(&mrc(&[(12, mode)], &[0; 48]), "t.mrc").unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn headers_of_mrc_that_cannot_be_are_told_by_their_byte() {
    let data = [0u8; 24];
    for (words, expected) in [
        (&[(12, 2), (0, -1)][..], "byte 0"),
        (&[(12, 2), (64, 1), (68, 1), (72, 3)], "byte 64"),
        (&[(12, 2), (92, 25)], "byte 92"),
        (&[(12, 2), (8, 2)], "48 bytes, the file holds 24"),
    ] {
        let error = read(&mrc(words, &data), "t.mrc").unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let more = read(&mrc(&[(12, 2)], &[0; 30]), "t.mrc").unwrap();
    assert_eq!(more.warnings, ["6 bytes after the values are not read"]);
    assert!(read(&mrc(&[], &data)[..1000], "t.mrc").unwrap_err().to_string().contains("within the header"));
}

#[test]
fn cubes_are_read_in_bohr_and_in_angstrom() {
    let cube = |n: &str| {
        format!(
            "a\nb\n  1 1.0 0.0 0.0\n {n} 0.5 0 0\n 2 0 0.5 0\n 3 0 0 0.5\n 8 8.0 0 0 0\n0 1 2 3 4 5\n6 7 8 9 10 11\n"
        )
    };
    let bohr = read(cube("2").as_bytes(), "t").unwrap();
    assert_eq!((bohr.format, bohr.grid.lattice.shape), ("cube", [2, 2, 3]));
    assert!((bohr.grid.lattice.origin.x - 0.529177210903).abs() < 1e-12);
    assert_eq!(bohr.grid.values[..4], [0.0, 6.0, 3.0, 9.0]);
    let angstrom = read(cube("-2").as_bytes(), "t.cube").unwrap();
    assert_eq!(angstrom.grid.lattice.spacing, DVec3::splat(0.5));
    let cut = cube("2").replace(" 11", "");
    assert!(read(cut.as_bytes(), "t.cube").unwrap_err().to_string().contains("after 11 of 12 values"));
    // Two orbitals, their numbers on a line; the first is read.
    let two = "a\nb\n-1 0 0 0\n1 1 0 0\n1 0 1 0\n2 0 0 1\n8 8.0 0 0 0\n 2 5 6\n1 2 3 4\n";
    let orbitals = read(two.as_bytes(), "t.cube").unwrap();
    assert_eq!((orbitals.grid.values.as_slice(), orbitals.warnings.len()), ([1.0, 3.0].as_slice(), 1));
}

#[test]
fn tables_are_not_taken_for_cubes() {
    let table = "# made by x\n# id x y z\n1 0.5 0.5 0.5\n2 0.5 0.5 0.5\n3 1.5 0.5 0.5\n4 0.5 2.5 0.5\n5 0.5 0.5 0.5\n";
    assert!(matches!(
        read_bytes(table.as_bytes(), &Source::Path("t".into()), &ReadOptions::default(), &Silent),
        Ok(Input::Points(_))
    ));
}

#[test]
fn nrrd_is_read_in_all_its_encodings() {
    let head = "NRRD0005\ntype: short\ndimension: 3\nsizes: 2 1 2\nspacings: 0.5 1 nan\nendian: big\n";
    let values = |bytes: &[u8]| read(bytes, "t.nrrd").map(|v| v.grid.values);
    let raw = [head.as_bytes(), b"encoding: raw\n\n\0\x01\xff\xff\0\x03\0\x04"].concat();
    assert_eq!(values(&raw).unwrap(), [1.0, -1.0, 3.0, 4.0]);
    let skip = [head.as_bytes(), b"encoding: raw\nbyte skip: -1\n\nxyz\0\x01\xff\xff\0\x03\0\x04"].concat();
    assert_eq!(values(&skip).unwrap(), [1.0, -1.0, 3.0, 4.0]);
    let lines = [head.as_bytes(), b"encoding: raw\nline skip: 1\n\nline\n\0\x01\xff\xff\0\x03\0\x04"].concat();
    assert_eq!(values(&lines).unwrap(), [1.0, -1.0, 3.0, 4.0]);
    assert_eq!(values(format!("{head}encoding: hex\n\n0001FFFF 0003 0004\n").as_bytes()).unwrap()[1], -1.0);
    let text =
        read(format!("{head}encoding: ascii\nunits: \"nm\" \"nm\" \"nm\"\n\n1 -1\n3 4").as_bytes(), "t.nrrd").unwrap();
    assert_eq!((text.grid.values[1], text.grid.unit), (-1.0, Some(LengthUnit::Nanometre)));
    assert_eq!(text.grid.lattice.spacing, DVec3::new(0.5, 1.0, 1.0));
    for (rest, expected) in [
        ("encoding: bzip2\n\n", ":7: encoding `bzip2`"),
        ("encoding: raw\nbyte skip: -2\n\n", ":8: `byte skip: -2`"),
        ("encoding: raw\n\n123", "need 8 bytes, the file holds 3"),
        ("encoding: raw\n", "within the header"),
        ("encoding: raw\nkinds: domain vector domain\n\n", "kind `vector`"),
        ("encoding: raw\nspace directions: (1,0,0) (0,1)\n\n", "no direction of each axis"),
        ("encoding: raw\ndata file: other.raw\n\n", "other.raw, which cannot be read"),
        ("nonsense\n", ":7: `nonsense` is no `field: value`"),
    ] {
        let error = values(format!("{head}{rest}").as_bytes()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let odd = format!("{head}encoding: text\nmeasurement frame: (1,0,0)\n\n1 2 3 4");
    assert!(read(odd.as_bytes(), "t.nrrd").unwrap().warnings[0].contains("`measurement frame`"));
}

#[test]
fn vti_is_read_as_text_base64_and_in_pieces() {
    let file = |body: &str| {
        format!(
            "<VTKFile type=\"ImageData\" byte_order=\"LittleEndian\"><ImageData WholeExtent=\"0 2 0 1 0 1\" \
             Origin=\"1 0 0\" Spacing=\"0.5 1 1\">{body}</ImageData></VTKFile>"
        )
    };
    let array = |kind: &str, text: &str| {
        format!("<PointData><DataArray type=\"{kind}\" Name=\"d\" {text}</DataArray></PointData>")
    };
    let text = file(&format!("<Piece>{}</Piece>", array("Float32", "format=\"ascii\">0 1 2 3 4 5 6 7 8 9 10 11")));
    let whole = read(text.as_bytes(), "t.vti").unwrap();
    assert_eq!((whole.grid.values.len(), whole.grid.lattice.spacing.x), (12, 0.5));
    // The head says 12 bytes: DAAAAA==, coded with the values.
    let base64 = file(&format!("<Piece>{}</Piece>", array("UInt8", "format=\"binary\">DAAAAAABAgMEBQYHCAkKCw==")));
    assert_eq!(read(base64.as_bytes(), "t.vti").unwrap().grid, whole.grid);
    let pieces = file(&format!(
        "<Piece Extent=\"0 1 0 1 0 1\">{}</Piece><Piece Extent=\"1 2 0 1 0 1\">{}</Piece>",
        array("Int32", "format=\"ascii\">0 1 3 4 6 7 9 10"),
        array("Int32", "format=\"ascii\">1 2 4 5 7 8 10 11")
    ));
    assert_eq!(read(pieces.as_bytes(), "t.vti").unwrap().grid, whole.grid);
    let cells = text.replace("PointData", "CellData").replace("2 3 4 5 6 7 8 9 10 11", "");
    let cells = read(cells.as_bytes(), "t.vti").unwrap();
    assert_eq!((cells.grid.lattice.shape, cells.grid.lattice.origin), ([2, 1, 1], DVec3::new(1.25, 0.5, 0.5)));
    for (wrong, expected) in [
        (text.replace("ImageData", "StructuredGrid"), "ImageData (.vti) and PolyData"),
        (text.replace("10 11", "10"), "11 values, 12 are needed"),
        (text.replace("<VTKFile ", "<VTKFile compressor=\"vtkBrotliDataCompressor\" "), "zlib, LZ4 and LZMA are read"),
        (text.replace("format=", "NumberOfComponents=\"3\" format="), "3 components"),
        (text.replace("0 2 0 1", "0 3000000000 0 3000000000"), "--max-decompressed"),
        (pieces.replace("1 2 0 1 0 1", "1 2 0 1 0 0"), "hold 12 of 12"),
        (text.replace("</Piece>", ""), ":1: its XML is wrong"),
    ] {
        match read(wrong.as_bytes(), "t.vti") {
            Err(error) => assert!(error.to_string().contains(expected) || expected.starts_with("hold"), "{error}"),
            Ok(_) => panic!("{expected}"),
        }
    }
}

/// Written by VTK 9.7's vtkXMLImageDataWriter from these twelve values, its array in base64.
#[test]
fn vtk_packed_by_lz4_and_lzma_is_read() {
    let values = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.5];
    let lz4 = "AQAAAAAQAAAwAAAAIAAAAA==EQABAP8CgD8AAABAAABAQAAAgEAAAKAEAAFQQAAAsEA=";
    let lzma = "AQAAAAAQAAAwAAAAUAAAAA==/Td6WFoAAAFpIt42AsAdMCEBFgDn+afw4AAvABVdAABpnmFwaF8foYEj+uqjZCoqzMsAAAAAAABs+GKj\
        AAEtMGjfdSaQQpkNAQAAAAABWVo=";
    for (packer, array) in [("LZ4", lz4), ("LZMA", lzma)] {
        let file = |array: &str| {
            format!(
                "<VTKFile type=\"ImageData\" byte_order=\"LittleEndian\" compressor=\"vtk{packer}DataCompressor\">\
                 <ImageData WholeExtent=\"0 2 0 1 0 1\"><Piece Extent=\"0 2 0 1 0 1\"><PointData>\
                 <DataArray type=\"Float32\" Name=\"d\" format=\"binary\">{array}</DataArray>\
                 </PointData></Piece></ImageData></VTKFile>"
            )
        };
        assert_eq!(read(file(array).as_bytes(), "t.vti").unwrap().grid.values, values, "{packer}");
        let damaged = file(&array.replace("==EQ", "==//").replace("==/Td6", "==/Td7"));
        let error = read(damaged.as_bytes(), "t.vti").unwrap_err().to_string();
        assert!(error.contains("block 0 of its array is damaged"), "{error}");
    }
}

#[test]
fn binary_and_cut_dx_are_told_by_their_line() {
    let head = "object 1 class gridpositions counts 1 1 3\norigin 0 0 0\ndelta 1 0 0\ndelta 0 1 0\ndelta 0 0 1\n";
    let array = "object 3 class array type float rank 0 items 3 data follows\n";
    let more = read(format!("{head}{array}1 2 3\n4\n").as_bytes(), "t").unwrap();
    assert_eq!((more.warnings.len(), more.grid.values), (1, vec![1.0, 2.0, 3.0]));
    for (text, expected) in [
        (format!("{head}{array}1 2\n"), ":7: the file ends after 2 of 3"),
        (format!("{head}{array}1 x 2\n"), ":7: `x` is no number"),
        (format!("{head}{}", array.replace("data", "lsb ieee data")), ":6: `object 3"),
        (format!("{head}{}", array.replace("items 3", "items 4")), ":6: the array has 4 values, the grid 3"),
        (array.to_owned(), ":1: the array begins before"),
        (head.to_owned(), ":5: the file ends before"),
        (head.replace("0 0 0", "0 0"), ":2: `origin 0 0` needs three numbers"),
    ] {
        let error = read(text.as_bytes(), "t.dx").unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

/// Catches: a vector taken for the values, one of several arrays taken without a word, a choice that is not heard.
#[test]
fn of_the_arrays_of_vti_the_scalars_are_read() {
    let array = |name: &str, components: usize, first: usize| {
        let values: Vec<String> = (first..first + 8 * components).map(|v| v.to_string()).collect();
        format!(
            "<DataArray type=\"Float32\" Name=\"{name}\" NumberOfComponents=\"{components}\" format=\"ascii\">{}</DataArray>",
            values.join(" ")
        )
    };
    let read = |attribute: &str, arrays: &[String], columns: Option<&str>| {
        let text = format!(
            "<VTKFile type=\"ImageData\"><ImageData WholeExtent=\"0 1 0 1 0 1\"><Piece><PointData {attribute}>{}\
             </PointData></Piece></ImageData></VTKFile>",
            arrays.concat()
        );
        let options = ReadOptions { columns: columns.map(|name| vec![name.to_owned()]), ..ReadOptions::default() };
        read_bytes(text.as_bytes(), &Source::Path("t.vti".into()), &options, &Silent).map(|input| match input {
            Input::Volume(volume) => (volume.grid.values[0], volume.notes.concat(), volume.warnings.concat()),
            Input::Points(_) => panic!("points"),
        })
    };
    let [v, a, b] = [array("v", 3, 0), array("a", 1, 100), array("b", 1, 200)];
    let (first, notes, warnings) = read("Vectors=\"v\"", &[v.clone(), a.clone()], None).unwrap();
    assert!(first == 100.0 && notes.contains("the array is `a`") && warnings.is_empty(), "{notes} {warnings}");
    let (first, notes, _) = read("Scalars=\"b\"", &[a.clone(), b.clone()], None).unwrap();
    assert!(first == 200.0 && notes.contains("not read: `a`"), "{notes}");
    let (first, _, warnings) = read("", &[a.clone(), b.clone()], None).unwrap();
    assert!(first == 100.0 && warnings.contains("of `a`, `b` the first is taken; --columns NAME"), "{warnings}");
    assert_eq!(read("", &[a.clone(), b], Some("b")).unwrap().0, 200.0);
    let error = read("", &[v.clone(), a], Some("v")).unwrap_err();
    assert!(error.exit_code() == 2 && error.to_string().contains("one of its arrays is expected: `a`"), "{error}");
    assert!(read("", &[v], None).unwrap_err().to_string().contains("`v` has 3 components"));
}

/// A TIFF of one page in either byte order, as tifffile's `imwrite(..., photometric='miniswhite')` has it.
fn white_is_zero(is_big: bool, format: u16, bits: u16, data: &[u8]) -> Vec<u8> {
    let short = |v: u16| if is_big { v.to_be_bytes() } else { v.to_le_bytes() };
    let long = |v: u32| if is_big { v.to_be_bytes() } else { v.to_le_bytes() };
    let mut bytes = [&[if is_big { b'M' } else { b'I' }; 2][..], &short(42), &long(8), &short(10)].concat();
    let data_at = 8 + 2 + 10 * 12 + 4;
    let tags: [(u16, u32); 10] = [
        (256, 2),
        (257, 1),
        (258, bits.into()),
        (259, 1),
        (262, 0),
        (273, data_at),
        (277, 1),
        (278, 1),
        (279, data.len() as u32),
        (339, format.into()),
    ];
    for (tag, value) in tags {
        let is_long = matches!(tag, 273 | 279);
        bytes.extend([short(tag), short(if is_long { 4 } else { 3 })].concat());
        bytes.extend(long(1));
        bytes.extend(if is_long { long(value) } else { [short(value as u16), [0; 2]].concat().try_into().unwrap() });
    }
    bytes.extend(long(0));
    bytes.extend(data);
    bytes
}

/// Catches: pages inverted by the decoder, and floats that lose their digits by turning them back.
#[test]
fn pages_of_tiff_whose_white_is_zero_keep_their_values() {
    for is_big in [false, true] {
        let read = |format, bits, data: &[u8]| read(&white_is_zero(is_big, format, bits, data), "t.tif").unwrap();
        let bytes = read(1, 8, &[3, 250]);
        assert_eq!(bytes.grid.values, [3.0, 250.0]);
        assert!(bytes.notes.iter().any(|note| note.contains("white is zero")), "{:?}", bytes.notes);
        let floats = [3.0f32, 1.5e-9];
        let data = floats.map(|v| if is_big { v.to_be_bytes() } else { v.to_le_bytes() }).concat();
        assert_eq!(read(3, 32, &data).grid.values, floats);
        let whole = read(1, 32, &[1; 8]);
        assert!(whole.warnings[0].contains("2 of its whole numbers"), "{:?}", whole.warnings);
    }
}
