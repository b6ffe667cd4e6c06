//! What `--unit` means: the unit that the numbers of a file are in. It converts nothing; what a reader converts because
//! of the unit of its format stays as it stands in the file where that, or another unit, is declared.

use super::ReadOptions;
use super::choose::Parsed;
use crate::geometry::LengthUnit;

/// What a reader made of the lengths of its file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Conversion {
    /// The unit of the file's numbers.
    own: LengthUnit,
    /// What they were multiplied by.
    factor: f64,
    told: &'static str,
}

impl Conversion {
    /// That of the formats of GROMACS.
    pub(super) const NANOMETRES: Self = Self {
        own: LengthUnit::Nanometre,
        factor: super::ANGSTROM_PER_NM,
        told: "nanometres of the file are converted to angstrom",
    };
}

/// What becomes of lengths that were read.
#[derive(Debug, Default)]
pub(super) struct Declared {
    pub(super) unit: Option<LengthUnit>,
    /// What the lengths are divided by, where a conversion is taken back.
    pub(super) divisor: Option<f64>,
    pub(super) note: Option<String>,
    pub(super) warning: Option<String>,
}

impl Declared {
    /// Decides for lengths that were read as `read`, after a conversion or without one.
    pub(super) fn of(given: Option<LengthUnit>, read: Option<LengthUnit>, conversion: Option<Conversion>) -> Self {
        let Some(unit) = given.filter(|unit| read != Some(*unit)) else {
            return Self { unit: read, note: conversion.map(|c| c.told.to_owned()), ..Self::default() };
        };
        let (own, divisor) = conversion.map_or((read, None), |c| (Some(c.own), Some(c.factor)));
        let warning = own.filter(|own| *own != unit).map(|own| replaced(unit, own.symbol()));
        let note = (own == given).then(|| format!("lengths stay in {unit}, as in the file"));
        Self { unit: Some(unit), divisor, note, warning }
    }
}

/// What is told where a file states another unit than the one declared.
pub(super) fn replaced(declared: LengthUnit, own: &str) -> String {
    format!("--unit {declared} replaces the unit {own} of the file; nothing is converted")
}

/// Declares the unit of all points of a file.
pub(super) fn points(parsed: &mut Parsed, options: &ReadOptions) {
    let declared = Declared::of(options.unit, parsed.cloud.unit, parsed.conversion.take());
    parsed.cloud.unit = declared.unit;
    parsed.notes.extend(declared.note);
    parsed.warnings.extend(declared.warning);
    let Some(divisor) = declared.divisor else { return };
    parsed.cloud.positions.iter_mut().for_each(|p| *p /= divisor);
    parsed.cells.iter_mut().flatten().for_each(|cell| shrink(cell, divisor));
}

/// Divides the lengths of a cell.
pub(super) fn shrink(cell: &mut [f64; 6], divisor: f64) {
    cell[..3].iter_mut().for_each(|edge| *edge /= divisor);
}
