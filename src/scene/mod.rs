//! Everything that decides what a picture shows.

mod animation;
mod camera;
mod chart;
mod further;
mod heatmap;
mod look;
mod means;
mod mode;
mod points;
mod quality;
mod quantity;
mod title;
mod trace;

use std::fmt;
use std::sync::Arc;

use glam::DVec3;
use serde::Serialize;

pub use animation::{HeatmapAnimation, LimitsOver};
pub use camera::{Camera, CameraAxes, Projection, Ray, View, Window};
pub use chart::{Chart, Item, ItemShape};
pub use further::{DensityLayer, Further};
pub use heatmap::{Aspect, ContourLevel, Contours, Corner, Extent, HeatmapScene, Interpolation};
pub(crate) use look::reference_length;
pub use look::{Limits, Look};
pub use mode::{Isosurface, Plane, VolumeMode};
pub use points::{ColorKey, Diameter, PointColors, PointLayer, PointOrder};
pub use quality::{Beginning, Quality};
pub use quantity::Quantity;
pub use title::{constant_part, filled};
pub use trace::TraceLayer;

use crate::color::{OpacityCurve, Rgb, Scale, TransferFunction, hex};
use crate::geometry::{Box3, four_digits};
use crate::gpu::Samples;
use crate::grid::DensityGrid;

/// What a picture shows. Window, headless pictures, movies and tests draw the same `Scene` by the
/// same renderer. Serialised, it is the record in a picture's recipe: all but the samples themselves.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Scene {
    /// The density.
    #[serde(skip)]
    pub grid: Arc<DensityGrid>,
    /// The same samples on the device that computed them, if one did: drawn there, they are not sent there again.
    #[serde(skip)]
    pub on_device: Option<Samples>,
    /// Further densities in the same picture, at most [`Further::MOST`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Further>,
    /// Whether the density itself is drawn.
    pub volume: bool,
    /// How it is drawn.
    pub mode: VolumeMode,
    /// Planes on which the density is shown in the colours of the limits; at most 8.
    pub slices: Vec<Plane>,
    /// Opacity of what projections and slices show, against the position in the limits; none: that of [`VolumeMode::cover`], as
    /// have slices in fog.
    pub cover: Option<OpacityCurve>,
    /// Planes that cut away the density, and the points whose centres lie there, on the side that their normal points
    /// to; at most 16.
    pub clip: Vec<Plane>,
    /// Points drawn as spheres, alone or within the density.
    pub points: Option<PointLayer>,
    /// A molecule's backbone, bonds or ribbon within the density.
    pub trace: Option<TraceLayer>,
    /// Limits, colours and opacity of the density; the colours of the points.
    pub transfer: TransferFunction,
    /// The box that axes show and automatic cameras look at.
    pub focus: Box3,
    /// Where it is seen from.
    pub viewpoint: Viewpoint,
    /// How samples are taken along a ray.
    pub sampling: Sampling,
    /// What makes the picture finer, at a cost.
    pub quality: Quality,
    /// Lighting by the gradient of the density; `None` shows the colours as they are.
    pub shading: Option<Shading>,
    /// What lies behind.
    pub background: Background,
    /// What is written and drawn around the density.
    pub annotations: Annotations,
}

/// Where a scene is seen from.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Viewpoint {
    /// From this direction, so that the focus fills what annotations leave of the picture.
    Fit(View),
    /// By this camera.
    At(Camera),
}

/// How samples are taken along a ray.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Sampling {
    /// Distance between samples, in the unit of the data; above 0.
    pub step: f64,
    /// Where in its step a sample lies.
    pub rule: SampleRule,
    /// Whether one sample may stand for several steps where that changes no pixel by more than 1/255, and
    /// none is taken where nothing is seen.
    pub adaptive: bool,
}

/// Where in its step a sample lies, and what becomes of the rest of the ray.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SampleRule {
    /// In the middle; the last step is as long as what is left of the ray.
    Midpoint,
    /// At its end; what is left of the ray is dropped (VTK's and Mayavi's rule).
    End,
}

/// Lighting by three white lights fixed to the camera (Mayavi's and VTK's model).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Shading {
    /// Share of the colour that needs no light.
    pub ambient: f64,
    /// Share of the colour that scattered light shows.
    pub diffuse: f64,
    /// Strength of the white highlights.
    pub specular: f64,
    /// Exponent of the highlights; larger is smaller.
    pub specular_power: f64,
    /// Multiplies the camera-space components (right, up, backward) of the gradient before it
    /// becomes a normal; ones are right, the box lengths are VTK's fault.
    pub gradient_scale: DVec3,
    /// Gradient, in widths of the limits per reference length, at which lighting has half its
    /// effect: what has no surface keeps its own colour. 0 lights everything fully (and leaves what
    /// has no gradient to the ambient share).
    pub flat_gradient: f64,
}

/// What lies behind the density.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Background {
    /// One colour.
    Color(Rgb),
    /// Nothing: the picture's alpha channel tells what is covered.
    Transparent,
}

/// What is written and drawn around the density.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Annotations {
    /// The box with ticks and numbers.
    pub axes: bool,
    /// The colour bar.
    pub colorbar: bool,
    /// What the numbers of the colour bar count.
    pub quantity: Quantity,
    /// What the colour bar is headed with in place of the quantity's name.
    pub bar_title: Option<String>,
    /// Whether the colour bar has room for numbers and headings of other limits too, so that it keeps its place in a movie
    /// whose frames have their own.
    pub steady_bar: bool,
    /// Beside those of the colour bar, the shares of the mass that lie above its values.
    pub mass_axis: bool,
    /// A line above the picture.
    pub title: Option<String>,
    /// The directions of the axes of space in a corner; not in flat pictures.
    pub gizmo: bool,
    /// A bar of a round length, in the plane through the camera's target.
    pub scale_bar: bool,
    /// Places that are told of.
    pub labels: Vec<Label>,
    /// Colour of letters and lines; `None` is black or white, whichever is seen better.
    pub foreground: Option<Rgb>,
}

/// A place in the density with words beside it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Label {
    /// Where it is, in the unit of the data.
    pub position: DVec3,
    /// What is written there, a line or several; nothing leaves a dot.
    pub text: String,
}

/// The size of one picture.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Frame {
    /// Width and height in pixels.
    pub size: [u32; 2],
    /// Pixels per point: text and lines are this many times larger than on a plain screen.
    pub scale_factor: f64,
}

/// Where in the limits the highest surface lies at least when its colour is left open.
const LEAST_POSITION_OF_SURFACES: f64 = 0.6;

impl Scene {
    /// The colour of letters and lines.
    pub fn foreground(&self) -> Rgb {
        self.annotations.foreground.unwrap_or(self.background.foreground())
    }

    /// Sets the limits, where they are for surfaces alone, so that all that there are lie within, and the highest stands out from the
    /// background: near vmin they have its colour.
    pub fn fit_limits_to_surfaces(&mut self) {
        let VolumeMode::Isosurfaces(surfaces) = &self.mode else { return };
        let found = self.grid.statistics();
        let levels = surfaces.iter().map(|surface| surface.level).filter(|l| (found.min..=found.max).contains(l));
        let [lowest, highest] = levels.fold([f64::INFINITY, f64::NEG_INFINITY], |[a, b], l| [a.min(l), b.max(l)]);
        let [mut vmin, mut vmax] = self.transfer.limits;
        if lowest <= vmin {
            vmin = match self.transfer.scale {
                Scale::Linear => found.min,
                Scale::Sqrt => found.min.max(0.0),
                Scale::Log if lowest > 0.0 => 0.5 * lowest,
                Scale::Log => vmin,
            };
        }
        if highest > vmin {
            vmax = highest.max(vmax.min(vmin + (highest - vmin) / LEAST_POSITION_OF_SURFACES));
        }
        self.transfer.limits = [vmin, vmax];
    }

    /// A density in the quantity that the colour bar shows, with four digits.
    pub fn told(&self, density: f64) -> String {
        four_digits(density * self.annotations.quantity.factor(self.grid.unit, self.mode.dimensions()))
    }
}

impl Frame {
    /// Width and height in points, the measure of text and lines.
    pub fn size_in_points(&self) -> [f64; 2] {
        self.size.map(|n| f64::from(n) / self.scale_factor)
    }
}

impl fmt::Display for Background {
    /// `#rrggbb` or `transparent`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Color(color) => f.write_str(&hex(*color)),
            Self::Transparent => f.write_str("transparent"),
        }
    }
}

impl Serialize for Background {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Background {
    /// Near-black, a little blue: that of the default look.
    pub const DARK: Self = Self::Color([8.0 / 255.0, 8.0 / 255.0, 12.0 / 255.0]);

    /// The colour that text and lines must stand out from: where there is none, the white of paper.
    pub fn color(self) -> Rgb {
        match self {
            Self::Color(c) => c,
            Self::Transparent => [1.0; 3],
        }
    }

    /// Whether black is seen better on it than white.
    pub fn is_light(self) -> bool {
        let [r, g, b] = self.color();
        0.2126 * r + 0.7152 * g + 0.0722 * b > 0.55
    }

    /// Black or white, whichever is seen better on it.
    pub fn foreground(self) -> Rgb {
        if self.is_light() { [0.0; 3] } else { [1.0; 3] }
    }
}
