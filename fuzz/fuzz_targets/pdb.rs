//! Any bytes, read as an input called t.pdb.
#![no_main]

densitas_fuzz::target!("t.pdb");
