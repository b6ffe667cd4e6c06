//! Any bytes, read as an input called t.trr.
#![no_main]

densitas_fuzz::target!("t.trr");
