//! Any bytes, read as an input called t.vtp.
#![no_main]

densitas_fuzz::target!("t.vtp");
