//! The sum of kernels of their own widths at single places.

use glam::DVec3;

use super::blocks::Point;
use crate::error::Result;
use crate::geometry::Box3;
use crate::kde::bound::settled;
use crate::kde::exact::GROUPS;
use crate::kde::simd::{Eight, Job, LANES, Simd, dispatch};
use crate::kde::whitened::UNIT;
use crate::progress::Progress;

/// Places that share one list of points.
const CLUSTER: usize = 64;
/// A billionth more, so that rounding leaves nobody out.
const SLACK: f64 = 1.0 + 1e-9;

/// A place, counted from the middle of the cloud, and where its value goes.
#[derive(Debug, Clone, Copy)]
struct Place {
    at: DVec3,
    index: usize,
}

/// The sums at `places` over the points within their cut-offs, in the order of the places, by halving the places and
/// leaving to each half the points that reach it.
///
/// # Errors
/// [`Error::Interrupted`](crate::error::Error::Interrupted).
pub(super) fn sums(points: &[Point], places: Vec<DVec3>, progress: &dyn Progress) -> Result<Vec<f64>> {
    progress.begin("density", places.len() as u64);
    let mut sums = vec![0.0; places.len()];
    let mut places: Vec<Place> = places.into_iter().enumerate().map(|(index, at)| Place { at, index }).collect();
    let all: Vec<u32> = (0..points.len() as u32).collect();
    for (index, sum) in halve(points, &mut places, &all, progress)? {
        sums[index] = settled(sum);
    }
    Ok(sums)
}

fn halve(
    points: &[Point],
    places: &mut [Place],
    candidates: &[u32],
    progress: &dyn Progress,
) -> Result<Vec<(usize, f64)>> {
    progress.check()?;
    let bounds = places.iter().fold(Box3::EMPTY, |b, p| Box3 { min: b.min.min(p.at), max: b.max.max(p.at) });
    let reaches = |p: &Point| (0..3).map(|a| p.gap(a, [bounds.min[a], bounds.max[a]])).sum::<f64>() <= p.cut * SLACK;
    let near: Vec<u32> = candidates.iter().copied().filter(|i| reaches(&points[*i as usize])).collect();
    if places.len() <= CLUSTER {
        let sums = at_cluster(points, &near, places, progress)?;
        progress.advance(places.len() as u64);
        return Ok(places.iter().map(|p| p.index).zip(sums).collect());
    }
    let axis = bounds.size().max_position();
    let middle = places.len().div_ceil(CLUSTER) / 2 * CLUSTER;
    // The index decides between equals, so that two runs agree.
    places.select_nth_unstable_by(middle, |a, b| a.at[axis].total_cmp(&b.at[axis]).then(a.index.cmp(&b.index)));
    let (low, high) = places.split_at_mut(middle);
    let (low, high) = rayon::join(|| halve(points, low, &near, progress), || halve(points, high, &near, progress));
    let mut all = low?;
    all.extend(high?);
    Ok(all)
}

fn at_cluster(points: &[Point], near: &[u32], places: &[Place], progress: &dyn Progress) -> Result<Vec<f64>> {
    let mut sums = vec![0.0; places.len()];
    for chunk in near.chunks(GROUPS * LANES) {
        progress.check()?;
        let groups: Vec<Group> = chunk.chunks(LANES).map(|eight| group(points, eight)).collect();
        dispatch(Pairs { groups: &groups, places, sums: &mut sums });
    }
    Ok(sums)
}

/// Eight points: x, y, z, their inverse widths and heights. The last group is filled with heights of 0.
type Group = [Eight; 7];

fn group(points: &[Point], indices: &[u32]) -> Group {
    let mut group = [[0.0; LANES]; 7];
    for (lane, i) in indices.iter().enumerate() {
        let p = &points[*i as usize];
        let inverse = UNIT * p.inverse;
        let values = [p.at.x, p.at.y, p.at.z, inverse.x, inverse.y, inverse.z, p.height];
        group.iter_mut().zip(values).for_each(|(eight, v)| eight[lane] = v);
    }
    group
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
        for (place, total) in self.places.iter().zip(self.sums) {
            let mut sum = s.splat(0.0);
            let [x, y, z] = place.at.to_array().map(|v| s.splat(v));
            for [px, py, pz, ix, iy, iz, height] in self.groups {
                let dx = s.mul(s.sub(x, s.load(px)), s.load(ix));
                let dy = s.mul(s.sub(y, s.load(py)), s.load(iy));
                let dz = s.mul(s.sub(z, s.load(pz)), s.load(iz));
                let rest = s.neg_mul_add(dz, dz, s.neg_mul_add(dy, dy, s.splat(0.0)));
                let e = s.exp2(s.neg_mul_add(dx, dx, rest));
                sum = s.mul_add(s.load(height), e, sum);
            }
            *total += s.sum(sum);
        }
    }
}
