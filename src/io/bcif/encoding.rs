//! How columns of BinaryCIF are packed: a chain of encodings, undone from the last to the first.

use std::borrow::Cow;

use rmpv::ValueRef;

use super::{get, list, shown, text};

/// A column has no more rows than this times the bytes of the file: runs are short in real ones.
const MOST_ROWS_PER_BYTE: usize = 64;

/// The values of a column. A row whose mask is not 0 has none.
pub(super) struct Column {
    values: Values,
    mask: Option<Vec<f64>>,
}

enum Values {
    Numbers(Vec<f64>),
    Texts { levels: Vec<String>, codes: Vec<f64> },
}

/// What an encoding is undone on.
enum Data<'a> {
    Bytes(&'a [u8]),
    Numbers(Vec<f64>),
}

impl Column {
    /// Unpacks `{data, mask}` of a file of `limit` bytes.
    pub(super) fn read(column: &ValueRef, limit: usize) -> Result<Self, String> {
        let most = limit.saturating_mul(MOST_ROWS_PER_BYTE);
        let data = get(column, "data").ok_or("has no data")?;
        let values = values(data, most)?;
        let mask = match get(column, "mask") {
            None | Some(ValueRef::Nil) => None,
            Some(mask) => match self::values(mask, most)? {
                Values::Numbers(mask) => Some(mask),
                Values::Texts { .. } => return Err("the mask holds texts".into()),
            },
        };
        let column = Self { values, mask };
        match column.mask.as_ref().is_some_and(|mask| mask.len() != column.len()) {
            true => Err("mask and data have different lengths".into()),
            false => Ok(column),
        }
    }

    pub(super) fn len(&self) -> usize {
        match &self.values {
            Values::Numbers(numbers) => numbers.len(),
            Values::Texts { codes, .. } => codes.len(),
        }
    }

    fn is_known(&self, row: usize) -> bool {
        self.mask.as_ref().is_none_or(|mask| mask[row] == 0.0)
    }

    pub(super) fn number(&self, row: usize) -> Option<f64> {
        match &self.values {
            _ if row >= self.len() || !self.is_known(row) => None,
            Values::Numbers(numbers) => Some(numbers[row]),
            Values::Texts { .. } => self.text(row)?.parse().ok(),
        }
    }

    /// The text; empty and unknown ones are `None`.
    pub(super) fn text(&self, row: usize) -> Option<Cow<'_, str>> {
        match &self.values {
            _ if !self.is_known(row) => None,
            Values::Numbers(numbers) => Some(Cow::Owned(numbers[row].to_string())),
            Values::Texts { levels, codes } => {
                let level = (codes[row] >= 0.0).then(|| levels.get(codes[row] as usize)).flatten()?;
                Some(Cow::Borrowed(level.as_str())).filter(|t| !t.is_empty())
            }
        }
    }
}

fn values(data: &ValueRef, most: usize) -> Result<Values, String> {
    let encodings = get(data, "encoding").and_then(list).ok_or("has no encoding")?;
    let Some(ValueRef::Binary(bytes)) = get(data, "data") else { return Err("its data are no bytes".into()) };
    if let [only] = encodings
        && kind(only) == "StringArray"
    {
        return texts(only, bytes, most);
    }
    unpack(encodings, bytes, most).map(Values::Numbers)
}

fn kind<'v>(encoding: &'v ValueRef) -> &'v str {
    get(encoding, "kind").and_then(text).unwrap_or_default()
}

fn field(encoding: &ValueRef, key: &str) -> Result<f64, String> {
    let number = get(encoding, key).and_then(|value| match value {
        ValueRef::Integer(n) => n.as_f64(),
        ValueRef::F32(n) => Some(f64::from(*n)),
        ValueRef::F64(n) => Some(*n),
        _ => None,
    });
    number.ok_or_else(|| format!("the encoding {} has no {key}", shown(kind(encoding).as_bytes())))
}

/// Undoes encodings that give numbers.
fn unpack(encodings: &[ValueRef], bytes: &[u8], most: usize) -> Result<Vec<f64>, String> {
    let mut data = Data::Bytes(bytes);
    for encoding in encodings.iter().rev() {
        data = Data::Numbers(match (kind(encoding), data) {
            ("ByteArray", Data::Bytes(bytes)) => byte_array(encoding, bytes)?,
            ("FixedPoint", Data::Numbers(numbers)) => {
                let factor = field(encoding, "factor")?;
                numbers.into_iter().map(|n| n / factor).collect()
            }
            ("IntervalQuantization", Data::Numbers(numbers)) => {
                let (min, max, steps) =
                    (field(encoding, "min")?, field(encoding, "max")?, field(encoding, "numSteps")?);
                let step = (max - min) / (steps - 1.0);
                numbers.into_iter().map(|n| min + n * step).collect()
            }
            ("RunLength", Data::Numbers(numbers)) => run_length(&numbers, most)?,
            ("Delta", Data::Numbers(numbers)) => {
                let mut sum = field(encoding, "origin")?;
                let add = |n: f64| {
                    sum += n;
                    sum
                };
                numbers.into_iter().map(add).collect()
            }
            ("IntegerPacking", Data::Numbers(numbers)) => integer_packing(encoding, &numbers)?,
            (other, _) => {
                return Err(format!("the encoding `{}` is not known or out of place", shown(other.as_bytes())));
            }
        });
    }
    match data {
        Data::Numbers(numbers) => Ok(numbers),
        Data::Bytes(_) => Err("has no encoding".into()),
    }
}

fn byte_array(encoding: &ValueRef, bytes: &[u8]) -> Result<Vec<f64>, String> {
    fn words<const N: usize>(bytes: &[u8], value: fn([u8; N]) -> f64) -> Result<Vec<f64>, String> {
        let (words, rest) = bytes.as_chunks::<N>();
        match rest {
            [] => Ok(words.iter().map(|w| value(*w)).collect()),
            _ => Err(format!("{} bytes are no whole number of values of {N}", bytes.len())),
        }
    }
    match field(encoding, "type")? as i64 {
        1 => words::<1>(bytes, |w| f64::from(w[0] as i8)),
        2 => words(bytes, |w| f64::from(i16::from_le_bytes(w))),
        3 => words(bytes, |w| f64::from(i32::from_le_bytes(w))),
        4 => words::<1>(bytes, |w| f64::from(w[0])),
        5 => words(bytes, |w| f64::from(u16::from_le_bytes(w))),
        6 => words(bytes, |w| f64::from(u32::from_le_bytes(w))),
        32 => words(bytes, |w| f64::from(f32::from_le_bytes(w))),
        33 => words(bytes, f64::from_le_bytes),
        other => Err(format!("the type {other} of numbers is not known")),
    }
}

fn run_length(numbers: &[f64], most: usize) -> Result<Vec<f64>, String> {
    let (runs, _) = numbers.as_chunks::<2>();
    let total: f64 = runs.iter().map(|[_, count]| count.max(0.0)).sum();
    if total.is_nan() || total > most as f64 {
        return Err(format!("its runs claim {total} values, more than {most}"));
    }
    let mut out = Vec::with_capacity(total as usize);
    for [value, count] in runs {
        out.resize(out.len() + count.max(0.0) as usize, *value);
    }
    Ok(out)
}

/// Numbers at the ends of their type go on in the next one.
fn integer_packing(encoding: &ValueRef, numbers: &[f64]) -> Result<Vec<f64>, String> {
    let is_unsigned = matches!(get(encoding, "isUnsigned"), Some(ValueRef::Boolean(true)));
    let (low, high) = match (field(encoding, "byteCount")? as i64, is_unsigned) {
        (1, true) => (f64::NAN, 255.0),
        (1, false) => (-128.0, 127.0),
        (2, true) => (f64::NAN, 65535.0),
        (2, false) => (-32768.0, 32767.0),
        (bytes, _) => return Err(format!("integers packed into {bytes} bytes are not known")),
    };
    let mut out = Vec::new();
    let mut sum = 0.0;
    for number in numbers {
        sum += number;
        if *number != low && *number != high {
            out.push(sum);
            sum = 0.0;
        }
    }
    Ok(out)
}

fn texts(encoding: &ValueRef, bytes: &[u8], most: usize) -> Result<Values, String> {
    let chain = |key: &str| get(encoding, key).and_then(list).ok_or_else(|| format!("StringArray has no {key}"));
    let all = get(encoding, "stringData").and_then(text).ok_or("StringArray has no stringData")?;
    let Some(ValueRef::Binary(offsets)) = get(encoding, "offsets") else {
        return Err("StringArray has no offsets".into());
    };
    let offsets = unpack(chain("offsetEncoding")?, offsets, most)?;
    let level = |pair: &[f64]| all.get(pair[0].max(0.0) as usize..pair[1].max(0.0) as usize).map(str::to_owned);
    let levels: Option<Vec<String>> = offsets.windows(2).map(level).collect();
    let levels = levels.ok_or("the offsets of its texts are out of range")?;
    let codes = unpack(chain("dataEncoding")?, bytes, most)?;
    Ok(Values::Texts { levels, codes })
}
