//! Any bytes, read as an input called t.gro.
#![no_main]

densitas_fuzz::target!("t.gro");
