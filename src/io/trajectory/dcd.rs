//! DCD, the trajectories of CHARMM, NAMD and X-PLOR; Fortran records in either byte order, with marks of
//! 32 or 64 bits, in angstrom.
//!
//! A header, a title, the number of atoms and perhaps the list of those that move; then for each frame a
//! record of the cell, if there is one, and one each of x, y and z. After the first frame, fixed atoms
//! are left out.

use glam::DVec3;

use super::store::Store;
use super::words::Words;
use super::{Index, Raw};
use crate::error::{Error, Result};
use crate::io::cell;

const CONTROL_LEN: u64 = 84;
const CELL_LEN: u64 = 48;
/// The unit of time of CHARMM, in picoseconds.
const PICOSECONDS: f64 = 0.048_888_21;
/// No title is longer.
const MOST_TITLE: u64 = 1 << 20;

/// x, y and z of atoms, four bytes each.
type Axes<'a> = [&'a [[u8; 4]]; 3];

/// What holds for all frames.
#[derive(Debug)]
pub(super) struct Layout {
    is_big: bool,
    /// Bytes of a record's mark: 4 or 8.
    mark: u64,
    atoms: usize,
    /// Atoms that move, from 0, if some are fixed.
    moving: Option<Vec<usize>>,
    /// The first frame, from which the fixed atoms are taken.
    fixed: Vec<DVec3>,
    has_cell: bool,
    has_fourth: bool,
    /// Time of the first frame and between frames, in picoseconds; `None` if not stated.
    times: Option<(f64, f64)>,
}

/// Reads records one after the other.
struct Records<'a> {
    store: &'a Store,
    name: &'a str,
    at: u64,
    is_big: bool,
    mark: u64,
}

impl Records<'_> {
    /// The next record, at most `most` bytes long.
    fn next(&mut self, what: &str, most: u64) -> Result<Vec<u8>> {
        let wrong = |problem: String| Error::byte(self.name, self.at, problem);
        let len = mark(&self.store.read(self.at, self.mark)?, self.is_big, self.mark);
        let len = len.ok_or_else(|| wrong(format!("the file ends before {what}; it is cut")))?;
        if len > most || len + 2 * self.mark > self.store.len().saturating_sub(self.at) {
            let left = self.store.len() - self.at;
            return Err(wrong(format!("the record of {what} claims {len} bytes, {left} are left; it is damaged")));
        }
        let bytes = self.store.read(self.at + self.mark, len + self.mark)?;
        let (record, end) = bytes.split_at(len as usize);
        if mark(end, self.is_big, self.mark) != Some(len) {
            return Err(wrong(format!("the record of {what} does not end after {len} bytes; it is damaged")));
        }
        self.at += len + 2 * self.mark;
        Ok(record.to_vec())
    }
}

/// The length in a mark.
fn mark(bytes: &[u8], is_big: bool, size: u64) -> Option<u64> {
    let mut words = Words::new(bytes, is_big);
    if size == 8 { words.i64().map(|n| n as u64) } else { words.i32().map(|n| u64::from(n as u32)) }
}

/// Byte order and size of the marks, by the first of them.
fn marks(head: &[u8], name: &str) -> Result<(bool, u64)> {
    for (size, is_big) in [(4, false), (4, true), (8, false), (8, true)] {
        let is_here = head.get(size as usize..).is_some_and(|rest| rest.starts_with(b"CORD"));
        if is_here && mark(head, is_big, size) == Some(CONTROL_LEN) {
            return Ok((is_big, size));
        }
    }
    Err(Error::byte(
        name,
        0,
        format!("a DCD file begins with a record of {CONTROL_LEN} bytes, this does not; it is damaged"),
    ))
}

/// Finds all frames.
pub(super) fn index(store: &Store, name: &str) -> Result<(Layout, Index)> {
    let (is_big, mark) = marks(&store.read(0, 16)?, name)?;
    let mut records = Records { store, name, at: 0, is_big, mark };
    let control = records.next("the header", CONTROL_LEN)?;
    let mut words = Words::new(&control[4..], is_big);
    let control: Vec<i32> = std::iter::from_fn(|| words.i32()).collect();
    records.next("the title", MOST_TITLE)?;
    let at = records.at;
    let record = records.next("the number of atoms", 8)?;
    let atoms = Words::new(&record, is_big).i32().unwrap_or(0);
    let count = usize::try_from(atoms).ok().filter(|n| *n > 0);
    let count =
        count.ok_or_else(|| Error::byte(name, at, format!("the file has {atoms} atoms; 1 or more are expected")))?;
    let moving = moving(&mut records, count, control[8], name)?;
    let is_charmm = control[19] != 0;
    let mut layout = Layout {
        is_big,
        mark,
        atoms: count,
        moving,
        fixed: Vec::new(),
        has_cell: is_charmm && control[10] != 0,
        has_fourth: is_charmm && control[11] != 0,
        times: times(&control, is_charmm),
    };
    let index = layout.frames(store, records.at, control[0], name)?;
    if layout.moving.is_some() {
        let first = store.read(index.frames[0].start, index.frames[0].end - index.frames[0].start)?;
        let raw = layout.decode(&first, 0).map_err(|problem| Error::byte(name, records.at, problem))?;
        layout.fixed = raw.positions;
    }
    Ok((layout, index))
}

/// The list of atoms that move, if some do not.
fn moving(records: &mut Records, atoms: usize, fixed: i32, name: &str) -> Result<Option<Vec<usize>>> {
    if fixed == 0 {
        return Ok(None);
    }
    let at = records.at;
    let record = records.next("the list of moving atoms", 4 * atoms as u64)?;
    let mut words = Words::new(&record, records.is_big);
    let list: Vec<i32> = std::iter::from_fn(|| words.i32()).collect();
    let moving: Option<Vec<usize>> =
        list.iter().map(|i| usize::try_from(*i).ok().filter(|i| (1..=atoms).contains(i)).map(|i| i - 1)).collect();
    moving.filter(|m| !m.is_empty() && m.len() as i64 + i64::from(fixed) == atoms as i64).map(Some).ok_or_else(|| {
        let problem = format!("{fixed} of {atoms} atoms are fixed, but the list of moving ones does not fit");
        Error::byte(name, at, problem)
    })
}

fn times(control: &[i32], is_charmm: bool) -> Option<(f64, f64)> {
    // CHARMM stores a single number, X-PLOR a double one in two words.
    let step = f64::from(f32::from_bits(control[9] as u32));
    let between = step * f64::from(control[2]) * PICOSECONDS;
    (is_charmm && between.is_finite() && between > 0.0).then(|| (f64::from(control[1]) * step * PICOSECONDS, between))
}

impl Layout {
    pub(super) fn atoms(&self) -> usize {
        self.atoms
    }

    /// Bytes of a frame in which `stored` atoms are.
    fn frame_len(&self, stored: usize) -> u64 {
        let coordinates = 3 + u64::from(self.has_fourth);
        let cell = if self.has_cell { CELL_LEN + 2 * self.mark } else { 0 };
        cell + coordinates * (4 * stored as u64 + 2 * self.mark)
    }

    fn frames(&self, store: &Store, begin: u64, stated: i32, name: &str) -> Result<Index> {
        let first = self.frame_len(self.atoms);
        let each = self.frame_len(self.moving.as_ref().map_or(self.atoms, Vec::len));
        let left = store.len() - begin;
        if left < first {
            let problem = format!(
                "a frame of {} atoms takes {first} bytes, {left} are left; there is no whole frame, the file is cut or \
                 damaged",
                self.atoms
            );
            return Err(Error::byte(name, begin, problem));
        }
        let more = (left - first) / each;
        let rest = (left - first) % each;
        let rest_of = |k: u64| begin + first + k * each..begin + first + (k + 1) * each;
        let frames: Vec<_> = std::iter::once(begin..begin + first).chain((0..more).map(rest_of)).collect();
        let (mut notes, mut warnings) = (Vec::new(), Vec::new());
        let there = frames.len();
        let cut = if rest > 0 { format!(" and {rest} bytes of one more, which is cut") } else { String::new() };
        match stated {
            0 => notes.push(format!("the header states no number of frames; {there} are there{cut}")),
            n if n as usize == there && rest == 0 => {}
            n => warnings.push(format!("the header claims {n} frames, the file holds {there}{cut}; those are read")),
        }
        if stated == 0 && rest > 0 {
            warnings.append(&mut notes);
        }
        let times = (0..frames.len()).filter_map(|k| self.time(k)).collect();
        Ok(Index { frames, times, notes, warnings })
    }

    /// The cell of frame `k`, and x, y and z of the atoms that are stored in it.
    fn parts<'a>(&self, frame: &'a [u8], k: usize) -> Result<(Option<[f64; 6]>, Axes<'a>), String> {
        let mut rest = frame;
        let mut record = |what: &str, expected: usize| {
            let size = self.mark as usize;
            let found = mark(rest, self.is_big, self.mark);
            let end = rest.get(size + expected..).and_then(|end| mark(end, self.is_big, self.mark));
            if found != Some(expected as u64) || end != found {
                let found = found.unwrap_or(0);
                return Err(format!("the record of {what} has {found} bytes, {expected} are expected; it is damaged"));
            }
            let (record, after) = rest[size..].split_at(expected);
            rest = &after[size..];
            Ok(record)
        };
        let cell = if self.has_cell { cell(record("the cell", CELL_LEN as usize)?, self.is_big) } else { None };
        let moving = self.moving.as_ref().filter(|_| k > 0);
        let stored = moving.map_or(self.atoms, Vec::len);
        let axes = [record("x", 4 * stored)?, record("y", 4 * stored)?, record("z", 4 * stored)?];
        Ok((cell, axes.map(|bytes| bytes.as_chunks::<4>().0)))
    }

    fn positions<'a>(&self, [x, y, z]: Axes<'a>) -> impl Iterator<Item = DVec3> + use<'a> {
        let is_big = self.is_big;
        let number = move |bytes: &[u8; 4]| {
            f64::from(if is_big { f32::from_be_bytes(*bytes) } else { f32::from_le_bytes(*bytes) })
        };
        x.iter().zip(y).zip(z).map(move |((x, y), z)| DVec3::new(number(x), number(y), number(z)))
    }

    /// Writes the positions of frame `k` into `room`, where every frame stores all atoms and all are finite; gives the cell.
    /// `None`, and anything in `room`, otherwise.
    pub(super) fn decode_into(
        &self,
        frame: &[u8],
        k: usize,
        room: &mut [DVec3],
    ) -> Result<Option<Option<[f64; 6]>>, String> {
        if self.moving.is_some() || room.len() != self.atoms {
            return Ok(None);
        }
        let (cell, axes) = self.parts(frame, k)?;
        let mut is_finite = true;
        for (place, position) in room.iter_mut().zip(self.positions(axes)) {
            is_finite &= position.is_finite();
            *place = position;
        }
        Ok(is_finite.then_some(cell))
    }

    /// The positions of frame `k`.
    pub(super) fn decode(&self, frame: &[u8], k: usize) -> Result<Raw, String> {
        let (cell, axes) = self.parts(frame, k)?;
        let all = self.positions(axes);
        let positions = match self.moving.as_ref().filter(|_| k > 0) {
            None => all.collect(),
            Some(moving) => {
                let mut positions = self.fixed.clone();
                moving.iter().zip(all).for_each(|(at, position)| positions[*at] = position);
                positions
            }
        };
        Ok(Raw { positions, cell, time: self.time(k) })
    }

    /// Picoseconds of frame `k`.
    pub(super) fn time(&self, k: usize) -> Option<f64> {
        self.times.map(|(first, between)| first + k as f64 * between)
    }
}

/// The cell from its six numbers: a, gamma, b, beta, alpha, c, with angles in degrees or as cosines; or
/// the lower half of a symmetric matrix (CHARMM from version 25 on).
fn cell(bytes: &[u8], is_big: bool) -> Option<[f64; 6]> {
    let mut words = Words::new(bytes, is_big);
    let mut n = [0.0; 6];
    for value in &mut n {
        *value = words.f64()?;
    }
    let angles = [n[4], n[3], n[1]];
    let lengths = [n[0], n[2], n[5]];
    if angles.iter().all(|a| (-1.0..=1.0).contains(a)) && lengths.iter().all(|l| *l > 0.0) {
        // 90 - asin is exact for a right angle.
        let [alpha, beta, gamma] = angles.map(|a| 90.0 - a.asin().to_degrees());
        return is_cell([lengths[0], lengths[1], lengths[2], alpha, beta, gamma]);
    }
    if angles.iter().all(|a| (0.0..180.0).contains(a)) {
        return is_cell([lengths[0], lengths[1], lengths[2], angles[0], angles[1], angles[2]]);
    }
    cell::from_edges([DVec3::new(n[0], n[1], n[3]), DVec3::new(n[1], n[2], n[4]), DVec3::new(n[3], n[4], n[5])])
}

fn is_cell(cell: [f64; 6]) -> Option<[f64; 6]> {
    cell.iter().all(|v| v.is_finite() && *v > 0.0).then_some(cell)
}
