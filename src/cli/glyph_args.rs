//! Options for points drawn as spheres.

use std::sync::Arc;

use clap::{Args, ValueEnum};
use glam::DVec3;

use super::args::{guessed_unit, in_unit};
use crate::color::{Colormap, is_plain_color, parse_color};
use crate::error::{Error, Result};
use crate::geometry::{LengthUnit, number_and_unit};
use crate::points::{Categorical, Column, PointCloud, elements};
use crate::scene::{Diameter, Limits, Look, PointColors, PointOrder, Scene};

/// What is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// The density as fog
    #[value(alias = "fog")]
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

impl Mode {
    /// How the limits of a density are chosen where nothing is said.
    pub fn default_limits(self) -> Limits {
        if self == Self::Mip { Limits::OF_MAXIMA } else { Limits::DEFAULT }
    }
}

/// Points drawn as spheres.
#[derive(Debug, Args)]
#[command(next_help_heading = "Points in the picture")]
pub struct GlyphArgs {
    /// What is drawn
    #[arg(long, value_enum, default_value_t = Mode::Volume)]
    pub mode: Mode,
    /// Diameter of a point in the unit of the data, with a unit of its own (2A, 0.5nm), or in pixels (2px) [default: from
    /// number and spread of the points]
    #[arg(long, value_name = "D|Dpx", value_parser = diameter)]
    pub point_size: Option<Size>,
    /// Which of several points on a pixel is seen: the nearest or the densest [default: density; coloured by anything
    /// else, and mayavi: depth]
    #[arg(long, value_name = "ORDER")]
    pub point_order: Option<Order>,
    /// Opacity of a point, 0.01 to 1; those below 1 are drawn in the order of their depth
    #[arg(long, value_name = "SHARE", default_value_t = 1.0)]
    pub point_opacity: f64,
    /// What diameters grow with: none, density, a coordinate (x, y or z), or a column (of structures bfactor or occupancy)
    ///
    /// From 0 at the least value to --point-size at the largest. In the look of Mayavi --point-size times the density,
    /// if it is given.
    #[arg(long, value_name = "none|density|x|y|z|COLUMN", default_value = "none")]
    pub point_scale: String,
    /// density, chain, element, a coordinate (x, y or z), a column (of structures bfactor or occupancy), or one colour
    /// (#rrggbb)
    #[arg(long, value_name = "WHAT", default_value = "density")]
    pub color_by: String,
    /// Limits of the colours of a column or coordinate, also beside a density that has its own: range:0,0.5 | percentile:2,98 |
    /// value:A,B [default: with --mode points those of --limits, else its whole range]
    #[arg(long, value_name = "LIMITS")]
    pub point_limits: Option<Limits>,
}

/// What a diameter is measured in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Size {
    /// This unit, or without one that of the data.
    Length(f64, Option<LengthUnit>),
    /// Pixels at scale factor 1.
    Pixels(f64),
}

/// As [`PointOrder`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Order {
    /// The nearest
    Depth,
    /// The densest
    Density,
}

/// The points that are drawn, and the density at each of them.
pub struct WeighedPoints {
    /// Where they are.
    pub positions: Arc<Vec<DVec3>>,
    /// What else is known of them; its own positions are left out.
    pub of: PointCloud,
    /// One value a point.
    pub values: Arc<Vec<f64>>,
}

impl GlyphArgs {
    /// Whether points are drawn at all.
    pub fn draws_points(&self) -> bool {
        matches!(self.mode, Mode::Points | Mode::Both)
    }

    /// The options for points that were given and change nothing, as no points are drawn.
    pub fn unused(&self) -> Vec<&'static str> {
        let given = [
            ("--point-size", self.point_size.is_some()),
            ("--point-order", self.point_order.is_some()),
            ("--point-opacity", self.point_opacity < 1.0),
            ("--point-scale", self.point_scale != "none"),
            ("--color-by", self.color_by != "density"),
            ("--point-limits", self.point_limits.is_some()),
        ];
        given.into_iter().filter(|(_, is_given)| *is_given && !self.draws_points()).map(|(name, _)| name).collect()
    }

    /// What is told where the size was given in a unit, but that of the data is not known.
    pub fn guessed_size(&self, data: Option<LengthUnit>) -> Option<String> {
        let Some(Size::Length(d, Some(unit))) = self.point_size.filter(|_| data.is_none() && self.draws_points())
        else {
            return None;
        };
        guessed_unit("--point-size", Some(&format!("{d}{unit}")), data)
    }

    /// Whether all that the picture shows has the colours of chains, elements or one of its own: it has no colour bar.
    pub fn has_no_bar(&self) -> bool {
        self.mode == Mode::Points && self.has_own_colors()
    }

    /// Whether points have the colours of chains, elements or one of its own.
    fn has_own_colors(&self) -> bool {
        ["chain", "element"].contains(&self.color_by.as_str()) || is_plain_color(&self.color_by)
    }

    /// How many of so many categories have a colour of their own; none if all have.
    pub fn colors_that_repeat(&self, categories: usize) -> Option<usize> {
        (self.color_by == "chain" && categories > PALETTE.len()).then_some(PALETTE.len())
    }

    /// Whether the picture's colours are those of a column of the points: limits, map and scale are then of that.
    pub fn colors_by_column(&self) -> bool {
        self.mode == Mode::Points && self.has_column()
    }

    /// Whether points have the colours of a column.
    pub fn has_column(&self) -> bool {
        self.color_by != "density" && !self.has_own_colors()
    }

    /// The columns of a table that are needed beside the positions.
    pub fn columns(&self) -> Vec<String> {
        let wanted = [self.color_by.as_str(), self.point_scale.as_str()];
        let known = ["none", "density", "chain", "element", "bfactor", "occupancy"];
        let is_column = |name: &&str| !known.contains(name) && coordinate(name).is_none() && !is_plain_color(name);
        let mut columns: Vec<String> = wanted.into_iter().filter(is_column).map(str::to_owned).collect();
        columns.dedup();
        if self.draws_points() { columns } else { Vec::new() }
    }

    /// Puts what the mode names into the scene, with the look's colours for it; `points` are those of the
    /// input, if it has any and they are drawn, in a picture of this scale factor.
    ///
    /// # Errors
    /// [`Error::Usage`] if points are to be drawn and the input is a volume, or has not what they are to be coloured or
    /// sized by.
    pub fn apply(
        &self,
        scene: &mut Scene,
        look: Look,
        points: Option<&WeighedPoints>,
        scale_factor: f64,
    ) -> Result<()> {
        scene.volume = self.mode != Mode::Points;
        if !self.draws_points() {
            return Ok(());
        }
        let Some(WeighedPoints { positions, of, values }) = points else {
            return Err(Error::Usage("the input is a volume and has no points to draw; leave --mode out".into()));
        };
        let map = look.colormap_of_points(scene.background);
        let colors = self.colors(of, positions, map.clone())?;
        let sizes = match self.point_scale.as_str() {
            "none" | "density" => None,
            name => Some(Arc::new(self.column(of, positions, name, "--point-scale")?)),
        };
        let mut layer = look.points(scene, positions.clone(), values.clone());
        if colors.is_some() {
            layer.order = PointOrder::Depth;
        } else {
            scene.transfer.colormap = map;
        }
        (layer.colors, layer.sizes) = (colors, sizes);
        layer.diameter = self.diameter(layer.diameter.length(), look, scale_factor, scene.grid.unit)?;
        layer.opacity = self.point_opacity;
        if layer.is_translucent() {
            layer.order = PointOrder::Depth;
        }
        match self.point_order {
            Some(Order::Depth) => layer.order = PointOrder::Depth,
            Some(Order::Density) => layer.order = PointOrder::Density,
            None => {}
        }
        scene.points = Some(layer);
        Ok(())
    }

    fn diameter(&self, automatic: f64, look: Look, scale_factor: f64, unit: Option<LengthUnit>) -> Result<Diameter> {
        let all_alike = self.point_scale == "none";
        let size = match (self.point_size, unit) {
            (Some(Size::Length(d, Some(given))), Some(unit)) => Some(Size::Length(converted(d, given, unit)?, None)),
            (size, _) => size,
        };
        Ok(match size {
            Some(Size::Pixels(d)) if all_alike => Diameter::Pixels(d * scale_factor),
            Some(Size::Pixels(_)) => {
                let problem = "--point-scale: sizes in pixels are all alike; give --point-size in the unit of the data";
                return Err(Error::Usage(problem.into()));
            }
            Some(Size::Length(d, _)) if all_alike => Diameter::Uniform(d),
            Some(Size::Length(d, _)) if look == Look::Mayavi => Diameter::Proportional(d),
            Some(Size::Length(d, _)) => Diameter::Ranged(d),
            None if all_alike => Diameter::Uniform(automatic),
            None => Diameter::Ranged(2.0 * automatic),
        })
    }

    /// What colours the points; none: their density.
    fn colors(&self, cloud: &PointCloud, positions: &[DVec3], map: Colormap) -> Result<Option<PointColors>> {
        let atoms = || {
            let problem = format!("--color-by {}: the input is a table, not a structure", self.color_by);
            cloud.atoms.as_ref().ok_or(Error::Usage(problem))
        };
        Ok(match self.color_by.as_str() {
            "density" => None,
            "chain" => {
                let of = &atoms()?.chain;
                Some(by_category(of, &chains_in_order(of), |i, _| chain_color(i)))
            }
            "element" => {
                let of = &atoms()?.element;
                Some(by_category(of, &of.counts(), |_, symbol| elements::color(symbol)))
            }
            color if is_plain_color(color) => Some(PointColors::constant(positions.len(), parse_color(color)?)),
            name => {
                let values = Arc::new(self.column(cloud, positions, name, "--color-by")?);
                let unit = cloud.unit.filter(|_| coordinate(name).is_some());
                let name = self.asked_column(cloud, name).map_or(name, |column| &column.name);
                let title = match (unit, name.parse::<usize>()) {
                    (Some(unit), _) => format!("{name} ({unit})"),
                    // Of a table without names.
                    (None, Ok(_)) => format!("column {name}"),
                    (None, Err(_)) => name.to_owned(),
                };
                Some(PointColors::column(values, title, map))
            }
        })
    }

    /// The column that was asked for by its name or number.
    fn asked_column<'a>(&self, cloud: &'a PointCloud, name: &str) -> Option<&'a Column> {
        let place = self.columns().iter().position(|column| column == name);
        place.and_then(|i| cloud.columns.get(i))
    }

    /// The numbers that an option names, one a point: a coordinate, or a column that was asked for.
    fn column(&self, cloud: &PointCloud, positions: &[DVec3], name: &str, option: &str) -> Result<Vec<f64>> {
        if let Some(axis) = coordinate(name) {
            return Ok(positions.iter().map(|p| p[axis]).collect());
        }
        if let Some(column) = self.asked_column(cloud, name) {
            return Ok(column.values.clone());
        }
        match (&cloud.atoms, name) {
            (Some(atoms), "bfactor") => Ok(atoms.bfactor.clone()),
            (Some(atoms), "occupancy") => Ok(atoms.occupancy.clone()),
            (Some(_), _) => Err(Error::Usage(format!(
                "{option} {name}: a structure has x, y, z, bfactor and occupancy{}",
                if option == "--color-by" { ", chain and element, and density" } else { ", and density" }
            ))),
            (None, _) => Err(Error::Usage(format!("{option} {name}: the input has no column of that name"))),
        }
    }
}

/// Colours of categories that have none of their own: Okabe and Ito's (2008), whom the colour-blind can tell apart, then
/// each the furthest from all before it (in Oklab, of a lightness from 0.45 to 0.9), no two nearer than 0.118.
const PALETTE: [[u8; 3]; 24] = [
    [0, 114, 178],
    [230, 159, 0],
    [0, 158, 115],
    [204, 121, 167],
    [86, 180, 233],
    [213, 94, 0],
    [240, 228, 66],
    [153, 153, 153],
    [148, 103, 189],
    [140, 86, 75],
    [248, 200, 248],
    [24, 216, 0],
    [88, 0, 248],
    [248, 0, 248],
    [40, 248, 216],
    [16, 104, 0],
    [144, 8, 128],
    [216, 8, 104],
    [168, 0, 248],
    [144, 200, 128],
    [248, 136, 248],
    [144, 128, 0],
    [88, 64, 160],
    [248, 160, 152],
];

/// The colour of a chain, by its place among all.
pub fn chain_color(i: usize) -> [u8; 3] {
    PALETTE[i % PALETTE.len()]
}

/// How many chains have a colour of their own.
pub const COLORS_OF_CHAINS: usize = PALETTE.len();

/// The chains that there are with their atoms, in the order of their names.
pub fn chains_in_order(of: &Categorical) -> Vec<(&str, usize)> {
    let mut names = of.counts();
    names.sort_by_key(|(name, _)| (name.len(), *name));
    names
}

/// Points in the colours of categories, which a legend names in the order of `counts`.
fn by_category(of: &Categorical, counts: &[(&str, usize)], color: impl Fn(usize, &str) -> [u8; 3]) -> PointColors {
    let place = |level: &str| counts.iter().position(|c| c.0 == level).unwrap_or(0) as u32;
    let places: Vec<u32> = of.levels.iter().map(|level| place(level)).collect();
    let codes: Vec<u32> = of.codes.iter().map(|&code| places[code as usize]).collect();
    let name = |text: &str| if text.is_empty() { "unknown".to_owned() } else { text.to_owned() };
    let rgb = |i: usize, text: &str| color(i, text).map(|v| f32::from(v) / 255.0);
    let categories = counts.iter().enumerate().map(|(i, (text, _))| (name(text), rgb(i, text))).collect();
    PointColors::categories(&codes, categories)
}

/// The axis of a coordinate: 0 x, 1 y, 2 z.
fn coordinate(name: &str) -> Option<usize> {
    ["x", "y", "z"].iter().position(|axis| *axis == name)
}

fn converted(length: f64, given: LengthUnit, unit: LengthUnit) -> Result<f64> {
    in_unit(length, given, unit).map_err(|e| Error::Usage(format!("--point-size: {e}")))
}

fn diameter(text: &str) -> std::result::Result<Size, String> {
    let wrong = || "write a length above 0, in the unit of the data or as 2A, or pixels, such as 2px".to_owned();
    let is_size = |d: &f64| *d > 0.0 && d.is_finite();
    if let Some(pixels) = text.strip_suffix("px") {
        return pixels.trim().parse().ok().filter(is_size).map(Size::Pixels).ok_or_else(wrong);
    }
    let found = number_and_unit(text).map_err(|e| e.to_string())?;
    found.filter(|(d, _)| is_size(d)).map(|(d, unit)| Size::Length(d, unit)).ok_or_else(wrong)
}
