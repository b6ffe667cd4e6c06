//! HDF5 of localisation programs: Picasso (a table `locs`, its pixel size in the YAML beside it) and
//! DECODE (arrays in a group `data`, its pixel size in attributes).

use std::ops::Range;
use std::path::{Path, PathBuf};

use hdf5_pure::{AttrValue, Dataset, Datatype, DatatypeByteOrder, File};

use super::choose::Parsed;
use super::chunks::Opened;
use super::chunks::columns::{BATCH, Batch, Batches, columned};
use super::table::columns::{self, Choice, Columns};
use super::{ReadOptions, Source, bytes as files};
use crate::error::{Error, Result};
use crate::geometry::LengthUnit;

/// Reads the localisations; `path` is where the YAML is looked for.
///
/// # Errors
/// [`Error::Input`] if the file is damaged or holds other things; as [`columns::read`].
pub(super) fn parse(bytes: &[u8], name: &str, path: Option<&Path>, options: &ReadOptions) -> Result<Parsed> {
    let most = files::unpacked_limit(bytes.len(), options.max_decompressed);
    let file = File::from_bytes(bytes.to_vec()).map_err(|e| damaged(&e, name))?;
    let (columns, table) = Table::of(&file, most, name, path)?;
    let main = table.raw(table.held.main(), 0..table.rows)?;
    columns::read(columns, options, name, |column| table.column(&main, column, 0..table.rows))
}

/// Opens a file whose localisations are read some at a time.
///
/// # Errors
/// As [`parse`].
pub(super) fn streamed(path: &Path, source: &Source, options: &ReadOptions) -> Result<Opened> {
    let name = source.to_string();
    let file = File::open_streaming(path).map_err(|e| damaged(&e, &name))?;
    let most = files::streamed_limit(file.file_size(), options.max_decompressed);
    let (columns, table) = Table::of(&file, most, &name, Some(path))?;
    let mut first = |column| Ok(table.read(&[column], 0..table.rows.min(BATCH))?.remove(0));
    let choice = Choice::of(columns, options, &name, &mut first)?;
    let localisations = Localisations { path: path.to_owned(), rows: table.rows, most, name };
    columned(localisations, choice, source, options)
}

/// A file that is opened for each look at its localisations.
#[derive(Debug)]
struct Localisations {
    path: PathBuf,
    rows: usize,
    most: u64,
    name: String,
}

impl Batches for Localisations {
    fn rows(&self) -> usize {
        self.rows
    }

    fn each(&self, columns: &[usize], next: &mut Batch) -> Result<()> {
        let file = File::open_streaming(&self.path).map_err(|e| damaged(&e, &self.name))?;
        let (_, table) = Table::of(&file, self.most, &self.name, Some(&self.path))?;
        for start in (0..table.rows).step_by(BATCH) {
            next(table.read(columns, start..(start + BATCH).min(table.rows))?)?;
        }
        Ok(())
    }
}

/// Localisations, and how many rows of them there are.
struct Table<'a> {
    held: Held,
    rows: usize,
    name: &'a str,
}

/// How localisations are held.
enum Held {
    /// All numbers of one after the other.
    Records { dataset: Dataset, fields: Vec<Field>, stride: usize },
    /// Positions in one array, and others in one each.
    Arrays { xyz: Dataset, position: Field, further: Vec<(Dataset, Field)> },
}

impl<'a> Table<'a> {
    /// Finds the localisations in a file, of at most so many bytes.
    fn of(file: &File, most: u64, name: &'a str, path: Option<&Path>) -> Result<(Columns, Self)> {
        let damaged = |e: hdf5_pure::Error| damaged(&e, name);
        let (datasets, groups) = (file.root().datasets().map_err(damaged)?, file.root().groups().map_err(damaged)?);
        let (columns, held) = if datasets.iter().any(|d| d == "locs") {
            picasso(file.dataset("locs").map_err(damaged)?, name, path)?
        } else if groups.iter().any(|g| g == "data")
            && let Ok(dataset) = file.dataset("data/xyz")
        {
            decode(file, dataset, name)?
        } else {
            let there = [datasets, groups].concat();
            let problem = "holds neither localisations of Picasso (`locs`) nor of DECODE (`data/xyz`)";
            return Err(Error::input(name, format!("{problem}, but {}; save them as CSV", listed(&there))));
        };
        let rows = checked_rows(held.main(), most, name)?;
        Ok((columns, Self { held, rows, name }))
    }

    /// The bytes of some rows of a dataset.
    fn raw(&self, dataset: &Dataset, rows: Range<usize>) -> Result<Vec<u8>> {
        dataset.read_raw_rows(rows.start as u64, rows.len() as u64).map_err(|e| damaged(&e, self.name))
    }

    /// The values of some columns in some rows.
    fn read(&self, columns: &[usize], rows: Range<usize>) -> Result<Vec<Vec<f64>>> {
        let is_main = matches!(self.held, Held::Records { .. }) || columns.iter().any(|c| *c < 3);
        let main = if is_main { self.raw(self.held.main(), rows.clone())? } else { Vec::new() };
        columns.iter().map(|c| self.column(&main, *c, rows.clone())).collect()
    }

    /// The values of a column in some rows, of whose main dataset these are the bytes.
    fn column(&self, main: &[u8], column: usize, rows: Range<usize>) -> Result<Vec<f64>> {
        match &self.held {
            Held::Records { fields, stride, .. } => Ok(fields[column].read(main, *stride)),
            Held::Arrays { position, further, .. } => match further.get(column.wrapping_sub(3)) {
                Some((dataset, field)) => Ok(field.read(&self.raw(dataset, rows)?, field.size)),
                None => Ok(Field { offset: column * position.size, ..*position }.read(main, 3 * position.size)),
            },
        }
    }
}

impl Held {
    /// The dataset of all numbers, or of positions.
    fn main(&self) -> &Dataset {
        match self {
            Self::Records { dataset, .. } => dataset,
            Self::Arrays { xyz, .. } => xyz,
        }
    }
}

/// What is wrong with a file that cannot be decoded.
fn damaged(e: &hdf5_pure::Error, name: &str) -> Error {
    Error::input(name, format!("the HDF5 data are cut or damaged ({e}); fetch it again"))
}

fn listed(names: &[String]) -> String {
    const SHOWN: usize = 10;
    match names {
        [] => "nothing".into(),
        _ => names
            .iter()
            .take(SHOWN)
            .map(|n| format!("`{}`", super::lines::shown(n.as_bytes())))
            .collect::<Vec<_>>()
            .join(", "),
    }
}

/// A number in a record.
struct Field {
    offset: usize,
    size: usize,
    is_big: bool,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    Float,
    Signed,
    Unsigned,
}

impl Field {
    /// `None` if it is no number of a usual size.
    fn of(datatype: &Datatype, offset: usize) -> Option<Self> {
        let (size, order, kind) = match datatype {
            Datatype::FloatingPoint { size: size @ (4 | 8), byte_order, .. } => (*size, byte_order, Kind::Float),
            Datatype::FixedPoint { size: size @ (1 | 2 | 4 | 8), byte_order, layout } => {
                (*size, byte_order, if layout.signed { Kind::Signed } else { Kind::Unsigned })
            }
            _ => return None,
        };
        let is_big = match order {
            DatatypeByteOrder::LittleEndian => false,
            DatatypeByteOrder::BigEndian => true,
            DatatypeByteOrder::Vax => return None,
        };
        Some(Self { offset, size: size as usize, is_big, kind })
    }

    /// The values of all records of `stride` bytes.
    fn read(&self, raw: &[u8], stride: usize) -> Vec<f64> {
        raw.chunks_exact(stride).map(|record| self.value(&record[self.offset..self.offset + self.size])).collect()
    }

    fn value(&self, bytes: &[u8]) -> f64 {
        let mut word = [0; 8];
        for (i, to) in word.iter_mut().take(self.size).enumerate() {
            *to = bytes[if self.is_big { self.size - 1 - i } else { i }];
        }
        let bits = u64::from_le_bytes(word);
        match (self.kind, self.size) {
            (Kind::Float, 4) => f32::from_bits(bits as u32).into(),
            (Kind::Float, _) => f64::from_bits(bits),
            (Kind::Unsigned, _) => bits as f64,
            (Kind::Signed, size) => {
                let unused = 64 - 8 * size as u32;
                ((bits << unused) as i64 >> unused) as f64
            }
        }
    }
}

/// The rows of a dataset, whose length in bytes is checked.
fn checked_rows(dataset: &Dataset, most: u64, name: &str) -> Result<usize> {
    let shape = dataset.shape().map_err(|e| damaged(&e, name))?;
    let size = dataset.element_size().map_err(|e| damaged(&e, name))?;
    let len = shape.iter().try_fold(size, |len, side| len.checked_mul(*side));
    let rows = shape.first().copied().unwrap_or(1);
    len.filter(|len| *len <= most).and_then(|_| usize::try_from(rows).ok()).ok_or_else(|| {
        Error::input(
            name,
            format!(
                "a dataset of shape {shape:?} unpacks to more than {most} bytes; raise --max-decompressed if that is meant"
            ),
        )
    })
}

fn picasso(dataset: Dataset, name: &str, path: Option<&Path>) -> Result<(Columns, Held)> {
    let Datatype::Compound { size, members } = dataset.datatype().map_err(|e| damaged(&e, name))? else {
        return Err(Error::input(name, "`locs` is no table, as Picasso writes it"));
    };
    let stride = size as usize;
    let mut fields = Vec::new();
    let (mut columns, mut left_out) = (Columns { format: "picasso hdf5", ..Columns::default() }, Vec::new());
    for member in &members {
        let offset = member.byte_offset as usize;
        match Field::of(&member.datatype, offset).filter(|f| f.offset.saturating_add(f.size) <= stride) {
            Some(field) => {
                fields.push(field);
                columns.units.push(match member.name.as_str() {
                    "x" | "y" => Some(LengthUnit::Pixel),
                    "z" => Some(LengthUnit::Nanometre),
                    _ => None,
                });
                columns.names.push(member.name.clone());
            }
            None => left_out.push(member.name.clone()),
        }
    }
    if !left_out.is_empty() {
        columns.notes.push(format!("columns that hold no numbers are not read: {}", listed(&left_out)));
    }
    columns.pixel = path.and_then(pixel_size).map(|nm| [nm, nm]);
    if columns.pixel.is_none() {
        columns.notes.push("no YAML beside the file states the size of a pixel (Pixelsize)".into());
    }
    Ok((columns, Held::Records { dataset, fields, stride }))
}

/// Nanometres in a pixel, by the last `Pixelsize:` in the YAML beside a file.
fn pixel_size(path: &Path) -> Option<f64> {
    const MOST: u64 = 16 << 20;
    let yaml = ["yaml", "yml"].iter().map(|ending| path.with_extension(ending)).find(|p| p.is_file())?;
    let text = std::fs::metadata(&yaml).ok().filter(|m| m.len() <= MOST).and_then(|_| std::fs::read(&yaml).ok())?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let stated = text.lines().rev().find_map(|line| line.strip_prefix("Pixelsize:"))?;
    stated.trim().parse().ok().filter(|nm: &f64| nm.is_finite() && *nm > 0.0)
}

fn decode(file: &File, xyz: Dataset, name: &str) -> Result<(Columns, Held)> {
    let damaged = |e: hdf5_pure::Error| damaged(&e, name);
    let shape = xyz.shape().map_err(damaged)?;
    let [rows, 3] = shape[..] else {
        return Err(Error::input(name, format!("`data/xyz` has the shape {shape:?}, (N, 3) is expected")));
    };
    let field = |dataset: &Dataset| dataset.datatype().ok().and_then(|t| Field::of(&t, 0));
    let no_number = || Error::input(name, "`data/xyz` holds no numbers of 4 or 8 bytes");
    let position = field(&xyz).ok_or_else(no_number)?;
    // Further arrays of the same length are columns too.
    let (mut names, mut further) = (["x", "y", "z"].map(str::to_owned).to_vec(), Vec::new());
    for column in file.group("data").and_then(|g| g.datasets()).map_err(damaged)? {
        let dataset = file.dataset(&format!("data/{column}")).map_err(damaged)?;
        if dataset.shape().is_ok_and(|shape| shape == [rows])
            && let Some(field) = field(&dataset)
        {
            names.push(column);
            further.push((dataset, field));
        }
    }
    let attributes = ["meta", "data", "em"].iter().filter_map(|group| file.group(group).ok()?.attrs().ok());
    let attributes: Vec<_> = file.root().attrs().into_iter().chain(attributes).collect();
    let attribute = |key: &str| attributes.iter().find_map(|all| all.get(key));
    let is_pixel = attribute("xy_unit").and_then(text).is_none_or(|unit| unit == "px");
    let xy = if is_pixel { LengthUnit::Pixel } else { LengthUnit::Nanometre };
    let columns = Columns {
        format: "decode hdf5",
        names,
        units: vec![Some(xy), Some(xy), Some(LengthUnit::Nanometre)],
        pixel: attribute("px_size").and_then(pair),
        ..Columns::default()
    };
    Ok((columns, Held::Arrays { xyz, position, further }))
}

fn text(value: &AttrValue) -> Option<String> {
    match value {
        AttrValue::String(text) | AttrValue::StringSized { value: text, .. } => Some(text.clone()),
        AttrValue::AsciiString(text) => Some(text.clone()),
        AttrValue::StringArray(texts) => texts.first().cloned(),
        _ => None,
    }
}

/// Two positive numbers.
fn pair(value: &AttrValue) -> Option<[f64; 2]> {
    let numbers: Vec<f64> = match value {
        AttrValue::F64Array(values) => values.clone(),
        AttrValue::F32Array(values) => values.iter().map(|v| f64::from(*v)).collect(),
        AttrValue::I64Array(values) => values.iter().map(|v| *v as f64).collect(),
        _ => {
            let text = text(value)?;
            let inner = text.trim_matches(|c: char| "[]() ".contains(c)).to_owned();
            inner.split([' ', ',']).filter(|w| !w.is_empty()).map(|w| w.parse().ok()).collect::<Option<_>>()?
        }
    };
    let [x, y] = numbers[..] else { return None };
    (x > 0.0 && y > 0.0 && x.is_finite() && y.is_finite()).then_some([x, y])
}

#[cfg(test)]
mod tests {
    use glam::DVec3;
    use hdf5_pure::FileBuilder;

    use super::*;

    fn read(bytes: &[u8]) -> Result<Parsed> {
        parse(bytes, "t.h5", None, &ReadOptions::default())
    }

    #[test]
    fn files_of_other_programs_are_refused_with_what_they_hold() {
        let mut file = FileBuilder::new();
        file.create_dataset("temperature").with_f64_data(&[1.0, 2.0]).with_shape(&[2]);
        let error = read(&file.finish().unwrap()).unwrap_err().to_string();
        assert!(error.contains("neither localisations of Picasso") && error.contains("but `temperature`"), "{error}");
        let mut file = FileBuilder::new();
        file.create_dataset("locs").with_f64_data(&[1.0, 2.0]).with_shape(&[2]);
        assert!(read(&file.finish().unwrap()).unwrap_err().to_string().contains("`locs` is no table"));
    }

    #[test]
    fn changes_and_cuts_never_panic() {
        let mut file = FileBuilder::new();
        file.create_dataset("locs").with_f64_data(&[1.0, 2.0]).with_shape(&[2]);
        let bytes = file.finish().unwrap();
        for at in 0..bytes.len() {
            assert!(read(&bytes[..at]).is_err());
            for change in [1, 0x80, 0xff] {
                let mut changed = bytes.clone();
                changed[at] ^= change;
                let _ = read(&changed);
            }
        }
    }

    #[test]
    fn numbers_of_every_kind_are_decoded() {
        let field = |size, is_big, kind| Field { offset: 0, size, is_big, kind };
        assert_eq!(field(2, true, Kind::Signed).value(&[0xff, 0xfe]), -2.0);
        assert_eq!(field(2, false, Kind::Unsigned).value(&[0xff, 0xfe]), 65279.0);
        assert_eq!(field(4, false, Kind::Float).value(&1.5f32.to_le_bytes()), 1.5);
        assert_eq!(field(8, true, Kind::Float).value(&(-2.5f64).to_be_bytes()), -2.5);
        assert_eq!(pair(&AttrValue::String("[127. 117.]".into())), Some([127.0, 117.0]));
        assert_eq!(pair(&AttrValue::F64Array(vec![1.0, -1.0])), None);
    }

    #[test]
    fn heights_in_nanometres_need_the_size_of_a_pixel() {
        let columns = |pixel| Columns {
            format: "picasso hdf5",
            names: ["x", "y", "z"].map(str::to_owned).to_vec(),
            units: vec![Some(LengthUnit::Pixel), Some(LengthUnit::Pixel), Some(LengthUnit::Nanometre)],
            pixel,
            ..Columns::default()
        };
        let read = |pixel| columns::read(columns(pixel), &ReadOptions::default(), "t", |c| Ok(vec![c as f64 + 1.0]));
        let parsed = read(Some([100.0, 110.0])).unwrap();
        assert_eq!(
            (parsed.cloud.positions, parsed.cloud.unit),
            (vec![DVec3::new(100.0, 220.0, 3.0)], Some(LengthUnit::Nanometre))
        );
        assert!(read(None).unwrap_err().to_string().contains("pixels of unknown size, but z is in nm"));
    }

    /// Catches: a valid file called damaged because it unpacks to more than is free, and the flag without effect.
    #[test]
    fn the_most_that_data_may_unpack_to_is_the_users() {
        let mut file = FileBuilder::new();
        let mut data = file.create_group("data");
        data.create_dataset("xyz").with_f64_data(&[1.0; 6]).with_shape(&[2, 3]);
        file.add_group(data.finish());
        let bytes = file.finish().unwrap();
        let read = |max_decompressed| {
            let options =
                ReadOptions { max_decompressed, columns: Some(vec!["x".into(), "y".into()]), ..Default::default() };
            parse(&bytes, "t.h5", None, &options)
        };
        assert_eq!(read(Some(48)).unwrap().cloud.len(), 2);
        let error = read(Some(47)).unwrap_err().to_string();
        assert!(error.contains("[2, 3] unpacks to more than 47 bytes; raise --max-decompressed"), "{error}");
    }
}
