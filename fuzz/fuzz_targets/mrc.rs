//! Any bytes, read as an input called t.mrc.
#![no_main]

densitas_fuzz::target!("t.mrc");
