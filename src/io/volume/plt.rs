//! gOpenMol's binary plt files: 11 words of header, values in f32 with x fastest, lengths in angstrom.
//!
//! The header's box is that of the cells and a sample lies in the middle of each, as GridDataFormats has it.

use glam::DVec3;

use super::super::numbers::{Kind, Number};
use super::{Raw, samples, straight};
use crate::error::{Error, Result};
use crate::geometry::LengthUnit;

const HEADER: usize = 44;

fn word(bytes: &[u8], i: usize, is_big: bool) -> [u8; 4] {
    let mut word: [u8; 4] = std::array::from_fn(|k| bytes.get(4 * i + k).copied().unwrap_or(0));
    if is_big {
        word.reverse();
    }
    word
}

/// The byte order, if the first word says that the grid has 3 dimensions and its sides can be sides.
fn byte_order(bytes: &[u8]) -> Option<bool> {
    let is_grid = |is_big: &bool| {
        let int = |i| i32::from_le_bytes(word(bytes, i, *is_big));
        int(0) == 3 && (0..=1000).contains(&int(1)) && (2..5).all(|i| (1..=100_000).contains(&int(i)))
    };
    [false, true].into_iter().find(is_grid).filter(|_| bytes.len() >= HEADER)
}

/// Whether the bytes begin with the header of a grid.
pub(in crate::io) fn is_plt(head: &[u8]) -> bool {
    byte_order(head).is_some()
}

/// Reads a grid.
pub(in crate::io) fn parse(bytes: &[u8], name: &str) -> Result<Raw> {
    let is_big = byte_order(bytes).ok_or_else(|| {
        Error::input(name, "its first words are not 3, a kind and three sides; it is damaged or not gOpenMol's plt")
    })?;
    let shape = [4, 3, 2].map(|i| i32::from_le_bytes(word(bytes, i, is_big)) as usize);
    let corner = |first: usize| {
        DVec3::from_array([9, 7, 5].map(|i| f64::from(f32::from_le_bytes(word(bytes, i + first, is_big)))))
    };
    let (min, max) = (corner(0), corner(1));
    let spacing = (max - min) / DVec3::from_array(shape.map(|n| n as f64));
    let mut warnings = Vec::new();
    let number = Number::new(Kind::Float, 4, is_big).expect("f32 is a number");
    let values = samples(&bytes[HEADER..], number, shape, name, &mut warnings)?;
    Ok(Raw {
        format: "plt",
        shape,
        origin: min + 0.5 * spacing,
        steps: straight(spacing),
        values,
        unit: Some(LengthUnit::Angstrom),
        notes: vec!["its box is taken as that of the cells, with a value in the middle of each".to_owned()],
        warnings,
    })
}
