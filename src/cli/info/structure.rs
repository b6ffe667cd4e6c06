//! What `info` tells of a structure: elements, kinds of residues, chains.

use std::ops::Range;

use serde_json::{Map, Value, json};

use super::shortened;
use crate::points::{AtomTable, Categorical, Selection};

/// Elements with their numbers of atoms, kinds of residues, chains.
pub(super) fn json(atoms: &AtomTable, frame: Range<usize>) -> Map<String, Value> {
    let mut out = Map::new();
    let map = |pairs: Vec<(String, usize)>| Value::Object(pairs.into_iter().map(|(k, n)| (k, json!(n))).collect());
    out.insert("elements".into(), map(counts(&atoms.element, frame.clone())));
    if !atoms.resname.codes.is_empty() {
        out.insert("kinds".into(), map(kinds(atoms, frame.clone())));
    }
    if !atoms.chain.codes.is_empty() {
        out.insert("chains".into(), map(counts(&atoms.chain, frame)));
    }
    out
}

/// The same as lines of prose.
pub(super) fn prose(atoms: &AtomTable, frame: Range<usize>) -> Vec<(&'static str, String)> {
    let list = |pairs: Vec<(String, usize)>| shortened(pairs.into_iter().map(|(text, n)| format!("{text} {n}")));
    // `unknown` is no symbol.
    let symbol = |(element, n): (String, usize)| {
        (if element.len() == 2 && element.is_ascii() { as_symbol(&element) } else { element }, n)
    };
    let elements = counts(&atoms.element, frame.clone()).into_iter().map(symbol).collect();
    let mut lines = vec![("elements", list(elements))];
    if !atoms.resname.codes.is_empty() {
        lines.push(("kinds", list(kinds(atoms, frame.clone()))));
    }
    let chains = if atoms.chain.codes.is_empty() { Vec::new() } else { counts(&atoms.chain, frame) };
    if chains.iter().any(|c| c.0 != "unknown") {
        lines.push(("chains", list(chains)));
    }
    lines
}

/// `CA` as `Ca`.
fn as_symbol(element: &str) -> String {
    element[..1].to_owned() + &element[1..].to_lowercase()
}

fn counts(column: &Categorical, frame: Range<usize>) -> Vec<(String, usize)> {
    let mut counts = vec![0usize; column.levels.len()];
    column.codes[frame].iter().for_each(|code| counts[*code as usize] += 1);
    let named = |level: &str| if level.is_empty() { "unknown".to_owned() } else { level.to_owned() };
    let mut pairs: Vec<_> = column.levels.iter().map(|l| named(l)).zip(counts).filter(|p| p.1 > 0).collect();
    pairs.sort_by_key(|p| std::cmp::Reverse(p.1));
    pairs
}

/// Atoms of protein, of water, and all others.
fn kinds(atoms: &AtomTable, frame: Range<usize>) -> Vec<(String, usize)> {
    let of = |keyword: &str| {
        let mask = keyword.parse::<Selection>().map(|s| s.mask(atoms, frame.clone()));
        mask.map_or(0, |mask| mask.iter().filter(|chosen| **chosen).count())
    };
    let pairs = [("protein", of("protein")), ("water", of("water")), ("other", of("not (protein or water)"))];
    pairs.into_iter().filter(|p| p.1 > 0).map(|(kind, n)| (kind.to_owned(), n)).collect()
}
