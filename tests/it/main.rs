//! All integration tests, as one program.

mod common;
mod interrupt;
mod kde;
mod pictures;
mod program;
mod reading;
