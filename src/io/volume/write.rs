//! Writing grids, each format by the ending of its name.

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::Path;

use super::super::{atomic, npy};
use super::{Values, dx, mrc, nrrd, tiff, vti};
use crate::error::{Error, Result};
use crate::geometry::LengthUnit;
use crate::grid::{DensityGrid, Lattice, Sample};

/// A format that grids are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VolumeFormat {
    /// numpy's, with `F.npy.json` beside it.
    Npy,
    /// MRC2014, mode 2 (f32), in angstrom. ORIGIN places it, and NSTART too where a node lies at 0.
    Mrc,
    /// The same as CCP4 has it: where a node lies at 0, NSTART alone places it.
    Ccp4,
    /// OpenDX, text.
    Dx,
    /// NRRD, raw.
    Nrrd,
    /// VTK's XML image data.
    Vti,
    /// TIFF stack as ImageJ writes it, f32.
    Tiff,
}

impl VolumeFormat {
    /// The format that a name's ending asks for; a device or pipe is written as NPY.
    ///
    /// # Errors
    /// [`Error::Usage`] that lists the endings.
    pub fn of(path: &Path) -> Result<Self> {
        let ending = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
        match ending.as_str() {
            "npy" => Ok(Self::Npy),
            "mrc" => Ok(Self::Mrc),
            "ccp4" | "map" => Ok(Self::Ccp4),
            "dx" => Ok(Self::Dx),
            "nrrd" => Ok(Self::Nrrd),
            "vti" => Ok(Self::Vti),
            "tif" | "tiff" => Ok(Self::Tiff),
            _ if atomic::is_stream(path) => Ok(Self::Npy),
            _ => Err(Error::Usage(format!(
                "{}: grids are written as .npy, .mrc, .ccp4, .dx, .nrrd, .vti or .tif; name the output so",
                path.display()
            ))),
        }
    }

    /// Whether samples of 64 bits can be written.
    pub fn holds_f64(self) -> bool {
        !matches!(self, Self::Mrc | Self::Ccp4 | Self::Tiff)
    }
}

/// Writes a grid and what it holds; `input` is never overwritten. Gives what is to be told: MRC is in angstrom, so that other units are
/// converted, positions and densities both.
///
/// # Errors
/// [`Error::File`], or [`Error::Usage`] if `path` is `input`.
pub fn write_volume<T: Sample>(
    path: &Path,
    format: VolumeFormat,
    grid: &DensityGrid<T>,
    content: Values,
    input: Option<&Path>,
) -> Result<Vec<String>> {
    let is_map = matches!(format, VolumeFormat::Mrc | VolumeFormat::Ccp4);
    let (grid, note) = if is_map { in_angstrom(grid, content) } else { (Cow::Borrowed(grid), None) };
    let fill = |out: &mut dyn Write| match format {
        VolumeFormat::Npy => unreachable!("written below"),
        VolumeFormat::Mrc => mrc::write(out, &grid, false, content),
        VolumeFormat::Ccp4 => mrc::write(out, &grid, true, content),
        VolumeFormat::Dx => dx::write(out, &grid, content),
        VolumeFormat::Nrrd => nrrd::write(out, &grid, content),
        VolumeFormat::Vti => vti::write(out, &grid, content),
        VolumeFormat::Tiff => tiff::write(out, &grid, content),
    };
    match format {
        VolumeFormat::Npy => npy::write_npy(path, &grid, content, input)?,
        _ => atomic::write(path, input, fill)?,
    }
    let beside = is_map && !mrc::has_node_at_0(&grid.lattice);
    let problem = "its nodes are no multiples of the spacing, so that ORIGIN places it, which gemmi, Coot and CCP4 do not \
                   read: there it is moved";
    let way_out = "; a density with --bounds that begin at multiples of --spacing is not";
    let told = format!("{problem}{}", if content == Values::Density { way_out } else { "" });
    Ok(note.into_iter().chain(beside.then_some(told)).collect())
}

/// The grid in angstrom, if its unit can be converted: a density per nm^3 is a thousandth of it per cubic angstrom, other
/// values are what they are.
fn in_angstrom<T: Sample>(grid: &DensityGrid<T>, content: Values) -> (Cow<'_, DensityGrid<T>>, Option<String>) {
    let Some(unit) = grid.unit.filter(|u| *u != LengthUnit::Angstrom) else {
        let note = grid.unit.is_none().then(|| "its unit is not known; programs take MRC as angstrom".to_owned());
        return (Cow::Borrowed(grid), note);
    };
    let Some(factor) = unit.convert(1.0, LengthUnit::Angstrom) else {
        let note = format!("{unit} cannot be converted to angstrom, which programs take MRC to be in");
        return (Cow::Borrowed(grid), Some(note));
    };
    let (volume, what) = match content {
        Values::Density | Values::PerVolume => (factor.powi(3), ": the density is per cubic angstrom"),
        Values::Counts | Values::Other => (1.0, "; the values stay as they are"),
    };
    let converted = DensityGrid {
        lattice: Lattice {
            origin: grid.lattice.origin * factor,
            spacing: grid.lattice.spacing * factor,
            ..grid.lattice
        },
        values: grid.values.iter().map(|v| T::from_f64(v.to_f64() / volume)).collect(),
        unit: Some(LengthUnit::Angstrom),
        focus: grid.focus,
    };
    (Cow::Owned(converted), Some(format!("written in angstrom, from {unit}{what}")))
}

/// Values as 32-bit or 64-bit floats, little-endian.
pub(super) fn numbers<T: Sample>(out: &mut dyn Write, values: &[T]) -> io::Result<()> {
    match size_of::<T>() {
        4 => self::values(out, values, |v| (v.to_f64() as f32).to_le_bytes()),
        _ => self::values(out, values, |v| v.to_f64().to_le_bytes()),
    }
}

/// Values one after the other, each as `N` bytes.
pub(super) fn values<T: Sample, const N: usize>(
    out: &mut dyn Write,
    values: &[T],
    bytes_of: impl Fn(&T) -> [u8; N],
) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(N << 13);
    for chunk in values.chunks(1 << 13) {
        bytes.clear();
        bytes.extend(chunk.iter().flat_map(&bytes_of));
        out.write_all(&bytes)?;
    }
    Ok(())
}
