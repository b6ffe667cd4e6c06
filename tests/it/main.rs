//! All integration tests, as one program.

mod at_points;
mod common;
mod examples;
mod glyphs;
mod heatmap;
mod interrupt;
mod kde;
mod layers;
mod occupancy;
mod options;
mod pictures;
mod program;
mod reading;
mod recipe;
mod robust;
mod volumes;
