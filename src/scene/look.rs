//! Ready-made looks, and how limits are chosen from a density.

use std::str::FromStr;
use std::sync::Arc;

use glam::DVec3;

use super::{
    Annotations, Background, Camera, Diameter, PointLayer, PointOrder, Quality, SampleRule, Sampling, Scene, Shading,
    View, Viewpoint, VolumeMode,
};
use crate::color::{Colormap, OpacityCurve, Scale, TransferFunction};
use crate::error::{Error, Result};
use crate::geometry::{Box3, six_digits};
use crate::grid::{DensityGrid, Lattice};

/// How vmin and vmax are chosen from a density.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limits {
    /// Shares of the range: 0 is the minimum, 1 the maximum.
    Range(f64, f64),
    /// Percentiles of the samples, 0 to 100, as numpy's.
    Percentile(f64, f64),
    /// vmin is the level whose superset holds the first share of the mass, vmax that of the second. Where different shares
    /// have the same level, as in a mask, vmin is the minimum.
    Mass(f64, f64),
    /// The values themselves.
    Value(f64, f64),
}

impl Limits {
    /// vmin holds 98 % of the mass, above vmax lie 5 %: independent of box, grid and unit.
    pub const DEFAULT: Self = Self::Mass(0.98, 0.05);

    /// Of the largest densities on rays, which would else be above vmax in most of a picture. What lies above are the few voxels
    /// that leave all others dark in maps of molecules (chosen by looking at two of these, two clouds and a cell).
    pub const OF_MAXIMA: Self = Self::Mass(0.98, 0.003);

    /// vmin and vmax for this density.
    ///
    /// # Errors
    /// [`Error::Data`] if the grid has no finite value; [`Error::Usage`] if vmin > vmax or a limit
    /// is not finite.
    pub fn resolve(self, grid: &DensityGrid) -> Result<[f64; 2]> {
        if !grid.values.iter().any(|v| v.is_finite()) {
            return Err(Error::Data("the density has no finite value, so there is nothing to draw".into()));
        }
        let [vmin, vmax] = match self {
            Self::Value(a, b) => [a, b],
            Self::Range(a, b) => {
                let s = grid.statistics();
                [s.min + a * (s.max - s.min), s.min + b * (s.max - s.min)]
            }
            Self::Percentile(a, b) => pair(&grid.percentiles(&[a, b])),
            // Where nothing holds any mass, nothing is seen.
            Self::Mass(..) if grid.statistics().max == 0.0 && grid.statistics().min == 0.0 => [0.0, 1.0],
            Self::Mass(a, b) => match pair(&grid.levels_enclosing(&[a, b])) {
                [low, high] if low == high && a != b => [grid.statistics().min.min(high), high],
                levels => levels,
            },
        };
        if !(vmin.is_finite() && vmax.is_finite()) {
            return Err(Error::Usage(format!("the limits {vmin} to {vmax} are not finite numbers")));
        }
        Self::in_order([vmin, vmax])?;
        Ok([vmin, vmax])
    }

    /// Checks that vmin is not above vmax.
    ///
    /// # Errors
    /// [`Error::Usage`] if it is.
    pub fn in_order([vmin, vmax]: [f64; 2]) -> Result<()> {
        if vmin > vmax {
            let [vmin, vmax] = [vmin, vmax].map(|v| six_digits(v, 1e-4..1e6));
            return Err(Error::Usage(format!(
                "vmin {vmin} is above vmax {vmax}; swap them, and use --reverse to turn the colours round"
            )));
        }
        Ok(())
    }
}

fn pair(values: &[f64]) -> [f64; 2] {
    [values[0], values[1]]
}

impl FromStr for Limits {
    type Err = Error;

    /// Reads `range:0,0.5`, `percentile:2,98`, `mass:0.98,0.05` or `value:A,B`.
    fn from_str(text: &str) -> Result<Self> {
        let wrong = || {
            Error::Usage(format!(
                "`{text}` are no limits; write range:0,0.5 or percentile:2,98 or mass:0.98,0.05 or value:A,B"
            ))
        };
        let (kind, numbers) = text.split_once(':').ok_or_else(wrong)?;
        let (a, b) = numbers.split_once(',').ok_or_else(wrong)?;
        let number = |s: &str| s.trim().parse::<f64>().ok().filter(|v| v.is_finite()).ok_or_else(wrong);
        let (a, b) = (number(a)?, number(b)?);
        let within = |low: f64, high: f64| [a, b].iter().all(|v| (low..=high).contains(v));
        match kind.trim() {
            "range" if within(0.0, 1.0) => Ok(Self::Range(a, b)),
            "percentile" if within(0.0, 100.0) => Ok(Self::Percentile(a, b)),
            "mass" if within(0.0, 1.0) => Ok(Self::Mass(a, b)),
            "value" => Ok(Self::Value(a, b)),
            "range" | "mass" => Err(Error::Usage(format!("`{text}`: shares lie between 0 and 1"))),
            "percentile" => Err(Error::Usage(format!("`{text}`: percentiles lie between 0 and 100"))),
            _ => Err(wrong()),
        }
    }
}

/// A ready-made look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Look {
    /// Opacity relative to the size of the box, so that the unit of length does not matter.
    #[default]
    Default,
    /// Mayavi's `mlab.pipeline.volume`, pixel for pixel, its rules and faults included.
    Mayavi,
}

/// The default opacity speaks of a layer as thick as the region that holds this share of the mass: a
/// measure of the thing itself, whatever its unit, its box and the empty space around it.
const REFERENCE_MASS: f64 = 0.5;

/// Opacity against position of the default look: chosen by looking at a globular protein, a large
/// complex, two cells from microscopy and the founding cloud, on dark and on white.
const DEFAULT_OPACITY: [(f64, f32); 2] = [(0.0, 0.0), (1.0, 0.9)];

/// Samples a voxel (of the shortest spacing) that the default look takes along a ray.
const DEFAULT_SAMPLES_PER_VOXEL: f64 = 2.0;

impl Look {
    /// The optical depth of fog around a molecule, in that of fog alone: so that the molecule shows through.
    pub const FOG_AROUND_TRACE: f64 = 0.4;

    /// The opacity of a surface around a molecule.
    pub const SURFACE_AROUND_TRACE: f64 = 0.35;

    /// A scene of this density in this look, with limits chosen by `limits`.
    ///
    /// # Errors
    /// Those of [`Limits::resolve`].
    pub fn scene(self, grid: Arc<DensityGrid>, limits: Limits) -> Result<Scene> {
        let length = if self == Self::Default { reference_length(&grid) } else { 0.0 };
        self.scene_of(grid, limits, length)
    }

    /// As [`Look::scene`], where the [`reference_length`] of the density is known.
    ///
    /// # Errors
    /// As [`Look::scene`].
    pub(crate) fn scene_of(self, grid: Arc<DensityGrid>, limits: Limits, reference_length: f64) -> Result<Scene> {
        let limits = limits.resolve(&grid)?;
        Ok(match self {
            Self::Default => default_scene(grid, limits, reference_length),
            Self::Mayavi => mayavi_scene(grid, limits),
        })
    }

    /// The look's colours on a background: what is low fades into it.
    pub fn colormap(self, background: Background) -> Colormap {
        let name = match self {
            Self::Default if background.is_light() => "viridis",
            Self::Default => "inferno",
            Self::Mayavi => "mayavi",
        };
        Colormap::named(name).expect("built in")
    }

    /// The look's opacity.
    pub fn opacity(self) -> OpacityCurve {
        let points = match self {
            Self::Default => DEFAULT_OPACITY,
            Self::Mayavi => [(0.0, 0.0), (1.0, 0.2)],
        };
        OpacityCurve::new(points.to_vec()).expect("built in")
    }

    /// The look's viewpoint from a direction.
    pub fn viewpoint(self, grid: &DensityGrid, view: View) -> Viewpoint {
        match self {
            Self::Default => Viewpoint::Fit(view),
            Self::Mayavi => Viewpoint::At(Camera::mayavi(grid.lattice.bounds(), view)),
        }
    }

    /// The look's colours where points or surfaces are drawn on a background: they differ from it at any density, so
    /// that points far from all others and surfaces of low densities are seen.
    pub fn colormap_of_points(self, background: Background) -> Colormap {
        match self {
            Self::Default if !background.is_light() => Colormap::named("plasma").expect("built in"),
            _ => self.colormap(background),
        }
    }

    /// Points of these densities (one a position, in the unit of the grid) for a scene of this look, in
    /// its size and order.
    pub fn points(self, scene: &Scene, positions: Arc<Vec<DVec3>>, values: Arc<Vec<f64>>) -> PointLayer {
        let (diameter, order) = match self {
            // By depth the thin outside would hide the dense core.
            Self::Default => (default_diameter(scene, positions.len()), PointOrder::Density),
            Self::Mayavi => (mayavi_diameter(&positions), PointOrder::Depth),
        };
        let diameter = Diameter::Uniform(diameter);
        PointLayer {
            positions,
            values,
            colors: None,
            sizes: None,
            diameter,
            order,
            opacity: 1.0,
            shaded: true,
            antialias: true,
        }
    }

    /// The look's lighting of surfaces of equal density.
    pub fn shading_of_surfaces(self, grid: &DensityGrid) -> Shading {
        match self {
            Self::Default => Shading {
                ambient: 0.25,
                diffuse: 0.75,
                specular: 0.25,
                specular_power: 30.0,
                gradient_scale: DVec3::ONE,
                flat_gradient: 0.0,
            },
            Self::Mayavi => self.shading(grid),
        }
    }

    /// The look's lighting, for when it is asked for.
    pub fn shading(self, grid: &DensityGrid) -> Shading {
        match self {
            Self::Default => Shading {
                ambient: 0.45,
                diffuse: 0.45,
                specular: 0.1,
                specular_power: 20.0,
                gradient_scale: DVec3::ONE,
                flat_gradient: 0.5,
            },
            Self::Mayavi => Shading {
                ambient: 0.0,
                diffuse: 0.7,
                specular: 0.2,
                specular_power: 10.0,
                gradient_scale: grid.lattice.bounds().size(),
                flat_gradient: 0.0,
            },
        }
    }
}

fn default_scene(grid: Arc<DensityGrid>, limits: [f64; 2], reference_length: f64) -> Scene {
    let background = Background::DARK;
    let transfer = TransferFunction {
        colormap: Look::Default.colormap(background),
        limits,
        scale: Scale::Linear,
        opacity: Look::Default.opacity(),
        reference_length,
    };
    let step = grid.lattice.spacing.min_element() / DEFAULT_SAMPLES_PER_VOXEL;
    Scene {
        focus: grid.focus,
        viewpoint: Look::Default.viewpoint(&grid, View::ISO),
        transfer,
        others: Vec::new(),
        volume: true,
        mode: VolumeMode::Fog,
        slices: Vec::new(),
        cover: None,
        clip: Vec::new(),
        points: None,
        trace: None,
        sampling: Sampling { step, rule: SampleRule::Midpoint, adaptive: true },
        quality: Quality::default(),
        shading: None,
        background,
        annotations: Annotations { axes: true, colorbar: true, title: None, ..Annotations::default() },
        on_device: None,
        grid,
    }
}

/// The thickness that the default opacity speaks of; that of the box where there is no mass.
pub(crate) fn reference_length(grid: &DensityGrid) -> f64 {
    let core = grid.thickness_enclosing(REFERENCE_MASS);
    if core > 0.0 { core } else { grid.focus.diagonal() }
}

/// Diameters of the default look, in mean distances between the points of the densest half: small
/// enough to see between them.
const DIAMETER_IN_DISTANCES: f64 = 0.4;

/// A diameter for `n` points of this density.
fn default_diameter(scene: &Scene, n: usize) -> f64 {
    // A ball of radius r is 1.5 r thick, and half of the points share it.
    let volume = 4.0 / 3.0 * std::f64::consts::PI * (scene.transfer.reference_length / 1.5).powi(3);
    DIAMETER_IN_DISTANCES * (volume / (REFERENCE_MASS * n.max(1) as f64)).cbrt()
}

/// Mayavi's automatic `scale_factor`.
fn mayavi_diameter(positions: &[DVec3]) -> f64 {
    0.2 * Box3::around(positions).diagonal() / (positions.len() as f64).powf(0.165)
}

fn mayavi_scene(grid: Arc<DensityGrid>, limits: [f64; 2]) -> Scene {
    let background = Background::Color([0.5; 3]);
    let transfer = TransferFunction {
        colormap: Look::Mayavi.colormap(background),
        limits,
        scale: Scale::Linear,
        opacity: Look::Mayavi.opacity(),
        reference_length: 1.0,
    };
    Scene {
        focus: grid.lattice.bounds(),
        viewpoint: Look::Mayavi.viewpoint(&grid, View::ISO),
        transfer,
        others: Vec::new(),
        volume: true,
        mode: VolumeMode::Fog,
        slices: Vec::new(),
        cover: None,
        clip: Vec::new(),
        points: None,
        trace: None,
        sampling: Sampling { step: mayavi_step(&grid.lattice), rule: SampleRule::End, adaptive: true },
        quality: Quality::default(),
        shading: Some(Look::Mayavi.shading(&grid)),
        background,
        annotations: Annotations { axes: true, colorbar: true, title: None, ..Annotations::default() },
        on_device: None,
        grid,
    }
}

/// VTK's automatic sample distance: half the mean spacing, made shorter for small volumes.
fn mayavi_step(lattice: &Lattice) -> f64 {
    let [nx, ny, nz] = lattice.shape.map(|n| (n - 1) as f64);
    let n = (nx * ny * nz).powf(0.333);
    let shorter = if n < 100.0 { 0.01 + 0.99 * n / 100.0 } else { 1.0 };
    lattice.spacing.element_sum() / 6.0 * shorter
}
