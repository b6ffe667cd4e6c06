//! The header of an NPY file: a Python dictionary of literals, read without evaluating anything.

use super::super::numbers::{Kind, Number};

/// What a header says, checked against the length of the file.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) shape: Vec<usize>,
    pub(super) is_fortran: bool,
    /// Where the values begin.
    pub(super) data_begin: usize,
    number: Number,
    count: usize,
}

/// Headers are about 100 bytes; structured types make them longer, and are not read anyway.
const MAX_DIMENSIONS: usize = 32;

/// Reads and checks the header.
pub(super) fn read(bytes: &[u8]) -> Result<Header, String> {
    read_of(bytes, bytes.len() as u64)
}

/// As [`read`], of the first bytes of a file of `len` bytes.
pub(super) fn read_of(bytes: &[u8], len: u64) -> Result<Header, String> {
    let (length, begin): (Option<usize>, usize) = match bytes.get(6) {
        Some(1) => (bytes.get(8..10).map(|b| usize::from(u16::from_le_bytes([b[0], b[1]]))), 10),
        Some(2 | 3) => (bytes.get(8..12).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize), 12),
        Some(version) => return Err(format!("NPY version {version} is not known; versions 1 to 3 are read")),
        None => return Err("the file ends within the signature; it is cut".into()),
    };
    let text = length.and_then(|length| bytes.get(begin..begin.checked_add(length)?));
    let Some(text) = text else {
        return Err("the header is longer than the file; the file is cut or damaged".into());
    };
    if memchr::memmem::find(text, b"'descr': [").is_some() {
        return Err(
            "its values are records with named fields; save an array (N, 3) of the positions, or a CSV of all".into()
        );
    }
    let fields =
        dictionary(text).ok_or("the header is no dictionary of descr, fortran_order and shape; nothing is run")?;
    let number = number_type(&fields.descr)?;
    let mut header =
        Header { shape: Vec::new(), is_fortran: fields.is_fortran, data_begin: begin + text.len(), number, count: 0 };
    header.check_shape(&fields.shape, usize::try_from(len).unwrap_or(usize::MAX) - header.data_begin)?;
    Ok(header)
}

impl Header {
    /// Takes the shape if the rest of the file can hold it.
    fn check_shape(&mut self, shape: &[i128], available: usize) -> Result<(), String> {
        if let Some(negative) = shape.iter().find(|n| **n < 0) {
            return Err(format!("the shape {shape:?} holds the negative length {negative}"));
        }
        let count = shape.iter().try_fold(1i128, |product, n| product.checked_mul(*n));
        let needed = count.and_then(|count| count.checked_mul(self.number.size() as i128));
        if needed.is_none_or(|needed| needed > available as i128) {
            let needed = needed.map_or("more bytes than can be counted".into(), |n| format!("{n} bytes"));
            return Err(format!(
                "the shape {shape:?} needs {needed}, the file holds {available}; it is cut or damaged"
            ));
        }
        self.shape = shape.iter().map(|n| usize::try_from(*n)).collect::<Result<_, _>>().map_err(|e| e.to_string())?;
        self.count = count.and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        Ok(())
    }

    /// How its numbers are stored.
    pub(super) fn number(&self) -> Number {
        self.number
    }

    /// Bytes of a value.
    pub(super) fn value_size(&self) -> usize {
        self.number.size()
    }

    /// The values in some of the bytes.
    pub(super) fn decode_some(&self, bytes: &[u8]) -> Vec<f64> {
        self.number.decode(bytes)
    }

    /// The bytes of all values.
    pub(super) fn data<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        &bytes[self.data_begin..][..self.count * self.number.size()]
    }
}

/// A type as `<f8`.
fn number_type(descr: &str) -> Result<Number, String> {
    let refused = |what: &str| Err(format!("its values are {what} (`{descr}`); save real numbers, as float64"));
    let (order, rest) = match descr.as_bytes() {
        [order @ (b'<' | b'>' | b'=' | b'|'), rest @ ..] => (*order, rest),
        rest => (b'=', rest),
    };
    let size = rest.get(1..).and_then(|digits| std::str::from_utf8(digits).ok()?.parse::<usize>().ok());
    let known = |kind| Number::new(kind, size.unwrap_or(0), order == b'>');
    let number = match rest.first() {
        Some(b'f') => known(Kind::Float),
        Some(b'i') => known(Kind::Signed),
        Some(b'u') => known(Kind::Unsigned),
        Some(b'b') if size == Some(1) => known(Kind::Unsigned),
        _ => None,
    };
    match (number, rest.first()) {
        (Some(number), _) => Ok(number),
        (None, Some(b'O')) => refused("pickled Python objects, which are never unpickled"),
        (None, Some(b'c')) => refused("complex numbers"),
        _ => refused("of a type that is not read"),
    }
}

#[derive(Debug, Default)]
struct Fields {
    descr: String,
    is_fortran: bool,
    shape: Vec<i128>,
}

/// The three entries of the dictionary; `None` if anything else is there.
fn dictionary(text: &[u8]) -> Option<Fields> {
    let mut scan = Scan { text, at: 0 };
    let mut fields = Fields::default();
    let mut seen = [false; 3];
    scan.accept(b'{').then_some(())?;
    while !scan.accept(b'}') {
        let key = scan.string()?;
        scan.accept(b':').then_some(())?;
        match key.as_str() {
            "descr" => (fields.descr, seen[0]) = (scan.string()?, true),
            "fortran_order" => (fields.is_fortran, seen[1]) = (scan.boolean()?, true),
            "shape" => (fields.shape, seen[2]) = (scan.tuple()?, true),
            _ => return None,
        }
        if !scan.accept(b',') && scan.peek() != Some(b'}') {
            return None;
        }
    }
    (seen == [true; 3] && scan.peek().is_none()).then_some(fields)
}

struct Scan<'a> {
    text: &'a [u8],
    at: usize,
}

impl Scan<'_> {
    /// The next byte that is no blank.
    fn peek(&mut self) -> Option<u8> {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }

    fn accept(&mut self, byte: u8) -> bool {
        let comes = self.peek() == Some(byte);
        self.at += usize::from(comes);
        comes
    }

    fn string(&mut self) -> Option<String> {
        let quote = self.peek().filter(|b| matches!(b, b'\'' | b'"'))?;
        let rest = &self.text[self.at + 1..];
        let end = rest.iter().position(|b| *b == quote)?;
        self.at += end + 2;
        std::str::from_utf8(&rest[..end]).ok().map(str::to_owned)
    }

    fn boolean(&mut self) -> Option<bool> {
        self.peek();
        let rest = &self.text[self.at..];
        let value = rest.starts_with(b"True");
        if !value && !rest.starts_with(b"False") {
            return None;
        }
        self.at += if value { 4 } else { 5 };
        Some(value)
    }

    fn tuple(&mut self) -> Option<Vec<i128>> {
        let mut values = Vec::new();
        self.accept(b'(').then_some(())?;
        while !self.accept(b')') {
            values.push(self.integer()?);
            if values.len() > MAX_DIMENSIONS || !self.accept(b',') && self.peek() != Some(b')') {
                return None;
            }
        }
        Some(values)
    }

    fn integer(&mut self) -> Option<i128> {
        self.peek();
        let rest = &self.text[self.at..];
        let len = rest.iter().take_while(|b| b.is_ascii_digit() || **b == b'-').count();
        self.at += len;
        // Python 2 wrote long integers as 12L.
        self.at += usize::from(self.text.get(self.at) == Some(&b'L'));
        std::str::from_utf8(&rest[..len]).ok()?.parse().ok()
    }
}

/// The header of an array of little-endian floats of `size` bytes in C order, padded so that the
/// values begin at a multiple of 64 bytes.
pub(super) fn write(shape: &[usize], size: usize) -> Vec<u8> {
    let lengths: String = shape.iter().map(|n| format!("{n}, ")).collect();
    let lengths = if shape.len() > 1 { lengths.trim_end_matches(", ") } else { lengths.trim_end() };
    let mut text = format!("{{'descr': '<f{size}', 'fortran_order': False, 'shape': ({lengths}), }}");
    let padding = 64 - (10 + text.len() + 1) % 64;
    text.extend(std::iter::repeat_n(' ', padding % 64));
    text.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((text.len() as u16).to_le_bytes());
    bytes.extend(text.into_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::super::tests::file;
    use super::*;

    fn values(descr: &str, data: &[u8]) -> Vec<f64> {
        let size: usize = descr[2..].parse().unwrap();
        let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({},), }}", data.len() / size);
        let bytes = file(&text, data);
        let header = read(&bytes).unwrap();
        header.decode_some(header.data(&bytes))
    }

    #[test]
    fn every_number_type_is_decoded_in_both_byte_orders() {
        for (descr, data, expected) in [
            ("<f8", (-1.5f64).to_le_bytes().to_vec(), -1.5),
            (">f8", (-1.5f64).to_be_bytes().to_vec(), -1.5),
            (">f4", 0.25f32.to_be_bytes().to_vec(), 0.25),
            ("<f2", vec![0x00, 0xc2], -3.0),
            ("<f2", vec![0x01, 0x00], 2f64.powi(-24)),
            (">f2", vec![0x7c, 0x00], f64::INFINITY),
            ("|i1", vec![0xff], -1.0),
            ("<i2", vec![0xfe, 0xff], -2.0),
            (">i4", vec![0, 0, 1, 0], 256.0),
            ("<i8", (-3i64).to_le_bytes().to_vec(), -3.0),
            ("|u1", vec![255], 255.0),
            (">u2", vec![1, 0], 256.0),
            ("<u4", vec![0, 0, 0, 128], 2_147_483_648.0),
            ("<u8", u64::MAX.to_le_bytes().to_vec(), 18_446_744_073_709_551_615.0),
            ("|b1", vec![1], 1.0),
        ] {
            assert_eq!(values(descr, &data), [expected], "{descr}");
        }
    }

    #[test]
    fn what_cannot_be_is_refused_before_anything_is_allocated() {
        let shaped =
            |shape: &str| file(&format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}}}"), &[0; 16]);
        for (bytes, expected) in [
            (shaped("(1000000000000, 3)"), "needs 24000000000000 bytes"),
            (shaped("(4611686018427387904, 3)"), "the file holds 16"),
            (shaped("(170141183460469231731687303715884105727, 3)"), "can be counted"),
            (shaped("(-1, 3)"), "negative"),
            (shaped("(1, 3"), "no dictionary"),
            (shaped("(3)(3)"), "no dictionary"),
            (shaped("(1-1,)"), "no dictionary"),
            (shaped("(1, 3)"), "needs 24 bytes"),
            (file("{'descr': '|O', 'fortran_order': False, 'shape': (2,)}", &[0; 16]), "never unpickled"),
            (file("{'descr': __import__('os'), 'fortran_order': False, 'shape': (2,)}", &[]), "nothing is run"),
            (
                file("{'descr': [('x', '<f8')], 'fortran_order': False, 'shape': (2,)}", &[]),
                "records with named fields",
            ),
            (file("{'descr': '<c16', 'fortran_order': False, 'shape': (1,)}", &[0; 16]), "complex"),
            (file("{'fortran_order': False, 'shape': (1,)}", &[0; 16]), "no dictionary"),
            (b"\x93NUMPY\x01\x00\xff\xff{}".to_vec(), "longer than the file"),
            (b"\x93NUMPY\x02\x00\xff\xff\xff\xff{}".to_vec(), "longer than the file"),
            (b"\x93NUMPY\x09\x00".to_vec(), "version 9"),
            (b"\x93NUMPY".to_vec(), "cut"),
        ] {
            let error = read(&bytes).unwrap_err();
            assert!(error.contains(expected), "{expected}: {error}");
        }
    }

    #[test]
    fn versions_2_and_3_have_longer_lengths() {
        let text = "{'descr': '|u1', 'fortran_order': False, 'shape': (2,)}";
        for version in [2, 3] {
            let mut bytes = vec![0x93, b'N', b'U', b'M', b'P', b'Y', version, 0];
            bytes.extend((text.len() as u32).to_le_bytes());
            bytes.extend(text.bytes());
            bytes.extend([7, 8]);
            let header = read(&bytes).unwrap();
            assert_eq!(header.decode_some(header.data(&bytes)), [7.0, 8.0]);
        }
    }

    #[test]
    fn written_headers_are_numpys() {
        // Recorded from numpy 2.4.6: np.save of float32 zeros of shape (2, 3, 4) and float64 of (5,).
        let three = write(&[2, 3, 4], 4);
        assert_eq!(three.len(), 128);
        assert!(three[10..].starts_with(b"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3, 4), } "));
        assert!(write(&[5], 8)[10..].starts_with(b"{'descr': '<f8', 'fortran_order': False, 'shape': (5,), } "));
        assert_eq!((three[127], read(&write(&[0], 8)).unwrap().count), (b'\n', 0));
    }
}
