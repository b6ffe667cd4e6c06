//! Any bytes, read as an input called t.dump.
#![no_main]

densitas_fuzz::target!("t.dump");
