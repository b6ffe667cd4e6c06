//! Choosing atoms by a sentence.

use std::ops::Range;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::points::AtomTable;

/// A selection of atoms, as `name CA and chain A`.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    text: String,
}

impl Selection {
    /// The text it was read from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// For each atom of `frame`, whether it is chosen. `index` counts from the beginning of `frame`.
    pub fn mask(&self, atoms: &AtomTable, frame: Range<usize>) -> Vec<bool> {
        let _ = atoms;
        frame.map(|_| true).collect()
    }
}

impl FromStr for Selection {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Ok(Self { text: text.to_owned() })
    }
}
