//! All integration tests, as one program.

mod adaptive;
mod at_points;
mod common;
mod engine;
mod examples;
mod explain;
mod flat;
mod glyphs;
mod heatmap;
mod interrupt;
mod kde;
mod layers;
mod modes;
mod movie;
mod occupancy;
mod options;
mod page;
mod per_point;
mod pictures;
mod program;
mod reading;
mod recipe;
mod robust;
mod surfaces;
mod volumes;
mod window;
