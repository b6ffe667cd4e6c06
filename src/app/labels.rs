//! Places that the user keeps, with what is there now.

use std::sync::Arc;

use glam::DVec3;

use super::model::Model;
use super::panels;
use super::probe::{nearest_named, value_at};
use crate::cli::content::Content;

/// A place that the user keeps.
pub struct Label {
    /// Where.
    pub position: DVec3,
    /// What is written there.
    pub text: String,
}

/// All of them.
#[derive(Default)]
pub struct Labels {
    /// In the order in which they were kept.
    pub all: Vec<Label>,
    /// Whether what is under the cursor is to be kept once it is known.
    waits: bool,
    /// The content and the factor that the texts are of.
    of: Option<(usize, f64)>,
}

impl Model {
    /// Keeps what is under the cursor as a label, once it is known; a label that is clicked goes.
    pub fn keep_label(&mut self) {
        self.labels.waits = true;
    }

    /// Keeps the label that waits, and writes anew what labels say of data that have changed.
    pub fn renew_labels(&mut self) {
        if self.labels.waits && self.prober.is_current() {
            self.labels.waits = false;
            self.toggle_label();
        }
        let Some(content) = self.content.clone() else { return };
        let of = Some((Arc::as_ptr(&content) as usize, self.factor_shown()));
        if self.labels.of != of {
            self.labels.of = of;
            let factor = self.factor_shown();
            self.labels.all.iter_mut().for_each(|label| label.text = text(&content, label.position, factor));
        }
    }

    fn toggle_label(&mut self) {
        let (Some(probe), Some(content)) = (self.prober.answer(), &self.content) else { return };
        let (position, size) = (probe.position, self.size_of_data());
        let close = |l: &Label| l.position.distance(position) < 0.01 * size;
        if let Some(at) = self.labels.all.iter().position(close) {
            self.labels.all.remove(at);
            return;
        }
        let text = text(content, position, self.factor_shown());
        self.labels.all.push(Label { position, text });
    }
}

/// What is at a place: the density times `factor`, and the nearest point.
fn text(content: &Content, position: DVec3, factor: f64) -> String {
    let value = value_at(&content.grid, position).map_or("outside".to_owned(), |v| panels::number(v * factor));
    match nearest_named(content, position) {
        Some((name, _)) => format!("{value}\n{name}"),
        None => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::content::Stock;
    use crate::cli::recipe::Draft;
    use crate::cli::view::Wanted;

    /// Catches: a label that keeps the words of data that are gone.
    #[test]
    fn a_label_says_what_is_there_now() {
        let console = crate::cli::Console::new(false, true);
        let content = |bandwidth: &str| {
            let mut options = Draft::new("render");
            options.input = Some("sample:founding".into());
            options.set("bandwidth", Some(bandwidth.into()));
            options.set("grid", Some("12".into()));
            Stock::default().content(Wanted::of(&options).unwrap().scene(), &console).unwrap()
        };
        let (narrow, wide) = (content("0.2"), content("0.8"));
        let place = narrow.grid.focus.center();
        assert_ne!(text(&narrow, place, 1.0), text(&wide, place, 1.0));
        assert!(text(&narrow, place, 1.0).contains("row"), "{}", text(&narrow, place, 1.0));
        assert!(text(&narrow, DVec3::splat(1e9), 1.0).starts_with("outside\n"));
    }
}
