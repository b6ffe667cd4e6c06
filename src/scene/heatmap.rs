//! A density of a plane, drawn flat.

use std::sync::Arc;

use glam::DVec2;
use serde::Serialize;

use super::{Annotations, Background, Limits};
use crate::color::{Colormap, OpacityCurve, Rgb, Scale, TransferFunction};
use crate::error::Result;
use crate::grid::PlaneGrid;

/// How a pixel between nodes gets its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Interpolation {
    /// That of the nearest node: every node is seen as a rectangle of one colour.
    Nearest,
    /// Linear along both axes between the four nodes around.
    #[default]
    Linear,
}

/// What a heat map shows: the picture runs from the first to the last node, x to the right and y upward, both at one
/// scale.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct HeatmapScene {
    /// The density.
    #[serde(skip)]
    pub grid: Arc<PlaneGrid>,
    /// Names of the axes to the right and upward.
    pub axes: [&'static str; 2],
    /// Its limits and colours; the opacity is not used.
    pub transfer: TransferFunction,
    /// What is drawn between nodes.
    pub interpolation: Interpolation,
    /// What lies around the picture, and behind values that are not finite.
    pub background: Background,
    /// What is written and drawn around the density.
    pub annotations: Annotations,
}

/// Colours from the smallest to the largest value, as matplotlib's and plotly's.
const LIMITS: Limits = Limits::Range(0.0, 1.0);

/// Limits that are equal, as those of a density that is the same everywhere, from that value upward: it then
/// has the lowest colour.
fn opened([vmin, vmax]: [f64; 2]) -> [f64; 2] {
    if vmax > vmin { [vmin, vmax] } else { [vmin, vmin + if vmin == 0.0 { 1.0 } else { vmin.abs() }] }
}

impl HeatmapScene {
    /// The colour of letters and lines.
    pub fn foreground(&self) -> Rgb {
        self.annotations.foreground.unwrap_or(self.background.foreground())
    }

    /// How limits are chosen where none are given: the whole range of the values.
    pub const DEFAULT_LIMITS: Limits = LIMITS;

    /// The density on white in viridis, with axes and a colour bar.
    ///
    /// # Errors
    /// Those of [`Limits::resolve`].
    pub fn new(grid: Arc<PlaneGrid>, limits: Limits) -> Result<Self> {
        let transfer = TransferFunction {
            colormap: Colormap::named("viridis").expect("built in"),
            limits: opened(limits.resolve(grid.layer())?),
            scale: Scale::Linear,
            opacity: OpacityCurve::new(vec![(0.0, 1.0), (1.0, 1.0)]).expect("built in"),
            reference_length: 1.0,
        };
        Ok(Self {
            grid,
            axes: ["x", "y"],
            transfer,
            interpolation: Interpolation::default(),
            background: Background::Color([1.0; 3]),
            annotations: Annotations { axes: true, colorbar: true, ..Annotations::default() },
        })
    }

    /// The value drawn at a place, counted from node (0, 0) in the unit of length.
    pub fn value_at(&self, from_origin: DVec2) -> f64 {
        let index = from_origin / self.grid.spacing();
        match self.interpolation {
            Interpolation::Nearest => self.grid.nearest(index),
            Interpolation::Linear => self.grid.linear(index),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plane_of_one_value_has_the_lowest_colour() {
        assert_eq!([[0.0, 0.0], [2.0, 2.0], [1.0, 3.0]].map(opened), [[0.0, 1.0], [2.0, 4.0], [1.0, 3.0]]);
    }
}
