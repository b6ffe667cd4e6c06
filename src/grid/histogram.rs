//! Counts of points in bins.

use glam::DVec3;

use super::{DensityGrid, Lattice, checked_len};
use crate::error::{Error, Result};
use crate::geometry::{Box3, LengthUnit};

/// More bins than that are refused before they are allocated: 3 GiB.
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
pub fn histogram(
    points: &[DVec3],
    spacing: [f64; 3],
    frames: usize,
    unit: Option<LengthUnit>,
) -> Result<DensityGrid<f64>> {
    assert!(frames > 0, "an average over no frame");
    let spacing = DVec3::from_array(spacing);
    if points.is_empty() || !(spacing.is_finite() && spacing.min_element() > 0.0) {
        return Err(Error::Data("there is no point to count, or the bins have no size".into()));
    }
    let bounds = Box3::around(points);
    let bin = |p: DVec3| DVec3::from_array(std::array::from_fn(|a| bin_of(p[a], spacing[a])));
    let (first, last) = (bin(bounds.min), bin(bounds.max));
    let sides = (last - first + 1.0).to_array();
    let shape = sides.map(|n| if n < 1e15 { n as usize } else { usize::MAX });
    let len = checked_len(shape).ok().filter(|n| *n <= MOST_BINS).ok_or_else(|| {
        let [x, y, z] = sides;
        Error::Data(format!("{x} x {y} x {z} bins are too many; choose a larger --spacing"))
    })?;
    let mut counts = vec![0u32; len];
    for point in points {
        let [i, j, k] = (bin(*point) - first).to_array().map(|v| v as usize);
        counts[i + shape[0] * (j + shape[1] * k)] += 1;
    }
    let values = counts.into_iter().map(|n| f64::from(n) / frames as f64).collect();
    DensityGrid::new(Lattice { shape, origin: (first + 0.5) * spacing, spacing }, values, unit)
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
        let grid = histogram(&points, [2.0; 3], 2, None).unwrap();
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
        assert!(histogram(&points, [0.1; 3], 1, None).unwrap_err().to_string().contains("larger --spacing"));
        assert!(histogram(&[], [1.0; 3], 1, None).is_err() && histogram(&points, [0.0; 3], 1, None).is_err());
    }
}
