//! A smooth curve through given places.

use glam::DVec3;

/// A curve through places one after the other: Catmull and Rom's cubics with the centripetal parameter, which has neither cusps
/// nor loops between neighbours (Yuksel, Schaefer and Keyser 2011, "Parameterization and applications of Catmull-Rom
/// curves"), by Barry and Goldman's pyramid (1988).
pub struct Spline<'a>(&'a [DVec3]);

impl<'a> Spline<'a> {
    /// Through these places, of which no two in a row are equal.
    pub fn new(places: &'a [DVec3]) -> Self {
        Self(places)
    }

    /// The place at a share of the way from place `i` to the next; ends continue straight.
    pub fn at(&self, i: usize, share: f64) -> DVec3 {
        let p = self.0;
        let (from, to) = (p[i], p[i + 1]);
        let before = if i > 0 { p[i - 1] } else { 2.0 * from - to };
        let after = p.get(i + 2).copied().unwrap_or(2.0 * to - from);
        let all = [before, from, to, after];
        let knot = |a: DVec3, b: DVec3| a.distance(b).sqrt().max(1e-9);
        let mut t = [0.0; 4];
        (1..4).for_each(|k| t[k] = t[k - 1] + knot(all[k - 1], all[k]));
        let u = t[1] + share * (t[2] - t[1]);
        let blend = |a: DVec3, b: DVec3, ta: f64, tb: f64| a * ((tb - u) / (tb - ta)) + b * ((u - ta) / (tb - ta));
        let a: [DVec3; 3] = std::array::from_fn(|k| blend(all[k], all[k + 1], t[k], t[k + 1]));
        let b: [DVec3; 2] = std::array::from_fn(|k| blend(a[k], a[k + 1], t[k], t[k + 2]));
        blend(b[0], b[1], t[1], t[2])
    }

    /// The direction of the curve there, of length 1.
    pub fn direction(&self, i: usize, share: f64) -> DVec3 {
        const STEP: f64 = 1e-4;
        let (low, high) = ((share - STEP).max(0.0), (share + STEP).min(1.0));
        (self.at(i, high) - self.at(i, low)).normalize_or(DVec3::X)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches: neighbours taken wrongly, ends that bend.
    #[test]
    fn it_goes_through_its_places_and_straight_where_they_lie_on_a_line() {
        let places = [DVec3::ZERO, DVec3::new(1.0, 2.0, 0.0), DVec3::new(3.0, 2.0, 1.0), DVec3::new(3.0, 5.0, 1.0)];
        let curve = Spline::new(&places);
        for i in 0..3 {
            assert!(curve.at(i, 0.0).distance(places[i]) < 1e-12 && curve.at(i, 1.0).distance(places[i + 1]) < 1e-12);
        }
        // The same direction on both sides of a place.
        assert!(curve.direction(0, 1.0).distance(curve.direction(1, 0.0)) < 1e-3);
        let line = [0.0, 1.0, 3.0, 4.0].map(|x| DVec3::new(x, 2.0 * x, -x));
        let (curve, along) = (Spline::new(&line), DVec3::new(1.0, 2.0, -1.0).normalize());
        for share in [0.0, 0.3, 0.9, 1.0] {
            for i in 0..3 {
                assert!(curve.at(i, share).cross(along).length() < 1e-12);
                assert!(curve.direction(i, share).distance(along) < 1e-9);
            }
        }
    }

    /// Places on a circle, as far apart as residues of a helix: the curve leaves it by little.
    #[test]
    fn it_is_round_where_its_places_are() {
        let places: Vec<DVec3> =
            (0..9).map(|i| DVec3::new((f64::from(i) * 0.7).cos(), (f64::from(i) * 0.7).sin(), 0.0)).collect();
        let curve = Spline::new(&places);
        for i in 1..7 {
            for share in [0.25, 0.5, 0.75] {
                assert!((curve.at(i, share).length() - 1.0).abs() < 0.01, "{}", curve.at(i, share).length());
            }
        }
    }
}
