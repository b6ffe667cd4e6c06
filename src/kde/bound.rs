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

/// Distance beyond which a kernel counts as 0, in standard deviations: `exp(-d^2/2)` is below 2^-960 there.
pub(super) const FARTHEST: f64 = 36.5;
/// Sums (of normalised weights times kernels without their peak) below this are 0: the clamp of exponents at
/// -1010 adds up to 2^-1010 to each.
const SMALLEST_EXPONENT: i32 = -960;

/// A sum, or 0 where it is too small to be told from the clamp.
pub(super) fn settled(sum: f64) -> f64 {
    if sum < 2f64.powi(SMALLEST_EXPONENT) { 0.0 } else { sum }
}

/// What [`settled`] can take, as a share of `largest`.
pub(super) fn clamped(peak: f64, largest: f64) -> f64 {
    if largest > 0.0 { 2f64.powi(SMALLEST_EXPONENT) * (peak / largest) } else { 0.0 }
}

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

/// What decides how much rounding can change a sum.
pub(super) struct Rounding {
    /// Magnitude of the coordinates, in standard deviations.
    pub(super) magnitude: f64,
    /// Largest distance at which a point still counts, in standard deviations.
    pub(super) distance: f64,
    /// [`coarseness`], if the grid holds all points.
    pub(super) coarseness: Option<f64>,
    /// Largest magnitude of an exponent of two.
    pub(super) exponent: f64,
    /// Most terms added one after another.
    pub(super) terms: f64,
}

impl Rounding {
    /// The largest error as a share of the largest value, to first order.
    ///
    /// Coordinates are rounded in 4 operations on 3 axes, and change an exponent by the distance d times as much.
    /// Where the grid holds all points, the mean over the points counts in place of the largest d: `d exp(-d^2/2)`
    /// is at most 0.86 times the kernel widened by sqrt 2, which by widening makes 2.43. Exponents of two are
    /// rounded in 6 operations; the exponential, the weight and the product take some more.
    pub(super) fn bound(&self) -> f64 {
        let distance = self.coarseness.map_or(self.distance, |c| self.distance.min(2.43 * c));
        f64::EPSILON * (7.0 * self.magnitude * distance + 4.2 * self.exponent + self.terms + 16.0)
    }
}

/// What storing values of `bytes` bytes can change, as a share of `largest`, the largest of them: f32 rounds to 24 bits, to
/// multiples of 2^-149 where that is coarser, and holds nothing beyond 3.4e38. f64, in which values are made, is so coarse
/// below 1e-308 only.
pub(super) fn storage(largest: f64, bytes: usize) -> f64 {
    match bytes {
        _ if largest == 0.0 => 0.0,
        8 if largest.is_infinite() => f64::INFINITY,
        8 => 2f64.powi(-1073) / largest,
        _ if (largest as f32).is_infinite() => f64::INFINITY,
        _ => 0.5 * f64::from(f32::EPSILON) + 2f64.powi(-150) / largest,
    }
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

    #[test]
    fn storage_is_bounded_over_the_whole_range_of_f32() {
        for exponent in -160..130 {
            let largest = 1.9 * 2f64.powi(exponent);
            let bound = storage(largest, 4);
            for i in 0..1000 {
                let value = largest * f64::from(i) / 999.0;
                let off = (f64::from(value as f32) - value).abs() / largest;
                assert!(off <= bound, "{value:e}: {off:e} {bound:e}");
            }
        }
        assert_eq!((storage(4e38, 4), storage(4e38, 8)), (f64::INFINITY, 2f64.powi(-1073) / 4e38));
        assert!(storage(1.0, 4) < 6e-8 && storage(1e-40, 4) > 7e-6);
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
            assert!(beyond / all <= bound && beyond / all > 0.01 * bound, "{radius}: {} {bound}", beyond / all);
        }
    }
}
