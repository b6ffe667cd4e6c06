//! `--unit` says what the numbers of a file are in and converts nothing, in every format.

use densitas::geometry::{Box3, LengthUnit};
use densitas::io::{Chunks, Input, ReadOptions, Source, Trajectory, read, read_bytes};
use densitas::progress::Silent;
use glam::DVec3;

use crate::common::test_data;

const A: Unit = Some(LengthUnit::Angstrom);
const NM: Unit = Some(LengthUnit::Nanometre);
const UM: Unit = Some(LengthUnit::Micrometre);
const M: Unit = Some(LengthUnit::Metre);
const PX: Unit = Some(LengthUnit::Pixel);

type Unit = Option<LengthUnit>;

/// A file; the unit of its numbers, the one they are read in, and what they are multiplied by for it.
const FILES: &[(&str, Unit, Unit, f64)] = &[
    ("structures/1crn.pdb", A, A, 1.0),
    ("structures/1ubq.cif", A, A, 1.0),
    ("structures/1cbs_full.bcif", A, A, 1.0),
    ("structures/1crn_apbs.pqr", A, A, 1.0),
    ("structures/extended.xyz", A, A, 1.0),
    ("structures/ubiquitin.gro", NM, A, 10.0),
    ("trajectories/adk_oplsaa.xtc", NM, A, 10.0),
    ("trajectories/ubiquitin.trr", NM, A, 10.0),
    ("trajectories/adk_dims.dcd", A, A, 1.0),
    ("smlm/ThunderSTORM_TS3D.csv", NM, NM, 1.0),
    ("smlm/picasso_testdata_locs.hdf5", PX, PX, 1.0),
    ("bad_generated/csv_meters.csv", M, NM, 1e9),
    ("points/legacy_DCD_c36_coords.npy", None, None, 1.0),
    ("volumes/EMD-3001.map", A, A, 1.0),
    ("volumes/nAChR_M2_water.plt", A, A, 1.0),
    ("volumes/test.dx", None, None, 1.0),
    ("volumes/hydrogen.vti", None, None, 1.0),
    ("volumes/BallBinary30x30x30.nrrd", None, None, 1.0),
];

/// The same for texts of formats without a file in the test data.
const TEXTS: &[(&str, &str, Unit, Unit, f64)] = &[
    (
        "t.dump",
        "ITEM: UNITS\nnano\nITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n2\nITEM: BOX BOUNDS pp pp pp\n0 4\n0 5\n0 6\n\
         ITEM: ATOMS id type x y z\n1 1 1 2 3\n2 1 2 3 5\n",
        NM,
        A,
        10.0,
    ),
    ("t.cube", "a\nb\n0 1 2 3\n2 0.5 0 0\n2 0 0.5 0\n2 0 0 0.5\n1 2 3 4 5 6 7 8\n", None, A, 0.529_177_210_903),
    ("t.csv", "x_um,y_um,z_um\n1,2,3\n4,5,6\n", UM, UM, 1.0),
];

/// What is compared: the bounds, the edges of the cell, the unit, and what was told.
struct Lengths {
    bounds: Box3,
    cell: Option<[f64; 6]>,
    unit: Unit,
    notes: Vec<String>,
    warnings: Vec<String>,
}

fn lengths(input: Input) -> Lengths {
    match input {
        Input::Points(p) => Lengths {
            bounds: Box3::around(&p.cloud.positions),
            cell: p.cell,
            unit: p.cloud.unit,
            notes: p.notes,
            warnings: p.warnings,
        },
        Input::Volume(v) => {
            let (notes, warnings) = (v.notes.clone(), v.warnings.clone());
            let grid = v.into_grid().0;
            Lengths { bounds: grid.lattice.bounds(), cell: None, unit: grid.unit, notes, warnings }
        }
    }
}

fn declared(unit: Unit) -> ReadOptions {
    ReadOptions { unit, ..ReadOptions::default() }
}

fn assert_near(a: DVec3, b: DVec3, what: &str) {
    assert!((a - b).abs().max_element() <= 1e-12 * b.abs().max_element(), "{what}: {a} instead of {b}");
}

/// Declares every unit of an input in turn.
fn check(name: &str, own: Unit, read_as: Unit, factor: f64, read: impl Fn(&ReadOptions) -> Lengths) {
    let plain = read(&declared(None));
    assert_eq!(plain.unit, read_as, "{name}");
    for unit in [A, NM, UM, M, PX] {
        let what = format!("{name} --unit {}", unit.unwrap());
        let found = read(&declared(unit));
        let divisor = if unit == read_as { 1.0 } else { factor };
        assert_eq!(found.unit, unit, "{what}");
        assert_near(found.bounds.min, plain.bounds.min / divisor, &what);
        assert_near(found.bounds.max, plain.bounds.max / divisor, &what);
        let edges = |cell: Option<[f64; 6]>| cell.map_or(DVec3::ZERO, |c| DVec3::new(c[0], c[1], c[2]));
        assert_near(edges(found.cell), edges(plain.cell) / divisor, &what);
        let contradicts = read_as.is_some() && unit != own && unit != read_as;
        let told = |texts: &[String]| texts.iter().any(|t| t.contains("nothing is converted"));
        assert_eq!(told(&found.warnings), contradicts, "{what}: {:?}", found.warnings);
        let converted = found.notes.iter().any(|n| n.contains("are converted"));
        assert_eq!(converted, factor != 1.0 && unit == read_as, "{what}: {:?}", found.notes);
    }
}

#[test]
fn a_declared_unit_converts_nothing_in_any_format() {
    for (name, text, own, read_as, factor) in TEXTS {
        let source = Source::Path(name.into());
        let read = |options: &ReadOptions| lengths(read_bytes(text.as_bytes(), &source, options, &Silent).unwrap());
        check(name, *own, *read_as, *factor, read);
    }
    let Some(root) = test_data() else { return };
    for (name, own, read_as, factor) in FILES {
        let source = Source::Path(root.join("data").join(name));
        check(name, *own, *read_as, *factor, |options| lengths(read(&source, options, &Silent).unwrap()));
    }
}

#[test]
fn frames_and_chunks_have_the_declared_unit_too() {
    let Some(root) = test_data() else { return };
    for name in ["trajectories/adk_oplsaa.xtc", "structures/two_water_gro_multiframe.gro"] {
        let source = Source::Path(root.join("data").join(name));
        check(name, NM, A, 10.0, |options| {
            let trajectory = Trajectory::open(&source, options, &Silent).unwrap();
            let frame = trajectory.frame(1).unwrap();
            Lengths {
                bounds: Box3::around(&frame.cloud.positions),
                cell: frame.cell,
                unit: frame.cloud.unit,
                notes: trajectory.notes().to_vec(),
                warnings: trajectory.warnings().to_vec(),
            }
        });
    }
    let source = Source::Path(root.join("data/trajectories/ubiquitin.trr"));
    let bounds = |unit| {
        let options = ReadOptions { unit, pool: true, ..ReadOptions::default() };
        let chunks = Chunks::open(&source, &options, None, &Silent).unwrap().unwrap();
        assert_eq!(chunks.unit(), unit);
        let mut bounds = Box3::EMPTY;
        chunks
            .each("reading", &Silent, &mut |cloud| {
                bounds = bounds.joined(Box3::around(&cloud.positions));
                Ok(())
            })
            .unwrap();
        bounds
    };
    assert_near(bounds(NM).max, bounds(A).max / 10.0, "chunks");
}

#[test]
fn units_that_differ_between_axes_are_not_replaced() {
    let Some(root) = test_data() else { return };
    let source = Source::Path(root.join("data/smlm/decode_dstorm_data.h5"));
    let plain = lengths(read(&source, &declared(None), &Silent).unwrap());
    let same = lengths(read(&source, &declared(NM), &Silent).unwrap());
    assert_eq!((plain.unit, same.unit, plain.bounds), (NM, NM, same.bounds));
    let error = read(&source, &declared(UM), &Silent).unwrap_err();
    assert_eq!(error.exit_code(), 2);
    assert!(error.to_string().contains("--unit µm: x and y are in camera pixels and z in nm"), "{error}");
}
