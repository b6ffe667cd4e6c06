//! What all fuzz targets share.

use densitas::io::{Input, ReadOptions, Source, read_bytes, unpack};
use densitas::progress::Silent;

pub use libfuzzer_sys::fuzz_target;

/// Reads all frames; whatever is read must be finite and complete.
pub fn read(bytes: &[u8], name: &str) {
    let options = ReadOptions { pool: true, ..ReadOptions::default() };
    let source = Source::Path(name.into());
    if let Ok(Input::Points(input)) = read_bytes(bytes, &source, &options, &Silent) {
        assert!(input.cloud.positions.iter().all(|p| p.is_finite()));
        assert_eq!(input.frame_starts.last(), Some(&input.cloud.len()));
    }
    // Options that choose points are refused for volumes.
    if let Ok(Input::Volume(volume)) = read_bytes(bytes, &source, &ReadOptions::default(), &Silent) {
        let lattice = volume.into_grid().0.lattice;
        assert!(lattice.origin.is_finite() && lattice.spacing.is_finite() && lattice.spacing.min_element() > 0.0);
        assert!(!lattice.is_empty());
    }
}

/// Reads bytes that may be packed, of which no more than a little is unpacked.
pub fn read_packed(bytes: &[u8]) {
    if let Ok(bytes) = unpack(bytes, "t.csv", Some(1 << 20), &Silent) {
        read(&bytes, "t.csv");
    }
}

/// A target that reads bytes under one name.
#[macro_export]
macro_rules! target {
    ($name:literal) => {
        $crate::fuzz_target!(|bytes: &[u8]| $crate::read(bytes, $name));
    };
}
