//! How far a density can be wrong.
//!
//! Two bounds of what a cut-off at `R` standard deviations leaves out (Mahalanobis distance):
//!
//! - By the peak: every point left out adds less than its share of `peak exp(-R^2/2)`.
//! - By widening: for d > R and s > 1, `exp(-d^2/2) <= exp(-R^2/2 (1 - 1/s^2)) exp(-d^2/(2 s^2))`, so what
//!   is left out is at most `s^3 exp(-R^2/2 (1 - 1/s^2))` times the density with bandwidth `s H^(1/2)`. That
//!   density is the one of `H` blurred once more, hence nowhere above its maximum. The best s is
//!   `R/sqrt(3)`: at most `(R^2/3)^(3/2) exp(3/2 - R^2/2)` of the maximum, whatever the points.
//!
//! The maximum over all space lies at a mean of points, and near it `f(x + u) >= f(x) exp(-|u|^2/2)` (Jensen's
//! inequality: `log f(x) + |x|^2/2` is convex). A grid around all points therefore holds at a node at least
//! `exp(-v^2/2)` of it, v being half a voxel's diagonal in standard deviations.

/// Distance beyond which a kernel is 0 in f64, in standard deviations.
pub(super) const FARTHEST: f64 = 38.7;

/// What is left out beyond `radius`, as a share of the maximum over all space.
pub(super) fn by_widening(radius: f64) -> f64 {
    let r2 = radius * radius;
    if r2 <= 3.0 { 1.0 } else { (r2 / 3.0).powf(1.5) * (1.5 - 0.5 * r2).exp() }
}

/// What is left out beyond `radius`, as a share of `largest`, the largest value found.
pub(super) fn by_peak(radius: f64, peak: f64, largest: f64) -> f64 {
    if largest > 0.0 { peak / largest * (-0.5 * radius * radius).exp() } else { f64::INFINITY }
}

/// The cut-off for which [`by_widening`] is `share`.
pub(super) fn radius_by_widening(share: f64) -> f64 {
    let (mut low, mut high) = (3f64.sqrt(), FARTHEST);
    for _ in 0..50 {
        let middle = 0.5 * (low + high);
        if by_widening(middle) > share { low = middle } else { high = middle }
    }
    high
}

/// The cut-off for which [`by_peak`] is `share`.
pub(super) fn radius_by_peak(share: f64, peak: f64, largest: f64) -> f64 {
    (2.0 * (peak / largest / share).ln()).max(0.0).sqrt().min(FARTHEST)
}

/// The share of its maximum over space by which the density at the best node may fall short, as a factor.
pub(super) fn coarseness(half_voxel: f64) -> f64 {
    (0.5 * half_voxel * half_voxel).exp()
}

/// Rounding of the tree's sums: relative error of every value, to first order. Coordinates of `magnitude`
/// standard deviations are rounded in each of 4 operations and 3 axes, and change an exponent by the distance
/// times as much; exponents of two are rounded in 6 operations; sums have two levels of 128.
pub(super) fn rounding_of_tree(magnitude: f64, distance: f64, exponent: f64, points: usize) -> f64 {
    let sums = 128.0 + points as f64 / 128.0;
    f64::EPSILON * (7.0 * magnitude * distance + 4.2 * exponent + sums + 16.0)
}

/// Rounding of the exact sum, as a share of the maximum over all space: as for the tree, but over all distances
/// d, for which `d exp(-d^2/2)` and `d^2 exp(-d^2/2)` are at most 0.86 and 1.5 times the kernel widened by
/// sqrt 2, so that widening gives 2.43 and 4.2.
pub(super) fn rounding_of_exact(magnitude: f64, points: usize) -> f64 {
    let sums = 256.0 + points as f64 / 2048.0;
    f64::EPSILON * (7.0 * 2.43 * magnitude + 4.0 * 4.2 + sums + 16.0)
}

/// Rounding of a value of `bytes` bytes on storing it.
pub(super) fn rounding_of_storage(bytes: usize) -> f64 {
    if bytes == 4 { 0.5 * f64::from(f32::EPSILON) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn radii_and_bounds_are_inverse() {
        for share in [1e-2, 1e-3, 1e-6, 1e-12] {
            assert!((by_widening(radius_by_widening(share)) / share - 1.0).abs() < 1e-9);
            assert!((by_peak(radius_by_peak(share, 50.0, 2.0), 50.0, 2.0) / share - 1.0).abs() < 1e-9);
        }
        assert!((radius_by_widening(1e-6) - 6.19).abs() < 0.01, "{}", radius_by_widening(1e-6));
    }

    // Points spread evenly are the worst case: beyond R lies 4 pi n int_R^inf exp(-r^2/2) r^2 dr.
    #[test]
    fn the_widening_bound_holds_for_points_spread_evenly() {
        for radius in [2.0, 3.0, 5.0, 7.0] {
            let step = 1e-3;
            let shell = |r: f64| r * r * (-0.5 * r * r).exp() * step;
            let beyond: f64 = (0..10_000).map(|i| shell(radius + (f64::from(i) + 0.5) * step)).sum();
            let all: f64 = (0..15_000).map(|i| shell((f64::from(i) + 0.5) * step)).sum();
            let bound = by_widening(radius);
            assert!(beyond / all <= bound && beyond / all > 0.05 * bound, "{radius}: {} {bound}", beyond / all);
        }
    }
}
