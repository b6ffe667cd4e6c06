//! How long work tells how far it is, and is told to stop.

use crate::error::{Error, Result};

/// A listener for long work. The library calls it; a program shows it.
///
/// Calls come from several threads at once.
pub trait Progress: Sync {
    /// A stage of `total` steps begins ("density", "reading"); 0 if the number is unknown.
    fn begin(&self, stage: &'static str, total: u64);
    /// `steps` more steps are done.
    fn advance(&self, steps: u64);
    /// Whether the work should stop as soon as it can.
    fn is_cancelled(&self) -> bool;

    /// [`Error::Interrupted`] if the work should stop.
    ///
    /// # Errors
    /// [`Error::Interrupted`].
    fn check(&self) -> Result<()> {
        if self.is_cancelled() { Err(Error::Interrupted) } else { Ok(()) }
    }
}

/// Of a step within another, which shows how far both are: only told to stop.
pub(crate) struct Within<'a>(pub(crate) &'a dyn Progress);

impl Progress for Within<'_> {
    fn begin(&self, _stage: &'static str, _total: u64) {}
    fn advance(&self, _steps: u64) {}
    fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}

/// Shows nothing and never stops.
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _stage: &'static str, _total: u64) {}
    fn advance(&self, _steps: u64) {}
    fn is_cancelled(&self) -> bool {
        false
    }
}
