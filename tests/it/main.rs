//! All integration tests, as one program.

mod at_points;
mod common;
mod examples;
<<<<<<< HEAD
mod glyphs;
=======
mod heatmap;
>>>>>>> plane
mod interrupt;
mod kde;
mod layers;
mod options;
mod pictures;
mod program;
mod reading;
mod recipe;
mod robust;
