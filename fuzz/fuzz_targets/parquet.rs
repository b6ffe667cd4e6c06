//! Any bytes, read as an input called t.parquet.
#![no_main]

densitas_fuzz::target!("t.parquet");
