//! Numbers of every size and byte order, as files hold them.

use crate::grid::Sample;

/// What kind of number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Float,
    Signed,
    Unsigned,
}

/// How a number is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number {
    kind: Kind,
    size: usize,
    is_big_endian: bool,
}

impl Number {
    /// Floats of 2, 4 or 8 bytes, integers of 1, 2, 4 or 8; `None` for other sizes.
    pub(super) fn new(kind: Kind, size: usize, is_big_endian: bool) -> Option<Self> {
        let sizes: &[usize] = if kind == Kind::Float { &[2, 4, 8] } else { &[1, 2, 4, 8] };
        sizes.contains(&size).then_some(Self { kind, size, is_big_endian })
    }

    /// Bytes of one number.
    pub(super) fn size(self) -> usize {
        self.size
    }

    /// What is told of floats of 64 bits, where they are held in 32.
    pub(super) fn narrowed(self) -> Option<String> {
        (self.kind == Kind::Float && self.size == 8).then(|| DOUBLES.to_owned())
    }

    /// Whether it is no float.
    pub(super) fn is_whole(self) -> bool {
        self.kind != Kind::Float
    }

    /// A warning of whole numbers that 32 bits round.
    pub(super) fn rounded(self, bytes: &[u8]) -> Option<String> {
        let may_be = self.is_whole() && self.size >= 4;
        let count = |part: &[u8]| rounded(self.decode::<f64>(part).into_iter());
        // Some at a time: a volume is not held twice.
        tell_rounded(if may_be { bytes.chunks(self.size << 16).map(count).sum() } else { 0 })
    }

    /// All numbers that `bytes` hold whole.
    pub(super) fn decode<T: Sample>(self, bytes: &[u8]) -> Vec<T> {
        let mut values = vec![T::default(); bytes.len() / self.size];
        self.decode_into(bytes, &mut values);
        values
    }

    /// As many numbers as there is room for and `bytes` hold.
    pub(super) fn decode_into<T: Sample>(self, bytes: &[u8], out: &mut [T]) {
        match (self.kind, self.size) {
            (Kind::Float, 2) => self.each(bytes, out, |b| half(u16::from_le_bytes(b))),
            (Kind::Float, 4) => self.each(bytes, out, |b| f64::from(f32::from_le_bytes(b))),
            (Kind::Float, _) => self.each(bytes, out, f64::from_le_bytes),
            (Kind::Signed, 1) => self.each(bytes, out, |b| f64::from(i8::from_le_bytes(b))),
            (Kind::Signed, 2) => self.each(bytes, out, |b| f64::from(i16::from_le_bytes(b))),
            (Kind::Signed, 4) => self.each(bytes, out, |b| f64::from(i32::from_le_bytes(b))),
            (Kind::Signed, _) => self.each(bytes, out, |b| i64::from_le_bytes(b) as f64),
            (Kind::Unsigned, 1) => self.each(bytes, out, |[b]| f64::from(b)),
            (Kind::Unsigned, 2) => self.each(bytes, out, |b| f64::from(u16::from_le_bytes(b))),
            (Kind::Unsigned, 4) => self.each(bytes, out, |b| f64::from(u32::from_le_bytes(b))),
            (Kind::Unsigned, _) => self.each(bytes, out, |b| u64::from_le_bytes(b) as f64),
        }
    }

    fn each<T: Sample, const N: usize>(self, bytes: &[u8], out: &mut [T], value: impl Fn([u8; N]) -> f64) {
        let (values, _) = bytes.as_chunks::<N>();
        let turned = |bytes: &[u8; N]| {
            let mut bytes = *bytes;
            if self.is_big_endian {
                bytes.reverse();
            }
            T::from_f64(value(bytes))
        };
        out.iter_mut().zip(values).for_each(|(to, bytes)| *to = turned(bytes));
    }
}

/// Told of volumes of 64 bits.
pub(super) const DOUBLES: &str = "its numbers have 64 bits, of which 32 are kept";

/// Whole numbers up to here are exact in 32 bits.
const EXACT: f64 = 16_777_216.0;

/// How many of these whole numbers 32 bits round.
pub(super) fn rounded(values: impl Iterator<Item = f64>) -> usize {
    values.filter(|v| v.abs() > EXACT && f64::from(*v as f32) != *v).count()
}

/// A warning of whole numbers that 32 bits round.
pub(super) fn tell_rounded(count: usize) -> Option<String> {
    (count > 0).then(|| format!("{count} of its whole numbers are beyond {EXACT} and rounded to 32 bits"))
}

/// IEEE 754 binary16.
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    match exponent {
        0 => sign * fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => sign * f64::INFINITY,
        31 => f64::NAN,
        _ => sign * (1024.0 + fraction) * 2f64.powi(exponent - 25),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_number_in_both_byte_orders() {
        let decode = |kind, big, bytes: &[u8]| Number::new(kind, bytes.len(), big).unwrap().decode::<f64>(bytes)[0];
        assert_eq!(decode(Kind::Float, false, &(-1.5f64).to_le_bytes()), -1.5);
        assert_eq!(decode(Kind::Float, true, &0.25f32.to_be_bytes()), 0.25);
        assert_eq!(decode(Kind::Float, false, &[0x00, 0xc2]), -3.0);
        assert_eq!(decode(Kind::Float, true, &[0x7c, 0x00]), f64::INFINITY);
        assert_eq!(decode(Kind::Signed, true, &[0xff, 0xfe]), -2.0);
        assert_eq!(decode(Kind::Unsigned, true, &[0xff, 0xfe]), 65534.0);
        assert!(Number::new(Kind::Float, 1, false).is_none() && Number::new(Kind::Signed, 3, false).is_none());
    }

    #[test]
    fn what_32_bits_round_is_counted() {
        let values = [16_777_216i32, 16_777_217, -16_777_219, 16_777_218];
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        let number = |kind, size| Number::new(kind, size, false).unwrap();
        let told = "2 of its whole numbers are beyond 16777216 and rounded to 32 bits";
        assert_eq!(number(Kind::Signed, 4).rounded(&bytes).as_deref(), Some(told));
        assert_eq!(number(Kind::Signed, 4).rounded(&bytes[..4]), None);
        assert_eq!((number(Kind::Signed, 2).rounded(&bytes), number(Kind::Float, 4).narrowed()), (None, None));
        assert_eq!(number(Kind::Float, 8).narrowed().as_deref(), Some(DOUBLES));
    }
}
