//! Any bytes, read as an input called t.vti.
#![no_main]

densitas_fuzz::target!("t.vti");
