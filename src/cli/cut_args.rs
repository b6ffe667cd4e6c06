//! Options for surfaces, slices and clip planes.

use clap::Args;
use glam::DVec3;

use super::args::{bounds, vector};
use super::glyph_args::Mode;
use crate::error::{Error, Result};
use crate::geometry::Box3;
use crate::grid::{DensityGrid, Sample};
use crate::scene::{Isosurface, Plane, Quantity, Scene, VolumeMode};

/// Surfaces, slices and clip planes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Parts of the density")]
pub struct CutArgs {
    /// Levels of --mode iso, each with an opacity if below 1: "0.1,0.5:0.4" or "mass:0.5" [default: mass:0.5]
    ///
    /// Levels are what the colour bar says: with --quantity counts, counts in the unit written above it. mass:SHARE,SHARE are the levels of the surfaces that hold these shares of the mass.
    #[arg(long, value_name = "LEVEL[:OPACITY],...", value_parser = levels)]
    iso: Option<Levels>,
    /// A plane that shows the density: x=1.5, y=0, z=-2 or POINT:NORMAL as X,Y,Z:X,Y,Z; may be repeated
    ///
    /// [default of --mode slice: three planes through the centre of the box]
    #[arg(long, value_name = "PLANE", value_parser = slice)]
    slice: Vec<Plane>,
    /// Draw only the density, and the points, within this box
    #[arg(long, value_name = "X0,X1,Y0,Y1,Z0,Z1", value_parser = bounds)]
    pub clip: Option<Box3>,
    /// Cut density and points away on the side that the normal points to; X,Y,Z:X,Y,Z; may be repeated
    #[arg(long, value_name = "POINT:NORMAL", value_parser = plane)]
    clip_plane: Vec<Plane>,
    /// The box that axes are drawn along and that an automatic view shows whole [default: the grid's without its padding]
    #[arg(long, value_name = "X0,X1,Y0,Y1,Z0,Z1", value_parser = bounds)]
    pub axes_box: Option<Box3>,
}

/// Levels, each with an opacity if one was given.
pub type Levels = Vec<(Level, Option<f64>)>;

/// Which level of a density.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Level {
    /// The density.
    Value(f64),
    /// The share of the mass that its surface holds.
    Mass(f64),
}

impl Level {
    /// Its value in a density.
    pub fn of<T: Sample>(self, grid: &DensityGrid<T>) -> f64 {
        match self {
            Self::Value(value) => value,
            Self::Mass(share) => grid.levels_enclosing(&[share])[0],
        }
    }
}

/// What `--mode iso` shows where nothing is said.
const DEFAULT_LEVEL: (Level, Option<f64>) = (Level::Mass(0.5), None);

impl CutArgs {
    /// Puts the mode, its surfaces, of this opacity where none is given, and all planes into the scene.
    ///
    /// # Errors
    /// [`Error::Usage`] for `--iso` with another mode, and for slices in a mode that hides them.
    pub fn apply(&self, mode: Mode, quantity: Quantity, opacity: f64, scene: &mut Scene) -> Result<()> {
        scene.mode = match mode {
            Mode::Volume | Mode::Points | Mode::Both => VolumeMode::Fog,
            Mode::Mip => VolumeMode::Maximum,
            Mode::Minip => VolumeMode::Minimum,
            Mode::Average => VolumeMode::Mean,
            Mode::Xray => VolumeMode::LineIntegral,
            Mode::Iso => VolumeMode::Isosurfaces(self.surfaces(&scene.grid, quantity, opacity)),
            Mode::Slice => VolumeMode::Slices,
        };
        if self.iso.is_some() && mode != Mode::Iso {
            return Err(Error::Usage("--iso needs --mode iso".into()));
        }
        if !self.slice.is_empty() && (scene.mode.is_projection() || mode == Mode::Points) {
            return Err(Error::Usage("--slice needs --mode slice, volume, both or iso".into()));
        }
        scene.slices = self.slice.clone();
        if self.slice.is_empty() && mode == Mode::Slice {
            scene.slices = (0..3).map(|axis| Plane::perpendicular_to(axis, scene.focus.center())).collect();
        }
        scene.clip = self.clip.map_or(Vec::new(), |bounds| Plane::sides_of(bounds).to_vec());
        scene.clip.extend(&self.clip_plane);
        Ok(())
    }

    /// The slices that were asked for.
    pub fn slices(&self) -> &[Plane] {
        &self.slice
    }

    /// Whether levels of surfaces are given.
    pub fn has_levels(&self) -> bool {
        self.iso.is_some()
    }

    /// The surfaces; levels that are values were given in the quantity shown.
    fn surfaces(&self, grid: &DensityGrid, quantity: Quantity, opacity: f64) -> Vec<Isosurface> {
        let per_shown = 1.0 / quantity.factor(grid.unit, 3);
        let level = |level: Level| match level {
            Level::Value(value) => value * per_shown,
            Level::Mass(_) => level.of(grid),
        };
        let asked = self.iso.clone().unwrap_or_else(|| vec![DEFAULT_LEVEL]);
        asked.into_iter().map(|(l, given)| Isosurface { level: level(l), opacity: given.unwrap_or(opacity) }).collect()
    }
}

/// Reads `0.1,0.5:0.4,mass:0.5:0.4,0.9`: what follows a share of the mass is one, too.
pub fn levels(text: &str) -> std::result::Result<Levels, String> {
    let mut is_mass = false;
    let one = |item: &str| {
        let item = item.trim();
        is_mass |= item.starts_with("mass:");
        level(item, is_mass)
    };
    text.split(',').map(one).collect()
}

fn level(item: &str, is_mass: bool) -> std::result::Result<(Level, Option<f64>), String> {
    let wrong = || format!("`{item}` is no level; write 0.1 or 0.1:0.4 or mass:0.5 or mass:0.5:0.4");
    let number = |t: &str| t.trim().parse().ok().filter(|v: &f64| v.is_finite()).ok_or_else(wrong);
    let rest = item.strip_prefix("mass:").unwrap_or(item);
    let (level, opacity) = match rest.split_once(':') {
        Some((level, opacity)) => (number(level)?, Some(number(opacity)?)),
        None => (number(rest)?, None),
    };
    if let Some(opacity) = opacity.filter(|o| !(*o > 0.0 && *o <= 1.0)) {
        return Err(format!("`{item}`: after the colon stands an opacity, above 0 and at most 1, not {opacity}"));
    }
    if is_mass && !(level > 0.0 && level < 1.0) {
        return Err(format!(
            "`{item}` is no level: a share of the mass lies between 0 and 1; what follows mass: is one, so values come first"
        ));
    }
    Ok((if is_mass { Level::Mass(level) } else { Level::Value(level) }, opacity))
}

fn slice(text: &str) -> std::result::Result<Plane, String> {
    let Some((axis, at)) = text.split_once('=') else { return plane(text) };
    let axis = "xyz".find(axis.trim()).filter(|_| axis.trim().len() == 1);
    let at: Option<f64> = at.trim().parse().ok().filter(|v: &f64| v.is_finite());
    match (axis, at) {
        (Some(axis), Some(at)) => Ok(Plane::perpendicular_to(axis, DVec3::splat(at))),
        _ => Err(format!("`{text}` is no plane; write x=1.5, y=0, z=-2 or X,Y,Z:X,Y,Z")),
    }
}

fn plane(text: &str) -> std::result::Result<Plane, String> {
    let (point, normal) = text.split_once(':').ok_or("write a point and a normal, X,Y,Z:X,Y,Z")?;
    let found = Plane { point: vector(point)?, normal: vector(normal)? };
    found.validate().map_err(|e| e.to_string())?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_planes_are_read_and_wrong_ones_refused() {
        let found = levels("0.1, 0.5:0.4,mass:0.5,mass:0.9:0.3, 0.95").unwrap();
        let wanted = [
            (Level::Value(0.1), None),
            (Level::Value(0.5), Some(0.4)),
            (Level::Mass(0.5), None),
            (Level::Mass(0.9), Some(0.3)),
            (Level::Mass(0.95), None),
        ];
        assert_eq!(found, wanted);
        for bad in ["", "a", "mass:2", "mass:0", "mass:0.5,3", "nan", "1,,2", "1:"] {
            assert!(levels(bad).unwrap_err().contains("is no level"), "{bad}");
        }
        for bad in ["1:2", "1:-1", "1:0", "mass:0.5:0"] {
            assert!(levels(bad).unwrap_err().contains("an opacity, above 0 and at most 1, not"), "{bad}");
        }
        assert_eq!(slice("y=-2").unwrap(), Plane::perpendicular_to(1, DVec3::splat(-2.0)));
        assert_eq!(slice("1,2,3:0,0,2").unwrap(), Plane { point: DVec3::new(1.0, 2.0, 3.0), normal: DVec3::Z * 2.0 });
        for bad in ["", "w=1", "xy=1", "=1", "x=", "1,2,3", "1,2,3:0,0,0"] {
            assert!(slice(bad).is_err(), "{bad}");
        }
    }
}
