//! The width of each point's kernel: as given, or by the distance to its neighbours.

use std::num::NonZeroUsize;

use glam::DVec3;
use kiddo::SquaredEuclidean;
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::kde::distinct::Distinct;
use crate::kde::{Bandwidth, tree};
use crate::points::PointCloud;

/// Standard deviations along x, y, z for each point, with warnings. In a plane z counts nothing.
///
/// # Errors
/// [`Error::Usage`] if the cloud has none though `bandwidth` says so, or fewer neighbours than it asks for;
/// [`Error::Data`] for one that is not finite and above 0.
pub(super) fn of(cloud: &PointCloud, bandwidth: &Bandwidth, d: usize) -> Result<(Vec<DVec3>, Vec<String>)> {
    bandwidth.check()?;
    match bandwidth {
        Bandwidth::Nearest(k) => nearest(cloud, *k),
        _ => given(cloud, d).map(|sigmas| (sigmas, Vec::new())),
    }
}

fn given(cloud: &PointCloud, d: usize) -> Result<Vec<DVec3>> {
    let Some(sigmas) = &cloud.sigmas else {
        return Err(Error::Usage("the points have no standard deviations; --sigma-columns names their columns".into()));
    };
    if sigmas.len() != cloud.len() {
        let (found, expected) = (sigmas.len(), cloud.len());
        return Err(Error::Data(format!("{found} standard deviations for {expected} points; one a point is needed")));
    }
    let is_bad = |s: &DVec3| s.to_array()[..d].iter().any(|v| !(v.is_finite() && *v > 0.0));
    if let Some(at) = sigmas.iter().position(is_bad) {
        let bad = sigmas[at];
        return Err(Error::Data(format!(
            "the standard deviations of point {at} from 0 are {bad}; they must be above 0"
        )));
    }
    Ok(sigmas.clone())
}

/// The distance to the K-th nearest other point (Loftsgaarden and Quesenberry 1965). Where that is 0, because K others
/// are at the same place, the distance to the nearest point elsewhere.
fn nearest(cloud: &PointCloud, k: usize) -> Result<(Vec<DVec3>, Vec<String>)> {
    if cloud.len() <= k {
        let points = cloud.len();
        return Err(Error::Usage(format!("knn:{k} needs more than {k} points, there are {points}; take a smaller K")));
    }
    let places = Distinct::of(&cloud.positions);
    if places.places.len() < 2 {
        return Err(Error::Data("all points are equal; a density needs at least two distinct points".into()));
    }
    let distances = distances(&places, k)?;
    let crowded: usize = places.counts.iter().filter(|count| **count > k).sum();
    let mut warnings = Vec::new();
    if crowded > 0 {
        warnings.push(format!(
            "{crowded} points have {k} or more others at the same place; their kernels are as wide as the way to the nearest \
             point elsewhere"
        ));
    }
    Ok((places.of_point.iter().map(|at| DVec3::splat(distances[*at])).collect(), warnings))
}

/// For each place the distance from a point there to the K-th of the other points, or to the next place if that is 0.
fn distances(points: &Distinct, k: usize) -> Result<Vec<f64>> {
    let all: Vec<[f64; 3]> = points.places.iter().map(DVec3::to_array).collect();
    let tree = tree::over(&all)?;
    let count = NonZeroUsize::MIN.saturating_add(k.min(all.len() - 1));
    let distance = |place: &[f64; 3]| {
        let found = tree.query(place).nearest_n::<SquaredEuclidean<f64>>(count).execute();
        let mut near: Vec<(f64, usize)> = found.iter().map(|hit| (hit.distance, hit.item as usize)).collect();
        near.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let mut others = 0;
        let is_reached = |(distance, item): &&(f64, usize)| {
            others += points.counts[*item];
            others > k && *distance > 0.0
        };
        near.iter().find(is_reached).map_or(0.0, |hit| hit.0.sqrt())
    };
    Ok(all.par_iter().with_min_len(256).map(distance).collect())
}

/// The percentiles of the standard deviations along each axis.
pub(super) fn percentiles<const N: usize>(sigmas: &[DVec3], percents: [f64; N]) -> [DVec3; N] {
    let mut result = [DVec3::ONE; N];
    for axis in 0..3 {
        let mut values: Vec<f64> = sigmas.iter().map(|s| s[axis]).collect();
        for (result, percent) in result.iter_mut().zip(percents) {
            result[axis] = crate::kde::plan::percentile(&mut values, percent);
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn widths(xs: &[f64], k: usize) -> Result<(Vec<f64>, usize)> {
        let cloud = PointCloud::from_positions(xs.iter().map(|x| DVec3::new(*x, 2.0, 0.0)).collect());
        let (sigmas, warnings) = of(&cloud, &Bandwidth::Nearest(k), 3)?;
        Ok((sigmas.iter().map(|s| s.y).collect(), warnings.len()))
    }

    #[test]
    fn the_width_is_the_distance_to_the_kth_other_point() {
        assert_eq!(widths(&[0.0, 1.0, 3.0, 7.0], 1).unwrap(), (vec![1.0, 1.0, 2.0, 4.0], 0));
        assert_eq!(widths(&[0.0, 1.0, 3.0, 7.0], 3).unwrap(), (vec![7.0, 6.0, 4.0, 7.0], 0));
        assert_eq!(widths(&[0.0, 1.0], 2).unwrap_err().exit_code(), 2);
    }

    #[test]
    fn points_at_one_place_take_the_nearest_elsewhere_and_it_is_told() {
        assert_eq!(widths(&[0.0, 0.0, 0.0, 5.0, 7.0], 2).unwrap(), (vec![5.0, 5.0, 5.0, 5.0, 7.0], 1));
        assert_eq!(widths(&[4.0; 9], 2).unwrap_err().exit_code(), 1);
        // More at one place than a leaf of a tree holds.
        let many: Vec<f64> = [[1.0; 100], [2.0; 100]].concat();
        assert_eq!(widths(&many, 150).unwrap(), (vec![1.0; 200], 0));
        assert_eq!(widths(&many, 9).unwrap(), (vec![1.0; 200], 1));
    }
}
