//! Colour maps.

use std::fmt;

use serde::Serialize;

use super::{Rgb, list, polyline, tables};
use crate::error::{Error, Result};

/// A colour map: colours at ascending positions from 0 to 1, linear in display RGB in between, or
/// in a number of equal steps of one colour each. Two stops at one position are a jump.
#[derive(Debug, Clone, PartialEq)]
pub struct Colormap {
    /// `None` for a list of colours.
    name: Option<String>,
    stops: Vec<(f64, Rgb)>,
    pub(super) steps: Option<usize>,
}

/// Names other than those of the tables that [`Colormap::named`] knows.
const FORMULA_NAMES: [&str; 6] = ["jet", "hot", "grey", "mayavi", "plotly-jet", "plotly-hot"];

/// What the name of a map ends in that begins with its other end, as matplotlib's.
const REVERSED: &str = "_r";

/// One channel of a map: (position, value) nodes, linear in between.
type Channel = &'static [(f64, f32)];

/// matplotlib's `jet`, channel by channel.
const JET: [Channel; 3] = [
    &[(0.0, 0.0), (0.35, 0.0), (0.66, 1.0), (0.89, 1.0), (1.0, 0.5)],
    &[(0.0, 0.0), (0.125, 0.0), (0.375, 1.0), (0.64, 1.0), (0.91, 0.0), (1.0, 0.0)],
    &[(0.0, 0.5), (0.11, 1.0), (0.34, 1.0), (0.65, 0.0), (1.0, 0.0)],
];

/// matplotlib's `hot`, channel by channel.
const HOT: [Channel; 3] = [
    &[(0.0, 0.0416), (0.365_079, 1.0), (1.0, 1.0)],
    &[(0.0, 0.0), (0.365_079, 0.0), (0.746_032, 1.0), (1.0, 1.0)],
    &[(0.0, 0.0), (0.746_032, 0.0), (1.0, 1.0)],
];

/// plotly's `Jet` (evenly spaced).
const PLOTLY_JET: [[u8; 3]; 6] = [[0, 0, 131], [0, 60, 170], [5, 255, 255], [255, 255, 0], [250, 0, 0], [128, 0, 0]];

/// plotly's `Hot` as its Python library spaces it: evenly. (plotly.js by name: 0, 0.3, 0.6, 1.)
const PLOTLY_HOT: [[u8; 3]; 4] = [[0, 0, 0], [230, 0, 0], [255, 210, 0], [255, 255, 255]];

impl Colormap {
    /// The number of steps that [`Colormap::stepped`] takes.
    pub const STEPS: std::ops::RangeInclusive<usize> = 2..=1024;

    /// The names of all built-in maps.
    pub fn names() -> Vec<&'static str> {
        tables::TABLES.iter().map(|(name, _)| *name).chain(FORMULA_NAMES).collect()
    }

    /// A built-in map by name, in any case; `gray` is `grey`, and `NAME_r` is `NAME` reversed.
    ///
    /// # Errors
    /// [`Error::Usage`] if there is no such map.
    pub fn named(name: &str) -> Result<Self> {
        let lower = name.trim().to_lowercase();
        let (base, reversed) = lower.strip_suffix(REVERSED).map_or((lower.as_str(), false), |base| (base, true));
        let key = if base == "gray" { "grey" } else { base };
        let Some(stops) = built_in(key) else {
            return Err(Error::Usage(format!(
                "there is no colour map `{name}`; known are {}, each also with _r at its end, or a list such as \
                 \"#00f,#0ff,#f00\"",
                Self::names().join(", ")
            )));
        };
        let map = Self { name: Some(key.to_owned()), stops, steps: None };
        Ok(if reversed { map.reversed() } else { map })
    }

    /// A map through these colours; a jump is written as two of them at one position.
    ///
    /// # Errors
    /// [`Error::Usage`] unless there are two or more and their positions ascend from 0 to 1.
    pub fn through(stops: Vec<(f64, Rgb)>) -> Result<Self> {
        let ascending = stops.windows(2).all(|w| w[0].0 <= w[1].0);
        match (stops.first(), stops.last()) {
            (Some(&(0.0, _)), Some(&(1.0, _))) if ascending => Ok(Self { name: None, stops, steps: None }),
            _ if stops.len() < 2 => Err(Error::Usage("a colour list needs two colours or more".into())),
            _ => Err(Error::Usage("the positions of a colour list must ascend from 0 to 1".into())),
        }
    }

    /// A built-in name or a list of colours: `#00f,#0ff,#f00` (evenly spaced),
    /// `0:#19170a,0.4:#a0522d,1:#cedcfa` (with positions), or as plotly writes it,
    /// `[[0, "rgb(0,0,131)"], [1, "#f00"]]`.
    ///
    /// # Errors
    /// [`Error::Usage`] if it is neither.
    pub fn parse(text: &str) -> Result<Self> {
        if text.contains(['#', ',', '(', '[']) { list::parse(text) } else { Self::named(text) }
    }

    /// The map from its other end.
    pub fn reversed(&self) -> Self {
        let stops = self.stops.iter().rev().map(|&(p, c)| (1.0 - p, c)).collect();
        let name =
            self.name.as_deref().map(|n| n.strip_suffix(REVERSED).map_or(format!("{n}{REVERSED}"), str::to_owned));
        Self { name, stops, steps: self.steps }
    }

    /// The map in `count` (one of [`Colormap::STEPS`]) equal steps, as matplotlib draws every map in 256:
    /// step `i` has the colour at `i / (count - 1)`, and `t` lies in step `int(t * count)`.
    pub fn stepped(&self, count: usize) -> Self {
        Self { steps: Some(count.clamp(*Self::STEPS.start(), *Self::STEPS.end())), ..self.clone() }
    }

    /// The number of steps, if it is drawn in steps.
    pub fn steps(&self) -> Option<usize> {
        self.steps
    }

    /// The colour at `t`, which is clamped to 0..1; the one after a jump.
    pub fn at(&self, t: f64) -> Rgb {
        let t = t.clamp(0.0, 1.0);
        match self.steps {
            Some(count) => self.step((t * count as f64) as usize, count),
            None => self.between(self.stops.partition_point(|s| s.0 <= t), t),
        }
    }

    fn step(&self, i: usize, count: usize) -> Rgb {
        let t = i.min(count - 1) as f64 / (count - 1) as f64;
        self.between(self.stops.partition_point(|s| s.0 <= t), t)
    }

    /// The colours at both ends of the part from `i / parts` to `(i + 1) / parts`; `parts` is a
    /// multiple of the number of steps.
    pub(super) fn ends_of_part(&self, i: usize, parts: usize) -> [Rgb; 2] {
        match self.steps {
            Some(count) => [self.step(i * count / parts, count); 2],
            None => {
                let [from, to] = [i, i + 1].map(|n| n as f64 / parts as f64);
                let before = self.stops.partition_point(|s| s.0 < to);
                [self.at(from), self.between(before, to)]
            }
        }
    }

    /// The colour at `t` on the line that ends at this stop.
    fn between(&self, after: usize, t: f64) -> Rgb {
        let after = after.clamp(1, self.stops.len() - 1);
        let ((p0, c0), (p1, c1)) = (self.stops[after - 1], self.stops[after]);
        let f = if p1 > p0 { ((t - p0) / (p1 - p0)) as f32 } else { 1.0 };
        std::array::from_fn(|i| c0[i] + (c1[i] - c0[i]) * f)
    }
}

impl fmt::Display for Colormap {
    /// As [`Colormap::parse`] reads it, without the number of steps.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => f.write_str(name),
            None => {
                let items: Vec<String> = self.stops.iter().map(|&(p, c)| format!("{p}:{}", list::hex(c))).collect();
                f.write_str(&items.join(","))
            }
        }
    }
}

impl Serialize for Colormap {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.steps {
            Some(steps) => serializer.collect_str(&format_args!("{self} in {steps} steps")),
            None => serializer.collect_str(self),
        }
    }
}

fn built_in(key: &str) -> Option<Vec<(f64, Rgb)>> {
    Some(match key {
        "jet" => stops_of_channels(JET),
        "hot" => stops_of_channels(HOT),
        "grey" => vec![(0.0, [0.0; 3]), (1.0, [1.0; 3])],
        "mayavi" => mayavi_stops(),
        "plotly-jet" => evenly_spaced(&PLOTLY_JET),
        "plotly-hot" => evenly_spaced(&PLOTLY_HOT),
        _ => stops_of_table(tables::TABLES.iter().find(|(known, _)| *known == key)?.1),
    })
}

fn evenly_spaced(colors: &[[u8; 3]]) -> Vec<(f64, Rgb)> {
    let last = (colors.len() - 1) as f64;
    colors.iter().enumerate().map(|(i, c)| (i as f64 / last, c.map(|v| f32::from(v) / 255.0))).collect()
}

fn stops_of_table(hex: &str) -> Vec<(f64, Rgb)> {
    let byte = |i: usize| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).expect("the tables are hexadecimal");
    evenly_spaced(&(0..hex.len() / 6).map(|i| [0, 1, 2].map(|c| byte(3 * i + c))).collect::<Vec<_>>())
}

fn stops_of_channels(channels: [Channel; 3]) -> Vec<(f64, Rgb)> {
    let mut positions: Vec<f64> = channels.iter().flat_map(|c| c.iter().map(|n| n.0)).collect();
    positions.sort_by(f64::total_cmp);
    positions.dedup();
    positions.into_iter().map(|p| (p, channels.map(|c| polyline(c, p)))).collect()
}

/// Mayavi's volume colours: 11 nodes at Chebyshev positions, hue from blue to red, square root of
/// each channel.
fn mayavi_stops() -> Vec<(f64, Rgb)> {
    (0..=10)
        .map(|i| {
            let x = 0.5 * (1.0 + ((10 - i) as f64 * std::f64::consts::PI / 10.0).cos());
            (x, saturated_hue(2.0 / 3.0 * (1.0 - x)).map(f32::sqrt))
        })
        .collect()
}

/// HSV to RGB at full saturation and value; `hue` from 0 to 1.
fn saturated_hue(hue: f64) -> Rgb {
    let ramp = |shift: f64| ((((hue + shift).rem_euclid(1.0) * 6.0 - 3.0).abs() - 1.0).clamp(0.0, 1.0)) as f32;
    [ramp(0.0), ramp(2.0 / 3.0), ramp(1.0 / 3.0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: Rgb, b: [f64; 3]) -> bool {
        (0..3).all(|i| (f64::from(a[i]) - b[i]).abs() < 0.5 / 255.0)
    }

    #[test]
    fn known_colours_of_known_maps() {
        // matplotlib 3.11: colormaps[name](x) at the ends and the middle.
        let at = |name: &str, t: f64| Colormap::named(name).unwrap().at(t);
        assert!(close(at("viridis", 0.0), [0.267004, 0.004874, 0.329415]));
        assert!(close(at("viridis", 1.0), [0.993248, 0.906157, 0.143936]));
        assert!(close(at("jet", 0.0), [0.0, 0.0, 0.5]));
        assert!(close(at("jet", 0.5), [0.4838, 1.0, 0.4838]));
        assert!(close(at("hot", 0.746_032), [1.0, 1.0, 0.0]));
        assert!(close(at("coolwarm", 0.0), [0.2298, 0.2987, 0.7537]));
        assert!(close(at("mayavi", 0.0), [0.0, 0.0, 1.0]));
        assert!(close(at("mayavi", 1.0), [1.0, 0.0, 0.0]));
        assert!(close(at("gray", 0.25), [0.25; 3]));
    }

    #[test]
    fn every_name_gives_a_map_within_the_display() {
        for name in Colormap::names() {
            let map = Colormap::named(name).unwrap();
            for i in 0..=1000 {
                assert!(map.at(f64::from(i) / 1000.0).iter().all(|c| (0.0..=1.0).contains(c)), "{name}");
            }
        }
        assert!(Colormap::named("rainbow-unicorn").is_err());
    }

    #[test]
    fn mayavis_hue_runs_blue_cyan_green_yellow_red() {
        for (hue, rgb) in [(0.0, [1.0, 0.0, 0.0]), (1.0 / 6.0, [1.0, 1.0, 0.0]), (1.0 / 3.0, [0.0, 1.0, 0.0])] {
            assert!(close(saturated_hue(hue), rgb), "{hue}");
        }
        assert!(close(saturated_hue(0.5), [0.0, 1.0, 1.0]) && close(saturated_hue(2.0 / 3.0), [0.0, 0.0, 1.0]));
    }

    /// matplotlib 3.11.2: `from_list(name, colors, N)(x)`, `colormaps[name](x)`, at these x.
    #[test]
    fn steps_are_matplotlibs() {
        const X: [f64; 11] = [0.0, 0.001, 0.00390625, 0.004, 0.25, 0.3333, 0.499, 0.5, 0.7301, 0.999, 1.0];
        let list = Colormap::parse("#0000ff,#00ffff,#ff0000").unwrap().stepped(256);
        let eight = Colormap::parse("0:#19170a,0.4:#a0522d,1:#cedcfa").unwrap().stepped(8);
        let named = |name: &str| Colormap::named(name).unwrap().stepped(256);
        for (map, recorded) in [
            (list, LIST_256),
            (eight.clone(), LIST_8),
            (eight.reversed(), LIST_8_REVERSED),
            (named("jet"), JET_256),
            (named("viridis"), VIRIDIS),
            (named("hot_r"), HOT_R_256),
        ] {
            for (x, wanted) in std::iter::zip(X, recorded) {
                let found = map.at(x);
                assert!(
                    (0..3).all(|c| (f64::from(found[c]) - wanted[c]).abs() < 2e-3),
                    "{map} {x}: {found:?} {wanted:?}"
                );
            }
        }
    }
    const LIST_256: [[f64; 3]; 11] = [
        [0.0, 0.0, 1.0],
        [0.0, 0.0, 1.0],
        [0.0, 0.0078, 1.0],
        [0.0, 0.0078, 1.0],
        [0.0, 0.502, 1.0],
        [0.0, 0.6667, 1.0],
        [0.0, 0.9961, 1.0],
        [0.0039, 0.9961, 0.9961],
        [0.4588, 0.5412, 0.5412],
        [1.0, 0.0, 0.0],
        [1.0, 0.0, 0.0],
    ];
    const LIST_8: [[f64; 3]; 11] = [
        [0.098, 0.0902, 0.0392],
        [0.098, 0.0902, 0.0392],
        [0.098, 0.0902, 0.0392],
        [0.098, 0.0902, 0.0392],
        [0.4762, 0.2555, 0.1373],
        [0.4762, 0.2555, 0.1373],
        [0.636, 0.3473, 0.2148],
        [0.679, 0.4762, 0.4062],
        [0.7219, 0.605, 0.5976],
        [0.8078, 0.8627, 0.9804],
        [0.8078, 0.8627, 0.9804],
    ];
    const LIST_8_REVERSED: [[f64; 3]; 11] = [
        [0.8078, 0.8627, 0.9804],
        [0.8078, 0.8627, 0.9804],
        [0.8078, 0.8627, 0.9804],
        [0.8078, 0.8627, 0.9804],
        [0.7219, 0.605, 0.5976],
        [0.7219, 0.605, 0.5976],
        [0.679, 0.4762, 0.4062],
        [0.636, 0.3473, 0.2148],
        [0.4762, 0.2555, 0.1373],
        [0.098, 0.0902, 0.0392],
        [0.098, 0.0902, 0.0392],
    ];
    const JET_256: [[f64; 3]; 11] = [
        [0.0, 0.0, 0.5],
        [0.0, 0.0, 0.5],
        [0.0, 0.0, 0.5178],
        [0.0, 0.0, 0.5178],
        [0.0, 0.5039, 1.0],
        [0.0, 0.8333, 1.0],
        [0.4775, 1.0, 0.4902],
        [0.4902, 1.0, 0.4775],
        [1.0, 0.6688, 0.0],
        [0.5, 0.0, 0.0],
        [0.5, 0.0, 0.0],
    ];
    const VIRIDIS: [[f64; 3]; 11] = [
        [0.267, 0.0049, 0.3294],
        [0.267, 0.0049, 0.3294],
        [0.2685, 0.0096, 0.3354],
        [0.2685, 0.0096, 0.3354],
        [0.2297, 0.3224, 0.5457],
        [0.1906, 0.4071, 0.5561],
        [0.1287, 0.5633, 0.5512],
        [0.1276, 0.5669, 0.5506],
        [0.3198, 0.7709, 0.4112],
        [0.9932, 0.9062, 0.1439],
        [0.9932, 0.9062, 0.1439],
    ];
    const HOT_R_256: [[f64; 3]; 11] = [
        [1.0, 1.0, 1.0],
        [1.0, 1.0, 1.0],
        [1.0, 1.0, 0.9846],
        [1.0, 1.0, 0.9846],
        [1.0, 1.0, 0.0118],
        [1.0, 0.7917, 0.0],
        [1.0, 0.3593, 0.0],
        [1.0, 0.349, 0.0],
        [0.7519, 0.0, 0.0],
        [0.0416, 0.0, 0.0],
        [0.0416, 0.0, 0.0],
    ];

    /// plotly 7.1.0: its positions and colours; `rgb` in between is theirs rounded.
    #[test]
    fn plotlys_maps_are_plotlys() {
        let at = |name: &str, t: f64| Colormap::named(name).unwrap().at(t).map(|v| (v * 255.0).round());
        assert_eq!(at("plotly-jet", 0.0), [0.0, 0.0, 131.0]);
        assert_eq!(at("plotly-jet", 0.4), [5.0, 255.0, 255.0]);
        assert_eq!(at("plotly-jet", 0.5), [130.0, 255.0, 128.0]);
        assert_eq!(at("plotly-hot", 1.0 / 3.0), [230.0, 0.0, 0.0]);
        assert_eq!(at("plotly-hot", 0.5), [243.0, 105.0, 0.0]);
    }

    #[test]
    fn a_reversed_map_knows_its_name_and_comes_back() {
        let map = Colormap::named("viridis").unwrap();
        assert_eq!(map.reversed().to_string(), "viridis_r");
        assert_eq!(Colormap::named("Viridis_r").unwrap(), map.reversed());
        assert_eq!(map.reversed().reversed().to_string(), "viridis");
        assert!(close(map.reversed().at(0.25), map.at(0.75).map(f64::from)));
    }
}
