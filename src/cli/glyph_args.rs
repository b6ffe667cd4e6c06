//! Options for points drawn as spheres.

use std::sync::Arc;

use clap::{Args, ValueEnum};
use glam::DVec3;

use crate::error::{Error, Result};
use crate::scene::{Diameter, Look, PointOrder, Scene};

/// What is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// The density
    Volume,
    /// The points, as spheres in the colour of their density
    Points,
    /// The points within the density
    Both,
    /// The largest density on each ray
    Mip,
    /// The smallest density on each ray; with --clip, as it is about 0 at the border
    Minip,
    /// The mean density on each ray
    Average,
    /// The integral of the density along each ray
    Xray,
    /// Surfaces of equal density (--iso)
    Iso,
    /// Planes through the density (--slice)
    Slice,
}

/// Points drawn as spheres.
#[derive(Debug, Args)]
#[command(next_help_heading = "Points in the picture")]
pub struct GlyphArgs {
    /// What is drawn
    #[arg(long, value_enum, default_value_t = Mode::Volume)]
    pub mode: Mode,
    /// Diameter of a point in the unit of the data [default: from number and spread of the points]
    #[arg(long, value_name = "D", value_parser = diameter)]
    pub point_size: Option<f64>,
    /// Which of several points on a pixel is seen: the nearest or the densest [default: density; mayavi: depth]
    #[arg(long, value_name = "ORDER")]
    pub point_order: Option<Order>,
    /// none: all alike; density: diameters grow with the density (times --point-size, if given)
    #[arg(long, value_enum, default_value_t = Scale::None)]
    pub point_scale: Scale,
}

/// As [`PointOrder`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Order {
    /// The nearest
    Depth,
    /// The densest
    Density,
}

/// What a diameter depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Scale {
    /// Nothing
    None,
    /// The density
    Density,
}

/// Points and the density at each of them.
pub struct WeighedPoints {
    /// In the unit of the data.
    pub positions: Arc<Vec<DVec3>>,
    /// One value a point.
    pub values: Arc<Vec<f64>>,
}

impl GlyphArgs {
    /// Whether points are drawn at all.
    pub fn draws_points(&self) -> bool {
        matches!(self.mode, Mode::Points | Mode::Both)
    }

    /// Puts what the mode names into the scene, with the look's colours for it; `points` are those of the
    /// input, if it has any and they are drawn.
    ///
    /// # Errors
    /// [`Error::Usage`] if points are to be drawn and the input is a volume.
    pub fn apply(&self, scene: &mut Scene, look: Look, points: Option<WeighedPoints>) -> Result<()> {
        scene.volume = self.mode != Mode::Points;
        if !self.draws_points() {
            return Ok(());
        }
        let Some(WeighedPoints { positions, values }) = points else {
            return Err(Error::Usage("the input is a volume and has no points to draw; leave --mode out".into()));
        };
        let mut layer = look.points(scene, positions, values);
        let automatic = layer.diameter.length();
        layer.diameter = match (self.point_scale, self.point_size) {
            (Scale::None, size) => Diameter::Uniform(size.unwrap_or(automatic)),
            (Scale::Density, Some(factor)) => Diameter::Proportional(factor),
            (Scale::Density, None) => Diameter::Ranged(2.0 * automatic),
        };
        match self.point_order {
            Some(Order::Depth) => layer.order = PointOrder::Depth,
            Some(Order::Density) => layer.order = PointOrder::Density,
            None => {}
        }
        scene.points = Some(layer);
        scene.transfer.colormap = look.colormap_of_points(scene.background);
        Ok(())
    }
}

fn diameter(text: &str) -> std::result::Result<f64, String> {
    let size = text.parse().ok().filter(|d: &f64| *d > 0.0 && d.is_finite());
    size.ok_or_else(|| "write a length above 0 in the unit of the data".into())
}
