//! A movie of what is shown.

use std::path::Path;

use egui::{DragValue, Ui};

use super::super::model::Model;
use super::super::places;
use super::page::{FIELD, Writing, write_row};
use super::{choice, row, time};
use crate::cli::view::{Motion, MovieWish};
use crate::movie::has_alpha;
use crate::scene::Background;

/// What a movie is to be.
pub struct Movie {
    /// Whether it is of the input's frames, if there are any; else of a turn.
    of_frames: bool,
    /// Frames of a turn.
    turn: u64,
    /// Frames a second of a turn; the input's frames have the speed at which they play.
    fps: f64,
    format: &'static str,
    /// The file, if another name was typed than the one suggested.
    name: Option<String>,
}

impl Default for Movie {
    fn default() -> Self {
        Self { of_frames: true, turn: 120, fps: 25.0, format: MOVIES[0].0, name: None }
    }
}

/// Formats of movies by their ends, and what they are.
const MOVIES: [(&str, &str); 4] = [
    ("mp4", "H.264, for players and talks"),
    ("gif", "256 colours a frame, for everywhere"),
    ("avi", "each frame a JPEG"),
    ("png", "animated, with all colours"),
];

/// The format that a name asks for by its end.
fn format_of(name: &str) -> Option<&'static str> {
    let end = Path::new(name).extension()?.to_str()?.to_ascii_lowercase();
    MOVIES.into_iter().map(|format| format.0).find(|format| *format == end)
}

/// Why this file cannot be written; none if it can.
fn why_not(name: &str, is_transparent: bool, is_busy: bool) -> Option<&'static str> {
    match format_of(name) {
        _ if is_busy => Some("a movie is being written"),
        None => Some("the name must end in .mp4, .gif, .avi or .png"),
        Some(_) if is_transparent && has_alpha(Path::new(name)) == Some(false) => {
            Some("such a movie has no transparent pixels: choose a background, or png")
        }
        Some(_) => None,
    }
}

/// A movie in which the picture turns once, or frames play.
pub fn show(model: &mut Model, ui: &mut Ui) {
    let mut movie = std::mem::take(&mut model.ui.movie);
    let (motion, fps) = movie.motion(model, ui);
    movie.choose_format(ui);
    let mut name = movie.name.clone().unwrap_or_else(|| model.free_name(movie.format).display().to_string());
    row(ui, "to", |ui| {
        if ui.add(egui::TextEdit::singleline(&mut name).desired_width(FIELD)).changed() {
            movie.format = format_of(&name).unwrap_or(movie.format);
            movie.name = Some(name.clone());
        }
    });
    let is_transparent = model.session.wanted().scene().picture.background() == Some(Background::Transparent);
    let why_not = why_not(&name, is_transparent, model.movie.is_some());
    let writing = Writing { field: "save movie", name: &name, text: "Write the movie", why_not };
    let hint = "beside the window's picture, which stays at hand";
    let pressed = write_row(&mut model.ui, ui, &writing, hint, |_| {});
    model.ui.movie = movie;
    if pressed {
        model.save_movie(MovieWish { output: name.into(), motion, fps });
    }
}

impl Movie {
    /// A file was written: if its name was typed here, the next like it is suggested.
    pub fn take_saved(&mut self, path: &Path, next: &Path) {
        if self.name.as_ref().is_some_and(|name| Path::new(name) == path) {
            self.name = Some(next.display().to_string());
        }
    }

    /// What moves, and frames a second.
    fn motion(&mut self, model: &Model, ui: &mut Ui) -> (Motion, f64) {
        let together = time::together(model);
        if together.is_some() {
            row(ui, "movie of", |ui| {
                for (of_frames, text) in [(true, "the frames"), (false, "a turn")] {
                    if choice(ui, self.of_frames == of_frames, text) {
                        self.of_frames = of_frames;
                    }
                }
            });
        }
        row(ui, "movie", |ui| match together.filter(|_| self.of_frames) {
            Some(together) => {
                let speed = model.ui.player.speed();
                ui.label(format!("{speed} a second, as they play"));
                (Motion::Play(together), speed)
            }
            None => {
                ui.add(DragValue::new(&mut self.turn).range(1..=10_000).suffix(" frames"));
                ui.add(DragValue::new(&mut self.fps).range(1.0..=120.0).max_decimals(2).suffix(" a second"));
                (Motion::Turn(self.turn), self.fps)
            }
        })
    }

    fn choose_format(&mut self, ui: &mut Ui) {
        row(ui, "", |ui| {
            for (end, what) in MOVIES {
                let chosen = ui.scope(|ui| choice(ui, self.format == end, end));
                places::note(ui.ctx(), end, chosen.response.rect);
                chosen.response.on_hover_text(what);
                if chosen.inner {
                    self.format = end;
                    let renamed = |name: String| Path::new(&name).with_extension(end).display().to_string();
                    self.name = self.name.take().map(renamed);
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches: a movie that fails at its first frame for a reason known before, and a button that does nothing.
    #[test]
    fn what_a_movie_cannot_be_is_told_before() {
        let told = |name: &str, is_transparent| why_not(name, is_transparent, false);
        assert!(told("a.mp4", false).is_none() && told("a.PNG", true).is_none());
        assert!(told("a.gif", true).unwrap().contains("transparent"));
        assert!(told("a", false).unwrap().contains(".mp4") && told("a.webm", false).is_some());
        assert!(why_not("a.gif", false, true).is_some());
    }
}
