//! What stands on the picture and below it.

use std::time::Duration;

use egui::{
    Align2, Color32, CornerRadius, FontId, Pos2, Rect, RichText, Sense, Stroke, StrokeKind, Ui, UiBuilder, vec2,
};

use super::super::act::words_of_share;
use super::super::ear::Stage;
use super::super::errand::Errand;
use super::super::input::KEYS;
use super::super::message::{Weight, in_words};
use super::super::model::Model;
use super::super::places;
use super::super::probe::Probe;
use super::super::style::{ACCENT, ERROR, PANEL, TEXT, WARNING, WEAK, WELL};
use super::{number, profile};
use crate::sample;
use crate::scene::Background;

/// Notes go after so long.
pub const NOTE: Duration = Duration::from_secs(5);
/// Work that takes longer is told of.
const PATIENCE: Duration = Duration::from_millis(300);

/// The picture itself; while the window is being resized, the last one.
pub fn paint(model: &Model, ui: &Ui) {
    let (Some(area), Some(painted)) = (model.area, &model.painted) else {
        ui.painter().rect_filled(ui.max_rect(), CornerRadius::ZERO, Color32::from_rgb(8, 8, 12));
        return;
    };
    let [r, g, b] = painted.scene.background.color().map(|v| (v * 255.0).round() as u8);
    let painter = ui.painter().with_clip_rect(ui.max_rect());
    painter.rect_filled(ui.max_rect(), CornerRadius::ZERO, Color32::from_rgb(r, g, b));
    let Some(texture) = model.texture() else { return };
    let [width, height] = painted.frame.size.map(|n| (f64::from(n) / model.pixels_per_point) as f32);
    let rect = match Some(painted.frame) == model.frame {
        true => area,
        false => Rect::from_center_size(area.center(), vec2(width, height) * (area.height() / height)),
    };
    if painted.scene.background == Background::Transparent {
        checkerboard(&painter, rect);
    }
    painter.image(texture.id(), rect, Rect::from_min_max(Pos2::ZERO, Pos2::new(1.0, 1.0)), Color32::WHITE);
}

fn checkerboard(painter: &egui::Painter, rect: Rect) {
    const SIDE: f32 = 12.0;
    painter.rect_filled(rect, CornerRadius::ZERO, Color32::from_gray(200));
    let (columns, rows) = ((rect.width() / SIDE).ceil() as i32, (rect.height() / SIDE).ceil() as i32);
    for (i, j) in (0..rows).flat_map(|j| (0..columns).map(move |i| (i, j))).filter(|(i, j)| (i + j) % 2 == 0) {
        let min = rect.min + vec2(i as f32, j as f32) * SIDE;
        let square = Rect::from_min_size(min, vec2(SIDE, SIDE)).intersect(rect);
        painter.rect_filled(square, CornerRadius::ZERO, Color32::from_gray(170));
    }
}

/// Why the picture shows nothing.
pub fn nothing(model: &Model, ui: &Ui) {
    let (Some(reason), Some(area)) = (model.painted.as_ref().and_then(|p| p.nothing.as_ref()), model.area) else {
        return;
    };
    let text = format!("nothing is seen: {}", in_words(reason));
    let galley = ui.painter().layout(text, FontId::proportional(14.0), TEXT, (area.width() - 60.0).clamp(80.0, 420.0));
    let rect = Rect::from_center_size(area.center(), galley.size()).expand(10.0);
    ui.painter().rect_filled(rect, CornerRadius::same(6), PANEL.gamma_multiply(0.9));
    ui.painter().galley(rect.min + vec2(10.0, 10.0), galley, TEXT);
}

/// That the first picture is on its way.
pub fn first_picture(model: &Model, ui: &Ui) {
    if let (Some(_), None, Some(area)) = (&model.content, &model.painted, model.area) {
        let font = FontId::proportional(14.0);
        ui.painter().text(area.center(), Align2::CENTER_CENTER, "the first picture is being drawn ...", font, WEAK);
    }
}

/// That work was stopped of which nothing is shown, and what can be done.
pub fn halted(model: &mut Model, ui: &mut Ui) {
    let Some(area) = model.area.filter(|_| model.is_halted && !model.worker.is_busy()) else { return };
    // Below a picture that is there; else in its place.
    let center = if model.painted.is_some() { Pos2::new(area.center().x, area.bottom() - 60.0) } else { area.center() };
    let rect = Rect::from_center_size(center, vec2(380f32.min(area.width() - 16.0), 84.0));
    let mut ui = ui.new_child(UiBuilder::new().max_rect(rect));
    egui::Frame::new().fill(PANEL).corner_radius(6).inner_margin(12).show(&mut ui, |ui| {
        ui.vertical_centered(|ui| {
            let text = match model.painted {
                None => "The work was stopped before there was a picture of it.",
                Some(_) => "The work was stopped: the picture is of other options.",
            };
            ui.label(text);
            let again = ui.button("Compute again");
            places::note(ui.ctx(), "Compute again", again.rect);
            if again.clicked() {
                model.compute_again();
            }
            ui.label(RichText::new("or drop another file here").small().color(WEAK));
        });
    });
}

/// How far long work is, with a way to stop it.
pub fn progress(model: &mut Model, ui: &mut Ui) {
    let Some(area) = model.area else { return };
    let is_first = model.content.is_none();
    let is_long = |s: &Stage| s.since.elapsed() > PATIENCE || is_first;
    let mut bottom = area.bottom() - 34.0;
    let mut bar = |ui: &mut Ui, stage: Option<Stage>| {
        let Some(stage) = stage.filter(is_long) else { return false };
        bottom -= 44.0;
        bar(ui, Pos2::new(area.center().x, bottom + 44.0), area.width(), &stage)
    };
    if bar(ui, model.worker.stage().filter(|_| model.worker.is_busy())) {
        model.worker.stop();
    }
    for ear in model.ears() {
        if bar(ui, ear.stage()) {
            ear.stop(Errand::<()>::JOB);
        }
    }
}

/// A bar with a button; whether that was pressed.
fn bar(ui: &mut Ui, center: Pos2, room: f32, stage: &Stage) -> bool {
    let rect = Rect::from_center_size(center, vec2(330f32.min(room - 16.0), 40.0));
    let mut ui = ui.new_child(UiBuilder::new().max_rect(rect));
    let framed = egui::Frame::new().fill(PANEL).corner_radius(6).inner_margin(8).show(&mut ui, |ui| {
        ui.horizontal(|ui| {
            let share = if stage.total > 0 { (stage.done as f32 / stage.total as f32).min(1.0) } else { 0.0 };
            let left = stage.how_far(stage.since.elapsed());
            let width = (ui.available_width() - 66.0).clamp(60.0, 250.0);
            let (rect, _) = ui.allocate_exact_size(vec2(width, 20.0), Sense::hover());
            let filled = Rect::from_min_size(rect.min, vec2(share * width, rect.height()));
            ui.painter().rect_filled(rect, CornerRadius::same(3), WELL);
            ui.painter().rect_filled(filled, CornerRadius::same(3), ACCENT.gamma_multiply(0.6));
            let font = FontId::proportional(12.0);
            ui.painter().text(
                rect.left_center() + vec2(7.0, 0.0),
                Align2::LEFT_CENTER,
                stage.words(),
                font.clone(),
                TEXT,
            );
            ui.painter().text(rect.right_center() - vec2(7.0, 0.0), Align2::RIGHT_CENTER, left, font, TEXT);
            let stop = ui.button("Stop").on_hover_text("esc");
            places::note(ui.ctx(), "Stop", stop.rect);
            stop.clicked()
        })
    });
    framed.inner.inner
}

/// Lines over the picture: notes that go, warnings and errors that are closed.
pub fn messages(model: &mut Model, ui: &mut Ui) {
    model.messages.retain(|m| m.weight != Weight::Note || m.since.elapsed() < NOTE);
    if model.messages.is_empty() {
        return;
    }
    let notes = model.messages.iter().filter(|m| m.weight == Weight::Note);
    if let Some(next) = notes.map(|m| NOTE.saturating_sub(m.since.elapsed())).min() {
        ui.ctx().request_repaint_after(next);
    }
    let area = ui.max_rect();
    let width = (area.width() - 32.0).min(560.0);
    let rect = Rect::from_min_size(area.min + vec2(16.0, 16.0), vec2(width, area.height() - 32.0));
    let mut ui = ui.new_child(UiBuilder::new().max_rect(rect));
    let mut closed = None;
    for (i, message) in model.messages.iter().enumerate() {
        let color = match message.weight {
            Weight::Note => TEXT,
            Weight::Warning => WARNING,
            Weight::Error => ERROR,
        };
        let frame = egui::Frame::new().fill(PANEL.gamma_multiply(0.95)).corner_radius(5).inner_margin(8);
        frame.stroke(Stroke::new(1.0, color.gamma_multiply(0.5))).show(&mut ui, |ui| {
            ui.horizontal_top(|ui| {
                if message.weight != Weight::Note && ui.small_button("×").on_hover_text("close (esc)").clicked() {
                    closed = Some(i);
                }
                ui.add(egui::Label::new(RichText::new(&message.text).color(color)).wrap());
            });
        });
    }
    closed.map(|i| model.messages.remove(i));
}

/// The line below: what is under the cursor, and how long the picture took.
pub fn status(model: &Model, ui: &mut Ui) {
    ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
        if let Some(painted) = model.painted.as_ref().filter(|p| p.is_full) {
            let text = format!("{:.0} ms", painted.took.as_secs_f64() * 1e3);
            let adapter = model.adapter.clone().unwrap_or_default();
            ui.label(RichText::new(text).color(WEAK)).on_hover_text(format!("drawn on {adapter}"));
        }
        ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| match model.prober.answer() {
            Some(probe) => told(ui, model, probe),
            // Blank until it is known what is there.
            None if model.prober.is_looking() => {}
            None if model.prober.meets_nothing() => nothing_here(ui),
            None => {
                ui.label(RichText::new("drag to turn · wheel to zoom · h shows all keys").color(WEAK));
            }
        });
    });
}

/// What is under the cursor: the ray's profile first, so that it stands still.
fn told(ui: &mut Ui, model: &Model, probe: &Probe) {
    profile::small(ui, probe);
    if !probe.is_seen() {
        return nothing_here(ui);
    }
    let value = number(probe.value * probe.factor) + &probe.per;
    let subject = probe.subject.as_ref().map_or(String::new(), |subject| format!("{subject}   "));
    ui.label(RichText::new(subject + &value).strong());
    let share = words_of_share(probe.is_of_values);
    let mut words = vec![model.place_text(probe.position), format!("{:.1} % {share}", 100.0 * probe.mass_above)];
    words.extend(
        probe
            .nearest
            .as_ref()
            .map(|(name, distance)| format!("{name}, {}{} away", number(*distance), model.unit_text())),
    );
    ui.add(egui::Label::new(RichText::new(words.join("   ")).color(WEAK)).truncate());
}

fn nothing_here(ui: &mut Ui) {
    let label = ui.label(RichText::new("nothing is seen here").color(WEAK));
    places::note(ui.ctx(), "nothing here", label.rect);
}

/// Before anything is open.
pub fn empty(model: &mut Model, ui: &mut Ui) {
    let area = ui.max_rect();
    ui.painter().rect_filled(area, CornerRadius::ZERO, Color32::from_rgb(8, 8, 12));
    let target = Rect::from_center_size(area.center() - vec2(0.0, 40.0), vec2(500.0, 220.0));
    let is_over = ui.input(|i| !i.raw.hovered_files.is_empty());
    let stroke = Stroke::new(1.5, if is_over { ACCENT } else { Color32::from_gray(70) });
    ui.painter().rect(target, CornerRadius::same(12), WELL, stroke, StrokeKind::Inside);
    let line = |y: f32, text: &str, size: f32, color| {
        ui.painter().text(
            target.center() + vec2(0.0, y),
            Align2::CENTER_CENTER,
            text,
            FontId::proportional(size),
            color,
        );
    };
    line(-64.0, "Drop a file here", 22.0, TEXT);
    line(-24.0, "a table (CSV), a structure (PDB, mmCIF, GRO, XYZ), a trajectory, a volume (MRC, NRRD)", 11.5, WEAK);
    line(-4.0, "or a picture that densitas made, to go on from it", 11.5, WEAK);
    line(88.0, "ctrl + o  ·  or begin with: densitas view FILE  ·  h shows all keys", 11.5, WEAK);
    let place = Rect::from_center_size(target.center() + vec2(0.0, 58.0), vec2(130.0, 30.0));
    let button = egui::Button::new(RichText::new("Open a file").size(15.0)).fill(ACCENT.gamma_multiply(0.35));
    let button = ui.put(place, button);
    places::note(ui.ctx(), "Open a file", button.rect);
    if button.clicked() {
        model.choose_file();
    }
    let below = Rect::from_center_size(target.center_bottom() + vec2(0.0, 50.0), vec2(460.0, 40.0));
    let mut ui = ui.new_child(UiBuilder::new().max_rect(below));
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new("or try a sample:").color(WEAK));
        for name in sample::names() {
            if ui.button(*name).clicked() {
                model.open(&[format!("sample:{name}")]);
            }
        }
    });
}

/// All keys.
pub fn help(model: &mut Model, ui: &Ui) {
    let mut is_open = model.ui.help;
    egui::Window::new("Keys")
        .open(&mut is_open)
        .collapsible(false)
        .resizable(false)
        .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
        .show(ui.ctx(), |ui| {
            ui.set_min_width(430.0);
            let room = ui.ctx().content_rect().height() - 90.0;
            egui::ScrollArea::vertical().min_scrolled_height(room).max_height(room).show(ui, |ui| {
                egui::Grid::new("keys").num_columns(2).spacing(vec2(24.0, 5.0)).show(ui, |ui| {
                    for (key, what) in KEYS {
                        ui.label(RichText::new(key).color(ACCENT));
                        ui.label(what);
                        ui.end_row();
                    }
                });
            });
        });
    model.ui.help = is_open;
}
