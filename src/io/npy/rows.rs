//! Rows of an NPY file of points, read where they are asked for.

use std::path::Path;

use glam::DVec3;

use super::header::{self, Header};
use crate::error::{Error, Result};
use crate::io::trajectory::Store;

/// Longest header that is looked at.
const HEAD: u64 = 1 << 16;

/// The rows of `(N, 3)`, or of `(F, N, 3)` one after the other.
#[derive(Debug)]
pub(in crate::io) struct Rows {
    store: Store,
    header: Header,
    len: usize,
    name: String,
}

impl Rows {
    /// Opens a file; `None` if it is no NPY file of points in C order, which are read whole.
    pub(in crate::io) fn open(path: &Path, pool: bool, name: &str) -> Result<Option<Self>> {
        let store = Store::open(path)?;
        let head = store.read(0, HEAD)?;
        if !head.starts_with(b"\x93NUMPY") {
            return Ok(None);
        }
        let header = header::read_of(&head, store.len()).map_err(|problem| Error::input(name, problem))?;
        let len = match *header.shape.as_slice() {
            [len, 3] => len,
            // A file with its geometry beside it is a volume.
            [frames, count, 3] if pool && !super::with_json(path).is_file() => frames * count,
            _ => return Ok(None),
        };
        Ok((!header.is_fortran).then_some(Self { store, header, len, name: name.to_owned() }))
    }

    /// Number of rows.
    pub(in crate::io) fn len(&self) -> usize {
        self.len
    }

    /// The rows from `start` on, as they stand, not finite ones included.
    pub(in crate::io) fn read(&self, start: usize, count: usize) -> Result<Vec<DVec3>> {
        let row = 3 * self.header.value_size() as u64;
        let bytes = self.store.read(self.header.data_begin as u64 + start as u64 * row, count as u64 * row)?;
        if bytes.len() as u64 != count as u64 * row {
            return Err(Error::input(&self.name, "the file became shorter while it was read"));
        }
        let values = self.header.decode_some(&bytes);
        Ok(values.as_chunks::<3>().0.iter().map(|p| DVec3::from_array(*p)).collect())
    }
}
