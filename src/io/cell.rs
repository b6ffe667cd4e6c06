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
    fn angles_stand_opposite_their_edges() {
        let cell = from_edges([DVec3::X * 2.0, DVec3::new(1.0, 1.0, 0.0), DVec3::Z * 3.0]).unwrap();
        for (found, expected) in cell.iter().zip([2.0, 2f64.sqrt(), 3.0, 90.0, 90.0, 45.0]) {
            assert!((found - expected).abs() < 1e-12, "{cell:?}");
        }
        assert_eq!(from_edges([DVec3::ZERO, DVec3::Y, DVec3::Z]), None);
        assert_eq!(from_edges([DVec3::INFINITY, DVec3::Y, DVec3::Z]), None);
    }
}
