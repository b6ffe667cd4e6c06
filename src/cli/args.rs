//! Groups of options that several verbs share, and what they mean to the library.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::OnceLock;

use clap::Args;
use glam::DVec3;

use crate::error::{Error, Result};
use crate::geometry::{Box3, Cell, LengthUnit, number_and_unit};
use crate::gpu::AdapterChoice;
use crate::grid::Lattice;
use crate::io::{self, FrameRange, Input, ReadOptions, Source};
use crate::kde::{Bandwidth, DensityOptions, Extent, Method, Resolution};
use crate::points::{PointCloud, Selection};
use crate::progress::Silent;

/// Which points of an input.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Points")]
pub struct PointArgs {
    /// A file, - for a table on standard input, or sample:NAME
    pub input: OsString,
    /// Atoms to take, such as "name CA and chain A"
    #[arg(long, value_name = "TEXT")]
    pub select: Option<String>,
    /// Columns of x, y and z, by name or number from 1; the array of a VTI by name
    #[arg(long, value_name = "X,Y,Z")]
    pub columns: Option<String>,
    /// Weights: a column, or mass, atomic-number, occupancy, bfactor, charge, positive-charge,
    /// negative-charge
    #[arg(long, value_name = "COLUMN")]
    pub weights: Option<String>,
    /// Unit of the numbers in the file, which are not converted: A, nm, um, m, px [default: as the file says]
    #[arg(long, value_name = "UNIT")]
    pub unit: Option<LengthUnit>,
    /// A structure that names the atoms of XTC, TRR and DCD
    #[arg(long, value_name = "FILE")]
    pub topology: Option<PathBuf>,
    /// Frames, as a Python slice; the first of them is read [default: the first]
    #[arg(long, value_name = "START:STOP:STEP")]
    pub input_frames: Option<FrameRange>,
    /// Take all chosen frames together
    #[arg(long)]
    pub pool: bool,
    /// Lay each frame over the first by these atoms, such as "name CA"; of periodic images the nearest to them is
    /// taken
    #[arg(long, value_name = "TEXT")]
    pub align: Option<String>,
    /// Keep every K-th point
    #[arg(long, value_name = "K", value_parser = positive)]
    pub every: Option<usize>,
    /// Keep at most N points, evenly spread over the file
    #[arg(long, value_name = "N", value_parser = positive)]
    pub max_points: Option<usize>,
    /// The most bytes that compressed input may hold
    #[arg(long, value_name = "BYTES")]
    pub max_decompressed: Option<u64>,
}

impl PointArgs {
    /// The library's options; `bounds` places a volume that does not say where it is, `sigma_columns` are those of
    /// the density.
    pub fn options(&self, bounds: Option<Box3>, sigma_columns: Option<&[String]>) -> Result<ReadOptions> {
        Ok(ReadOptions {
            sigma_columns: sigma_columns.map(<[String]>::to_vec),
            columns: self.columns.as_deref().map(columns),
            weights: self.weights.clone(),
            unit: self.unit,
            select: self.select.as_deref().map(Selection::from_str).transpose()?,
            topology: self.topology.clone(),
            frames: self.input_frames.unwrap_or_default(),
            pool: self.pool,
            every: self.every,
            max_points: self.max_points,
            max_decompressed: self.max_decompressed,
            bounds,
            ..ReadOptions::default()
        })
    }
}

/// Names separated by commas.
pub fn columns(text: &str) -> Vec<String> {
    text.split(',').map(|c| c.trim().to_owned()).collect()
}

/// ChimeraX' molmap: the resolution is pi sqrt 2 standard deviations, so that the Fourier transform of the Gaussian falls
/// to 1/e at the wave number 1 / resolution.
const RESOLUTION_PER_SIGMA: f64 = std::f64::consts::PI * std::f64::consts::SQRT_2;

/// How a density is computed.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Density")]
pub struct DensityArgs {
    /// scott, silverman, cv (least-squares cross-validation), likelihood, a factor (0.3), a length (2.5A), one an axis
    /// (2.5A,2.5A,6A), a covariance (matrix:xx,xy,xz,yy,yz,zz), or knn:K, for each point the distance to its K-th
    /// neighbour [default: scott]
    #[arg(long, value_name = "B")]
    pub bandwidth: Option<Bandwidth>,
    /// Columns of a table with the standard deviation of each point's own kernel, such as the precision of a
    /// localisation: one, or one an axis (S or SX,SY,SZ)
    #[arg(long, value_name = "COLUMNS", conflicts_with = "bandwidth")]
    pub sigma_columns: Option<String>,
    /// Simulate a map of this resolution, such as 3A, as ChimeraX' molmap
    ///
    /// A Gaussian of standard deviation R / (pi sqrt 2) at each point times its weight (--weights atomic-number), nodes
    /// R / 3 apart, a margin of 3 R. The map is the sum over the points, not normalised to 1.
    #[arg(long, value_name = "R", conflicts_with_all = ["bandwidth", "sigma_columns"])]
    pub resolution: Option<String>,
    /// Nodes an axis [default: bandwidth / 6 apart, at most 192]
    #[arg(long, value_name = "N|NX,NY,NZ", conflicts_with = "spacing", value_parser = grid_nodes)]
    pub grid: Option<[usize; 3]>,
    /// Distance between nodes, such as 1A or 1A,1A,2A
    #[arg(long, value_name = "LENGTH")]
    pub spacing: Option<String>,
    /// Margin around the points in standard deviations of the kernel (the 90th percentile if they differ); 0 is the
    /// bounding box [default: 3]
    #[arg(long, value_name = "K", conflicts_with = "bounds", value_parser = not_negative)]
    pub padding: Option<f64>,
    /// The box of the grid
    #[arg(long, value_name = "X0,X1,Y0,Y1,Z0,Z1", value_parser = bounds)]
    pub bounds: Option<Box3>,
    /// Take the nodes of another volume
    #[arg(long, value_name = "FILE", conflicts_with_all = ["grid", "spacing", "padding", "bounds"])]
    pub like: Option<PathBuf>,
    /// How the sum is formed: auto, exact, tree, spectral, gpu
    ///
    /// `gpu` computes on the graphics device of --adapter, in f32: it keeps an --error of 1e-5, which is its default, or more.
    /// Where the device cannot (none is there, the grid is too large for it, or holds too little of the maximum), the processor does,
    /// and it is told. It is for the grid of one kernel: densities in a plane, in parts, streamed, periodic, of a kernel a
    /// point, and --relative or --guaranteed ones refuse it. `auto` takes a device that is more than a processor from such an
    /// --error on, where it saves time.
    #[arg(long, value_name = "METHOD", default_value = "auto", value_parser = method)]
    pub method: Method,
    /// Largest error, as a share of the largest density [default: 1e-6]
    #[arg(long, value_name = "E", value_parser = error_share)]
    pub error: Option<f64>,
    /// Let --error be a share of each value, not of the largest: for tails and logarithmic scales
    #[arg(long)]
    pub relative: bool,
    /// Sum over all images of the points in a periodic box: that of the file, or edges and angles given here; wants a
    /// fixed --bandwidth
    ///
    /// A corner of the box lies at 0 and its first edge along x; positions outside are taken by their images in it. The
    /// grid covers the box, and the last node repeats the first; of an oblique box, the box around it.
    #[arg(long, value_name = "LX,LY,LZ[,ALPHA,BETA,GAMMA]", num_args = 0..=1, default_missing_value = "file",
          value_parser = periodic, conflicts_with_all = ["padding", "sigma_columns", "resolution"])]
    pub periodic: Option<String>,
    /// Let the proven bound, not a calibrated choice, keep --error
    #[arg(long)]
    pub guaranteed: bool,
}

impl DensityArgs {
    /// The library's options for data in `unit`.
    pub fn options(&self, unit: Option<LengthUnit>) -> Result<DensityOptions> {
        let defaults = DensityOptions::default();
        let resolution = self.resolution(unit)?;
        let like = self.like.as_deref().map(|path| lattice_of(path, unit)).transpose()?;
        Ok(DensityOptions {
            bandwidth: match resolution {
                Some(r) => Bandwidth::Length { sigma: [r / RESOLUTION_PER_SIGMA; 3], unit: None },
                None => bandwidth_or(self.bandwidth, self.sigma_columns.is_some()),
            },
            extent: match (self.bounds.or(like.map(|l| l.bounds())), self.padding) {
                (Some(bounds), _) => Extent::Bounds(bounds),
                (None, Some(k)) => Extent::Padding(k),
                (None, None) => resolution.map_or(defaults.extent, |_| Extent::Padding(3.0 * RESOLUTION_PER_SIGMA)),
            },
            resolution: match (self.grid.or(like.map(|l| l.shape)), &self.spacing) {
                (Some(nodes), _) => Resolution::Nodes(nodes),
                (None, Some(text)) => Resolution::Spacing(spacing(text, unit)?),
                (None, None) => resolution.map_or(defaults.resolution, |r| Resolution::Spacing([r / 3.0; 3])),
            },
            method: self.method,
            max_error: self.error.unwrap_or(match self.method {
                Method::Gpu => Method::LEAST_ERROR_OF_GPU,
                _ => defaults.max_error,
            }),
            relative: self.relative,
            guaranteed: self.guaranteed,
            adapter: ADAPTER.get().cloned().unwrap_or_default(),
        })
    }

    /// What is told of lengths whose unit had to be guessed.
    pub fn guessed(&self, data: Option<LengthUnit>) -> Vec<String> {
        let given = [("--spacing", &self.spacing), ("--resolution", &self.resolution)];
        given.into_iter().filter_map(|(option, text)| guessed_unit(option, text.as_deref(), data)).collect()
    }

    /// The periodic box that was asked for; `of_file` is that of the input, in `unit` too.
    pub fn cell(&self, of_file: Option<[f64; 6]>, unit: Option<LengthUnit>, source: &Source) -> Result<Option<Cell>> {
        let Some(text) = self.periodic.as_deref() else { return Ok(None) };
        if text != "file" {
            let wrong = |why: String| Error::Usage(format!("--periodic {text}: {why}"));
            return Cell::new(cell_numbers(text, unit).map_err(wrong)?).map(Some).map_err(|e| wrong(e.to_string()));
        }
        let cell = of_file.ok_or_else(|| {
            Error::Data(format!(
                "{source}: holds no periodic box; give its edges as --periodic LX,LY,LZ[,ALPHA,BETA,GAMMA]"
            ))
        })?;
        Cell::new(cell).map(Some)
    }

    /// The columns of the standard deviations.
    pub fn sigma_columns(&self) -> Option<Vec<String>> {
        self.sigma_columns.as_deref().map(columns)
    }

    /// The resolution in `unit`, if one was given.
    fn resolution(&self, unit: Option<LengthUnit>) -> Result<Option<f64>> {
        let wrong = |text: &str, why: String| Error::Usage(format!("--resolution {text}: {why}"));
        self.resolution.as_deref().map(|text| length(text, unit).map_err(|why| wrong(text, why))).transpose()
    }

    /// What densities, normalised to 1, are multiplied by: of a simulated map the sum of the weights of a frame.
    pub fn scale(&self, points: &PointCloud, frames: usize) -> f64 {
        let total = || points.weights.as_ref().map_or(points.len() as f64, |w| w.iter().sum());
        if self.resolution.is_some() { total() / frames as f64 } else { 1.0 }
    }

    /// The options that were given but mean nothing for a volume.
    pub fn given(&self) -> Vec<&'static str> {
        let given = [
            ("--bandwidth", self.bandwidth.is_some()),
            ("--grid", self.grid.is_some()),
            ("--spacing", self.spacing.is_some()),
            ("--padding", self.padding.is_some()),
            ("--like", self.like.is_some()),
            ("--resolution", self.resolution.is_some()),
            ("--error", self.error.is_some()),
            ("--method", self.method != Method::Auto),
            ("--sigma-columns", self.sigma_columns.is_some()),
            ("--relative", self.relative),
            ("--guaranteed", self.guaranteed),
            ("--periodic", self.periodic.is_some()),
        ];
        given.into_iter().filter(|g| g.1).map(|g| g.0).collect()
    }
}

/// The bandwidth that was given, that of columns, or the default.
pub fn bandwidth_or(given: Option<Bandwidth>, has_columns: bool) -> Bandwidth {
    if has_columns { Bandwidth::PerPoint } else { given.unwrap_or_default() }
}

/// The nodes of a volume in `unit`.
fn lattice_of(path: &Path, unit: Option<LengthUnit>) -> Result<Lattice> {
    let wrong = |problem: &str| Err(Error::Usage(format!("--like {}: {problem}", path.display())));
    let volume = match io::read(&Source::Path(path.to_owned()), &ReadOptions::default(), &Silent)? {
        Input::Volume(volume) => volume,
        Input::Points(_) => return wrong("holds points; give a volume"),
    };
    if volume.steps.is_some() {
        return wrong("its axes are not those of space; give a volume along x, y and z");
    }
    let lattice = volume.grid.lattice;
    let factor = match (volume.grid.unit, unit) {
        (Some(from), Some(to)) => from.convert(1.0, to),
        _ => Some(1.0),
    };
    match factor {
        None => wrong("its unit cannot be converted to that of the points"),
        Some(f) => Ok(Lattice { origin: lattice.origin * f, spacing: lattice.spacing * f, ..lattice }),
    }
}

/// Three lengths, and three angles in degrees, which are right ones if they are left out.
fn cell_numbers(text: &str, unit: Option<LengthUnit>) -> std::result::Result<[f64; 6], String> {
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    if parts.len() != 3 && parts.len() != 6 {
        return Err(format!("{} numbers where three edges, or those and three angles, are needed", parts.len()));
    }
    let mut cell = [90.0; 6];
    for (at, part) in parts.into_iter().enumerate() {
        cell[at] = if at < 3 { length(part, unit)? } else { length(part, None)? };
    }
    Ok(cell)
}

/// `file`, or what [`cell_numbers`] reads.
fn periodic(text: &str) -> std::result::Result<String, String> {
    if text != "file" {
        cell_numbers(text, None).map_err(|why| {
            format!(
                "{why}; write LX,LY,LZ[,ALPHA,BETA,GAMMA], or --periodic alone after the input for the box of the file"
            )
        })?;
    }
    Ok(text.to_owned())
}

/// Numbers separated by commas.
pub fn numbers<const N: usize>(text: &str, what: &str) -> std::result::Result<[f64; N], String> {
    let all: Vec<f64> = text
        .split(',')
        .map(|part| match part.trim().parse::<f64>() {
            Ok(v) if v.is_finite() => Ok(v),
            _ => Err(format!("`{part}` is no finite number")),
        })
        .collect::<std::result::Result<_, String>>()?;
    let found = all.len();
    all.try_into().map_err(|_| format!("{found} numbers where {what} are needed"))
}

/// Three numbers as a position or direction.
pub fn vector(text: &str) -> std::result::Result<DVec3, String> {
    numbers::<3>(text, "three, x,y,z,").map(DVec3::from_array)
}

/// A box as x0,x1,y0,y1,z0,z1.
pub fn bounds(text: &str) -> std::result::Result<Box3, String> {
    let [x0, x1, y0, y1, z0, z1] = numbers::<6>(text, "six, x0,x1,y0,y1,z0,z1,")?;
    let found = Box3 { min: DVec3::new(x0, y0, z0), max: DVec3::new(x1, y1, z1) };
    if found.size().min_element() <= 0.0 {
        return Err("each minimum must lie below its maximum".into());
    }
    Ok(found)
}

fn grid_nodes(text: &str) -> std::result::Result<[usize; 3], String> {
    let counts: Vec<usize> = text
        .split(',')
        .map(|p| match p.trim().parse() {
            Ok(n) if n >= 2 => Ok(n),
            _ => Err(format!("`{p}` is no number of nodes; write a whole number of 2 or more")),
        })
        .collect::<std::result::Result<_, String>>()?;
    match counts[..] {
        [n] => Ok([n; 3]),
        [x, y, z] => Ok([x, y, z]),
        _ => Err(format!("{} numbers where one, N, or three, NX,NY,NZ, are needed", counts.len())),
    }
}

/// One or three lengths, each with a unit or in that of the data.
pub fn spacing(text: &str, unit: Option<LengthUnit>) -> Result<[f64; 3]> {
    let wrong = |why: String| Error::Usage(format!("--spacing {text}: {why}"));
    let lengths: Vec<f64> = text.split(',').map(|p| length(p.trim(), unit).map_err(&wrong)).collect::<Result<_>>()?;
    match lengths[..] {
        [d] => Ok([d; 3]),
        [x, y, z] => Ok([x, y, z]),
        _ => Err(wrong(format!("{} lengths where one or three are needed", lengths.len()))),
    }
}

/// What is told where lengths were given in a unit, but that of the data is not known.
pub fn guessed_unit(option: &str, text: Option<&str>, data: Option<LengthUnit>) -> Option<String> {
    let given = |part: &str| number_and_unit(part).ok().flatten().is_some_and(|(_, unit)| unit.is_some());
    let text = text.filter(|text| data.is_none() && text.split(',').any(given))?;
    Some(format!(
        "the unit of the data is unknown; {option} {text} is taken to be in the same unit (--unit declares it)"
    ))
}

/// A positive length in `unit`: a bare number, or one with a unit that can be converted.
pub fn length(text: &str, unit: Option<LengthUnit>) -> std::result::Result<f64, String> {
    let found = number_and_unit(text).map_err(|e| e.to_string())?;
    let (value, given) = found.ok_or_else(|| format!("`{text}` is no length, such as 1A or 0.5nm"))?;
    if !(value > 0.0 && value.is_finite()) {
        return Err(format!("`{text}` is not above 0"));
    }
    let Some(given) = given else { return Ok(value) };
    unit.map_or(Ok(value), |unit| in_unit(value, given, unit))
}

/// A length in the unit of the data.
pub fn in_unit(value: f64, given: LengthUnit, unit: LengthUnit) -> std::result::Result<f64, String> {
    given.convert(value, unit).ok_or_else(|| format!("the data are in {unit}, which {given} cannot be converted to"))
}

fn positive(text: &str) -> std::result::Result<usize, String> {
    text.parse().ok().filter(|n| *n >= 1).ok_or_else(|| "write a whole number of 1 or more".into())
}

pub fn not_negative(text: &str) -> std::result::Result<f64, String> {
    text.parse().ok().filter(|v: &f64| v.is_finite() && *v >= 0.0).ok_or_else(|| "write a number of 0 or more".into())
}

pub fn error_share(text: &str) -> std::result::Result<f64, String> {
    let share = text.parse().ok().filter(|v: &f64| *v > 0.0 && *v < 1.0);
    share.ok_or_else(|| "write a share of the largest density between 0 and 1, such as 1e-6".into())
}

/// The graphics device of the whole run, as `--adapter` says.
pub static ADAPTER: OnceLock<AdapterChoice> = OnceLock::new();

pub fn method(text: &str) -> std::result::Result<Method, String> {
    match text {
        "auto" => Ok(Method::Auto),
        "exact" => Ok(Method::Exact),
        "tree" => Ok(Method::Tree),
        "spectral" => Ok(Method::Spectral),
        "gpu" => Ok(Method::Gpu),
        _ => Err("known are auto, exact, tree, spectral and gpu".into()),
    }
}

/// One frame of several: its number from 0; none if all are wanted after all (`off`), as of the recipe of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Only(pub Option<u64>);

impl Only {
    /// Why it cannot be written under a name.
    pub const NEEDS_PNG: &str = "--only draws one frame as PNG; name the output F.png, or give --only off for all";
}

impl FromStr for Only {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text {
            "off" => Ok(Self(None)),
            _ => {
                text.parse().map(|k| Self(Some(k))).map_err(|_| "write the number of a frame from 0, or off".to_owned())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_converted_to_the_unit_of_the_data() {
        let nm = Some(LengthUnit::Nanometre);
        assert!((length("25A", nm).unwrap() - 2.5).abs() < 1e-12);
        assert_eq!(length("2.5nm", nm).unwrap(), 2.5);
        assert_eq!(length("2.5e0", None).unwrap(), 2.5);
        for bad in ["", "A", "-1A", "nanA", "0", "1parsec"] {
            assert!(length(bad, nm).is_err(), "{bad}");
        }
        assert!(length("1px", nm).is_err());
        assert!(guessed_unit("--spacing", Some("1,1,0.3nm"), None).unwrap().contains("--spacing 1,1,0.3nm"));
        assert_eq!(guessed_unit("--spacing", Some("0.3nm"), nm).or(guessed_unit("--spacing", Some("0.3"), None)), None);
    }

    #[test]
    fn grids_and_boxes_are_read_and_wrong_ones_refused() {
        assert_eq!(grid_nodes("30").unwrap(), [30; 3]);
        assert_eq!(grid_nodes("30, 31,32").unwrap(), [30, 31, 32]);
        for bad in ["1", "0", "-3", "2,2", "a", ""] {
            assert!(grid_nodes(bad).is_err(), "{bad}");
        }
        assert_eq!(bounds("-1,1,-2,2,0,3").unwrap().size(), DVec3::new(2.0, 4.0, 3.0));
        for bad in ["1,-1,0,1,0,1", "0,1,0,1,0", "0,1,0,1,0,nan", "0,0,0,1,0,1"] {
            assert!(bounds(bad).is_err(), "{bad}");
        }
    }
}
