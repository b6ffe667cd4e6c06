//! The sum over the points at single places, such as the points themselves.

use glam::DVec3;
use rayon::prelude::*;

use crate::error::Result;
use crate::kde::bound::{FARTHEST, settled};
use crate::kde::exact::{GROUPS, Group, push};
use crate::kde::simd::{Job, LANES, Simd, dispatch};
use crate::kde::tree::Tree;
use crate::kde::whitened::{UNIT, Whitening};
use crate::progress::Progress;

/// Places that share one range query. From 32 to 256, the times of 50,000 normal points could not be told apart.
const CLUSTER: usize = 64;

/// A whitened place, and where its value goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    at: [f64; 3],
    index: usize,
}

/// `positions`, whitened.
pub(super) fn places(whitening: &Whitening, positions: &[DVec3]) -> Vec<Place> {
    let place = |(index, p): (usize, &DVec3)| Place { at: whitening.at(*p).to_array(), index };
    positions.par_iter().with_min_len(1 << 14).enumerate().map(place).collect()
}

/// `places` in an order in which each run of [`CLUSTER`] lies close together: halved at the median of the longest
/// axis again and again, always at a multiple of the cluster (Bentley 1975).
pub(super) fn clustered(mut places: Vec<Place>) -> Vec<Place> {
    halve(&mut places);
    places
}

fn halve(places: &mut [Place]) {
    if places.len() <= CLUSTER {
        return;
    }
    let (min, max) = bounds(places);
    let axis = (max - min).max_position();
    let middle = places.len().div_ceil(CLUSTER) / 2 * CLUSTER;
    // The index decides between equals, so that two runs agree.
    let order = |a: &Place, b: &Place| a.at[axis].total_cmp(&b.at[axis]).then(a.index.cmp(&b.index));
    places.select_nth_unstable_by(middle, order);
    let (low, high) = places.split_at_mut(middle);
    rayon::join(|| halve(low), || halve(high));
}

fn bounds(places: &[Place]) -> (DVec3, DVec3) {
    let ends = (DVec3::INFINITY, DVec3::NEG_INFINITY);
    places.iter().fold(ends, |(min, max), p| (min.min(p.at.into()), max.max(p.at.into())))
}

/// `sum_i w_i 2^-|z - z_i|^2` at each place over all points, in the order of their indices.
///
/// # Errors
/// [`Error::Interrupted`](crate::error::Error::Interrupted).
pub(super) fn exact(groups: &[Group], places: &[Place], progress: &dyn Progress) -> Result<Vec<f64>> {
    progress.begin("density", places.len() as u64);
    by_cluster(places, |cluster| {
        let sums = sums(groups, cluster, progress)?;
        progress.advance(cluster.len() as u64);
        Ok(sums)
    })
}

/// As [`exact`], without the points further than `radius` standard deviations from all places of a cluster; further out
/// where the error, if it is `relative`, a share of each value, asks for it. One range query a cluster, so the places should
/// be [`clustered`].
///
/// # Errors
/// [`Error::Interrupted`](crate::error::Error::Interrupted).
pub(super) fn near(
    tree: &Tree,
    places: &[Place],
    radius: f64,
    relative: Option<f64>,
    progress: &dyn Progress,
) -> Result<Vec<f64>> {
    progress.begin("density", places.len() as u64);
    by_cluster(places, |cluster| {
        let mut radius = radius;
        loop {
            let sums = within(tree, cluster, radius, progress)?;
            let least = sums.iter().map(|sum| settled(*sum)).fold(f64::INFINITY, f64::min);
            let allowed = relative.map_or(f64::INFINITY, |error| error * least);
            if (-0.5 * radius * radius).exp() <= allowed || radius >= FARTHEST {
                progress.advance(cluster.len() as u64);
                return Ok(sums);
            }
            let enough = (-2.0 * allowed.ln()).max(0.0).sqrt() * (1.0 + 1e-12);
            radius = if least > 0.0 { enough } else { 2.0 * radius }.clamp(radius, FARTHEST);
        }
    })
}

/// The sums at the places of a cluster over the points within a radius of one of them.
fn within(tree: &Tree, cluster: &[Place], radius: f64, progress: &dyn Progress) -> Result<Vec<f64>> {
    progress.check()?;
    // A billionth more, so that rounding leaves nobody out.
    let radius = radius * UNIT * (1.0 + 1e-9);
    let (min, max) = bounds(cluster);
    let (middle, half) = (0.5 * (min + max), 0.5 * (max - min) * (1.0 + 1e-9));
    let mut groups = Vec::new();
    let mut count = 0;
    tree.within(middle, radius + half.length(), |point| {
        let beyond = ((DVec3::new(point[0], point[1], point[2]) - middle).abs() - half).max(DVec3::ZERO);
        if beyond.length_squared() <= radius * radius {
            push(&mut groups, count, point);
            count += 1;
        }
    });
    sums(&groups, cluster, progress)
}

/// The values that `sums` gives for each cluster, in the order of the places' indices.
fn by_cluster(places: &[Place], sums: impl Fn(&[Place]) -> Result<Vec<f64>> + Sync + Send) -> Result<Vec<f64>> {
    let parts: Vec<Vec<f64>> = places.par_chunks(CLUSTER).with_max_len(1).map(sums).collect::<Result<_>>()?;
    let mut values = vec![0.0; places.len()];
    for (place, sum) in places.iter().zip(parts.iter().flatten()) {
        values[place.index] = settled(*sum);
    }
    Ok(values)
}

fn sums(groups: &[Group], places: &[Place], progress: &dyn Progress) -> Result<Vec<f64>> {
    let mut sums = vec![0.0; places.len()];
    for chunk in groups.chunks(GROUPS) {
        progress.check()?;
        dispatch(Pairs { groups: chunk, places, sums: &mut sums });
    }
    Ok(sums)
}

/// Adds the sums over `groups` at `places` to `sums`.
struct Pairs<'a> {
    groups: &'a [Group],
    places: &'a [Place],
    sums: &'a mut [f64],
}

impl Job for Pairs<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let (fours, rest) = self.places.as_chunks::<4>();
        let (sums_of_fours, sums_of_rest) = self.sums.split_at_mut(4 * fours.len());
        for (four, sums) in fours.iter().zip(sums_of_fours.as_chunks_mut::<4>().0) {
            add(s, self.groups, four, sums);
        }
        for (one, sum) in rest.as_chunks::<1>().0.iter().zip(sums_of_rest.as_chunks_mut::<1>().0) {
            add(s, self.groups, one, sum);
        }
    }
}

/// The sums at `N` places; points stand in the lanes.
#[inline(always)]
fn add<S: Simd, const N: usize>(s: S, groups: &[Group], places: &[Place; N], totals: &mut [f64; N]) {
    let mut sums = [s.splat(0.0); N];
    for [px, py, pz, w] in groups {
        let (px, py, pz, w) = (s.load(px), s.load(py), s.load(pz), s.load(w));
        for (sum, place) in sums.iter_mut().zip(places) {
            let [x, y, z] = place.at;
            let (dx, dy, dz) = (s.sub(s.splat(x), px), s.sub(s.splat(y), py), s.sub(s.splat(z), pz));
            let e = s.neg_mul_add(dz, dz, s.neg_mul_add(dy, dy, s.splat(0.0)));
            let e = s.exp2(s.neg_mul_add(dx, dx, e));
            *sum = s.mul_add(w, e, *sum);
        }
    }
    for (total, sum) in totals.iter_mut().zip(sums) {
        *total += s.sum(sum);
    }
}

const _: () = assert!(CLUSTER.is_multiple_of(LANES));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_hold_every_place_once_and_are_small() {
        for n in [0, 1, 64, 65, 127, 128, 1000, 4096] {
            let at = |i: usize, m: usize| (i * m % 1009) as f64;
            let all = (0..n).map(|i| Place { at: [at(i, 7919), at(i, 104_729), at(i, 31)], index: i }).collect();
            let arranged = clustered(all);
            let mut indices: Vec<usize> = arranged.iter().map(|p| p.index).collect();
            indices.sort_unstable();
            assert!(indices.iter().copied().eq(0..n), "{n}");
            if n == 4096 {
                // 64 clusters of a cube: their edges are a quarter of its own, their volume 1/64.
                let volume = |c: &[Place]| {
                    let (a, b) = bounds(c);
                    (b - a).element_product()
                };
                let mean = arranged.chunks(CLUSTER).map(volume).sum::<f64>() / 64.0;
                assert!(mean < 1008f64.powi(3) / 40.0, "{mean:e}");
            }
        }
    }
}
