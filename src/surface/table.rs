//! Which triangles separate the corners of a cell, derived rather than listed.
//!
//! Corner `c` of a cell lies at the bits of `c`: 1 for x, 2 for y, 4 for z. Edges 0..4 run along x, 4..8 along y, 8..12
//! along z, each at the two bits of its number along the other axes. A vertex lies on every edge whose ends are on
//! different sides of the level.
//!
//! On each face the vertices are joined so that every run of inner corners is cut off by itself. Both cells at a face
//! see the same corners, hence the same segments, in opposite directions: surfaces have no holes. In a cell the segments
//! form loops. A loop is divided by diagonals that lie on no face, so that no edge of the mesh belongs to more than two
//! triangles: the surface is a manifold.

use std::sync::LazyLock;

/// Triangles of each of the 256 ways in which corners can lie inside (bit `c` for corner `c`), as numbers of edges,
/// anticlockwise as seen from outside.
pub(super) static TRIANGLES: LazyLock<Vec<Vec<[u8; 3]>>> = LazyLock::new(|| (0..=255).map(triangles_of).collect());

/// Corners that an edge joins, the lower first.
pub(super) const fn ends(edge: usize) -> [usize; 2] {
    let (axis, place) = (edge / 4, edge % 4);
    let (low, high) = (place & 1, place >> 1);
    // The two bits of its number stand for the other two axes, in order.
    let corner = match axis {
        0 => low << 1 | high << 2,
        1 => low | high << 2,
        _ => low | high << 1,
    };
    [corner, corner | 1 << axis]
}

/// The edge between two corners that differ in one bit.
fn edge_between(a: usize, b: usize) -> usize {
    (0..12).find(|&e| ends(e) == [a.min(b), a.max(b)]).expect("neighbours share an edge")
}

/// The corners of face `axis`, `side`, anticlockwise as seen from outside of the cell.
fn corners_of_face(axis: usize, side: usize) -> [usize; 4] {
    let (b, c) = (1 << ((axis + 1) % 3), 1 << ((axis + 2) % 3));
    let around = [0, b, b | c, c].map(|corner| corner | side << axis);
    if side == 1 { around } else { [around[0], around[3], around[2], around[1]] }
}

/// For each edge with a vertex the next one of its loop.
fn successors(code: usize) -> [Option<usize>; 12] {
    let is_inside = |corner: usize| code >> corner & 1 == 1;
    let mut next = [None; 12];
    for (axis, side) in [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)] {
        let around = corners_of_face(axis, side);
        for start in 0..4 {
            let at = |n: usize| around[(start + n) % 4];
            if is_inside(at(0)) || !is_inside(at(1)) {
                continue;
            }
            // A run of inner corners begins; its segment leads to where it ends.
            let end = (1..4).find(|&n| !is_inside(at(n + 1))).expect("an outer corner began the run");
            next[edge_between(at(0), at(1))] = Some(edge_between(at(end), at(end + 1)));
        }
    }
    next
}

fn loops(code: usize) -> Vec<Vec<usize>> {
    let mut next = successors(code);
    let mut found = Vec::new();
    for start in 0..12 {
        let (mut at, mut around) = (start, Vec::new());
        while let Some(following) = next[at].take() {
            around.push(at);
            at = following;
        }
        if !around.is_empty() {
            found.push(around);
        }
    }
    found
}

fn triangles_of(code: usize) -> Vec<[u8; 3]> {
    let mut found = Vec::new();
    for around in loops(code) {
        let (_, triangles) = divided(&around).expect("every loop has diagonals that lie on no face");
        found.extend(triangles.into_iter().map(|t| t.map(|edge| edge as u8)));
    }
    found
}

/// The triangles of a loop whose diagonals are shortest in all, with their length; none if all ways need a diagonal on a
/// face.
fn divided(around: &[usize]) -> Option<(f64, Vec<[usize; 3]>)> {
    let (&[first, .., last], n) = (around, around.len()) else { return Some((0.0, Vec::new())) };
    if n < 3 {
        return Some((0.0, Vec::new()));
    }
    // The triangle at the side from the last to the first has its third corner somewhere between.
    let through = |middle: usize| {
        let mut length = 0.0;
        for (a, b) in [(0, middle), (middle, n - 1)] {
            if b - a > 1 {
                length += diagonal(around[a], around[b])?;
            }
        }
        let (one, mut triangles) = divided(&around[..=middle])?;
        let (other, more) = divided(&around[middle..])?;
        triangles.extend(more);
        triangles.push([first, around[middle], last]);
        Some((length + one + other, triangles))
    };
    (1..n - 1).filter_map(through).min_by(|a, b| a.0.total_cmp(&b.0))
}

/// The distance between the middles of two edges; none if a face has both.
fn diagonal(a: usize, b: usize) -> Option<f64> {
    let [a, b] = [a, b].map(|edge| {
        let [from, to] = ends(edge);
        [0, 1, 2].map(|axis| (from >> axis & 1) + (to >> axis & 1))
    });
    // In half edges from the first corner: 0 and 2 are faces.
    let share_face = (0..3).any(|axis| a[axis] == b[axis] && a[axis] != 1);
    let squared: usize = (0..3).map(|axis| a[axis].abs_diff(b[axis]).pow(2)).sum();
    (!share_face).then(|| (squared as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_inside(code: usize, corner: usize) -> bool {
        code >> corner & 1 == 1
    }

    /// Catches: a loop left open, a case without triangles, a vertex where none is.
    #[test]
    fn every_case_uses_every_crossed_edge_and_no_other() {
        for code in 0..256 {
            let mut used = [false; 12];
            TRIANGLES[code].iter().flatten().for_each(|&e| used[usize::from(e)] = true);
            for (edge, used) in used.into_iter().enumerate() {
                let [a, b] = ends(edge);
                assert_eq!(used, is_inside(code, a) != is_inside(code, b), "case {code}, edge {edge}");
            }
            let corners: usize = loops(code).iter().map(|l| l.len() - 2).sum();
            assert_eq!(TRIANGLES[code].len(), corners, "case {code}");
        }
    }

    /// Catches: diagonals on a face, where the neighbour may have the same; a face cut differently from its two sides.
    #[test]
    fn edges_inside_a_cell_have_two_triangles_and_those_on_a_face_match_the_neighbours() {
        for code in 0..256 {
            let mut sides = std::collections::BTreeMap::new();
            for [a, b, c] in &TRIANGLES[code] {
                for side in [(*a, *b), (*b, *c), (*c, *a)] {
                    assert!(sides.insert(side, ()).is_none(), "case {code}: {side:?} twice");
                }
            }
            let single: Vec<_> = sides.keys().filter(|(a, b)| !sides.contains_key(&(*b, *a))).copied().collect();
            let on_one_face = |a: u8, b: u8| {
                let has = |face: [usize; 4], edge: u8| ends(edge.into()).iter().all(|c| face.contains(c));
                (0..6).any(|n| [a, b].iter().all(|&edge| has(corners_of_face(n / 2, n % 2), edge)))
            };
            let diagonals = sides.keys().filter(|(a, b)| sides.contains_key(&(*b, *a)));
            assert!(!diagonals.into_iter().any(|&(a, b)| on_one_face(a, b)), "case {code}: a diagonal on a face");
            let next = successors(code);
            assert_eq!(single.len(), next.iter().flatten().count(), "case {code}");
            assert!(single.iter().all(|&(a, b)| next[usize::from(a)] == Some(usize::from(b))), "case {code}");
        }
        // What is cut on the upper face of a cell is cut in the opposite direction on the lower face of the next.
        for axis in 0..3 {
            for above in 0..16 {
                let spread = |side: usize| {
                    let corners = corners_of_face(axis, 1).map(|c| c & !(1 << axis) | side << axis);
                    (0..4).filter(|n| above >> n & 1 == 1).fold(0, |code, n| code | 1 << corners[n])
                };
                let flat = |side: usize| {
                    let mut found: Vec<[usize; 2]> = Vec::new();
                    for (from, to) in successors(spread(side)).into_iter().enumerate() {
                        let Some(to) = to else { continue };
                        let on_face = |e: usize| ends(e).iter().all(|c| c >> axis & 1 == side);
                        if on_face(from) && on_face(to) {
                            let place = |e: usize| ends(e)[0] & !(1 << axis) | (e / 4) << 3;
                            found.push(if side == 1 { [place(from), place(to)] } else { [place(to), place(from)] });
                        }
                    }
                    found.sort_unstable();
                    found
                };
                assert_eq!(flat(1), flat(0), "axis {axis}, corners {above:04b}");
            }
        }
    }

    #[test]
    fn triangles_face_outward() {
        // Corner 0 alone is inside: the normal points away from it.
        let [t] = TRIANGLES[1][..] else { panic!() };
        let p = t.map(|e| ends(e.into()).map(|c| [0, 1, 2].map(|a| (c >> a & 1) as f64)));
        let p = p.map(|[a, b]| glam::DVec3::from_array([0, 1, 2].map(|i| 0.5 * (a[i] + b[i]))));
        assert!((p[1] - p[0]).cross(p[2] - p[0]).dot(glam::DVec3::ONE) > 0.0);
    }
}
