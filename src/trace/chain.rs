//! Chains of residues, as far as they go without a gap.

use glam::DVec3;

use super::angstrom;
use crate::points::{AtomTable, PointCloud};

/// A residue on a backbone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Residue {
    /// Where the backbone passes: CA, or P or C4'.
    pub place: DVec3,
    /// The number of that atom.
    pub atom: usize,
    /// Where the oxygen of the peptide bond to the next residue is.
    pub oxygen: Option<DVec3>,
    /// Whether it is an amino acid.
    pub is_protein: bool,
}

/// Longest way between neighbours in angstrom: CA are 3.8 apart (2.9 across a cis bond), P 5 to 7.5.
const REACH_OF_PROTEIN: f64 = 4.5;
const REACH_OF_NUCLEIC_ACID: f64 = 8.0;

/// Runs of two residues or more that follow one another in the file, in the same chain, no further from each other than
/// a bond reaches.
pub fn chains(cloud: &PointCloud) -> Vec<Vec<Residue>> {
    let Some(atoms) = &cloud.atoms else { return Vec::new() };
    let mut all: Vec<Vec<Residue>> = Vec::new();
    for residue in residues(cloud, atoms) {
        match all.last_mut() {
            Some(run) if run.last().is_some_and(|last| are_bound(last, &residue, cloud, atoms)) => run.push(residue),
            _ => all.push(vec![residue]),
        }
    }
    all.retain(|run| run.len() > 1);
    all
}

fn are_bound(a: &Residue, b: &Residue, cloud: &PointCloud, atoms: &AtomTable) -> bool {
    let reach = if a.is_protein { REACH_OF_PROTEIN } else { REACH_OF_NUCLEIC_ACID } * angstrom(cloud.unit);
    let way = a.place.distance(b.place);
    let are_alike = a.is_protein == b.is_protein && atoms.chain.given(a.atom) == atoms.chain.given(b.atom);
    are_alike && way <= reach && way > 0.0
}

fn residues(cloud: &PointCloud, atoms: &AtomTable) -> Vec<Residue> {
    let mut all = Vec::new();
    let mut first = 0;
    for end in 1..=cloud.len() {
        if end == cloud.len() || !is_same(atoms, first, end) {
            all.extend(residue(cloud, atoms, first..end));
            first = end;
        }
    }
    all
}

/// Whether two atoms are of one residue.
fn is_same(atoms: &AtomTable, a: usize, b: usize) -> bool {
    let of = |i: usize| (atoms.resid.get(i), atoms.icode.get(i), atoms.chain.given(i), atoms.resname.given(i));
    // Of residues in two versions each atom is in both: the first is taken.
    let (mut x, mut y) = (of(a), of(b));
    let are_versions = |i: usize| atoms.altloc.get(i).is_some_and(|version| *version != b' ');
    if are_versions(a) || are_versions(b) {
        (x.3, y.3) = (None, None);
    }
    x == y && (x.0.is_some() || x.3.is_some())
}

fn residue(cloud: &PointCloud, atoms: &AtomTable, range: std::ops::Range<usize>) -> Option<Residue> {
    let named = |names: &[&str]| range.clone().find(|i| atoms.name.given(*i).is_some_and(|name| names.contains(&name)));
    let is_calcium = |i: &usize| atoms.element.given(*i) == Some("CA");
    let alpha = named(&["CA"]).filter(|i| !is_calcium(i));
    let atom = alpha.or_else(|| named(&["P"])).or_else(|| named(&["C4'", "C4*"]))?;
    let oxygen = named(&["O", "OT1", "O1"]).map(|i| cloud.positions[i]);
    Some(Residue { place: cloud.positions[atom], atom, oxygen, is_protein: alpha.is_some() })
}
