//! Any bytes, read as an input called t.npy.
#![no_main]

densitas_fuzz::target!("t.npy");
