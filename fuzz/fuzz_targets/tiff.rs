//! Any bytes, read as an input called t.tif.
#![no_main]

densitas_fuzz::target!("t.tif");
