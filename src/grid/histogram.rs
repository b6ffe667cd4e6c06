//! Counts of points in bins.

use glam::DVec3;

use super::{DensityGrid, Lattice, Sample, checked_len};
use crate::error::{Error, Result};
use crate::geometry::{Box3, LengthUnit};

/// More bins than that are refused before they are allocated: 2 GiB.
const MOST_BINS: usize = 1 << 28;

/// Counts the points in bins of a spacing, divided by `frames`: the mean occupancy where the points are those of so
/// many frames.
///
/// Bins begin at whole multiples of the spacing, the first at `floor(min / spacing) * spacing`, and hold their lower
/// edge but not their upper one. Node (i, j, k) of the grid is the middle of its bin.
///
/// # Errors
/// [`Error::Data`] if there is no point, a spacing is not above 0, or the bins are too many.
///
/// # Panics
/// If `frames` is 0.
pub fn histogram<T: Sample>(
    points: &[DVec3],
    spacing: [f64; 3],
    frames: usize,
    unit: Option<LengthUnit>,
) -> Result<DensityGrid<T>> {
    let mut histogram = Histogram::new(Box3::around(points), spacing)?;
    histogram.add(points)?;
    histogram.finish(frames, unit)
}

/// Counts of points that come some at a time, in bins as those of [`histogram`].
#[derive(Debug, Clone)]
pub struct Histogram {
    /// The number of the first bin along each axis.
    first: DVec3,
    shape: [usize; 3],
    spacing: DVec3,
    counts: Vec<u32>,
}

impl Histogram {
    /// Bins for points of which the outermost are these.
    ///
    /// # Errors
    /// [`Error::Data`] if there is no point (the box is not finite), a spacing is not above 0, or the bins are too many.
    pub fn new(bounds: Box3, spacing: [f64; 3]) -> Result<Self> {
        let spacing = DVec3::from_array(spacing);
        let is_box = bounds.min.is_finite() && bounds.max.is_finite() && bounds.min.cmple(bounds.max).all();
        if !(is_box && spacing.is_finite() && spacing.min_element() > 0.0) {
            return Err(Error::Data("there is no point to count, or the bins have no size".into()));
        }
        let (first, last) = (bin_at(bounds.min, spacing), bin_at(bounds.max, spacing));
        let sides = (last - first + 1.0).to_array();
        let shape = sides.map(|n| if n < 1e15 { n as usize } else { usize::MAX });
        let len = checked_len(shape).ok().filter(|n| *n <= MOST_BINS).ok_or_else(|| {
            let [x, y, z] = sides;
            Error::Data(format!("{x} x {y} x {z} bins are too many; choose a larger --spacing"))
        })?;
        Ok(Self { first, shape, spacing, counts: vec![0; len] })
    }

    /// Counts points.
    ///
    /// # Errors
    /// [`Error::Data`] if one lies outside of the bins, or a bin holds 2^32.
    pub fn add(&mut self, points: &[DVec3]) -> Result<()> {
        let [nx, ny, nz] = self.shape;
        let most = DVec3::new(nx as f64, ny as f64, nz as f64);
        for point in points {
            let bin = bin_at(*point, self.spacing) - self.first;
            if !(bin.cmpge(DVec3::ZERO).all() && bin.cmplt(most).all()) {
                return Err(Error::Data(format!(
                    "the point {point} lies outside of the bins of the points seen before"
                )));
            }
            let [i, j, k] = bin.to_array().map(|v| v as usize);
            let count = &mut self.counts[i + nx * (j + ny * k)];
            *count =
                count.checked_add(1).ok_or_else(|| Error::Data(format!("the bin of {point} holds too many points")))?;
        }
        Ok(())
    }

    /// The counts divided by `frames`; those of f32 take the place of the counts in memory.
    ///
    /// # Errors
    /// Those of [`DensityGrid::new`].
    ///
    /// # Panics
    /// If `frames` is 0.
    pub fn finish<T: Sample>(self, frames: usize, unit: Option<LengthUnit>) -> Result<DensityGrid<T>> {
        assert!(frames > 0, "an average over no frame");
        let Self { first, shape, spacing, counts } = self;
        let counts = counts.into_iter().map(|n| T::from_f64(f64::from(n) / frames as f64)).collect();
        DensityGrid::new(Lattice { shape, origin: (first + 0.5) * spacing, spacing }, counts, unit)
    }
}

/// The numbers of the bin that holds a point.
fn bin_at(point: DVec3, spacing: DVec3) -> DVec3 {
    DVec3::from_array(std::array::from_fn(|a| bin_of(point[a], spacing[a])))
}

/// The number of the bin that holds `at`: by its edges, which are rounded multiples of the spacing.
fn bin_of(at: f64, spacing: f64) -> f64 {
    let bin = (at / spacing).floor();
    if at < bin * spacing {
        bin - 1.0
    } else if at >= (bin + 1.0) * spacing {
        bin + 1.0
    } else {
        bin
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_hold_their_lower_edge_and_begin_at_multiples() {
        let points =
            [[-0.5, 2.0, 0.0], [1.9, 2.0, 0.0], [2.0, 3.0, 0.0], [2.0, 2.5, 1.0], [5.99, 2.0, 0.0]].map(DVec3::from);
        let grid: DensityGrid<f64> = histogram(&points, [2.0; 3], 2, None).unwrap();
        assert_eq!((grid.lattice.shape, grid.lattice.origin), ([4, 1, 1], DVec3::new(-1.0, 3.0, 1.0)));
        assert_eq!(grid.values, [0.5, 0.5, 1.0, 0.5]);
    }

    #[test]
    fn edges_that_are_rounded_belong_to_their_bin() {
        // 3 * 0.1 is 0.30000000000000004: 0.3 lies below it, in bin 2.
        assert_eq!((bin_of(0.3, 0.1), bin_of(3.0 * 0.1, 0.1), bin_of(0.7, 0.1)), (2.0, 3.0, 6.0));
        for k in -1000..1000 {
            let edge = f64::from(k) * 0.1;
            assert_eq!((bin_of(edge, 0.1), bin_of(edge.next_down(), 0.1)), (f64::from(k), f64::from(k) - 1.0));
        }
    }

    #[test]
    fn too_many_bins_are_refused() {
        let points = [DVec3::ZERO, DVec3::splat(1e6)];
        assert!(histogram::<f32>(&points, [0.1; 3], 1, None).unwrap_err().to_string().contains("larger --spacing"));
        assert!(
            histogram::<f32>(&[], [1.0; 3], 1, None).is_err() && histogram::<f32>(&points, [0.0; 3], 1, None).is_err()
        );
    }
}
