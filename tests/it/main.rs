//! All integration tests, as one program.

mod at_points;
mod common;
mod examples;
mod heatmap;
mod interrupt;
mod kde;
mod layers;
mod pictures;
mod program;
mod reading;
