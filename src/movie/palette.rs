//! The 256 colours that stand for those of a picture: boxes of colours are cut in two where that lessens the squared error
//! most (Wu, *Color quantization by dynamic programming and principal analysis*, 1992), here at each of the 256 values of a
//! channel, so that a colour map, a thin curve in the cube of colours, is followed closely.

use std::ops::Range;

/// Colours of a palette.
pub const COLORS: usize = 256;

/// A colour, and how many pixels have it.
type Counted = ([u8; 3], u32);

/// Sums over colours: their number, and red, green and blue times that.
#[derive(Debug, Clone, Copy, Default)]
struct Sums([f64; 4]);

impl Sums {
    fn add(&mut self, (color, count): &Counted) {
        let n = f64::from(*count);
        let [r, g, b] = color.map(|c| f64::from(c) * n);
        self.plus(&Self([n, r, g, b]));
    }

    fn plus(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(a, b)| *a += b);
    }

    fn less(&self, other: &Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] - other.0[i]))
    }

    /// What the squares of the colours' lengths sum to if all have their mean.
    fn square(&self) -> f64 {
        let [n, r, g, b] = self.0;
        if n > 0.0 { (r * r + g * g + b * b) / n } else { 0.0 }
    }

    fn mean(&self) -> [u8; 3] {
        let [n, r, g, b] = self.0;
        [r, g, b].map(|sum| (sum / n).round() as u8)
    }
}

/// Colours that have one in the palette, and where they are best cut in two.
struct Cube {
    range: Range<usize>,
    sums: Sums,
    /// How much the squared error falls; the channel, and the largest value of its lower part.
    cut: (f64, usize, u8),
}

impl Cube {
    fn new(colors: &[Counted], range: Range<usize>) -> Self {
        let mut slices = [[Sums::default(); COLORS]; 3];
        for counted in &colors[range.clone()] {
            (0..3).for_each(|channel| slices[channel][usize::from(counted.0[channel])].add(counted));
        }
        let mut sums = Sums::default();
        slices[0].iter().for_each(|slice| sums.plus(slice));
        let mut cut = (0.0, 0, 0);
        for (channel, slices) in slices.iter().enumerate() {
            let mut below = Sums::default();
            for (value, slice) in slices.iter().enumerate() {
                below.plus(slice);
                let gain = below.square() + sums.less(&below).square() - sums.square();
                if gain > cut.0 && below.0[0] < sums.0[0] {
                    cut = (gain, channel, value as u8);
                }
            }
        }
        Self { range, sums, cut }
    }

    /// Cuts it in two, of which one takes its place and the other is given.
    fn halved(&mut self, colors: &mut [Counted]) -> Self {
        let (_, channel, value) = self.cut;
        let part = &mut colors[self.range.clone()];
        part.sort_unstable_by_key(|(color, _)| color[channel] > value);
        let middle = self.range.start + part.partition_point(|(color, _)| color[channel] <= value);
        let upper = Self::new(colors, middle..self.range.end);
        *self = Self::new(colors, self.range.start..middle);
        upper
    }
}

/// Colours that stand for those of a picture.
pub struct Palette {
    /// Up to 256.
    pub colors: Vec<[u8; 3]>,
    /// The root mean square error of a channel, 0 to 255.
    pub error: f64,
}

/// Which colour of a palette stands for each of all colours; known for those of the last picture.
pub struct Numbers(Vec<u8>);

impl Numbers {
    /// Of no picture yet.
    pub fn new() -> Self {
        Self(vec![0; 1 << 24])
    }

    /// The number of the colour that stands for a colour of the last picture.
    pub fn of(&self, color: [u8; 3]) -> u8 {
        self.0[place(color)]
    }
}

fn place([r, g, b]: [u8; 3]) -> usize {
    u32::from_be_bytes([0, r, g, b]) as usize
}

/// Up to 256 colours for these pixels, of which there is at least one.
pub fn of(pixels: &[[u8; 3]], numbers: &mut Numbers) -> Palette {
    let mut colors = counted(pixels);
    let squares =
        |(color, count): &Counted| color.iter().map(|c| f64::from(*c).powi(2)).sum::<f64>() * f64::from(*count);
    let all: f64 = colors.iter().map(squares).sum();
    let mut cubes = vec![Cube::new(&colors, 0..colors.len())];
    while cubes.len() < COLORS {
        let worst = cubes.iter_mut().max_by(|a, b| a.cut.0.total_cmp(&b.cut.0));
        let Some(worst) = worst.filter(|cube| cube.cut.0 > 0.0) else { break };
        let upper = worst.halved(&mut colors);
        cubes.push(upper);
    }
    for (number, cube) in cubes.iter().enumerate() {
        colors[cube.range.clone()].iter().for_each(|(color, _)| numbers.0[place(*color)] = number as u8);
    }
    let kept: f64 = cubes.iter().map(|cube| cube.sums.square()).sum();
    let error = ((all - kept).max(0.0) / (3.0 * pixels.len() as f64)).sqrt();
    Palette { colors: cubes.iter().map(|cube| cube.sums.mean()).collect(), error }
}

fn counted(pixels: &[[u8; 3]]) -> Vec<Counted> {
    let mut all: Vec<u32> = pixels.iter().map(|&[r, g, b]| u32::from_be_bytes([0, r, g, b])).collect();
    all.sort_unstable();
    let counted = |run: &[u32]| {
        let [_, r, g, b] = run[0].to_be_bytes();
        ([r, g, b], run.len() as u32)
    };
    all.chunk_by(|a, b| a == b).map(counted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(pixels: &[[u8; 3]], palette: &[[u8; 3]]) -> f64 {
        let square =
            |a: &[u8; 3], b: &[u8; 3]| (0..3).map(|i| (f64::from(a[i]) - f64::from(b[i])).powi(2)).sum::<f64>();
        let nearest = |p: &[u8; 3]| palette.iter().map(|c| square(p, c)).fold(f64::INFINITY, f64::min);
        pixels.iter().map(nearest).sum::<f64>() / (3 * pixels.len()) as f64
    }

    #[test]
    fn few_colours_are_kept_and_many_are_cut_where_they_are() {
        let few = [[1, 2, 3], [200, 2, 3], [1, 2, 3], [1, 250, 9]];
        let mut numbers = Numbers::new();
        let palette = of(&few, &mut numbers);
        assert_eq!((palette.colors.len(), palette.error), (3, 0.0));
        assert!(few.iter().all(|color| palette.colors[usize::from(numbers.of(*color))] == *color));
        assert_eq!(of(&[[7, 7, 7]; 9], &mut numbers).colors, [[7, 7, 7]]);
    }

    /// Catches: boxes that are cut at coarse places, and bands of a colour map.
    #[test]
    fn a_colour_map_is_followed_closely() {
        // A curve through the cube, 1536 colours long.
        let hue = |k: u32| {
            let (part, v) = (k / 256, (k % 256) as u8);
            [[255, v, 0], [255 - v, 255, 0], [0, 255, v], [0, 255 - v, 255], [v, 0, 255], [255, 0, 255 - v]]
                [part as usize]
        };
        let pixels: Vec<[u8; 3]> = (0..6 * 256).map(hue).collect();
        let mut numbers = Numbers::new();
        let Palette { colors: palette, error: told } = of(&pixels, &mut numbers);
        // Six neighbours a colour are half, 1.5 and 2.5 from their middle along one channel: 0.97.
        let found = error(&pixels, &palette);
        assert!(palette.len() == COLORS && found < 1.3, "{found}");
        // Means are rounded, which moves each by up to a half.
        assert!((told * told - found).abs() < 0.25, "{told} {found}");
        let of_numbers = |p: &[u8; 3]| error(&[*p], &[palette[usize::from(numbers.of(*p))]]);
        assert!(pixels.iter().map(of_numbers).sum::<f64>() / (pixels.len() as f64) < 1.3);
    }
}
