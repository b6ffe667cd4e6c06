//! The window with which a point is laid over the nodes around it.

use crate::kde::simd::{Eight, LANES, Simd};

/// Most taps of a window.
pub(super) const MOST_TAPS: usize = 16;
/// Vectors of eight that hold the taps of any window.
const VECTORS: usize = MOST_TAPS / LANES;
/// Coefficients of the polynomials in excess of the number of taps: the window is then right to 1e-2 of the aliases it
/// leaves (`the_polynomials_are_the_window`).
const EXTRA_DEGREE: usize = 4;

/// For the errors 1e-2, 1e-3, ... 1e-12 the widest spacing of nodes, in standard deviations of the kernel, with the
/// window's shape divided by its taps: first for `decade + 1` taps, then for `decade + 2`. Printed by
/// `benches/kde_windows.py`, where the criterion stands.
const NODES: [[(f64, f64); 2]; 11] = [
    [(0.0, 0.0), (0.770, 2.142)],
    [(0.421, 2.651), (0.678, 2.167)],
    [(0.432, 2.586), (0.611, 2.180)],
    [(0.424, 2.562), (0.557, 2.204)],
    [(0.410, 2.524), (0.515, 2.208)],
    [(0.394, 2.502), (0.480, 2.231)],
    [(0.381, 2.492), (0.453, 2.233)],
    [(0.368, 2.458), (0.428, 2.252)],
    [(0.356, 2.458), (0.408, 2.255)],
    [(0.346, 2.437), (0.389, 2.267)],
    [(0.334, 2.442), (0.374, 2.265)],
];

/// Aliases on each side that are summed one by one.
const NEAR: i32 = 12;

/// The table leaves this much room, so that an error a little below a decade, to which rounding is added, takes its
/// windows.
const MARGIN: f64 = 1.12;

/// The smallest error the method is made for, as a share of the maximum.
pub(crate) const SMALLEST_ERROR: f64 = 1e-12;

/// A window and the spacing of the nodes it is made for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Choice {
    pub(super) taps: usize,
    /// Shape, `beta` of Kaiser and Bessel.
    shape: f64,
    /// Most standard deviations of the kernel from node to node.
    pub(super) spacing: f64,
}

/// Windows that keep `error`: the one of fewer taps and closer nodes first.
pub(super) fn choices(error: f64) -> Vec<Choice> {
    let decades = (-(MARGIN * error).log10()).clamp(2.0, 12.0);
    let (below, part) = (decades.floor() as usize, decades.fract());
    let of = |taps: usize, (spacing, shape): (f64, f64)| Choice { taps, shape: shape * taps as f64, spacing };
    let [low, high] = NODES[below - 2];
    let both = if part == 0.0 {
        [of(below + 1, low), of(below + 2, high)]
    } else {
        // Between two decades the spacing falls faster than the line.
        let [low, next] = NODES[below - 1];
        let between = (high.0 + part * (low.0 - high.0), high.1 + part * (low.1 - high.1));
        [of(below + 2, between), of(below + 3, next)]
    };
    both.into_iter().filter(|c| c.spacing > 0.0).collect()
}

/// The half width of the band of wave numbers that is kept, in 1 / standard deviations: beyond it the kernel's
/// transform is below `error / 30`, and there are 6 ways to pass its end.
pub(super) fn band(error: f64) -> f64 {
    (2.0 * (30.0 / error.max(SMALLEST_ERROR)).ln()).sqrt()
}

/// The window of Kaiser and Bessel, `I0(beta sqrt(1 - (2 t / taps)^2))` for t nodes from the point, of integral 1
/// (Kaiser 1966; Jackson et al. 1991, "Selection of a convolution function for Fourier inversion using gridding").
#[derive(Debug, Clone)]
pub(super) struct Window {
    pub(super) taps: usize,
    shape: f64,
    /// Coefficients of the powers of z, highest first, one lane a tap; see [`Window::values`].
    polynomials: Vec<[Eight; VECTORS]>,
}

impl Window {
    pub(super) fn new(choice: Choice) -> Self {
        let Choice { taps, shape, .. } = choice;
        let degree = taps + EXTRA_DEGREE;
        let mut polynomials = vec![[[0.0; LANES]; VECTORS]; degree + 1];
        let unfitted = Self { taps, shape, polynomials: Vec::new() };
        for tap in 0..taps {
            let value = |z: f64| unfitted.plain(tap as f64 + 0.5 * (z + 1.0) - 0.5 * taps as f64);
            for (power, c) in interpolated(value, degree).into_iter().enumerate() {
                polynomials[degree - power][tap / LANES][tap % LANES] = c;
            }
        }
        Self { polynomials, ..unfitted }
    }

    /// The degree of the polynomials.
    pub(super) fn degree(&self) -> usize {
        self.polynomials.len() - 1
    }

    /// The coefficient of the polynomial of a tap, the highest power first.
    pub(super) fn coefficient(&self, power: usize, tap: usize) -> f64 {
        self.polynomials[power][tap / LANES][tap % LANES]
    }

    /// The window `t` nodes from its middle.
    fn plain(&self, t: f64) -> f64 {
        let x = 2.0 * t / self.taps as f64;
        let argument = self.shape * (1.0 - x * x).max(0.0).sqrt();
        bessel_i0(argument) * self.shape / (self.taps as f64 * self.shape.sinh())
    }

    /// The window's Fourier transform at `k` radians a node; 1 at 0.
    pub(super) fn transform(&self, k: f64) -> f64 {
        let half = 0.5 * k * self.taps as f64;
        let z = self.shape * self.shape - half * half;
        let s = z.abs().sqrt();
        let value = match z {
            z if s < 1e-6 => 1.0 + z / 6.0,
            z if z > 0.0 => s.sinh() / s,
            _ => s.sin() / s,
        };
        value * self.shape / self.shape.sinh()
    }

    /// How much of its aliases a wave of `k` radians a node, at most pi, carries at most, wherever a point lies between
    /// nodes, as a share of itself.
    ///
    /// The window is a box, as high as the window is at its ends, and a rest without a step. Of the rest the transforms at
    /// `k + 2 pi m` can be summed: with `x = |k + 2 pi m| taps / 2`, `s^2 = x^2 - beta^2` and `A = beta / sinh beta` each is
    /// `A |sin s / s - sin x / x| <= A beta^2 / x^2 (1 + 1/s)`. Those of the box sum to the difference between the sum of
    /// `taps` turning nodes, the middle one at most half a node from the point, and the integral:
    /// `sin(k taps / 2) (exp(i k t) / (taps sin(k/2)) - 2 / (k taps))`, `|t| <= 1/2`.
    pub(super) fn aliases(&self, k: f64) -> f64 {
        let (half, a) = (0.5 * self.taps as f64, self.shape / self.shape.sinh());
        let rest = |m: i32| {
            let x = (k + std::f64::consts::TAU * f64::from(m)) * half;
            (self.transform(x / half) - a * x.sin() / x).abs()
        };
        let near: f64 = (1..=NEAR).map(|m| rest(m) + rest(-m)).sum();
        // Of the others x is above pi taps (|m| - 1/2), and the sum of 1 / (|m| - 1/2)^2 below 1 / NEAR on each side.
        let least = std::f64::consts::PI * self.taps as f64 * (f64::from(NEAR) + 0.5);
        let slowest = 1.0 + (least * least - self.shape * self.shape).max(1.0).sqrt().recip();
        let others = 2.0 / f64::from(NEAR) * (self.shape / (std::f64::consts::PI * self.taps as f64)).powi(2) * slowest;
        let k = k.abs();
        let of_box = if k < 1e-9 {
            0.0
        } else {
            let off = 1.0 / (0.5 * k).sin() - 2.0 / k + (0.25 * k).cos().recip();
            (k * half).sin().abs() * off / self.taps as f64
        };
        (near + a * (others + of_box) + self.taps as f64 * self.fit()) / self.transform(k)
    }

    /// How far the polynomials are from the window at most (`the_polynomials_are_the_window`).
    fn fit(&self) -> f64 {
        1e-2 * 10f64.powi(1 - self.taps as i32) + 1e-14
    }

    /// The first node that a point at `t` nodes, at least half the taps, reaches, and the variable z of the polynomials,
    /// -1 to 1.
    #[inline(always)]
    pub(super) fn first(&self, t: f64) -> (usize, f64) {
        let left = t - 0.5 * self.taps as f64;
        let first = left as usize + 1;
        (first, 2.0 * (first as f64 - left) - 1.0)
    }

    /// The window at the taps, by Horner's rule.
    #[inline(always)]
    pub(super) fn values<S: Simd, const R: usize>(&self, s: S, z: f64) -> [S::V; R] {
        let z = s.splat(z);
        let mut sums: [S::V; R] = std::array::from_fn(|r| s.load(&self.polynomials[0][r]));
        for c in &self.polynomials[1..] {
            for r in 0..R {
                sums[r] = s.mul_add(sums[r], z, s.load(&c[r]));
            }
        }
        sums
    }
}

/// The modified Bessel function of order 0, by its power series: every term is positive.
fn bessel_i0(x: f64) -> f64 {
    let q = 0.25 * x * x;
    let (mut term, mut sum, mut n) = (1.0, 1.0, 1.0);
    while term > 1e-17 * sum {
        term *= q / (n * n);
        sum += term;
        n += 1.0;
    }
    sum
}

/// Coefficients, lowest power first, of the polynomial that equals `f` at the Chebyshev nodes of -1..1.
fn interpolated(f: impl Fn(f64) -> f64, degree: usize) -> Vec<f64> {
    let n = degree + 1;
    let angle = |i: usize| std::f64::consts::PI * (i as f64 + 0.5) / n as f64;
    let values: Vec<f64> = (0..n).map(|i| f(angle(i).cos())).collect();
    let of_chebyshev = |k: usize| -> f64 {
        let sum: f64 = values.iter().enumerate().map(|(i, v)| v * (k as f64 * angle(i)).cos()).sum();
        sum * if k == 0 { 1.0 } else { 2.0 } / n as f64
    };
    // T_0 = 1, T_1 = z, T_k = 2 z T_(k-1) - T_(k-2)
    let (mut before, mut now) = (vec![0.0; n], vec![0.0; n]);
    (before[0], now[1.min(degree)]) = (1.0, 1.0);
    let mut sum: Vec<f64> = before.iter().map(|c| c * of_chebyshev(0)).collect();
    for k in 1..n {
        let c = of_chebyshev(k);
        sum.iter_mut().zip(&now).for_each(|(s, t)| *s += c * t);
        let next = (0..n).map(|p| if p == 0 { 0.0 } else { 2.0 * now[p - 1] } - before[p]).collect();
        before = std::mem::replace(&mut now, next);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kde::simd::{Job, dispatch};

    struct Values<'a>(&'a Window, f64, &'a mut [f64; MOST_TAPS]);

    impl Job for Values<'_> {
        #[inline(always)]
        fn run<S: Simd>(self, s: S) {
            let vectors: [S::V; VECTORS] = self.0.values(s, self.1);
            for (v, to) in vectors.into_iter().zip(self.2.as_chunks_mut::<LANES>().0) {
                s.store(v, to);
            }
        }
    }

    fn all() -> Vec<Choice> {
        (4..=24).flat_map(|half| choices(10f64.powf(-0.5 * f64::from(half)))).collect()
    }

    #[test]
    fn an_error_between_two_decades_takes_windows_between_theirs() {
        assert_eq!(choices(1e-6 / MARGIN)[1], Choice { taps: 8, shape: 8.0 * 2.208, spacing: 0.515 });
        let [low, high] = choices(3e-7)[..] else { panic!("two windows") };
        assert!((low.taps, high.taps) == (8, 9) && low.spacing < 0.515 && low.spacing > 0.394, "{low:?}");
        assert_eq!((choices(0.5).len(), choices(1e-30)[1].taps), (1, 14));
        // The nodes resolve every wave of the band.
        for decade in 2..=12 {
            let error = 10f64.powi(-decade);
            assert!(choices(error).iter().all(|c| c.spacing * band(error) < std::f64::consts::PI), "{decade}");
        }
    }

    #[test]
    fn the_polynomials_are_the_window() {
        for choice in all() {
            let window = Window::new(choice);
            for i in 0..=40 {
                let t = 20.0 + f64::from(i) / 40.0;
                let (first, z) = window.first(t);
                let mut values = [0.0; MOST_TAPS];
                dispatch(Values(&window, z, &mut values));
                for (tap, value) in values.into_iter().enumerate() {
                    let distance = (first + tap) as f64 - t;
                    let plain = if tap < choice.taps { window.plain(distance) } else { 0.0 };
                    assert!((value - plain).abs() < window.fit(), "{choice:?} at {distance}: {value} {plain}");
                    assert!(tap >= choice.taps || distance.abs() <= 0.5 * choice.taps as f64);
                }
            }
        }
    }

    // What a point adds to a wave through the nodes, less what the window's transform says.
    #[test]
    fn aliases_are_below_their_bound_and_near_it() {
        for choice in all() {
            let window = Window::new(choice);
            let mut nearest = f64::INFINITY;
            for i in 0..=60 {
                let k = 0.99 * std::f64::consts::PI * f64::from(i) / 60.0;
                let bound = window.aliases(k) * window.transform(k);
                let error = |t: f64| {
                    let (first, z) = window.first(t);
                    let mut values = [0.0; MOST_TAPS];
                    dispatch(Values(&window, z, &mut values));
                    let sum = |of: fn(f64) -> f64| -> f64 {
                        values.iter().enumerate().map(|(at, v)| v * of(k * ((first + at) as f64 - t))).sum()
                    };
                    (sum(f64::cos) - window.transform(k)).hypot(sum(f64::sin))
                };
                let largest = (0..50).map(|j| error(20.0 + 0.02 * f64::from(j))).fold(0.0, f64::max);
                assert!(largest <= bound, "{choice:?} {k}: {largest:e} {bound:e}");
                nearest = nearest.min(bound / largest);
            }
            assert!(nearest < 4.0, "{choice:?}: {nearest}");
        }
    }

    #[test]
    fn the_transform_is_that_of_the_window() {
        for choice in all() {
            let window = Window::new(choice);
            let steps = 20_000;
            let width = choice.taps as f64;
            for k in [0.0, 0.3, 1.0, 3.0, 6.0, 12.0] {
                let at = |i: i32| (f64::from(i) + 0.5) / f64::from(steps) * width - 0.5 * width;
                let sum: f64 = (0..steps).map(|i| window.plain(at(i)) * (k * at(i)).cos()).sum();
                let sum = sum * width / f64::from(steps);
                assert!((sum - window.transform(k)).abs() < 1e-8, "{choice:?} {k}: {sum} {}", window.transform(k));
            }
        }
    }
}
