//! Sums over points that come and go, from which their covariance follows.

use glam::{DMat3, DVec3};

use crate::kde::kernel::{summed, symmetric};
use crate::points::PointCloud;

/// Sums over the points from which covariance and effective number follow.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Moments {
    /// Of the weights.
    pub(super) weight: f64,
    /// Of their squares.
    pub(super) squares: f64,
    /// Of `w d` and of `w d d^T` (xx, yy, zz, xy, xz, yz), d from some center near them.
    first: DVec3,
    second: [f64; 6],
}

impl Moments {
    /// With distances from `center`.
    pub(super) fn of(cloud: &PointCloud, center: DVec3) -> Self {
        let [w, ww, x, y, z, second @ ..]: [f64; 11] = summed(cloud.len(), |i| {
            let (w, d) = (cloud.weights.as_ref().map_or(1.0, |w| w[i]), cloud.positions[i] - center);
            let p = d * w;
            [w, w * w, p.x, p.y, p.z, p.x * d.x, p.y * d.y, p.z * d.z, p.x * d.y, p.x * d.z, p.y * d.z]
        });
        Self { weight: w, squares: ww, first: DVec3::new(x, y, z), second }
    }

    /// With those of other points, from the same center, added `sign` times.
    pub(super) fn plus(&self, other: &Self, sign: f64) -> Self {
        Self {
            weight: self.weight + sign * other.weight,
            squares: self.squares + sign * other.squares,
            first: self.first + sign * other.first,
            second: std::array::from_fn(|i| self.second[i] + sign * other.second[i]),
        }
    }

    /// `(sum w)^2 / sum w^2`.
    pub(super) fn n_eff(&self) -> f64 {
        self.weight * self.weight / self.squares
    }

    /// The unbiased covariance, as numpy's `cov(aweights=w)`.
    pub(super) fn covariance(&self) -> DMat3 {
        let m = self.first / self.weight;
        let [xx, yy, zz, xy, xz, yz] = self.second.map(|v| v / self.weight);
        let of = |a: f64, b: f64, c: f64| a - b * c;
        let (xy, xz, yz) = (of(xy, m.x, m.y), of(xz, m.x, m.z), of(yz, m.y, m.z));
        let (xx, yy, zz) = (of(xx, m.x, m.x), of(yy, m.y, m.y), of(zz, m.z, m.z));
        symmetric([xx, xy, xz, yy, yz, zz]) * (1.0 / (1.0 - 1.0 / self.n_eff()))
    }
}
