//! Laying points over others: the rotation and translation of least squares.

use glam::{DMat3, DQuat, DVec3};

/// A rigid motion, and how near it brings the points to the others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Superposition {
    /// The centre of the points that are moved.
    pub from: DVec3,
    /// The centre of those they are laid over.
    pub to: DVec3,
    /// The rotation about the centre.
    pub rotation: DMat3,
    /// Root mean square of the distances that are left, in the unit of the points.
    pub rmsd: f64,
}

impl Superposition {
    /// Where the motion takes a point.
    pub fn apply(&self, point: DVec3) -> DVec3 {
        self.rotation * (point - self.from) + self.to
    }
}

/// The motion of `points` onto `reference` that minimises the distances of pairs, all of equal weight: the eigenvector
/// of the largest eigenvalue of a 4 x 4 matrix as quaternion (Horn 1987, J. Opt. Soc. Am. A 4, 629, eq. 45).
///
/// # Panics
/// If the numbers of points differ, or there is none.
pub fn superpose(points: &[DVec3], reference: &[DVec3]) -> Superposition {
    assert!(points.len() == reference.len() && !points.is_empty(), "one point of the reference for each");
    let center = |all: &[DVec3]| all.iter().copied().sum::<DVec3>() / all.len() as f64;
    let (from, to) = (center(points), center(reference));
    let mut s = [[0.0; 3]; 3];
    for (p, r) in std::iter::zip(points, reference) {
        let (p, r) = (*p - from, *r - to);
        for (a, row) in s.iter_mut().enumerate() {
            for (b, sum) in row.iter_mut().enumerate() {
                *sum += p[a] * r[b];
            }
        }
    }
    let [[xx, xy, xz], [yx, yy, yz], [zx, zy, zz]] = s;
    let [w, x, y, z] = largest_eigenvector([
        [xx + yy + zz, yz - zy, zx - xz, xy - yx],
        [yz - zy, xx - yy - zz, xy + yx, zx + xz],
        [zx - xz, xy + yx, yy - xx - zz, yz + zy],
        [xy - yx, zx + xz, yz + zy, zz - xx - yy],
    ]);
    let rotation = DMat3::from_quat(DQuat::from_xyzw(x, y, z, w).normalize());
    let mut motion = Superposition { from, to, rotation, rmsd: 0.0 };
    let squares = std::iter::zip(points, reference).map(|(p, r)| (motion.apply(*p) - *r).length_squared());
    motion.rmsd = (squares.sum::<f64>() / points.len() as f64).sqrt();
    motion
}

/// The eigenvector of the largest eigenvalue of a symmetric matrix, by Jacobi's rotations.
fn largest_eigenvector(mut m: [[f64; 4]; 4]) -> [f64; 4] {
    const SWEEPS: usize = 50;
    let mut vectors: [[f64; 4]; 4] = std::array::from_fn(|i| std::array::from_fn(|j| f64::from(u8::from(i == j))));
    for _ in 0..SWEEPS {
        let off: f64 = (0..4).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| m[i][j] * m[i][j]).sum();
        let diagonal: f64 = (0..4).map(|i| m[i][i] * m[i][i]).sum();
        if off <= 1e-32 * diagonal {
            break;
        }
        for (p, q) in [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)] {
            rotate(&mut m, &mut vectors, p, q);
        }
    }
    let largest = (0..4).max_by(|a, b| m[*a][*a].total_cmp(&m[*b][*b])).unwrap_or(0);
    std::array::from_fn(|i| vectors[i][largest])
}

/// Makes the element (p, q) zero.
fn rotate(m: &mut [[f64; 4]; 4], vectors: &mut [[f64; 4]; 4], p: usize, q: usize) {
    if m[p][q] == 0.0 {
        return;
    }
    let angle = 0.5 * (2.0 * m[p][q]).atan2(m[q][q] - m[p][p]);
    let (s, c) = angle.sin_cos();
    for row in m.iter_mut().chain(vectors.iter_mut()) {
        (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
    }
    let (row_p, row_q) = (m[p], m[q]);
    m[p] = std::array::from_fn(|i| c * row_p[i] - s * row_q[i]);
    m[q] = std::array::from_fn(|i| s * row_p[i] + c * row_q[i]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cloud(n: usize) -> Vec<DVec3> {
        (0..n)
            .map(|i| i as f64)
            .map(|i| DVec3::new((i * 1.7).sin() * 9.0, (i * 0.9).cos() * 5.0, (i * 2.3).sin()))
            .collect()
    }

    #[test]
    fn a_moved_cloud_comes_back_exactly() {
        let reference = cloud(20);
        for angle in [0.0, 0.3, 1.5, 3.0, std::f64::consts::PI] {
            let rotation = DMat3::from_axis_angle(DVec3::new(1.0, -2.0, 0.5).normalize(), angle);
            let moved: Vec<DVec3> = reference.iter().map(|p| rotation * *p + DVec3::new(100.0, -20.0, 3.0)).collect();
            let found = superpose(&moved, &reference);
            assert!(found.rmsd < 1e-12, "{angle}: {}", found.rmsd);
            assert!((found.rotation.determinant() - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn a_mirror_image_is_not_turned_inside_out() {
        let reference = cloud(20);
        let mirrored: Vec<DVec3> = reference.iter().map(|p| DVec3::new(-p.x, p.y, p.z)).collect();
        let found = superpose(&mirrored, &reference);
        assert!(found.rmsd > 0.1 && (found.rotation.determinant() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn no_small_turn_of_the_result_is_nearer() {
        let reference = cloud(15);
        let moved: Vec<DVec3> = cloud(15)
            .iter()
            .enumerate()
            .map(|(i, p)| DMat3::from_rotation_z(1.0) * (*p + DVec3::splat((i % 4) as f64)))
            .collect();
        let best = superpose(&moved, &reference);
        for axis in DVec3::AXES {
            for angle in [-1e-3, 1e-3] {
                let turned = Superposition { rotation: DMat3::from_axis_angle(axis, angle) * best.rotation, ..best };
                let squares = std::iter::zip(&moved, &reference).map(|(p, r)| (turned.apply(*p) - *r).length_squared());
                assert!((squares.sum::<f64>() / 15.0).sqrt() > best.rmsd, "{axis} {angle}");
            }
        }
    }
}
