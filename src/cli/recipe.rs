//! Recipes: what a picture was asked for by, as TOML; in every PNG, and read by `--recipe`.
//!
//! A recipe holds the options that were given, as they were given, and not all that followed from
//! them: defaults then stay in one place, an option given beside a recipe works as it does without
//! one, and an option that is new is in recipes from its first day. What the options came to (limits,
//! camera, step, ...) stands in the recipe as a record, with which the same recipe drawn again is
//! compared: a changed input or a changed default is told, never silent.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};
use toml::{Spanned, Table, Value};

use super::console::Console;
use super::parse::Asked;
use crate::error::{Error, Result};
use crate::io::png;

/// The keyword of the text in a PNG that holds the recipe.
pub const KEYWORD: &str = "densitas:recipe";

/// A recipe is no longer than this many bytes.
const LONGEST: u64 = 1 << 20;

/// A recipe as it was read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Version of the program that wrote it.
    densitas: Spanned<String>,
    /// The verb: `render`, ...
    pub verb: Spanned<String>,
    /// The input as the user named it.
    pub input: Option<String>,
    /// Further inputs of a verb that takes several.
    #[serde(default)]
    pub more: Vec<String>,
    /// The long options that were given, without their hyphens.
    #[serde(default)]
    pub options: BTreeMap<String, Spanned<Value>>,
    /// What they came to: a record, which decides nothing.
    #[serde(default)]
    pub drawn: Table,
    #[serde(skip)]
    source: Source,
}

/// A recipe to be written.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Draft {
    densitas: &'static str,
    /// The verb: `render`, ...
    pub verb: String,
    /// The input as the user named it; `None` if it is no Unicode text.
    pub input: Option<String>,
    /// Further inputs of a verb that takes several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub more: Vec<String>,
    /// The long options that were given, without their hyphens.
    pub options: BTreeMap<String, Value>,
}

/// Where a recipe was read.
#[derive(Debug, Default)]
struct Source {
    path: PathBuf,
    text: String,
    in_picture: bool,
}

/// Options of the verb `recipe`.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  densitas recipe density.png
  densitas recipe density.png > density.toml
  densitas render --recipe density.toml --size 3840x2160 -o large.png")]
pub struct RecipeArgs {
    /// A picture drawn by densitas, or a recipe
    file: PathBuf,
}

/// Runs the verb `recipe`.
pub fn run(args: &RecipeArgs, console: &Console) -> Result<()> {
    let text = Recipe::read(&args.file)?.source.text;
    if console.json {
        let table: Table = text.parse().expect("a recipe is TOML");
        console.answer(&serde_json::json!(table).to_string());
    } else {
        console.answer(text.trim_end());
    }
    Ok(())
}

impl Recipe {
    /// Reads a recipe, or that of a PNG.
    ///
    /// # Errors
    /// [`Error::File`], or [`Error::Input`] with the line if it is none or of a newer version.
    pub fn read(path: &Path) -> Result<Self> {
        let source = Source::read(path)?;
        let mut recipe: Self = toml::from_str(&source.text).map_err(|e| {
            let what = e.message().replace('\n', ", ");
            source.error(e.span(), format!("this is no recipe: {what}; `densitas recipe F.png` shows one"))
        })?;
        recipe.source = source;
        let (theirs, ours) = (recipe.densitas.get_ref(), env!("CARGO_PKG_VERSION"));
        match (release(theirs), release(ours)) {
            (Some(theirs), Some(ours)) if theirs <= ours => Ok(recipe),
            (Some(_), _) => {
                let problem =
                    format!("the recipe is of densitas {theirs}, this is {ours}; take that version or a newer one");
                Err(recipe.error(&recipe.densitas.span(), problem))
            }
            (None, _) => {
                let problem = format!("`{theirs}` is no version of densitas, such as \"{ours}\"");
                Err(recipe.error(&recipe.densitas.span(), problem))
            }
        }
    }

    /// The recipe as one that can be edited.
    ///
    /// # Errors
    /// [`Error::Input`] for a recipe of another verb than `render`.
    pub fn into_draft(self) -> Result<Draft> {
        if self.verb.get_ref() != "render" {
            let problem = format!("this is a recipe of `{}`; the window shows those of `render`", self.verb.get_ref());
            return Err(self.error(&self.verb.span(), problem));
        }
        let options = self.options.into_iter().map(|(name, value)| (name, value.into_inner())).collect();
        Ok(Draft { input: self.input, options, ..Draft::new("render") })
    }

    /// An error about the part of the recipe at `span`.
    pub fn error(&self, span: &Range<usize>, problem: impl Into<String>) -> Error {
        self.source.error(Some(span.clone()), problem.into())
    }
}

/// The numbers that decide whether a recipe can be understood: patches do not change it.
fn release(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.split('.').map(|n| n.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

impl Source {
    fn read(path: &Path) -> Result<Self> {
        let mut bytes = Vec::new();
        let read = File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes));
        read.map_err(|e| Error::file(path, "read", e))?;
        let wrong = |what: &str| Error::input(path.display().to_string(), what);
        let in_picture = bytes.starts_with(b"\x89PNG");
        let text = if in_picture {
            png::read_text(path, KEYWORD)?.ok_or_else(|| {
                wrong("this PNG holds no recipe; densitas writes one into each, but other programs may remove it")
            })?
        } else if bytes.len() as u64 > LONGEST {
            return Err(wrong("this is longer than any recipe; give the TOML file or a PNG that densitas drew"));
        } else {
            String::from_utf8(bytes).map_err(|_| wrong("this is neither a recipe (TOML text) nor a PNG"))?
        };
        Ok(Self { path: path.to_owned(), text, in_picture })
    }

    fn error(&self, span: Option<Range<usize>>, problem: String) -> Error {
        let before = span.map_or("", |span| self.text.get(..span.start).unwrap_or(&self.text));
        let line = before.matches('\n').count() as u64 + 1;
        let of = if self.in_picture { " (its recipe)" } else { "" };
        Error::line(&format!("{}{of}", self.path.display()), line, problem)
    }
}

impl Draft {
    /// An empty recipe of this version for a verb.
    pub fn new(verb: &str) -> Self {
        Self {
            densitas: env!("CARGO_PKG_VERSION"),
            verb: verb.to_owned(),
            input: None,
            more: Vec::new(),
            options: BTreeMap::new(),
        }
    }

    /// The recipe of frame `k` of a movie alone.
    pub fn of_frame(&self, k: u64) -> Self {
        let mut draft = self.clone();
        draft.set("only", Some(k.to_string()));
        draft
    }

    /// The recipe with the record of what was drawn.
    pub fn text(&self, drawn: &Table) -> String {
        #[derive(Serialize)]
        struct Whole<'a> {
            #[serde(flatten)]
            draft: &'a Draft,
            drawn: &'a Table,
        }
        let text = toml::to_string(&Whole { draft: self, drawn }).expect("texts, numbers and tables are TOML");
        format!("# To draw this again: densitas {} --recipe THIS -o again.png\n{text}", self.verb)
    }
}

/// Writes a picture, which `draw` hands over in bands of rows as to `png::write_bands`, with its recipe; what is not as
/// the recipe that was followed says is told.
#[allow(clippy::too_many_arguments)] // the picture's file, what it holds, and who is told
pub fn write_bands(
    output: &Path,
    input: Option<&Path>,
    size: [u32; 2],
    opaque: bool,
    asked: &Asked,
    drawn: &Table,
    console: &Console,
    draw: impl FnOnce(&mut png::Take<'_>) -> Result<()>,
) -> Result<()> {
    tell_differences(asked, drawn, console);
    let recipe = asked.recipe.text(drawn);
    png::write_bands(output, input, size, opaque, &texts(&recipe), draw)
}

/// Writes a picture with its recipe.
///
/// # Errors
/// As [`png::write_with_texts`].
pub fn write(output: &Path, input: Option<&Path>, size: [u32; 2], rgba: &[u8], recipe: &str) -> Result<()> {
    png::write_with_texts(output, input, size, rgba, &texts(recipe))
}

/// Tells what is not as the recipe that was followed says.
pub fn tell_differences(asked: &Asked, drawn: &Table, console: &Console) {
    for difference in asked.expected.iter().flat_map(|expected| differences(expected, drawn)) {
        console.warning(&format!("not as when the recipe was written: {difference}"));
    }
}

/// What a picture's file says beside the pixels.
fn texts(recipe: &str) -> [png::Text<'_>; 2] {
    [(KEYWORD, recipe), ("Software", concat!("densitas ", env!("CARGO_PKG_VERSION")))]
}

/// Numbers of two records that are this close are equal: another processor rounds otherwise.
const RELATIVE_TOLERANCE: f64 = 1e-6;

/// Entries of a record that are not compared: adapters differ by roundings, and what methods say is in other entries.
const NOT_COMPARED: [&str; 2] = ["adapter", "methods"];

/// What differs between two records, with dots between a table and what is in it.
fn differences(before: &Table, now: &Table) -> Vec<String> {
    let mut found = Vec::new();
    for (key, old) in before.iter().filter(|(key, _)| !NOT_COMPARED.contains(&key.as_str())) {
        match (old, now.get(key)) {
            (Value::Table(old), Some(Value::Table(new))) => {
                found.extend(differences(old, new).into_iter().map(|inner| format!("{key}.{inner}")));
            }
            (old, Some(new)) if same(old, new) => {}
            (old, Some(new)) => found.push(format!("{key} ({old} then, {new} now)")),
            (_, None) => found.push(key.clone()),
        }
    }
    found
}

fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Float(a), Value::Float(b)) => a == b || (a - b).abs() <= RELATIVE_TOLERANCE * a.abs().max(b.abs()),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && std::iter::zip(a, b).all(|(a, b)| same(a, b)),
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_compared_by_name_and_numbers_loosely() {
        let table = |text: &str| text.parse::<Table>().unwrap();
        let old = table("adapter = \"x\"\nstep = 0.1\nname = \"a\"\n[camera]\nup = [0.0, 0.0, 1.0]\nfov = 30.0");
        assert!(differences(&old, &old).is_empty());
        let rounded = table("step = 0.10000000001\nname = \"a\"\nmore = 1\n[camera]\nup = [0.0, 0.0, 1.0]\nfov = 30.0");
        assert!(differences(&old, &rounded).is_empty());
        let other = table("step = 0.1001\nname = \"a\"\n[camera]\nup = [0.0, 1.0]");
        assert_eq!(
            differences(&old, &other),
            ["camera.fov", "camera.up ([0.0, 0.0, 1.0] then, [0.0, 1.0] now)", "step (0.1 then, 0.1001 now)"]
        );
    }
}
