//! What becomes of the density along a ray.

use glam::DVec3;
use serde::Serialize;

use super::means;
use crate::color::OpacityCurve;
use crate::error::{Error, Result};
use crate::geometry::Box3;
use crate::grid::DensityGrid;

/// How the density is drawn.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum VolumeMode {
    /// Emission and absorption: fog.
    #[default]
    Fog,
    /// The colour of the largest density on the ray.
    Maximum,
    /// The colour of the smallest density on the ray.
    Minimum,
    /// The colour of the mean density on the ray.
    Mean,
    /// The colour of the density's integral along the ray: an X-ray picture. Limits are in the unit of
    /// the density times that of length.
    LineIntegral,
    /// Surfaces of equal density, at most [`VolumeMode::MOST_SURFACES`].
    Isosurfaces(Vec<Isosurface>),
    /// Nothing but the scene's slices.
    Slices,
}

/// Where the density has one value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Isosurface {
    /// The density, in its unit.
    pub level: f64,
    /// 0 to 1; 1 hides what lies behind.
    pub opacity: f64,
}

/// A plane in the space of the data.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Plane {
    /// A point of it.
    pub point: DVec3,
    /// Perpendicular to it, of any length but 0.
    pub normal: DVec3,
}

impl VolumeMode {
    /// The most surfaces of equal density.
    pub const MOST_SURFACES: usize = 8;

    /// Positions in the limits below which projections and slices of what has no negative values fade into the background,
    /// evenly down to nothing at 0: empty space hides neither axes nor paper.
    pub const FADED: f64 = 0.1;

    /// What projections and slices cover where a scene does not say, against the position in the limits: all, where nothing but
    /// slices is drawn or the limits begin below 0, as what is low is not empty then; else all but what is low.
    pub fn cover(&self, limits: [f64; 2]) -> OpacityCurve {
        let low = if limits[0] < 0.0 || *self == Self::Slices { 1.0 } else { 0.0 };
        OpacityCurve::new(vec![(0.0, low), (Self::FADED, 1.0)]).expect("two points in order")
    }

    /// Whether fog is drawn or surfaces are, which have opacities of their own: slices between them follow [`VolumeMode::cover`].
    pub fn is_solid(&self) -> bool {
        matches!(self, Self::Fog | Self::Isosurfaces(_))
    }

    /// Whether each ray shows one value, in its colour.
    pub fn is_projection(&self) -> bool {
        matches!(self, Self::Maximum | Self::Minimum | Self::Mean | Self::LineIntegral)
    }

    /// The surfaces that are drawn; none where the mode draws others.
    pub fn surfaces(&self) -> &[Isosurface] {
        match self {
            Self::Isosurfaces(surfaces) => surfaces,
            _ => &[],
        }
    }

    /// Powers of length that what is shown is per: 3, or 2 for an integral along a ray.
    pub fn dimensions(&self) -> u8 {
        if *self == Self::LineIntegral { 2 } else { 3 }
    }

    /// Limits for means, integrals and minima along rays in what clip planes leave, or in all if they leave nothing. Of means and
    /// integrals from 0 to the geometric mean of the largest along each axis; of minima from 0, or the least below it, to the
    /// largest along an axis. None for modes that show other densities.
    pub fn limits(&self, grid: &DensityGrid, clip: &[Plane]) -> Option<[f64; 2]> {
        let of = |clip: &[Plane]| match self {
            Self::Mean => means::typical(grid, clip, |line| line.mean).map(|most| [0.0, most]),
            Self::LineIntegral => means::typical(grid, clip, |line| line.mean * line.length).map(|most| [0.0, most]),
            Self::Minimum => means::range(grid, clip, |line| line.least),
            _ => None,
        };
        let low = |[least, _]: [f64; 2]| if *self == Self::Minimum { least.min(0.0) } else { 0.0 };
        let found = of(clip).filter(|range| range[1] > low(*range)).or_else(|| of(&[]))?;
        Some([low(found), found[1].max(0.0)])
    }
}

impl Plane {
    /// The plane through `point` that is perpendicular to an axis: 0 x, 1 y, 2 z.
    pub fn perpendicular_to(axis: usize, point: DVec3) -> Self {
        Self { point, normal: DVec3::AXES[axis] }
    }

    /// The planes that cut away what lies outside a box.
    pub fn sides_of(bounds: Box3) -> [Self; 6] {
        std::array::from_fn(|i| {
            let normal = DVec3::AXES[i % 3];
            if i < 3 { Self { point: bounds.min, normal: -normal } } else { Self { point: bounds.max, normal } }
        })
    }

    /// Whether a clip plane leaves what is at a place.
    pub fn leaves(&self, place: DVec3) -> bool {
        (place - self.point).dot(self.normal) <= 0.0
    }

    /// Checks that the plane is one.
    ///
    /// # Errors
    /// [`Error::Usage`] if a number is not finite or the normal is zero.
    pub fn validate(&self) -> Result<()> {
        if self.point.is_finite() && self.normal.is_finite() && self.normal.length() > 0.0 {
            return Ok(());
        }
        Err(Error::Usage("a plane needs a finite point and a normal that is not 0".into()))
    }
}
