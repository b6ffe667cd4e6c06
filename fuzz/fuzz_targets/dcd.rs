//! Any bytes, read as an input called t.dcd.
#![no_main]

densitas_fuzz::target!("t.dcd");
