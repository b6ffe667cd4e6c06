//! Any bytes, read as an input called t.bcif.
#![no_main]

densitas_fuzz::target!("t.bcif");
