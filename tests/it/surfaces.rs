//! Surfaces, written by the program.

use std::fs;
use std::path::Path;

use densitas::io::{VolumeFormat, write_volume};
use glam::DVec3;
use serde_json::Value;

use crate::common::{grid_of, test_data};
use crate::program::{densitas, folder, json as told, path, stderr};

fn number(value: &Value, key: &str) -> f64 {
    value[key].as_f64().unwrap_or_else(|| panic!("no `{key}` in {value}"))
}

/// A Gaussian of standard deviation 2 about (1, 2, 3), as a file.
fn gaussian(folder: &Path) -> String {
    let center = DVec3::new(1.0, 2.0, 3.0);
    let bounds = densitas::geometry::Box3 { min: center - 5.5, max: center + 5.0 };
    let grid = grid_of(bounds, [64; 3], |p| (-p.distance_squared(center) / 8.0).exp());
    let file = folder.join("gaussian.nrrd");
    write_volume(&file, VolumeFormat::Nrrd, &grid, densitas::io::Values::Density, None).unwrap();
    file.to_str().unwrap().to_owned()
}

/// Catches: levels of mass taken for densities, formats that say something else, a share of the mass that is not told.
#[test]
fn the_sphere_of_a_gaussian_is_written_in_every_format() {
    let folder = folder("surfaces");
    let input = gaussian(&folder);
    let level = (-0.5f64).exp().to_string();
    let pi = std::f64::consts::PI;
    let mut triangles = 0;
    for ending in ["stl", "ply", "obj", "glb"] {
        let file = path(&folder, &format!("s.{ending}"));
        let out = told(&densitas(&["density", &input, "--iso", &level, "-o", &file, "--json"]));
        let surface = &out["surfaces"][0];
        assert!((number(surface, "area") / (16.0 * pi) - 1.0).abs() < 4e-3, "{surface}");
        assert!((number(surface, "volume") / (32.0 / 3.0 * pi) - 1.0).abs() < 7e-3, "{surface}");
        // Within one standard deviation of a Gaussian of space lie 19.87 % of it.
        assert!((number(surface, "mass") - 0.19875).abs() < 5e-3, "{surface}");
        assert_eq!((number(surface, "pieces"), number(surface, "cap_area")), (1.0, 0.0));
        assert!(number(&out["seconds"], "surface") > 0.0 && number(&out["seconds"], "read") > 0.0);
        triangles = number(surface, "triangles") as u64;
    }
    assert_eq!(fs::metadata(folder.join("s.stl")).unwrap().len(), 84 + 50 * triangles);
    let several = path(&folder, "several.glb");
    let out = told(&densitas(&["density", &input, "--iso", "mass:0.9:0.3,mass:0.5", "-o", &several, "--json"]));
    let [outer, inner] = [0, 1].map(|n| number(&out["surfaces"][n], "volume"));
    assert!(outer > 2.0 * inner);
    assert!((number(&out["surfaces"][0], "mass") - 0.9).abs() < 1e-3, "{}", out["surfaces"][0]);
}

#[test]
fn a_surface_of_points_tells_how_its_density_was_made() {
    let file = path(&folder("surfaces-points"), "p.ply");
    let arguments = ["density", "sample:founding", "--grid", "40", "--iso", "mass:0.5", "-o", &file, "--json"];
    let out = told(&densitas(&arguments));
    assert!((number(&out["surfaces"][0], "mass") - 0.5).abs() < 1e-3 && out["bandwidth"]["rule"] == "scott");
    for stage in ["read", "plan", "evaluate", "surface", "write"] {
        number(&out["seconds"], stage);
    }
    let ran = densitas(&["density", "sample:founding", "--grid", "30", "--padding", "0", "--iso", "1e-4", "-o", &file]);
    let said = stderr(&ran);
    assert!(said.contains("caps of area") && said.contains("encloses"), "{said}");
}

#[test]
fn a_map_of_an_oblique_cell_keeps_its_samples() {
    let Some(root) = test_data() else { return };
    let map = root.join("data/volumes/EMD-3001.map");
    let file = path(&folder("surfaces-oblique"), "m.obj");
    let out = densitas(&["density", map.to_str().unwrap(), "--iso", "mass:0.2", "-o", &file, "--json"]);
    // Not those of the grid that takes its place in pictures.
    assert_eq!(told(&out)["shape"], serde_json::json!([43, 25, 73]));
    assert!(fs::read_to_string(&file).unwrap().lines().filter(|l| l.starts_with("f ")).count() > 100);
}

#[test]
fn what_cannot_be_a_surface_is_told() {
    let folder = folder("surfaces-wrong");
    let input = gaussian(&folder);
    let [stl, mrc] = ["s.stl", "s.mrc"].map(|name| path(&folder, name));
    for (arguments, code, expected) in [
        (vec!["--iso", "2", "-o", &stl], 1, "no surface of 2e0: the values lie between"),
        (vec!["--iso=-2", "-o", &stl], 1, "no surface of -2e0: the values lie between"),
        (vec!["-o", &stl], 2, "a surface needs its level: --iso mass:0.5"),
        (vec!["--iso", "mass:0.5", "-o", &mrc], 2, ".stl, .ply, .obj or .glb"),
        (vec!["--iso", "mass:0.5,mass:0.9", "-o", &stl], 2, "name it .glb or .obj"),
        (vec!["--iso", "mass:1.5", "-o", &stl], 2, "is no level"),
        (vec!["--iso", "0.5", "--at-points", "x.npy", "-o", &stl], 2, "cannot be used with"),
    ] {
        let ran = densitas(&[vec!["density", &input], arguments.clone()].concat());
        assert_eq!(ran.status.code(), Some(code), "{arguments:?}: {}", stderr(&ran));
        assert!(stderr(&ran).contains(expected), "{arguments:?}: {}", stderr(&ran));
        assert!(!Path::new(&stl).exists(), "{arguments:?}");
    }
    let ran =
        densitas(&["density", "sample:founding", "--quantity", "counts", "--spacing", "1", "--iso", "1", "-o", &stl]);
    assert!(ran.status.code() == Some(2) && stderr(&ran).contains("not of --quantity counts"), "{}", stderr(&ran));
}
