//! Unit cells: lengths and angles, and their three edges.

use glam::DVec3;

/// Lengths and angles in degrees of the cell with these edges: a, b, c, and the angles between b and c,
/// a and c, a and b. `None` if an edge is not finite or has no length.
pub(super) fn from_edges([a, b, c]: [DVec3; 3]) -> Option<[f64; 6]> {
    let angle = |u: DVec3, v: DVec3| (u.dot(v) / (u.length() * v.length())).clamp(-1.0, 1.0).acos().to_degrees();
    let cell = [a.length(), b.length(), c.length(), angle(b, c), angle(a, c), angle(a, b)];
    cell.iter().all(|v| v.is_finite() && *v > 0.0).then_some(cell)
}

/// The edges of a cell of these lengths and angles: a along x, b in the plane of x and y, as PDB has it. `None` if
/// they span no volume.
pub(super) fn edges([a, b, c, alpha, beta, gamma]: [f64; 6]) -> Option<[DVec3; 3]> {
    // 90 degrees are meant exactly.
    let cos = |degrees: f64| if degrees == 90.0 { 0.0 } else { degrees.to_radians().cos() };
    let [alpha, beta, gamma] = [alpha, beta, gamma].map(cos);
    let sin_gamma = (1.0 - gamma * gamma).sqrt();
    let across = (alpha - beta * gamma) / sin_gamma;
    let up = (1.0 - beta * beta - across * across).sqrt();
    let edges = [DVec3::X * a, DVec3::new(gamma, sin_gamma, 0.0) * b, DVec3::new(beta, across, up) * c];
    // False for NaN too.
    let spans = up > 1e-3 && sin_gamma > 1e-3 && edges.iter().all(|e| e.is_finite() && e.length() > 0.0);
    spans.then_some(edges)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_and_angles_are_the_same_cell() {
        let cell = [2.0, 3.0, 4.0, 80.0, 95.0, 60.0];
        let found = from_edges(edges(cell).unwrap()).unwrap();
        assert!(std::iter::zip(found, cell).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?}");
        assert_eq!(edges([1.0, 1.0, 1.0, 90.0, 90.0, 90.0]), Some([DVec3::X, DVec3::Y, DVec3::Z]));
        assert_eq!(edges([1.0, 1.0, 1.0, 90.0, 90.0, 180.0]), None);
        assert_eq!(edges([1.0, 0.0, 1.0, 90.0, 90.0, 90.0]), None);
    }

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
