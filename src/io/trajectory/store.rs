//! Bytes of a trajectory, read a piece at a time.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// A file that is read where it is asked for, or bytes that are here already.
#[derive(Debug)]
pub(in crate::io) enum Store {
    File { path: PathBuf, file: File, len: u64 },
    Memory(Vec<u8>),
}

impl Store {
    /// Opens a regular file.
    pub(in crate::io) fn open(path: &Path) -> Result<Self> {
        let cannot_read = |e| Error::file(path, "read", e);
        let file = File::open(path).map_err(cannot_read)?;
        let len = file.metadata().map_err(cannot_read)?.len();
        Ok(Self::File { path: path.to_owned(), file, len })
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
                read_exact_at(file, &mut bytes, at).map(|()| bytes).map_err(|e| Error::file(path, "read", e))
            }
        }
    }
}

/// Fills `bytes` from `at` on; several threads may read at the same time.
#[cfg(unix)]
fn read_exact_at(file: &File, bytes: &mut [u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, at)
}

/// Fills `bytes` from `at` on; several threads may read at the same time.
#[cfg(windows)]
fn read_exact_at(file: &File, mut bytes: &mut [u8], mut at: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, bytes, at)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                bytes = &mut bytes[read..];
                at += read as u64;
            }
        }
    }
    Ok(())
}

/// Bytes of a store from some place on, one after the other.
pub(in crate::io) struct Stream<S> {
    /// What they are read of.
    pub(in crate::io) store: S,
    /// Where the next one lies.
    pub(in crate::io) at: u64,
}

impl<S: std::ops::Deref<Target = Store>> std::io::Read for Stream<S> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let bytes = self.store.read(self.at, buffer.len() as u64).map_err(std::io::Error::other)?;
        buffer[..bytes.len()].copy_from_slice(&bytes);
        self.at += bytes.len() as u64;
        Ok(bytes.len())
    }
}
