//! Where a chain of amino acids winds to a helix or lies stretched in a sheet.

use glam::DVec3;

use super::chain::Residue;

/// How a residue folds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fold {
    /// Neither of the others.
    Coil,
    /// An alpha helix.
    Helix,
    /// A strand of a sheet.
    Strand,
}

/// Distances in angstrom between CA two, three and four residues apart, and angle and dihedral in degrees of three and four in
/// a row, each with its tolerance: table 1 of Labesse, Colloc'h, Pothier and Mornon (1997), "P-SEA: a new efficient assignment of
/// secondary structure from C-alpha trace of proteins", CABIOS 13:291.
struct Pattern {
    distances: [[f64; 2]; 3],
    angle: [f64; 2],
    dihedral: [f64; 2],
}

const HELIX: Pattern =
    Pattern { distances: [[5.5, 0.5], [5.3, 0.5], [6.4, 0.6]], angle: [89.0, 12.0], dihedral: [50.0, 20.0] };

const STRAND: Pattern =
    Pattern { distances: [[6.7, 0.6], [9.9, 0.9], [12.4, 1.1]], angle: [124.0, 14.0], dihedral: [-170.0, 45.0] };

/// The fewest residues of a helix and of a strand.
const LEAST_HELIX: usize = 5;
const LEAST_STRAND: usize = 3;

/// Residues of a sheet have a CA of another strand in this range of distances, in angstrom.
const CONTACT: [f64; 2] = [4.2, 5.8];

/// How each residue of each chain folds, by the places of their CA alone; `angstrom` is one in their unit.
///
/// A helix has three and four of the distances or both angles of its pattern for five residues in a row. A strand has those of
/// its own for three, of which half or more lie beside a residue of another.
pub fn folds(chains: &[Vec<Residue>], angstrom: f64) -> Vec<Vec<Fold>> {
    let mut all: Vec<Vec<Fold>> = chains.iter().map(|chain| vec![Fold::Coil; chain.len()]).collect();
    let mut stretched = Vec::new();
    for (n, chain) in chains.iter().enumerate().filter(|(_, chain)| chain[0].is_protein) {
        let places: Vec<DVec3> = chain.iter().map(|r| r.place / angstrom).collect();
        for run in runs(&places, &HELIX, &[1, 2]).into_iter().filter(|run| run.len() >= LEAST_HELIX) {
            all[n][run].fill(Fold::Helix);
        }
        for run in runs(&places, &STRAND, &[0, 1, 2]).into_iter().filter(|run| run.len() >= LEAST_STRAND) {
            stretched.push((n, run, places.clone()));
        }
    }
    for (k, (n, run, places)) in stretched.iter().enumerate() {
        let is_near = |i: &usize| {
            let others = stretched.iter().enumerate().filter(|(other, _)| *other != k);
            let mut places_of_others = others.flat_map(|(_, (_, run, places))| &places[run.clone()]);
            places_of_others.any(|p| (CONTACT[0]..CONTACT[1]).contains(&p.distance(places[*i])))
        };
        let touching = run.clone().filter(is_near).count();
        let is_free = all[*n][run.clone()].iter().all(|fold| *fold == Fold::Coil);
        if 2 * touching >= run.len() && is_free {
            all[*n][run.clone()].fill(Fold::Strand);
        }
    }
    all
}

/// Residues in a row that have the pattern: those of its distances, or both angles.
fn runs(places: &[DVec3], pattern: &Pattern, distances: &[usize]) -> Vec<std::ops::Range<usize>> {
    let mut has = vec![false; places.len()];
    for i in 0..places.len() {
        let at = |k: usize| places.get(i + k).copied();
        let within = |value: f64, [mean, tolerance]: [f64; 2]| (value - mean).abs() <= tolerance;
        let by_distances =
            distances.iter().all(|&d| at(d + 2).is_some_and(|p| within(p.distance(places[i]), pattern.distances[d])));
        let by_angles = match (at(1), at(2), at(3)) {
            (Some(b), Some(c), Some(d)) => {
                let turn = dihedral([places[i], b, c, d]) - pattern.dihedral[0];
                let turn = (turn + 540.0).rem_euclid(360.0) - 180.0;
                within(angle([places[i], b, c]), pattern.angle) && turn.abs() <= pattern.dihedral[1]
            }
            _ => false,
        };
        // The pattern is that of the residue after the first.
        if (by_distances || by_angles) && i + 1 < places.len() {
            has[i + 1] = true;
        }
    }
    let mut all: Vec<std::ops::Range<usize>> = Vec::new();
    for i in (0..places.len()).filter(|i| has[*i]) {
        match all.last_mut() {
            Some(run) if run.end == i => run.end += 1,
            _ => all.push(i..i + 1),
        }
    }
    all
}

/// In degrees, at the second of three places.
fn angle([a, b, c]: [DVec3; 3]) -> f64 {
    (a - b).angle_between(c - b).to_degrees()
}

/// In degrees, about the line between the second and third of four places.
fn dihedral([a, b, c, d]: [DVec3; 4]) -> f64 {
    let (x, y, z) = (b - a, c - b, d - c);
    let (m, n) = (x.cross(y), y.cross(z));
    m.cross(n).dot(y.normalize_or(DVec3::X)).atan2(m.dot(n)).to_degrees()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(count: usize, place: impl Fn(f64) -> DVec3) -> Vec<Residue> {
        (0..count).map(|i| Residue { place: place(i as f64), atom: i, oxygen: None, is_protein: true }).collect()
    }

    fn helix(turn: f64) -> Vec<Residue> {
        chain(12, |i| DVec3::new(2.3 * (turn * i).cos(), 2.3 * (turn * i).sin(), 1.5 * i))
    }

    /// Catches: the sign of the dihedral (a left-handed helix taken for one), strands alone, units of length.
    #[test]
    fn right_handed_helices_and_paired_strands_are_found() {
        let strand = |y: f64| chain(7, move |i| DVec3::new(3.3 * i, y, 0.9 * (i % 2.0)));
        let inner = |folds: &[Fold]| folds[1..folds.len() - 3].to_vec();
        let right = folds(&[helix(100f64.to_radians())], 1.0);
        assert!(inner(&right[0]).iter().all(|f| *f == Fold::Helix), "{right:?}");
        let pair = folds(&[strand(0.0), strand(4.8)], 1.0);
        assert!(pair.iter().all(|f| inner(f).iter().all(|f| *f == Fold::Strand)), "{pair:?}");
        let alone = folds(&[strand(0.0), strand(9.0)], 1.0);
        assert!(alone.iter().flatten().all(|f| *f == Fold::Coil));
        let mut in_nm = helix(100f64.to_radians());
        in_nm.iter_mut().for_each(|r| r.place *= 0.1);
        assert_eq!(folds(&[in_nm], 0.1), right);
    }

    #[test]
    fn dihedrals_are_signed_as_usual() {
        let of = |d: DVec3| dihedral([DVec3::X, DVec3::ZERO, DVec3::Z, d]);
        assert!((of(DVec3::new(0.0, 1.0, 1.0)) - 90.0).abs() < 1e-9, "{}", of(DVec3::new(0.0, 1.0, 1.0)));
        assert!((of(DVec3::new(-1.0, 0.0, 1.0)).abs() - 180.0).abs() < 1e-9);
        assert!((angle([DVec3::X, DVec3::ZERO, DVec3::Y]) - 90.0).abs() < 1e-9);
    }
}
