//! What was read, and which of it is taken.

use egui::{RichText, Ui};
use glam::DVec3;

use super::super::message::in_words;
use super::super::model::Model;
use super::super::style::{ERROR, WARNING, WEAK};
use super::{fields, number, row};
use crate::io::{Input, PointInput};
use crate::kde::Bandwidth;
use crate::points::Selection;

/// Spacings that differ by less than this share are told as one, or from the smallest to the largest.
const NEARLY_EVEN: f64 = 0.03;
/// Letters of a file's name that have room.
const MOST_LETTERS: usize = 17;
/// As many where nothing stands beside it.
const LETTERS_OF_ONE: usize = 27;

/// The panel.
pub fn show(model: &mut Model, ui: &mut Ui) {
    files(model, ui);
    let Some(content) = model.content.clone() else {
        let stage = model.worker.stage().map_or("reading", |stage| stage.words());
        let text = if model.worker.is_busy() { format!("{stage} ...") } else { "nothing is shown of it".to_owned() };
        ui.label(RichText::new(text).color(WEAK));
        return;
    };
    let [nx, ny, nz] = content.grid.lattice.shape;
    let unit = model.unit_text();
    match &content.opened.input {
        Input::Points(points) => {
            row(ui, "read", |ui| ui.label(points_read(points.cloud.len(), points.rows, points.format)));
            if points.frames > 1 {
                row(ui, "frames", |ui| ui.label(frames_read(&points.frame_numbers, points.frames)));
            }
            note_of_frames(model, ui, points);
            select(model, ui, points);
        }
        Input::Volume(volume) => {
            row(ui, "read", |ui| ui.label(format!("a volume of {}", volume.format)));
        }
    }
    let DVec3 { x, y, z } = content.grid.lattice.spacing;
    let (least, most) = (x.min(y).min(z), x.max(y).max(z));
    let is_even = most - least < NEARLY_EVEN * x;
    row(ui, "grid", |ui| ui.label(format!("{nx} × {ny} × {nz}")));
    // Also where they are the same, so that nothing below moves while the bandwidth is dragged.
    row(ui, "apart", |ui| {
        let apart = match is_even {
            true if number(least) == number(most) => number(least),
            true => format!("{} to {}", number(least), number(most)),
            false => format!("{}, {}, {}", number(x), number(y), number(z)),
        };
        ui.label(apart + &unit)
    });
    for (is_warning, text) in model.said.clone() {
        ui.label(RichText::new(in_words(&text)).small().color(if is_warning { WARNING } else { WEAK }));
    }
}

/// That frames together have a narrower kernel than one, by rules that count points.
fn note_of_frames(model: &Model, ui: &mut Ui, points: &PointInput) {
    let rule = model.session.wanted().scene().density.bandwidth.unwrap_or_default();
    if points.frame_numbers.len() > 1 && matches!(rule, Bandwidth::Scott | Bandwidth::Silverman) {
        let told = "the kernel follows from the points of all these frames: it is narrower than that of one";
        ui.label(RichText::new(told).small().color(WEAK));
    }
}

/// How many points were read of how many.
fn points_read(points: usize, rows: usize, format: &str) -> String {
    match points == rows {
        true => format!("{} of {format}", count(points, "point")),
        false => format!("{} of {}, {format}", grouped(points), count(rows, "point")),
    }
}

/// Which of the frames of a file were read; they are counted from 0.
pub fn frames_read(numbers: &[usize], all: usize) -> String {
    let last = all.saturating_sub(1);
    match *numbers {
        [one] => format!("frame {one} of 0 to {last}"),
        _ if numbers.len() == all => format!("0 to {last} together"),
        [from, .., to] if to - from + 1 == numbers.len() => format!("{from} to {to} together, of 0 to {last}"),
        _ => format!("{} together, of 0 to {last}", numbers.len()),
    }
}

/// Which of several files is shown.
fn files(model: &mut Model, ui: &mut Ui) {
    let names: Vec<String> = model.files.names().iter().map(|name| shortened(name)).collect();
    let at = model.files.at();
    if names.len() < 2 {
        let path = model.session.options().input.clone().unwrap_or_default();
        let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
        row(ui, "file", |ui| ui.label(shortened_to(name, LETTERS_OF_ONE)).on_hover_text(&path));
        return;
    }
    let mut to = at;
    row(ui, "file", |ui| {
        let shown =
            egui::ComboBox::from_id_salt("file")
                .width(140.0)
                .truncate()
                .show_index(ui, &mut to, names.len(), |i| &names[i]);
        shown.on_hover_text("page down, page up: the next, the one before");
        ui.weak(format!("{} of {}", at + 1, names.len()));
    });
    model.show_file(to);
}

/// A name that has room: of a long one the beginning and the end.
fn shortened(name: &str) -> String {
    shortened_to(name, MOST_LETTERS)
}

fn shortened_to(name: &str, most: usize) -> String {
    let letters: Vec<char> = name.chars().collect();
    if letters.len() <= most {
        return name.to_owned();
    }
    let half = (most - 1) / 2;
    let text = |part: &[char]| part.iter().collect::<String>();
    format!("{}\u{2026}{}", text(&letters[..half]), text(&letters[letters.len() - half..]))
}

fn count(n: usize, what: &str) -> String {
    format!("{} {what}{}", grouped(n), if n == 1 { "" } else { "s" })
}

/// A number by thousands.
fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().map(|g| std::str::from_utf8(g).unwrap_or("")).collect();
    groups.join(",")
}

/// A selection, with what is wrong with it while it is typed.
fn select(model: &mut Model, ui: &mut Ui, points: &PointInput) {
    if points.cloud.atoms.is_none() {
        return;
    }
    fields(model, ui, "select", &[("select", "all, or name CA and chain A", 200.0)])
        .on_hover_text("name, element, resname, resid, chain, index, protein, water, hetero; and, or, not, ( )");
    let typed = model.ui.typed.get("select").cloned().unwrap_or_default();
    if model.ui.wrong.contains_key("select")
        || typed.trim().is_empty()
        || Some(&typed) == model.session.options().get("select").as_ref()
    {
        return;
    }
    match typed.parse::<Selection>() {
        Ok(selection) if model.session.options().get("select").is_none() => {
            let Some(atoms) = &points.cloud.atoms else { return };
            let mask = selection.mask(atoms, 0..points.cloud.len());
            let (text, color) = match mask.iter().filter(|m| **m).count() {
                0 => ("no atom is like this".to_owned(), WARNING),
                chosen => (format!("{}; Enter takes them", count(chosen, "point")), WEAK),
            };
            ui.label(RichText::new(text).small().color(color));
        }
        Ok(_) => {
            ui.label(RichText::new("Enter takes it").small().color(WEAK));
        }
        Err(error) => {
            let text = in_words(&error.to_string());
            ui.label(RichText::new(text).small().monospace().color(ERROR));
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn long_names_keep_their_ends() {
        assert_eq!(super::shortened("1ubq.pdb"), "1ubq.pdb");
        assert_eq!(super::shortened("nmr_neopetrosiamide.pdb"), "nmr_neop\u{2026}mide.pdb");
    }

    /// Catches: a number of frames that is taken for the number of a frame.
    #[test]
    fn frames_are_told_by_their_numbers() {
        let told = |numbers: &[usize]| super::frames_read(numbers, 10);
        assert_eq!(told(&[3]), "frame 3 of 0 to 9");
        assert_eq!(told(&(0..10).collect::<Vec<_>>()), "0 to 9 together");
        assert_eq!(told(&[2, 3, 4]), "2 to 4 together, of 0 to 9");
        assert_eq!(told(&[0, 3, 6, 9]), "4 together, of 0 to 9");
    }

    #[test]
    fn counts_are_grouped_by_thousands() {
        assert_eq!(super::count(1, "point"), "1 point");
        assert_eq!(super::count(128780, "point"), "128,780 points");
        assert_eq!(super::count(1000000, "atom"), "1,000,000 atoms");
    }
}
