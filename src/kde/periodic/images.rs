//! The images of points that are near enough to count.

use glam::DVec3;

use crate::error::{Error, Result};
use crate::geometry::{Box3, Cell};
use crate::kde::bound;
use crate::kde::kernel::{self, Kernel};
use crate::memory::{GIB, usable_memory};
use crate::points::PointCloud;

/// Bytes that an image takes as a point, with what sums need.
const BYTES: f64 = 200.0;

/// Which images count.
pub(super) struct Images<'a> {
    cell: &'a Cell,
    /// All that is near enough to the places.
    reach: Box3,
    left_out: f64,
}

impl<'a> Images<'a> {
    /// Those that may add to places in a box more than `error` of the maximum, together: within a distance of `R` standard
    /// deviations, beyond which images add at most `(R^2/3)^(3/2) exp(3/2 - R^2/2)` of it ([`bound`]). With an error of 0 those
    /// that count at all.
    pub(super) fn new(cell: &'a Cell, kernel: &Kernel, places: Box3, error: f64) -> Self {
        let radius = bound::radius_by_widening(error);
        Self { cell, reach: places.grown(radius * kernel.sigma()), left_out: bound::by_widening(radius) }
    }

    /// What the others add at most, as a share of the maximum over space.
    pub(super) fn left_out(&self) -> f64 {
        self.left_out
    }

    /// About how many there are of a point, itself included.
    pub(super) fn factor(&self) -> f64 {
        self.reach.size().element_product() / self.cell.volume()
    }

    /// The points, which lie in the cell, and their images.
    ///
    /// # Errors
    /// [`Error::Data`] if they do not fit into memory.
    pub(super) fn points(&self, cloud: &PointCloud) -> Result<PointCloud> {
        let needed = BYTES * self.factor() * cloud.len() as f64;
        if needed > usable_memory() {
            return Err(Error::Data(format!(
                "{:.1e} images a point need {:.1e} GiB, and {:.1} GiB can be had; leave --method out, or take fewer points",
                self.factor(),
                needed / GIB,
                usable_memory() / GIB
            )));
        }
        let mut reach = self.reach;
        let mut all = self.within(cloud, reach);
        // A density needs two points: in a box of the size of the cell more on each side, each point has some.
        while kernel::distinct_bounds(&all).is_err() && reach.size().is_finite() {
            reach = reach.grown(self.cell.bounds().size());
            all = self.within(cloud, reach);
        }
        Ok(all)
    }

    fn within(&self, cloud: &PointCloud, reach: Box3) -> PointCloud {
        let shifts = self.shifts(reach);
        let mut all = PointCloud { unit: cloud.unit, ..PointCloud::default() };
        let mut weights = Vec::new();
        for (i, p) in cloud.positions.iter().enumerate() {
            for shift in &shifts {
                let image = *p + *shift;
                if image.cmpge(reach.min).all() && image.cmple(reach.max).all() {
                    all.positions.push(image);
                    weights.extend(cloud.weights.as_ref().map(|w| w[i]));
                }
            }
        }
        all.weights = cloud.weights.as_ref().map(|_| weights);
        all
    }

    /// The ways from the cell to those that a reach touches.
    fn shifts(&self, reach: Box3) -> Vec<DVec3> {
        let corners = reach.corners().map(|c| self.cell.fractional(c));
        let within = Box3::around(&corners);
        let (low, high) = ((within.min - 1.0).floor(), within.max.floor());
        let range = |a: usize| (low[a] as i64..=high[a] as i64).map(|n| n as f64);
        let mut shifts = Vec::new();
        for c in range(2) {
            for b in range(1) {
                shifts.extend(range(0).map(|a| self.cell.edges() * DVec3::new(a, b, c)));
            }
        }
        shifts
    }
}
