//! Volumes: one file per format, and what they share.
//!
//! A reader gives a [`Raw`] volume in the order of its file; [`Raw::finish`] turns it so that x varies
//! fastest and every axis runs upward. Volumes whose axes are not those of space (a monoclinic cell, a rotated
//! scan) keep their steps, and [`VolumeInput::into_grid`] resamples them.

pub(super) mod cube;
pub(super) mod dx;
pub(super) mod mrc;
pub(super) mod nrrd;
pub(super) mod oblique;
pub(super) mod plt;
pub(super) mod tiff;
pub(super) mod vti;
mod write;

use glam::DVec3;

pub use write::{VolumeFormat, write_volume};

use super::ReadOptions;
use super::declare::Declared;
use super::numbers::Number;
use crate::error::{Error, Result};
use crate::geometry::LengthUnit;
use crate::grid::{DensityGrid, Lattice, checked_len};

/// What the values of a volume are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Values {
    /// A density whose integral is 1, per cube of the unit of length.
    Density,
    /// Points in each cell.
    Counts,
    /// Something else per cube of the unit of length: a difference of densities, a standard error.
    PerVolume,
    /// What no file says: an electron density, a potential, grey values.
    #[default]
    Other,
}

/// Where a file that densitas wrote says what it holds.
const LABELLED: usize = 4096;

impl Values {
    /// What is written of it into a file, beside the name of the program.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Density => "Gaussian density",
            Self::Counts => "counts of points",
            Self::PerVolume => "values per volume",
            Self::Other => "values",
        }
    }

    /// What a file says of it, that densitas wrote: in its head, or TIFF after its pixels.
    pub(super) fn of_file(bytes: &[u8], format: &str) -> Self {
        let place = if format == "tiff" { bytes } else { &bytes[..bytes.len().min(LABELLED)] };
        let Some(at) = memchr::memmem::find(place, b"densitas ") else { return Self::Other };
        let label = &place[at..place.len().min(at + 80)];
        let says = |content: &Self| memchr::memmem::find(label, content.label().as_bytes()).is_some();
        [Self::Density, Self::Counts, Self::PerVolume].into_iter().find(says).unwrap_or_default()
    }

    /// The line that begins with the program.
    pub(super) fn line(self) -> String {
        format!("densitas {}: {}", env!("CARGO_PKG_VERSION"), self.label())
    }
}

/// A volume read from an input.
#[derive(Debug, Clone)]
pub struct VolumeInput {
    /// The samples as the file holds them. If `steps` is given, the nodes do not lie where its lattice says, which
    /// then has the lengths of the steps as spacing.
    pub grid: DensityGrid,
    /// The way from one sample to the next along each axis of the grid, where the axes are not those of space.
    pub steps: Option<[DVec3; 3]>,
    /// What its values are.
    pub content: Values,
    /// `npy`, `mrc`, `dx`, `nrrd`, `vti`, `tiff`, `cube` or `plt`.
    pub format: &'static str,
    /// How it was understood.
    pub notes: Vec<String>,
    /// What the user should know before trusting the result.
    pub warnings: Vec<String>,
}

/// A tilt of an axis, as a share of its step, that moves no node by as much as a voxel in a grid of 10,000.
const STRAIGHT: f64 = 1e-5;

/// A volume in the order of its file.
#[derive(Debug)]
pub(super) struct Raw {
    pub(super) format: &'static str,
    /// Samples along the axes of the file, the fastest first.
    pub(super) shape: [usize; 3],
    /// Position of the first sample.
    pub(super) origin: DVec3,
    /// The way to the next sample along each axis of the file.
    pub(super) steps: [DVec3; 3],
    pub(super) values: Vec<f32>,
    pub(super) unit: Option<LengthUnit>,
    pub(super) notes: Vec<String>,
    pub(super) warnings: Vec<String>,
}

impl Raw {
    /// The volume with x fastest.
    ///
    /// # Errors
    /// [`Error::Input`] for steps that span no space, [`Error::Data`] if no value is finite.
    pub(super) fn finish(mut self, options: &ReadOptions, name: &str) -> Result<VolumeInput> {
        let directions = self.directions().ok_or_else(|| {
            let [a, b, c] = self.steps;
            Error::input(name, format!("the steps along its axes, {a}, {b} and {c}, span no volume; mend its header"))
        })?;
        let (values, shape) = self.turned(&directions);
        let steps = directions.files.map(|f| self.steps[f]);
        let mut origin = self.origin;
        for (axis, &file) in directions.files.iter().enumerate() {
            if directions.is_reversed[axis] {
                origin += self.steps[file] * (self.shape[file] - 1) as f64;
            }
        }
        let mut lattice = Lattice { shape, origin, spacing: DVec3::from_array(steps.map(DVec3::length)) };
        let (mut notes, mut warnings) = (self.notes, self.warnings);
        let mut steps = (!directions.is_straight).then_some(steps);
        if let Some(bounds) = options.bounds {
            lattice = Lattice::spanning(bounds, shape)?;
            steps = None;
            warnings.push("--bounds replaces the place that the file states".to_owned());
        }
        if let Some(steps) = &steps {
            notes.push(oblique::told(steps));
        }
        let declared = Declared::of(options.unit, self.unit, None);
        warnings.extend(declared.warning);
        warnings.extend(not_finite(&values, name)?);
        let grid = DensityGrid::new(lattice, values, declared.unit)?;
        Ok(VolumeInput { grid, steps, content: Values::Other, format: self.format, notes, warnings })
    }

    /// Which axis of the file runs along each axis of space.
    fn directions(&self) -> Option<Directions> {
        let [a, b, c] = self.steps;
        let size = a.length() * b.length() * c.length();
        let volume = a.cross(b).dot(c).abs();
        // Also false for steps that are not finite.
        let spans = volume > 1e-6 * size && volume.is_finite() && size > 0.0 && self.origin.is_finite();
        if !spans {
            return None;
        }
        let mut files = [usize::MAX; 3];
        for (file, step) in self.steps.iter().enumerate() {
            files[largest_component(*step)] = file;
        }
        if files.contains(&usize::MAX) {
            files = [0, 1, 2];
            return Some(Directions { files, is_reversed: [false; 3], is_straight: false });
        }
        let off = |axis: usize| {
            let step = self.steps[files[axis]];
            DVec3::from_array(std::array::from_fn(|a| if a == axis { 0.0 } else { step[a] })).length() / step.length()
        };
        let is_straight = (0..3).all(|axis| off(axis) <= STRAIGHT);
        let is_reversed = std::array::from_fn(|axis| is_straight && self.steps[files[axis]][axis] < 0.0);
        Some(Directions { files, is_reversed, is_straight })
    }

    /// The values with x fastest, and their shape.
    fn turned(&mut self, directions: &Directions) -> (Vec<f32>, [usize; 3]) {
        let shape = directions.files.map(|f| self.shape[f]);
        if directions.files == [0, 1, 2] && directions.is_reversed == [false; 3] {
            return (std::mem::take(&mut self.values), shape);
        }
        let strides = [1, self.shape[0], self.shape[0] * self.shape[1]];
        let at = |axis: usize, i: usize| {
            let i = if directions.is_reversed[axis] { shape[axis] - 1 - i } else { i };
            i * strides[directions.files[axis]]
        };
        let mut out = Vec::with_capacity(self.values.len());
        for k in 0..shape[2] {
            for j in 0..shape[1] {
                let row = at(1, j) + at(2, k);
                out.extend((0..shape[0]).map(|i| self.values[row + at(0, i)]));
            }
        }
        (out, shape)
    }
}

struct Directions {
    /// For x, y and z the axis of the file.
    files: [usize; 3],
    is_reversed: [bool; 3],
    /// Whether the axes of the file are those of space.
    is_straight: bool,
}

fn largest_component(v: DVec3) -> usize {
    let v = v.abs();
    [0, 1, 2].into_iter().max_by(|a, b| v[*a].total_cmp(&v[*b])).unwrap_or(0)
}

/// The steps of axes that are those of space.
pub(super) fn straight(spacing: DVec3) -> [DVec3; 3] {
    [DVec3::X * spacing.x, DVec3::Y * spacing.y, DVec3::Z * spacing.z]
}

/// A warning of values that are not finite.
///
/// # Errors
/// [`Error::Data`] if none is finite.
pub(super) fn not_finite(values: &[f32], name: &str) -> Result<Option<String>> {
    let odd = values.iter().filter(|v| !v.is_finite()).count();
    if odd == values.len() {
        return Err(Error::Data(format!("{name}: none of the {odd} values of the volume is finite")));
    }
    Ok((odd > 0).then(|| format!("{odd} of {} values of the volume are not finite", values.len())))
}

/// The samples of `shape`, if `data` hold them; what more there is, is told.
pub(super) fn samples(
    data: &[u8],
    number: Number,
    shape: [usize; 3],
    name: &str,
    warnings: &mut Vec<String>,
) -> Result<Vec<f32>> {
    let needed = checked_bytes(shape, number.size(), name)?;
    let Some(rest) = data.len().checked_sub(needed) else {
        let [x, y, z] = shape;
        let problem = format!("{x} x {y} x {z} values need {needed} bytes, the file holds {}", data.len());
        return Err(Error::input(name, format!("{problem}; it is cut or its header is damaged: fetch it again")));
    };
    if rest > 0 {
        warnings.push(format!("{rest} bytes after the values are not read"));
    }
    warnings.extend(number.rounded(&data[..needed]));
    Ok(number.decode(&data[..needed]))
}

/// The bytes of `shape` values of `size` bytes each.
pub(super) fn checked_bytes(shape: [usize; 3], size: usize, name: &str) -> Result<usize> {
    let [x, y, z] = shape;
    let empty = shape.contains(&0);
    let bytes = checked_len(shape).ok().and_then(|n| n.checked_mul(size)).filter(|_| !empty);
    bytes.ok_or_else(|| {
        let problem = format!("states {x} x {y} x {z} values, which cannot be; each side is at least 1");
        Error::input(name, format!("{problem} and all fit into memory: the header is damaged"))
    })
}

#[cfg(test)]
mod tests;
