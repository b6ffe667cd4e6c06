//! Heat maps that follow one another: the picture of one, a play button and a slider.

use std::time::{Duration, Instant};

use egui::{CentralPanel, Color32, ColorImage, Key, Panel, Rect, Slider, TextureHandle, TextureOptions, Ui, pos2};

use super::window::Inside;
use crate::cli::Flipbook;
use crate::render::HeatmapPainter;
use crate::scene::Frame;

/// Height of what is below the picture, in points.
pub const HEIGHT: f32 = 40.0;

/// The frames, and which one is shown.
pub struct Player {
    book: Flipbook,
    at: usize,
    /// When the next one is due; none while it does not play.
    due: Option<Instant>,
    painter: HeatmapPainter,
    /// The picture of a frame of this size.
    shown: Option<(usize, Frame, TextureHandle)>,
    is_over: bool,
}

impl Player {
    /// At the first frame, at rest.
    pub fn new(book: Flipbook) -> Self {
        Self { book, at: 0, due: None, painter: HeatmapPainter::new(), shown: None, is_over: false }
    }

    fn count(&self) -> usize {
        self.book.animation.len()
    }

    /// Begins to play, at the end from the first frame on, or stops.
    fn toggle(&mut self) {
        self.due = if self.due.is_some() { None } else { Some(Instant::now() + self.each()) };
        if self.due.is_some() && self.at + 1 == self.count() {
            self.at = 0;
        }
    }

    fn each(&self) -> Duration {
        Duration::from_secs_f64(1.0 / self.book.fps)
    }

    /// Goes on when it is time; after the last frame comes the first.
    fn play(&mut self, ui: &Ui) {
        let Some(due) = self.due else { return };
        let now = Instant::now();
        if now >= due {
            self.at = (self.at + 1) % self.count();
            // Where drawing takes longer than a frame stands, none is left out.
            self.due = Some((due + self.each()).max(now));
        }
        ui.ctx().request_repaint_after(self.due.map_or(Duration::ZERO, |due| due.saturating_duration_since(now)));
    }

    fn keys(&mut self, ui: &Ui) {
        let last = self.count() - 1;
        let pressed = |key| ui.input(|input| input.key_pressed(key));
        if pressed(Key::Space) {
            self.toggle();
        }
        let to = [
            (Key::ArrowLeft, self.at.saturating_sub(1)),
            (Key::ArrowRight, (self.at + 1).min(last)),
            (Key::Home, 0),
            (Key::End, last),
        ];
        if let Some((_, at)) = to.into_iter().find(|(key, _)| pressed(*key)) {
            (self.at, self.due) = (at, None);
        }
        self.is_over |= pressed(Key::Q) || pressed(Key::Escape);
    }

    fn controls(&mut self, ui: &mut Ui) {
        ui.horizontal_centered(|ui| {
            let text = if self.due.is_some() { "Pause" } else { "Play" };
            if ui.add_sized([64.0, 24.0], egui::Button::new(text)).on_hover_text("space").clicked() {
                self.toggle();
            }
            ui.add(egui::DragValue::new(&mut self.book.fps).range(0.1..=60.0).suffix(" a second"));
            let last = self.count() - 1;
            ui.spacing_mut().slider_width = (ui.available_width() - 170.0).max(80.0);
            if ui.add(Slider::new(&mut self.at, 0..=last)).on_hover_text("arrows, home, end").changed() {
                self.due = None;
            }
            let name = &self.book.animation.names()[self.at];
            if *name != self.at.to_string() {
                ui.label(name);
            }
        });
    }

    fn picture(&mut self, ui: &mut Ui) {
        let (area, scale) = (ui.available_rect_before_wrap(), ui.ctx().pixels_per_point());
        let size = [area.width(), area.height()].map(|n| (n * scale).round().max(1.0) as u32);
        let frame = Frame { size, scale_factor: f64::from(scale) };
        if self.shown.as_ref().is_none_or(|(at, of, _)| (*at, *of) != (self.at, frame)) {
            match self.painter.draw(&self.book.animation.frame(self.at), &frame) {
                Ok(picture) => {
                    let size = picture.size.map(|n| n as usize);
                    let image = ColorImage::from_rgba_unmultiplied(size, &picture.rgba);
                    let texture = ui.ctx().load_texture("frame", image, TextureOptions::NEAREST);
                    self.shown = Some((self.at, frame, texture));
                }
                Err(error) => drop(ui.label(error.to_string())),
            }
        }
        if let Some((_, frame, texture)) = &self.shown {
            let size = egui::vec2(frame.size[0] as f32, frame.size[1] as f32) / scale;
            let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
            ui.painter().image(texture.id(), Rect::from_min_size(area.min, size), whole, Color32::WHITE);
        }
    }
}

impl Inside for Player {
    fn show(&mut self, ui: &mut Ui) {
        self.keys(ui);
        self.play(ui);
        Panel::bottom("player").exact_size(HEIGHT).show(ui, |ui| self.controls(ui));
        CentralPanel::no_frame().show(ui, |ui| self.picture(ui));
    }

    fn title(&self) -> String {
        format!("{} - densitas", self.book.name)
    }

    fn is_over(&self) -> bool {
        self.is_over
    }

    fn take_size(&mut self) -> Option<egui::Vec2> {
        None
    }

    fn forget_textures(&mut self) {
        self.shown = None;
    }
}
