//! Background and what is written around.

use std::path::Path;

use egui::{DragValue, RichText, Ui};

use super::super::message::Weight;
use super::super::model::Model;
use super::super::places;
use super::super::style::{ACCENT, WARNING, WEAK};
use super::{choice, fields, row, time};
use crate::cli::view::{self, Motion, MovieWish};
use crate::scene::{Background, Frame};

/// Width of a field for the name of a file, in points.
const FIELD: f32 = 190.0;

/// The panel.
pub fn show(model: &mut Model, ui: &mut Ui) {
    row(ui, "background", |ui| {
        let given = model.session.options().get("background");
        for (text, value) in
            [("dark", None), ("white", Some("white")), ("black", Some("black")), ("none", Some("transparent"))]
        {
            if choice(ui, given.as_deref() == value, text) {
                model.step(|o| {
                    o.set("theme", None);
                    o.set("background", value.map(str::to_owned));
                });
            }
        }
    });
    fields(model, ui, "title", &[("title", "none", 190.0)]);
    row(ui, "around it", |ui| {
        for (option, text) in [("axes", "axes"), ("colorbar", "colour bar")] {
            let mut is_on = model.session.options().get(option).as_deref() != Some("off");
            if ui.checkbox(&mut is_on, text).changed() {
                model.step(|o| o.set(option, (!is_on).then(|| "off".to_owned())));
            }
        }
    });
    row(ui, "", |ui| {
        let mut scale_bar = model.session.options().get("scale-bar").is_some();
        if ui.checkbox(&mut scale_bar, "scale bar").changed() {
            model.step(|o| o.set_flag("scale-bar", scale_bar));
        }
        let mut gizmo = model.session.options().get("gizmo").as_deref() == Some("on");
        if ui.checkbox(&mut gizmo, "directions").changed() {
            model.step(|o| o.set("gizmo", gizmo.then(|| "on".to_owned())));
        }
    });
    labels(model, ui);
    save(model, ui);
}

/// How many places are told of in the picture, and a way to be rid of them.
fn labels(model: &mut Model, ui: &mut Ui) {
    let count = model.session.options().list("label").len();
    if count > 0 {
        row(ui, "labels", |ui| {
            ui.label(count.to_string()).on_hover_text("a click on a dot in the picture takes its label away");
            if ui.button("Take all away").clicked() {
                model.step(|o| o.set_list("label", &[]));
            }
        });
    }
}

/// Writing files.
fn save(model: &mut Model, ui: &mut Ui) {
    picture(model, ui);
    movie(model, ui);
    row(ui, "recipe", |ui| {
        if ui.button("Save").on_hover_text("ctrl + s: draws this picture again, also here").clicked() {
            model.save(model.free_name("toml"));
        }
        if ui.button("Copy the command").clicked()
            && let Some(frame) = model.frame
        {
            ui.ctx().copy_text(view::command_line(&model.session.wanted().recipe(&frame)));
            model.say(Weight::Note, "copied the command that draws this picture");
        }
    });
    row(ui, "density", |ui| {
        for extension in ["npy", "mrc", "vti", "nrrd"] {
            if ui.button(extension).clicked() {
                model.save_volume(extension);
            }
        }
    });
    methods(model, ui);
}

/// The picture as PNG, at any size.
fn picture(model: &mut Model, ui: &mut Ui) {
    let Some(frame) = model.frame else { return };
    let suggested = || model.free_name("png").display().to_string();
    let mut name = model.ui.typed.get("save").cloned().unwrap_or_else(suggested);
    row(ui, "picture", |ui| {
        if ui.add(egui::TextEdit::singleline(&mut name).desired_width(FIELD)).changed() {
            model.ui.typed.insert("save", name.clone());
        }
    });
    let mut size = model.ui.size.unwrap_or(frame.size);
    let before = size;
    row(ui, "pixels", |ui| {
        // Numbers of five digits have room.
        (ui.spacing_mut().item_spacing.x, ui.spacing_mut().button_padding.x) = (3.0, 5.0);
        ui.add(DragValue::new(&mut size[0]).range(16..=32768));
        ui.label("×");
        ui.add(DragValue::new(&mut size[1]).range(16..=32768));
        for times in [1, 2, 4] {
            if ui.small_button(format!("×{times}")).on_hover_text("as often the pixels of the window").clicked() {
                size = frame.size.map(|n| n * times);
            }
        }
    });
    if size != before {
        model.ui.size = Some(size).filter(|size| *size != frame.size);
    }
    row(ui, "", |ui| {
        let button = egui::Button::new("Save the picture").fill(ACCENT.gamma_multiply(0.35));
        if ui.add(button).clicked() {
            model.save_of(name.clone().into(), scaled(frame, size));
            model.ui.typed.remove("save");
        }
        is_there(ui, &name);
    });
}

/// A frame of this size in which letters and lines are about as large as in the window, by its height. Its size in points
/// is whole, so that a recipe can say it.
fn scaled(frame: Frame, size: [u32; 2]) -> Frame {
    let times = size[1] / frame.size[1];
    if times > 0 && size == frame.size.map(|n| n * times) {
        return Frame { size, scale_factor: frame.scale_factor * f64::from(times) };
    }
    let wanted = frame.scale_factor * f64::from(size[1]) / f64::from(frame.size[1]);
    let divides = |k: &u32| size[0].is_multiple_of(*k) && size[1].is_multiple_of(*k);
    let away = |k: &u32| (f64::from(*k) / wanted).ln().abs();
    let nearest = (1..=64).filter(divides).min_by(|a, b| away(a).total_cmp(&away(b)));
    Frame { size, scale_factor: nearest.map_or(1.0, f64::from) }
}

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

/// Formats of movies by their ends, what they are, and whether they have transparent pixels.
const MOVIES: [(&str, &str, bool); 4] = [
    ("mp4", "H.264, for players and talks", false),
    ("gif", "256 colours a frame, for everywhere", false),
    ("avi", "each frame a JPEG", false),
    ("png", "animated, with all colours", true),
];

impl Movie {
    /// The format that a name asks for by its end.
    fn format_of(&self, name: &str) -> Option<(&'static str, &'static str, bool)> {
        let end = Path::new(name).extension()?.to_str()?.to_ascii_lowercase();
        MOVIES.into_iter().find(|format| format.0 == end)
    }

    /// Why this file cannot be written; none if it can.
    fn why_not(&self, name: &str, is_transparent: bool, is_busy: bool) -> Option<&'static str> {
        match self.format_of(name) {
            _ if is_busy => Some("a movie is being written"),
            None => Some("the name must end in .mp4, .gif, .avi or .png"),
            Some((.., false)) if is_transparent => {
                Some("such a movie has no transparent pixels: choose a background, or png")
            }
            Some(_) => None,
        }
    }
}

/// A movie in which the picture turns once, or frames play.
fn movie(model: &mut Model, ui: &mut Ui) {
    let together = time::together(model);
    let mut movie = std::mem::take(&mut model.ui.movie);
    if together.is_some() {
        row(ui, "movie of", |ui| {
            for (of_frames, text) in [(true, "the frames"), (false, "a turn")] {
                if choice(ui, movie.of_frames == of_frames, text) {
                    movie.of_frames = of_frames;
                }
            }
        });
    }
    let motion = together.filter(|_| movie.of_frames).map_or(Motion::Turn(movie.turn), Motion::Play);
    let fps = row(ui, "movie", |ui| match motion {
        Motion::Turn(_) => {
            ui.add(DragValue::new(&mut movie.turn).range(1..=10_000).suffix(" frames"));
            ui.add(DragValue::new(&mut movie.fps).range(1.0..=120.0).max_decimals(2).suffix(" a second"));
            movie.fps
        }
        Motion::Play(_) => {
            let speed = model.ui.player.speed();
            ui.label(format!("{speed} a second, as they play"));
            speed
        }
    });
    row(ui, "", |ui| {
        for (end, what, _) in MOVIES {
            let chosen = ui.scope(|ui| choice(ui, movie.format == end, end));
            places::note(ui.ctx(), end, chosen.response.rect);
            chosen.response.on_hover_text(what);
            if chosen.inner {
                movie.format = end;
                movie.name = movie.name.take().map(|name| Path::new(&name).with_extension(end).display().to_string());
            }
        }
    });
    let mut name = movie.name.clone().unwrap_or_else(|| model.free_name(movie.format).display().to_string());
    row(ui, "to", |ui| {
        if ui.add(egui::TextEdit::singleline(&mut name).desired_width(FIELD)).changed() {
            movie.format = movie.format_of(&name).map_or(movie.format, |format| format.0);
            movie.name = Some(name.clone());
        }
    });
    let is_transparent = model.session.wanted().scene().picture.background() == Some(Background::Transparent);
    let why_not = movie.why_not(&name, is_transparent, model.movie.is_some());
    row(ui, "", |ui| {
        let button = ui.add_enabled(why_not.is_none(), egui::Button::new("Write the movie"));
        places::note(ui.ctx(), "Write the movie", button.rect);
        if button.on_disabled_hover_text(why_not.unwrap_or_default()).clicked() {
            model.save_movie(MovieWish { output: name.clone().into(), motion, fps });
            movie.name = None;
        }
        is_there(ui, &name);
    });
    if let Some(reason) = why_not.filter(|_| model.movie.is_none()) {
        ui.label(RichText::new(reason).small().color(WARNING));
    }
    model.ui.movie = movie;
}

/// Tells that a file will be replaced.
fn is_there(ui: &mut Ui, name: &str) {
    if !name.is_empty() && Path::new(name).exists() {
        ui.label(RichText::new("replaces that file").small().color(WARNING));
    }
}

/// How the density was made, for a paper.
fn methods(model: &mut Model, ui: &mut Ui) {
    let Some(text) = model.content.as_ref().and_then(|c| c.methods()) else { return };
    row(ui, "methods", |ui| {
        if ui.button("Copy the sentence").on_hover_text("for the methods of a paper").clicked() {
            ui.ctx().copy_text(text.clone());
            model.say(Weight::Note, "copied the sentence for the methods");
        }
    });
    ui.add(egui::Label::new(RichText::new(text).small().color(WEAK)).wrap().selectable(true));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches: a movie that fails at its first frame for a reason known before, and a button that does nothing.
    #[test]
    fn what_a_movie_cannot_be_is_told_before() {
        let movie = Movie::default();
        let told = |name: &str, is_transparent| movie.why_not(name, is_transparent, false);
        assert!(told("a.mp4", false).is_none() && told("a.PNG", true).is_none());
        assert!(told("a.gif", true).unwrap().contains("transparent"));
        assert!(told("a", false).unwrap().contains(".mp4") && told("a.webm", false).is_some());
        assert!(movie.why_not("a.gif", false, true).is_some());
    }

    /// Catches: a large picture with letters too small to read.
    #[test]
    fn letters_grow_with_the_picture() {
        let window = Frame { size: [960, 774], scale_factor: 1.0 };
        let of = |w, h| scaled(window, [w, h]).scale_factor;
        assert_eq!(
            [of(1920, 1548), of(960, 774), of(3840, 2160), of(1921, 1081), of(320, 200)],
            [2.0, 1.0, 3.0, 1.0, 1.0]
        );
    }
}
