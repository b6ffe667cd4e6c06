//! NRRD: raw, gzip, text and hex data, in the file or in another beside it.
//!
//! <http://teem.sourceforge.net/nrrd/format.html>. Positions are those of the file's own space: nothing is turned
//! from left-posterior-superior to another.

use std::io::{self, Write};
use std::path::Path;

use glam::DVec3;

use super::super::lines::{number, shown, words};
use super::super::numbers::{Kind, Number};
use super::super::{ReadOptions, Source, bytes as files};
use super::{Raw, Values, checked_bytes, samples};
use crate::error::{Error, Result};
use crate::geometry::LengthUnit;
use crate::grid::{DensityGrid, Sample};
use crate::progress::Progress;

const MAGIC: &[u8] = b"NRRD000";
/// Fields that do not change what is read here.
const WITHOUT_EFFECT: &[&str] =
    &["content", "number", "min", "max", "old min", "old max", "labels", "thicknesses", "sample units", "block size"];

/// Whether the bytes begin as NRRD.
pub(in crate::io) fn is_nrrd(head: &[u8]) -> bool {
    head.starts_with(MAGIC)
}

/// The fields of a header, in the order of the file, each with its line.
struct Header<'a> {
    fields: Vec<(String, &'a str, u64)>,
    name: &'a str,
    /// Where the data begin, if the header does not end with the file.
    data_begin: Option<usize>,
}

/// Reads a volume; `path` is where data in another file are looked for.
pub(in crate::io) fn parse(
    bytes: &[u8],
    name: &str,
    path: Option<&Path>,
    options: &ReadOptions,
    progress: &dyn Progress,
) -> Result<Raw> {
    let header = Header::read(bytes, name)?;
    let mut raw = Raw {
        format: "nrrd",
        shape: [1; 3],
        origin: DVec3::ZERO,
        steps: super::straight(DVec3::ONE),
        values: Vec::new(),
        unit: None,
        notes: Vec::new(),
        warnings: Vec::new(),
    };
    let axes = header.axes(&mut raw)?;
    header.place(&axes, &mut raw)?;
    let stored = header.stored()?;
    raw.values = header.values(bytes, path, &stored, &mut raw.warnings, raw.shape, options, progress)?;
    raw.notes.extend(stored.number.narrowed());
    header.tell_rest(&mut raw);
    Ok(raw)
}

/// How the values are stored.
struct Stored {
    number: Number,
    encoding: Encoding,
    line_skip: usize,
    /// -1: the values end the file.
    byte_skip: i64,
}

#[derive(PartialEq)]
enum Encoding {
    Raw,
    Gzip,
    Text,
    Hex,
}

impl<'a> Header<'a> {
    fn read(bytes: &'a [u8], name: &'a str) -> Result<Self> {
        let mut header = Self { fields: Vec::new(), name, data_begin: None };
        let mut at = 0;
        for line in 1.. {
            let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) else { break };
            let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            at += end + 1;
            let text = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
            if text.is_empty() {
                header.data_begin = Some(at.min(bytes.len()));
                break;
            }
            if line > 1 && text[0] != b'#' {
                header.take(text, line)?;
            }
        }
        Ok(header)
    }

    fn take(&mut self, text: &'a [u8], line: u64) -> Result<()> {
        let text = std::str::from_utf8(text).ok();
        // `field: value`, or `key:=value`, which is the user's own.
        let Some((field, value)) = text.and_then(|t| t.split_once(": ").or_else(|| t.split_once(':'))) else {
            let found = shown(text.unwrap_or("bytes that are no text").as_bytes());
            let problem = format!("`{found}` is no `field: value`; an empty line ends the header");
            return Err(Error::line(self.name, line, problem));
        };
        if !value.starts_with('=') {
            let field = field.trim().to_ascii_lowercase();
            let field = match field.as_str() {
                "centerings" => "centers".to_owned(),
                "datafile" => "data file".to_owned(),
                "lineskip" => "line skip".to_owned(),
                "byteskip" => "byte skip".to_owned(),
                _ => field,
            };
            self.fields.push((field, value.trim(), line));
        }
        Ok(())
    }

    fn get(&self, field: &str) -> Option<(&'a str, u64)> {
        self.fields.iter().find(|f| f.0 == field).map(|f| (f.1, f.2))
    }

    fn need(&self, field: &str) -> Result<(&'a str, u64)> {
        self.get(field).ok_or_else(|| Error::input(self.name, format!("the header has no `{field}:`; it is needed")))
    }

    fn wrong<T>(&self, line: u64, problem: String) -> Result<T> {
        Err(Error::line(self.name, line, problem))
    }

    /// The axes of the file that are axes of space, at most three; sets the shape.
    fn axes(&self, raw: &mut Raw) -> Result<Vec<usize>> {
        let (text, line) = self.need("sizes")?;
        let sizes: Option<Vec<usize>> = text.split_whitespace().map(|w| w.parse().ok()).collect();
        let Some(sizes) = sizes.filter(|s| !s.is_empty() && s.len() <= 16) else {
            return self.wrong(line, format!("`sizes: {}` are no whole numbers", shown(text.as_bytes())));
        };
        let (dimension, at) = self.need("dimension")?;
        if dimension.parse() != Ok(sizes.len()) {
            return self.wrong(at, format!("`dimension: {dimension}` is not the number of sizes, {}", sizes.len()));
        }
        let spatial = |axis: &usize| sizes[*axis] > 1;
        let mut axes: Vec<usize> = (0..sizes.len()).collect();
        if axes.len() > 3 {
            axes.retain(spatial);
        }
        if axes.len() > 3 {
            let problem = format!("`sizes: {text}` are of {} dimensions", axes.len());
            return self.wrong(line, format!("{problem}; a volume of one value a voxel has 3: take one component"));
        }
        if let Some((kinds, at)) = self.get("kinds") {
            let kinds: Vec<&str> = kinds.split_whitespace().collect();
            let is_value = |k: &&str| !matches!(k.to_ascii_lowercase().as_str(), "domain" | "space" | "???" | "none");
            if let Some(kind) = axes.iter().filter_map(|a| kinds.get(*a)).find(|k| is_value(k)) {
                let problem = format!("an axis of kind `{kind}` is none of space; take one component of it");
                return self.wrong(at, problem);
            }
        }
        for (i, axis) in axes.iter().enumerate() {
            raw.shape[i] = sizes[*axis];
        }
        Ok(axes)
    }

    /// Sets origin, steps and unit.
    fn place(&self, axes: &[usize], raw: &mut Raw) -> Result<()> {
        if let Some((text, line)) = self.get("space directions") {
            let directions = vectors(text);
            for (i, axis) in axes.iter().enumerate() {
                match directions.get(*axis) {
                    Some(Some(step)) => raw.steps[i] = *step,
                    _ => {
                        let problem = "has no direction of each axis; expected is (1,0,0) (0,1,0) (0,0,1)";
                        return self.wrong(line, format!("`{}` {problem}", shown(text.as_bytes())));
                    }
                }
            }
            // An axis that the file lacks runs across those it has.
            if let [_, _] = axes {
                raw.steps[2] = raw.steps[0].cross(raw.steps[1]).normalize_or(DVec3::Z);
            }
        } else {
            self.spacings(axes, raw)?;
        }
        if let Some((text, line)) = self.get("space origin") {
            raw.origin = match vectors(text).as_slice() {
                [Some(origin)] => *origin,
                _ => return self.wrong(line, format!("`{}` is no position as (0,0,0)", shown(text.as_bytes()))),
            };
        }
        let units = self.get("space units").or(self.get("units"));
        if let Some((text, _)) = units {
            let first = text.split(['"', ' ']).find(|w| !w.is_empty()).unwrap_or_default();
            raw.unit = first.parse().ok();
            if raw.unit.is_none() && !first.is_empty() {
                raw.notes
                    .push(format!("its unit of length `{}` is not known here; none is told", shown(first.as_bytes())));
            }
        }
        Ok(())
    }

    /// Spacings and minima of the axes, where there are no directions.
    fn spacings(&self, axes: &[usize], raw: &mut Raw) -> Result<()> {
        let mut spacing = DVec3::ONE;
        for (field, is_spacing) in [("spacings", true), ("axis mins", false)] {
            let Some((text, line)) = self.get(field) else { continue };
            let all: Vec<f64> = text.split_whitespace().map(|w| number(w.as_bytes()).unwrap_or(f64::NAN)).collect();
            for (i, axis) in axes.iter().enumerate() {
                let Some(value) = all.get(*axis) else {
                    return self.wrong(line, format!("`{field}` has {} numbers, one an axis is expected", all.len()));
                };
                match is_spacing {
                    _ if value.is_nan() => {}
                    true => spacing[i] = *value,
                    false => raw.origin[i] = *value,
                }
            }
        }
        if self.get("spacings").is_none() {
            raw.notes.push("no spacing is stated: 1 is taken".to_owned());
        }
        raw.steps = super::straight(spacing);
        Ok(())
    }

    fn stored(&self) -> Result<Stored> {
        let (encoding, line) = self.need("encoding")?;
        let encoding = match encoding.to_ascii_lowercase().as_str() {
            "raw" => Encoding::Raw,
            "gz" | "gzip" => Encoding::Gzip,
            "txt" | "text" | "ascii" => Encoding::Text,
            "hex" => Encoding::Hex,
            other => {
                let problem =
                    format!("encoding `{}` is not read; raw, gzip, text and hex are", shown(other.as_bytes()));
                return self.wrong(line, problem);
            }
        };
        let number = self.number(&encoding)?;
        let skip = |field: &str| -> Result<i64> {
            let Some((text, line)) = self.get(field) else { return Ok(0) };
            text.parse().or_else(|_| self.wrong(line, format!("`{field}: {text}` is no whole number")))
        };
        let (line_skip, byte_skip) = (skip("line skip")?, skip("byte skip")?);
        let is_raw = encoding == Encoding::Raw;
        if byte_skip < -1 || byte_skip == -1 && !is_raw {
            let line = self.get("byte skip").map_or(1, |f| f.1);
            let problem = format!("`byte skip: {byte_skip}` cannot be; 0 or more is expected, or -1 for raw values");
            return self.wrong(line, format!("{problem} at the end of the file"));
        }
        let Ok(line_skip) = usize::try_from(line_skip) else {
            let line = self.get("line skip").map_or(1, |f| f.1);
            return self.wrong(line, format!("`line skip: {line_skip}` cannot be; 0 or more is expected"));
        };
        Ok(Stored { number, encoding, line_skip, byte_skip })
    }

    fn number(&self, encoding: &Encoding) -> Result<Number> {
        let (text, line) = self.need("type")?;
        let (kind, size) = match text.to_ascii_lowercase().as_str() {
            "signed char" | "int8" | "int8_t" => (Kind::Signed, 1),
            "uchar" | "unsigned char" | "uint8" | "uint8_t" => (Kind::Unsigned, 1),
            "short" | "short int" | "signed short" | "signed short int" | "int16" | "int16_t" => (Kind::Signed, 2),
            "ushort" | "unsigned short" | "unsigned short int" | "uint16" | "uint16_t" => (Kind::Unsigned, 2),
            "int" | "signed int" | "int32" | "int32_t" => (Kind::Signed, 4),
            "uint" | "unsigned int" | "uint32" | "uint32_t" => (Kind::Unsigned, 4),
            "longlong"
            | "long long"
            | "long long int"
            | "signed long long"
            | "signed long long int"
            | "int64"
            | "int64_t" => (Kind::Signed, 8),
            "ulonglong" | "unsigned long long" | "unsigned long long int" | "uint64" | "uint64_t" => {
                (Kind::Unsigned, 8)
            }
            "float" => (Kind::Float, 4),
            "double" => (Kind::Float, 8),
            other => {
                let problem =
                    format!("type `{}` is not read; numbers from int8 to double are", shown(other.as_bytes()));
                return self.wrong(line, problem);
            }
        };
        let is_binary = matches!(encoding, Encoding::Raw | Encoding::Gzip | Encoding::Hex);
        let is_big = match self.get("endian").map(|f| f.0.to_ascii_lowercase()) {
            Some(order) if order == "big" => true,
            Some(order) if order == "little" => false,
            _ if size == 1 || !is_binary => false,
            _ => return self.wrong(line, "values of several bytes need `endian: little` or big".to_owned()),
        };
        Ok(Number::new(kind, size, is_big).expect("a size of the list"))
    }

    #[expect(clippy::too_many_arguments, reason = "what a file and its data need")]
    fn values(
        &self,
        bytes: &[u8],
        path: Option<&Path>,
        stored: &Stored,
        warnings: &mut Vec<String>,
        shape: [usize; 3],
        options: &ReadOptions,
        progress: &dyn Progress,
    ) -> Result<Vec<f32>> {
        let detached = match self.get("data file") {
            Some((file, line)) => Some(self.data_file(file, line, path, options, progress)?),
            None => None,
        };
        let data = match (&detached, self.data_begin) {
            (Some(data), _) => data.as_slice(),
            (None, Some(begin)) => &bytes[begin..],
            (None, None) => {
                let problem = "the file ends within the header, which an empty line ends; it is cut, fetch it again";
                return Err(Error::input(self.name, problem));
            }
        };
        let mut data = data;
        for _ in 0..stored.line_skip {
            let Some(end) = memchr::memchr(b'\n', data) else { break };
            data = &data[end + 1..];
        }
        let needed = checked_bytes(shape, stored.number.size(), self.name)?;
        let unpacked;
        if stored.encoding == Encoding::Gzip {
            unpacked = files::gunzip(data, self.name, options.max_decompressed, progress)?;
            data = &unpacked;
        }
        let skip = match stored.byte_skip {
            -1 => data.len().saturating_sub(needed),
            skip => usize::try_from(skip).unwrap_or(usize::MAX).min(data.len()),
        };
        data = &data[skip..];
        match stored.encoding {
            Encoding::Raw | Encoding::Gzip => samples(data, stored.number, shape, self.name, warnings),
            Encoding::Text => self.text(data, shape, warnings),
            Encoding::Hex => samples(&self.hex(data)?, stored.number, shape, self.name, warnings),
        }
    }

    /// The bytes of the one file that holds the values.
    fn data_file(
        &self,
        file: &str,
        line: u64,
        path: Option<&Path>,
        options: &ReadOptions,
        progress: &dyn Progress,
    ) -> Result<Vec<u8>> {
        if file.starts_with("LIST") || file.contains('%') {
            return self.wrong(line, "its values are in several files; join them to one and name that".to_owned());
        }
        let Some(path) = path else {
            return self
                .wrong(line, format!("its values are in `{}`, give the file by its name", shown(file.as_bytes())));
        };
        let beside = path.parent().unwrap_or(Path::new("")).join(file);
        // A packed file is unpacked by its encoding, below.
        files::load_packed(&Source::Path(beside.clone()), options.max_decompressed, progress).map_err(|e| match e {
            Error::File { source, .. } => {
                let problem = format!("its values are in {}, which cannot be read: {source}", beside.display());
                Error::line(self.name, line, format!("{problem}; put it beside the header"))
            }
            other => other,
        })
    }

    fn text(&self, data: &[u8], shape: [usize; 3], warnings: &mut Vec<String>) -> Result<Vec<f32>> {
        let len = checked_bytes(shape, 1, self.name)?;
        let mut values = Vec::with_capacity(len.min(data.len()));
        let fields = data.split(|b| b.is_ascii_whitespace() || *b == b',').filter(|w| !w.is_empty());
        for word in fields {
            let Some(value) = number(word) else {
                let problem = format!("`{}` is no number; value {} of {len} is expected", shown(word), values.len());
                return Err(Error::input(self.name, problem));
            };
            values.push(value as f32);
        }
        if values.len() < len {
            let problem = format!("ends after {} of {len} values; it is cut, fetch it again", values.len());
            return Err(Error::input(self.name, problem));
        }
        if values.len() > len {
            warnings.push(format!("{} numbers after the {len} values are not read", values.len() - len));
        }
        values.truncate(len);
        Ok(values)
    }

    fn hex(&self, data: &[u8]) -> Result<Vec<u8>> {
        let digits: Option<Vec<u8>> = data
            .iter()
            .filter(|b| !b.is_ascii_whitespace())
            .map(|b| char::from(*b).to_digit(16).map(|d| d as u8))
            .collect();
        let digits = digits.ok_or_else(|| Error::input(self.name, "its hex data hold other signs than 0-9 and a-f"))?;
        Ok(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
    }

    /// Tells of fields that could matter and are not used.
    fn tell_rest(&self, raw: &mut Raw) {
        if let Some((space, _)) = self.get("space") {
            raw.notes.push(format!("positions are in its space, {}", shown(space.as_bytes())));
        }
        if let Some((centers, _)) = self.get("centers").filter(|_| self.get("axis mins").is_some())
            && words(centers.as_bytes()).any(|w| w == b"cell")
        {
            raw.warnings
                .push("its samples are centred in cells, `axis mins` are taken for the first sample".to_owned());
        }
        const USED: &[&str] = &[
            "type",
            "dimension",
            "sizes",
            "encoding",
            "endian",
            "space",
            "space dimension",
            "space directions",
            "space origin",
            "space units",
            "units",
            "spacings",
            "axis mins",
            "axis maxs",
            "kinds",
            "centers",
            "data file",
            "line skip",
            "byte skip",
        ];
        let rest = self.fields.iter().map(|f| f.0.as_str());
        let rest: Vec<String> = rest
            .filter(|f| !USED.contains(f) && !WITHOUT_EFFECT.contains(f))
            .map(|f| format!("`{}`", shown(f.as_bytes())))
            .collect();
        if !rest.is_empty() {
            raw.warnings.push(format!("its header has fields that are not used: {}", rest.join(", ")));
        }
    }
}

/// The vectors of a text as `(1,0,0) none (0,1,0)`; two numbers lie in the plane of x and y.
fn vectors(text: &str) -> Vec<Option<DVec3>> {
    let mut all = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("none") {
            all.push(None);
            rest = after.trim_start();
            continue;
        }
        let Some((inside, after)) = rest.strip_prefix('(').and_then(|r| r.split_once(')')) else {
            all.push(None);
            break;
        };
        let numbers: Vec<f64> = inside.split(',').filter_map(|w| number(w.as_bytes())).collect();
        all.push(match *numbers.as_slice() {
            [x, y] => Some(DVec3::new(x, y, 0.0)),
            [x, y, z] => Some(DVec3::new(x, y, z)),
            _ => None,
        });
        rest = after.trim_start();
    }
    all
}

/// Writes a grid as raw little-endian numbers.
pub(super) fn write<T: Sample>(out: &mut dyn Write, grid: &DensityGrid<T>, content: Values) -> io::Result<()> {
    let lattice = &grid.lattice;
    let ([nx, ny, nz], o, d) = (lattice.shape, lattice.origin, lattice.spacing);
    let number = if size_of::<T>() == 4 { "float" } else { "double" };
    writeln!(out, "NRRD0004\n# {}", content.line())?;
    writeln!(out, "type: {number}\ndimension: 3\nspace dimension: 3\nsizes: {nx} {ny} {nz}")?;
    writeln!(out, "space directions: ({},0,0) (0,{},0) (0,0,{})", d.x, d.y, d.z)?;
    writeln!(out, "kinds: domain domain domain\nendian: little\nencoding: raw")?;
    if let Some(unit) = grid.unit.map(LengthUnit::name) {
        writeln!(out, "space units: \"{unit}\" \"{unit}\" \"{unit}\"")?;
    }
    writeln!(out, "space origin: ({},{},{})\n", o.x, o.y, o.z)?;
    super::write::numbers(out, &grid.values)
}
