//! The sheet that marks are laid out on: measures, inks and the space that is taken.

use glam::DVec2;

use super::{Area, Ink, Layer, Lettering, Mark, Shape, colorbar, scalebar};
use crate::color::Rgb;
use crate::scene::{Annotations, Background, Frame};

/// Size of letters in a picture of 800 x 600 points.
const FONT_SIZE: f64 = 12.0;
/// Letters are never smaller.
const LEAST_FONT_SIZE: f64 = 9.0;
/// Share of the height and width that a box without annotations may cover.
const FREE_SHARE: f64 = 0.80;

/// A picture being laid out. Lengths are in points.
pub struct Page {
    /// Width and height.
    pub size: DVec2,
    /// Size of the letters, the measure of everything else.
    pub em: f64,
    /// Thickness of lines: a whole number of pixels.
    pub line: f64,
    /// Marks so far.
    pub marks: Vec<Mark>,
    /// Side of a pixel.
    pixel: f64,
    /// What lies behind.
    pub background: Background,
    foreground: Rgb,
    lettering: Lettering,
    taken: Vec<Area>,
}

impl Page {
    /// An empty sheet of this colour, for marks of the other.
    pub fn new(background: Background, foreground: Rgb, frame: &Frame) -> Self {
        let [width, height] = frame.size_in_points();
        let size = DVec2::new(width, height);
        let em = font_size(size);
        let pixel = 1.0 / frame.scale_factor;
        Self {
            size,
            em,
            line: (em / FONT_SIZE / pixel + 0.25).floor().max(1.0) * pixel,
            marks: Vec::new(),
            pixel,
            background,
            foreground,
            lettering: Lettering::new(frame.scale_factor),
            taken: Vec::new(),
        }
    }

    /// The foreground at this opacity.
    pub fn ink(&self, alpha: f32) -> Ink {
        Ink { rgb: self.foreground, alpha }
    }

    /// The background, or where there is none the contrary of the foreground, at this opacity.
    pub fn ground(&self, alpha: f32) -> Ink {
        let rgb = match self.background {
            Background::Color(back) => back,
            Background::Transparent => self.foreground.map(|c| 1.0 - c),
        };
        Ink { rgb, alpha }
    }

    /// As [`Page::ink`] on the background, but opaque where the background is, so that lines that
    /// meet do not add up.
    pub fn mixed_ink(&self, alpha: f32) -> Ink {
        match self.background {
            Background::Color(back) => {
                let rgb = std::array::from_fn(|i| back[i] + (self.foreground[i] - back[i]) * alpha);
                Ink { rgb, alpha: 1.0 }
            }
            Background::Transparent => self.ink(alpha),
        }
    }

    /// The colour of letters.
    pub fn letter_ink(&self) -> Ink {
        self.ink(0.87)
    }

    /// The nearest position between two pixels.
    pub fn snap(&self, length: f64) -> f64 {
        (length / self.pixel).round() * self.pixel
    }

    /// How many pixels a length is.
    pub fn pixels(&self, length: f64) -> usize {
        (length / self.pixel).round() as usize
    }

    /// Width and height of a line of text.
    pub fn text_size(&mut self, text: &str, font_size: f64) -> DVec2 {
        self.lettering.size(text, font_size)
    }

    /// Whether `area` lies within the picture and keeps its distance from all that is taken.
    pub fn is_free(&self, area: &Area) -> bool {
        self.is_free_by(area, 0.35)
    }

    /// As [`Page::is_free`], with a distance in em.
    pub fn is_free_by(&self, area: &Area, distance: f64) -> bool {
        let picture = Area { min: DVec2::ZERO, max: self.size }.grown(-0.25 * self.em);
        let around = area.grown(distance * self.em);
        picture.contains(area) && !self.taken.iter().any(|t| t.overlaps(&around))
    }

    /// Keeps others off `area`.
    pub fn take(&mut self, area: Area) {
        self.taken.push(area);
    }

    /// Gives `area` back.
    pub fn release(&mut self, area: &Area) {
        self.taken.retain(|t| t != area);
    }

    /// Draws a line.
    pub fn line(&mut self, layer: Layer, from: DVec2, to: DVec2, ink: Ink) {
        self.marks.push(Mark { layer, shape: Shape::Line { from, to, width: self.line, ink } });
    }

    /// Draws something before the density.
    pub fn front(&mut self, shape: Shape) {
        self.marks.push(Mark { layer: Layer::Front, shape });
    }

    /// Writes a line of text that [`Page::text_size`] has measured.
    pub fn write(&mut self, text: String, area: Area, font_size: f64) {
        let ink = self.letter_ink();
        self.front(Shape::Text { text, area, font_size, upward: false, ink });
    }

    /// As [`Page::write`], running upward: the area is as high as the text is long.
    pub fn write_upward(&mut self, text: String, area: Area, font_size: f64) {
        let ink = self.letter_ink();
        self.front(Shape::Text { text, area, font_size, upward: true, ink });
    }
}

/// Letters grow slower than the picture, yet so that they can be read on a large one shown small.
fn font_size(size: DVec2) -> f64 {
    let linear = (size.x * size.y / (800.0 * 600.0)).sqrt();
    ((FONT_SIZE * linear.powf(0.6)).max(LEAST_FONT_SIZE) * 2.0).round() / 2.0
}

/// Of the width, what the colour bar may take on the right.
const MOST_MARGIN: f64 = 0.45;

/// See [`super::plot_area`]; the title takes all that is above `top`.
pub fn plot_area(annotations: &Annotations, frame: &Frame, top: f64) -> Area {
    let size = DVec2::from(frame.size_in_points());
    let em = font_size(size);
    let least = 0.5 * (1.0 - FREE_SHARE) * size;
    // Where numbers would need much of a small picture there are none.
    let numbers = if annotations.axes && 4.0 * em <= 0.2 * size.min_element() { 4.0 * em } else { 0.0 };
    let scale_bar = if annotations.scale_bar { scalebar::ROOM * em } else { 0.0 };
    let has_mass = annotations.mass_axis && colorbar::has_room_for_mass(em, size.x);
    let complete_bar = (8.0 + if has_mass { colorbar::MASS_ROOM } else { 0.0 }) * em;
    let right = match annotations.colorbar {
        true if complete_bar < MOST_MARGIN * size.x => complete_bar,
        true => 4.0 * em,
        false => least.x,
    };
    Area {
        min: DVec2::new(least.x.max(numbers), least.y.max(top + 0.8 * em)).min(0.3 * size),
        max: size - DVec2::new(right, least.y.max(numbers + scale_bar)).min(0.3 * size),
    }
}
