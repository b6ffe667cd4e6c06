//! What the numbers of a colour bar count.

use serde::Serialize;

use crate::geometry::LengthUnit;

/// What the numbers of a colour bar count.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quantity {
    /// The density itself, whose integral is 1.
    #[default]
    Density,
    /// The density times this number, the points or the sum of their weights: how many there are in a unit of volume
    /// (or area).
    Counts(f64),
    /// Numbers that are per nothing: of a volume that is no density by what its file says, of an array, points in bins.
    Values,
}

impl Quantity {
    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Density => "density",
            Self::Counts(_) => "counts",
            Self::Values => "value",
        }
    }

    /// The unit of length that it is told per: counts in one that holds some of them, nm for Å and µm for nm.
    pub fn unit(self, of_data: Option<LengthUnit>) -> Option<LengthUnit> {
        match (self, of_data) {
            (Self::Values, _) => None,
            (Self::Counts(_), Some(LengthUnit::Angstrom)) => Some(LengthUnit::Nanometre),
            (Self::Counts(_), Some(LengthUnit::Nanometre)) => Some(LengthUnit::Micrometre),
            _ => of_data,
        }
    }

    /// What follows a number of it: `/Å³`; nothing where it is per nothing.
    pub fn per(self, of_data: Option<LengthUnit>, dimensions: u8) -> String {
        let raised = if dimensions == 2 { '²' } else { '³' };
        self.unit(of_data).map_or(String::new(), |unit| format!("/{unit}{raised}"))
    }

    /// What a density of data in a unit of length is to be multiplied by, in `dimensions` (2 or 3).
    pub fn factor(self, of_data: Option<LengthUnit>, dimensions: u8) -> f64 {
        let Self::Counts(total) = self else { return 1.0 };
        let length = of_data.zip(self.unit(of_data)).and_then(|(from, to)| to.convert(1.0, from)).unwrap_or(1.0);
        total * length.powi(i32::from(dimensions))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches: the inverse factor, a square in space.
    #[test]
    fn counts_are_per_a_unit_that_holds_some() {
        let counts = Quantity::Counts(50.0);
        let nm = Some(LengthUnit::Nanometre);
        assert_eq!(counts.unit(nm), Some(LengthUnit::Micrometre));
        // 1 in a cubic nanometre is 1e9 in a cubic micrometre.
        assert!((counts.factor(nm, 3) / 50e9 - 1.0).abs() < 1e-12);
        assert!((counts.factor(nm, 2) / 50e6 - 1.0).abs() < 1e-12);
        assert!((counts.factor(Some(LengthUnit::Angstrom), 3) / 50e3 - 1.0).abs() < 1e-12);
        assert_eq!((Quantity::Values.factor(nm, 3), Quantity::Values.unit(nm)), (1.0, None));
        assert_eq!([counts.per(nm, 3), counts.per(None, 3), Quantity::Values.per(nm, 3)], ["/µm³", "", ""]);
        assert_eq!(Quantity::Density.per(nm, 2), "/nm²");
        assert_eq!((counts.factor(None, 3), Quantity::Density.factor(nm, 3)), (50.0, 1.0));
    }
}
