//! The program: the library's command line, and the window above it.

use std::process::ExitCode;

fn main() -> ExitCode {
    densitas::cli::run(std::env::args_os(), densitas::app::open, densitas::app::play)
}
