//! Built-in clouds of known density.

use crate::error::Result;
use crate::points::PointCloud;

/// The names [`sample`] knows.
pub fn names() -> &'static [&'static str] {
    &["founding", "membrane", "mixture"]
}

/// A built-in cloud with `points` points (default: its own number); equal seeds give equal clouds.
///
/// # Errors
/// [`crate::error::Error::Usage`] for an unknown name.
pub fn sample(name: &str, points: Option<usize>, seed: u64) -> Result<PointCloud> {
    let _ = (name, points, seed);
    todo!()
}
