//! What a structure file says of each atom.

use std::collections::HashMap;

/// A text attribute: every distinct text once, and one code a point.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Categorical {
    /// The distinct texts, in order of first appearance.
    pub levels: Vec<Box<str>>,
    /// For each point, the index of its text in `levels`.
    pub codes: Vec<u32>,
}

impl Categorical {
    /// The text of point `i`.
    ///
    /// # Panics
    /// If there is no point `i`.
    pub fn get(&self, i: usize) -> &str {
        &self.levels[self.codes[i] as usize]
    }

    /// The text of point `i`, if the file has such texts.
    pub fn given(&self, i: usize) -> Option<&str> {
        self.codes.get(i).map(|code| &*self.levels[*code as usize])
    }

    /// How many points have each level, most frequent first; equal counts in order of appearance.
    pub fn counts(&self) -> Vec<(&str, usize)> {
        let mut counts = vec![0usize; self.levels.len()];
        self.codes.iter().for_each(|&c| counts[c as usize] += 1);
        let mut pairs: Vec<_> = self.levels.iter().map(|l| &**l).zip(counts).filter(|p| p.1 > 0).collect();
        pairs.sort_by_key(|p| std::cmp::Reverse(p.1));
        pairs
    }

    fn take(&self, indices: &[usize]) -> Self {
        if self.codes.is_empty() {
            return Self::default();
        }
        Self { levels: self.levels.clone(), codes: pick(&self.codes, indices) }
    }
}

/// Fills a [`Categorical`] one text at a time.
#[derive(Debug, Default)]
pub(crate) struct Interner {
    seen: HashMap<Box<str>, u32>,
    last: Option<u32>,
    /// For each code, the one that came after it the last time: residues repeat their atoms.
    after: Vec<u32>,
    /// For each code, its text as [`key`] has it.
    keys: Vec<u64>,
    column: Categorical,
}

impl Interner {
    /// Appends a point with this text; bytes that are not UTF-8 become U+FFFD.
    pub(crate) fn push(&mut self, text: &[u8]) {
        let key = key(text);
        let is = |code: u32| key.is_some_and(|key| self.keys[code as usize] == key);
        let code = match self.last {
            // Neighbouring atoms mostly share residue and chain.
            Some(last) if is(last) => last,
            Some(last) if is(self.after[last as usize]) => self.after[last as usize],
            _ => self.code(&String::from_utf8_lossy(text)),
        };
        if let Some(last) = self.last.filter(|last| *last != code) {
            self.after[last as usize] = code;
        }
        self.last = Some(code);
        self.column.codes.push(code);
    }

    /// Appends the points of another, in order.
    pub(crate) fn append(&mut self, other: Self) {
        let codes: Vec<u32> = other.column.levels.iter().map(|level| self.code(level)).collect();
        self.column.codes.extend(other.column.codes.iter().map(|code| codes[*code as usize]));
    }

    fn code(&mut self, text: &str) -> u32 {
        if let Some(&code) = self.seen.get(text) {
            return code;
        }
        let code = self.column.levels.len() as u32;
        self.seen.insert(text.into(), code);
        self.column.levels.push(text.into());
        self.keys.push(key(text.as_bytes()).unwrap_or(u64::MAX));
        self.after.push(code);
        code
    }

    pub(crate) fn finish(self) -> Categorical {
        self.column
    }
}

/// A short text as a number that no other has: its bytes, and its length in the highest. `None` if it is too long.
#[inline]
fn key(text: &[u8]) -> Option<u64> {
    let bytes = text.iter().fold(0, |key, byte| key << 8 | u64::from(*byte));
    (text.len() < 8).then_some(bytes | (text.len() as u64) << 56)
}

/// Attributes of atoms, one array each. An array is empty where the format has no such attribute.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AtomTable {
    /// Atom name without blanks, as `CA`.
    pub name: Categorical,
    /// Element symbol in capitals as `C` or `CA` (calcium); empty where unknown. Guessed from the
    /// atom name where the file leaves it out.
    pub element: Categorical,
    /// Residue name, as `ALA`.
    pub resname: Categorical,
    /// Chain identifier (of mmCIF the author's); may be empty.
    pub chain: Categorical,
    /// Residue number (of mmCIF the author's); [`AtomTable::NO_RESID`] where there is none.
    pub resid: Vec<i32>,
    /// Insertion code, a blank where there is none.
    pub icode: Vec<u8>,
    /// Alternate location, a blank where there is none.
    pub altloc: Vec<u8>,
    /// Whether the record is HETATM.
    pub hetero: Vec<bool>,
    /// Occupancy; NaN where the file leaves it out.
    pub occupancy: Vec<f64>,
    /// Isotropic B factor in Å^2; NaN where the file leaves it out.
    pub bfactor: Vec<f64>,
    /// Formal charge in elementary charges, 0 where the file leaves it out.
    pub formal_charge: Vec<i8>,
    /// Charge in elementary charges, of PQR.
    pub charge: Vec<f64>,
    /// Radius in angstrom, of PQR.
    pub radius: Vec<f64>,
}

impl AtomTable {
    /// The residue number of atoms that have none; no selection finds it.
    pub const NO_RESID: i32 = i32::MIN;

    /// Number of atoms.
    pub fn len(&self) -> usize {
        self.name.codes.len()
    }

    /// Whether there is no atom.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends what is kept of each atom besides the texts.
    pub(crate) fn append_numbers(&mut self, other: &mut Self) {
        self.resid.append(&mut other.resid);
        self.icode.append(&mut other.icode);
        self.altloc.append(&mut other.altloc);
        self.hetero.append(&mut other.hetero);
        self.occupancy.append(&mut other.occupancy);
        self.bfactor.append(&mut other.bfactor);
        self.formal_charge.append(&mut other.formal_charge);
        self.charge.append(&mut other.charge);
        self.radius.append(&mut other.radius);
    }

    /// The atoms at `indices`, in that order.
    ///
    /// # Panics
    /// If an index is not below [`AtomTable::len`].
    pub fn take(&self, indices: &[usize]) -> Self {
        Self {
            name: self.name.take(indices),
            element: self.element.take(indices),
            resname: self.resname.take(indices),
            chain: self.chain.take(indices),
            resid: pick(&self.resid, indices),
            icode: pick(&self.icode, indices),
            altloc: pick(&self.altloc, indices),
            hetero: pick(&self.hetero, indices),
            occupancy: pick(&self.occupancy, indices),
            bfactor: pick(&self.bfactor, indices),
            formal_charge: pick(&self.formal_charge, indices),
            charge: pick(&self.charge, indices),
            radius: pick(&self.radius, indices),
        }
    }
}

fn pick<T: Copy>(values: &[T], indices: &[usize]) -> Vec<T> {
    if values.is_empty() { Vec::new() } else { indices.iter().map(|&i| values[i]).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_kept_once_and_counted() {
        let mut interner = Interner::default();
        for text in ["N", "CA", "CA", "C", "CA"] {
            interner.push(text.as_bytes());
        }
        let column = interner.finish();
        assert_eq!(column.codes, [0, 1, 1, 2, 1]);
        assert_eq!(column.get(4), "CA");
        assert_eq!(column.counts(), [("CA", 3), ("N", 1), ("C", 1)]);
    }

    #[test]
    fn taking_atoms_leaves_absent_attributes_absent() {
        let mut names = Interner::default();
        ["N", "CA"].iter().for_each(|n| names.push(n.as_bytes()));
        let table = AtomTable { name: names.finish(), resid: vec![7, 8], ..AtomTable::default() };
        let one = table.take(&[1]);
        assert_eq!((one.len(), one.name.get(0), one.resid.as_slice()), (1, "CA", [8].as_slice()));
        assert!(one.occupancy.is_empty() && one.chain.codes.is_empty());
    }
}
