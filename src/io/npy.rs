//! NPY, numpy's array files.

use std::path::Path;

use crate::error::Result;
use crate::grid::{DensityGrid, Sample};

/// Writes a grid as NPY in C order of [x, y, z], and beside it `PATH.json` with its geometry.
///
/// # Errors
/// [`crate::error::Error::File`].
pub fn write_npy<T: Sample>(path: &Path, grid: &DensityGrid<T>, input: Option<&Path>) -> Result<()> {
    let _ = (path, grid, input);
    todo!()
}
