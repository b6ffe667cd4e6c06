//! Any bytes, read as an input called t.ply.
#![no_main]

densitas_fuzz::target!("t.ply");
