//! Any bytes, read as an input called t.npz.
#![no_main]

densitas_fuzz::target!("t.npz");
