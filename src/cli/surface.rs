//! `densitas density --iso`: surfaces, saved.

use std::path::Path;
use std::time::Instant;

use clap::Args;
use glam::DVec3;
use serde_json::{Map, Value, json};

use super::console::Console;
use super::cut_args::{Level, Levels, levels};
use super::report;
use crate::color::{Colormap, Rgb};
use crate::error::{Error, Result};
use crate::grid::{DensityGrid, Sample};
use crate::io::{self, MeshFormat, Painted};
use crate::progress::Progress;
use crate::surface::Surface;

/// Options of surfaces.
#[derive(Debug, Args)]
pub struct SurfaceArgs {
    /// Write the surface of this level in place of the grid, to .stl, .ply, .obj or .glb: 0.1 or mass:0.5
    ///
    /// mass:SHARE is the level whose surface holds this share of the mass. Several, as "mass:0.5,mass:0.9:0.3" (with an
    /// opacity), need .obj (an object each) or .glb (a mesh each, with colour and opacity). Surfaces are closed: where the
    /// box cuts them off, by caps, whose area is told beside that of the rest. Lengths are in the unit of the data.
    #[arg(long, value_name = "LEVEL,...", value_parser = levels, requires = "output", conflicts_with_all = ["at_points", "standard_error"])]
    iso: Option<Levels>,
}

impl SurfaceArgs {
    /// The levels asked for.
    pub fn levels(&self) -> Option<&Levels> {
        self.iso.as_ref()
    }

    /// The format of surfaces in `output`, if they are asked for.
    ///
    /// # Errors
    /// [`Error::Usage`] if the name and the levels do not fit.
    pub fn format(&self, output: &Path) -> Result<Option<MeshFormat>> {
        let shown = output.display();
        match (&self.iso, MeshFormat::of(output)) {
            (None, None) => Ok(None),
            (None, Some(_)) => Err(Error::Usage(format!("{shown}: a surface needs its level: --iso mass:0.5"))),
            (Some(_), None) => Err(Error::Usage(format!(
                "{shown}: surfaces are written as .stl, .ply, .obj or .glb; name it so, or leave --iso out for the grid"
            ))),
            (Some(levels), Some(format)) if levels.len() > 1 && !format.holds_several() => Err(Error::Usage(format!(
                "{shown}: STL and PLY hold one surface, --iso names {}; name it .glb or .obj",
                levels.len()
            ))),
            (Some(_), Some(format)) => Ok(Some(format)),
        }
    }
}

/// Writes the surfaces of a density; gives what is told of them. `steps` are those of a volume whose axes are not those
/// of space.
pub fn write<T: Sample>(
    asked: &Levels,
    grid: &DensityGrid<T>,
    steps: Option<[DVec3; 3]>,
    output: &Path,
    input: Option<&Path>,
    console: &Console,
) -> Result<Map<String, Value>> {
    let format = MeshFormat::of(output).expect("checked before the work");
    let start = Instant::now();
    let surfaces = asked.iter().map(|(level, _)| made(*level, grid, steps, console));
    let surfaces: Vec<Surface> = surfaces.collect::<Result<_>>()?;
    let seconds = start.elapsed().as_secs_f64();
    let range =
        surfaces.iter().map(|s| s.level).fold([f64::INFINITY, f64::NEG_INFINITY], |[a, b], l| [a.min(l), b.max(l)]);
    let painted = std::iter::zip(&surfaces, asked);
    let painted = painted.map(|(surface, (_, opacity))| Painted {
        surface,
        color: color(surface, range),
        opacity: opacity.unwrap_or(1.0),
    });
    let painted: Vec<Painted<'_>> = painted.collect();
    console.check()?;
    let start = Instant::now();
    io::write_surfaces(output, format, &painted, input)?;
    let write = start.elapsed().as_secs_f64();
    let told: Vec<Value> = surfaces.iter().map(|surface| told(surface, grid, output, console)).collect();
    Ok(report::object(json!({ "surfaces": told, "seconds": { "surface": seconds, "write": write } })))
}

fn made<T: Sample>(
    level: Level,
    grid: &DensityGrid<T>,
    steps: Option<[DVec3; 3]>,
    console: &Console,
) -> Result<Surface> {
    let surface = grid.surface(steps, level.of(grid), console)?;
    if surface.cap_area > 0.0 {
        console.warning(&format!(
            "the box cuts the surface of {:.3e} off; caps of area {:.3e} close it; a larger box or a level farther from 0 \
             avoids them",
            surface.level, surface.cap_area
        ));
    }
    Ok(surface)
}

/// Of one surface the middle of the map, of several its colours in their order.
fn color(surface: &Surface, [low, high]: [f64; 2]) -> Rgb {
    let position = if low < high { 0.15 + 0.75 * (surface.level - low) / (high - low) } else { 0.5 };
    Colormap::named("viridis").expect("built in").at(position)
}

/// What a surface is and measures.
fn told<T: Sample>(surface: &Surface, grid: &DensityGrid<T>, output: &Path, console: &Console) -> Value {
    let measures = surface.measures();
    let mass = grid.share_beyond(surface.level);
    if !console.json {
        let [area, volume] = [2, 3].map(|power| surface.unit.map_or(String::new(), |u| format!(" {u}^{power}")));
        console.note(&format!(
            "{}: surface of {:.4e}: area {}{area}, encloses {}{volume} and {:.2} % of the {}; {} piece(s), {} triangles",
            output.display(),
            surface.level,
            report::digits(measures.area),
            report::digits(measures.volume),
            100.0 * mass,
            if surface.level < 0.0 { "sum below 0" } else { "mass" },
            measures.pieces,
            surface.triangles.len()
        ));
    }
    json!({
        "level": surface.level,
        "area": measures.area,
        "volume": measures.volume,
        "mass": mass,
        "pieces": measures.pieces,
        "cap_area": surface.cap_area,
        "vertices": surface.positions.len(),
        "triangles": surface.triangles.len(),
    })
}
