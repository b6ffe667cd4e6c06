//! Densities against those recorded from scipy 1.17.1: `gaussian_kde`, Scott's rule, full covariance, f64, on
//! `np.mgrid[min:max:30j]`.

use std::path::Path;

use densitas::grid::{DensityGrid, Sample};
use densitas::kde::{Density, DensityOptions, Extent, Method, Resolution, density};
use densitas::points::PointCloud;
use densitas::progress::Silent;
use glam::DVec3;

use crate::common::test_data;

/// The recorded densities and the points they are of.
const RECORDED: [(&str, &str, usize); 4] = [
    ("data/expected/1ubq_ca.kde_scott_30.npy", "data/structures/1ubq.pdb", 76),
    ("data/expected/6WG6_ca.kde_scott_30.npy", "data/structures/6WG6.cif", 2487),
    ("data/expected/ThunderSTORM_TS3D.kde_scott_30.npy", "data/smlm/ThunderSTORM_TS3D.csv", 11195),
    ("pictures/founding_density.npy", "pictures/founding_points.csv", 5000),
];

#[test]
fn exact_densities_are_scipys() {
    let Some(root) = test_data() else { return };
    for (expected, points, count) in RECORDED {
        let (cloud, expected) = (read_points(&root.join(points)), read_npy(&root.join(expected)));
        assert_eq!(cloud.len(), count, "{points}");
        let double = made::<f64>(&cloud, Method::Exact, 1e-6);
        let single = made::<f32>(&cloud, Method::Exact, 1e-6);
        println!("{points}: {:e} {:e}", error(&double.grid, &expected), error(&single.grid, &expected));
        assert!(error(&double.grid, &expected) <= 1e-12, "{points}: {:e}", error(&double.grid, &expected));
        assert!(error(&single.grid, &expected) <= 1e-7, "{points}: {:e}", error(&single.grid, &expected));
        // Coordinates of 25,000 nm are rounded by 4e-12 of a kernel 80 nm wide.
        assert!(double.report.bound_relative_to_max < 1e-11, "{points}: {:e}", double.report.bound_relative_to_max);
        assert!(double.report.sampled_error_relative_to_max < 1e-12, "{points}");
    }
}

#[test]
fn the_tree_is_as_near_to_scipy_as_it_says() {
    let Some(root) = test_data() else { return };
    for (expected, points, _) in RECORDED {
        let (cloud, expected) = (read_points(&root.join(points)), read_npy(&root.join(expected)));
        for max_error in [1e-3, 1e-6] {
            let d = made::<f32>(&cloud, Method::Tree, max_error);
            let (error, bound) = (error(&d.grid, &expected), d.report.bound_relative_to_max);
            assert!(error <= bound && bound <= max_error, "{points}: error {error:e}, bound {bound:e}");
            assert!(d.report.sampled_error_relative_to_max <= error + 1e-12, "{points}: {:?}", d.report);
        }
    }
}

#[test]
fn the_default_of_real_microscopy_is_a_density_that_sums_to_one() {
    let Some(root) = test_data() else { return };
    for name in ["ThunderSTORM_TS3D.csv", "sequence-as-stack-MT1.N1.LD-AS-Exp.csv"] {
        let cloud = read_points(&root.join("data/smlm").join(name));
        let d: Density = density(&cloud, &DensityOptions::default(), &Silent).unwrap();
        let statistics = d.grid.statistics();
        assert!(statistics.integral > 0.97 && statistics.integral < 1.0001, "{name}: {statistics:?} {:?}", d.report);
        assert!(d.report.sampled_error_relative_to_max <= d.report.bound_relative_to_max, "{name}: {:?}", d.report);
    }
}

fn made<T: Sample>(cloud: &PointCloud, method: Method, max_error: f64) -> Density<T> {
    let resolution = Resolution::Nodes([30; 3]);
    let options = DensityOptions { method, resolution, extent: Extent::Padding(0.0), max_error, ..Default::default() };
    density(cloud, &options, &Silent).unwrap()
}

/// Largest difference as a share of the largest expected value; NaN if any value is.
fn error<T: Sample>(grid: &DensityGrid<T>, expected: &[f64]) -> f64 {
    let values = grid.to_c_order();
    assert_eq!(values.len(), expected.len());
    let largest = expected.iter().copied().fold(0.0, f64::max);
    let errors = values.iter().zip(expected).map(|(v, e)| (v.to_f64() - e).abs() / largest);
    errors.fold(0.0, |worst: f64, e: f64| if worst.is_nan() || e <= worst { worst } else { e })
}

/// The doubles of an NPY file, version 1, `<f8`, C order.
fn read_npy(path: &Path) -> Vec<f64> {
    let bytes = std::fs::read(path).unwrap();
    let start = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = String::from_utf8_lossy(&bytes[..start]);
    assert!(header.contains("'<f8'") && header.contains("'fortran_order': False"), "{header}");
    bytes[start..].as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b)).collect()
}

/// C-alpha atoms of a PDB or mmCIF file, or all rows of a CSV: as little as these files need.
fn read_points(path: &Path) -> PointCloud {
    let text = std::fs::read_to_string(path).unwrap();
    let positions = match path.extension().and_then(|e| e.to_str()) {
        Some("pdb") => text.lines().filter_map(pdb_c_alpha).collect(),
        Some("cif") => text.lines().filter_map(cif_c_alpha).collect(),
        _ => csv_positions(&text),
    };
    PointCloud::from_positions(positions)
}

fn pdb_c_alpha(line: &str) -> Option<DVec3> {
    let number = |range: std::ops::Range<usize>| line[range].trim().parse().unwrap();
    (line.starts_with("ATOM") && &line[12..16] == " CA ")
        .then(|| DVec3::new(number(30..38), number(38..46), number(46..54)))
}

fn cif_c_alpha(line: &str) -> Option<DVec3> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let number = |at: usize| words[at].parse().unwrap();
    (words.len() > 12 && words[0] == "ATOM" && words[2] == "C" && words[3] == "CA")
        .then(|| DVec3::new(number(10), number(11), number(12)))
}

/// The columns named x, y and z, with or without a unit.
fn csv_positions(text: &str) -> Vec<DVec3> {
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').map(|n| n.trim_matches('"')).collect();
    let column = |axis: &str| names.iter().position(|n| n.split([' ', '[']).next() == Some(axis)).unwrap();
    let columns = ["x", "y", "z"].map(column);
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        DVec3::from(columns.map(|c| cells[c].trim().parse().unwrap()))
    };
    lines.filter(|l| !l.trim().is_empty()).map(row).collect()
}
