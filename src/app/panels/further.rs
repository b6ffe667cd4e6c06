//! Further densities in the picture.

use egui::{Color32, Ui};

use super::super::model::Model;
use super::super::places;
use super::{field_of, row, wrongs};
use crate::cli::further::HUES;
use crate::cli::recipe::Draft;
use crate::scene::Further;

const HELP: &str = "a file, options, or both, such as: --select 'chain B', or other.csv --colormap greens; \
                    enter adds it, empty takes it away";
const HELP_OF_LESS: &str = "a density that is taken from this one: a file, options, or both";

/// Names of the fields.
const LINES: [&str; Further::MOST] = ["with 1", "with 2", "with 3"];
/// Where along its colours a density is shown as a square.
const SQUARE: f64 = 0.7;

/// The rows of the panel: a line for each further density, and one for what is taken from the first.
pub fn show(model: &mut Model, ui: &mut Ui) {
    let options = model.session.options();
    let (list, is_less) = (options.list("with"), options.get("minus").is_some());
    let count = list.len();
    let why_not = "a difference is of two densities; empty the field of what is taken away first";
    ui.add_enabled_ui(!is_less, |ui| {
        for n in 0..(count + 1).min(Further::MOST) {
            line(model, ui, n, list.get(n).cloned().unwrap_or_default());
        }
    })
    .response
    .on_disabled_hover_text(why_not);
    let why_not = "a difference is of two densities; empty the fields of further ones first";
    ui.add_enabled_ui(count == 0, |ui| less(model, ui)).response.on_disabled_hover_text(why_not);
}

/// A line for a density.
fn line(model: &mut Model, ui: &mut Ui, n: usize, given: String) {
    let is_there = !given.is_empty();
    let kept = model.kept_view();
    let colors: Vec<String> = model
        .painted
        .iter()
        .flat_map(|painted| &painted.scene.others)
        .map(|other| other.transfer.colormap.to_string())
        .collect();
    let response = row(ui, if n == 0 { "with" } else { "" }, |ui| {
        let set = |options: &mut Draft, text: Option<String>| {
            let mut list = options.list("with");
            match text {
                Some(text) if n < list.len() => list[n] = text,
                Some(text) => list.push(text),
                None if n < list.len() => taken_out(&mut list, n, &colors),
                None => {}
            }
            options.set_list("with", &list);
            kept(options);
        };
        let response = field_of(model, ui, LINES[n], given, ("another density", 176.0), set).on_hover_text(HELP);
        let (rect, _) = ui.allocate_exact_size(egui::vec2(10.0, 10.0), egui::Sense::hover());
        let color = color(model, n);
        ui.painter().rect_filled(rect, 2.0, if is_there { color } else { color.gamma_multiply(0.25) });
        response
    });
    places::note(ui.ctx(), LINES[n], response.rect);
    wrongs(model, ui, response.rect, &LINES[n..=n]);
}

/// Takes a line out; those after it keep the colours that they are shown in, which by default follow from their places.
fn taken_out(list: &mut Vec<String>, n: usize, colors: &[String]) {
    list.remove(n);
    for (text, color) in std::iter::zip(list, colors.iter().skip(1)).skip(n) {
        if !text.contains("--colormap") {
            *text += &format!(" --colormap {color}");
        }
    }
}

/// The colour that a further density is told by.
fn color(model: &Model, n: usize) -> Color32 {
    let shown =
        model.painted.as_ref().and_then(|p| p.scene.others.get(n)).map(|other| other.transfer.colormap.at(SQUARE));
    let [r, g, b] = shown.unwrap_or(HUES[n + 1]).map(|c| (255.0 * c).round() as u8);
    Color32::from_rgb(r, g, b)
}

/// The line for what is taken from the first density.
fn less(model: &mut Model, ui: &mut Ui) {
    let given = model.session.options().get("minus").unwrap_or_default();
    let kept = model.kept_view();
    let response = row(ui, "less", |ui| {
        let set = |options: &mut Draft, text: Option<String>| {
            options.set("minus", text);
            kept(options);
        };
        field_of(model, ui, "minus", given, ("nothing", 190.0), set).on_hover_text(HELP_OF_LESS)
    });
    wrongs(model, ui, response.rect, &["minus"]);
}

#[cfg(test)]
mod tests {
    /// Catches: densities that change their colours because another one has gone.
    #[test]
    fn colours_stay_when_a_line_is_taken_out() {
        let [mut list, colors] =
            [["a", "b --colormap reds", "c"], ["#1", "#2", "#3"]].map(|all| all.map(str::to_owned).to_vec());
        super::taken_out(&mut list, 0, &colors);
        assert_eq!(list, ["b --colormap reds", "c --colormap #3"]);
        super::taken_out(&mut list, 1, &colors);
        assert_eq!(list, ["b --colormap reds"]);
    }
}
