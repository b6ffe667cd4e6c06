//! Any bytes, read as an input called t.cube.
#![no_main]

densitas_fuzz::target!("t.cube");
