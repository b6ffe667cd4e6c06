//! Columns of numbers, read some rows at a time.

use std::fmt::Debug;

use super::{Look, Next, Opened, Piece, Seen, Told};
use crate::error::Result;
use crate::io::choose::{self, Rows};
use crate::io::declare::Declared;
use crate::io::table::columns::{self, Choice};
use crate::io::{ReadOptions, Source};
use crate::progress::Progress;

/// Rows read at once.
pub(in crate::io) const BATCH: usize = 1 << 16;

/// Takes the values of some rows, column by column.
pub(in crate::io) type Batch<'a> = dyn FnMut(Vec<Vec<f64>>) -> Result<()> + 'a;

/// A file of named columns.
pub(in crate::io) trait Batches: Debug {
    /// Number of rows.
    fn rows(&self) -> usize;
    /// Gives the values of these columns, some rows at a time.
    fn each(&self, columns: &[usize], next: &mut Batch) -> Result<()>;
}

/// The points that stand in columns.
#[derive(Debug)]
struct Columned<B> {
    file: B,
    choice: Choice,
    name: String,
}

/// Opens the columns of a file.
///
/// # Errors
/// [`Error::Data`](crate::error::Error::Data) for points of a plane.
pub(in crate::io) fn columned<B: Batches + 'static>(
    file: B,
    choice: Choice,
    source: &Source,
    options: &ReadOptions,
) -> Result<Opened> {
    if !choice.is_of_space() {
        return Err(choose::of_a_plane(source));
    }
    let (unit, notes, warnings) = choice.told();
    let declared = Declared::of(options.unit, unit, None);
    let told = Told {
        unit: declared.unit,
        notes: notes.iter().cloned().chain(declared.note).collect(),
        warnings: warnings.iter().cloned().chain(declared.warning).collect(),
    };
    Ok((Box::new(Columned { file, choice, name: source.to_string() }), told))
}

impl<B: Batches> Look for Columned<B> {
    fn rows(&self) -> usize {
        self.file.rows()
    }

    fn steps(&self) -> u64 {
        self.rows() as u64
    }

    fn look(&self, _: &dyn Progress, next: &mut Next) -> Result<Seen> {
        let (mut rows, mut points) = (Rows::default(), 0);
        self.file.each(&self.choice.of_points(), &mut |values| {
            let first = rows.len();
            let weights = self.choice.points(values, first, &mut rows, &self.name)?;
            let positions = rows.take_positions();
            points += positions.len() as u64;
            next(Piece { positions, weights, steps: (rows.len() - first) as u64 })
        })?;
        if rows.len() == 0 {
            return Err(columns::no_rows(&self.name));
        }
        let (count, first_dropped) = (rows.len() as u64, rows.first_dropped(choose::row));
        Ok(Seen { rows: count, dropped: count - points, first_dropped, notes: Vec::new() })
    }
}
