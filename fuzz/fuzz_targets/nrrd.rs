//! Any bytes, read as an input called t.nrrd.
#![no_main]

densitas_fuzz::target!("t.nrrd");
