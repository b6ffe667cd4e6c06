//! Points that are repeated, told apart by their places.

use glam::DVec3;
use rayon::prelude::*;

use crate::points::PointCloud;

/// Positions that are looked at to see whether many are repeated.
const LOOKED_AT: usize = 4096;

/// The distinct ones of positions of which at least half are repeated.
pub(super) fn repeated(positions: &[DVec3]) -> Option<Distinct> {
    let step = positions.len().div_ceil(LOOKED_AT).max(1);
    let some: Vec<DVec3> = positions.iter().copied().step_by(step).collect();
    (2 * Distinct::of(&some).places.len() < some.len()).then(|| Distinct::of(positions))
}

/// The places where points are, in the order of x, then y, then z, and how many are at each: however often points are
/// repeated, a place is looked from once.
pub(super) struct Distinct {
    pub(super) places: Vec<DVec3>,
    pub(super) counts: Vec<usize>,
    /// The number of each point's place.
    pub(super) of_point: Vec<usize>,
}

impl Distinct {
    pub(super) fn of(positions: &[DVec3]) -> Self {
        let key = |i: usize| (positions[i] + 0.0).to_array();
        let mut order: Vec<usize> = (0..positions.len()).collect();
        order.par_sort_unstable_by(|a, b| {
            let (a, b) = (key(*a), key(*b));
            a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])).then(a[2].total_cmp(&b[2]))
        });
        let mut all = Self { places: Vec::new(), counts: Vec::new(), of_point: vec![0; positions.len()] };
        for i in order {
            if all.places.last() == Some(&positions[i]) {
                *all.counts.last_mut().expect("one a place") += 1;
            } else {
                all.places.push(positions[i]);
                all.counts.push(1);
            }
            all.of_point[i] = all.places.len() - 1;
        }
        all
    }

    /// One point a place, of those that this was made of, with the weight of all there.
    pub(super) fn merged(&self, cloud: &PointCloud) -> PointCloud {
        let mut weights = vec![0.0; self.places.len()];
        for (i, at) in self.of_point.iter().enumerate() {
            weights[*at] += cloud.weights.as_ref().map_or(1.0, |w| w[i]);
        }
        let positions = self.places.clone();
        PointCloud { positions, weights: Some(weights), unit: cloud.unit, ..PointCloud::default() }
    }
}
