//! From density to colour and opacity: the only source of colour for volume, points, heat map and
//! colour bar.

mod tables;

use crate::error::{Error, Result};

/// Red, green, blue in display (non-linear sRGB) values, 0 to 1.
pub type Rgb = [f32; 3];

/// A colour map: colours at ascending positions from 0 to 1, linear in display RGB in between.
#[derive(Debug, Clone, PartialEq)]
pub struct Colormap {
    name: String,
    stops: Vec<(f64, Rgb)>,
}

/// Names other than those of the tables that [`Colormap::named`] knows.
const FORMULA_NAMES: [&str; 4] = ["jet", "hot", "grey", "mayavi"];

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

impl Colormap {
    /// The names of all built-in maps.
    pub fn names() -> Vec<&'static str> {
        tables::TABLES.iter().map(|(name, _)| *name).chain(FORMULA_NAMES).collect()
    }

    /// A built-in map by name, in any case; `gray` is `grey`.
    ///
    /// # Errors
    /// [`Error::Usage`] if there is no such map.
    pub fn named(name: &str) -> Result<Self> {
        let lower = name.trim().to_lowercase();
        let key = if lower == "gray" { "grey" } else { lower.as_str() };
        let stops = match key {
            "jet" => stops_of_channels(JET),
            "hot" => stops_of_channels(HOT),
            "grey" => vec![(0.0, [0.0; 3]), (1.0, [1.0; 3])],
            "mayavi" => mayavi_stops(),
            _ => match tables::TABLES.iter().find(|(known, _)| *known == key) {
                Some((_, hex)) => stops_of_table(hex),
                None => {
                    return Err(Error::Usage(format!(
                        "there is no colour map `{name}`; known are {}, or a list such as \"#00f,#0ff,#f00\"",
                        Self::names().join(", ")
                    )));
                }
            },
        };
        Ok(Self { name: key.to_owned(), stops })
    }

    /// A built-in name, or a list of two or more colours: `#00f,#0ff,#f00` (evenly spaced) or
    /// `0:#19170a,0.4:#a0522d,1:#cedcfa` (ascending positions from 0 to 1).
    ///
    /// # Errors
    /// [`Error::Usage`] if it is neither.
    pub fn parse(text: &str) -> Result<Self> {
        if !text.contains('#') {
            return Self::named(text);
        }
        let items: Vec<&str> = text.split(',').map(str::trim).collect();
        let wrong = |what: &str| Error::Usage(format!("colour list `{text}`: {what}"));
        if items.len() < 2 {
            return Err(wrong("at least two colours are needed"));
        }
        let mut stops = Vec::with_capacity(items.len());
        for (i, item) in items.iter().enumerate() {
            let (position, color) = match item.split_once(':') {
                Some((p, c)) => (p.trim().parse().map_err(|_| wrong(&format!("`{p}` is no number")))?, c.trim()),
                None => (i as f64 / (items.len() - 1) as f64, *item),
            };
            stops.push((position, parse_color(color)?));
        }
        let ascending = stops.windows(2).all(|w| w[0].0 < w[1].0);
        if !ascending || stops[0].0 != 0.0 || stops[stops.len() - 1].0 != 1.0 {
            return Err(wrong("positions must ascend from 0 to 1"));
        }
        Ok(Self { name: "custom".into(), stops })
    }

    /// The name it was asked for by; `custom` for a list of colours.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The map from its other end.
    pub fn reversed(&self) -> Self {
        let stops = self.stops.iter().rev().map(|&(p, c)| (1.0 - p, c)).collect();
        Self { name: self.name.clone(), stops }
    }

    /// The colour at `t`, which is clamped to 0..1.
    pub fn at(&self, t: f64) -> Rgb {
        let t = t.clamp(0.0, 1.0);
        let after = self.stops.partition_point(|s| s.0 < t).clamp(1, self.stops.len() - 1);
        let ((p0, c0), (p1, c1)) = (self.stops[after - 1], self.stops[after]);
        let f = ((t - p0) / (p1 - p0)) as f32;
        std::array::from_fn(|i| c0[i] + (c1[i] - c0[i]) * f)
    }
}

/// Reads `#rgb`, `#rrggbb`, `white`, `black`, `grey`.
///
/// # Errors
/// [`Error::Usage`] if it is none of them.
pub fn parse_color(text: &str) -> Result<Rgb> {
    let hex = match text.trim().to_lowercase().as_str() {
        "white" => "ffffff".to_owned(),
        "black" => "000000".to_owned(),
        "grey" | "gray" => "808080".to_owned(),
        other => other.strip_prefix('#').unwrap_or("").to_owned(),
    };
    let digits: Option<Vec<u32>> = hex.chars().map(|c| c.to_digit(16)).collect();
    match digits.as_deref() {
        Some(&[r, g, b]) => Ok([r, g, b].map(|d| (d * 17) as f32 / 255.0)),
        Some(&[r1, r0, g1, g0, b1, b0]) => Ok([r1 * 16 + r0, g1 * 16 + g0, b1 * 16 + b0].map(|d| d as f32 / 255.0)),
        _ => Err(Error::Usage(format!("`{text}` is no colour; write #rgb, #rrggbb, white, black or grey"))),
    }
}

fn stops_of_table(hex: &str) -> Vec<(f64, Rgb)> {
    let byte = |i: usize| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).expect("the tables are hexadecimal");
    let n = hex.len() / 6;
    (0..n).map(|i| (i as f64 / (n - 1) as f64, [0, 1, 2].map(|c| f32::from(byte(3 * i + c)) / 255.0))).collect()
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

/// The value at `x` of the polyline through `nodes`, which ascend; constant outside.
fn polyline(nodes: &[(f64, f32)], x: f64) -> f32 {
    let after = nodes.partition_point(|n| n.0 < x).clamp(1, nodes.len() - 1);
    let ((x0, y0), (x1, y1)) = (nodes[after - 1], nodes[after]);
    y0 + (y1 - y0) * ((x - x0) / (x1 - x0)).clamp(0.0, 1.0) as f32
}

/// Opacity against the position in the limits: control points (t, opacity), both 0 to 1 and t
/// ascending; linear in between, constant outside. The opacity is that of a layer one reference
/// length thick.
#[derive(Debug, Clone, PartialEq)]
pub struct OpacityCurve(Vec<(f64, f32)>);

/// Opacity 1 would need infinite extinction: a layer lets at least this share through.
const LEAST_TRANSMITTANCE: f32 = 1e-6;

impl OpacityCurve {
    /// A curve through `points`.
    ///
    /// # Errors
    /// [`Error::Usage`] unless there are two points or more, positions ascend within 0..1 and
    /// opacities lie in 0..1.
    pub fn new(points: Vec<(f64, f32)>) -> Result<Self> {
        let inside = points.iter().all(|(t, a)| (0.0..=1.0).contains(t) && (0.0..=1.0).contains(a));
        if points.len() < 2 || !inside || !points.windows(2).all(|w| w[0].0 < w[1].0) {
            return Err(Error::Usage(
                "an opacity curve needs two points or more, positions ascending from 0 to 1 and opacities from 0 to 1, \
                 such as 0:0,1:0.8"
                    .into(),
            ));
        }
        Ok(Self(points))
    }

    /// Reads `0:0,0.5:0.1,1:0.8`.
    ///
    /// # Errors
    /// As [`OpacityCurve::new`], and for what is no number.
    pub fn parse(text: &str) -> Result<Self> {
        let number =
            |s: &str| s.trim().parse::<f64>().map_err(|_| Error::Usage(format!("opacity curve: `{s}` is no number")));
        let points: Result<Vec<_>> = text
            .split(',')
            .map(|item| {
                let (t, a) = item.split_once(':').ok_or_else(|| {
                    Error::Usage(format!("opacity curve: `{item}` is not of the form position:opacity"))
                })?;
                Ok((number(t)?, number(a)? as f32))
            })
            .collect();
        Self::new(points?)
    }

    /// Opacity of a layer one reference length thick.
    pub fn at(&self, t: f64) -> f32 {
        polyline(&self.0, t)
    }

    /// The largest opacity anywhere.
    pub fn max(&self) -> f32 {
        self.0.iter().fold(0.0, |m, p| m.max(p.1))
    }
}

/// What a density looks like: limits, colours, opacity.
#[derive(Debug, Clone, PartialEq)]
pub struct TransferFunction {
    /// Colours from `limits[0]` to `limits[1]`; constant outside.
    pub colormap: Colormap,
    /// vmin and vmax, in the unit of the density; `limits[0] <= limits[1]`. Where they are equal,
    /// values of at least the limit are at 1 and all others at 0.
    pub limits: [f64; 2],
    /// Opacity of a layer of `reference_length`.
    pub opacity: OpacityCurve,
    /// Thickness of the layer that `opacity` speaks of, in the unit of length of the data.
    pub reference_length: f64,
}

impl TransferFunction {
    /// Where `value` lies in the limits, 0 to 1.
    pub fn position(&self, value: f64) -> f64 {
        let [vmin, vmax] = self.limits;
        if vmax > vmin { ((value - vmin) / (vmax - vmin)).clamp(0.0, 1.0) } else { f64::from(value >= vmax) }
    }
}

/// Colour and extinction at evenly spaced positions from 0 to 1, read with linear interpolation:
/// what volume, points and colour bar look up.
#[derive(Debug, Clone, PartialEq)]
pub struct LookupTable {
    /// Red, green, blue (display values, 0 to 1) and extinction per reference length (0 or more).
    pub entries: Vec<[f32; 4]>,
}

impl LookupTable {
    /// Number of entries: 16 a step of a 256-colour table, whose nodes are met exactly.
    pub const LEN: usize = 255 * 16 + 1;

    /// Tabulates a transfer function.
    pub fn new(function: &TransferFunction) -> Self {
        let entries = (0..Self::LEN)
            .map(|i| {
                let t = i as f64 / (Self::LEN - 1) as f64;
                let [r, g, b] = function.colormap.at(t);
                [r, g, b, -(1.0 - function.opacity.at(t)).max(LEAST_TRANSMITTANCE).ln()]
            })
            .collect();
        Self { entries }
    }

    /// Colour and extinction at `t`, which is clamped to 0..1.
    pub fn at(&self, t: f64) -> [f32; 4] {
        let last = self.entries.len() - 1;
        let x = t.clamp(0.0, 1.0) * last as f64;
        let low = (x as usize).min(last - 1);
        let f = (x - low as f64) as f32;
        std::array::from_fn(|c| self.entries[low][c] + (self.entries[low + 1][c] - self.entries[low][c]) * f)
    }
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

    #[test]
    fn colour_lists_are_read_and_wrong_ones_refused() {
        let map = Colormap::parse("0:#000, 0.25:#f00, 1:#ffffff").unwrap();
        assert!(close(map.at(0.125), [0.5, 0.0, 0.0]));
        assert!(close(map.reversed().at(0.75), [1.0, 0.0, 0.0]));
        for bad in ["#f00", "#f00,#12", "0.1:#f00,1:#0f0", "0:#f00,0:#0f0,1:#00f", "x:#f00,1:#0f0"] {
            assert!(Colormap::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_table_is_the_function() {
        let f = TransferFunction {
            colormap: Colormap::named("mayavi").unwrap(),
            limits: [0.0, 1.0],
            opacity: OpacityCurve::parse("0:0,1:0.2").unwrap(),
            reference_length: 1.0,
        };
        let table = LookupTable::new(&f);
        for i in 0..=977 {
            let t = f64::from(i) / 977.0;
            let [r, g, b, e] = table.at(t);
            let rgb = f.colormap.at(t);
            assert!((0..3).all(|c| ([r, g, b][c] - rgb[c]).abs() < 1e-3), "{t}");
            assert!((f64::from(e) + (1.0 - 0.2 * t).ln()).abs() < 1e-6, "{t}");
        }
    }

    #[test]
    fn equal_limits_are_a_step_and_never_a_nan() {
        let f = TransferFunction {
            colormap: Colormap::named("grey").unwrap(),
            limits: [2.0, 2.0],
            opacity: OpacityCurve::parse("0:0,1:1").unwrap(),
            reference_length: 1.0,
        };
        assert_eq!([1.9, 2.0, 2.1].map(|v| f.position(v)), [0.0, 1.0, 1.0]);
        assert!(LookupTable::new(&f).entries.iter().flatten().all(|v| v.is_finite()));
    }
}
