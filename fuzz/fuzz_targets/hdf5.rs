//! Any bytes, read as an input called t.h5.
#![no_main]

densitas_fuzz::target!("t.h5");
