//! .smlm: tables of localisations, described by `manifest.json` (smlm-file-format, 0.2).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Archive;
use crate::error::{Error, Result};
use crate::geometry::LengthUnit;
use crate::io::ReadOptions;
use crate::io::choose::Parsed;
use crate::io::table::columns::{self, Columns};

#[derive(Deserialize)]
struct Manifest {
    formats: BTreeMap<String, Format>,
    files: Vec<Member>,
    #[serde(default)]
    locdata_meta: Meta,
}

/// How the rows of a table are laid out.
#[derive(Deserialize)]
struct Format {
    #[serde(default)]
    mode: String,
    headers: Vec<String>,
    dtype: Vec<String>,
    #[serde(default)]
    shape: Vec<serde_json::Value>,
    #[serde(default)]
    units: Vec<String>,
}

#[derive(Deserialize)]
struct Member {
    name: String,
    format: String,
    #[serde(default)]
    rows: serde_json::Value,
}

/// What the program locan adds.
#[derive(Deserialize, Default)]
struct Meta {
    #[serde(default)]
    unit: Vec<PropertyUnit>,
}

#[derive(Deserialize)]
struct PropertyUnit {
    property: String,
    unit: String,
}

/// Reads the tables of the first layout; tables of others are told.
pub(super) fn parse(archive: &mut Archive, options: &ReadOptions) -> Result<Parsed> {
    let name = archive.name;
    let wrong = |problem: String| Error::input(format!("{name}: manifest.json"), problem);
    let manifest: Manifest = serde_json::from_slice(&archive.read("manifest.json")?)
        .map_err(|e| wrong(format!("{e}; expected are `formats` and `files` of an .smlm file")))?;
    let first = manifest.files.first().ok_or_else(|| wrong("lists no files; no points to read".into()))?;
    let format =
        manifest.formats.get(&first.format).ok_or_else(|| wrong(format!("has no format `{}`", first.format)))?;
    if format.mode != "binary" {
        return Err(wrong(format!("the table is in the mode `{}`; binary is read", format.mode)));
    }
    let fields = fields(format).map_err(wrong)?;
    let stride = fields.iter().map(|f| f.len).sum::<usize>();
    if stride == 0 {
        return Err(wrong("its rows hold nothing".into()));
    }
    let mut records = Vec::new();
    let (mut taken, mut left_out) = (0, 0);
    for member in &manifest.files {
        if member.format != first.format {
            left_out += 1;
            continue;
        }
        let bytes = archive.read(&member.name)?;
        let rows = whole(&member.rows);
        if bytes.len() % stride != 0 || rows.is_some_and(|rows| rows.checked_mul(stride) != Some(bytes.len())) {
            let stated = rows.map_or("rows".into(), |rows| format!("{rows} rows"));
            let problem =
                format!("has {} bytes, {stated} of {stride} bytes are stated; it is cut or damaged", bytes.len());
            return Err(Error::input(format!("{name}: {}", member.name), problem));
        }
        records.extend(bytes);
        taken += 1;
    }
    let mut table = Columns { format: "smlm", ..Columns::default() };
    if taken > 1 {
        table.notes.push(format!("{taken} tables are read one after the other"));
    }
    if left_out > 0 {
        table.warnings.push(format!("{left_out} tables of other columns are left out"));
    }
    let single: Vec<&Field> = fields.iter().filter(|f| f.is_single).collect();
    for field in &single {
        let of_locan = || manifest.locdata_meta.unit.iter().find(|u| u.property == field.name).map(|u| &u.unit);
        let unit: Option<LengthUnit> =
            Some(&field.unit).filter(|u| !u.is_empty()).or_else(of_locan).and_then(|u| u.parse().ok());
        table.units.push(unit);
        table.names.push(field.name.clone());
    }
    columns::read(table, options, name, |column| Ok(single[column].read(&records, stride)))
}

struct Field {
    name: String,
    unit: String,
    offset: usize,
    len: usize,
    is_single: bool,
    value: Value,
}

impl Field {
    fn read(&self, records: &[u8], stride: usize) -> Vec<f64> {
        records.chunks_exact(stride).map(|record| (self.value)(&record[self.offset..self.offset + self.len])).collect()
    }
}

/// A whole number, written as such or as a text.
fn whole(value: &serde_json::Value) -> Option<usize> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok()).and_then(|n| usize::try_from(n).ok())
}

fn fields(format: &Format) -> Result<Vec<Field>, String> {
    if format.headers.len() != format.dtype.len() {
        return Err(format!("has {} headers but {} types", format.headers.len(), format.dtype.len()));
    }
    let mut offset = 0_usize;
    let field = |(i, (name, dtype)): (usize, (&String, &String))| {
        let (size, value) = number(dtype).ok_or_else(|| format!("the type `{dtype}` of `{name}` is not known"))?;
        let count = format.shape.get(i).and_then(whole).unwrap_or(1);
        let len = size.checked_mul(count).ok_or_else(|| format!("`{name}` claims {count} numbers a row"))?;
        let unit = format.units.get(i).cloned().unwrap_or_default();
        let field = Field { name: name.clone(), unit, offset, len, is_single: count == 1, value };
        offset = offset.checked_add(len).ok_or("its rows are longer than any memory")?;
        Ok(field)
    };
    format.headers.iter().zip(&format.dtype).enumerate().map(field).collect()
}

/// How the bytes of a number become one.
type Value = fn(&[u8]) -> f64;

/// Bytes of a type, and how they become a number.
fn number(dtype: &str) -> Option<(usize, Value)> {
    fn word<const N: usize>(bytes: &[u8]) -> [u8; N] {
        bytes.try_into().expect("a field has the length of its type")
    }
    Some(match dtype {
        "int8" => (1, |b| f64::from(b[0] as i8)),
        "uint8" => (1, |b| f64::from(b[0])),
        "int16" => (2, |b| f64::from(i16::from_le_bytes(word(b)))),
        "uint16" => (2, |b| f64::from(u16::from_le_bytes(word(b)))),
        "int32" => (4, |b| f64::from(i32::from_le_bytes(word(b)))),
        "uint32" => (4, |b| f64::from(u32::from_le_bytes(word(b)))),
        "int64" => (8, |b| i64::from_le_bytes(word(b)) as f64),
        "uint64" => (8, |b| u64::from_le_bytes(word(b)) as f64),
        "float32" => (4, |b| f64::from(f32::from_le_bytes(word(b)))),
        "float64" => (8, |b| f64::from_le_bytes(word(b))),
        _ => return None,
    })
}
