//! All integration tests, as one program.

mod adaptive;
mod at_points;
mod common;
mod engine;
mod examples;
mod glyphs;
mod heatmap;
mod interrupt;
mod kde;
mod layers;
mod minus;
mod modes;
mod occupancy;
mod options;
mod parts;
mod per_point;
mod periodic;
mod pictures;
mod program;
mod reading;
mod recipe;
mod robust;
mod stream;
mod volumes;
