//! The one error type of the library, and the exit status each kind stands for.

use std::path::{Path, PathBuf};

/// What can go wrong. Every text says where, what was found, what was expected and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something in an input file is wrong. `place` is `file`, `file:line` or `file: byte N`.
    #[error("{place}: {problem}")]
    Input {
        /// Where: the file as the user named it, with the line or byte offset if there is one.
        place: String,
        /// What was found, what was expected, and the way out.
        problem: String,
    },
    /// The data were read, but no density or picture can be made of them.
    #[error("{0}")]
    Data(String),
    /// A file could not be opened, read or written.
    #[error("{path}: cannot {action}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// The verb: "read", "write", ...
        action: &'static str,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// An option or argument that cannot be meant.
    #[error("{0}")]
    Usage(String),
    /// No adapter, or the adapter failed.
    #[error("{0}")]
    Gpu(String),
    /// The user stopped the work.
    #[error("interrupted")]
    Interrupted,
}

/// The library's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An [`Error::Input`] about a whole file.
    pub fn input(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Input { place: place.into(), problem: problem.into() }
    }

    /// An [`Error::Input`] about one line of a file; lines count from 1.
    pub fn line(file: &str, line: u64, problem: impl Into<String>) -> Self {
        Self::input(format!("{file}:{line}"), problem)
    }

    /// An [`Error::Input`] about a place in a binary file; bytes count from 0.
    pub fn byte(file: &str, byte: u64, problem: impl Into<String>) -> Self {
        Self::input(format!("{file}: byte {byte}"), problem)
    }

    /// An [`Error::File`].
    pub fn file(path: &Path, action: &'static str, source: std::io::Error) -> Self {
        Self::File { path: path.to_owned(), action, source }
    }

    /// The same of something that it happened in, such as an option.
    #[must_use]
    pub fn within(self, what: &str) -> Self {
        let behind = |problem: String| format!("{what}: {problem}");
        match self {
            Self::Usage(problem) => Self::Usage(behind(problem)),
            Self::Data(problem) => Self::Data(behind(problem)),
            Self::Input { place, problem } => Self::Input { place: behind(place), problem },
            Self::File { .. } => Self::input(what, self.to_string()),
            Self::Gpu(_) | Self::Interrupted => self,
        }
    }

    /// The program's exit status: 1 data, 2 usage, 3 GPU, 130 interrupted.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Input { .. } | Self::Data(_) | Self::File { .. } => 1,
            Self::Usage(_) => 2,
            Self::Gpu(_) => 3,
            Self::Interrupted => 130,
        }
    }
}
