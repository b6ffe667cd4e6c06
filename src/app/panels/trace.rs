//! The molecule within the density.

use egui::{ComboBox, Ui};

use super::super::model::Model;
use super::super::places;
use super::{fields, row};

/// The rows of the panel, where there is a molecule or a mode that could show one.
pub fn show(model: &mut Model, ui: &mut Ui) {
    let options = model.session.options();
    let (given, from) = (options.get("trace"), options.get("trace-from"));
    let has_atoms = from.is_some() || model.content.as_ref().is_some_and(|content| content.has_atoms());
    if matches!(model.mode().as_str(), "mip" | "minip" | "average" | "xray") {
        return;
    }
    if !has_atoms {
        fields(model, ui, "molecule", &[("trace-from", "of a structure: F.pdb", 190.0)])
            .on_hover_text("the input has no atoms: a structure, such as the model of a map, is drawn within it");
        return;
    }
    row(ui, "molecule", |ui| {
        let shown = given.clone().unwrap_or_else(|| "none".into());
        ComboBox::from_id_salt("trace").selected_text(shown).width(190.0).show_ui(ui, |ui| {
            for value in [None, Some("backbone"), Some("bonds"), Some("ribbon")] {
                let name = value.unwrap_or("none");
                let label = ui.selectable_label(given.as_deref() == value, name);
                places::note(ui.ctx(), &format!("molecule: {name}"), label.rect);
                if label.clicked() {
                    model.step(|o| o.set("trace", value.map(str::to_owned)));
                }
            }
        });
    });
    if given.is_some() || from.is_some() {
        fields(model, ui, "  from", &[("trace-from", "the input", 190.0)])
            .on_hover_text("a structure, such as the model of a map: F.pdb, F.cif");
    }
    if given.is_some() {
        fields(model, ui, "  atoms", &[("trace-select", "not water", 190.0)]).on_hover_text("such as: chain A");
        let hints = [("trace-color", "by default", 88.0), ("trace-radius", "radius", 88.0)];
        fields(model, ui, "  colour, size", &hints)
            .on_hover_text("chain, element, or a colour such as #ff8800; radius of its tubes, such as 0.3A");
    }
}
