//! Bonds between atoms that are near each other.

use glam::DVec3;
use kiddo::{ImmutableKdTree, SquaredEuclidean};

use super::angstrom;
use super::mesh::Mesh;
use super::sweep::{Station, any_side, cap, sweep};
use crate::error::{Error, Result};
use crate::points::{AtomTable, PointCloud, elements};

/// Two atoms are bound if they are no further apart than their covalent radii and this, in angstrom, and no nearer than the
/// least (Meng and Lewis 1991, "Determination of molecular topology and atomic hybridization states from heavy atom
/// coordinates", J. Comput. Chem. 12:891, tolerance there 0.4; 0.45 in the Blue Obelisk's programs).
const TOLERANCE: f64 = 0.45;
const LEAST: f64 = 0.4;

/// Corners of a tube and rings of its end, of a molecule that is not large.
const SIDES: usize = 10;
const RINGS: usize = 3;
/// Bonds from which on fewer will do.
const MANY: usize = 20_000;

/// A tube for each bond, half of each atom.
///
/// # Errors
/// [`Error::Data`] if places cannot be searched.
pub fn tubes(cloud: &PointCloud, radius: f64) -> Result<Mesh> {
    let all = bonds(cloud)?;
    let mut mesh = Mesh::default();
    let (sides, rings) = if all.len() <= MANY { (SIDES, RINGS) } else { (6, 1) };
    for [a, b] in all {
        let [from, to] = [a, b].map(|i| cloud.positions[i]);
        let (forward, middle) = ((to - from).normalize_or(DVec3::X), 0.5 * (from + to));
        let at = |center, atom| Station::round(center, forward, any_side(forward), radius, atom);
        let first = [cap(&at(from, a), false, rings), vec![at(from, a), at(middle, a)]].concat();
        let last = [vec![at(middle, b), at(to, b)], cap(&at(to, b), true, rings)].concat();
        sweep(&mut mesh, &first, sides);
        sweep(&mut mesh, &last, sides);
    }
    Ok(mesh)
}

/// Pairs of atoms that are bound, each once, by their numbers.
///
/// # Errors
/// [`Error::Data`] if places cannot be searched.
pub fn bonds(cloud: &PointCloud) -> Result<Vec<[usize; 2]>> {
    let Some(atoms) = &cloud.atoms else { return Ok(Vec::new()) };
    let unit = angstrom(cloud.unit);
    let radius: Vec<Option<f64>> = (0..cloud.len()).map(|i| radius_of(atoms, i)).collect();
    let bound: Vec<usize> = (0..cloud.len()).filter(|i| radius[*i].is_some()).collect();
    let places: Vec<[f64; 3]> = bound.iter().map(|i| (cloud.positions[*i] / unit).to_array()).collect();
    let largest = radius.iter().flatten().copied().fold(0.0, f64::max);
    let mut pairs = Vec::new();
    if places.is_empty() {
        return Ok(pairs);
    }
    let tree: ImmutableKdTree<f64, 3> = ImmutableKdTree::new_from_slice(&places)
        .map_err(|e| Error::Data(format!("atoms cannot be searched for bonds: {e}")))?;
    for (&a, place) in std::iter::zip(&bound, &places) {
        let Some(own) = radius[a] else { continue };
        let reach = own + largest + TOLERANCE;
        tree.query(place).within::<SquaredEuclidean<f64>>(reach * reach).unsorted().visit(|hit| {
            let b = bound[hit.item as usize];
            let most = own + radius[b].unwrap_or(0.0) + TOLERANCE;
            let distance = hit.distance.sqrt();
            if a < b && (LEAST..=most).contains(&distance) && can_be_bound(atoms, a, b) {
                pairs.push([a, b]);
            }
        });
    }
    pairs.sort_unstable();
    Ok(pairs)
}

/// The covalent radius in angstrom; none of metals whose neighbours are not bound to them but held by their charge, and of what
/// is no element.
fn radius_of(atoms: &AtomTable, i: usize) -> Option<f64> {
    const IONS: [&str; 11] = ["LI", "NA", "K", "RB", "CS", "BE", "MG", "CA", "SR", "BA", "RA"];
    let symbol = atoms.element.given(i).filter(|symbol| !IONS.contains(symbol))?;
    elements::covalent_radius(symbol)
}

/// Whether two atoms can be bound however near they are: not two hydrogens, and not atoms of two versions of one place.
fn can_be_bound(atoms: &AtomTable, a: usize, b: usize) -> bool {
    let is_hydrogen = |i: usize| matches!(atoms.element.given(i), Some("H" | "D"));
    let version = |i: usize| atoms.altloc.get(i).copied().unwrap_or(b' ');
    let (x, y) = (version(a), version(b));
    !(is_hydrogen(a) && is_hydrogen(b)) && (x == y || x == b' ' || y == b' ')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::LengthUnit;
    use crate::points::atoms::Interner;

    fn cloud(atoms: &[(&str, [f64; 3])], versions: &[u8], unit: Option<LengthUnit>) -> PointCloud {
        let mut elements = Interner::default();
        atoms.iter().for_each(|(symbol, _)| elements.push(symbol.as_bytes()));
        let table = AtomTable { element: elements.finish(), altloc: versions.to_vec(), ..AtomTable::default() };
        let positions = atoms.iter().map(|(_, p)| DVec3::from_array(*p)).collect();
        PointCloud { positions, unit, atoms: Some(table), ..PointCloud::default() }
    }

    /// Methanol, beside a sodium ion and a nitrogen out of reach. Catches: bonds between hydrogens (1.8 apart) or to ions, pairs
    /// taken twice, lengths in the wrong unit.
    #[test]
    fn bonds_are_where_covalent_radii_reach() {
        let atoms = [
            ("C", [0.0, 0.0, 0.0]),
            ("O", [1.42, 0.0, 0.0]),
            ("H", [-0.36, 1.03, 0.0]),
            ("H", [-0.36, -0.51, 0.89]),
            ("H", [-0.36, -0.51, -0.89]),
            ("H", [1.74, 0.9, 0.0]),
            ("NA", [1.42, -2.2, 0.0]),
            ("N", [0.0, 0.0, 5.0]),
        ];
        let expected = vec![[0, 1], [0, 2], [0, 3], [0, 4], [1, 5]];
        assert_eq!(bonds(&cloud(&atoms, &[], None)).unwrap(), expected);
        let in_nm = atoms.map(|(symbol, p)| (symbol, p.map(|v| 0.1 * v)));
        assert_eq!(bonds(&cloud(&in_nm, &[], Some(LengthUnit::Nanometre))).unwrap(), expected);
        let mesh = tubes(&cloud(&atoms, &[], None), 0.1).unwrap();
        assert_eq!(mesh.triangles.len(), 5 * 2 * SIDES * (2 * (RINGS + 1) - 1));
    }

    #[test]
    fn versions_of_one_atom_are_not_bound_to_each_other() {
        let atoms = [("C", [0.0; 3]), ("C", [1.5, 0.0, 0.0]), ("C", [1.4, 0.5, 0.0])];
        assert_eq!(bonds(&cloud(&atoms, b" AB", None)).unwrap(), [[0, 1], [0, 2]]);
    }
}
