//! The molecule within the density.

use egui::Ui;

use super::super::model::Model;
use super::{choice, fields, row};

/// The rows of the panel, where there is a molecule or a mode that could show one.
pub fn show(model: &mut Model, ui: &mut Ui) {
    let options = model.session.options();
    let (given, from) = (options.get("trace"), options.get("trace-from"));
    let has_atoms = from.is_some() || model.content.as_ref().is_some_and(|content| content.has_atoms());
    if matches!(model.mode().as_str(), "mip" | "minip" | "average" | "xray") {
        return;
    }
    row(ui, "molecule", |ui| {
        for (text, value) in
            [("none", None), ("tube", Some("backbone")), ("bonds", Some("bonds")), ("ribbon", Some("ribbon"))]
        {
            ui.add_enabled_ui(has_atoms || value.is_none(), |ui| {
                if choice(ui, given.as_deref() == value, text) {
                    model.step(|o| o.set("trace", value.map(str::to_owned)));
                }
            })
            .response
            .on_disabled_hover_text("the input has no atoms; name a structure below");
        }
    });
    if given.is_some() || !has_atoms {
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
