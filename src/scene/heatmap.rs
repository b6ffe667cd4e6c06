//! A density of a plane, drawn flat.

use std::sync::Arc;

use glam::DVec2;
use serde::Serialize;

use super::{Annotations, Background, Limits, Quantity};
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
    /// By cubic convolution of the sixteen nodes around, as matplotlib's `bicubic`.
    Smooth,
}

/// What the picture shows of the plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Extent {
    /// From the first to the last node: of a density, which is sampled there.
    #[default]
    Nodes,
    /// Whole cells, whose middles the nodes are: of counts in bins, and of arrays.
    Cells,
}

/// How long a unit upward is beside a unit to the right.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aspect {
    /// As long.
    #[default]
    Equal,
    /// So that the picture is filled.
    Fill,
    /// This many times as long.
    Ratio(f64),
}

/// A contour.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ContourLevel {
    /// The value on it.
    pub value: f64,
    /// What is written on it, if anything.
    pub name: Option<String>,
}

/// Lines of equal value on a heat map.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Contours {
    /// Which.
    pub levels: Vec<ContourLevel>,
    /// Their colour; without one each is black or white, as is seen better on the colour of its value.
    pub color: Option<Rgb>,
}

impl Contours {
    /// At these values, each written on its line.
    pub fn at(values: &[f64]) -> Self {
        let level = |&value: &f64| ContourLevel { value, name: Some(value.to_string().replace('-', "−")) };
        Self { levels: values.iter().map(level).collect(), color: None }
    }

    /// Around the highest-density regions that hold these shares (0 to 1) of the total, as per cent on the lines.
    pub fn enclosing(grid: &PlaneGrid, shares: &[f64]) -> Self {
        let levels = std::iter::zip(shares, grid.layer().levels_enclosing(shares));
        let name = |share: f64| format!("{} %", (1e6 * share).round() / 1e4);
        let level = |(&share, value)| ContourLevel { value, name: Some(name(share)) };
        Self { levels: levels.map(level).collect(), color: None }
    }
}

/// A corner of what lies within the axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Corner {
    /// To the right, above.
    #[default]
    UpperRight,
    /// To the left, above.
    UpperLeft,
    /// To the right, below.
    LowerRight,
    /// To the left, below.
    LowerLeft,
}

impl Corner {
    /// Whether it is to the left.
    pub fn is_left(self) -> bool {
        matches!(self, Self::UpperLeft | Self::LowerLeft)
    }

    /// Whether it is above.
    pub fn is_upper(self) -> bool {
        matches!(self, Self::UpperLeft | Self::UpperRight)
    }
}

/// What a heat map shows: x to the right and y upward.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct HeatmapScene {
    /// The values.
    #[serde(skip)]
    pub grid: Arc<PlaneGrid>,
    /// Whether they are shown from node to node or as cells.
    pub extent: Extent,
    /// Whether y grows downward, as on a screen, in place of upward.
    pub y_downward: bool,
    /// Whether x and y have one scale.
    pub aspect: Aspect,
    /// Names of the axes to the right and upward.
    pub axes: [String; 2],
    /// Limits and colours; the opacity is not used.
    pub transfer: TransferFunction,
    /// The smallest and the largest value that the colour bar tells of, if it is not of the grid alone.
    #[serde(skip)]
    pub range: Option<[f64; 2]>,
    /// What is drawn between nodes.
    pub interpolation: Interpolation,
    /// Lines of equal value.
    pub contours: Option<Contours>,
    /// Where the legend of the contours stands, if there is one.
    pub legend: Option<Corner>,
    /// What lies around the picture, and behind values that are not finite.
    pub background: Background,
    /// What is written and drawn around the density.
    pub annotations: Annotations,
}

/// Colours from the smallest to the largest value, as matplotlib's and plotly's.
const LIMITS: Limits = Limits::Range(0.0, 1.0);

/// Limits that are equal, as those of a density that is the same everywhere, from that value upward: it then
/// has the lowest colour.
pub(super) fn opened([vmin, vmax]: [f64; 2]) -> [f64; 2] {
    if vmax > vmin { [vmin, vmax] } else { [vmin, vmin + if vmin == 0.0 { 1.0 } else { vmin.abs() }] }
}

impl HeatmapScene {
    /// The values that have contours, in the grid's unit.
    pub(crate) fn levels_of_contours(&self) -> Vec<f64> {
        self.contours.iter().flat_map(|contours| contours.levels.iter().map(|level| level.value)).collect()
    }

    /// Whether there are values below and above the limits.
    pub fn goes_on(&self) -> [bool; 2] {
        let [vmin, vmax] = self.transfer.limits;
        let [least, most] = self.range.unwrap_or_else(|| self.grid.layer().statistics().range());
        [least < vmin, most > vmax]
    }

    /// Whether a scale bar is asked for and has a meaning: a length is one thing only where both axes have one scale.
    pub fn has_scale_bar(&self) -> bool {
        self.annotations.scale_bar && self.aspect == Aspect::Equal
    }

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
            extent: Extent::default(),
            y_downward: false,
            aspect: Aspect::default(),
            axes: ["x".into(), "y".into()],
            transfer,
            range: None,
            interpolation: Interpolation::default(),
            contours: None,
            legend: None,
            background: Background::Color([1.0; 3]),
            annotations: Annotations { axes: true, colorbar: true, ..Annotations::default() },
        })
    }

    /// As [`HeatmapScene::new`], of numbers that are no density: whole cells, and a colour bar without a unit.
    ///
    /// # Errors
    /// Those of [`Limits::resolve`].
    pub fn of_cells(grid: Arc<PlaneGrid>, limits: Limits) -> Result<Self> {
        let mut scene = Self::new(grid, limits)?;
        (scene.extent, scene.interpolation) = (Extent::Cells, Interpolation::Nearest);
        scene.annotations.quantity = Quantity::Values;
        Ok(scene)
    }

    /// The part of the plane that is shown: its smallest and its largest x and y. An axis with one node is shown as
    /// its cell.
    pub fn shown(&self) -> [DVec2; 2] {
        let (origin, spacing, [nx, ny]) = (self.grid.origin(), self.grid.spacing(), self.grid.shape());
        let margin = |n: usize| if self.extent == Extent::Cells || n == 1 { 0.5 } else { 0.0 };
        let margin = DVec2::new(margin(nx), margin(ny));
        let last = DVec2::new((nx - 1) as f64, (ny - 1) as f64);
        [origin - margin * spacing, origin + (last + margin) * spacing]
    }

    /// The value drawn at a place of the plane.
    pub fn value_at(&self, place: DVec2) -> f64 {
        let index = (place - self.grid.origin()) / self.grid.spacing();
        match self.interpolation {
            Interpolation::Nearest => self.grid.nearest(index),
            Interpolation::Linear => self.grid.linear(index),
            Interpolation::Smooth => self.grid.cubic(index),
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
