//! Densities that a device has no room for, drawn from fewer nodes.

use std::borrow::Cow;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::gpu::Gpu;
use crate::grid::{DensityGrid, Spline};
use crate::scene::Scene;

/// Each try has so many times fewer nodes an axis than that before.
const RATIO: f64 = 1.2;

/// Densities drawn last, so that the next picture of one finds what was made of it.
const KEPT: usize = 4;

/// What is drawn in the stead of densities that do not fit.
#[derive(Default)]
pub struct Fit {
    /// The most nodes an axis and in all, if fewer than the device says: for tests.
    pub most: Option<[usize; 2]>,
    /// Densities, each with a coarser one; the last comes last.
    made: Vec<[Arc<DensityGrid>; 2]>,
    /// Nodes of the last scene's density, and of what is drawn of it.
    pub last: Option<[[usize; 3]; 2]>,
}

impl Fit {
    /// The scene with densities that the device has room for.
    ///
    /// # Errors
    /// [`Error::Gpu`] if it has none for the least.
    pub fn scene<'a>(&mut self, gpu: &Gpu, scene: &'a Scene) -> Result<Cow<'a, Scene>> {
        self.last = None;
        let shape = scene.grid.lattice.shape;
        let fitting = self.shape(gpu, shape, 1 + scene.others.len())?;
        if fitting == shape {
            return Ok(Cow::Borrowed(scene));
        }
        self.last = Some([shape, fitting]);
        let mut coarse = scene.clone();
        coarse.on_device = None;
        coarse.grid = self.coarser(&scene.grid, fitting)?;
        let spline = |grid: &Arc<DensityGrid>| Arc::new(Spline::through(grid));
        coarse.quality.spline = scene.quality.spline.as_ref().map(|_| spline(&coarse.grid));
        for other in &mut coarse.others {
            other.grid = self.coarser(&other.grid, fitting)?;
            other.spline = other.spline.as_ref().map(|_| spline(&other.grid));
        }
        Ok(Cow::Owned(coarse))
    }

    /// The most nodes, of the proportions of `shape`, that fit, where so many densities lie one behind the other.
    fn shape(&self, gpu: &Gpu, shape: [usize; 3], densities: usize) -> Result<[usize; 3]> {
        let side = gpu.device.limits().max_texture_dimension_3d as usize;
        let [most_a_side, most_in_all] = self.most.unwrap_or([side, usize::MAX]);
        // With what a spline has beyond the nodes.
        let stacked = |[x, y, z]: [usize; 3]| match densities {
            1 => [x, y, z].map(|n| n as u32),
            _ => [x + 2, y + 2, densities * (z + 2)].map(|n| n as u32),
        };
        let mut ratio = 1.0;
        loop {
            let nodes = |n: usize| ((((n - 1) as f64 / ratio).ceil() as usize) + 1).min(most_a_side).max(2.min(n));
            let fitting = shape.map(nodes);
            if fitting.iter().product::<usize>() <= most_in_all && gpu.has_room_3d(stacked(fitting)) {
                return Ok(fitting);
            }
            if fitting.iter().all(|n| *n <= 2) {
                let [x, y, z] = shape;
                return Err(Error::Gpu(format!("{} has no room for a grid of {x} x {y} x {z} nodes", gpu.describe())));
            }
            ratio *= RATIO;
        }
    }

    fn coarser(&mut self, grid: &Arc<DensityGrid>, shape: [usize; 3]) -> Result<Arc<DensityGrid>> {
        if let Some(at) = self.made.iter().position(|[of, made]| Arc::ptr_eq(of, grid) && made.lattice.shape == shape) {
            return Ok(self.made[at][1].clone());
        }
        let missing = grid.statistics().min as f32;
        let made = Arc::new(grid.coarser(shape, missing)?);
        if self.made.len() == KEPT {
            self.made.remove(0);
        }
        self.made.push([grid.clone(), made.clone()]);
        Ok(made)
    }
}
