//! Frames a second as a fraction.

use crate::error::{Error, Result};

/// Frames a second as a fraction: `numerator / denominator`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Frames in `denominator` seconds.
    pub numerator: u32,
    /// Seconds that `numerator` frames last.
    pub denominator: u32,
}

impl Rate {
    /// The slowest and the fastest movie.
    pub const RANGE: [f64; 2] = [0.01, 1000.0];

    /// The fraction nearest to `fps`: of denominator 1 or 1001 (as of television) if that meets it, else 1000.
    ///
    /// # Errors
    /// [`Error::Usage`] outside [`Rate::RANGE`].
    pub fn of(fps: f64) -> Result<Self> {
        let [slowest, fastest] = Self::RANGE;
        if !(slowest..=fastest).contains(&fps) {
            return Err(Error::Usage(format!("{fps} frames a second cannot be; choose from {slowest} to {fastest}")));
        }
        let meets = |denominator: u32| {
            let frames = fps * f64::from(denominator);
            (frames - frames.round()).abs() < 1e-9 * frames
        };
        let denominator = [1, 1001].into_iter().find(|&d| meets(d)).unwrap_or(1000);
        Ok(Self { numerator: (fps * f64::from(denominator)).round() as u32, denominator })
    }

    /// Frames a second.
    pub fn fps(self) -> f64 {
        f64::from(self.numerator) / f64::from(self.denominator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_rates_are_exact_fractions_and_others_are_refused() {
        let of = |fps| Rate::of(fps).map(|r| (r.numerator, r.denominator)).map_err(|e| e.to_string());
        assert_eq!(of(25.0), Ok((25, 1)));
        assert_eq!(of(30000.0 / 1001.0), Ok((30000, 1001)));
        assert_eq!(of(12.5), Ok((12500, 1000)));
        assert_eq!(of(0.01), Ok((10, 1000)));
        for bad in [0.0, -1.0, 1001.0, f64::NAN, f64::INFINITY] {
            assert!(of(bad).unwrap_err().contains("frames a second cannot be"), "{bad}");
        }
    }
}
