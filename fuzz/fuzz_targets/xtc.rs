//! Any bytes, read as an input called t.xtc.
#![no_main]

densitas_fuzz::target!("t.xtc");
