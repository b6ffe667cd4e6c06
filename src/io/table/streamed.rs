//! Tables that are never in memory whole, read as often as needed.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use memchr::{memchr_iter, memrchr};

use super::{PIECE, Plan, read_as, vendor, walk};
use crate::error::{Error, Result};
use crate::io::choose;
use crate::io::chunks::{Look, Next, Opened, Piece, Seen, Told};
use crate::io::declare::Declared;
use crate::io::packed::Packing;
use crate::io::sniff::{self, Format};
use crate::io::{ReadOptions, Source, bytes};
use crate::progress::Progress;

/// No line is longer, in bytes.
const LONGEST_LINE: usize = 64 << 20;
/// Bytes of the file read at once.
const BUFFER: usize = 1 << 18;

/// A table of points in space, packed or not.
#[derive(Debug)]
struct Table {
    path: PathBuf,
    name: String,
    len: u64,
    /// The most bytes that it may unpack to.
    most: u64,
    plan: Plan,
    rows: usize,
}

/// Opens a table; `None` if it is none, or must be read whole.
///
/// # Errors
/// As [`parse`](super::parse); [`Error::Data`] for points of a plane.
pub(in crate::io) fn streamed(path: &Path, source: &Source, options: &ReadOptions) -> Result<Option<Opened>> {
    let name = source.to_string();
    let mut unpacked = Unpacked::open(path, &name, options.max_decompressed)?;
    let head = unpacked.read(PIECE)?;
    if !sniff::format(&head, &name).is_ok_and(|format| format == Format::Table) || vendor::has_trailer(&head) {
        return Ok(None);
    }
    let is_whole = head.len() < PIECE;
    let lines = if is_whole { head.len() } else { memrchr(b'\n', &head).map_or(0, |at| at + 1) };
    if lines == 0 {
        return Ok(None);
    }
    let text = head.strip_prefix(sniff::BYTE_ORDER_MARK).unwrap_or(&head);
    let before = head.len() - text.len();
    let mut plan = Plan::of(&text[..lines - before], &name, options)?;
    plan.begin += before;
    if plan.chosen.positions.len() == 2 {
        return Err(choose::of_a_plane(source));
    }
    let in_head = memchr_iter(b'\n', &head[plan.begin.min(lines)..lines]).count();
    let share = if is_whole { 1.0 } else { unpacked.done() as f64 / unpacked.len.max(1) as f64 };
    let rows = (in_head as f64 / share).ceil() as usize + usize::from(is_whole);
    let told = told(&plan, &name, options);
    let Unpacked { len, most, .. } = unpacked;
    Ok(Some((Box::new(Table { path: path.to_owned(), name, len, most, plan, rows }), told)))
}

/// The unit, and what is told before the rows are read.
fn told(plan: &Plan, name: &str, options: &ReadOptions) -> Told {
    let (unit, _, note) = read_as(plan.chosen.unit, plan.chosen.declared);
    let declared = Declared::of(options.unit, unit, None);
    let notes = plan.notes.iter().cloned().chain(note).chain(sniff::misnamed_table(name)).chain(declared.note);
    Told { unit: declared.unit, notes: notes.collect(), warnings: declared.warning.into_iter().collect() }
}

impl Look for Table {
    fn rows(&self) -> usize {
        self.rows
    }

    fn steps(&self) -> u64 {
        self.len
    }

    fn look(&self, progress: &dyn Progress, next: &mut Next) -> Result<Seen> {
        let mut unpacked = Unpacked::open(&self.path, &self.name, self.most.into())?;
        let done = unpacked.done.clone();
        unpacked.read(self.plan.begin)?;
        let pieces = whole_lines(Vec::new(), || unpacked.read(PIECE), &self.name);
        let (mut points, mut before) = (0, 0);
        let read = walk(&self.plan, pieces, &self.name, progress, &mut |all, _| {
            let (positions, weights) = all.take_points();
            points += positions.len() as u64;
            let now = done.load(Ordering::Relaxed);
            let steps = now - std::mem::replace(&mut before, now);
            next(Piece { positions, weights, steps })
        })?;
        let rows = read.rows.len() as u64;
        let first_dropped = read.rows.first_dropped(choose::line);
        Ok(Seen { rows, dropped: rows - points, first_dropped, notes: read.doubts().into_iter().collect() })
    }
}

/// Pieces of whole lines: `rest`, and what `more` gives until it is nothing.
pub(super) fn whole_lines<'t>(
    mut rest: Vec<u8>,
    mut more: impl FnMut() -> Result<Vec<u8>> + Send,
    name: &str,
) -> impl Iterator<Item = Result<Cow<'t, [u8]>>> + Send {
    let mut is_done = false;
    std::iter::from_fn(move || {
        while !is_done {
            match more() {
                Err(e) => {
                    is_done = true;
                    return Some(Err(e));
                }
                Ok(bytes) if bytes.is_empty() => is_done = true,
                Ok(bytes) => {
                    let begin = rest.len();
                    rest.extend(bytes);
                    if let Some(end) = memrchr(b'\n', &rest[begin..]) {
                        let next = rest.split_off(begin + end + 1);
                        return Some(Ok(Cow::Owned(std::mem::replace(&mut rest, next))));
                    }
                    if rest.len() > LONGEST_LINE {
                        is_done = true;
                        let problem = format!("a line is longer than {LONGEST_LINE} bytes; lines end in LF or CR LF");
                        return Some(Err(Error::input(name, problem)));
                    }
                }
            }
        }
        let last = std::mem::take(&mut rest);
        (!last.is_empty()).then_some(Ok(Cow::Owned(last)))
    })
}

/// The bytes of a file, unpacked if they are packed.
struct Unpacked<'a> {
    reader: Box<dyn Read + Send>,
    packing: Option<Packing>,
    path: PathBuf,
    name: &'a str,
    /// Of the file.
    len: u64,
    /// How many of them were read.
    done: Arc<AtomicU64>,
    /// The most that may come out, and what came.
    most: u64,
    given: u64,
}

impl<'a> Unpacked<'a> {
    fn open(path: &Path, name: &'a str, max: Option<u64>) -> Result<Self> {
        let cannot_read = |e| Error::file(path, "read", e);
        let file = File::open(path).map_err(cannot_read)?;
        let len = file.metadata().map_err(cannot_read)?.len();
        let done = Arc::new(AtomicU64::new(0));
        let mut file = BufReader::with_capacity(BUFFER, Counted { file, done: done.clone() });
        let packing = Packing::of(file.fill_buf().map_err(cannot_read)?);
        let reader: Box<dyn Read + Send> = match packing {
            Some(packing) => packing.reader(file),
            None => Box::new(file),
        };
        let most = if packing.is_some() { bytes::streamed_limit(len, max) } else { u64::MAX };
        Ok(Self { reader, packing, path: path.to_owned(), name, len, done, most, given: 0 })
    }

    fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// `count` bytes, fewer only at the end.
    fn read(&mut self, count: usize) -> Result<Vec<u8>> {
        let mut read = Vec::with_capacity(count);
        let outcome = (&mut self.reader).take(count as u64).read_to_end(&mut read);
        self.given += read.len() as u64;
        match (outcome, self.packing) {
            _ if self.given > self.most => Err(bytes::bomb(self.len, self.most, self.name)),
            (Ok(_), _) => Ok(read),
            (Err(e), Some(packing)) => Err(bytes::broken(packing, &e, self.name)),
            (Err(e), None) => Err(Error::file(&self.path, "read", e)),
        }
    }
}

/// Counts the bytes that are read of a file.
struct Counted {
    file: File,
    done: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.done.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
