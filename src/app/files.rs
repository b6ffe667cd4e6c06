//! Files that the window writes.

use super::errand::Errand;
use super::message::Weight;
use super::model::Model;
use super::painter::Save;
use super::worker::Job;
use crate::cli::Console;
use crate::cli::view::{self, MovieWish};
use crate::error::Error;
use crate::scene::Frame;
use std::path::{Path, PathBuf};

impl Model {
    /// Tells that a file was written, and where.
    pub fn say_saved(&mut self, path: &Path) {
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

    /// Hands over what is to be saved, once there is what the options ask for.
    pub fn save_waiting(&mut self) {
        let Some(content) = self.content.clone().filter(|_| !self.worker.is_busy()) else { return };
        if !self.waiting.is_empty() && !self.is_content_current() {
            self.waiting.clear();
            return self.say(Weight::Error, "nothing was saved, as there is no density of these options");
        }
        for (path, frame) in std::mem::take(&mut self.waiting) {
            self.painter.save(Save { order: self.order_of(content.clone(), frame, false), path });
        }
    }

    /// Begins to write a movie.
    pub fn save_movie(&mut self, wish: MovieWish) {
        let Some(frame) = self.frame.filter(|_| self.movie.is_none()) else { return };
        let (recipe, adapter) = (self.session.wanted().recipe(&frame), self.choice.clone());
        self.movie = Some(Errand::start(self.wake.clone(), move |ear| {
            let console = Console::listened_by(ear.clone());
            view::movie(&recipe, &wish, &adapter, &console).map(|()| wish.output)
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
            Ok(path) => self.say_saved(&path),
            Err(Error::Interrupted) => self.say(Weight::Note, "no movie was written"),
            Err(error) => self.say(Weight::Error, error.to_string()),
        }
    }

    /// Saves the density.
    pub fn save_volume(&mut self, extension: &str) {
        if self.worker.is_busy() {
            self.say(Weight::Note, "the density is still being computed; save it then");
        } else if let Some(content) = &self.content {
            self.worker.ask(Job::SaveVolume(content.grid.clone(), content.values(), self.free_name(extension)), true);
        }
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

impl Drop for Model {
    /// A movie that is being written leaves no half file.
    fn drop(&mut self) {
        self.movie.take().into_iter().for_each(Errand::end);
    }
}
