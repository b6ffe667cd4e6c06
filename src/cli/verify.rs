//! `densitas verify`: a recipe drawn as the window draws it and as `render` does, side by side.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::console::Console;
use super::content::Stock;
use super::parse::Stop;
use super::recipe::Recipe;
use super::view::{self, Wanted};
use super::{Verb, parse, render, report};
use crate::error::{Error, Result};
use crate::gpu::{AdapterChoice, Gpu};
use crate::io;
use crate::render::Renderer;
use crate::scene::Frame;

/// Options of the verb.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  densitas verify density.png
  densitas verify recipe.toml --json

Drawn are the picture that the window shows, after a coarse one as while it moves, and the file that `render` writes; of
F.png also the picture that it holds. Exit status 0: all are the same, byte for byte. On another adapter than that which
drew it, or by another version, the picture of a file may differ in rounding.")]
pub struct VerifyArgs {
    /// A recipe of `render`, or a picture that holds one
    file: PathBuf,
}

/// How coarse the picture is that comes first.
const COARSENESS: u32 = 4;

/// How two pictures differ.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Difference {
    /// In one channel of 8 bits.
    largest: u8,
    /// Pixels that differ.
    pixels: usize,
}

/// Runs the verb.
pub fn run(args: &VerifyArgs, adapter: &AdapterChoice, console: &Console) -> Result<()> {
    let recipe = Recipe::read(&args.file)?.into_draft()?;
    let file = args.file.display();
    let written = Scratch::new();
    let arguments =
        ["densitas".into(), "render".into(), "--recipe".into(), args.file.clone(), "-o".into(), written.0.clone()];
    let asked = parse::parse(arguments.map(OsString::from).to_vec()).map_err(|stop| match stop {
        Stop::Error(error) => error,
        Stop::Clap(error) => Error::Usage(error.to_string().lines().next().unwrap_or_default().to_owned()),
    })?;
    let Verb::Render(command) = &asked.cli.verb else { unreachable!("the verb is that of a picture") };
    let frame = command.scene.picture.frame()?;
    render::run(command, adapter, &asked, &console.aside().0)?;
    let (size, by_render) = io::png::read(&written.0)?;
    let by_window = as_in_window(&Wanted::of(&recipe)?, &frame, adapter, console)?;
    let mut found = vec![("window and render", difference(&by_window, &by_render))];
    if args.file.extension().is_some_and(|e| e.eq_ignore_ascii_case("png")) {
        let (theirs, held) = io::png::read(&args.file)?;
        if theirs != size {
            let ([w, h], [tw, th]) = (size, theirs);
            return Err(Error::Data(format!("{file}: holds {tw} x {th} pixels, its recipe draws {w} x {h}")));
        }
        found.push(("render and the file", difference(&by_render, &held)));
    }
    tell(&found, size, console)?;
    let Some((what, worst)) = found.iter().find(|(_, d)| d.largest > 0) else { return Ok(()) };
    let problem = format!("differ by up to {}/255 in {} pixels", worst.largest, worst.pixels);
    Err(Error::Data(format!("{file}: {what} {problem}")))
}

fn tell(found: &[(&str, Difference)], [w, h]: [u32; 2], console: &Console) -> Result<()> {
    if !console.json {
        for (what, d) in found {
            console.answer(&format!(
                "{what}: largest difference {}, {} of {} pixels differ",
                d.largest,
                d.pixels,
                w * h
            ));
        }
        return Ok(());
    }
    let one = |(what, d): &(&str, Difference)| json!({ "compared": what, "largest": d.largest, "pixels": d.pixels });
    let all: Vec<Value> = found.iter().map(one).collect();
    let largest = found.iter().map(|(_, d)| d.largest).max();
    let out = report::object(json!({ "size": [w, h], "largest_difference": largest, "pictures": all }));
    console.answer(&Value::Object(out).to_string());
    Ok(())
}

/// The picture that the window shows at rest: red, green, blue, alpha.
fn as_in_window(wanted: &Wanted, frame: &Frame, adapter: &AdapterChoice, console: &Console) -> Result<Vec<u8>> {
    let (quiet, _) = console.aside();
    // The window keeps the size of its picture beside the options, and gives it back to the recipe.
    let wanted = Wanted::of(&wanted.recipe(frame))?;
    let content = Stock::default().content(wanted.scene(), &quiet)?;
    let scene = view::scene(&wanted, &content, frame)?;
    let mut renderer = Renderer::new(Gpu::shared(adapter)?)?;
    renderer.draw_coarse(&scene, frame, COARSENESS, &quiet)?;
    Ok(renderer.draw(&scene, frame, &quiet)?.rgba)
}

fn difference(a: &[u8], b: &[u8]) -> Difference {
    let apart = |(a, b): (&[u8], &[u8])| std::iter::zip(a, b).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0);
    let each = std::iter::zip(a.chunks(4), b.chunks(4)).map(apart);
    each.fold(Difference { largest: 0, pixels: 0 }, |all, d| Difference {
        largest: all.largest.max(d),
        pixels: all.pixels + usize::from(d > 0),
    })
}

/// A picture that nobody keeps.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("densitas-verify-{}.png", std::process::id())))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(Path::new(&self.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_counted_by_pixels() {
        let a = [0, 0, 0, 255, 9, 9, 9, 255];
        let b = [0, 0, 0, 255, 9, 4, 10, 255];
        assert_eq!(difference(&a, &b), Difference { largest: 5, pixels: 1 });
        assert_eq!(difference(&a, &a), Difference { largest: 0, pixels: 0 });
    }
}
