//! Text: how large it is and of which glyphs it is made.

use std::sync::Arc;

use egui::epaint::text::{FontDefinitions, Fonts, LayoutJob, TextFormat, TextOptions};
use egui::{Align, Color32, FontId, Galley};
use glam::DVec2;

/// Raised text is this much smaller.
const RAISED_SHARE: f32 = 0.72;

/// egui's default font at one resolution, with the glyphs used so far. Two of them that are asked
/// for the same texts in the same order are equal to the last pixel.
pub struct Lettering {
    fonts: Fonts,
    pixels_per_point: f32,
}

impl Lettering {
    /// The font for pictures of this many pixels a point.
    pub fn new(pixels_per_point: f64) -> Self {
        let fonts = Fonts::new(TextOptions::default(), FontDefinitions::default());
        Self { fonts, pixels_per_point: pixels_per_point as f32 }
    }

    /// Width and height in points of one line of text.
    pub fn size(&mut self, text: &str, font_size: f64) -> DVec2 {
        let size = self.galley(text, font_size, Color32::WHITE).size();
        DVec2::new(size.x.into(), size.y.into())
    }

    /// The text as glyphs. Superscript digits and minus become raised small digits, as the font has
    /// not all of them.
    pub fn galley(&mut self, text: &str, font_size: f64, color: Color32) -> Arc<Galley> {
        let format = |raised: bool| TextFormat {
            font_id: FontId::proportional(font_size as f32 * if raised { RAISED_SHARE } else { 1.0 }),
            valign: if raised { Align::TOP } else { Align::BOTTOM },
            color,
            ..TextFormat::default()
        };
        let mut job = LayoutJob { break_on_newline: false, ..LayoutJob::default() };
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let raised = lowered(first).is_some();
            let end = rest.find(|c| lowered(c).is_some() != raised).unwrap_or(rest.len());
            let run: String = rest[..end].chars().map(|c| lowered(c).unwrap_or(c)).collect();
            job.append(&run, 0.0, format(raised));
            rest = &rest[end..];
        }
        self.fonts.with_pixels_per_point(self.pixels_per_point).layout_job(job)
    }

    /// The characters of a text that the font has no sign for.
    pub fn without_sign(&mut self, text: &str) -> Vec<char> {
        let mut view = self.fonts.with_pixels_per_point(self.pixels_per_point);
        let font = FontId::proportional(12.0);
        let plain = |c: char| lowered(c).unwrap_or(c);
        text.chars().filter(|&c| !c.is_whitespace() && !view.has_glyph(&font, plain(c))).collect()
    }

    /// The fonts, for the painter.
    pub fn fonts(&mut self) -> &mut Fonts {
        &mut self.fonts
    }
}

/// The plain character of a superscript one.
fn lowered(c: char) -> Option<char> {
    const RAISED: [char; 11] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹', '⁻'];
    const PLAIN: [char; 11] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '−'];
    RAISED.iter().position(|&r| r == c).map(|i| PLAIN[i])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_font_has_all_signs_that_labels_use() {
        let mut lettering = Lettering::new(1.0);
        let mut view = lettering.fonts.with_pixels_per_point(1.0);
        for c in "0123456789−.×()/xyz µmnpÅdensity…".chars() {
            assert!(view.has_glyph(&FontId::proportional(12.0), c), "{c}");
        }
    }

    #[test]
    fn signs_that_the_font_lacks_are_found() {
        let mut lettering = Lettering::new(1.0);
        assert_eq!(lettering.without_sign("Dichte 密度 of α-helix, 10⁻³ Å"), ['密', '度']);
    }

    #[test]
    fn raised_digits_are_narrower_and_the_line_is_as_high() {
        let mut lettering = Lettering::new(2.0);
        let (plain, raised) = (lettering.size("103", 12.0), lettering.size("10³", 12.0));
        assert!(raised.x < plain.x && raised.x > lettering.size("10", 12.0).x);
        assert_eq!(raised.y, plain.y);
    }
}
