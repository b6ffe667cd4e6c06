//! PLY (Stanford): the element `vertex`, as text or binary of either byte order.

use super::ReadOptions;
use super::choose::Parsed;
use super::lines::{Lines, number, shown, words};
use super::table::columns::{self, Columns};
use crate::error::{Error, Result};

#[derive(Clone, Copy, PartialEq)]
enum Encoding {
    Text,
    Little,
    Big,
}

/// A number type.
#[derive(Clone, Copy)]
struct Number {
    size: usize,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    Float,
    Signed,
    Unsigned,
}

enum Property {
    One(String, Number),
    /// The type of its length, and of what is in it.
    List(String, Number, Number),
}

struct Element {
    name: String,
    count: usize,
    properties: Vec<Property>,
}

struct Header {
    encoding: Encoding,
    elements: Vec<Element>,
    /// Where the data begin, in bytes and lines.
    begin: usize,
    lines: u64,
}

/// Reads the vertices.
///
/// # Errors
/// [`Error::Input`] with line or byte; as [`columns::read`].
pub(super) fn parse(bytes: &[u8], name: &str, options: &ReadOptions) -> Result<Parsed> {
    let header = Header::read(bytes).map_err(|(line, problem)| Error::line(name, line, problem))?;
    let vertex = header.elements.iter().position(|e| e.name == "vertex");
    let vertex = vertex.ok_or_else(|| Error::input(name, "has no element `vertex`; no points to read"))?;
    let mut names = Vec::new();
    for property in &header.elements[vertex].properties {
        match property {
            Property::One(name, _) => names.push(name.clone()),
            Property::List(list, ..) => {
                return Err(Error::input(
                    name,
                    format!("the vertices hold lists (`{}`), which are not read", shown(list.as_bytes())),
                ));
            }
        }
    }
    let values = match header.encoding {
        Encoding::Text => header.text(bytes, vertex, names.len(), name)?,
        _ => header.binary(bytes, vertex, name)?,
    };
    let mut table = Columns { format: "ply", names, ..Columns::default() };
    let others = header.elements.iter().filter(|e| e.name != "vertex" && e.count > 0).count();
    if others > 0 {
        table.notes.push("elements besides the vertices, such as faces, are not read".into());
    }
    columns::read(table, options, name, |column| Ok(values[column].clone()))
}

impl Header {
    fn read(bytes: &[u8]) -> Result<Self, (u64, String)> {
        let mut encoding = None;
        let mut elements: Vec<Element> = Vec::new();
        for (at, line) in Lines::new(bytes) {
            let wrong = |what: &str| (at, format!("is `{}`, {what}", shown(line)));
            let words: Vec<&str> = words(line).map(|w| std::str::from_utf8(w).unwrap_or("")).collect();
            match words[..] {
                ["ply"] | ["comment" | "obj_info", ..] | [] => {}
                ["format", "ascii", _] => encoding = Some(Encoding::Text),
                ["format", "binary_little_endian", _] => encoding = Some(Encoding::Little),
                ["format", "binary_big_endian", _] => encoding = Some(Encoding::Big),
                ["element", name, count] => {
                    let count = count.parse().map_err(|_| wrong("a number of elements is expected"))?;
                    elements.push(Element { name: name.to_owned(), count, properties: Vec::new() });
                }
                ["property", ref property @ ..] => {
                    let element = elements.last_mut().ok_or_else(|| wrong("an element is expected before it"))?;
                    element.properties.push(Property::of(property).ok_or_else(|| wrong("its type is not known"))?);
                }
                ["end_header"] => {
                    let encoding = encoding.ok_or((at, "the header states no format".to_owned()))?;
                    let end = line.as_ptr() as usize - bytes.as_ptr() as usize + line.len();
                    let ending = if bytes[end..].starts_with(b"\r\n") { 2 } else { 1 };
                    return Ok(Self { encoding, elements, begin: (end + ending).min(bytes.len()), lines: at });
                }
                _ => return Err(wrong("a line of a PLY header is expected")),
            }
        }
        Err((1, "the header of PLY does not end; the file is cut".into()))
    }

    /// The columns of the vertices of a text.
    fn text(&self, bytes: &[u8], vertex: usize, columns: usize, name: &str) -> Result<Vec<Vec<f64>>> {
        let before: usize = self.elements[..vertex].iter().map(|e| e.count).fold(0, usize::saturating_add);
        let count = self.elements[vertex].count;
        let mut values = vec![Vec::new(); columns];
        let mut lines = Lines::new(&bytes[self.begin..]).filter(|(_, line)| !line.trim_ascii().is_empty()).skip(before);
        for row in 0..count {
            let (at, line) = lines.next().ok_or_else(|| {
                Error::input(name, format!("claims {count} vertices, {row} are there; the file is cut"))
            })?;
            let at = at + self.lines;
            let mut fields = 0;
            for (column, word) in values.iter_mut().zip(words(line)) {
                column.push(
                    number(word).ok_or_else(|| Error::line(name, at, format!("`{}` is no number", shown(word))))?,
                );
                fields += 1;
            }
            if fields < columns {
                return Err(Error::line(name, at, format!("has {fields} numbers, {columns} are expected")));
            }
        }
        Ok(values)
    }

    /// The columns of the vertices of binary data.
    fn binary(&self, bytes: &[u8], vertex: usize, name: &str) -> Result<Vec<Vec<f64>>> {
        let is_big = self.encoding == Encoding::Big;
        let cut = |element: &Element, at: usize| {
            let problem = format!(
                "the file ends within the {} elements `{}`; it is cut",
                element.count,
                shown(element.name.as_bytes())
            );
            Error::byte(name, at as u64, problem)
        };
        let mut at = self.begin;
        for element in &self.elements[..vertex] {
            at = element.skip(bytes, at, is_big).ok_or_else(|| cut(element, at))?;
        }
        let element = &self.elements[vertex];
        let stride = element.stride().unwrap_or(0);
        let end =
            stride.checked_mul(element.count).and_then(|len| at.checked_add(len)).filter(|end| *end <= bytes.len());
        let records = &bytes[at..end.ok_or_else(|| cut(element, at))?];
        let mut offset = 0;
        let mut values = Vec::new();
        for property in &element.properties {
            let (Property::One(_, number) | Property::List(_, number, _)) = property;
            let column = |record: &[u8]| number.value(&record[offset..offset + number.size], is_big);
            values.push(records.chunks_exact(stride).map(column).collect());
            offset += number.size;
        }
        Ok(values)
    }
}

impl Property {
    fn of(words: &[&str]) -> Option<Self> {
        match *words {
            ["list", length, item, name] => Some(Self::List(name.to_owned(), Number::of(length)?, Number::of(item)?)),
            [number, name] => Some(Self::One(name.to_owned(), Number::of(number)?)),
            _ => None,
        }
    }
}

impl Element {
    /// Bytes of one; `None` if it holds lists.
    fn stride(&self) -> Option<usize> {
        self.properties.iter().map(|p| if let Property::One(_, number) = p { Some(number.size) } else { None }).sum()
    }

    /// Where the elements end that begin at `at`.
    fn skip(&self, bytes: &[u8], mut at: usize, is_big: bool) -> Option<usize> {
        if let Some(stride) = self.stride() {
            return at.checked_add(stride.checked_mul(self.count)?).filter(|end| *end <= bytes.len());
        }
        for _ in 0..self.count {
            for property in &self.properties {
                at = match property {
                    Property::One(_, number) => at.checked_add(number.size)?,
                    Property::List(_, length, item) => {
                        let count = length.value(bytes.get(at..at.checked_add(length.size)?)?, is_big);
                        let len = (count.max(0.0) as usize).checked_mul(item.size)?;
                        at.checked_add(length.size)?.checked_add(len)?
                    }
                };
            }
            if at > bytes.len() {
                return None;
            }
        }
        Some(at)
    }
}

impl Number {
    fn of(name: &str) -> Option<Self> {
        let (size, kind) = match name {
            "char" | "int8" => (1, Kind::Signed),
            "uchar" | "uint8" => (1, Kind::Unsigned),
            "short" | "int16" => (2, Kind::Signed),
            "ushort" | "uint16" => (2, Kind::Unsigned),
            "int" | "int32" => (4, Kind::Signed),
            "uint" | "uint32" => (4, Kind::Unsigned),
            "float" | "float32" => (4, Kind::Float),
            "double" | "float64" => (8, Kind::Float),
            _ => return None,
        };
        Some(Self { size, kind })
    }

    fn value(self, bytes: &[u8], is_big: bool) -> f64 {
        let mut word = [0; 8];
        for (i, to) in word.iter_mut().take(self.size).enumerate() {
            *to = bytes[if is_big { self.size - 1 - i } else { i }];
        }
        let bits = u64::from_le_bytes(word);
        let unused = 64 - 8 * self.size as u32;
        match (self.kind, self.size) {
            (Kind::Float, 4) => f32::from_bits(bits as u32).into(),
            (Kind::Float, _) => f64::from_bits(bits),
            (Kind::Unsigned, _) => bits as f64,
            (Kind::Signed, _) => ((bits << unused) as i64 >> unused) as f64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use glam::DVec3;

    const FACES: &str = "element face 1\nproperty list uchar int vertex_indices\n";
    const VERTICES: &str =
        "element vertex 2\nproperty float x\nproperty double y\nproperty uchar red\nproperty short z\n";

    fn read(bytes: &[u8]) -> Result<Parsed> {
        parse(bytes, "t.ply", &ReadOptions::default())
    }

    fn binary(is_big: bool, faces_first: bool) -> Vec<u8> {
        let order = if is_big { "big" } else { "little" };
        let (first, second) = if faces_first { (FACES, VERTICES) } else { (VERTICES, FACES) };
        let mut bytes =
            format!("ply\nformat binary_{order}_endian 1.0\ncomment c\n{first}{second}end_header\n").into_bytes();
        let mut face = vec![3];
        (0..3i32).for_each(|i| face.extend(if is_big { i.to_be_bytes() } else { i.to_le_bytes() }));
        let mut vertices = Vec::new();
        for (x, y, z) in [(1.0f32, 2.0f64, 3i16), (4.0, 5.0, -6)] {
            vertices.extend(if is_big { x.to_be_bytes() } else { x.to_le_bytes() });
            vertices.extend(if is_big { y.to_be_bytes() } else { y.to_le_bytes() });
            vertices.push(200);
            vertices.extend(if is_big { z.to_be_bytes() } else { z.to_le_bytes() });
        }
        bytes.extend(if faces_first { [face, vertices].concat() } else { [vertices, face].concat() });
        bytes
    }

    const POINTS: [DVec3; 2] = [DVec3::new(1.0, 2.0, 3.0), DVec3::new(4.0, 5.0, -6.0)];

    #[test]
    fn text_and_both_byte_orders_give_the_same_points() {
        let text =
            format!("ply\r\nformat ascii 1.0\r\n{FACES}{VERTICES}end_header\r\n3 0 1 2\r\n1 2 200 3\r\n4 5 200 -6\r\n");
        assert_eq!(read(text.as_bytes()).unwrap().cloud.positions, POINTS);
        for (is_big, faces_first) in [(false, false), (false, true), (true, false), (true, true)] {
            assert_eq!(read(&binary(is_big, faces_first)).unwrap().cloud.positions, POINTS, "{is_big} {faces_first}");
        }
    }

    #[test]
    fn further_properties_are_columns() {
        let options = ReadOptions { weights: Some("red".into()), ..ReadOptions::default() };
        assert_eq!(parse(&binary(false, true), "t", &options).unwrap().cloud.weights, Some(vec![200.0; 2]));
    }

    #[test]
    fn cuts_and_claims_are_told() {
        for is_big in [false, true] {
            let whole = binary(is_big, false);
            let vertices_end = whole.len() - 13;
            for cut in 4..vertices_end {
                assert!(read(&whole[..cut]).is_err(), "{cut}");
            }
        }
        let huge = VERTICES.replace("vertex 2", "vertex 1000000000000000000");
        for format in ["ascii", "binary_little_endian"] {
            let error = read(format!("ply\nformat {format} 1.0\n{huge}end_header\n1 2 3 4\n").as_bytes()).unwrap_err();
            assert!(error.to_string().contains("cut"), "{error}");
        }
        let list = VERTICES.replace("property uchar red", "property list uchar int red");
        assert!(read(format!("ply\nformat ascii 1.0\n{list}end_header\n").as_bytes()).is_err());
        assert!(
            read(b"ply\nformat ascii 1.0\nelement vertex 1\nproperty quad x\n")
                .unwrap_err()
                .to_string()
                .contains("t.ply:4:")
        );
    }
}
