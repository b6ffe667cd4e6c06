//! The window: panels that edit the options of `render`, and the picture that `render` draws of them.
//!
//! Three threads: that of the window never waits; one reads and computes (`worker`), one draws (`painter`). What is
//! shown is what the renderer gave, pixel by pixel.

mod act;
mod browse;
mod camera;
mod clip_box;
mod drag;
mod ear;
mod easel;
mod errand;
mod few;
mod files;
mod hear;
mod histogram;
mod input;
mod kind;
mod labels;
mod mailbox;
mod message;
mod model;
mod pace;
mod painter;
mod panels;
mod place;
mod places;
mod player;
mod probe;
mod screen;
mod search;
mod session;
mod several;
mod sketch;
mod style;
mod survey;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod timings;
mod touch;
mod window;
mod worker;

use winit::event_loop::EventLoop;

use crate::cli::{Flipbook, Opening};
use crate::error::{Error, Result};
use window::{App, Opened};

/// What the other threads wake the window with.
#[derive(Debug, Clone, Copy)]
struct Wake;

/// Opens the window of a density and runs until it is closed.
///
/// # Errors
/// [`Error::Gpu`] if there is no display or nothing to draw with.
pub fn open(opening: Opening) -> Result<()> {
    let way_out = opening.headless.clone();
    run(Opened::Density(opening), &way_out)
}

/// Opens a window in which heat maps follow one another, and runs until it is closed.
///
/// # Errors
/// As [`open`].
pub fn play(frames: Flipbook) -> Result<()> {
    let way_out = frames.headless.clone();
    run(Opened::Frames(Box::new(frames)), &way_out)
}

fn run(opening: Opened, way_out: &str) -> Result<()> {
    let event_loop = EventLoop::<Wake>::with_user_event().build().map_err(|e| no_display(way_out, &e))?;
    let mut app = App::new(opening, event_loop.create_proxy(), event_loop.owned_display_handle());
    event_loop.run_app(&mut app).map_err(|e| no_display(way_out, &e))?;
    app.failure.map_or(Ok(()), Err)
}

fn no_display(way_out: &str, reason: &dyn std::fmt::Display) -> Error {
    let reason = reason.to_string();
    // winit begins with the place in its source.
    let reason = reason.rsplit(": ").next().unwrap_or(&reason).trim_end_matches(['.', ')']);
    Error::Gpu(format!("no window can be opened: {reason}; without a display `{way_out}` draws into a file"))
}
