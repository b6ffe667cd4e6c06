//! A density whose points come in parts: what all parts must agree on is settled once, and the sums of the parts add up.
//!
//! All methods are linear in the points. With the kernel, the grid, the period and the window settled, the parts add
//! up to the density of all points within rounding, however the points were divided.

mod settle;
mod streamed;
mod sum;

use glam::DVec3;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::geometry::{Box3, LengthUnit};
use crate::grid::{Lattice, checked_len};
use crate::kde::kernel::{Kernel, symmetric};

pub use settle::settle;
use settle::{SHARE, SHARE_OF_TREE};
pub use streamed::{
    Each, density_streamed, fits_in_memory, memory_of, needs_all, settle_streamed, should_be_in_memory,
};
pub use sum::{Partial, Summing};

/// Rules by which a kernel can have been chosen.
const RULES: [&str; 7] = ["scott", "silverman", "factor", "length", "matrix", "cv", "likelihood"];

/// What is settled before the points are divided: kernel, grid, method and error. Numbers survive JSON exactly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settled {
    /// Number of points.
    pub points: usize,
    /// The sum of their weights.
    pub weight: f64,
    /// The smallest box around the points: minimum and maximum.
    pub bounds: [DVec3; 2],
    /// Unit of length by its name, or null.
    pub unit: Option<String>,
    /// Nodes along x, y, z.
    pub shape: [usize; 3],
    /// Position of the first node.
    pub origin: DVec3,
    /// Distance between nodes.
    pub spacing: DVec3,
    /// The box without its padding: minimum and maximum.
    pub focus: [DVec3; 2],
    /// The rule of the bandwidth, such as `scott`.
    pub rule: String,
    /// The kernel's standard deviations by the data's; null for lengths.
    pub factor: Option<f64>,
    /// Effective number of points.
    pub n_eff: f64,
    /// The kernel's covariance: xx, xy, xz, yy, yz, zz.
    pub covariance: [f64; 6],
    /// `exact`, `tree` or `spectral`.
    pub method: String,
    /// Why.
    pub reason: String,
    /// The error asked for, as a share of the largest density.
    pub error: f64,
    /// The error that the parts are made with, so that the whole keeps it.
    pub error_of_parts: f64,
    /// What densities, normalised to 1, are multiplied by.
    pub scale: f64,
    /// Numbers of nodes, x fastest, at which each part tells the exact sum too.
    pub checked_nodes: Vec<usize>,
}

impl Settled {
    /// The grid.
    pub fn lattice(&self) -> Lattice {
        Lattice { shape: self.shape, origin: self.origin, spacing: self.spacing }
    }

    /// The kernel.
    ///
    /// # Errors
    /// [`Error::Data`] if the covariance is none.
    pub fn kernel(&self) -> Result<Kernel> {
        Kernel::from_covariance(self.rule()?, self.factor, self.n_eff, symmetric(self.covariance))
    }

    /// Unit of length.
    pub fn unit(&self) -> Option<LengthUnit> {
        self.unit.as_deref().and_then(|unit| unit.parse().ok())
    }

    /// Refuses what no plan says, such as one that was edited.
    ///
    /// # Errors
    /// [`Error::Data`] that says what is wrong.
    pub fn check(&self) -> Result<()> {
        let wrong = |what: &str| Err(Error::Data(format!("the plan is damaged: {what}")));
        let nodes = checked_len(self.shape)?;
        let positive = |v: f64| v.is_finite() && v > 0.0;
        if self.shape.iter().any(|n| *n < 2) || !self.spacing.to_array().into_iter().all(positive) {
            return wrong("its grid has no nodes or no spacing");
        }
        if !(self.origin.is_finite() && self.bounds.iter().all(|b| b.is_finite())) {
            return wrong("its boxes are not finite");
        }
        if ![self.weight, self.n_eff, self.error, self.error_of_parts, self.scale].into_iter().all(positive) {
            return wrong("weight, n_eff, errors and scale must be above 0");
        }
        if self.checked_nodes.iter().any(|at| *at >= nodes) {
            return wrong("a checked node lies outside the grid");
        }
        if !["exact", "tree", "spectral"].contains(&self.method.as_str()) {
            return wrong("its method is not known");
        }
        self.kernel().map(|_| ())
    }

    fn rule(&self) -> Result<&'static str> {
        RULES.into_iter().find(|rule| *rule == self.rule).ok_or_else(|| {
            Error::Data(format!("the plan is damaged: `{}` is no rule of a bandwidth that parts can share", self.rule))
        })
    }

    fn points_box(&self) -> Box3 {
        Box3 { min: self.bounds[0], max: self.bounds[1] }
    }
}

#[cfg(test)]
mod tests;
