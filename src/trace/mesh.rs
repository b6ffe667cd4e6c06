//! A body's surface as triangles.

use glam::DVec3;

/// The surface of a body: triangles with smooth normals and a colour at each vertex.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mesh {
    /// In the unit of the data.
    pub vertices: Vec<DVec3>,
    /// Outward, of length 1; one a vertex.
    pub normals: Vec<DVec3>,
    /// Red, green, blue; one a vertex.
    pub colors: Vec<[u8; 3]>,
    /// The number of the atom that it is of; one a vertex, or none where nothing is known of them.
    pub atoms: Vec<u32>,
    /// Numbers of three vertices; none has two at one place.
    pub triangles: Vec<[u32; 3]>,
}

/// Where a ray meets a mesh.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// In lengths of the ray's direction from its origin.
    pub along: f64,
    /// The number of the triangle.
    pub triangle: usize,
    /// The corner of the triangle, 0 to 2, that is nearest in its own measure.
    pub corner: usize,
}

impl Mesh {
    /// Appends a vertex of an atom, without a colour.
    pub(super) fn push(&mut self, vertex: DVec3, normal: DVec3, atom: u32) {
        self.vertices.push(vertex);
        self.normals.push(normal);
        self.atoms.push(atom);
    }

    /// Gives each vertex the colour of its atom.
    pub(super) fn paint(&mut self, color: &dyn Fn(usize) -> [u8; 3]) {
        let runs = self.atoms.chunk_by(|a, b| a == b);
        self.colors = runs.flat_map(|run| std::iter::repeat_n(color(run[0] as usize), run.len())).collect();
    }

    /// The atom that a hit is on.
    pub fn atom_at(&self, hit: Hit) -> Option<usize> {
        let vertex = self.triangles[hit.triangle][hit.corner];
        self.atoms.get(vertex as usize).map(|atom| *atom as usize)
    }

    /// Appends a triangle unless it has no area.
    pub(super) fn join(&mut self, triangle: [u32; 3]) {
        let [a, b, c] = triangle.map(|i| self.vertices[i as usize]);
        if (b - a).cross(c - a) != DVec3::ZERO {
            self.triangles.push(triangle);
        }
    }

    /// What planes, each given by a point and a normal, leave of it: the side that a normal points to is cut away. The cut
    /// is open.
    pub fn cut(&self, planes: &[(DVec3, DVec3)]) -> Self {
        planes.iter().fold(self.clone(), |mesh, plane| mesh.cut_once(*plane))
    }

    fn cut_once(&self, (point, normal): (DVec3, DVec3)) -> Self {
        let outside: Vec<f64> = self.vertices.iter().map(|v| (*v - point).dot(normal)).collect();
        let mut left = Self { triangles: Vec::new(), ..self.clone() };
        for triangle in &self.triangles {
            let sides = triangle.map(|i| outside[i as usize]);
            if sides.iter().all(|side| *side <= 0.0) {
                left.triangles.push(*triangle);
            } else if sides.iter().any(|side| *side < 0.0) {
                let kept: Vec<u32> = (0..3).flat_map(|k| left.kept_of_edge(*triangle, sides, k)).collect();
                (2..kept.len()).for_each(|k| left.join([kept[0], kept[k - 1], kept[k]]));
            }
        }
        left
    }

    /// The vertices that are left of the edge from vertex `k` of a triangle, without its end.
    fn kept_of_edge(&mut self, triangle: [u32; 3], sides: [f64; 3], k: usize) -> Vec<u32> {
        let (from, to) = (k, (k + 1) % 3);
        let mut kept = Vec::new();
        if sides[from] <= 0.0 {
            kept.push(triangle[from]);
        }
        if (sides[from] < 0.0 && sides[to] > 0.0) || (sides[from] > 0.0 && sides[to] < 0.0) {
            // From the end of the lower number, so that both triangles of an edge agree on the place.
            let [a, b] = if triangle[from] < triangle[to] { [from, to] } else { [to, from] };
            let share = sides[a] / (sides[a] - sides[b]);
            kept.push(self.push_between(triangle[a] as usize, triangle[b] as usize, share));
        }
        kept
    }

    /// Appends a vertex at a share of the way between two, and tells its number.
    fn push_between(&mut self, a: usize, b: usize, share: f64) -> u32 {
        let colors = [self.colors[a], self.colors[b]].map(|c| c.map(f64::from));
        let color: [f64; 3] = std::array::from_fn(|i| colors[0][i] + share * (colors[1][i] - colors[0][i]));
        self.vertices.push(self.vertices[a].lerp(self.vertices[b], share));
        self.normals.push(self.normals[a].lerp(self.normals[b], share).normalize_or_zero());
        self.colors.push(color.map(|v| v.round() as u8));
        let atom = self.atoms.get(if share < 0.5 { a } else { b }).copied();
        self.atoms.extend(atom);
        self.vertices.len() as u32 - 1
    }

    /// Where a ray meets it first among the places, in lengths of its direction from its origin, that count: Möller and Trumbore
    /// (1997), "Fast, minimum storage ray/triangle intersection", both sides of each triangle.
    pub fn first_hit(&self, origin: DVec3, direction: DVec3, counts: impl Fn(f64) -> bool) -> Option<Hit> {
        let hits = self.triangles.iter().enumerate().filter_map(|(triangle, corners)| {
            let (along, corner) = meets(corners.map(|i| self.vertices[i as usize]), origin, direction)?;
            counts(along).then_some(Hit { along, triangle, corner })
        });
        hits.min_by(|a, b| a.along.total_cmp(&b.along))
    }
}

/// How far along a ray meets a triangle, and the corner that has the largest weight there.
fn meets([a, b, c]: [DVec3; 3], origin: DVec3, direction: DVec3) -> Option<(f64, usize)> {
    let (ab, ac, to_origin) = (b - a, c - a, origin - a);
    let normal = direction.cross(ac);
    let scale = ab.dot(normal);
    let u = to_origin.dot(normal) / scale;
    let across = to_origin.cross(ab);
    let v = direction.dot(across) / scale;
    let weights = [1.0 - u - v, u, v];
    let heavier = |a: usize, b: usize| if weights[b] > weights[a] { b } else { a };
    let is_inside = weights.iter().all(|weight| *weight >= 0.0);
    is_inside.then(|| (ac.dot(across) / scale, heavier(heavier(0, 1), 2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn triangle() -> Mesh {
        Mesh {
            vertices: vec![DVec3::ZERO, DVec3::X, DVec3::Y],
            normals: vec![DVec3::Z; 3],
            colors: vec![[0; 3], [255, 0, 0], [0, 255, 0]],
            atoms: vec![4, 5, 6],
            triangles: vec![[0, 1, 2]],
        }
    }

    fn area(mesh: &Mesh) -> f64 {
        let area = |t: &[u32; 3]| {
            let [a, b, c] = t.map(|i| mesh.vertices[i as usize]);
            0.5 * (b - a).cross(c - a).length()
        };
        mesh.triangles.iter().map(area).sum()
    }

    /// Catches: the wrong side kept, corners left out, colours not carried along.
    #[test]
    fn planes_leave_the_side_that_they_turn_away_from() {
        for at in [-0.5, 0.0, 0.25, 0.5, 1.0, 2.0_f64] {
            let (kept, other) = ([DVec3::X, DVec3::NEG_X]).map(|n| triangle().cut(&[(DVec3::X * at, n)])).into();
            let expected = 0.5 - 0.5 * (1.0 - at.clamp(0.0, 1.0)).powi(2);
            assert!((area(&kept) - expected).abs() < 1e-12, "{at}: {}", area(&kept));
            assert!((area(&kept) + area(&other) - 0.5).abs() < 1e-12, "{at}");
            assert!(kept.triangles.iter().flatten().all(|i| kept.vertices[*i as usize].x <= at + 1e-12));
        }
        let half = triangle().cut(&[(DVec3::X * 0.5, DVec3::X)]);
        let cut = half.vertices.iter().position(|v| v.distance(DVec3::X * 0.5) < 1e-12).unwrap();
        assert_eq!((half.colors[cut], half.normals[cut], half.atoms[cut]), ([128, 0, 0], DVec3::Z, 5));
    }

    /// Catches: hits beside the triangle, behind the origin, or at the wrong place.
    #[test]
    fn rays_meet_triangles_from_both_sides() {
        let ahead = |along: f64| along >= 0.0;
        let hit =
            |x: f64, y: f64, z: f64| triangle().first_hit(DVec3::new(x, y, z), DVec3::NEG_Z * z.signum() * 2.0, ahead);
        assert_eq!(hit(0.25, 0.25, 3.0), Some(Hit { along: 1.5, triangle: 0, corner: 0 }));
        assert_eq!(hit(0.25, 0.5, -3.0), Some(Hit { along: 1.5, triangle: 0, corner: 2 }));
        assert_eq!(hit(0.6, 0.2, 3.0).and_then(|hit| triangle().atom_at(hit)), Some(5));
        assert_eq!((hit(0.6, 0.6, 3.0), hit(-0.1, 0.5, 3.0), hit(0.5, -0.1, 3.0)), (None, None, None));
        assert_eq!(triangle().first_hit(DVec3::new(0.2, 0.2, 1.0), DVec3::Z, ahead), None);
    }
}
