//! NPY, numpy's array files: versions 1 to 3, numbers of every size and byte order.
//!
//! `(N, 3)` are points, `(F, N, 3)` frames of points, `(N, 2)` points of a plane; any other array of
//! three dimensions is a volume in C order of [x, y, z]. Objects are never unpickled.

mod header;
mod rows;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use glam::DVec3;
use serde::{Deserialize, Serialize};

use super::atomic::{self, AtomicFile};
use super::choose::{self, Parsed};
use super::declare::Declared;
use super::volume::{Values, not_finite};
use super::{ReadOptions, VolumeInput};
use crate::error::{Error, Result};
use crate::geometry::LengthUnit;
use crate::grid::{DensityGrid, Lattice, Sample};
use header::Header;
pub(super) use rows::Rows;

/// An array of numbers of any shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// Length of each dimension; empty for a single number.
    pub shape: Vec<usize>,
    /// The values in C order (the last index fastest).
    pub values: Vec<f64>,
}

/// Reads the bytes of an NPY file; `name` stands in errors.
///
/// # Errors
/// [`Error::Input`] if the header is wrong, claims more than the file holds, or the values are no real
/// numbers.
pub fn read_array(bytes: &[u8], name: &str) -> Result<Array> {
    let header = header::read(bytes).map_err(|problem| Error::input(name, problem))?;
    Ok(array(header, bytes))
}

fn array(header: Header, bytes: &[u8]) -> Array {
    let values: Vec<f64> = header.number().decode(header.data(bytes));
    let values = if header.is_fortran { c_order(&values, &header.shape) } else { values };
    Array { shape: header.shape, values }
}

/// The shape of the array in the bytes of an NPY file.
pub(super) fn shape(bytes: &[u8], name: &str) -> Result<Vec<usize>> {
    header::read(bytes).map(|header| header.shape).map_err(|problem| Error::input(name, problem))
}

/// Values with the first index fastest, as values with the last index fastest.
fn c_order(values: &[f64], shape: &[usize]) -> Vec<f64> {
    let mut index = vec![0; shape.len()];
    let mut out = Vec::with_capacity(values.len());
    for _ in 0..values.len() {
        let at = index.iter().zip(shape).rev().fold(0, |at, (i, n)| at * n + i);
        out.push(values[at]);
        for (i, n) in index.iter_mut().zip(shape).rev() {
            *i += 1;
            if *i < *n {
                break;
            }
            *i = 0;
        }
    }
    out
}

/// What an NPY file holds.
#[expect(clippy::large_enum_variant, reason = "there is one of it")]
pub(super) enum Contents {
    Points(Parsed),
    Volume(VolumeInput),
}

/// Geometry beside a volume: `F.npy.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Geometry {
    origin: [f64; 3],
    spacing: [f64; 3],
    unit: Option<String>,
    /// What the values are; nothing where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quantity: Option<String>,
}

/// Reads points or a volume. `path` is where a file with the geometry is looked for.
pub(super) fn parse(bytes: &[u8], name: &str, path: Option<&Path>, options: &ReadOptions) -> Result<Contents> {
    let header = header::read(bytes).map_err(|problem| Error::input(name, problem))?;
    let geometry = path.map_or(Ok(None), read_geometry)?;
    match *header.shape.as_slice() {
        [_, dimensions @ (2 | 3)] => Ok(Contents::Points(points(&array(header, bytes).values, &[0], dimensions))),
        [frames, count, 3] if geometry.is_none() => {
            // Before anything is made for each frame: (10^18, 0, 3) fits into an empty file.
            if header.data(bytes).is_empty() {
                return Err(Error::Data(format!("{name}: holds no points, its shape is {:?}", header.shape)));
            }
            let starts: Vec<usize> = (0..frames).map(|f| f * count).collect();
            Ok(Contents::Points(points(&array(header, bytes).values, &starts, 3)))
        }
        [nx, ny, nz] => {
            volume(&header, header.data(bytes), [nx, ny, nz], geometry, options, name).map(Contents::Volume)
        }
        [axes @ (2 | 3), count] if count > 3 => Err(Error::input(
            name,
            format!("has the shape [{axes}, {count}]; points are (N, {axes}): save its transpose (array.T)"),
        )),
        [_, more] if more > 3 => Err(Error::input(
            name,
            format!(
                "has the shape {:?}; points are (N, 3): save the columns of the positions (array[:, :3])",
                header.shape
            ),
        )),
        _ => Err(Error::input(
            name,
            format!(
                "has the shape {:?}; points are (N, 3) or (F, N, 3), a volume has three dimensions, and `heatmap` \
                 draws (N, 2)",
                header.shape
            ),
        )),
    }
}

fn points(values: &[f64], starts: &[usize], dimensions: usize) -> Parsed {
    let mut rows = choose::Rows::with_capacity(values.len() / dimensions);
    let mut parsed = Parsed { format: "npy", dimensions, ..Parsed::default() };
    let mut starts = starts.iter().peekable();
    for (i, row) in values.chunks_exact(dimensions).enumerate() {
        if starts.next_if(|start| **start == i).is_some() {
            parsed.starts.push(rows.positions.len());
            parsed.row_starts.push(i);
        }
        let position = DVec3::new(row[0], row[1], row.get(2).copied().unwrap_or(0.0));
        rows.push(position, i as u64);
    }
    if values.is_empty() {
        (parsed.starts, parsed.row_starts) = (vec![0], vec![0]);
    }
    rows.finish(&mut parsed, choose::row);
    parsed
}

fn volume(
    header: &Header,
    data: &[u8],
    shape: [usize; 3],
    geometry: Option<Geometry>,
    options: &ReadOptions,
    name: &str,
) -> Result<VolumeInput> {
    if data.is_empty() {
        return Err(Error::Data(format!("{name}: the volume has no values, its shape is {shape:?}")));
    }
    let (mut notes, mut warnings) = (Vec::new(), Vec::new());
    let mut unit = options.unit;
    let content = match geometry.as_ref().and_then(|geometry| geometry.quantity.as_deref()) {
        Some("density") => Values::Density,
        Some("counts") => Values::Counts,
        Some("per-volume") => Values::PerVolume,
        _ => Values::Other,
    };
    let lattice = match (options.bounds, geometry) {
        (Some(bounds), _) => Lattice::spanning(bounds, shape)?,
        (None, Some(geometry)) => {
            let declared = Declared::of(unit, geometry.unit.as_deref().and_then(|u| u.parse().ok()), None);
            unit = declared.unit;
            warnings.extend(declared.warning);
            Lattice { shape, origin: geometry.origin.into(), spacing: geometry.spacing.into() }
        }
        (None, None) => {
            notes.push("no geometry beside it and no --bounds: origin 0 and spacing 1".to_owned());
            Lattice { shape, origin: DVec3::ZERO, spacing: DVec3::ONE }
        }
    };
    let number = header.number();
    let grid = if header.is_fortran {
        DensityGrid::new(lattice, number.decode(data), unit)?
    } else {
        let read = |first: usize, some: &mut [f32]| number.decode_into(&data[first * number.size()..], some);
        DensityGrid::reading_c_order(lattice, read, unit)?
    };
    warnings.extend(not_finite(&grid.values, name)?);
    notes.extend(number.narrowed());
    warnings.extend(number.rounded(data));
    Ok(VolumeInput { grid, steps: None, content, format: "npy", notes, warnings })
}

pub(super) fn with_json(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".json");
    name.into()
}

/// The geometry beside `path`, also beside the packed file's name without `.gz`.
fn read_geometry(path: &Path) -> Result<Option<Geometry>> {
    let mut candidates = vec![with_json(path)];
    if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("gz")) {
        candidates.push(with_json(&path.with_extension("")));
    }
    let Some(json) = candidates.into_iter().find(|c| c.is_file()) else { return Ok(None) };
    let name = json.display().to_string();
    const MAX_LEN: u64 = 1 << 20;
    let is_long = fs::metadata(&json).is_ok_and(|m| m.len() > MAX_LEN);
    let text =
        if is_long { String::new() } else { fs::read_to_string(&json).map_err(|e| Error::file(&json, "read", e))? };
    let geometry: Geometry = serde_json::from_str(&text).map_err(|e| {
        Error::input(
            &name,
            format!("{e}; expected is {{\"origin\": [x, y, z], \"spacing\": [x, y, z], \"unit\": \"nm\"}}"),
        )
    })?;
    let is_good =
        geometry.spacing.iter().all(|s| s.is_finite() && *s > 0.0) && geometry.origin.iter().all(|o| o.is_finite());
    if !is_good {
        return Err(Error::input(name, "the spacing must be positive and the origin finite"));
    }
    if let Some(unit) = &geometry.unit {
        unit.parse::<LengthUnit>().map_err(|e| Error::input(&name, e.to_string()))?;
    }
    Ok(Some(geometry))
}

/// Writes a grid as NPY in C order of [x, y, z], and beside it `PATH.json` with its geometry. The
/// number type is that of the grid. `input` is never overwritten.
///
/// # Errors
/// [`Error::File`], or [`Error::Usage`] if `path` is `input`.
pub fn write_npy<T: Sample>(path: &Path, grid: &DensityGrid<T>, content: Values, input: Option<&Path>) -> Result<()> {
    let array = filled_array(path, &grid.lattice.shape, &grid.to_c_order(), input)?;
    let geometry = Geometry {
        origin: grid.lattice.origin.into(),
        spacing: grid.lattice.spacing.into(),
        unit: grid.unit.map(|u| u.name().to_owned()),
        quantity: match content {
            Values::Density => Some("density".into()),
            Values::Counts => Some("counts".into()),
            Values::PerVolume => Some("per-volume".into()),
            Values::Other => None,
        },
    };
    if atomic::is_stream(path) {
        return array.commit();
    }
    let beside = atomic::filled(&with_json(path), input, |file| Ok(serde_json::to_writer_pretty(file, &geometry)?))?;
    atomic::commit_together(vec![array, beside])
}

/// Writes `values` in C order as an array of `shape`.
///
/// # Errors
/// [`Error::Data`] if the number of values is not that of the shape; as [`write_npy`].
pub fn write_array<T: Sample>(path: &Path, shape: &[usize], values: &[T], input: Option<&Path>) -> Result<()> {
    filled_array(path, shape, values, input)?.commit()
}

/// As [`write_array`], of a file that has still to appear.
///
/// # Errors
/// As [`write_array`].
pub(crate) fn filled_array<T: Sample>(
    path: &Path,
    shape: &[usize],
    values: &[T],
    input: Option<&Path>,
) -> Result<AtomicFile> {
    if shape.iter().try_fold(1usize, |n, side| n.checked_mul(*side)) != Some(values.len()) {
        return Err(Error::Data(format!("{} values do not fill an array of shape {shape:?}", values.len())));
    }
    let size = size_of::<T>();
    atomic::filled(path, input, |file| {
        file.write_all(&header::write(shape, size))?;
        let mut bytes = Vec::with_capacity(1 << 16);
        for chunk in values.chunks(1 << 13) {
            bytes.clear();
            for value in chunk {
                match size {
                    4 => bytes.extend_from_slice(&(value.to_f64() as f32).to_le_bytes()),
                    _ => bytes.extend_from_slice(&value.to_f64().to_le_bytes()),
                }
            }
            file.write_all(&bytes)?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Box3;

    pub(super) fn file(header: &str, data: &[u8]) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    }

    fn f32s(values: &[f32]) -> Vec<u8> {
        values.iter().flat_map(|v| v.to_le_bytes()).collect()
    }

    fn points_of(contents: Result<Contents>) -> Parsed {
        match contents.unwrap() {
            Contents::Points(parsed) => parsed,
            Contents::Volume(_) => panic!("a volume"),
        }
    }

    fn parse_bytes(bytes: &[u8]) -> Result<Contents> {
        parse(bytes, "t.npy", None, &ReadOptions::default())
    }

    #[test]
    fn rows_of_three_are_points_and_stacks_of_them_frames() {
        let values: Vec<f32> = (0..12).map(|v| v as f32).collect();
        let two = file("{'descr': '<f4', 'fortran_order': False, 'shape': (4, 3), }", &f32s(&values));
        assert_eq!(points_of(parse_bytes(&two)).cloud.positions[1], DVec3::new(3.0, 4.0, 5.0));
        let three = file("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2, 3), }", &f32s(&values));
        let parsed = points_of(parse_bytes(&three));
        assert_eq!((parsed.starts, parsed.row_starts), (vec![0, 2, 4], vec![0, 2, 4]));
    }

    #[test]
    fn columns_of_fortran_order_become_rows() {
        let bytes =
            file("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3)}", &f32s(&[0.0, 3.0, 1.0, 4.0, 2.0, 5.0]));
        let parsed = points_of(parse_bytes(&bytes));
        assert_eq!(parsed.cloud.positions, [DVec3::new(0.0, 1.0, 2.0), DVec3::new(3.0, 4.0, 5.0)]);
        let cube: Vec<f64> = (0..24).map(f64::from).collect();
        // Fortran (i, j, k) of shape (2, 3, 4) is i + 2 * (j + 3 * k).
        assert_eq!(c_order(&cube, &[2, 3, 4])[..5], [0.0, 6.0, 12.0, 18.0, 2.0]);
    }

    #[test]
    fn rows_that_are_not_finite_are_left_out() {
        let values = [1.0, f32::NAN, 3.0, 4.0, 5.0, 6.0, f32::INFINITY, 0.0, 0.0];
        let parsed =
            points_of(parse_bytes(&file("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 3)}", &f32s(&values))));
        assert_eq!((parsed.cloud.len(), parsed.row_of_point), (1, Some(vec![1])));
        assert_eq!(parsed.first_dropped.as_deref(), Some("row 0 from 0"));
    }

    #[test]
    fn pairs_are_points_of_a_plane_and_other_shapes_are_refused() {
        let shaped = |shape: &str, n| {
            file(&format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}"), &f32s(&vec![1.0; n]))
        };
        assert_eq!(points_of(parse_bytes(&shaped("(2, 2)", 4))).dimensions, 2);
        for (shape, n, expected) in [
            ("(3,)", 3, "heatmap"),
            ("(1, 1, 1, 3)", 3, "heatmap"),
            ("()", 1, "heatmap"),
            ("(2, 4)", 8, "its transpose (array.T)"),
            ("(5, 4)", 20, "(array[:, :3])"),
        ] {
            assert!(parse_bytes(&shaped(shape, n)).is_err_and(|e| e.to_string().contains(expected)), "{shape}");
        }
        let records = file("{'descr': [('x', '<f8')], 'fortran_order': False, 'shape': (1,)}", &[0; 8]);
        assert!(parse_bytes(&records).is_err_and(|e| e.to_string().contains("records with named fields")));
        assert!(parse_bytes(&shaped("(0, 5, 3)", 0)).is_err());
        assert!(parse_bytes(&shaped("(0, 5, 4)", 0)).is_err());
        assert!(parse_bytes(&shaped("(1000000000000000000, 0, 3)", 0)).is_err());
    }

    #[test]
    fn a_volume_is_written_and_read_back_with_its_geometry() {
        let folder = std::env::temp_dir().join(format!("densitas-npy-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("v.npy");
        let lattice =
            Lattice { shape: [2, 3, 4], origin: DVec3::new(1.0, -2.0, 0.5), spacing: DVec3::new(0.1, 0.2, 0.3) };
        let grid = DensityGrid::new(lattice, (0..24).map(|v| v as f32).collect(), Some(LengthUnit::Nanometre)).unwrap();
        write_npy(&path, &grid, Values::Density, None).unwrap();
        let bytes = fs::read(&path).unwrap();
        assert_eq!(bytes.len(), 128 + 24 * 4);
        let read = |options: &ReadOptions| match parse(&bytes, "v.npy", Some(&path), options).unwrap() {
            Contents::Volume(volume) => {
                assert_eq!(volume.content, Values::Density);
                volume.grid
            }
            Contents::Points(_) => panic!("points"),
        };
        assert_eq!(read(&ReadOptions::default()), grid);
        let bounds = Box3 { min: DVec3::ZERO, max: DVec3::ONE };
        assert_eq!(read(&ReadOptions { bounds: Some(bounds), ..ReadOptions::default() }).lattice.bounds(), bounds);
        fs::write(folder.join("v.npy.json"), "{\"origin\": [0, 0, 0], \"spacing\": [1, 0, 1], \"unit\": null}")
            .unwrap();
        assert!(parse(&bytes, "v.npy", Some(&path), &ReadOptions::default()).is_err());
        fs::remove_dir_all(folder).unwrap();
    }
}
