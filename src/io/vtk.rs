//! VTK's XML files: text, base64 and appended arrays, plain or packed with zlib, LZ4 or LZMA.

use std::cell::RefCell;
use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use roxmltree::{Document, Node};

use super::lines::{number, shown};
use super::numbers::{Kind, Number};
use super::{ReadOptions, bytes as files};
use crate::error::{Error, Result};
use crate::geometry::LengthUnit;
use crate::grid::Sample;

const ELEMENT: &[u8] = b"<VTKFile";
const APPENDED: &[u8] = b"<AppendedData";
/// Begins the comment in which densitas states the unit.
pub(super) const UNIT: &str = "unit of length: ";

/// Whether the text holds VTK's element near its beginning.
pub(super) fn is_xml(head: &[u8]) -> bool {
    let begin = head.strip_prefix(super::sniff::BYTE_ORDER_MARK).unwrap_or(head).trim_ascii_start();
    begin.starts_with(b"<") && memchr::memmem::find(&begin[..begin.len().min(4096)], ELEMENT).is_some()
}

/// Whether VTK's element says that the file holds points (PolyData).
pub(super) fn is_poly_data(head: &[u8]) -> bool {
    let tag = memchr::memmem::find(head, ELEMENT).map(|at| &head[at..]);
    let tag = tag.and_then(|rest| rest.split(|b| *b == b'>').next());
    tag.is_some_and(|tag| memchr::memmem::find(tag, b"PolyData").is_some())
}

/// Opens a file, gives its element and what holds for its arrays to `read`, and tells the unit if densitas wrote it.
///
/// # Errors
/// [`Error::Input`] if it is damaged or packed in an unknown way, and what `read` gives.
pub(super) fn open<T>(
    bytes: &[u8],
    name: &str,
    options: &ReadOptions,
    read: impl FnOnce(Node, &File) -> Result<T>,
) -> Result<(T, Option<LengthUnit>)> {
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
    let mut comments = document.root().children().filter(Node::is_comment).filter_map(|n| n.text());
    let unit = comments.find_map(|c| c.trim().strip_prefix(UNIT)?.parse().ok());
    Ok((read(root, &file)?, unit))
}

/// The first element `name` in `node`.
pub(super) fn child<'a>(node: Node<'a, 'a>, name: &str) -> Option<Node<'a, 'a>> {
    node.children().find(|n| n.has_tag_name(name))
}

/// How blocks of an array are packed.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Packer {
    Zlib,
    Lz4,
    Xz,
}

impl Packer {
    /// Appends at most `most` bytes; a block of LZ4 unpacks to at most `block_size`.
    fn unpack(self, block: &[u8], block_size: usize, most: usize, out: &mut Vec<u8>) -> Result<(), String> {
        let limit = most as u64;
        let read = match self {
            Self::Zlib => flate2::read::ZlibDecoder::new(block).take(limit).read_to_end(out),
            Self::Xz => {
                lzma_rust2::XzReader::new_mem_limit(block, true, super::packed::XZ_KIB).take(limit).read_to_end(out)
            }
            Self::Lz4 => {
                // A byte of LZ4 stands for at most 255.
                let begin = out.len();
                out.resize(begin + most.min(block_size).min(block.len().saturating_mul(255)), 0);
                let read = lz4_flex::block::decompress_into(block, &mut out[begin..]).map_err(|e| e.to_string())?;
                out.truncate(begin + read);
                return Ok(());
            }
        };
        read.map(drop).map_err(|e| e.to_string())
    }
}

/// What holds for all arrays of a file.
pub(super) struct File<'a> {
    pub(super) name: &'a str,
    is_big: bool,
    /// Bytes of a number in the heads of arrays.
    head_size: usize,
    packer: Option<Packer>,
    /// The appended data after their underscore, and whether they are base64.
    appended: Option<(&'a [u8], bool)>,
    /// The most bytes all arrays together may unpack to.
    pub(super) limit: u64,
    /// What 32 bits round of the arrays read as such.
    pub(super) rounding: RefCell<Rounding>,
}

/// What is told of arrays that 32 bits cannot hold: notes, and warnings.
#[derive(Default)]
pub(super) struct Rounding {
    pub(super) note: Option<String>,
    pub(super) warning: Option<String>,
}

impl<'a> File<'a> {
    fn of(
        root: Node,
        bytes: &'a [u8],
        appended_at: Option<usize>,
        options: &ReadOptions,
        name: &'a str,
    ) -> Result<Self> {
        let packer = match root.attribute("compressor") {
            None => None,
            Some("vtkZLibDataCompressor") => Some(Packer::Zlib),
            Some("vtkLZ4DataCompressor") => Some(Packer::Lz4),
            Some("vtkLZMADataCompressor") => Some(Packer::Xz),
            Some(other) => {
                let problem = format!("is packed by {}; VTK's zlib, LZ4 and LZMA are read", shown(other.as_bytes()));
                return Err(Error::input(name, format!("{problem}: write it again with one of them, or plain")));
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
            packer,
            appended,
            limit: files::unpacked_limit(bytes.len(), options.max_decompressed),
            rounding: RefCell::default(),
        })
    }

    /// An error of this file.
    pub(super) fn wrong<T>(&self, problem: impl std::fmt::Display) -> Result<T> {
        Err(Error::input(self.name, problem.to_string()))
    }

    /// The values of an array of `count` times `components` numbers.
    ///
    /// # Errors
    /// [`Error::Input`] if it has others, or is damaged, cut or larger than the file may be.
    pub(super) fn array<T: Sample>(&self, array: Node, components: usize, count: usize) -> Result<Vec<T>> {
        let found = array.attribute("NumberOfComponents").unwrap_or("1").trim();
        if found.parse() != Ok(components) {
            let found = shown(found.as_bytes());
            return self.wrong(format!("its array has {found} components; {components} are expected"));
        }
        let len = count.saturating_mul(components);
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
        let mut rounding = self.rounding.borrow_mut();
        rounding.note = rounding.note.take().or(number.narrowed());
        rounding.warning = rounding.warning.take().or(number.rounded(&data));
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

    fn text<T: Sample>(&self, text: &[u8], len: usize) -> Result<Vec<T>> {
        let words = text.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty());
        let values: Option<Vec<T>> = words.map(|w| number(w).map(T::from_f64)).collect();
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
        let Some(packer) = self.packer else {
            let bytes = self.head(data, 0).and_then(|n| data.get(self.head_size..)?.get(..n));
            return bytes.map(<[u8]>::to_vec).map_or_else(|| self.wrong("its array is longer than the file"), Ok);
        };
        let Some(blocks) = self.head(data, 0).and_then(|n| n.checked_add(3)?.checked_mul(self.head_size)) else {
            return self.wrong("its array has no head");
        };
        match data.get(..blocks) {
            Some(head) => self.unpack(packer, head, &data[blocks..], len, size),
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
        let Some(packer) = self.packer else {
            let all = decode(text.get(..coded(self.head_size.saturating_add(count))).ok_or_else(cut)?)?;
            return Ok(all.get(self.head_size..).unwrap_or_default().to_vec());
        };
        let head = coded(count.saturating_add(3).saturating_mul(self.head_size));
        let blocks = decode(text.get(..head).ok_or_else(cut)?)?;
        let sizes = (0..count).map(|i| self.head(&blocks, 3 + i)).sum::<Option<usize>>().ok_or_else(cut)?;
        let data = decode(text[head..].get(..coded(sizes)).ok_or_else(cut)?)?;
        self.unpack(packer, &blocks, &data, len, size)
    }

    /// Unpacks blocks, whose packed sizes are in their head.
    fn unpack(&self, packer: Packer, head: &[u8], data: &[u8], len: usize, size: usize) -> Result<Vec<u8>> {
        let needed = len.saturating_mul(size);
        if needed as u64 > self.limit {
            let problem = format!("{} packed bytes unpack to {needed}", data.len());
            return self.wrong(format!("{problem}; raise --max-decompressed if that is meant"));
        }
        let block_size = self.head(head, 1).unwrap_or(0);
        let mut out = Vec::new();
        let mut rest = data;
        for i in 0..self.head(head, 0).unwrap_or(0) {
            let Some((block, after)) = self.head(head, 3 + i).and_then(|n| rest.split_at_checked(n)) else {
                return self.wrong(format!("block {i} of its array is cut; fetch the file again"));
            };
            rest = after;
            let most = needed - out.len().min(needed) + 1;
            if let Err(problem) = packer.unpack(block, block_size, most, &mut out) {
                return self.wrong(format!("block {i} of its array is damaged ({problem}); fetch the file again"));
            }
        }
        Ok(out)
    }
}
