//! Pages that are stored with white as zero, which the decoder would invert: floats lose digits by that, and no other
//! reader of numbers does it.

use std::borrow::Cow;

const PHOTOMETRIC: u64 = 262;
/// Types of a tag: numbers of 16 and 32 bits.
const SHORT: u64 = 3;
const LONG: u64 = 4;

/// Numbers of a TIFF in its byte order.
struct Reader<'a> {
    bytes: &'a [u8],
    is_big: bool,
}

impl Reader<'_> {
    fn number(&self, at: usize, size: usize) -> Option<u64> {
        let bytes = self.bytes.get(at..at.checked_add(size)?)?;
        let push = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        Some(if self.is_big { bytes.iter().fold(0, push) } else { bytes.iter().rev().fold(0, push) })
    }
}

/// The places of the lowest byte of each page's tag that says that white is zero.
pub(super) fn white_is_zero(bytes: &[u8]) -> Vec<usize> {
    let mut found = Vec::new();
    find(bytes, &mut found);
    found
}

/// Goes through the directories; ends early where they are damaged, which the decoder tells.
fn find(bytes: &[u8], found: &mut Vec<usize>) -> Option<()> {
    let reader = Reader { bytes, is_big: bytes.starts_with(b"MM") };
    let is_long = reader.number(2, 2)? == 43;
    // Bytes of a place, of the number of entries, of an entry; and where the value stands in it.
    let (place, count, entry, value) = if is_long { (8, 8, 20, 12) } else { (4, 2, 12, 8) };
    let mut at = reader.number(if is_long { 8 } else { 4 }, place)? as usize;
    // A chain that runs in a circle ends too.
    for _ in 0..bytes.len() / entry {
        if at == 0 {
            break;
        }
        let entries = reader.number(at, count)? as usize;
        let begin = at.checked_add(count)?;
        let end = begin.checked_add(entries.checked_mul(entry)?).filter(|end| *end <= bytes.len())?;
        for tag in (begin..end).step_by(entry).filter(|tag| reader.number(*tag, 2) == Some(PHOTOMETRIC)) {
            let size = match reader.number(tag + 2, 2)? {
                SHORT => 2,
                LONG => 4,
                _ => continue,
            };
            if reader.number(tag + value, size)? == 0 {
                found.push(tag + value + if reader.is_big { size - 1 } else { 0 });
            }
        }
        at = reader.number(end, place)? as usize;
    }
    Some(())
}

/// The file with black as zero in the pages whose tags stand at these places.
pub(super) fn as_black_is_zero<'a>(bytes: &'a [u8], places: &[usize]) -> Cow<'a, [u8]> {
    if places.is_empty() {
        return bytes.into();
    }
    let mut changed = bytes.to_vec();
    places.iter().for_each(|place| changed[*place] = 1);
    changed.into()
}
