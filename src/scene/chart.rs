//! Lines, points, areas, pictures and texts in a pair of axes.

use std::sync::Arc;

use super::{Aspect, Background};
use crate::color::Rgb;

/// What a chart shows. Things are drawn in the order in which they were added; what lies beyond the ranges is cut off.
///
/// # Examples
/// ```
/// use densitas::render::draw_chart;
/// use densitas::scene::{Chart, Frame};
///
/// let mut chart = Chart { title: Some("Sine".into()), ..Chart::default() };
/// chart.line((0..100).map(|i| [f64::from(i), f64::from(i).sin()])).label("sin x").width(2.0);
/// let picture = draw_chart(&chart, &Frame { size: [320, 240], scale_factor: 1.0 })?;
/// assert_eq!(picture.size, [320, 240]);
/// # Ok::<(), densitas::error::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Chart {
    /// A line or two above it.
    pub title: Option<String>,
    /// Names of the axes to the right and upward; empty for none.
    pub labels: [String; 2],
    /// The smallest and the largest x; `None` shows all there is, with a margin of a twentieth.
    pub x_range: Option<[f64; 2]>,
    /// As `x_range`.
    pub y_range: Option<[f64; 2]>,
    /// Whether y grows downward, as the rows of a picture.
    pub y_downward: bool,
    /// Whether x and y have one scale.
    pub aspect: Aspect,
    /// The frame with ticks and numbers.
    pub axes: bool,
    /// What is behind.
    pub background: Background,
    /// Colour of letters and lines; `None` is black or white, whichever is seen better.
    pub foreground: Option<Rgb>,
    /// The things in it, in the order in which they are drawn.
    pub items: Vec<Item>,
}

/// Something in a chart, with what it looks like.
#[derive(Debug, Clone)]
pub struct Item {
    /// What.
    pub shape: ItemShape,
    /// Display red, green, blue.
    pub color: Rgb,
    /// Opacity, 0 to 1.
    pub alpha: f32,
    /// Width of a line, or diameter of a point, in points.
    pub width: f64,
    /// What it is called in the legend; without a name it is not in it.
    pub label: Option<String>,
}

/// What is in a chart. Places are x and y in the unit of the axes; where one is not finite a line has a gap.
#[derive(Debug, Clone)]
pub enum ItemShape {
    /// A line through these places.
    Line(Vec<[f64; 2]>),
    /// A disc at each of these places.
    Scatter(Vec<[f64; 2]>),
    /// What lies between two heights, at each x: x, low, high.
    Band(Vec<[f64; 3]>),
    /// A text in the middle of a place.
    Text([f64; 2], String),
    /// A picture that fills a part of the axes.
    Image {
        /// The smallest and the largest x and y.
        area: [[f64; 2]; 2],
        /// Width and height in pixels.
        size: [u32; 2],
        /// Red, green, blue, alpha (not premultiplied), rows from the top.
        rgba: Arc<Vec<u8>>,
    },
}

/// Colours of things in their order: those of matplotlib (Tableau's ten).
const CYCLE: [[u8; 3]; 10] = [
    [31, 119, 180],
    [255, 127, 14],
    [44, 160, 44],
    [214, 39, 40],
    [148, 103, 189],
    [140, 86, 75],
    [227, 119, 194],
    [127, 127, 127],
    [188, 189, 34],
    [23, 190, 207],
];

/// Width of lines and diameter of points where none is given, in points.
const LINE: f64 = 1.8;
const POINT: f64 = 6.0;
/// Margin around what is shown, as a share of it.
const MARGIN: f64 = 0.05;

impl Default for Chart {
    /// Empty, on white.
    fn default() -> Self {
        Self {
            title: None,
            labels: Default::default(),
            x_range: None,
            y_range: None,
            y_downward: false,
            aspect: Aspect::Fill,
            axes: true,
            background: Background::Color([1.0; 3]),
            foreground: None,
            items: Vec::new(),
        }
    }
}

impl Chart {
    /// Adds a line.
    pub fn line(&mut self, points: impl IntoIterator<Item = [f64; 2]>) -> &mut Item {
        self.add(ItemShape::Line(points.into_iter().collect()), LINE)
    }

    /// Adds points.
    pub fn scatter(&mut self, points: impl IntoIterator<Item = [f64; 2]>) -> &mut Item {
        self.add(ItemShape::Scatter(points.into_iter().collect()), POINT)
    }

    /// Adds an area between two heights: x, low, high.
    pub fn band(&mut self, heights: impl IntoIterator<Item = [f64; 3]>) -> &mut Item {
        self.add(ItemShape::Band(heights.into_iter().collect()), LINE).alpha(0.4)
    }

    /// Adds a text in the middle of a place, in the colour of letters.
    pub fn text(&mut self, at: [f64; 2], text: impl Into<String>) -> &mut Item {
        let color = self.letter_color();
        self.add(ItemShape::Text(at, text.into()), LINE).color(color)
    }

    /// Adds a picture: red, green, blue, alpha of `size` pixels, rows from the top, in a part of the axes.
    ///
    /// # Panics
    /// If `rgba` does not hold four bytes a pixel.
    pub fn image(&mut self, area: [[f64; 2]; 2], size: [u32; 2], rgba: Vec<u8>) -> &mut Item {
        assert_eq!(rgba.len(), size[0] as usize * size[1] as usize * 4, "four bytes a pixel");
        self.add(ItemShape::Image { area, size, rgba: Arc::new(rgba) }, LINE)
    }

    fn add(&mut self, shape: ItemShape, width: f64) -> &mut Item {
        let colored =
            |item: &&Item| matches!(item.shape, ItemShape::Line(_) | ItemShape::Scatter(_) | ItemShape::Band(_));
        let count = self.items.iter().filter(colored).count();
        let color = CYCLE[count % CYCLE.len()].map(|v| f32::from(v) / 255.0);
        self.items.push(Item { shape, color, alpha: 1.0, width, label: None });
        self.items.last_mut().expect("just added")
    }

    /// Removes all things; title, axes and ranges stay.
    pub fn clear(&mut self) {
        self.items.clear();
    }

    /// The colour of letters and lines.
    pub fn letter_color(&self) -> Rgb {
        self.foreground.unwrap_or(self.background.foreground())
    }

    /// The smallest and the largest x and y that are shown.
    pub fn shown(&self) -> [[f64; 2]; 2] {
        [0, 1].map(|axis| {
            let given = if axis == 0 { self.x_range } else { self.y_range };
            given.unwrap_or_else(|| self.range(axis))
        })
    }

    fn range(&self, axis: usize) -> [f64; 2] {
        let mut range = [f64::INFINITY, f64::NEG_INFINITY];
        let mut only_pictures = true;
        for item in &self.items {
            only_pictures &= matches!(item.shape, ItemShape::Image { .. });
            let grow = |v: f64| {
                if v.is_finite() {
                    range = [range[0].min(v), range[1].max(v)]
                }
            };
            match &item.shape {
                ItemShape::Line(points) | ItemShape::Scatter(points) => points.iter().map(|p| p[axis]).for_each(grow),
                ItemShape::Band(heights) if axis == 0 => heights.iter().map(|h| h[0]).for_each(grow),
                ItemShape::Band(heights) => heights.iter().flat_map(|h| [h[1], h[2]]).for_each(grow),
                ItemShape::Text(at, _) => [at[axis]].into_iter().for_each(grow),
                ItemShape::Image { area, .. } => area[axis].into_iter().for_each(grow),
            }
        }
        match range {
            [low, high] if low < high => {
                let margin = if only_pictures { 0.0 } else { MARGIN * (high - low) };
                [low - margin, high + margin]
            }
            [low, high] if low == high => [low - 0.5, high + 0.5],
            _ => [0.0, 1.0],
        }
    }
}

impl Item {
    /// Sets the colour.
    pub fn color(&mut self, color: Rgb) -> &mut Self {
        self.color = color;
        self
    }

    /// Sets the opacity, 0 to 1.
    pub fn alpha(&mut self, alpha: f32) -> &mut Self {
        self.alpha = alpha;
        self
    }

    /// Sets the width of the line or the diameter of the points, in points.
    pub fn width(&mut self, width: f64) -> &mut Self {
        self.width = width;
        self
    }

    /// Names it in the legend.
    pub fn label(&mut self, label: impl Into<String>) -> &mut Self {
        self.label = Some(label.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_those_of_all_things_with_a_margin() {
        let mut chart = Chart::default();
        assert_eq!(chart.shown(), [[0.0, 1.0]; 2]);
        chart.line([[0.0, -1.0], [f64::NAN, 59.0], [10.0, f64::INFINITY]]);
        assert_eq!(chart.shown(), [[-0.5, 10.5], [-4.0, 62.0]]);
        chart.y_range = Some([0.0, 2.0]);
        chart.band([[20.0, 0.0, 1.0]]);
        assert_eq!(chart.shown(), [[-1.0, 21.0], [0.0, 2.0]]);
        chart.clear();
        chart.scatter([[3.0, 3.0]]);
        assert_eq!(chart.shown()[0], [2.5, 3.5]);
    }

    #[test]
    fn colours_follow_one_another_and_begin_anew() {
        let mut chart = Chart::default();
        let first = chart.line([[0.0, 0.0]]).color;
        chart.text([0.0, 0.0], "a");
        assert!(chart.line([[0.0, 0.0]]).color != first);
        chart.clear();
        assert_eq!(chart.scatter([[0.0, 0.0]]).color, first);
    }
}
