//! Unit cells: lengths and angles, and their three edges.

use glam::DVec3;

use super::lines::words;

pub(super) use crate::geometry::edges_of as edges;

/// The symmetry of a crystal, as its file names it. It is kept to be written again, not applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpaceGroup {
    /// The Hermann-Mauguin symbol with blanks, as `P 21 21 21`.
    pub name: String,
    /// Z of PDB (`_cell.Z_PDB`): polymer chains in the cell.
    pub z: Option<u32>,
}

impl SpaceGroup {
    /// A group by its name and Z as they stand in a file; `None` without a name.
    pub(super) fn of(name: &[u8], z: Option<u32>) -> Option<Self> {
        let words: Vec<String> = words(name).map(|word| String::from_utf8_lossy(word).into_owned()).collect();
        (!words.is_empty()).then(|| Self { name: words.join(" "), z })
    }
}

/// Lengths and angles in degrees of the cell with these edges: a, b, c, and the angles between b and c,
/// a and c, a and b. `None` if an edge is not finite or has no length.
pub(super) fn from_edges([a, b, c]: [DVec3; 3]) -> Option<[f64; 6]> {
    let angle = |u: DVec3, v: DVec3| (u.dot(v) / (u.length() * v.length())).clamp(-1.0, 1.0).acos().to_degrees();
    let cell = [a.length(), b.length(), c.length(), angle(b, c), angle(a, c), angle(a, b)];
    cell.iter().all(|v| v.is_finite() && *v > 0.0).then_some(cell)
}

/// How far edges may lie off the axes, beside their length: texts have few digits, and f32 too.
const OFF: f64 = 1e-5;

/// Whether the first edge does not lie along x, or the second not in the plane of x and y: lengths and angles do not tell how
/// such a cell lies.
pub(super) fn is_turned([a, b, c]: &[DVec3; 3]) -> bool {
    let is_off = |part: f64, edge: &DVec3| part.abs() > OFF * edge.length();
    is_off(a.y, a) || is_off(a.z, a) || is_off(b.z, b) || a.x < 0.0 || b.y <= 0.0 || c.z <= 0.0
}

/// As [`from_edges`]; `None` if the cell is turned, too.
pub(super) fn upright(edges: [DVec3; 3]) -> Option<[f64; 6]> {
    if is_turned(&edges) { None } else { from_edges(edges) }
}

/// What is told of a turned cell.
pub(super) const TURNED: &str = "is turned away from the axes, which lengths and angles do not tell; it is left out \
    (a must lie along x and b in the plane of x and y: turn the positions with it)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_have_the_lengths_and_angles_they_are_made_of() {
        for cell in
            [[2.0, 3.0, 4.0, 90.0, 90.0, 90.0], [8.0, 8.0, 8.0, 60.0, 60.0, 90.0], [4.1, 4.7, 11.0, 105.6, 73.7, 125.1]]
        {
            let back = from_edges(edges(cell)).unwrap();
            assert!(cell.iter().zip(back).all(|(a, b)| (a - b).abs() < 1e-9), "{cell:?}: {back:?}");
        }
        let [a, b, c] = edges([2.0, 3.0, 4.0, 90.0, 90.0, 90.0]);
        assert_eq!([a, b, c], [DVec3::X * 2.0, DVec3::Y * 3.0, DVec3::Z * 4.0]);
    }

    #[test]
    fn cells_that_are_turned_or_of_the_left_hand_are_none() {
        let [a, b, c] = edges([2.0, 3.0, 4.0, 80.0, 95.0, 70.0]);
        assert!(upright([a, b, c]).is_some());
        assert!(upright([a + DVec3::Y * 1e-6, b, c]).is_some());
        let cubic = [DVec3::new(0.0, 2.0, 2.0), DVec3::new(2.0, 0.0, 2.0), DVec3::new(2.0, 2.0, 0.0)];
        for turned in [cubic, [a, b, -c], [a, -b, c], [-a, b, c], [b, a, c], [a, b + DVec3::Z, c]] {
            assert!(upright(turned).is_none() && from_edges(turned).is_some(), "{turned:?}");
        }
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
