//! Width and shape of the kernel: scipy's rules, and what is done where they fail.
use crate::error::{Error, Result};
use crate::geometry::LengthUnit;
use crate::points::PointCloud;
use glam::{DMat3, DVec3};

/// How the kernel's covariance `H` is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Bandwidth {
    /// Scott's rule.
    #[default]
    Scott,
    /// Silverman's rule.
    Silverman,
    /// `H = factor^2 C`.
    Factor(f64),
    /// Standard deviations along x, y, z.
    Length {
        /// Standard deviations along x, y, z; positive.
        sigma: [f64; 3],
        /// Unit of `sigma`; `None` is the unit of the data.
        unit: Option<LengthUnit>,
    },
}

impl std::str::FromStr for Bandwidth {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        Err(Error::Usage(text.into()))
    }
}

/// A Gaussian kernel of full covariance.
#[derive(Debug, Clone, PartialEq)]
pub struct Kernel {
    /// `scott`, `silverman`, `factor` or `length`.
    pub rule: &'static str,
    /// Factor; `None` for a length.
    pub factor: Option<f64>,
    /// Effective number of points.
    pub n_eff: f64,
    /// Covariance.
    pub covariance: DMat3,
    /// Inverse covariance.
    pub inverse: DMat3,
    /// Largest value of the kernel.
    pub peak: f64,
}

impl Kernel {
    /// The kernel for `cloud`, and warnings.
    ///
    /// # Errors
    /// Data.
    pub fn new(cloud: &PointCloud, bandwidth: &Bandwidth) -> Result<(Self, Vec<String>)> {
        let _ = (cloud, bandwidth, DVec3::ZERO);
        Err(Error::Data(String::new()))
    }
}
