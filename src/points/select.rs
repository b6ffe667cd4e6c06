//! Choosing atoms by a sentence.
//!
//! ```text
//! selection := conjunction ("or" conjunction)*
//! conjunction := term ("and" term)*
//! term := "not" term | "(" selection ")" | keyword | field value+
//! field := name | element | resname | resid | chain | index
//! keyword := all | protein | water | hetero
//! ```
//!
//! Several values mean any of them. Chain identifiers are case-sensitive, all other texts are not.
//! `resid` takes numbers, numbers with an insertion code (`465A`) and ranges (`10-20`, `10:20`, both
//! ends included); `index` counts the atoms of a frame from 0 in the order of the file. A value that
//! is also a word of the language is quoted: `chain "or"`. `name CA` means C-alpha: atoms whose
//! element is calcium are left out (`element CA` finds them). `hetero` are HETATM records; where a format
//! has none, residues that are neither amino acids nor nucleotides. An attribute that the format lacks
//! chooses nothing, and reading says so.

mod parse;
mod residues;

pub(crate) use residues::is_protein;
use std::ops::Range;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::points::{AtomTable, Categorical};

/// A selection of atoms, as `name CA and chain A`. Made with [`str::parse`].
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    text: String,
    root: Expression,
}

/// A text attribute that a selection can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Name,
    Element,
    Resname,
    Chain,
}

/// Residue numbers from `first` to `last`; with an insertion code, only those that bear it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Residues {
    first: i32,
    last: i32,
    icode: Option<u8>,
}

#[derive(Debug, Clone, PartialEq)]
enum Expression {
    All,
    Hetero,
    Text(Field, Vec<String>),
    Resid(Vec<Residues>),
    Index(Vec<(usize, usize)>),
    Not(Box<Expression>),
    And(Box<Expression>, Box<Expression>),
    Or(Box<Expression>, Box<Expression>),
}

impl Selection {
    /// The text it was read from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// For each atom of `frame`, whether it is chosen. `index` counts from the beginning of `frame`.
    ///
    /// # Panics
    /// If `frame` reaches past the end of `atoms`.
    pub fn mask(&self, atoms: &AtomTable, frame: Range<usize>) -> Vec<bool> {
        self.root.mask(atoms, &frame)
    }

    /// What this asks for that `atoms` do not have, as `residue names`.
    pub(crate) fn missing(&self, atoms: &AtomTable) -> Vec<&'static str> {
        let mut found = Vec::new();
        self.root.visit(&mut |part| {
            let what = match part {
                Expression::Text(field, _) if field.column(atoms).codes.is_empty() => field.plural(),
                Expression::Resid(_) if atoms.resid.is_empty() => "residue numbers",
                Expression::Hetero if atoms.hetero.is_empty() && atoms.resname.codes.is_empty() => "HETATM records",
                _ => return,
            };
            if !found.contains(&what) {
                found.push(what);
            }
        });
        found
    }

    /// Whether `hetero` goes by residue names, since there are no HETATM records.
    pub(crate) fn guesses_hetero(&self, atoms: &AtomTable) -> bool {
        let mut asks = false;
        self.root.visit(&mut |part| asks |= *part == Expression::Hetero);
        asks && atoms.hetero.is_empty() && !atoms.resname.codes.is_empty()
    }

    /// The most frequent values of the attribute that the selection asks for first, for an error
    /// message: `names here are CA (76), N (76), ...`.
    pub(crate) fn what_is_there(&self, atoms: &AtomTable, frame: Range<usize>) -> String {
        const SHOWN: usize = 10;
        let field = self.root.first_field().unwrap_or(Field::Name);
        let column = field.column(atoms);
        if column.codes.is_empty() {
            return format!("this file has no {}", field.plural());
        }
        let here = Categorical { levels: column.levels.clone(), codes: column.codes[frame].to_vec() };
        let counts = here.counts();
        let list: Vec<_> = counts.iter().take(SHOWN).map(|(text, n)| format!("{} ({n})", shown(text))).collect();
        let more = if counts.len() > SHOWN { format!(" and {} more", counts.len() - SHOWN) } else { String::new() };
        format!("{} here are {}{more}", field.plural(), list.join(", "))
    }
}

fn shown(text: &str) -> &str {
    if text.is_empty() { "(blank)" } else { text }
}

impl FromStr for Selection {
    type Err = Error;

    /// # Errors
    /// [`Error::Usage`] that points at the word and says what is known.
    fn from_str(text: &str) -> Result<Self> {
        Ok(Self { text: text.to_owned(), root: parse::parse(text)? })
    }
}

impl Field {
    fn plural(self) -> &'static str {
        match self {
            Self::Name => "names",
            Self::Element => "elements",
            Self::Resname => "residue names",
            Self::Chain => "chains",
        }
    }

    fn column(self, atoms: &AtomTable) -> &Categorical {
        match self {
            Self::Name => &atoms.name,
            Self::Element => &atoms.element,
            Self::Resname => &atoms.resname,
            Self::Chain => &atoms.chain,
        }
    }

    fn matches(self, level: &str, value: &str) -> bool {
        if self == Self::Chain { level == value } else { level.eq_ignore_ascii_case(value) }
    }
}

impl Expression {
    fn mask(&self, atoms: &AtomTable, frame: &Range<usize>) -> Vec<bool> {
        match self {
            Self::All => vec![true; frame.len()],
            Self::Hetero if atoms.hetero.is_empty() => residues::hetero_by_name(atoms, frame),
            Self::Hetero => part(&atoms.hetero, frame, |hetero| hetero),
            Self::Text(field, values) => text_mask(*field, values, atoms, frame),
            Self::Resid(ranges) => resid_mask(ranges, atoms, frame),
            Self::Index(ranges) => (0..frame.len()).map(|i| ranges.iter().any(|r| (r.0..=r.1).contains(&i))).collect(),
            Self::Not(inner) => inner.mask(atoms, frame).into_iter().map(|chosen| !chosen).collect(),
            Self::And(a, b) => join(a.mask(atoms, frame), &b.mask(atoms, frame), |a, b| a && b),
            Self::Or(a, b) => join(a.mask(atoms, frame), &b.mask(atoms, frame), |a, b| a || b),
        }
    }

    /// Calls `each` with this and everything in it.
    fn visit(&self, each: &mut impl FnMut(&Self)) {
        each(self);
        match self {
            Self::Not(inner) => inner.visit(each),
            Self::And(a, b) | Self::Or(a, b) => {
                a.visit(each);
                b.visit(each);
            }
            _ => {}
        }
    }

    fn first_field(&self) -> Option<Field> {
        match self {
            Self::Text(field, _) => Some(*field),
            Self::Not(inner) => inner.first_field(),
            Self::And(a, b) | Self::Or(a, b) => a.first_field().or_else(|| b.first_field()),
            _ => None,
        }
    }
}

/// Applies `test` to the atoms of a frame; an attribute the file lacks is never chosen.
fn part<T: Copy>(values: &[T], frame: &Range<usize>, test: impl Fn(T) -> bool) -> Vec<bool> {
    if values.is_empty() { vec![false; frame.len()] } else { values[frame.clone()].iter().map(|v| test(*v)).collect() }
}

fn join(mut a: Vec<bool>, b: &[bool], op: impl Fn(bool, bool) -> bool) -> Vec<bool> {
    a.iter_mut().zip(b).for_each(|(a, b)| *a = op(*a, *b));
    a
}

fn text_mask(field: Field, values: &[String], atoms: &AtomTable, frame: &Range<usize>) -> Vec<bool> {
    let column = field.column(atoms);
    let wanted: Vec<bool> = column.levels.iter().map(|level| values.iter().any(|v| field.matches(level, v))).collect();
    let mut mask = part(&column.codes, frame, |code| wanted[code as usize]);
    if field == Field::Name && !atoms.element.codes.is_empty() {
        for (i, chosen) in mask.iter_mut().enumerate().filter(|(_, chosen)| **chosen) {
            let atom = frame.start + i;
            *chosen = !(atoms.name.get(atom).eq_ignore_ascii_case("CA") && atoms.element.get(atom) == "CA");
        }
    }
    mask
}

fn resid_mask(ranges: &[Residues], atoms: &AtomTable, frame: &Range<usize>) -> Vec<bool> {
    if atoms.resid.is_empty() {
        return vec![false; frame.len()];
    }
    let is_in = |atom: usize, r: &Residues| {
        let resid = atoms.resid[atom];
        resid != AtomTable::NO_RESID
            && (r.first..=r.last).contains(&resid)
            && r.icode.is_none_or(|code| atoms.icode.get(atom) == Some(&code))
    };
    frame.clone().map(|atom| ranges.iter().any(|r| is_in(atom, r))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::points::atoms::Interner;

    /// name, element, resname, chain, resid, icode, hetero
    type Row = (&'static str, &'static str, &'static str, &'static str, i32, u8, bool);
    const ROWS: [Row; 6] = [
        ("N", "N", "ALA", "A", 1, b' ', false),
        ("CA", "C", "ALA", "A", 1, b' ', false),
        ("CA", "C", "GLY", "a", -2, b' ', false),
        ("CA", "CA", "CA", "B", 301, b' ', true),
        ("O", "O", "HOH", "B", 302, b'A', true),
        ("O5'", "O", "DA", "or", AtomTable::NO_RESID, b' ', false),
    ];

    fn column(text: impl Fn(&Row) -> &'static str) -> Categorical {
        let mut interner = Interner::default();
        ROWS.iter().for_each(|row| interner.push(text(row).as_bytes()));
        interner.finish()
    }

    fn atoms() -> AtomTable {
        AtomTable {
            name: column(|r| r.0),
            element: column(|r| r.1),
            resname: column(|r| r.2),
            chain: column(|r| r.3),
            resid: ROWS.map(|r| r.4).to_vec(),
            icode: ROWS.map(|r| r.5).to_vec(),
            hetero: ROWS.map(|r| r.6).to_vec(),
            ..AtomTable::default()
        }
    }

    fn chosen(text: &str) -> Vec<usize> {
        let mask = text.parse::<Selection>().unwrap().mask(&atoms(), 0..ROWS.len());
        (0..ROWS.len()).filter(|&i| mask[i]).collect()
    }

    #[test]
    fn every_field_and_keyword_chooses_its_atoms() {
        for (text, expected) in [
            ("all", vec![0, 1, 2, 3, 4, 5]),
            ("name CA", vec![1, 2]),
            ("name ca N", vec![0, 1, 2]),
            ("element Ca", vec![3]),
            ("resname hoh ALA", vec![0, 1, 4]),
            ("chain A", vec![0, 1]),
            ("chain a", vec![2]),
            ("chain \"or\"", vec![5]),
            ("name O5'", vec![5]),
            ("resid 1 302", vec![0, 1, 4]),
            ("resid -5--1", vec![2]),
            ("resid -5:1", vec![0, 1, 2]),
            ("resid 302A", vec![4]),
            ("resid 302B", vec![]),
            ("index 0 2-3", vec![0, 2, 3]),
            ("index 4:9", vec![4, 5]),
            ("protein", vec![0, 1, 2]),
            ("water", vec![4]),
            ("hetero", vec![3, 4]),
        ] {
            assert_eq!(chosen(text), expected, "{text}");
        }
    }

    #[test]
    fn and_binds_before_or_and_not_before_both() {
        assert_eq!(chosen("name N or name CA and chain a"), [0, 2]);
        assert_eq!(chosen("(name N or name CA) and chain a"), [2]);
        assert_eq!(chosen("not protein and hetero or name N"), [0, 3, 4]);
        assert_eq!(chosen("not (protein or hetero)"), [5]);
        assert_eq!(chosen("NOT not water"), [4]);
    }

    #[test]
    fn index_counts_within_the_frame() {
        let mask = "index 0".parse::<Selection>().unwrap().mask(&atoms(), 2..5);
        assert_eq!(mask, [true, false, false]);
    }

    #[test]
    fn an_empty_choice_lists_what_there_is_of_the_field_asked_for() {
        let of = |text: &str| text.parse::<Selection>().unwrap().what_is_there(&atoms(), 0..6);
        assert_eq!(of("name CB"), "names here are CA (3), N (1), O (1), O5' (1)");
        assert_eq!(of("resid 9 and chain Q"), "chains here are A (2), B (2), a (1), or (1)");
    }

    #[test]
    fn without_hetatm_records_hetero_goes_by_residues() {
        let gro = AtomTable { hetero: Vec::new(), ..atoms() };
        let hetero = "hetero".parse::<Selection>().unwrap();
        assert_eq!(hetero.mask(&gro, 0..6), [false, false, false, true, true, false]);
        assert!(hetero.guesses_hetero(&gro) && !hetero.guesses_hetero(&atoms()) && hetero.missing(&gro).is_empty());
    }

    #[test]
    fn an_attribute_the_file_lacks_chooses_nothing() {
        let bare = AtomTable { name: column(|r| r.0), ..AtomTable::default() };
        for text in ["chain A", "resid 1", "hetero", "protein"] {
            assert!(!text.parse::<Selection>().unwrap().mask(&bare, 0..6).contains(&true), "{text}");
        }
        assert_eq!(
            "chain A or resid 1 and hetero".parse::<Selection>().unwrap().missing(&bare),
            ["chains", "residue numbers", "HETATM records"]
        );
        assert_eq!("name CA".parse::<Selection>().unwrap().mask(&bare, 0..6).iter().filter(|c| **c).count(), 3);
    }
}
