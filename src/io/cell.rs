//! Unit cells from their three edges.

use glam::DVec3;

/// Lengths and angles in degrees of the cell with these edges: a, b, c, and the angles between b and c,
/// a and c, a and b. `None` if an edge is not finite or has no length.
pub(super) fn from_edges([a, b, c]: [DVec3; 3]) -> Option<[f64; 6]> {
    let angle = |u: DVec3, v: DVec3| (u.dot(v) / (u.length() * v.length())).clamp(-1.0, 1.0).acos().to_degrees();
    let cell = [a.length(), b.length(), c.length(), angle(b, c), angle(a, c), angle(a, b)];
    cell.iter().all(|v| v.is_finite() && *v > 0.0).then_some(cell)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn angles_stand_opposite_their_edges() {
        let cell = from_edges([DVec3::X * 2.0, DVec3::new(1.0, 1.0, 0.0), DVec3::Z * 3.0]).unwrap();
        for (found, expected) in cell.iter().zip([2.0, 2f64.sqrt(), 3.0, 90.0, 90.0, 45.0]) {
            assert!((found - expected).abs() < 1e-12, "{cell:?}");
        }
        assert_eq!(from_edges([DVec3::ZERO, DVec3::Y, DVec3::Z]), None);
        assert_eq!(from_edges([DVec3::INFINITY, DVec3::Y, DVec3::Z]), None);
    }
}
