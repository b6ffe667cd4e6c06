//! How open each place in a density is to light from all sides: what ambient occlusion darkens by.

use std::iter::zip;
use std::sync::Arc;

use glam::DVec3;
use rayon::prelude::*;

use super::volume::write_layers;
use crate::color::{LookupTable, TransferFunction};
use crate::gpu::{Gpu, texture_3d};
use crate::grid::DensityGrid;
use crate::scene::{DensityLayer, Isosurface, Plane, Scene, VolumeMode};

/// How far the surroundings reach, as a share of the diagonal of the box that is looked at.
const REACH: f64 = 0.12;

/// Cells along the longest side of the box, about: what light from all sides shows is soft.
const CELLS: f64 = 96.0;

/// What a surface of full opacity leaves of light on a way of one cell behind it.
const LEAST_LIGHT: f64 = 0.02;

/// The neighbours of a cell by the number of axes that they differ on, and the weights of the light from there: the rule of 26
/// points of Lebedev 1976, "Quadratures on a sphere", USSR Comput. Math. Math. Phys. 16(2):10, exact to degree 7.
const WEIGHTS: [f64; 3] = [1.0 / 21.0, 4.0 / 105.0, 9.0 / 280.0];

/// By how much of the light that arrives a place is as good as open. A surface closes in half of all sides wherever it is seen.
const OPEN_SURFACE: f32 = 2.0;

/// The same within fog, which is seen where it closes in a little less: chosen by looking, between fog as dark as soot and
/// none that is darker at all.
const OPEN_FOG: f32 = 2.4;

/// How open the cells of a density are.
pub struct Openness {
    /// Cells along x, y, z.
    shape: [usize; 3],
    /// Nodes along the sides of a cell.
    block: [usize; 3],
    /// x fastest, 0 to 255.
    texels: Vec<u8>,
}

/// What it follows from.
#[derive(PartialEq)]
struct Cause {
    transfers: Vec<TransferFunction>,
    surfaces: Vec<Vec<Isosurface>>,
    mode: VolumeMode,
    clip: Vec<Plane>,
}

/// The last one, on the device.
pub struct OpenTexture {
    grids: Vec<Arc<DensityGrid>>,
    cause: Cause,
    pub view: wgpu::TextureView,
    /// From a node index to a place in the texture, 0 to 1.
    pub scale: [f64; 3],
}

impl OpenTexture {
    /// That of a scene: the kept one if it is of the same density and opacity.
    pub fn of<'a>(kept: &'a mut Option<Self>, gpu: &Gpu, scene: &Scene) -> &'a Self {
        let layers = || scene.densities();
        let grids: Vec<_> = layers().map(|layer| layer.grid).cloned().collect();
        let cause = Cause {
            transfers: layers().map(|layer| layer.transfer).cloned().collect(),
            surfaces: layers().map(|layer| layer.surfaces.to_vec()).collect(),
            mode: scene.mode.clone(),
            clip: scene.clip.clone(),
        };
        let same = |a: &[Arc<DensityGrid>]| a.len() == grids.len() && zip(a, &grids).all(|(a, b)| Arc::ptr_eq(a, b));
        if !kept.as_ref().is_some_and(|k| same(&k.grids) && k.cause == cause) {
            let open = Openness::new(scene);
            let texture = texture_3d(gpu, "openness", open.shape.map(|n| n as u32), wgpu::TextureFormat::R8Unorm);
            let layers = open.texels.chunks(open.shape[0] * open.shape[1]);
            layers.enumerate().for_each(|(z, layer)| write_layers(gpu, &texture, z as u32, layer));
            let scale = [0, 1, 2].map(|a| 1.0 / (open.block[a] * open.shape[a]) as f64);
            *kept = Some(Self { grids, cause, view: texture.create_view(&Default::default()), scale });
        }
        kept.as_ref().expect("just made")
    }
}

impl Openness {
    /// Of the fog or the surfaces of a scene.
    pub fn new(scene: &Scene) -> Self {
        let lattice = &scene.grid.lattice;
        let size = lattice.bounds().size();
        let cell = size.max_element() / CELLS;
        let block = [0, 1, 2].map(|a| ((cell / lattice.spacing[a]).round() as usize).clamp(1, lattice.shape[a]));
        let shape = [0, 1, 2].map(|a| lattice.shape[a].div_ceil(block[a]));
        let sides = lattice.spacing * DVec3::from_array(block.map(|n| n as f64));
        let cell = sides.min_element();
        let of_one = |layer: DensityLayer| depths(scene, layer.grid, &*extinction(scene, layer, cell), block, shape);
        let add = |sum: Vec<f32>, more: Vec<f32>| zip(sum, more).map(|(a, b)| a + b).collect();
        let depth = scene.densities().map(of_one).reduce(add).unwrap_or_default();
        let reach = REACH * scene.focus.diagonal();
        let light = light_from_all_sides(&depth, shape, sides, reach);
        let open = if matches!(scene.mode, VolumeMode::Isosurfaces(_)) { OPEN_SURFACE } else { OPEN_FOG };
        let texels = light.into_iter().map(|v| (255.0 * (open * v).min(1.0)).round() as u8).collect();
        Self { shape, block, texels }
    }

    /// The share of the light that a cell keeps, 0 to 1.
    #[cfg(test)]
    fn at(&self, [x, y, z]: [usize; 3]) -> f64 {
        f64::from(self.texels[x + self.shape[0] * (y + self.shape[1] * z)]) / 255.0
    }
}

/// The mean extinction of each cell, per unit of length.
fn depths(
    scene: &Scene,
    grid: &DensityGrid,
    extinction: &Extinction,
    block: [usize; 3],
    shape: [usize; 3],
) -> Vec<f32> {
    let [nx, ny, nz] = grid.lattice.shape;
    let is_there = |x, y, z| scene.clip.is_empty() || scene.clip.iter().all(|p| p.leaves(grid.lattice.node(x, y, z)));
    let cells = shape[0] * shape[1];
    let layer = |k: usize| {
        let (mut sums, mut counts) = (vec![0.0; cells], vec![0u32; cells]);
        for z in k * block[2]..((k + 1) * block[2]).min(nz) {
            for y in 0..ny {
                let row = &grid.values[nx * (y + ny * z)..][..nx];
                for (x, &value) in row.iter().enumerate() {
                    let cell = x / block[0] + shape[0] * (y / block[1]);
                    counts[cell] += 1;
                    if is_there(x, y, z) {
                        sums[cell] += extinction(f64::from(value));
                    }
                }
            }
        }
        zip(sums, counts).map(|(sum, count)| (sum / f64::from(count.max(1))) as f32).collect::<Vec<_>>()
    };
    (0..shape[2]).into_par_iter().flat_map_iter(layer).collect()
}

/// What a density takes from light per unit of length.
type Extinction = dyn Fn(f64) -> f64 + Sync;

fn extinction(scene: &Scene, layer: DensityLayer, cell: f64) -> Box<Extinction> {
    match &scene.mode {
        VolumeMode::Isosurfaces(_) => behind_surfaces(layer.surfaces, cell),
        _ => of_fog(layer.transfer),
    }
}

/// Behind the lowest of some surfaces there is as much as hides the light on the way through a cell.
fn behind_surfaces(surfaces: &[Isosurface], cell: f64) -> Box<Extinction> {
    let lowest = surfaces.iter().copied().reduce(|a, b| if b.level < a.level { b } else { a });
    let Some(lowest) = lowest else { return Box::new(|_| 0.0) };
    let depth = -(1.0 - lowest.opacity).max(LEAST_LIGHT).ln() / cell;
    Box::new(move |value| if value >= lowest.level { depth } else { 0.0 })
}

fn of_fog(transfer: &TransferFunction) -> Box<Extinction> {
    let (table, position, reference) = (LookupTable::new(transfer), transfer.positions(), transfer.reference_length);
    Box::new(move |value| {
        let t = position(value);
        if t.is_nan() { 0.0 } else { f64::from(table.at(t)[3]) / reference }
    })
}

/// The mean over all sides of what the way from there leaves of light, 0 to 1.
fn light_from_all_sides(depth: &[f32], shape: [usize; 3], sides: DVec3, reach: f64) -> Vec<f32> {
    let directions: Vec<[i32; 3]> =
        (0..27).filter(|n| *n != 13).map(|n| [n % 3 - 1, n / 3 % 3 - 1, n / 9 - 1]).collect();
    let from = |sum: Vec<f32>, direction: &[i32; 3]| {
        let axes = direction.iter().filter(|d| **d != 0).count();
        let length = (sides * DVec3::from_array(direction.map(f64::from))).length();
        let steps = ((reach / length).round() as usize).max(1);
        let (per_step, weight) = ((reach / steps as f64) as f32, WEIGHTS[axes - 1] as f32);
        let sums = sums_along(depth, shape, *direction, steps);
        zip(sum, sums).map(|(light, s)| light + weight * (-s.max(0.0) * per_step).exp()).collect()
    };
    let none = || vec![0.0; depth.len()];
    let add = |a: Vec<f32>, b: Vec<f32>| zip(a, b).map(|(a, b)| a + b).collect();
    // Halves of fixed length, so that sums do not depend on the threads.
    let halves: Vec<Vec<f32>> = directions.par_chunks(13).map(|half| half.iter().fold(none(), from)).collect();
    halves.into_iter().reduce(add).unwrap_or_default()
}

/// For each cell the sum over the next `steps` cells in a direction; beyond the border there is nothing.
fn sums_along(depth: &[f32], shape: [usize; 3], direction: [i32; 3], steps: usize) -> Vec<f32> {
    let [nx, ny, nz] = shape;
    let order = |n: usize, d: i32| -> Box<dyn Iterator<Item = usize>> {
        if d > 0 { Box::new((0..n).rev()) } else { Box::new(0..n) }
    };
    // The cell so many steps ahead.
    let ahead = |[x, y, z]: [usize; 3], count: usize| {
        let moved = |at: usize, axis: usize| at.checked_add_signed(direction[axis] as isize * count as isize);
        let (x, y, z) = (moved(x, 0)?, moved(y, 1)?, moved(z, 2)?);
        (x < nx && y < ny && z < nz).then_some(x + nx * (y + ny * z))
    };
    let mut sums = vec![0.0; depth.len()];
    for z in order(nz, direction[2]) {
        for y in order(ny, direction[1]) {
            for x in order(nx, direction[0]) {
                let Some(next) = ahead([x, y, z], 1) else { continue };
                let left = ahead([x, y, z], steps + 1).map_or(0.0, |last| depth[last]);
                sums[x + nx * (y + ny * z)] = sums[next] + depth[next] - left;
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::color::OpacityCurve;
    use crate::geometry::Box3;
    use crate::grid::Lattice;
    use crate::scene::{Limits, Look};

    /// A scene of extinction 1 per length where `is_full`, in a box of this side around 0.
    fn scene(side: f64, is_full: impl Fn(DVec3) -> bool) -> Scene {
        let bounds = Box3 { min: DVec3::splat(-0.5 * side), max: DVec3::splat(0.5 * side) };
        let lattice = Lattice::spanning(bounds, [65; 3]).unwrap();
        let values = (0..lattice.len()).map(|n| f32::from(u8::from(is_full(lattice.node_at(n))))).collect();
        let grid = DensityGrid::new(lattice, values, None).unwrap();
        let mut scene = Look::Default.scene(Arc::new(grid), Limits::Value(0.0, 1.0)).unwrap();
        let opacity = 1.0 - (-1f32).exp();
        scene.transfer.opacity = OpacityCurve::new(vec![(0.0, 0.0), (1.0, opacity)]).unwrap();
        scene.transfer.reference_length = 1.0;
        scene
    }

    /// exp(-reach) is left of the light in the middle of what is the same everywhere. Catches: a step too many, lengths
    /// of diagonals, weights that are not 1 in all, the unit of the reference length.
    #[test]
    fn within_a_homogeneous_fog_light_falls_with_the_reach() {
        let scene = scene(16.0, |_| true);
        let reach = REACH * scene.focus.diagonal();
        let found = Openness::new(&scene).at([32; 3]);
        let wanted = f64::from(OPEN_FOG) * (-reach).exp();
        assert!((found - wanted).abs() < 0.004, "{found} {wanted}");
    }

    /// exp(-r) in the middle of a ball of radius r that is smaller than the reach; within the error of cells.
    /// Catches: a window that does not end, sums that begin in the cell itself.
    #[test]
    fn in_the_middle_of_a_ball_it_falls_with_the_radius() {
        let radius = 1.5;
        // A node stands for half a step around it.
        let scene = scene(16.0, |p| p.length() < radius + 0.125);
        let found = Openness::new(&scene).at([32; 3]);
        let wanted = f64::from(OPEN_FOG) * (-radius).exp();
        assert!((found - wanted).abs() < 0.08 * wanted, "{found} {wanted}");
    }

    /// What half of all sides closes in keeps its colour, a corner of three walls loses some. Catches: sides exchanged.
    #[test]
    fn a_wall_takes_nothing_and_a_corner_does() {
        let dense = |mut scene: Scene| {
            scene.transfer.reference_length = 1e-3;
            scene
        };
        let wall = Openness::new(&dense(scene(16.0, |p| p.x > 0.2)));
        assert_eq!(wall.at([31, 32, 32]), 1.0);
        let corner = Openness::new(&dense(scene(16.0, |p| p.max_element() > 0.2)));
        // Open: three faces, three edges and one corner of the 26.
        let open: f64 = [3.0, 3.0, 1.0].iter().zip(WEIGHTS).map(|(n, w)| n * w).sum();
        assert!((corner.at([31; 3]) - f64::from(OPEN_FOG) * open).abs() < 0.004, "{}", corner.at([31; 3]));
        // What a clip plane takes away closes nothing in.
        let mut cut = dense(scene(16.0, |p| p.max_element() > 0.2));
        cut.clip = vec![Plane::perpendicular_to(0, DVec3::splat(0.1))];
        assert!(Openness::new(&cut).at([31; 3]) > corner.at([31; 3]) + 0.2);
    }

    /// Catches: surfaces that let light through, or whose opacity does not count.
    #[test]
    fn surfaces_close_in_what_lies_behind_them() {
        let with = |opacity| {
            let mut scene = scene(16.0, |p| p.max_element() > 0.2);
            scene.mode = VolumeMode::Isosurfaces(vec![Isosurface { level: 0.5, opacity }]);
            Openness::new(&scene).at([31; 3])
        };
        assert!(with(1.0) < 0.65 && with(0.05) > 0.75 && with(0.0) == 1.0, "{} {}", with(1.0), with(0.05));
    }

    /// The running sum is the plain one. Catches: an order in which sums are not yet there.
    #[test]
    fn running_sums_are_the_plain_ones() {
        let shape = [5, 7, 6];
        let depth: Vec<f32> = (0..210).map(|n| ((n * 37) % 11) as f32).collect();
        for direction in [[1, 0, 0], [-1, 1, 0], [1, -1, 1], [0, 0, -1]] {
            let found = sums_along(&depth, shape, direction, 3);
            for (n, found) in found.iter().enumerate() {
                let at = [n % 5, n / 5 % 7, n / 35];
                let plain: f32 = (1..=3)
                    .map(|k| {
                        let p: Vec<i32> = (0..3).map(|a| at[a] as i32 + k * direction[a]).collect();
                        let inside = (0..3).all(|a| (0..shape[a] as i32).contains(&p[a]));
                        if inside { depth[(p[0] + 5 * (p[1] + 7 * p[2])) as usize] } else { 0.0 }
                    })
                    .sum();
                assert_eq!(*found, plain, "{at:?} {direction:?}");
            }
        }
    }
}
