//! Further densities in the picture.

use egui::{Color32, TextEdit, Ui};

use super::super::model::Model;
use super::{fields, row};
use crate::cli::further::HUES;
use crate::scene::Further;

const HELP: &str = "a file, options, or both, such as: --select 'chain B', or other.csv --colormap greens; \
                    enter adds it, empty takes it away";

/// The rows of the panel: the first density's colour and a line for each further one.
pub fn show(model: &mut Model, ui: &mut Ui) {
    let options = model.session.options();
    let (mut list, minus) = (options.list("with"), options.get("minus"));
    if minus.is_none() {
        let count = list.len();
        for n in 0..(count + 1).min(Further::MOST) {
            let name = if n == 0 { "with" } else { "" };
            let given = list.get(n).cloned().unwrap_or_default();
            if let Some(text) = line(ui, n, name, &given) {
                match (text.is_empty(), n < count) {
                    (true, true) => drop(list.remove(n)),
                    (true, false) => {}
                    (false, true) => list[n] = text,
                    (false, false) => list.push(text),
                }
                model.step(|o| o.set_list("with", &list));
                return;
            }
        }
    }
    if list.is_empty() {
        fields(model, ui, "less", &[("minus", "nothing", 190.0)])
            .on_hover_text("a density that is taken from this one: a file, options, or both");
    }
}

/// A line for a density; what was typed there when it is left.
fn line(ui: &mut Ui, n: usize, name: &str, given: &str) -> Option<String> {
    let id = egui::Id::unique(("with", n));
    let mut left = None;
    row(ui, name, |ui| {
        let [r, g, b] = HUES[n + 1].map(|c| (255.0 * c) as u8);
        let is_typing = ui.memory(|m| m.has_focus(id));
        let kept = ui.data(|data| data.get_temp::<String>(id));
        let mut text = kept.filter(|_| is_typing).unwrap_or_else(|| given.to_owned());
        let edit = TextEdit::singleline(&mut text).id(id).hint_text("another density").desired_width(176.0);
        let response = ui.add(edit).on_hover_text(HELP);
        let color = Color32::from_rgb(r, g, b);
        let shown = if given.is_empty() { color.gamma_multiply(0.25) } else { color };
        let (rect, _) = ui.allocate_exact_size(egui::vec2(10.0, 10.0), egui::Sense::hover());
        ui.painter().rect_filled(rect, 2.0, shown);
        if response.lost_focus() && text.trim() != given && !ui.input(|i| i.key_pressed(egui::Key::Escape)) {
            left = Some(text.trim().to_owned());
        }
        ui.data_mut(|data| data.insert_temp(id, text));
    });
    left
}
