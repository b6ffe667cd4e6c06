//! The table that volume, points and colour bar look colours and opacity up in.

use super::{OpacityCurve, TransferFunction};

/// Colour and extinction over equal parts of the limits, linear within each part. A part has ends of
/// its own, so that the steps and jumps of a map stay sharp.
#[derive(Debug, Clone, PartialEq)]
pub struct LookupTable {
    /// What each part begins and ends with: red, green, blue (display values, 0 to 1) and extinction
    /// per reference length (0 or more), or opacity.
    pub parts: Vec<[[f32; 4]; 2]>,
}

impl LookupTable {
    /// Least number of parts: 16 a step of a 256-colour table, whose nodes are met exactly.
    pub const LEAST_PARTS: usize = 255 * 16;

    /// Tabulates a transfer function.
    pub fn new(function: &TransferFunction) -> Self {
        Self::with(function, |t| function.opacity.extinction(t))
    }

    /// The same with the opacity of `cover` in place of the extinction.
    pub fn covering(function: &TransferFunction, cover: &OpacityCurve) -> Self {
        Self::with(function, |t| cover.at(t))
    }

    fn with(function: &TransferFunction, last: impl Fn(f64) -> f32) -> Self {
        let map = &function.colormap;
        // The edges of steps lie between parts.
        let count = Self::LEAST_PARTS.next_multiple_of(map.steps.unwrap_or(1));
        let last = |i: usize| last(i as f64 / count as f64);
        let part = |i: usize| {
            let [[r0, g0, b0], [r1, g1, b1]] = map.ends_of_part(i, count);
            [[r0, g0, b0, last(i)], [r1, g1, b1, last(i + 1)]]
        };
        Self { parts: (0..count).map(part).collect() }
    }

    /// Colour and extinction at `t`, which is clamped to 0..1.
    pub fn at(&self, t: f64) -> [f32; 4] {
        let x = t.clamp(0.0, 1.0) * self.parts.len() as f64;
        let i = (x as usize).min(self.parts.len() - 1);
        let ([from, to], f) = (self.parts[i], (x - i as f64) as f32);
        std::array::from_fn(|c| from[c] + (to[c] - from[c]) * f)
    }

    /// Integral of extinction and of extinction times colour from 0 to each part's begin and to the last one's end, as
    /// red, green, blue, extinction: what a ray gathers on which the position changes evenly, however sharp the function.
    pub fn integrals(&self) -> Vec<[f32; 4]> {
        let width = 1.0 / self.parts.len() as f64;
        let mut sum = [0.0_f64; 4];
        let mut sums = vec![[0.0; 4]];
        for [from, to] in self.parts.iter().map(|ends| ends.map(|end| end.map(f64::from))) {
            let (a, b) = (from[3], to[3]);
            for c in 0..3 {
                // Both factors are linear in the part.
                sum[c] += width * (2.0 * (a * from[c] + b * to[c]) + a * to[c] + b * from[c]) / 6.0;
            }
            sum[3] += 0.5 * width * (a + b);
            sums.push(sum.map(|v| v as f32));
        }
        sums
    }

    /// The largest extinction anywhere.
    pub fn max_extinction(&self) -> f32 {
        self.parts.iter().flatten().fold(0.0, |most, end| most.max(end[3]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::color::{Colormap, OpacityCurve, Scale};

    fn function(colormap: Colormap) -> TransferFunction {
        let opacity = OpacityCurve::parse("0:0,1:0.2").unwrap();
        TransferFunction { colormap, limits: [0.0, 1.0], scale: Scale::Linear, opacity, reference_length: 1.0 }
    }

    fn distance(table: &LookupTable, f: &TransferFunction, t: f64) -> f32 {
        let (found, wanted) = (table.at(t), f.colormap.at(t));
        (0..3).map(|c| (found[c] - wanted[c]).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn the_table_is_the_function() {
        let f = function(Colormap::named("mayavi").unwrap());
        let table = LookupTable::new(&f);
        for i in 0..=977 {
            let t = f64::from(i) / 977.0;
            assert!(distance(&table, &f, t) < 1e-3, "{t}");
            assert!((f64::from(table.at(t)[3]) + (1.0 - 0.2 * t).ln()).abs() < 1e-6, "{t}");
        }
    }

    /// Catches: colours that are not weighted, parts of another width.
    #[test]
    fn integrals_are_those_of_the_function() {
        let mut f = function(Colormap::named("viridis").unwrap());
        f.opacity = OpacityCurve::parse("0:0.1,0.5:0.1,0.51:0.9,0.52:0.1,1:0.3").unwrap();
        let table = LookupTable::new(&f);
        let sums = table.integrals();
        let n = 1_000_000;
        let mut sum = [0.0; 4];
        for i in 0..n {
            let [r, g, b, e] = table.at((f64::from(i) + 0.5) / f64::from(n)).map(f64::from);
            std::iter::zip(&mut sum, [r * e, g * e, b * e, e]).for_each(|(s, v)| *s += v / f64::from(n));
            if i + 1 == n / 2 || i + 1 == n {
                let found = sums[(sums.len() - 1) / (n / (i + 1)) as usize];
                assert!((0..4).all(|c| (sum[c] - f64::from(found[c])).abs() < 1e-5), "{sum:?} {found:?}");
            }
        }
    }

    /// Catches: a ramp between two steps, as a table of nodes has.
    #[test]
    fn steps_and_jumps_stay_sharp() {
        for count in [2, 7, 256, 1000, 1024] {
            let f = function(Colormap::parse("#000,#fff,#000,#0ff").unwrap().stepped(count));
            let table = LookupTable::new(&f);
            for i in 0..=20_011 {
                let t = f64::from(i) / 20_011.0;
                assert!(distance(&table, &f, t) < 1e-6, "{count} steps at {t}");
            }
        }
        let f = function(Colormap::parse("0:#000,0.5:#111,0.5:#eee,1:#fff").unwrap());
        let table = LookupTable::new(&f);
        assert!([0.499_999, 0.5, 0.500_001].into_iter().all(|t| distance(&table, &f, t) < 1e-3));
        assert!(table.at(0.499_999)[0] < 0.1 && table.at(0.5)[0] > 0.9);
    }
}
