//! The command line: options to the library's options, results to text or JSON.

mod args;
mod at_points;
mod console;
pub(crate) mod content;
mod cut_args;
mod density;
mod doctor;
pub(crate) mod explain;
pub(crate) mod further;
mod glyph_args;
mod heatmap;
mod info;
pub(crate) mod input;
pub(crate) mod label_args;
mod manual;
mod minus;
mod movie;
pub(crate) mod parse;
mod parts;
mod picture_args;
mod plane_args;
mod preview;
mod quality_args;
pub(crate) mod recipe;
mod remarks;
mod render;
mod report;
pub(crate) use report::three_digits;
mod sample;
pub(crate) mod scene_args;
mod shared;
mod stream;
mod surface;
pub(crate) mod trace_args;
mod verify;
pub(crate) mod view;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::error::Result;
use crate::gpu::AdapterChoice;
pub use console::{Console, Listener};
pub use heatmap::Flipbook;
use parse::{Asked, Stop};
pub use view::Opening;

/// Density of positions in space: computed, drawn, saved.
#[derive(Debug, Parser)]
#[command(name = "densitas", version, about, propagate_version = true, after_long_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    verb: Verb,
}

const EXAMPLES: &str = "Examples:
  densitas info 1ubq.pdb
  densitas render 1ubq.pdb -o density.png
  densitas view 1ubq.pdb
  densitas render 6WG6.cif --select \"name CA\" -o complex.png
  densitas heatmap locs.csv -o heatmap.png
  densitas movie 1ubq.pdb -o turn.mp4
  densitas density locs.csv --bandwidth 25nm --spacing 10nm -o density.npy
  densitas render sample:founding -o density.png

INPUT is a file, - for a table on standard input, or sample:NAME.";

/// Options that stand before or after the verb.
#[derive(Debug, clap::Args)]
struct Global {
    /// Print one JSON object on stdout instead of prose
    #[arg(long, global = true)]
    json: bool,
    /// No notes and no progress bar; warnings and errors stay
    #[arg(long, short, global = true)]
    quiet: bool,
    /// Draw, and compute with --method gpu, on this adapter: part of its name, or `software`
    #[arg(long, global = true, value_name = "NAME")]
    adapter: Option<String>,
    /// Number of threads that compute [default: all cores]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Tell what a file holds and how it was understood
    Info(Box<info::InfoArgs>),
    /// Compute the density on a grid and save it
    Density(Box<density::DensityCommand>),
    /// Draw one picture of the density
    Render(Box<render::RenderCommand>),
    /// Explore the density in a window
    View(Box<view::ViewCommand>),
    /// Draw the density of two columns, or of points seen along an axis, as a flat picture
    Heatmap(Box<heatmap::HeatmapCommand>),
    /// Save a movie: the density turns, frames of the input play, options change
    Movie(Box<movie::MovieCommand>),
    /// Print the recipe that a picture holds
    Recipe(recipe::RecipeArgs),
    /// Draw a recipe as the window and as `render` do, and tell the largest difference
    Verify(verify::VerifyArgs),
    /// Write a built-in cloud of points as a table
    Sample(sample::SampleArgs),
    /// Tell which graphics adapters there are, which one draws, and what is missing
    Doctor(doctor::DoctorArgs),
    /// Print what makes a shell complete the options
    Completions(manual::CompletionArgs),
    /// Print the manual page
    Man(manual::ManArgs),
}

/// What opens the window of `view`: it lies above the command line, whose options it edits.
pub type Window = fn(Opening) -> Result<()>;

/// What opens the window of `heatmap --show`.
pub type Play = fn(Flipbook) -> Result<()>;

/// Runs the program with these arguments (the first is its name); `window` and `play` open windows. The exit status is 0, or as
/// [`crate::error::Error::exit_code`].
pub fn run(arguments: impl IntoIterator<Item = std::ffi::OsString>, window: Window, play: Play) -> ExitCode {
    silence_driver_chatter();
    let asked = match parse::parse(arguments.into_iter().collect()) {
        Ok(asked) => asked,
        Err(Stop::Clap(error)) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
        Err(Stop::Error(error)) => {
            Console::new(false, false).error(&error);
            return ExitCode::from(error.exit_code());
        }
    };
    let global = &asked.cli.global;
    let console = Console::new(global.json, global.quiet);
    match execute(&asked, &console, window, play).and_then(|()| console.finish()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            console.error(&error);
            ExitCode::from(error.exit_code())
        }
    }
}

/// Without a desktop session Mesa's device chooser prints an error of its own on every start; it has
/// nothing to choose there, so it is left out.
fn silence_driver_chatter() {
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        // SAFETY: the program has just begun and has no other thread that could read the environment.
        unsafe { std::env::set_var("NODEVICE_SELECT", "1") };
    }
}

fn execute(asked: &Asked, console: &Console, window: Window, play: Play) -> Result<()> {
    console.watch_for_interrupts();
    let Cli { global, verb } = &asked.cli;
    if let Some(threads) = global.threads {
        // Fails only where a pool exists already; then that one serves.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(usize::from(threads)).build_global();
    }
    let adapter = AdapterChoice::named(global.adapter.as_deref());
    let _ = args::ADAPTER.set(adapter.clone());
    match verb {
        Verb::Info(args) => info::run(args, console),
        Verb::Density(args) => density::run(args, console),
        Verb::Render(args) => render::run(args, &adapter, asked, console),
        Verb::View(args) => view::run(args, adapter, asked, window),
        Verb::Heatmap(args) => heatmap::run(args, asked, play, console),
        Verb::Movie(args) => movie::run(args, &adapter, asked, console),
        Verb::Recipe(args) => recipe::run(args, console),
        Verb::Verify(args) => verify::run(args, &adapter, console),
        Verb::Sample(args) => sample::run(args, console),
        Verb::Doctor(args) => doctor::run(args, &adapter, console),
        Verb::Completions(args) => manual::completions(args, console),
        Verb::Man(args) => manual::man(args, console),
    }
}
