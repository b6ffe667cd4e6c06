//! Several files in one window: one is shown at a time, and each keeps what was done to it.

use std::path::Path;

use super::message::Weight;
use super::model::Model;
use super::place::Room;
use super::session::Session;
use crate::cli::recipe::{Draft, Recipe};
use crate::cli::view;
use crate::error::Result;
use crate::scene::Frame;

/// The files, in the order in which they were named or dropped.
#[derive(Default)]
pub struct Files {
    all: Vec<File>,
    at: usize,
}

struct File {
    /// A path or the name of a sample, and the options that it is opened with.
    input: String,
    options: Draft,
    /// Its state while another one is shown.
    kept: Option<Session>,
}

impl Files {
    /// The input of `options`, and further ones with the same options.
    pub fn new(options: &Draft, more: &[String]) -> Self {
        let of = |input: &String| {
            let mut options = options.clone();
            options.input = Some(input.clone());
            File { input: input.clone(), options, kept: None }
        };
        Self { all: options.input.iter().chain(more).map(of).collect(), at: 0 }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Which one is shown, from 0.
    pub fn at(&self) -> usize {
        self.at
    }

    /// Their names without folders.
    pub fn names(&self) -> Vec<String> {
        let name =
            |f: &File| Path::new(&f.input).file_name().map_or(f.input.clone(), |n| n.to_string_lossy().into_owned());
        self.all.iter().map(name).collect()
    }
}

/// The options that a file opens with: those of the recipe that it holds, or its name and nothing but these.
///
/// Of a recipe also the frame of its picture.
fn opening(input: &str, options: &Draft) -> Result<(Session, Option<Frame>)> {
    let mut options = match view::is_recipe(Path::new(input)) {
        true => Recipe::read(Path::new(input)).and_then(Recipe::into_draft)?,
        false => options.clone(),
    };
    let frame = view::take_frame(&mut options)?;
    Ok((Session::new(options)?, frame))
}

impl Model {
    /// Opens files with nothing but defaults: the first is shown. What is wrong with it is said.
    pub fn open(&mut self, inputs: &[String]) {
        if let Err(error) = self.try_open(inputs) {
            self.say(Weight::Error, error.to_string());
        }
    }

    /// Opens files with nothing but defaults: the first is shown.
    ///
    /// # Errors
    /// Those of the options that a recipe or a picture holds.
    pub fn try_open(&mut self, inputs: &[String]) -> Result<()> {
        let Some(first) = inputs.first() else { return Ok(()) };
        let mut options = Draft::new("render");
        options.input = Some(first.clone());
        let (session, frame) = opening(first, &options)?;
        let is_shown = self.content.is_some();
        let files = std::mem::replace(&mut self.files, Files::new(&options, &inputs[1..]));
        let ended = self.begin(session);
        self.before = is_shown.then_some((ended, files));
        self.room = Room::of(frame);
        self.tell_files();
        Ok(())
    }

    /// Tells that there are several files and how to see the others.
    pub fn tell_files(&mut self) {
        if self.files.len() > 1 {
            self.say(Weight::Note, format!("{} files are open; page down shows the next one", self.files.len()));
        }
    }

    /// Shows the file so many places further on, round and round.
    pub fn turn_files(&mut self, by: isize) {
        if self.files.len() > 1 {
            self.show_file((self.files.at as isize + by).rem_euclid(self.files.len() as isize) as usize);
        }
    }

    /// Shows a file as it was left.
    pub fn show_file(&mut self, to: usize) {
        if to == self.files.at {
            return;
        }
        let file = &mut self.files.all[to];
        let opened = || opening(&file.input, &file.options).map(|(session, _)| session);
        let session = file.kept.take().map_or_else(opened, Ok);
        match session {
            Ok(session) => {
                let from = std::mem::replace(&mut self.files.at, to);
                self.files.all[from].kept = Some(self.begin(session));
            }
            Err(error) => self.say(Weight::Error, error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches: a further file that is dropped, or shown without the options that were given.
    #[test]
    fn further_files_have_the_options_of_the_first() {
        let mut options = Draft::new("render");
        options.input = Some("folder/a.pdb".into());
        options.set("bandwidth", Some("2A".into()));
        let files = Files::new(&options, &["b.pdb".into(), "sample:founding".into()]);
        assert_eq!(files.names(), ["a.pdb", "b.pdb", "sample:founding"]);
        let of = |i: usize| &files.all[i].options;
        assert_eq!((of(2).input.as_deref(), of(2).get("bandwidth")), (Some("sample:founding"), Some("2A".into())));
        assert_eq!(Files::new(&Draft::new("render"), &[]).len(), 0);
    }
}
