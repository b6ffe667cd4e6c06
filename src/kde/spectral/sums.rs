//! Points that come some at a time: their sums over the grid add up, and so do densities as long as none is cut off at 0.

use glam::DVec3;

use crate::error::Result;
use crate::kde::kernel::Kernel;
use crate::kde::spectral::arrange::{Arranged, Item};
use crate::kde::spectral::{Frame, Spectrum, taps};
use crate::memory::zeros;
use crate::progress::Progress;

impl Frame {
    /// The grid over which points are spread, without any.
    pub(in crate::kde) fn empty(&self) -> Vec<f64> {
        zeros(self.nodes().iter().product())
    }

    /// Spreads so many points over a grid, beside those that it holds, and gives memory to work in.
    ///
    /// # Errors
    /// [`Error::Interrupted`](crate::error::Error::Interrupted).
    pub(in crate::kde) fn spread(
        &self,
        grid: &mut [f64],
        count: usize,
        position: impl Fn(usize) -> DVec3 + Sync,
        weight: impl Fn(usize) -> f64 + Sync,
        progress: &dyn Progress,
    ) -> Result<Vec<Item>> {
        let item = |i: usize| self.in_nodes(position(i), &self.reach).map(|[x, y, z]| [x, y, z, weight(i)]);
        let arranged = Arranged::new(count, item, self.nodes(), &self.window);
        progress.check()?;
        taps::spread(&arranged, &self.window, self.nodes(), grid, progress)?;
        Ok(arranged.into_room())
    }

    /// Fills `values`, x fastest, with the density of a kernel at the nodes as the waves give it, which may be a little below 0:
    /// densities of parts of the points then add up to that of all.
    ///
    /// # Errors
    /// [`Error::Interrupted`](crate::error::Error::Interrupted).
    pub(in crate::kde) fn onto_nodes_signed(
        &self,
        spectrum: &Spectrum,
        kernel: &Kernel,
        values: &mut [f64],
        progress: &dyn Progress,
    ) -> Result<f64> {
        self.back::<f64, f64>(spectrum, kernel, self.onto, values, false, progress)
    }
}
