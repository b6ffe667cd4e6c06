//! Points and nodes in coordinates in which the kernel is round.

use glam::{DMat3, DVec3};
use rayon::prelude::*;

use crate::geometry::Box3;
use crate::grid::Lattice;
use crate::kde::kernel::{Kernel, summed};
use crate::points::PointCloud;

/// `sqrt(log2(e) / 2)`: a distance of `d` standard deviations is `d UNIT` whitened, so that the kernel
/// is `peak 2^-(distance^2)`.
pub(super) const UNIT: f64 = 0.849_321_800_288_019_1;

/// The map `z = UNIT A (x - center)` with the kernel's upper triangular `A`: `z.z` depends on z alone,
/// `z.y` on y and z, `z.x` on all. Along a row of nodes in x only `z.x` changes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whitening {
    matrix: DMat3,
    center: DVec3,
}

/// The weight of each point, normalised to sum 1.
pub(super) fn weights(cloud: &PointCloud) -> impl Fn(usize) -> f64 + Sync {
    let weights = cloud.weights.as_deref();
    let largest = weights.iter().copied().flatten().copied().fold(0.0, f64::max);
    let total = match weights {
        Some(weights) => summed(weights.len(), |i| [weights[i] / largest])[0],
        None => cloud.len() as f64,
    };
    move |i| weights.map_or(1.0, |w| w[i] / largest) / total
}

/// The longest half diagonal of a box of the given half edges, after `matrix`.
pub(super) fn longest_diagonal(matrix: DMat3, half: DVec3) -> f64 {
    let [x, y, z] = [DVec3::X * half.x, DVec3::Y * half.y, DVec3::Z * half.z].map(|edge| matrix * edge);
    [x + y + z, x + y - z, x - y + z, x - y - z].iter().fold(0.0, |longest: f64, d| longest.max(d.length()))
}

impl Whitening {
    /// Centred on the middle of the points, so that nothing is lost far from the origin.
    pub(super) fn new(cloud: &PointCloud, kernel: &Kernel) -> Self {
        Self { matrix: kernel.whitening * UNIT, center: cloud.bounds().center() }
    }

    /// A position in coordinates in which the kernel's standard deviation is 1.
    pub(super) fn in_sigmas(&self, position: DVec3) -> DVec3 {
        self.at(position) / UNIT
    }

    /// The box around positions in those coordinates.
    pub(super) fn bounds_in_sigmas(&self, positions: &[DVec3]) -> Box3 {
        let boxed = |p: &[DVec3]| p.iter().fold(Box3::EMPTY, |b, p| b.joined(Box3::around(&[self.in_sigmas(*p)])));
        positions.par_chunks(1 << 14).map(boxed).reduce(|| Box3::EMPTY, Box3::joined)
    }

    /// A position, whitened.
    pub(super) fn at(&self, position: DVec3) -> DVec3 {
        self.matrix * (position - self.center)
    }

    /// A difference of positions, whitened.
    pub(super) fn step(&self, difference: DVec3) -> DVec3 {
        self.matrix * difference
    }

    /// The whitened points with their weights, normalised to sum 1: `[x, y, z, w]`.
    pub(super) fn points(&self, cloud: &PointCloud) -> Vec<[f64; 4]> {
        let weight = weights(cloud);
        (0..cloud.len()).into_par_iter().with_min_len(1 << 14).map(|i| self.point(cloud, i, &weight)).collect()
    }

    /// One of [`Whitening::points`].
    pub(super) fn point(&self, cloud: &PointCloud, i: usize, weight: impl Fn(usize) -> f64) -> [f64; 4] {
        let z = self.at(cloud.positions[i]);
        [z.x, z.y, z.z, weight(i)]
    }

    /// A bound of the magnitude of every term in the whitened coordinates of places in `bounds`, in standard
    /// deviations: what their rounding errors are measured by. Positions are rounded in units of their distance
    /// from 0 before they are centred, in 2 operations of 4.
    pub(super) fn magnitude(&self, bounds: Box3) -> f64 {
        let reach = (bounds.min - self.center).abs().max((bounds.max - self.center).abs());
        let far = bounds.min.abs().max(bounds.max.abs());
        let absolute = DMat3::from_cols(self.matrix.x_axis.abs(), self.matrix.y_axis.abs(), self.matrix.z_axis.abs());
        ((absolute * (reach + 0.5 * far)) / UNIT).length()
    }

    /// Half a voxel's longest diagonal, in standard deviations: a node is this near to every place in the box.
    pub(super) fn half_voxel(&self, lattice: &Lattice) -> f64 {
        self.longest_diagonal(0.5 * lattice.steps()) / UNIT
    }

    /// The longest whitened half diagonal of a box of the given half edges.
    pub(super) fn longest_diagonal(&self, half: DVec3) -> f64 {
        longest_diagonal(self.matrix, half)
    }
}
