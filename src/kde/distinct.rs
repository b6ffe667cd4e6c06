//! Points that are repeated, told apart by their places.

use glam::DVec3;
use rayon::prelude::*;

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
}
