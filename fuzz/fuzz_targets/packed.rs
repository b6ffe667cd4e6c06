//! Any bytes, unpacked as they begin: gzip, bzip2, xz or zstd, then read.
#![no_main]

densitas_fuzz::fuzz_target!(|bytes: &[u8]| densitas_fuzz::read_packed(bytes));
