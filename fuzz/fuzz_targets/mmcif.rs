//! Any bytes, read as an input called t.cif.
#![no_main]

densitas_fuzz::target!("t.cif");
