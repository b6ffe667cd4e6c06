//! The command line: options to the library's options, results to text or JSON.

mod args;
mod at_points;
mod console;
mod density;
mod heatmap;
mod info;
mod input;
mod plane_args;
mod render;
mod report;
mod sample;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::error::Result;
pub use console::Console;

/// Density of positions in space: computed, drawn, saved.
#[derive(Debug, Parser)]
#[command(name = "densitas", version, about, propagate_version = true, after_help = EXAMPLES)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    verb: Verb,
}

const EXAMPLES: &str = "Examples:
  densitas info 1ubq.pdb
  densitas render 1ubq.pdb -o density.png
  densitas render 6WG6.cif --select \"name CA\" -o complex.png
  densitas heatmap locs.csv -o heatmap.png
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
    /// Draw on this adapter: part of its name, or `software`
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
    /// Draw the density of two columns, or of points seen along an axis, as a flat picture
    Heatmap(Box<heatmap::HeatmapCommand>),
    /// Write a built-in cloud of points as a table
    Sample(sample::SampleArgs),
}

/// Runs the program with these arguments (the first is its name); the exit status is 0, or as
/// [`crate::error::Error::exit_code`].
pub fn run(arguments: impl IntoIterator<Item = std::ffi::OsString>) -> ExitCode {
    silence_driver_chatter();
    // Values may begin with a hyphen: --bounds -1,1,-1,1,-1,1.
    let hyphens = |arg: clap::Arg| {
        let allowed = takes_value(&arg);
        arg.allow_hyphen_values(allowed)
    };
    let command = Cli::command().mut_subcommands(|verb| verb.mut_args(hyphens));
    let parsed = command.try_get_matches_from(arguments).and_then(|m| Cli::from_arg_matches(&m));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let console = Console::new(cli.global.json, cli.global.quiet);
    match execute(cli, &console) {
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

fn takes_value(arg: &clap::Arg) -> bool {
    arg.get_action().takes_values() && !arg.is_positional()
}

fn execute(cli: Cli, console: &Console) -> Result<()> {
    console.watch_for_interrupts();
    if let Some(threads) = cli.global.threads {
        // Fails only where a pool exists already; then that one serves.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(usize::from(threads)).build_global();
    }
    match cli.verb {
        Verb::Info(args) => info::run(&args, console),
        Verb::Density(args) => density::run(&args, console),
        Verb::Render(args) => render::run(&args, cli.global.adapter.as_deref(), console),
        Verb::Heatmap(args) => heatmap::run(&args, cli.global.adapter.as_deref(), console),
        Verb::Sample(args) => sample::run(&args, console),
    }
}
