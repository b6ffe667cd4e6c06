//! Any bytes, read as an input called t.xyz.
#![no_main]

densitas_fuzz::target!("t.xyz");
