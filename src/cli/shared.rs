//! What pictures of several densities have in common, so that a colour and a place mean the same in all of them.

use std::sync::Mutex;

use glam::DVec3;

use super::picture_args::PictureArgs;
use crate::error::Result;
use crate::geometry::{Box3, LengthUnit};
use crate::grid::{DensityGrid, Lattice};
use crate::scene::{Limits, Quantity, Scene, VolumeMode};

/// Samples that limits are taken from: where the densities have more, some of each, spread evenly.
const SAMPLES: f64 = 4e6;

/// What pictures have in common.
pub struct Shared {
    /// Values of all densities, if limits are common.
    values: Option<DensityGrid>,
    /// The last limits and what they are by.
    last: Mutex<Option<(String, Limits)>>,
    focus: Box3,
    reference_length: Option<f64>,
    along_rays: [Option<[f64; 2]>; 3],
}

impl Shared {
    /// The limits of all, by default chosen as `default` says; none if each has its own.
    pub fn limits(&self, picture: &PictureArgs, default: Limits, quantity: Quantity) -> Option<Result<Limits>> {
        let values = self.values.as_ref()?;
        let key = format!("{picture:?} {default:?} {quantity:?}");
        let mut last = self.last.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some((_, limits)) = last.as_ref().filter(|(of, _)| *of == key) {
            return Some(Ok(*limits));
        }
        let limits = picture.limits(values, default, quantity, 3);
        *last = limits.as_ref().ok().map(|limits| (key, *limits));
        Some(limits)
    }

    /// The automatic limits of a mean, an integral or a minimum along rays.
    pub fn along_rays(&self, mode: &VolumeMode) -> Option<[f64; 2]> {
        self.values.as_ref()?;
        self.along_rays[place_of(mode)]
    }

    /// Puts box and density of the fog into a scene.
    pub fn apply(&self, scene: &mut Scene) {
        scene.focus = self.focus;
        if let Some(length) = self.reference_length {
            scene.transfer.reference_length = length;
        }
    }
}

/// Finds it, one density after the other.
pub struct Survey {
    /// How many densities there are.
    count: usize,
    /// Whether limits are common.
    limits: bool,
    values: Vec<f32>,
    /// The volume that a sample stands for.
    each: f64,
    unit: Option<LengthUnit>,
    focus: Option<Box3>,
    reference_length: f64,
    along_rays: [Option<[f64; 2]>; 3],
}

impl Survey {
    /// Of `count` densities, which have limits in common, or each its own.
    pub fn new(count: usize, limits: bool) -> Self {
        let (values, along_rays) = (Vec::new(), [None; 3]);
        Self { count, limits, values, each: 0.0, unit: None, focus: None, reference_length: 1.0, along_rays }
    }

    /// The scene of the next density by itself.
    pub fn add(&mut self, scene: &Scene) {
        let grid = &*scene.grid;
        let focus = scene.focus;
        self.focus = Some(self.focus.map_or(focus, |f| Box3 { min: f.min.min(focus.min), max: f.max.max(focus.max) }));
        if self.each == 0.0 {
            let volume = grid.lattice.spacing.element_product();
            self.each = volume * (grid.values.len() as f64 * self.count as f64 / SAMPLES).max(1.0);
            (self.reference_length, self.unit) = (scene.transfer.reference_length, grid.unit);
        }
        if !self.limits {
            return;
        }
        self.values.extend(sampled(grid, self.each));
        if let Some([least, most]) = scene.mode.limits(grid, &scene.clip) {
            let known = &mut self.along_rays[place_of(&scene.mode)];
            *known = Some(known.map_or([least, most], |[l, m]| [l.min(least), m.max(most)]));
        }
    }

    /// What all that were added have in common; there must be one.
    ///
    /// # Errors
    /// Those of a grid of too many samples.
    pub fn finish(self) -> Result<Shared> {
        let lattice = Lattice { shape: [self.values.len(), 1, 1], origin: DVec3::ZERO, spacing: DVec3::ONE };
        let values = self.limits.then(|| DensityGrid::new(lattice, self.values, self.unit)).transpose()?;
        Ok(Shared {
            values,
            last: Mutex::default(),
            focus: self.focus.unwrap_or(Box3 { min: DVec3::ZERO, max: DVec3::ONE }),
            reference_length: self.limits.then_some(self.reference_length),
            along_rays: self.along_rays,
        })
    }
}

/// Where what is known of rays in a mode is kept.
fn place_of(mode: &VolumeMode) -> usize {
    match mode {
        VolumeMode::LineIntegral => 1,
        VolumeMode::Minimum => 2,
        _ => 0,
    }
}

/// Samples that each stand for the volume `each`, and the smallest and the largest value.
fn sampled(grid: &DensityGrid, each: f64) -> impl Iterator<Item = f32> {
    let [nx, ny, _] = grid.lattice.shape;
    let mut step = ((each / grid.lattice.spacing.element_product()).round() as usize).max(1);
    // A step with a divisor in common with a row would always meet the same columns.
    while step > 1 && (shares_divisor(step, nx) || shares_divisor(step, ny)) {
        step += 1;
    }
    let s = grid.statistics();
    let ends = [s.min, s.max].map(|v| v as f32);
    grid.values.iter().step_by(step).copied().chain(ends)
}

fn shares_divisor(a: usize, b: usize) -> bool {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a > 1
}
