//! Bytes of a trajectory, read a piece at a time.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::error::{Error, Result};

/// A file that is read where it is asked for, or bytes that are here already.
#[derive(Debug)]
pub(in crate::io) enum Store {
    File { path: PathBuf, file: Mutex<File>, len: u64 },
    Memory(Vec<u8>),
}

impl Store {
    /// Opens a regular file.
    pub(in crate::io) fn open(path: &Path) -> Result<Self> {
        let cannot_read = |e| Error::file(path, "read", e);
        let file = File::open(path).map_err(cannot_read)?;
        let len = file.metadata().map_err(cannot_read)?.len();
        Ok(Self::File { path: path.to_owned(), file: Mutex::new(file), len })
    }

    /// Number of bytes; of a file that grows, when it was opened.
    pub(in crate::io) fn len(&self) -> u64 {
        match self {
            Self::File { len, .. } => *len,
            Self::Memory(bytes) => bytes.len() as u64,
        }
    }

    /// Up to `most` bytes from `at` on; fewer at the end.
    pub(in crate::io) fn read(&self, at: u64, most: u64) -> Result<Vec<u8>> {
        let count = most.min(self.len().saturating_sub(at)) as usize;
        match self {
            Self::Memory(bytes) => Ok(bytes[at as usize..][..count].to_vec()),
            Self::File { path, file, .. } => {
                let mut bytes = vec![0; count];
                let mut file = file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                let read = file.seek(SeekFrom::Start(at)).and_then(|_| file.read_exact(&mut bytes));
                read.map(|()| bytes).map_err(|e| Error::file(path, "read", e))
            }
        }
    }
}
