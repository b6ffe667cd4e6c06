//! How wide the kernel is: the rules by name, by factor and by length.

use std::fmt;
use std::str::FromStr;

use glam::{DMat3, DVec3};

use crate::error::{Error, Result};
use crate::geometry::{LengthUnit, number_and_unit};
use crate::kde::kernel::six_of;

/// How the kernel's covariance `H` follows from the data covariance `C` and the effective number of
/// points `n`, as in `scipy.stats.gaussian_kde`; d is the number of dimensions, 2 or 3.
///
/// Read from text as `scott`, `silverman`, `0.3` (a factor), `2.5A` (a length with its unit, the same
/// along each axis), `2.5A,2.5A,6A` (one each along x, y, z), `matrix:4,1,0,4,0,9` (a covariance), `cv` (least-squares
/// cross-validation), `likelihood`, `knn:K` or `per-point`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Bandwidth {
    /// `H = n^(-2/(d+4)) C` (Scott 1992, eq. 6.42).
    #[default]
    Scott,
    /// `H = (n (d+2)/4)^(-2/(d+4)) C` (Silverman 1986, eq. 4.14).
    Silverman,
    /// `H = factor^2 C`; the factor is finite and above 0.
    Factor(f64),
    /// `H = diag(sigma^2)`, whatever the data.
    Length {
        /// Standard deviations along x, y, z; finite and above 0. The last means nothing in a plane.
        sigma: [f64; 3],
        /// The unit of `sigma`; `None` is the unit of the data.
        unit: Option<LengthUnit>,
    },
    /// `H` itself, whatever the data: `xx, xy, xz, yy, yz, zz` in the square of the data's unit; positive definite. What
    /// is said of z means nothing in a plane.
    Matrix([f64; 6]),
    /// `H = factor^2 C` with the factor that least-squares cross-validation finds; see [`crate::kde::select`].
    CrossValidation,
    /// `H = factor^2 C` with the factor under which each point is likeliest given the others; see [`crate::kde::select`].
    Likelihood,
    /// For each point its own: [`PointCloud::sigmas`](crate::points::PointCloud::sigmas).
    PerPoint,
    /// For each point the distance to the K-th nearest other point as standard deviation along each axis; K is 1 or
    /// more. A point with K others at its own place takes the distance to the nearest point elsewhere, with a warning.
    Nearest(usize),
}

impl Bandwidth {
    /// The factor on the data's standard deviations for `n_eff` points in `d` dimensions; `None` for the others.
    pub fn factor(&self, n_eff: f64, d: usize) -> Option<f64> {
        let d = d as f64;
        match self {
            Self::Scott => Some(n_eff.powf(-1.0 / (d + 4.0))),
            Self::Silverman => Some((n_eff * (d + 2.0) / 4.0).powf(-1.0 / (d + 4.0))),
            Self::Factor(factor) => Some(*factor),
            Self::Length { .. }
            | Self::Matrix(_)
            | Self::CrossValidation
            | Self::Likelihood
            | Self::PerPoint
            | Self::Nearest(_) => None,
        }
    }

    /// Whether each point has a kernel of its own.
    pub(super) fn varies(&self) -> bool {
        matches!(self, Self::PerPoint | Self::Nearest(_))
    }

    /// `scott`, `silverman`, `factor`, `length`, `matrix`, `cv`, `likelihood`, `per-point` or `knn`.
    pub(super) fn rule(&self) -> &'static str {
        match self {
            Self::Scott => "scott",
            Self::Silverman => "silverman",
            Self::Factor(_) => "factor",
            Self::Length { .. } => "length",
            Self::Matrix(_) => "matrix",
            Self::CrossValidation => "cv",
            Self::Likelihood => "likelihood",
            Self::PerPoint => "per-point",
            Self::Nearest(_) => "knn",
        }
    }

    /// The kernel's covariance itself.
    pub fn of_covariance(h: &DMat3) -> Self {
        Self::Matrix(six_of(h))
    }

    /// Refuses factors and lengths that are not finite or not above 0, and the 0-th neighbour.
    ///
    /// # Errors
    /// [`Error::Usage`].
    pub fn check(&self) -> Result<()> {
        let values: &[f64] = match self {
            Self::Matrix(m) if !m.iter().all(|v| v.is_finite()) => {
                return Err(Error::Usage(format!("the bandwidth matrix is {m:?}; all six must be finite numbers")));
            }
            Self::Nearest(0) => return Err(Error::Usage("knn:0 is no neighbour; K is 1 or more".into())),
            Self::Scott
            | Self::Silverman
            | Self::CrossValidation
            | Self::Likelihood
            | Self::PerPoint
            | Self::Nearest(_) => &[],
            Self::Matrix([xx, _, _, yy, _, zz]) => &[*xx, *yy, *zz],
            Self::Factor(factor) => std::slice::from_ref(factor),
            Self::Length { sigma, .. } => sigma,
        };
        match values.iter().find(|v| !(v.is_finite() && **v > 0.0)) {
            Some(value) => Err(Error::Usage(format!("the bandwidth is {value}; it must be a number above 0"))),
            None => Ok(()),
        }
    }

    /// `sigma` in the unit of the data, and a note if that unit had to be guessed.
    ///
    /// # Errors
    /// [`Error::Usage`] if one of two different units is the pixel.
    pub(super) fn sigma_in(
        sigma: [f64; 3],
        unit: Option<LengthUnit>,
        data: Option<LengthUnit>,
    ) -> Result<(DVec3, Option<String>)> {
        let sigma = DVec3::from(sigma);
        match (unit, data) {
            (Some(from), Some(to)) => Ok((sigma.map(|v| from.convert(v, to).unwrap_or(f64::NAN)), None))
                .and_then(|(s, note)| if s.is_nan() { Err(no_conversion(from, to)) } else { Ok((s, note)) }),
            (Some(from), None) => Ok((
                sigma,
                Some(format!(
                    "the unit of the data is unknown; the bandwidth in {from} is taken to be in the same unit"
                )),
            )),
            (None, _) => Ok((sigma, None)),
        }
    }
}

fn no_conversion(from: LengthUnit, to: LengthUnit) -> Error {
    Error::Usage(format!("a bandwidth in {from} cannot be converted into {to}, the unit of the data; give it in {to}"))
}

impl FromStr for Bandwidth {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let text = text.trim();
        let bandwidth = match text.to_ascii_lowercase().as_str() {
            "scott" => Self::Scott,
            "silverman" => Self::Silverman,
            "cv" => Self::CrossValidation,
            "likelihood" => Self::Likelihood,
            "per-point" => Self::PerPoint,
            lower => match (lower.strip_prefix("matrix:"), lower.strip_prefix("knn:")) {
                (Some(m), _) => Self::Matrix(matrix(&text[text.len() - m.len()..], text)?),
                (_, Some(k)) => Self::Nearest(k.trim().parse().map_err(|_| not_understood(text))?),
                _ => numbers(text)?,
            },
        };
        bandwidth.check()?;
        Ok(bandwidth)
    }
}

/// Six numbers without units.
fn matrix(numbers: &str, whole: &str) -> Result<[f64; 6]> {
    let wrong = |found: String| {
        Error::Usage(format!(
            "`{whole}`: {found}; a covariance is matrix:xx,xy,xz,yy,yz,zz, six plain numbers in the square of the data's unit"
        ))
    };
    let number = |part: &str| part.trim().parse().map_err(|_| wrong(format!("`{part}` is no number")));
    match numbers.split(',').map(number).collect::<Result<Vec<f64>>>()?[..] {
        [xx, xy, xz, yy, yz, zz] => Ok([xx, xy, xz, yy, yz, zz]),
        ref other => Err(wrong(format!("{} numbers", other.len()))),
    }
}

/// A factor, one length or three.
fn numbers(text: &str) -> Result<Bandwidth> {
    let parts = text
        .split(',')
        .map(|part| number_and_unit(part)?.ok_or_else(|| not_understood(text)))
        .collect::<Result<Vec<_>>>()?;
    match parts[..] {
        [(factor, None)] => Ok(Bandwidth::Factor(factor)),
        [(sigma, unit)] => Ok(Bandwidth::Length { sigma: [sigma; 3], unit }),
        [(x, unit), (y, unit_y), (z, unit_z)] => match unit {
            Some(first) => {
                let same = |v, from: Option<LengthUnit>| from.and_then(|from| from.convert(v, first));
                let (y, z) = same(y, unit_y).zip(same(z, unit_z)).ok_or_else(|| not_understood(text))?;
                Ok(Bandwidth::Length { sigma: [x, y, z], unit })
            }
            None if unit_y.is_none() && unit_z.is_none() => Ok(Bandwidth::Length { sigma: [x, y, z], unit: None }),
            None => Err(not_understood(text)),
        },
        _ => Err(not_understood(text)),
    }
}

fn not_understood(text: &str) -> Error {
    Error::Usage(format!(
        "`{text}` is no bandwidth; give scott, silverman, cv, likelihood, a factor (0.3), a length (2.5A), three \
         (2.5A,2.5A,6A), matrix:xx,xy,xz,yy,yz,zz or neighbours (knn:10)"
    ))
}

impl fmt::Display for Bandwidth {
    /// As [`FromStr`] reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scott | Self::Silverman | Self::CrossValidation | Self::Likelihood | Self::PerPoint => {
                f.write_str(self.rule())
            }
            Self::Matrix([xx, xy, xz, yy, yz, zz]) => write!(f, "matrix:{xx},{xy},{xz},{yy},{yz},{zz}"),
            Self::Nearest(k) => write!(f, "knn:{k}"),
            Self::Factor(factor) => write!(f, "{factor}"),
            Self::Length { sigma: [x, y, z], unit } => {
                let unit = unit.map_or("", LengthUnit::name);
                write!(f, "{x}{unit},{y}{unit},{z}{unit}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use LengthUnit::*;

    #[test]
    fn every_form_is_read_and_written_back() {
        let length = |sigma, unit| Bandwidth::Length { sigma, unit };
        for (text, expected) in [
            ("scott", Bandwidth::Scott),
            ("Silverman", Bandwidth::Silverman),
            ("0.3", Bandwidth::Factor(0.3)),
            ("2.5A", length([2.5; 3], Some(Angstrom))),
            ("25 nm", length([25.0; 3], Some(Nanometre))),
            ("1e3nm", length([1e3; 3], Some(Nanometre))),
            ("2.5A,2.5A,0.6nm", length([2.5, 2.5, 6.0], Some(Angstrom))),
            ("1,2,3", length([1.0, 2.0, 3.0], None)),
            ("matrix:4,1,0, 5,-0.5,9", Bandwidth::Matrix([4.0, 1.0, 0.0, 5.0, -0.5, 9.0])),
            ("cv", Bandwidth::CrossValidation),
            ("likelihood", Bandwidth::Likelihood),
            ("knn:12", Bandwidth::Nearest(12)),
            ("per-point", Bandwidth::PerPoint),
        ] {
            let read: Bandwidth = text.parse().unwrap();
            assert_eq!(read, expected, "{text}");
            assert_eq!(read.to_string().parse::<Bandwidth>().unwrap(), expected, "{read}");
        }
    }

    #[test]
    fn what_is_no_bandwidth_is_refused_as_usage() {
        for text in [
            "knn:0",
            "knn:",
            "knn:-1",
            "knn:2.5",
            "",
            "0",
            "-1",
            "nan",
            "inf",
            "2.5A,2.5A",
            "2.5A,1,1",
            "1,1A,1A",
            "2.5 furlongs",
            "1px,1A,1A",
            "A",
            "-2nm",
            "matrix:1,2",
            "matrix:1,0,0,nan,0,1",
            "matrix:1,0,0,0,0,1",
        ] {
            let error = text.parse::<Bandwidth>().expect_err(text);
            assert_eq!(error.exit_code(), 2, "{text}: {error}");
        }
    }

    #[test]
    fn lengths_are_converted_into_the_unit_of_the_data() {
        let sigma = |unit, data| Bandwidth::sigma_in([2.5; 3], unit, data);
        assert_eq!(sigma(Some(Nanometre), Some(Angstrom)).unwrap(), (DVec3::splat(25.0), None));
        assert_eq!(sigma(Some(Angstrom), Some(Nanometre)).unwrap(), (DVec3::splat(0.25), None));
        assert_eq!(sigma(None, Some(Pixel)).unwrap(), (DVec3::splat(2.5), None));
        assert!(sigma(Some(Angstrom), None).unwrap().1.is_some());
        assert!(sigma(Some(Angstrom), Some(Pixel)).is_err());
    }
}
