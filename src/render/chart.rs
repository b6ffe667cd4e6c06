//! Charts, without an adapter.

use super::canvas::Canvas;
use super::overlay::LaidOut;
use super::tiles::Tile;
use super::{Picture, check_size, place, transparent};
use crate::annotate::{Area, Layer, Thing, annotate_chart};
use crate::color::Rgb;
use crate::error::Result;
use crate::scene::{Background, Chart, Frame, ItemShape};

/// Draws a chart: the same bytes every time.
///
/// # Errors
/// [`Error::Usage`](crate::error::Error::Usage) if the size cannot be drawn.
pub fn draw_chart(chart: &Chart, frame: &Frame) -> Result<Picture> {
    check_size(frame.size)?;
    let rgba = match chart.background {
        Background::Color(color) => on(color, chart, frame),
        Background::Transparent => {
            let [black, white] = [[0.0; 3], [1.0; 3]].map(|color| {
                let (background, foreground) = (Background::Color(color), Some(chart.letter_color()));
                on(color, &Chart { background, foreground, ..chart.clone() }, frame)
            });
            transparent::from_two(&black, &white)
        }
    };
    Ok(Picture { size: frame.size, rgba })
}

fn on(background: Rgb, chart: &Chart, frame: &Frame) -> Vec<u8> {
    let marks = annotate_chart(chart, frame);
    let [origin, size] = marks.inside;
    // What is within the axes is painted on a tile, which cuts it off at its edges.
    let mut inside = Canvas::new(Tile { origin, size }, background);
    for (thing, item) in std::iter::zip(&marks.things, &chart.items) {
        match (thing, &item.shape) {
            (Thing::Picture(area), ItemShape::Image { size, rgba, .. }) => {
                lay(&mut inside, area, frame.scale_factor, *size, rgba, item.alpha);
            }
            (Thing::Marks(marks), _) => inside.paint(&LaidOut::new(frame, marks), Layer::Front),
            (Thing::Picture(_), _) => {}
        }
    }
    let whole = Tile::whole(frame.size);
    let mut canvas = Canvas::new(whole, background);
    place(&mut canvas.pixels, whole, &inside.pixels, inside.tile);
    canvas.paint(&LaidOut::new(frame, &marks.around), Layer::Front);
    canvas.into_bytes()
}

/// Lays a picture over the canvas: of each pixel of the canvas the mean of the picture's pixels that it covers, or where
/// it is smaller than one, linear between their middles.
fn lay(canvas: &mut Canvas, area: &Area, scale_factor: f64, size: [u32; 2], rgba: &[u8], alpha: f32) {
    let tile = canvas.tile;
    let (min, extent) = (area.min * scale_factor, area.size() * scale_factor);
    let axis = |axis: usize| -> Vec<Vec<(usize, f32)>> {
        let (first, count, n) = (tile.origin[axis], tile.size[axis], size[axis]);
        (0..count).map(|i| shares(f64::from(first + i), min[axis], extent[axis], n as usize)).collect()
    };
    let (columns, rows) = (axis(0), axis(1));
    let width = size[0] as usize;
    for (row, line) in std::iter::zip(&rows, canvas.pixels.chunks_exact_mut(tile.size[0] as usize)) {
        for (column, pixel) in std::iter::zip(&columns, line) {
            let mut sum = [0f32; 4];
            for (j, b) in row {
                for (i, a) in column {
                    let texel = &rgba[4 * (i + width * j)..][..4];
                    let weight = a * b * alpha * f32::from(texel[3]) / 255.0;
                    (0..3).for_each(|c| sum[c] += weight * f32::from(texel[c]));
                    sum[3] += weight;
                }
            }
            (0..3).for_each(|c| pixel[c] = (sum[c] + (1.0 - sum[3]) * f32::from(pixel[c]) + 0.5) as u8);
        }
    }
}

/// Which of `n` pixels spread from `min` over `extent` a pixel from `at` to `at + 1` shows, and the share of each; none
/// outside.
fn shares(at: f64, min: f64, extent: f64, n: usize) -> Vec<(usize, f32)> {
    let to = |at: f64| (at - min) / extent * n as f64;
    let (from, end, middle) = (to(at), to(at + 1.0), to(at + 0.5));
    if !(0.0..n as f64).contains(&middle) {
        return Vec::new();
    }
    if end - from <= 1.0 {
        let at = (middle - 0.5).clamp(0.0, (n - 1) as f64);
        let (low, f) = (at as usize, (at - at.floor()) as f32);
        return vec![(low, 1.0 - f), ((low + 1).min(n - 1), f)];
    }
    let (from, end) = (from.max(0.0), end.min(n as f64));
    let covered = |k: usize| ((k as f64 + 1.0).min(end) - (k as f64).max(from)).max(0.0);
    (from as usize..(end.ceil() as usize).min(n)).map(|k| (k, (covered(k) / (end - from)) as f32)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches: shares that do not sum to 1, a picture shifted by half a pixel.
    #[test]
    fn a_pixel_shows_the_mean_of_what_it_covers() {
        assert_eq!(shares(1.0, 0.0, 2.0, 4), [(2, 0.5), (3, 0.5)]);
        assert_eq!(shares(0.0, 0.0, 4.0, 4), [(0, 1.0), (1, 0.0)]);
        assert_eq!(
            shares(2.0, 0.0, 8.0, 4),
            [(0, 0.25), (1, 0.75)].map(|(i, w)| (i, 1.0 - w)).map(|(i, w)| (i, 1.0 - w))
        );
        assert!(shares(-1.0, 0.0, 4.0, 4).is_empty() && shares(4.0, 0.0, 4.0, 4).is_empty());
        for at in 0..7 {
            let sum: f32 = shares(f64::from(at), 0.3, 6.4, 31).iter().map(|s| s.1).sum();
            assert!((sum - 1.0).abs() < 1e-6, "{at}: {sum}");
        }
    }

    #[test]
    fn what_lies_beyond_the_axes_is_cut_off() {
        let frame = Frame { size: [200, 150], scale_factor: 1.0 };
        let empty = Chart { x_range: Some([0.0, 1.0]), y_range: Some([0.0, 1.0]), ..Chart::default() };
        let mut chart = empty.clone();
        chart.line([[-50.0, 0.5], [1e300, 0.5]]).width(4.0);
        chart.scatter([[0.5, -0.2], [2.0, 2.0]]);
        let (before, after) = (draw_chart(&empty, &frame).unwrap(), draw_chart(&chart, &frame).unwrap());
        let [[left, top], [width, height]] = annotate_chart(&chart, &frame).inside;
        let mut changed = 0;
        for at in 0..200 * 150 {
            if before.rgba[4 * at..][..4] != after.rgba[4 * at..][..4] {
                let (x, y) = (at as u32 % 200, at as u32 / 200);
                assert!((left..left + width).contains(&x) && (top..top + height).contains(&y), "({x}, {y})");
                changed += 1;
            }
        }
        assert!(changed >= 4 * width, "{changed}");
    }
}
