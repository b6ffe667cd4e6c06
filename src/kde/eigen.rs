//! Eigenvalues of symmetric 3 x 3 matrices.

use glam::{DMat3, DVec3};

/// Rotations tried before giving up; 6 suffice for doubles, each sweep squaring what is left.
const SWEEPS: usize = 30;

/// Eigenvalues (in no order) and orthonormal eigenvectors (columns) of a symmetric matrix, by cyclic
/// Jacobi rotations (Golub and Van Loan 2013, algorithm 8.5.2).
pub(super) fn symmetric_eigen(matrix: DMat3) -> (DVec3, DMat3) {
    let (mut a, mut vectors) = (matrix, DMat3::IDENTITY);
    for _ in 0..SWEEPS {
        let off = a.col(1)[0].abs() + a.col(2)[0].abs() + a.col(2)[1].abs();
        if off == 0.0 {
            break;
        }
        for (p, q) in [(0, 1), (0, 2), (1, 2)] {
            let rotation = rotation(&a, p, q);
            a = rotation.transpose() * a * rotation;
            vectors *= rotation;
            a.col_mut(p)[q] = 0.0;
            a.col_mut(q)[p] = 0.0;
        }
    }
    (DVec3::new(a.col(0)[0], a.col(1)[1], a.col(2)[2]), vectors)
}

/// The rotation in the plane of axes `p` and `q` that makes `a[p][q]` zero.
fn rotation(a: &DMat3, p: usize, q: usize) -> DMat3 {
    let mut rotation = DMat3::IDENTITY;
    if a.col(q)[p] != 0.0 {
        let tau = (a.col(q)[q] - a.col(p)[p]) / (2.0 * a.col(q)[p]);
        let t = tau.signum() / (tau.abs() + tau.hypot(1.0));
        let c = 1.0 / t.hypot(1.0);
        rotation.col_mut(p)[p] = c;
        rotation.col_mut(q)[q] = c;
        rotation.col_mut(q)[p] = t * c;
        rotation.col_mut(p)[q] = -t * c;
    }
    rotation
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_is_put_together_again_from_its_eigenvalues() {
        for entries in
            [[2.0, 1.0, 3.0, 0.5, -0.25, 0.125], [1.0, 1.0, 1.0, 1.0, 1.0, 1.0], [1e-9, 1.0, 1e9, 0.1, 3.0, -2.0]]
        {
            let [xx, yy, zz, xy, xz, yz] = entries;
            let m = DMat3::from_cols_array(&[xx, xy, xz, xy, yy, yz, xz, yz, zz]);
            let (values, v) = symmetric_eigen(m);
            let again = v * DMat3::from_diagonal(values) * v.transpose();
            assert!((again - m).abs_diff_eq(DMat3::ZERO, 1e-14 * zz), "{again} is not {m}");
            assert!((v.transpose() * v).abs_diff_eq(DMat3::IDENTITY, 1e-14));
        }
    }

    #[test]
    fn a_matrix_of_ones_has_one_eigenvalue() {
        let mut values = symmetric_eigen(DMat3::from_cols(DVec3::ONE, DVec3::ONE, DVec3::ONE)).0.to_array();
        values.sort_by(f64::total_cmp);
        assert!(values[1].abs() < 1e-15 && (values[2] - 3.0).abs() < 1e-14, "{values:?}");
    }
}
