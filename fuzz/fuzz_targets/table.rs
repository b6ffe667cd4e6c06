//! Any bytes, read as an input called t.csv.
#![no_main]

densitas_fuzz::target!("t.csv");
