//! Files that the window writes.

use super::errand::Errand;
use super::message::{About, Weight};
use super::model::{Model, Written};
use super::painter::{Order, Save};
use super::worker::Job;
use crate::cli::Console;
use crate::cli::view::{self, MovieWish};
use crate::error::{Error, Result};
use crate::gpu::Gpu;
use crate::render::Renderer;
use crate::scene::Frame;
use std::path::{Path, PathBuf};

/// Whether a name is that of a picture.
pub fn is_picture(path: &Path) -> bool {
    path.extension().is_some_and(|end| end.eq_ignore_ascii_case("png"))
}

impl Model {
    /// Tells what became of a file. A name whose file was not written stays in its field.
    pub fn tell_saved(&mut self, path: &Path, saved: Result<()>) {
        match saved {
            Ok(()) => self.say_saved(path),
            Err(error) => self.say_of(About::File, Weight::Error, &not_saved(path, &error)),
        }
    }

    /// Tells that a file was written, and where; after a name that was typed the next like it is suggested.
    fn say_saved(&mut self, path: &Path) {
        self.messages.retain(|m| m.about != About::File);
        let next = next_free(path);
        for field in FIELDS {
            if self.ui.typed.get(field).is_some_and(|name| Path::new(name) == path) {
                self.ui.typed.insert(field, next.display().to_string());
            }
        }
        self.ui.movie.take_saved(path, &next);
        if is_picture(path) {
            self.ui.saved = Some((self.session.revision(), path.to_owned()));
        }
        let whole = std::path::absolute(path);
        self.say(Weight::Note, format!("saved {}", whole.as_deref().unwrap_or(path).display()));
    }

    /// Saves the picture, or its recipe if the name does not end in .png.
    pub fn save(&mut self, path: PathBuf) {
        if let Some(frame) = self.frame {
            self.save_of(path, frame);
        }
    }

    /// As [`Model::save`] of another frame.
    pub fn save_of(&mut self, path: PathBuf, frame: Frame) {
        self.ui.player.stop();
        self.waiting.push((path, frame));
    }

    /// Hands over what is to be saved, once there is what the options ask for: pictures of another size than the window's, which
    /// may take long, to a thread of their own, one after the other.
    pub fn save_waiting(&mut self) {
        let Some(content) = self.content.clone().filter(|_| !self.worker.is_busy()) else { return };
        if !self.waiting.is_empty() && !self.is_content_current() {
            self.waiting.clear();
            return self.say(Weight::Error, "nothing was saved, as there is no density of these options");
        }
        for (path, frame) in std::mem::take(&mut self.waiting) {
            let order = self.order_of(content.clone(), frame, false);
            if Some(frame) == self.frame || !is_picture(&path) {
                self.painter.save(Save { order, path });
            } else if self.saving.is_none() {
                self.saving = Some(self.begin_saving(order, path));
            } else {
                self.waiting.push((path, frame));
            }
        }
    }

    fn begin_saving(&self, order: Order, path: PathBuf) -> Errand<Written> {
        let adapter = self.choice.clone();
        Errand::start(self.wake.clone(), move |ear| {
            let console = Console::listened_by(ear.clone());
            let saved = Gpu::shared(&adapter).and_then(Renderer::new).and_then(|mut renderer| {
                order.wanted.save(&path, &order.content, &order.frame, &mut renderer, &console)
            });
            Ok((path, saved))
        })
    }

    /// Tells what became of a picture.
    pub fn hear_saving(&mut self) {
        match Errand::taken(&mut self.saving) {
            None => {}
            Some(Ok((path, Err(Error::Interrupted)))) => {
                self.say(Weight::Note, format!("{} was not written", path.display()));
            }
            Some(Ok((path, saved))) => self.tell_saved(&path, saved),
            Some(Err(error)) => self.say_of(About::File, Weight::Error, &error.to_string()),
        }
    }

    /// Begins to write a movie.
    pub fn save_movie(&mut self, wish: MovieWish) {
        let Some(frame) = self.frame.filter(|_| self.movie.is_none()) else { return };
        let (recipe, adapter) = (self.session.wanted().recipe(&frame), self.choice.clone());
        self.movie = Some(Errand::start(self.wake.clone(), move |ear| {
            let console = Console::listened_by(ear.clone());
            let written = view::movie(&recipe, &wish, &adapter, &console).map(drop);
            Ok((wish.output, written))
        }));
    }

    /// Tells what became of a movie.
    pub fn hear_movie(&mut self) {
        let Some(outcome) = self.movie.as_ref().and_then(Errand::outcome) else { return };
        let said = self.movie.take().map(|errand| errand.take_said()).unwrap_or_default();
        for (_, warning) in said.iter().filter(|(is_warning, _)| *is_warning) {
            self.say(Weight::Warning, warning);
        }
        match outcome {
            Ok((_, Err(Error::Interrupted))) => self.say(Weight::Note, "no movie was written"),
            Ok((path, written)) => self.tell_saved(&path, written),
            Err(error) => self.say_of(About::File, Weight::Error, &error.to_string()),
        }
    }

    /// Saves the density.
    pub fn save_volume(&mut self, path: PathBuf) {
        if self.worker.is_busy() {
            self.say(Weight::Note, "the density is still being computed; save it then");
        } else if let Some(content) = &self.content {
            self.worker.ask(Job::SaveVolume(content.grid.clone(), content.values(), path), true);
        }
    }

    /// A name for the recipe: that of the picture, if that was saved of these options.
    pub fn name_of_recipe(&self) -> PathBuf {
        let saved = self.ui.saved.as_ref().filter(|(revision, _)| *revision == self.session.revision());
        let beside = saved.map(|(_, picture)| picture.with_extension("toml")).filter(|path| !path.exists());
        beside.unwrap_or_else(|| self.free_name("toml"))
    }

    /// A name after the input's that no file has, in the folder at hand.
    pub fn free_name(&self, extension: &str) -> PathBuf {
        let input = self.session.options().input.clone().unwrap_or_default();
        let name = input.rsplit([':', '/', '\\']).next().unwrap_or_default();
        let stem = name.split('.').next().filter(|s| !s.is_empty()).unwrap_or("density");
        let names =
            std::iter::once(format!("{stem}.{extension}")).chain((2..).map(|n| format!("{stem}-{n}.{extension}")));
        names.map(PathBuf::from).find(|p| !p.exists()).expect("there is a number that no file has")
    }
}

/// Fields for names of files.
const FIELDS: [&str; 3] = [PICTURE, RECIPE, VOLUME];
pub const PICTURE: &str = "save";
pub const RECIPE: &str = "save recipe";
pub const VOLUME: &str = "save volume";

/// Why a file was not written: of a folder that is not there its name.
fn not_saved(path: &Path, error: &Error) -> String {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder.filter(|folder| !folder.is_dir()) {
        Some(folder) => format!("{} was not saved: there is no folder {}", path.display(), folder.display()),
        None => error.to_string(),
    }
}

/// The next name like this one that no file has: after `a.png` comes `a-2.png`, after that `a-3.png`.
fn next_free(path: &Path) -> PathBuf {
    let [stem, end] =
        [path.file_stem(), path.extension()].map(|s| s.unwrap_or_default().to_string_lossy().into_owned());
    let numbered = stem.rsplit_once('-').and_then(|(stem, n)| Some((stem.to_owned(), n.parse::<u32>().ok()?)));
    let (stem, n) = numbered.unwrap_or((stem, 1));
    let name = |n: u32| path.with_file_name(format!("{stem}-{n}{}{end}", if end.is_empty() { "" } else { "." }));
    (n.saturating_add(1)..=u32::MAX).map(name).find(|path| !path.exists()).unwrap_or_else(|| path.to_owned())
}

impl Drop for Model {
    /// What is being written leaves no half file.
    fn drop(&mut self) {
        self.movie.take().into_iter().chain(self.saving.take()).for_each(Errand::end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches: a suggestion that would replace what was just saved.
    #[test]
    fn the_next_name_is_like_the_last() {
        let next = |name: &str| next_free(Path::new(name)).display().to_string();
        assert_eq!([next("no/a.png"), next("a-2.png"), next("a-b.tar")], ["no/a-2.png", "a-3.png", "a-b-2.tar"]);
        assert_eq!(next("a"), "a-2");
        let told = not_saved(Path::new("no/such/a.png"), &Error::Interrupted);
        assert_eq!(told, "no/such/a.png was not saved: there is no folder no/such");
    }
}
