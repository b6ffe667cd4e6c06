//! Densities beside the first one.

use std::iter::once;
use std::sync::Arc;

use glam::DVec3;
use serde::Serialize;

use super::{Annotations, Isosurface, Quality, Quantity, Scene, VolumeMode};
use crate::color::{LookupTable, OpacityCurve, TransferFunction};
use crate::error::{Error, Result};
use crate::grid::{DensityGrid, Spline};

/// A further density in the picture of another: drawn in the same mode and between the same planes, at the same nodes, with
/// limits, colours and a colour bar of its own.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Further {
    /// The density; its lattice is that of the scene's.
    #[serde(skip)]
    pub grid: Arc<DensityGrid>,
    /// The spline through it, if the scene's density has one.
    #[serde(skip)]
    pub spline: Option<Arc<Spline>>,
    /// Limits, colours and opacity.
    pub transfer: TransferFunction,
    /// Opacity of what projections and slices show of it; none: that of [`VolumeMode::cover`].
    pub cover: Option<OpacityCurve>,
    /// Its surfaces where the mode draws surfaces; those of all densities are at most [`VolumeMode::MOST_SURFACES`].
    pub surfaces: Vec<Isosurface>,
    /// What the numbers of its colour bar count.
    pub quantity: Quantity,
    /// What its colour bar is headed with in place of the quantity's name.
    pub bar_title: Option<String>,
}

impl Further {
    /// The most of them beside the first density.
    pub const MOST: usize = 3;

    /// The density of a scene of its own.
    pub fn of(scene: Scene) -> Self {
        let surfaces = match scene.mode {
            VolumeMode::Isosurfaces(surfaces) => surfaces,
            _ => Vec::new(),
        };
        Self {
            grid: scene.grid,
            spline: scene.quality.spline,
            transfer: scene.transfer,
            cover: scene.cover,
            surfaces,
            quantity: scene.annotations.quantity,
            bar_title: scene.annotations.bar_title,
        }
    }

    /// The scene with this density alone.
    pub fn alone(&self, scene: &Scene) -> Scene {
        let mode = match &scene.mode {
            VolumeMode::Isosurfaces(_) => VolumeMode::Isosurfaces(self.surfaces.clone()),
            other => other.clone(),
        };
        let annotations =
            Annotations { quantity: self.quantity, bar_title: self.bar_title.clone(), ..scene.annotations.clone() };
        Scene {
            grid: self.grid.clone(),
            on_device: None,
            others: Vec::new(),
            mode,
            cover: self.cover.clone(),
            points: None,
            trace: None,
            transfer: self.transfer.clone(),
            quality: Quality { spline: self.spline.clone(), ..scene.quality.clone() },
            annotations,
            ..scene.clone()
        }
    }

    fn layer<'a>(&'a self, mode: &'a VolumeMode) -> DensityLayer<'a> {
        DensityLayer {
            grid: &self.grid,
            spline: self.spline.as_ref(),
            transfer: &self.transfer,
            surfaces: &self.surfaces,
            quantity: self.quantity,
            bar_title: self.bar_title.as_deref(),
            cover: self.cover.as_ref(),
            mode,
        }
    }

    /// Checks that it can be drawn in a scene.
    ///
    /// # Errors
    /// [`Error::Usage`] if its nodes are not those of the scene's density, or only one of both has a spline.
    pub(crate) fn validate(&self, scene: &Scene) -> Result<()> {
        if self.grid.lattice != scene.grid.lattice {
            return Err(Error::Usage(
                "further densities must lie at the nodes of the first; sample them on its lattice".into(),
            ));
        }
        if self.spline.is_some() != scene.quality.spline.is_some() {
            return Err(Error::Usage("either all densities of a scene have a spline or none has".into()));
        }
        Ok(())
    }
}

/// One of the densities of a scene, with all that decides how it is drawn.
#[derive(Debug, Clone, Copy)]
pub struct DensityLayer<'a> {
    /// The density.
    pub grid: &'a Arc<DensityGrid>,
    /// The spline that is drawn through it, if one is.
    pub spline: Option<&'a Arc<Spline>>,
    /// Limits, colours and opacity.
    pub transfer: &'a TransferFunction,
    /// Its surfaces where the mode draws surfaces.
    pub surfaces: &'a [Isosurface],
    /// What the numbers of its colour bar count.
    pub quantity: Quantity,
    /// What its colour bar is headed with in place of the quantity's name.
    pub bar_title: Option<&'a str>,
    cover: Option<&'a OpacityCurve>,
    mode: &'a VolumeMode,
}

impl DensityLayer<'_> {
    /// Opacity of what projections and slices show of it, against the position in the limits.
    pub fn cover(&self) -> OpacityCurve {
        let own = self.cover.cloned().filter(|_| *self.mode != VolumeMode::Fog);
        own.unwrap_or_else(|| self.mode.cover(self.transfer.limits))
    }

    /// What its colours are looked up in, with the extinction of fog or the opacity of what else is shown.
    pub fn table(&self) -> LookupTable {
        match self.mode {
            VolumeMode::Fog => LookupTable::new(self.transfer),
            _ => LookupTable::covering(self.transfer, &self.cover()),
        }
    }

    /// The density at a place in steps from node 0, as it is drawn.
    pub fn at(&self, index: DVec3) -> f64 {
        self.spline.map_or_else(|| self.grid.interpolated(index), |spline| spline.at(index))
    }
}

impl Scene {
    /// All its densities, the first one first.
    pub fn densities(&self) -> impl Iterator<Item = DensityLayer<'_>> + Clone {
        once(self.first()).chain(self.others.iter().map(|other| other.layer(&self.mode)))
    }

    fn first(&self) -> DensityLayer<'_> {
        DensityLayer {
            grid: &self.grid,
            spline: self.quality.spline.as_ref(),
            transfer: &self.transfer,
            surfaces: self.mode.surfaces(),
            quantity: self.annotations.quantity,
            bar_title: self.annotations.bar_title.as_deref(),
            cover: self.cover.as_ref(),
            mode: &self.mode,
        }
    }

    /// Opacity of what projections and slices show of the first density, against the position in the limits.
    pub fn cover(&self) -> OpacityCurve {
        self.first().cover()
    }
}
