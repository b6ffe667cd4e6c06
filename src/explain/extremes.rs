//! The largest value of a trilinear density on a ray, and where it turns.

use glam::DVec3;

/// Depth and value of the largest value within `span` on a ray whose node index at a depth is `start + depth * way`.
/// `density` is that at a depth: within a voxel a cubic.
pub fn largest(start: DVec3, way: DVec3, span: [f64; 2], density: impl Fn(f64) -> f64) -> (f64, f64) {
    let faces = faces(start, way, span);
    let mut best = (span[0], density(span[0]));
    for ends in faces.windows(2) {
        let at = |share: f64| ends[0] + share * (ends[1] - ends[0]);
        let top = top_of_cubic([0.0, 1.0 / 3.0, 2.0 / 3.0, 1.0].map(|share| density(at(share))));
        for depth in [at(top), ends[1]] {
            let value = density(depth);
            if value > best.1 {
                best = (depth, value);
            }
        }
    }
    best
}

/// The parts of `span`, in order, on each of which the density rises or falls throughout; as of [`largest`].
pub fn slopes(start: DVec3, way: DVec3, span: [f64; 2], density: impl Fn(f64) -> f64) -> Vec<[f64; 2]> {
    let faces = faces(start, way, span);
    let mut ends = vec![span[0]];
    for voxel in faces.windows(2) {
        let at = |share: f64| voxel[0] + share * (voxel[1] - voxel[0]);
        let turns = turns_of_cubic([0.0, 1.0 / 3.0, 2.0 / 3.0, 1.0].map(|share| density(at(share))));
        ends.extend(turns.into_iter().filter(|turn| 0.0 < *turn && *turn < 1.0).map(at));
        ends.push(voxel[1]);
    }
    ends.windows(2).filter(|ends| ends[0] < ends[1]).map(|ends| [ends[0], ends[1]]).collect()
}

/// Depths at which a ray goes from one voxel into the next, in order, and the ends of `span`.
fn faces(start: DVec3, way: DVec3, span: [f64; 2]) -> Vec<f64> {
    let mut found = span.to_vec();
    for axis in (0..3).filter(|&axis| way[axis].abs() > 0.0) {
        let [a, b] = span.map(|depth| start[axis] + depth * way[axis]);
        let (first, last) = (a.min(b).ceil() as i64, a.max(b).floor() as i64);
        found.extend((first..=last).map(|node| (node as f64 - start[axis]) / way[axis]));
    }
    found.retain(|depth| (span[0]..=span[1]).contains(depth));
    found.sort_by(f64::total_cmp);
    found
}

/// A third of the derivative of a cubic of these values at 0, 1/3, 2/3 and 1, as `p`, `q` and `r` of p u^2 + 2 q u + r.
fn derivative([a, at_third, at_two_thirds, d]: [f64; 4]) -> [f64; 3] {
    // As a Bezier curve with the ends a and d.
    let b = (-5.0 * a + 18.0 * at_third - 9.0 * at_two_thirds + 2.0 * d) / 6.0;
    let c = (2.0 * a - 9.0 * at_third + 18.0 * at_two_thirds - 5.0 * d) / 6.0;
    [(b - a) - 2.0 * (c - b) + (d - c), (c - b) - (b - a), b - a]
}

/// Where a cubic of these values at 0, 1/3, 2/3 and 1 turns, in order; not finite where it does not.
fn turns_of_cubic(at: [f64; 4]) -> [f64; 2] {
    let [p, q, r] = derivative(at);
    // Of the two sums with the root the one that loses no digits.
    let sum = -q - (q * q - p * r).sqrt().copysign(q);
    let (first, second) = (sum / p, r / sum);
    if first > second { [second, first] } else { [first, second] }
}

/// Where between 0 and 1 a cubic of these values at 0, 1/3, 2/3 and 1 has its maximum, if it has one there.
fn top_of_cubic(at: [f64; 4]) -> f64 {
    let [p, q, r] = derivative(at);
    let root = (q * q - p * r).sqrt();
    let top = if q > 0.0 { (-q - root) / p } else { r / (root - q) };
    if top.is_finite() { top.clamp(0.0, 1.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_top_of_a_cubic_is_where_its_derivative_vanishes() {
        // x^3 - x has its maximum at -1/sqrt(3); -x^2; the sign of the leading term changes nothing.
        let of = |f: &dyn Fn(f64) -> f64, from: f64, to: f64| {
            from + (to - from) * top_of_cubic([0.0, 1.0, 2.0, 3.0].map(|k| f(from + (to - from) * k / 3.0)))
        };
        let third = 1.0 / 3f64.sqrt();
        assert!((of(&|x| x.powi(3) - x, -1.0, 1.5) + third).abs() < 1e-12);
        assert!((of(&|x| x - x.powi(3), -1.0, 1.0) - third).abs() < 1e-12);
        assert!((of(&|x| -(x - 0.2).powi(2), -1.0, 1.0) - 0.2).abs() < 1e-6);
        assert!((0.0..=1.0).contains(&top_of_cubic([1.0; 4])));
    }

    #[test]
    fn a_cubic_turns_where_its_derivative_vanishes() {
        let third = 1.0 / 3f64.sqrt();
        let of =
            |f: &dyn Fn(f64) -> f64| turns_of_cubic([-1.0, -1.0 / 3.0, 1.0 / 3.0, 1.0].map(f)).map(|u| 2.0 * u - 1.0);
        for sign in [1.0, -1.0] {
            let found = of(&|x| sign * (x.powi(3) - x));
            assert!((found[0] + third).abs() < 1e-12 && (found[1] - third).abs() < 1e-12, "{found:?}");
        }
        // A parabola turns once, a line and a rising cubic nowhere.
        let inside = |u: [f64; 2]| u.iter().filter(|u| u.abs() < 1.0).count();
        assert_eq!([inside(of(&|x| x * x)), inside(of(&|x| x)), inside(of(&|x| x.powi(3) + x))], [1, 0, 0]);
        assert_eq!(inside(turns_of_cubic([1.0; 4]).map(|u| 2.0 * u - 1.0)), 0);
    }

    #[test]
    fn a_density_is_divided_where_it_turns() {
        let start = DVec3::new(0.0, 0.5, 0.5);
        let found = slopes(start, DVec3::X, [0.0, 2.0], |x| if x < 1.0 { x * (1.0 - x) } else { x - 1.0 });
        let wanted = [[0.0, 0.5], [0.5, 1.0], [1.0, 2.0]];
        assert!(
            found.len() == 3
                && std::iter::zip(&found, wanted).all(|(a, b)| (a[0] - b[0]).abs() + (a[1] - b[1]).abs() < 1e-12),
            "{found:?}"
        );
    }

    #[test]
    fn a_ray_is_divided_where_it_meets_planes_of_nodes() {
        let found = faces(DVec3::new(0.25, 5.5, 0.0), DVec3::new(1.0, -0.5, 0.0), [0.0, 2.0]);
        assert_eq!(found, [0.0, 0.75, 1.0, 1.75, 2.0]);
    }
}
