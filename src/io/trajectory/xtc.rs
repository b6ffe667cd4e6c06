//! XTC, the packed trajectories of GROMACS; big-endian, lengths in nanometres.
//!
//! A frame is a header (atoms, step, time, box) and positions as whole numbers, of which most are packed
//! as differences from the atom before. The coding is that of Frans van Hoesel's `xdrf` library (1995).
//! Everything that decides how much is read or allocated is checked when the file is indexed.

use glam::DVec3;

use super::words::Words;
use super::{ANGSTROM_PER_NM, Raw, Record};
use crate::io::cell;

/// Magic number of all frames, and of those whose packed length has 64 bits (GROMACS 2023).
const MAGIC: i32 = 1995;
const LONG_MAGIC: i32 = 2023;
/// Up to so many atoms positions are not packed.
const MOST_UNPACKED: usize = 9;
/// Bytes before the number of atoms is repeated; before the positions.
const BEFORE_POSITIONS: usize = 56;
/// The longest header.
pub(super) const HEADER: u64 = 96;
/// Numbers of values of a small difference, each about 2^(1/3) times the one before: three of the size
/// with index i fit into i bits.
const SIZES: [u32; 73] = [
    0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 10, 12, 16, 20, 25, 32, 40, 50, 64, 80, 101, 128, 161, 203, 256, 322, 406, 512, 645,
    812, 1024, 1290, 1625, 2048, 2580, 3250, 4096, 5060, 6501, 8192, 10321, 13003, 16384, 20642, 26007, 32768, 41285,
    52015, 65536, 82570, 104_031, 131_072, 165_140, 208_063, 262_144, 330_280, 416_127, 524_287, 660_561, 832_255,
    1_048_576, 1_321_122, 1_664_510, 2_097_152, 2_642_245, 3_329_021, 4_194_304, 5_284_491, 6_658_042, 8_388_607,
    10_568_983, 13_316_085, 16_777_216,
];
const FIRST_SIZE: usize = 9;
/// Above this number of values each coordinate has bits of its own.
const MOST_TOGETHER: u32 = 0xff_ffff;
/// No group of atoms takes more bytes than this: it can be read before its end is checked.
const LONGEST_GROUP: usize = 128;

struct Header {
    atoms: usize,
    time: f64,
    edges: [DVec3; 3],
    packing: Option<Packing>,
    /// Where the positions, packed or not, begin and end.
    begin: usize,
    end: usize,
}

struct Packing {
    precision: f64,
    min: [i64; 3],
    /// Number of values of each coordinate.
    sizes: [u32; 3],
    small: usize,
}

/// The frame that begins with `bytes`, at least [`HEADER`] of them unless the file ends before.
pub(super) fn record(bytes: &[u8]) -> Result<Record, String> {
    match header(bytes)? {
        None => Ok(Record::Cut),
        Some(header) => {
            let Header { atoms, time, end, .. } = header;
            Ok(Record::Frame { atoms, len: end.next_multiple_of(4) as u64, time, is_skipped: false })
        }
    }
}

/// `None` if the bytes end before the header does.
fn header(bytes: &[u8]) -> Result<Option<Header>, String> {
    let mut words = Words::new(bytes, true);
    let Some(magic) = words.i32() else { return Ok(None) };
    if magic != MAGIC && magic != LONG_MAGIC {
        return Err(format!("a frame of XTC begins with the number {MAGIC} or {LONG_MAGIC}, here is {magic}"));
    }
    let Some(atoms) = words.i32() else { return Ok(None) };
    let count = usize::try_from(atoms).ok().filter(|n| *n > 0);
    let count = count.ok_or_else(|| format!("the frame has {atoms} atoms; 1 or more are expected"))?;
    let mut read = || {
        let (_step, time) = (words.i32()?, words.f32()?);
        let mut edge = || Some(DVec3::new(words.f32()?.into(), words.f32()?.into(), words.f32()?.into()));
        Some((time, [edge()?, edge()?, edge()?], words.i32()?))
    };
    let Some((time, edges, repeated)) = read() else { return Ok(None) };
    if repeated != atoms {
        return Err(format!("the frame has {atoms} atoms by its header, but {repeated} by its positions"));
    }
    let mut header = Header {
        atoms: count,
        time: time.into(),
        edges: edges.map(|e| e * ANGSTROM_PER_NM),
        packing: None,
        begin: BEFORE_POSITIONS,
        end: BEFORE_POSITIONS + 12 * count.min(MOST_UNPACKED),
    };
    if count > MOST_UNPACKED {
        let Some((packing, len)) = packing(&mut words, count, magic == LONG_MAGIC)? else { return Ok(None) };
        header.begin = bytes.len() - words.rest().len();
        header.end = header.begin + len;
        header.packing = Some(packing);
    }
    Ok(Some(header))
}

/// How positions are packed, and in how many bytes.
fn packing(words: &mut Words, atoms: usize, is_long: bool) -> Result<Option<(Packing, usize)>, String> {
    let mut read = || {
        let precision = words.f32()?;
        let mut three = || Some([words.i32()?, words.i32()?, words.i32()?]);
        let (min, max) = (three()?, three()?);
        let small = words.i32()?;
        let len = if is_long { words.i64()? } else { words.i32()?.into() };
        Some((precision, min, max, small, len))
    };
    let Some((precision, min, max, small, len)) = read() else { return Ok(None) };
    if !(precision.is_finite() && precision > 0.0) {
        return Err(format!("the precision is {precision}; a number above 0 is expected"));
    }
    let mut sizes = [0; 3];
    for axis in 0..3 {
        let (min, max) = (i64::from(min[axis]), i64::from(max[axis]));
        sizes[axis] = u32::try_from(max - min + 1).ok().filter(|n| *n > 0).ok_or_else(|| {
            format!("the packed positions of axis {} range from {min} to {max}, which is no range", axis + 1)
        })?;
    }
    let small = usize::try_from(small).ok().filter(|s| (FIRST_SIZE..SIZES.len()).contains(s)).ok_or_else(|| {
        format!("the size index of small differences is {small}; {FIRST_SIZE} to {} are possible", SIZES.len() - 1)
    })?;
    // An atom takes 2 to 102 bits.
    let (least, most) = (atoms / 4, 13 * atoms + 8);
    let len = usize::try_from(len).ok().filter(|len| (least..=most).contains(len)).ok_or_else(|| {
        format!("the packed positions of {atoms} atoms claim {len} bytes; {least} to {most} are possible")
    })?;
    Ok(Some((Packing { precision: precision.into(), min: min.map(i64::from), sizes, small }, len)))
}

/// The positions of a whole frame.
pub(super) fn decode(mut frame: Vec<u8>) -> Result<Raw, String> {
    let header = header(&frame)?.filter(|h| h.end <= frame.len()).ok_or("the frame is cut")?;
    let positions = match &header.packing {
        None => unpacked(&frame[header.begin..header.end], header.atoms).ok_or("the frame is cut")?,
        Some(packing) => {
            let end = header.end - header.begin;
            frame.drain(..header.begin);
            frame.truncate(end);
            frame.resize(end + LONGEST_GROUP, 0);
            unpack(&frame, end * 8, packing, header.atoms)?
        }
    };
    Ok(Raw { positions, cell: cell::upright(header.edges), time: Some(header.time) })
}

fn unpacked(bytes: &[u8], atoms: usize) -> Option<Vec<DVec3>> {
    let mut words = Words::new(bytes, true);
    let mut next = || Some(f64::from(words.f32()?) * ANGSTROM_PER_NM);
    (0..atoms).map(|_| Some(DVec3::new(next()?, next()?, next()?))).collect()
}

/// A stream of bits, the most significant of a byte first. It is [`LONGEST_GROUP`] longer than it counts.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    /// The next 57 bits or more, left-justified.
    #[inline]
    fn ahead(&self) -> u64 {
        let begin = self.at / 8;
        let chunk: [u8; 8] = self.bytes[begin..begin + 8].try_into().expect("8 bytes");
        u64::from_be_bytes(chunk) << (self.at % 8)
    }

    /// A number of 1 to 56 bits.
    #[inline]
    fn take(&mut self, bits: usize) -> u64 {
        let word = self.ahead() >> (64 - bits);
        self.at += bits;
        word
    }

    /// A number of 1 to 56 bits whose bytes come the least significant first; the last may be a part of one.
    #[inline]
    fn take_swapped(&mut self, bits: usize) -> u64 {
        let ahead = self.ahead();
        let (whole, part) = (bits & !7, bits & 7);
        self.at += bits;
        let low = ahead.swap_bytes() & ((1 << whole) - 1);
        // Shifted in two steps: a shift by 64 is none.
        low | (((ahead << whole) >> 1) >> (63 - part)) << whole
    }

    /// Three numbers below `sizes`, packed as one of `bits` bits.
    #[inline]
    fn three(&mut self, bits: usize, sizes: [u32; 3]) -> [i64; 3] {
        const MOST: usize = 56;
        if bits <= MOST {
            let [_, sy, sz] = sizes.map(u64::from);
            let all = self.take_swapped(bits);
            let rest = all / sz;
            return [(rest / sy) as u32, (rest % sy) as u32, (all % sz) as u32].map(i64::from);
        }
        let [_, sy, sz] = sizes.map(u128::from);
        let low = u128::from(self.take_swapped(MOST));
        let all = low | u128::from(self.take_swapped(bits - MOST)) << MOST;
        let rest = all / sz;
        [(rest / sy) as u32, (rest % sy) as u32, (all % sz) as u32].map(i64::from)
    }
}

/// How many bits a number takes.
fn bit_length(number: u128) -> usize {
    (128 - number.leading_zeros()) as usize
}

/// Reads `atoms` positions, in angstrom. A group is one atom in full and up to ten as differences.
fn unpack(bytes: &[u8], end: usize, packing: &Packing, atoms: usize) -> Result<Vec<DVec3>, String> {
    let damaged = || "the packed positions do not fit their length; the frame is damaged".to_owned();
    let is_apart = packing.sizes.iter().any(|s| *s > MOST_TOGETHER);
    let bits_apart = packing.sizes.map(|s| bit_length(s.into()));
    let bits_together = bit_length(packing.sizes.iter().map(|s| u128::from(*s)).product());
    let scale = ANGSTROM_PER_NM / packing.precision;
    let place = |c: [i64; 3]| DVec3::new(c[0] as f64, c[1] as f64, c[2] as f64) * scale;
    let mut bits = Bits { bytes, at: 0 };
    let mut positions = Vec::with_capacity(atoms);
    let mut small = packing.small;
    let mut run = 0;
    while positions.len() < atoms {
        let values =
            if is_apart { bits_apart.map(|n| bits.take(n) as i64) } else { bits.three(bits_together, packing.sizes) };
        let first: [i64; 3] = std::array::from_fn(|i| values[i] + packing.min[i]);
        let mut change = 0;
        if bits.take(1) == 1 {
            let code = bits.take(5) as usize;
            change = code % 3;
            run = code / 3;
        } else {
            change += 1;
        }
        if positions.len() + 1 + run > atoms {
            return Err(damaged());
        }
        let half = i64::from(SIZES[small] / 2);
        let mut previous = first;
        for k in 0..run {
            let delta = bits.three(small, [SIZES[small]; 3]);
            let next: [i64; 3] = std::array::from_fn(|i| previous[i] + delta[i] - half);
            positions.push(place(next));
            if k == 0 {
                // The first two atoms are interchanged, which packs water better.
                positions.push(place(first));
            }
            previous = next;
        }
        if run == 0 {
            positions.push(place(first));
        }
        small = (small + change).wrapping_sub(1);
        if !(FIRST_SIZE..SIZES.len()).contains(&small) || bits.at > end {
            return Err(damaged());
        }
    }
    Ok(positions)
}
