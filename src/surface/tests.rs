use std::collections::HashMap;

use glam::{DMat3, DVec3};

use super::*;
use crate::geometry::Box3;
use crate::grid::Lattice;
use crate::progress::Silent;

fn grid_of(bounds: Box3, shape: [usize; 3], f: impl Fn(DVec3) -> f64) -> DensityGrid<f64> {
    let lattice = Lattice::spanning(bounds, shape).unwrap();
    let [nx, ny, nz] = shape;
    let values = (0..nx * ny * nz).map(|at| f(lattice.node_at(at))).collect();
    DensityGrid::new(lattice, values, None).unwrap()
}

fn cube(half: f64) -> Box3 {
    Box3 { min: DVec3::splat(-half), max: DVec3::splat(half) }
}

/// Every edge has two triangles in opposite directions, no triangle has a vertex twice, no two vertices are the same place
/// in f32, and every vertex is used.
fn assert_closed(surface: &Surface) {
    let mut sides: HashMap<(u32, u32), u32> = HashMap::new();
    for [a, b, c] in &surface.triangles {
        assert!(a != b && b != c && c != a);
        for side in [(*a, *b), (*b, *c), (*c, *a)] {
            *sides.entry(side).or_default() += 1;
        }
    }
    assert!(
        sides.iter().all(|((a, b), n)| *n == 1 && sides.get(&(*b, *a)) == Some(&1)),
        "an edge is open or not manifold"
    );
    let used: std::collections::HashSet<u32> = surface.triangles.iter().flatten().copied().collect();
    assert_eq!(used.len(), surface.positions.len());
    let places: std::collections::HashSet<_> =
        surface.positions.iter().map(|p| p.as_vec3().to_array().map(f32::to_bits)).collect();
    assert_eq!(places.len(), surface.positions.len(), "two vertices are one place");
}

/// A Gaussian at its level exp(-1/2) is a sphere of its standard deviation.
fn sphere(nodes: usize) -> Surface {
    let center = DVec3::new(0.013, -0.021, 0.017);
    let grid = grid_of(cube(2.5), [nodes; 3], |p| (-0.5 * (p - center).length_squared()).exp());
    let mut surface = grid.surface(None, (-0.5f64).exp(), &Silent).unwrap();
    surface.positions.iter_mut().for_each(|p| *p -= center);
    surface
}

/// Catches: a wrong interpolation or table, normals that do not follow the gradient, the order of convergence.
#[test]
fn the_sphere_of_a_gaussian_converges_with_the_square_of_the_spacing() {
    let errors = [21, 41, 81].map(|nodes| {
        let surface = sphere(nodes);
        assert_closed(&surface);
        let m = surface.measures();
        assert_eq!(m.pieces, 1);
        let radius = surface.positions.iter().map(|p| (p.length() - 1.0).abs()).fold(0.0, f64::max);
        let normals = std::iter::zip(&surface.positions, &surface.normals);
        let turned = normals.map(|(p, n)| p.normalize().distance(n.as_dvec3())).fold(0.0, f64::max);
        let pi = std::f64::consts::PI;
        [radius, (m.area / (4.0 * pi) - 1.0).abs(), (m.volume / (4.0 / 3.0 * pi) - 1.0).abs(), turned]
    });
    for what in 0..4 {
        for pair in errors.windows(2) {
            let order = (pair[0][what] / pair[1][what]).log2();
            assert!((1.6..2.6).contains(&order), "measure {what}: order {order}, {errors:?}");
        }
    }
    let [radius, area, volume, turned] = errors[2];
    assert!(radius < 1e-3 && area < 1.5e-3 && volume < 3e-3 && turned < 2e-3, "{:?}", errors[2]);
}

/// Catches: the triangles of ambiguous cases, holes where two cells see a face differently, vertices that fall together
/// where the samples are the level itself.
#[test]
fn any_samples_give_a_closed_manifold() {
    let mut state = 1u64;
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / (1u64 << 31) as f64
    };
    for kinds in [0.0, 2.0, 3.0, 5.0] {
        let whole = |v: f64| if kinds > 0.0 { (v * kinds).floor() } else { v };
        let mut grid = grid_of(cube(1.0), [14, 15, 16], |_| 0.0);
        grid.values.iter_mut().for_each(|v| *v = whole(random()));
        grid.lattice.origin += 100.0;
        grid.values[777] = f64::NAN;
        grid.values[888] = f64::INFINITY;
        let surface = grid.surface(None, whole(0.6).max(0.3), &Silent).unwrap();
        assert_closed(&surface);
        assert!(surface.normals.iter().all(|n| (n.length() - 1.0).abs() < 1e-5));
    }
}

/// The cut of a wave by a box: area and volume of the part in it, and caps that close it.
#[test]
fn what_the_box_cuts_off_is_closed_and_told() {
    let grid = grid_of(cube(1.0), [41, 31, 21], |p| 10.0 - p.z);
    let surface = grid.surface(None, 10.0, &Silent).unwrap();
    assert_closed(&surface);
    let m = surface.measures();
    // Caps lie up to 1e-4 of a step outside.
    assert!((m.area - 4.0).abs() < 1e-3 && (m.volume - 4.0).abs() < 1e-3, "{m:?}");
    assert!((surface.cap_area - 12.0).abs() < 2e-3, "{}", surface.cap_area);
    assert_eq!(m.pieces, 1);
}

/// Catches: normals and orientation in oblique and left-handed cells.
#[test]
fn oblique_cells_are_where_they_are() {
    let shear = DMat3::from_cols(DVec3::new(0.1, 0.0, 0.0), DVec3::new(0.04, 0.09, 0.0), DVec3::new(-0.02, 0.03, 0.1));
    for steps in [shear, DMat3::from_cols(shear.col(1), shear.col(0), shear.col(2))] {
        let n = 61usize;
        let center = steps * DVec3::splat(30.0);
        let place =
            |at: usize| steps * DVec3::new((at % n) as f64, (at / n % n) as f64, (at / (n * n)) as f64) - center;
        let values: Vec<f64> = (0..n * n * n).map(|at| (-0.5 * place(at).length_squared()).exp()).collect();
        let lattice = Lattice { shape: [n; 3], origin: -center, spacing: DVec3::splat(0.1) };
        let grid = DensityGrid::new(lattice, values, None).unwrap();
        let steps = [0, 1, 2].map(|axis| steps.col(axis));
        let surface = grid.surface(Some(steps), (-0.5f64).exp(), &Silent).unwrap();
        assert_closed(&surface);
        let m = surface.measures();
        assert!((m.volume - 4.0 / 3.0 * std::f64::consts::PI).abs() < 0.03 && m.pieces == 1, "{m:?}");
        for (p, n) in std::iter::zip(&surface.positions, &surface.normals) {
            assert!((p.length() - 1.0).abs() < 2e-3 && p.normalize().distance(n.as_dvec3()) < 5e-3, "{p} {n}");
        }
    }
}

#[test]
fn two_spheres_are_two_pieces_and_their_order_does_not_depend_on_threads() {
    let at = |p: DVec3, x: f64| (-4.0 * p.distance_squared(DVec3::X * x)).exp();
    let grid = grid_of(cube(2.0), [40; 3], |p| at(p, 1.0) + at(p, -1.0));
    let surface = grid.surface(None, 0.5, &Silent).unwrap();
    assert_eq!(surface.measures().pieces, 2);
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert!(one.install(|| grid.surface(None, 0.5, &Silent).unwrap()) == surface);
}

#[test]
fn levels_that_are_not_there_are_told() {
    let grid = grid_of(cube(1.0), [5; 3], |p| p.x);
    for level in [-1.5, 1.5, f64::NAN] {
        let error = grid.surface(None, level, &Silent).unwrap_err().to_string();
        assert!(error.contains("between -1.000e0 and 1.000e0"), "{error}");
    }
    assert!(grid.surface(None, 1.0, &Silent).is_ok());
    let mut far = grid.clone();
    far.lattice.origin += 1e9;
    assert!(far.surface(None, 0.5, &Silent).unwrap_err().to_string().contains("told apart in f32"));
}

/// Of a level below 0 what is lower lies inside. Catches: the whole box but for the lobe, a mesh turned inside out.
#[test]
fn a_level_below_0_encloses_what_is_lower() {
    let blob = |p: DVec3| (-0.5 * (p - DVec3::new(0.3, 0.1, -0.2)).length_squared()).exp();
    let above = grid_of(cube(2.5), [31; 3], |p| blob(p) - 0.1);
    let below = grid_of(cube(2.5), [31; 3], |p| 0.1 - blob(p));
    let [above, below] = [above.surface(None, 0.4, &Silent).unwrap(), below.surface(None, -0.4, &Silent).unwrap()];
    assert!(above.level == 0.4 && above.cap_area == 0.0 && above.measures().volume > 0.0);
    assert_eq!(below, Surface { level: -0.4, ..above });
}
