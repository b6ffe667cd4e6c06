//! A picture without background, from the same picture on black and on white.
//!
//! What a transparent picture must do is to give, laid over a colour, what would have been drawn on that
//! colour. Two pictures that were drawn say exactly what that is, marks included.

/// Red, green, blue, alpha (not premultiplied) of each pixel, so that laid over black and over white
/// they give the two pictures within 1/255.
pub fn from_two(on_black: &[u8], on_white: &[u8]) -> Vec<u8> {
    let pixels = std::iter::zip(on_black.chunks_exact(4), on_white.chunks_exact(4));
    pixels.flat_map(|(black, white)| pixel([0, 1, 2].map(|c| [black[c], white[c]].map(i32::from)))).collect()
}

/// `[on black, on white]` of each channel to a straight colour and its alpha.
fn pixel(channels: [[i32; 2]; 3]) -> [u8; 4] {
    // What shines through; the channels' own roundings differ by 1 or 2.
    let through = channels.map(|[black, white]| white - black);
    let most = through.into_iter().max().unwrap_or(0);
    let least = through.into_iter().min().unwrap_or(0);
    let alpha = (255 - (most + least) / 2).clamp(0, 255);
    if alpha == 0 {
        return [0; 4];
    }
    let straight = |[black, white]: [i32; 2]| {
        // Twice the colour times alpha, half-way between what black and what white ask for.
        let twice = black + white - (255 - alpha);
        ((twice * 255 + alpha) / (2 * alpha)).clamp(0, 255) as u8
    };
    let [r, g, b] = channels.map(straight);
    [r, g, b, alpha as u8]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over(pixel: [u8; 4], back: f64) -> [f64; 3] {
        let alpha = f64::from(pixel[3]) / 255.0;
        [0, 1, 2].map(|c| (f64::from(pixel[c]) * alpha + 255.0 * back * (1.0 - alpha)).round())
    }

    /// Catches: colours divided by an alpha of 8 bits after they were rounded, which errs by 2.
    #[test]
    fn laid_over_black_and_white_every_colour_gives_the_direct_picture() {
        let direct = |premultiplied: f64, alpha: f64, back: f64| (premultiplied + 255.0 * back * (1.0 - alpha)).round();
        for i in 0..=1000 {
            let alpha = f64::from(i) / 1000.0;
            for colors in [[0.0, 0.31, 0.97], [1.0, 0.5, 0.777], [0.123, 0.0, 0.0]] {
                let on = |back: f64| colors.map(|c| direct(255.0 * c * alpha, alpha, back));
                let bytes = |v: [f64; 3]| [v[0] as u8, v[1] as u8, v[2] as u8, 255];
                let pixel = from_two(&bytes(on(0.0)), &bytes(on(1.0))).try_into().unwrap();
                for back in [0.0, 1.0] {
                    let (found, wanted) = (over(pixel, back), on(back));
                    assert!((0..3).all(|c| (found[c] - wanted[c]).abs() <= 1.0), "{alpha} {found:?} {wanted:?}");
                }
                // In between the colour is as good.
                let grey = [0, 1, 2].map(|c| 255.0 * (colors[c] * alpha + 0.5 * (1.0 - alpha)));
                assert!((0..3).all(|c| (over(pixel, 0.5)[c] - grey[c]).abs() <= 1.6), "{alpha} {pixel:?} {grey:?}");
            }
        }
    }

    #[test]
    fn nothing_is_fully_transparent_and_all_is_opaque() {
        assert_eq!(from_two(&[0, 0, 0, 255], &[255; 4]), [0; 4]);
        assert_eq!(from_two(&[9, 80, 255, 255], &[9, 80, 255, 255]), [9, 80, 255, 255]);
    }
}
