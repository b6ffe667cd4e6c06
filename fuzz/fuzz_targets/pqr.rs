//! Any bytes, read as an input called t.pqr.
#![no_main]

densitas_fuzz::target!("t.pqr");
