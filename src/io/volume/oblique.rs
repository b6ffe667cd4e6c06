//! Volumes whose axes are not those of space: crystals with oblique cells, rotated scans.

use glam::{DMat3, DVec3};

use super::VolumeInput;
use crate::geometry::Box3;
use crate::grid::{DensityGrid, Lattice};

/// The grid that takes the place of an oblique one has at most so many times its nodes.
const LARGEST_GROWTH: f64 = 4.0;

/// What is told of a volume with these steps.
pub(super) fn told(steps: &[DVec3; 3]) -> String {
    let angle = |a: usize, b: usize| steps[a].angle_between(steps[b]).to_degrees();
    format!(
        "its axes are not those of space (angles {:.2}, {:.2}, {:.2}); what is told of it is along its own axes, \
         pictures and written grids interpolate it",
        angle(1, 2),
        angle(0, 2),
        angle(0, 1)
    )
}

impl VolumeInput {
    /// The samples on a grid along x, y and z: those of the file, or where its axes are oblique, trilinear
    /// interpolations in the box around it, with 0 (or the nearest value that it has) outside. Then also what is to
    /// be told.
    pub fn into_grid(self) -> (DensityGrid, Option<String>) {
        let Some(steps) = self.steps else { return (self.grid, None) };
        let source = self.grid;
        let steps = DMat3::from_cols_array_2d(&steps.map(|s| s.to_array()));
        let lattice = lattice_around(&source.lattice, &steps);
        let inverse = steps.inverse();
        let s = source.statistics();
        let outside = 0f64.clamp(s.min, s.max) as f32;
        let ([nx, ny, nz], mut filled) = (lattice.shape, 0_usize);
        let mut values = Vec::with_capacity(lattice.len());
        for k in 0..nz {
            for j in 0..ny {
                values.extend((0..nx).map(|i| {
                    let at = inverse * (lattice.node(i, j, k) - source.lattice.origin);
                    interpolated(&source, at).unwrap_or_else(|| {
                        filled += 1;
                        outside
                    })
                }));
            }
        }
        let note = format!(
            "interpolated to {nx} x {ny} x {nz} nodes along x, y and z, of which {filled} lie outside the volume and \
             are {outside}; limits by percentiles count them too"
        );
        let grid = DensityGrid { focus: lattice.bounds(), lattice, values, unit: source.unit };
        (grid, Some(note))
    }
}

/// A lattice along x, y and z around an oblique one, of about its spacing.
fn lattice_around(own: &Lattice, steps: &DMat3) -> Lattice {
    let far = DVec3::from_array(own.shape.map(|n| (n - 1) as f64));
    let corners = Box3 { min: DVec3::ZERO, max: far }.corners().map(|c| own.origin + *steps * c);
    let around = Box3::around(&corners);
    let nodes = |spacing: DVec3| (around.size() / spacing).map(|n| (n - 1e-9).ceil().max(0.0) + 1.0);
    let most = LARGEST_GROWTH * own.len() as f64;
    let mut spacing = own.spacing;
    while nodes(spacing).element_product() > most.max(64.0) {
        spacing *= 1.1;
    }
    Lattice { shape: nodes(spacing).to_array().map(|n| n as usize), origin: around.min, spacing }
}

/// The value at a position in steps from the first sample; `None` outside.
fn interpolated(grid: &DensityGrid, at: DVec3) -> Option<f32> {
    const EDGE: f64 = 1e-9;
    let last = DVec3::from_array(grid.lattice.shape.map(|n| (n - 1) as f64));
    if at.cmplt(DVec3::splat(-EDGE)).any() || at.cmpgt(last + EDGE).any() {
        return None;
    }
    Some(grid.interpolated(at) as f32)
}
