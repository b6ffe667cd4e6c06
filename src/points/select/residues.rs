//! Which residues `protein`, `water` and `hetero` mean.

use std::ops::Range;

use super::part;
use crate::points::AtomTable;

/// Residue names that `protein` means: the amino acids, their protonation states in the force fields, ends
/// and common modifications.
pub(super) const PROTEIN: &[&str] = &[
    "ALA", "ARG", "ASN", "ASP", "CYS", "GLN", "GLU", "GLY", "HIS", "ILE", "LEU", "LYS", "MET", "PHE", "PRO", "SER",
    "THR", "TRP", "TYR", "VAL", "ACE", "ASH", "ASX", "CYM", "CYX", "GLH", "GLX", "HID", "HIE", "HIP", "HSD", "HSE",
    "HSP", "HYP", "LYN", "MSE", "NMA", "NME", "PTR", "PYL", "SEC", "SEP", "TPO", "UNK", // OPLS and GROMOS
    "ARGN", "ASPH", "CYS1", "CYS2", "CYSH", "GLUH", "HISA", "HISB", "HISH", "HISD", "HISE", "HIS1", "HIS2", "LYSH",
    "PGLU", "QLN", "NAC", "NH2", // AMBER's ends of chains
    "NALA", "NARG", "NASN", "NASP", "NCYS", "NCYX", "NGLN", "NGLU", "NGLY", "NHID", "NHIE", "NHIP", "NHIS", "NILE",
    "NLEU", "NLYS", "NMET", "NPHE", "NPRO", "NSER", "NTHR", "NTRP", "NTYR", "NVAL", "CALA", "CARG", "CASN", "CASP",
    "CCYS", "CCYX", "CGLN", "CGLU", "CGLY", "CHID", "CHIE", "CHIP", "CHIS", "CILE", "CLEU", "CLYS", "CMET", "CPHE",
    "CPRO", "CSER", "CTHR", "CTRP", "CTYR", "CVAL",
];

/// Residue names that `water` means.
pub(super) const WATER: &[&str] = &[
    "HOH", "DOD", "WAT", "H2O", "OH2", "SOL", "TIP", "TIP2", "TIP3", "TIP4", "TIP5", "TIP3P", "TIP4P", "TP3", "SPC",
    "SPCE", "HHO", "W", "PW", "WN",
];

/// Residue names of nucleotides, which with amino acids are never `hetero`.
const NUCLEIC: &[&str] = &[
    "A", "C", "G", "U", "I", "DA", "DC", "DG", "DT", "DU", "DI", "ADE", "CYT", "GUA", "THY", "URA", "RA", "RC", "RG",
    "RU", "A3", "A5", "C3", "C5", "G3", "G5", "U3", "U5", "DA3", "DA5", "DC3", "DC5", "DG3", "DG5", "DT3", "DT5",
];

/// The atoms of a frame whose residue is neither an amino acid nor a nucleotide.
pub(super) fn hetero_by_name(atoms: &AtomTable, frame: &Range<usize>) -> Vec<bool> {
    let is_polymer = |name: &str| PROTEIN.iter().chain(NUCLEIC).any(|n| n.eq_ignore_ascii_case(name));
    let hetero: Vec<bool> = atoms.resname.levels.iter().map(|level| !is_polymer(level)).collect();
    part(&atoms.resname.codes, frame, |code| hetero[code as usize])
}
/// Whether a residue of this name is an amino acid.
pub(crate) fn is_protein(resname: &[u8]) -> bool {
    PROTEIN.iter().any(|known| resname.eq_ignore_ascii_case(known.as_bytes()))
}
