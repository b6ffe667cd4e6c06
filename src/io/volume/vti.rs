//! VTK's XML image data (.vti): text, base64 and appended arrays, plain or packed with zlib.

use std::io::{self, Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use glam::{DMat3, DVec3};
use roxmltree::{Document, Node};

use super::super::lines::{number, shown};
use super::super::numbers::{Kind, Number};
use super::super::{ReadOptions, bytes as files};
use super::{Raw, checked_bytes};
use crate::error::{Error, Result};
use crate::grid::{DensityGrid, Sample};
use crate::progress::Progress;

const APPENDED: &[u8] = b"<AppendedData";
const UNIT: &str = "unit of length: ";

/// Whether the text holds VTK's element near its beginning.
pub(in crate::io) fn is_vtk_xml(head: &[u8]) -> bool {
    let begin = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    begin.starts_with(b"<") && memchr::memmem::find(&begin[..begin.len().min(4096)], b"<VTKFile").is_some()
}

/// What holds for all arrays of a file.
struct File<'a> {
    name: &'a str,
    is_big: bool,
    /// Bytes of a number in the heads of arrays.
    head_size: usize,
    is_packed: bool,
    /// The appended data after their underscore, and whether they are base64.
    appended: Option<(&'a [u8], bool)>,
    /// The most bytes all arrays together may unpack to.
    limit: u64,
}

/// First and last index along each axis.
type ExtentOf = [[i64; 2]; 3];

/// Reads the scalars of a volume.
pub(in crate::io) fn parse(bytes: &[u8], name: &str, options: &ReadOptions, progress: &dyn Progress) -> Result<Raw> {
    progress.begin("reading values", 0);
    let damaged =
        |problem: String| Error::input(name, format!("{problem}; the file is cut or damaged, fetch it again"));
    // What is appended may be bytes that are no XML.
    let appended_at = memchr::memmem::find(bytes, APPENDED);
    let text = &bytes[..appended_at.unwrap_or(bytes.len())];
    let text = std::str::from_utf8(text).map_err(|e| damaged(format!("byte {}: is no UTF-8", e.valid_up_to())))?;
    let closed = appended_at.map(|_| format!("{text}</VTKFile>"));
    let document = Document::parse(closed.as_deref().unwrap_or(text))
        .map_err(|e| Error::line(name, e.pos().row.into(), format!("its XML is wrong ({e}); fetch the file again")))?;
    let root = document.root_element();
    let file = File::of(root, bytes, appended_at, options, name)?;
    let image = child(root, "ImageData").ok_or_else(|| {
        let kind = root.attribute("type").unwrap_or("of no type");
        Error::input(name, format!("is VTK data {kind}; of VTK's XML files ImageData (.vti) is read"))
    })?;
    let whole = extent(image.attribute("WholeExtent").unwrap_or_default())
        .ok_or_else(|| Error::input(name, "its ImageData has no WholeExtent of six whole numbers"))?;
    let mut raw = file.volume(image, whole, progress)?;
    let comment = document.root().children().find_map(|n| n.is_comment().then(|| n.text()).flatten());
    raw.unit = comment.and_then(|c| c.trim().strip_prefix(UNIT)?.parse().ok());
    Ok(raw)
}

fn child<'a>(node: Node<'a, 'a>, name: &str) -> Option<Node<'a, 'a>> {
    node.children().find(|n| n.has_tag_name(name))
}

fn extent(text: &str) -> Option<ExtentOf> {
    let all: Option<Vec<i64>> = text.split_whitespace().map(|w| w.parse().ok()).collect();
    let [a, b, c, d, e, f] = all?.try_into().ok()?;
    let extent = [[a, b], [c, d], [e, f]];
    let is_good =
        extent.iter().all(|[first, last]| last >= first && last.checked_sub(*first).is_some_and(|n| n < i64::MAX));
    is_good.then_some(extent)
}

/// Nodes along each axis; cells are one fewer.
fn shape(extent: ExtentOf, is_cells: bool) -> [usize; 3] {
    extent.map(|[first, last]| {
        let nodes = usize::try_from(last - first).unwrap_or(usize::MAX).saturating_add(1);
        if is_cells { (nodes - 1).max(1) } else { nodes }
    })
}

impl<'a> File<'a> {
    fn of(
        root: Node,
        bytes: &'a [u8],
        appended_at: Option<usize>,
        options: &ReadOptions,
        name: &'a str,
    ) -> Result<Self> {
        let is_packed = match root.attribute("compressor") {
            None => false,
            Some("vtkZLibDataCompressor") => true,
            Some(other) => {
                let problem = format!("is packed by {}; of VTK's packers zlib is read", shown(other.as_bytes()));
                return Err(Error::input(name, format!("{problem}: write it again with it, or plain")));
            }
        };
        let head_size = match root.attribute("header_type") {
            None | Some("UInt32") => 4,
            Some("UInt64") => 8,
            Some(other) => {
                let problem = format!("has heads of type `{}`; UInt32 and UInt64 are known", shown(other.as_bytes()));
                return Err(Error::input(name, problem));
            }
        };
        let mut appended = None;
        if let Some(at) = appended_at {
            let rest = &bytes[at..];
            let tag = memchr::memchr(b'>', rest).map(|end| rest.split_at(end));
            let data = tag.and_then(|(tag, rest)| Some((tag, memchr::memchr(b'_', rest)?, rest)));
            let Some((tag, underscore, rest)) = data else {
                return Err(Error::input(name, "its AppendedData do not begin with `_`; it is cut, fetch it again"));
            };
            appended = Some((&rest[underscore + 1..], memchr::memmem::find(tag, b"base64").is_some()));
        }
        Ok(Self {
            name,
            is_big: root.attribute("byte_order") == Some("BigEndian"),
            head_size,
            is_packed,
            appended,
            limit: files::unpacked_limit(bytes.len(), options.max_decompressed),
        })
    }

    fn wrong<T>(&self, problem: impl std::fmt::Display) -> Result<T> {
        Err(Error::input(self.name, problem.to_string()))
    }

    fn volume(&self, image: Node, whole: ExtentOf, progress: &dyn Progress) -> Result<Raw> {
        let pieces: Vec<Node> = image.children().filter(|n| n.has_tag_name("Piece")).collect();
        let mut notes = Vec::new();
        let Some((is_cells, array)) = pieces.first().and_then(|piece| scalars(*piece, &mut notes)) else {
            return self.wrong("its first piece has no array of point or cell data; give a file that has");
        };
        let array_name = array.attribute("Name").unwrap_or_default().to_owned();
        let shape_of_all = shape(whole, is_cells);
        let len = checked_bytes(shape_of_all, 1, self.name)?;
        if (len as u64).saturating_mul(size_of::<f32>() as u64) > self.limit.saturating_mul(4) {
            let [x, y, z] = shape_of_all;
            return self
                .wrong(format!("{x} x {y} x {z} values cannot be in a file so short; raise --max-decompressed"));
        }
        let mut values = Vec::new();
        let extents = self.extents(&pieces, whole)?;
        // Neighbours share their border, so that together they hold no fewer.
        let held = extents.iter().fold(0usize, |n, e| n.saturating_add(shape(*e, is_cells).iter().product()));
        if held < len {
            return self.wrong(format!("its pieces hold {held} of {len} values; give a file that holds all"));
        }
        for (piece, at) in std::iter::zip(&pieces, extents) {
            progress.check()?;
            let found = piece
                .descendants()
                .find(|n| n.has_tag_name("DataArray") && n.attribute("Name").unwrap_or_default() == array_name);
            let Some(array) = found else {
                return self.wrong(format!("a piece has no array `{}`", shown(array_name.as_bytes())));
            };
            let part = shape(at, is_cells);
            let piece_values = self.array(array, checked_bytes(part, 1, self.name)?)?;
            if at == whole {
                values = piece_values;
            } else {
                // VTK's pieces share their border, the values of which are equal.
                values.resize(len, f32::NAN);
                let first: [usize; 3] = std::array::from_fn(|a| usize::try_from(at[a][0] - whole[a][0]).unwrap_or(0));
                place(&mut values, shape_of_all, &piece_values, part, first);
            }
        }
        let (origin, steps) = self.place_of(image, whole, is_cells)?;
        notes.push(format!("the array is `{}`", shown(array_name.as_bytes())));
        if is_cells {
            notes.push("its values are of cells; they are taken at the middle of each".to_owned());
        }
        Ok(Raw { format: "vti", shape: shape_of_all, origin, steps, values, unit: None, notes, warnings: Vec::new() })
    }

    /// Where each piece lies.
    fn extents(&self, pieces: &[Node], whole: ExtentOf) -> Result<Vec<ExtentOf>> {
        let is_inside = |e: &ExtentOf| (0..3).all(|a| e[a][0] >= whole[a][0] && e[a][1] <= whole[a][1]);
        let of = |piece: &Node| piece.attribute("Extent").map_or(Some(whole), extent).filter(is_inside);
        let extents: Option<Vec<ExtentOf>> = pieces.iter().map(of).collect();
        extents.map_or_else(|| self.wrong("a piece has no extent within the whole; the file is damaged"), Ok)
    }

    /// Position of the first sample, and the steps.
    fn place_of(&self, image: Node, whole: ExtentOf, is_cells: bool) -> Result<(DVec3, [DVec3; 3])> {
        let numbers = |key: &str, default: &[f64]| -> Result<Vec<f64>> {
            let Some(text) = image.attribute(key) else { return Ok(default.to_vec()) };
            let all: Option<Vec<f64>> = text.split_whitespace().map(|w| number(w.as_bytes())).collect();
            match all.filter(|all| all.len() == default.len()) {
                Some(all) => Ok(all),
                None => self.wrong(format!("{key}=\"{}\" needs {} numbers", shown(text.as_bytes()), default.len())),
            }
        };
        let origin = DVec3::from_slice(&numbers("Origin", &[0.0; 3])?);
        let spacing = numbers("Spacing", &[1.0; 3])?;
        // Row by row; a column is the way of an axis.
        let direction = numbers("Direction", &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0])?;
        let direction = DMat3::from_cols_slice(&direction).transpose();
        let steps = [0, 1, 2].map(|a| direction.col(a) * spacing[a]);
        let half = if is_cells { 0.5 } else { 0.0 };
        let first = (0..3).map(|a| steps[a] * (whole[a][0] as f64 + half)).sum::<DVec3>();
        Ok((origin + first, steps))
    }

    /// The `len` values of an array.
    fn array(&self, array: Node, len: usize) -> Result<Vec<f32>> {
        let components = array.attribute("NumberOfComponents").unwrap_or("1");
        if components.trim() != "1" {
            return self
                .wrong(format!("its array has {} components; give one number a node", shown(components.as_bytes())));
        }
        let kind = array.attribute("type").unwrap_or_default();
        let Some(number) = self.number(kind) else {
            return self.wrong(format!("its array is of type `{}`, which is not read", shown(kind.as_bytes())));
        };
        let text = || array.text().unwrap_or_default().as_bytes();
        let data = match array.attribute("format") {
            Some("ascii") => return self.text(text(), len),
            Some("binary") => self.base64(text(), len, number.size())?,
            Some("appended") => self.appended(array, len, number.size())?,
            other => {
                return self.wrong(format!("its array has the format {other:?}; ascii, binary and appended are known"));
            }
        };
        let needed = len.saturating_mul(number.size());
        if data.len() != needed {
            let problem = format!("its array has {} bytes, {needed} are needed; it is cut or damaged", data.len());
            return self.wrong(problem);
        }
        Ok(number.decode(&data))
    }

    fn number(&self, kind: &str) -> Option<Number> {
        let digits = kind.find(|c: char| c.is_ascii_digit())?;
        let bits: usize = kind[digits..].parse().ok()?;
        let kind = match &kind[..digits] {
            "Float" => Kind::Float,
            "Int" => Kind::Signed,
            "UInt" => Kind::Unsigned,
            _ => return None,
        };
        Number::new(kind, bits / 8, self.is_big).filter(|_| bits.is_multiple_of(8))
    }

    fn text(&self, text: &[u8], len: usize) -> Result<Vec<f32>> {
        let words = text.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty());
        let values: Option<Vec<f32>> = words.map(|w| number(w).map(|v| v as f32)).collect();
        match values {
            Some(values) if values.len() == len => Ok(values),
            Some(values) => self.wrong(format!("its array has {} values, {len} are needed", values.len())),
            None => self.wrong("its array holds a word that is no number"),
        }
    }

    fn appended(&self, array: Node, len: usize, size: usize) -> Result<Vec<u8>> {
        let offset = array.attribute("offset").and_then(|o| o.trim().parse::<usize>().ok());
        let Some((data, is_base64)) = self.appended else { return self.wrong("its array is appended, but nothing is") };
        let Some(data) = offset.and_then(|o| data.get(o..)) else {
            return self.wrong("its array begins after the end of the file, which is cut");
        };
        if is_base64 {
            let end = data.iter().position(|b| *b == b'<').unwrap_or(data.len());
            return self.base64(&data[..end], len, size);
        }
        if !self.is_packed {
            let bytes = self.head(data, 0).and_then(|n| data.get(self.head_size..)?.get(..n));
            return bytes.map(<[u8]>::to_vec).map_or_else(|| self.wrong("its array is longer than the file"), Ok);
        }
        let Some(blocks) = self.head(data, 0).and_then(|n| n.checked_add(3)?.checked_mul(self.head_size)) else {
            return self.wrong("its array has no head");
        };
        match data.get(..blocks) {
            Some(head) => self.unpack(head, &data[blocks..], len, size),
            None => self.wrong("its array has a head longer than the file; it is cut or damaged"),
        }
    }

    /// A number in the head of an array.
    fn head(&self, data: &[u8], at: usize) -> Option<usize> {
        let bytes = data.get(at * self.head_size..)?.get(..self.head_size)?;
        let number = Number::new(Kind::Unsigned, self.head_size, self.is_big)?;
        number.decode::<f64>(bytes).first().filter(|v| **v < 1e15).map(|v| *v as usize)
    }

    /// Data in base64: a head, and the values; of packed values the head is coded by itself.
    fn base64(&self, text: &[u8], len: usize, size: usize) -> Result<Vec<u8>> {
        let text: Vec<u8> = text.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
        let coded = |bytes: usize| bytes.div_ceil(3).saturating_mul(4);
        let decode = |text: &[u8]| {
            STANDARD.decode(text).map_err(|e| {
                Error::input(self.name, format!("its base64 is wrong ({e}); the file is damaged, fetch it again"))
            })
        };
        let cut =
            || Error::input(self.name, "its array is shorter than its head says; the file is cut, fetch it again");
        let first = decode(text.get(..coded(self.head_size)).ok_or_else(cut)?)?;
        let count = self.head(&first, 0).ok_or_else(cut)?;
        if !self.is_packed {
            let all = decode(text.get(..coded(self.head_size.saturating_add(count))).ok_or_else(cut)?)?;
            return Ok(all.get(self.head_size..).unwrap_or_default().to_vec());
        }
        let head = coded(count.saturating_add(3).saturating_mul(self.head_size));
        let blocks = decode(text.get(..head).ok_or_else(cut)?)?;
        let sizes = (0..count).map(|i| self.head(&blocks, 3 + i)).sum::<Option<usize>>().ok_or_else(cut)?;
        let data = decode(text[head..].get(..coded(sizes)).ok_or_else(cut)?)?;
        self.unpack(&blocks, &data, len, size)
    }

    /// Unpacks blocks, whose packed sizes are in their head.
    fn unpack(&self, head: &[u8], data: &[u8], len: usize, size: usize) -> Result<Vec<u8>> {
        let needed = len.saturating_mul(size);
        if needed as u64 > self.limit {
            let problem = format!("{} packed bytes unpack to {needed}", data.len());
            return self.wrong(format!("{problem}; raise --max-decompressed if that is meant"));
        }
        let mut out = Vec::new();
        let mut rest = data;
        for i in 0..self.head(head, 0).unwrap_or(0) {
            let Some((block, after)) = self.head(head, 3 + i).and_then(|n| rest.split_at_checked(n)) else {
                return self.wrong(format!("block {i} of its array is cut; fetch the file again"));
            };
            rest = after;
            let most = (needed - out.len().min(needed)) as u64 + 1;
            if let Err(e) = flate2::read::ZlibDecoder::new(block).take(most).read_to_end(&mut out) {
                return self.wrong(format!("block {i} of its array is damaged ({e}); fetch the file again"));
            }
        }
        Ok(out)
    }
}

/// The array that a piece calls its scalars, else its first, and whether it is of cells.
fn scalars<'a>(piece: Node<'a, 'a>, notes: &mut Vec<String>) -> Option<(bool, Node<'a, 'a>)> {
    for (data, is_cells) in [("PointData", false), ("CellData", true)] {
        let Some(group) = child(piece, data) else { continue };
        let arrays: Vec<Node> = group.children().filter(|n| n.has_tag_name("DataArray")).collect();
        let named = |n: &&Node| n.attribute("Name").is_some_and(|name| group.attribute("Scalars") == Some(name));
        let Some(array) = arrays.iter().find(named).or(arrays.first()) else { continue };
        if arrays.len() > 1 {
            notes.push(format!("{} more arrays of it are not used", arrays.len() - 1));
        }
        return Some((is_cells, *array));
    }
    None
}

/// Copies a part to its place, x fastest.
fn place(values: &mut [f32], shape: [usize; 3], part: &[f32], part_shape: [usize; 3], first: [usize; 3]) {
    for (row, source) in part.chunks_exact(part_shape[0]).enumerate() {
        let (j, k) = (first[1] + row % part_shape[1], first[2] + row / part_shape[1]);
        let at = first[0] + shape[0] * (j + shape[1] * k);
        if let Some(target) = values.get_mut(at..at + part_shape[0]) {
            target.copy_from_slice(source);
        }
    }
}

/// Writes a grid with its values appended as raw bytes.
pub(super) fn write<T: Sample>(out: &mut dyn Write, grid: &DensityGrid<T>) -> io::Result<()> {
    let lattice = &grid.lattice;
    let [x, y, z] = lattice.shape.map(|n| n - 1);
    let (o, d) = (lattice.origin, lattice.spacing);
    let size = size_of::<T>();
    writeln!(out, "<?xml version=\"1.0\"?>")?;
    if let Some(unit) = grid.unit {
        writeln!(out, "<!-- {UNIT}{} -->", unit.name())?;
    }
    writeln!(
        out,
        "<VTKFile type=\"ImageData\" version=\"1.0\" byte_order=\"LittleEndian\" header_type=\"UInt64\">\n\
         <ImageData WholeExtent=\"0 {x} 0 {y} 0 {z}\" Origin=\"{} {} {}\" Spacing=\"{} {} {}\">\n\
         <Piece Extent=\"0 {x} 0 {y} 0 {z}\">\n<PointData Scalars=\"density\">\n\
         <DataArray type=\"Float{}\" Name=\"density\" format=\"appended\" offset=\"0\"/>\n\
         </PointData>\n</Piece>\n</ImageData>\n<AppendedData encoding=\"raw\">",
        o.x,
        o.y,
        o.z,
        d.x,
        d.y,
        d.z,
        8 * size
    )?;
    out.write_all(b"_")?;
    out.write_all(&((grid.values.len() * size) as u64).to_le_bytes())?;
    super::write::numbers(out, &grid.values)?;
    writeln!(out, "\n</AppendedData>\n</VTKFile>")
}
