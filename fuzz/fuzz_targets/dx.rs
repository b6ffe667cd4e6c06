//! Any bytes, read as an input called t.dx.
#![no_main]

densitas_fuzz::target!("t.dx");
