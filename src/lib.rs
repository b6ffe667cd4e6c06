//! densitas: from a table of positions to a density one can look at, measure and publish.

#![warn(missing_docs)]
#![deny(unsafe_op_in_unsafe_fn)]

pub mod annotate;
pub mod app;
pub mod cli;
pub mod color;
pub mod error;
pub mod explain;
pub mod geometry;
pub mod gpu;
pub mod grid;
pub mod html;
pub mod io;
pub mod kde;
mod memory;
pub mod movie;
pub mod points;
pub mod progress;
pub mod render;
pub mod sample;
pub mod scene;
pub mod surface;
pub mod trace;

/// The examples of README.md, compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
