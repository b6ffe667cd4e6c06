//! TRR, the unpacked trajectories of GROMACS; big-endian, single or double precision, in nanometres.
//!
//! A frame holds any of box, positions, velocities and forces, whose lengths its header states.

use glam::DVec3;

use super::words::Words;
use super::{ANGSTROM_PER_NM, Raw, Record};
use crate::io::cell;

const MAGIC: i32 = 1993;
const VERSION: &[u8] = b"GMX_trn_file";
/// The longest header.
pub(super) const HEADER: u64 = 96;

struct Header {
    atoms: usize,
    is_double: bool,
    time: f64,
    /// Bytes before the box, of the box, from there to the positions, and of the positions.
    before_box: usize,
    box_len: usize,
    before_positions: usize,
    positions_len: usize,
    /// Of the whole frame.
    len: usize,
}

/// The frame that begins with `bytes`, at least [`HEADER`] of them unless the file ends before.
pub(super) fn record(bytes: &[u8]) -> Result<Record, String> {
    Ok(match header(bytes)? {
        None => Record::Cut,
        Some(h) => Record::Frame { atoms: h.atoms, len: h.len as u64, time: h.time, is_skipped: h.positions_len == 0 },
    })
}

/// `None` if the bytes end before the header does.
fn header(bytes: &[u8]) -> Result<Option<Header>, String> {
    let mut words = Words::new(bytes, true);
    let Some(magic) = words.i32() else { return Ok(None) };
    if magic != MAGIC {
        return Err(format!("a frame of TRR begins with the number {MAGIC}, here is {magic}"));
    }
    let version = (words.i32(), words.i32(), words.bytes(VERSION.len()));
    match version {
        (Some(_), Some(len), Some(text)) if len as usize != VERSION.len() || text != VERSION => {
            return Err("the version of the frame is not `GMX_trn_file`; it is no TRR or damaged".into());
        }
        (_, _, None) => return Ok(None),
        _ => {}
    }
    let mut sizes = [0; 10];
    for size in &mut sizes {
        let Some(value) = words.i32() else { return Ok(None) };
        *size = usize::try_from(value).map_err(|_| format!("the frame claims a part of {value} bytes"))?;
    }
    let (Some(atoms), Some(_step), Some(_)) = (words.i32(), words.i32(), words.i32()) else { return Ok(None) };
    let count = usize::try_from(atoms).ok().filter(|n| *n > 0);
    let count = count.ok_or_else(|| format!("the frame has {atoms} atoms; 1 or more are expected"))?;
    let [inputs, energies, box_len, virial, pressure, topology, symbols, positions, velocities, forces] = sizes;
    let is_double = precision(box_len, [positions, velocities, forces], count)?;
    let (Some(time), Some(_lambda)) = (words.real(is_double), words.real(is_double)) else { return Ok(None) };
    let before_box = bytes.len() - words.rest().len() + inputs + energies;
    let before_positions = virial + pressure + topology + symbols;
    let len = before_box + box_len + before_positions + positions + velocities + forces;
    let header =
        Header { atoms: count, is_double, time, before_box, box_len, before_positions, positions_len: positions, len };
    Ok(Some(header))
}

/// Whether numbers take 8 bytes, by the lengths of the parts, which must agree.
fn precision(box_len: usize, vectors: [usize; 3], atoms: usize) -> Result<bool, String> {
    let agrees = |bytes: usize| {
        (box_len == 0 || box_len == 9 * bytes) && vectors.iter().all(|len| *len == 0 || *len == 3 * bytes * atoms)
    };
    match (agrees(4), agrees(8)) {
        (true, _) => Ok(false),
        (false, true) => Ok(true),
        _ => {
            let [positions, ..] = vectors;
            Err(format!("the frame claims {positions} bytes of positions for {atoms} atoms, and {box_len} of a box"))
        }
    }
}

/// The positions of a whole frame.
pub(super) fn decode(frame: &[u8]) -> Result<Raw, String> {
    let cut = || "the frame is cut".to_owned();
    let header = header(frame)?.ok_or_else(cut)?;
    let mut words = Words::new(frame.get(header.before_box..).ok_or_else(cut)?, true);
    let mut vector = || {
        let mut next = || Some(words.real(header.is_double)? * ANGSTROM_PER_NM);
        Some(DVec3::new(next()?, next()?, next()?))
    };
    let edges = match header.box_len {
        0 => None,
        _ => Some([vector().ok_or_else(cut)?, vector().ok_or_else(cut)?, vector().ok_or_else(cut)?]),
    };
    words.bytes(header.before_positions).ok_or_else(cut)?;
    let positions = words.bytes(header.positions_len).ok_or_else(cut)?;
    Ok(Raw {
        positions: super::vectors(positions, header.is_double, true, ANGSTROM_PER_NM),
        cell: edges.and_then(cell::upright),
        time: Some(header.time),
    })
}
