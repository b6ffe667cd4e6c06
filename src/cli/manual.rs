//! `densitas completions` and `densitas man`: what the options say, for shells and for `man`.

use std::path::{Path, PathBuf};

use clap::{Args, Command, ValueEnum};
use clap_complete::Shell;
use clap_mangen::Man;

use super::console::Console;
use super::parse;
use crate::error::{Error, Result};
use crate::io::atomic;

/// Options of the verb `completions`.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  densitas completions bash > ~/.local/share/bash-completion/completions/densitas
  densitas completions zsh > ~/.zfunc/_densitas
  densitas completions fish > ~/.config/fish/completions/densitas.fish
  densitas completions powershell >> $PROFILE")]
pub struct CompletionArgs {
    /// The shell
    shell: ShellName,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ShellName {
    Bash,
    Zsh,
    Fish,
    Powershell,
}

/// Options of the verb `man`.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  densitas man | man -l -
  densitas man -o ~/.local/share/man/man1")]
pub struct ManArgs {
    /// Write one page for the program and one for each verb into this folder
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

/// Runs the verb `completions`.
pub fn completions(args: &CompletionArgs, console: &Console) -> Result<()> {
    let shell = match args.shell {
        ShellName::Bash => Shell::Bash,
        ShellName::Zsh => Shell::Zsh,
        ShellName::Fish => Shell::Fish,
        ShellName::Powershell => Shell::PowerShell,
    };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut parse::command(), "densitas", &mut script);
    console.answer(String::from_utf8_lossy(&script).trim_end());
    Ok(())
}

/// Runs the verb `man`.
pub fn man(args: &ManArgs, console: &Console) -> Result<()> {
    let mut command = parse::command();
    command.build();
    let Some(folder) = &args.output else {
        console.answer(page(command).trim_end());
        return Ok(());
    };
    std::fs::create_dir_all(folder).map_err(|e| Error::file(folder, "create", e))?;
    let verbs: Vec<Command> = command.get_subcommands().filter(|v| v.get_name() != "help").cloned().collect();
    for command in std::iter::once(command).chain(verbs) {
        let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
        write(&folder.join(format!("{name}.1")), &page(command))?;
    }
    console.note(&format!("{}: densitas.1 and one page for each verb", folder.display()));
    Ok(())
}

fn write(path: &Path, page: &str) -> Result<()> {
    atomic::write(path, None, |out| out.write_all(page.as_bytes()))
}

/// The page of a command, with its examples as they stand.
fn page(command: Command) -> String {
    let mut page = Vec::new();
    Man::new(command).render(&mut page).expect("writing to memory does not fail");
    // Filled lines would break the commands.
    String::from_utf8_lossy(&page)
        .replace(".SH EXTRA\nExamples:\n", ".SH EXAMPLES\n.nf\n")
        .replace("\n.SH VERSION", "\n.fi\n.SH VERSION")
}
