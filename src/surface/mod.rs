//! Surfaces of equal density as meshes of triangles, to take into other programs.
//!
//! Marching cubes (Lorensen and Cline 1987) with a table that leaves no holes and gives manifolds (`table.rs`): every edge
//! belongs to two triangles, whatever the samples are. Vertices lie on the edges of the grid, where the density is taken
//! as linear, so that positions, area and volume are right to the second order in the spacing.

mod march;
mod measure;
mod table;

use glam::{DMat3, DVec3, Vec3};

pub use measure::Measures;

use crate::error::{Error, Result};
use crate::geometry::LengthUnit;
use crate::grid::{DensityGrid, Sample};
use crate::memory::usable_memory;
use crate::progress::Progress;

/// No vertex lies nearer to a node than this share of a step, so that those of different edges are never the same place.
const NEAREST: f64 = 1e-4;

/// Different positions in f32 are at least so many units in the last place apart.
const APART: f64 = 8.0;

/// Largest number of vertices: they are counted by 32 bits.
const MOST_VERTICES: u64 = u32::MAX as u64;

/// A closed surface on which a density has one value.
#[derive(Debug, Clone, PartialEq)]
pub struct Surface {
    /// The value.
    pub level: f64,
    /// Places of the vertices, in the unit of the data.
    pub positions: Vec<DVec3>,
    /// Unit normals of the vertices, outward: along the gradient; of a cap, out of the box.
    pub normals: Vec<Vec3>,
    /// Three vertices each, anticlockwise as seen from outside. Every edge belongs to two triangles, in
    /// opposite directions.
    pub triangles: Vec<[u32; 3]>,
    /// Area of the caps, which close the surface where the box of the grid cuts it off.
    pub cap_area: f64,
    /// Unit of length, if known.
    pub unit: Option<LengthUnit>,
}

impl<T: Sample> DensityGrid<T> {
    /// The surface of `level`: the boundary of where the density is at least that, or, of a level below 0 (a difference, a
    /// potential), at most that, closed by caps on the border of the grid (a ten-thousandth of a step outside). `steps` are the ways from one sample to the next of a grid whose axes are
    /// not those of space. Values that are not numbers lie outside.
    ///
    /// # Errors
    /// [`Error::Data`] for a level that the grid has not, a layer without thickness, and a surface too large for the
    /// memory; [`Error::Interrupted`].
    pub fn surface(&self, steps: Option<[DVec3; 3]>, level: f64, progress: &dyn Progress) -> Result<Surface> {
        if self.lattice.shape.iter().any(|&n| n < 2) {
            let [x, y, z] = self.lattice.shape;
            return Err(Error::Data(format!("a grid of {x} x {y} x {z} nodes is a layer, which has no surface")));
        }
        let s = self.statistics();
        let is_there = if level < 0.0 { s.min <= level && level < s.max } else { s.min < level && level <= s.max };
        if !is_there {
            return Err(Error::Data(format!(
                "no surface of {level:e}: the values lie between {:.3e} and {:.3e}; choose a level between them, or mass:0.5",
                s.min, s.max
            )));
        }
        let spacing = self.lattice.spacing;
        let steps = steps.unwrap_or_else(|| [0, 1, 2].map(|axis| DVec3::AXES[axis] * spacing[axis]));
        march::surface(
            &march::Field::new(self, level, DMat3::from_cols_array_2d(&steps.map(|s| s.to_array())))?,
            progress,
        )
    }
}

/// How near to a node a vertex may come, as a share of a step.
fn nearest_to_node<T: Sample>(grid: &DensityGrid<T>, steps: &DMat3) -> Result<f64> {
    let far = DVec3::from_array(grid.lattice.shape.map(|n| n as f64));
    let reach = (0..3).map(|axis| (steps.col(axis) * far[axis]).abs()).sum::<DVec3>() + grid.lattice.origin.abs();
    // Along each axis of space some step must be told apart.
    let step = (0..3).map(|axis| steps.col(axis).abs().max_element()).fold(f64::INFINITY, f64::min);
    let nearest = (APART * f64::from(f32::EPSILON) * reach.max_element() / step).max(NEAREST);
    if nearest < 0.25 {
        return Ok(nearest);
    }
    Err(Error::Data(format!(
        "nodes {step:.3e} apart around {:.3e} cannot be told apart in f32, as meshes are written; move the data closer to 0",
        reach.max_element()
    )))
}

/// What the vertices and triangles take.
fn check_size(vertices: u64, triangles: u64) -> Result<()> {
    let bytes = vertices as f64 * (size_of::<DVec3>() + size_of::<Vec3>()) as f64 + triangles as f64 * 12.0;
    let what = || format!("the surface has {vertices} vertices and {triangles} triangles");
    let way_out = "choose a higher level, or a coarser grid";
    if vertices > MOST_VERTICES {
        return Err(Error::Data(format!("{}, of which files number at most {MOST_VERTICES}; {way_out}", what())));
    }
    if bytes > usable_memory() {
        return Err(Error::Data(format!(
            "{}, {:.1} GB, more than the memory that is free; {way_out}",
            what(),
            bytes * 1e-9
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
