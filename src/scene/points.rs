//! Points drawn as spheres.

use std::sync::Arc;

use glam::DVec3;
use serde::Serialize;

use crate::color::{Colormap, OpacityCurve, Rgb, Scale, TransferFunction};
use crate::error::{Error, Result};

/// Points drawn as opaque spheres, each in the colour of its own density: that of the scene's limits and
/// colour map, as the volume's and the colour bar's.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PointLayer {
    /// The centres, in the unit of the data. Those that are not finite are not drawn.
    #[serde(skip)]
    pub positions: Arc<Vec<DVec3>>,
    /// The density at each of them, in the unit of the grid; what is not finite counts as its smallest
    /// value.
    #[serde(skip)]
    pub values: Arc<Vec<f64>>,
    /// What colours them instead of their density.
    pub colors: Option<PointColors>,
    /// What diameters grow with instead of the density, one number a point.
    #[serde(skip)]
    pub sizes: Option<Arc<Vec<f64>>>,
    /// How large they are. Whatever is smaller than a pixel is drawn as one.
    pub diameter: Diameter,
    /// Which of several spheres on one pixel is seen.
    pub order: PointOrder,
    /// Opacity of a sphere, above 0 to 1, whatever its thickness. Translucent ones (below 1) are drawn by depth, in as
    /// many rounds as lie one behind another until nothing is seen through them.
    pub opacity: f64,
    /// Whether spheres are darker towards their rim; otherwise they are discs of the very colours of
    /// the map.
    pub shaded: bool,
    /// Whether edges are smoothed by four samples a pixel, which take four times as long.
    pub antialias: bool,
}

/// Colours of points that are not those of their density.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PointColors {
    /// What is coloured, one number a point; of categories their number, from 0.
    #[serde(skip)]
    pub values: Arc<Vec<f64>>,
    /// Limits and colour map; its opacity is not used.
    pub transfer: TransferFunction,
    /// What is written beside the picture.
    pub key: ColorKey,
}

/// What tells the meaning of the colours of points.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ColorKey {
    /// Nothing: all have one colour.
    Constant,
    /// A legend of these names.
    Categories(Vec<String>),
    /// A colour bar of this name.
    Column(String),
    /// The colour bars of the scene's densities: each point has the colour of its own density.
    Densities,
}

impl PointColors {
    /// All points in one colour.
    pub fn constant(n: usize, color: Rgb) -> Self {
        let colormap = Colormap::through(vec![(0.0, color), (1.0, color)]).expect("two stops");
        Self { values: Arc::new(vec![0.0; n]), transfer: opaque(colormap, [0.0, 1.0]), key: ColorKey::Constant }
    }

    /// Each point in the colour of its category; `codes` are indices of `categories`.
    pub fn categories(codes: &[u32], categories: Vec<(String, Rgb)>) -> Self {
        let n = categories.len().max(1);
        let mut stops = Vec::new();
        for (i, (_, color)) in categories.iter().enumerate() {
            stops.extend([i, i + 1].map(|edge| (edge as f64 / n as f64, *color)));
        }
        let colormap = Colormap::through(stops).unwrap_or_else(|_| Colormap::named("grey").expect("built in"));
        Self {
            values: Arc::new(codes.iter().map(|&c| f64::from(c)).collect()),
            // Each in the middle of its stripe.
            transfer: opaque(colormap, [-0.5, n as f64 - 0.5]),
            key: ColorKey::Categories(categories.into_iter().map(|c| c.0).collect()),
        }
    }

    /// Points of several densities, each in the colours that its limits and map give it; `of` has the values of the points of
    /// each, in the order of the points. What is coloured is the number of the density and the position in its limits.
    pub fn of_densities(of: &[(&TransferFunction, &[f64])]) -> Self {
        let count = of.len().max(1) as f64;
        let stop = |n: usize, k: usize, map: &Colormap| {
            let t = k as f64 / (STOPS - 1) as f64;
            ((n as f64 + t) / count, map.at(t))
        };
        let maps = of.iter().enumerate();
        let stops =
            maps.flat_map(|(n, (transfer, _))| (0..STOPS).map(move |k| stop(n, k, &transfer.colormap))).collect();
        let colormap = Colormap::through(stops).unwrap_or_else(|_| Colormap::named("grey").expect("built in"));
        let place = |n: usize, transfer: &TransferFunction, value: f64| {
            let position = transfer.position(value);
            n as f64 + if position.is_finite() { position.min(END_OF_MAP) } else { 0.0 }
        };
        let places = of
            .iter()
            .enumerate()
            .flat_map(|(n, (transfer, values))| values.iter().map(move |v| place(n, transfer, *v)));
        Self { values: Arc::new(places.collect()), transfer: opaque(colormap, [0.0, count]), key: ColorKey::Densities }
    }

    /// Points coloured by numbers from their least to their largest.
    pub fn column(values: Arc<Vec<f64>>, name: String, colormap: Colormap) -> Self {
        let finite = values.iter().copied().filter(|v| v.is_finite());
        let (min, max) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
        let limits = if min <= max { [min, max] } else { [0.0, 1.0] };
        Self { values, transfer: opaque(colormap, limits), key: ColorKey::Column(name) }
    }
}

/// Colours that a map is taken over by.
const STOPS: usize = 256;

/// Where a density's colours end before those of the next: a step of 19 bits where there are four.
const END_OF_MAP: f64 = 1.0 - 1e-4;

fn opaque(colormap: Colormap, limits: [f64; 2]) -> TransferFunction {
    let opacity = OpacityCurve::new(vec![(0.0, 1.0), (1.0, 1.0)]).expect("built in");
    TransferFunction { colormap, limits, scale: Scale::Linear, opacity, reference_length: 1.0 }
}

/// How large the spheres are, in the unit of length of the data.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Diameter {
    /// All equal (Mayavi's `scale_mode` none).
    Uniform(f64),
    /// This length times the density (Mayavi's `scale_mode` scalar with a `scale_factor`).
    Proportional(f64),
    /// From 0 at the smallest density of the points to this at their largest (Mayavi's `scale_mode`
    /// scalar without a `scale_factor`).
    Ranged(f64),
    /// All equal in the picture: so many pixels, near or far.
    Pixels(f64),
}

/// Which of several spheres on one pixel is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PointOrder {
    /// The nearest one.
    Depth,
    /// The one of the highest density, wherever it lies: what is dense shows through, as in a
    /// scatter plot that is sorted by density.
    Density,
}

impl PointLayer {
    /// The least opacity of a point: some 700 of them one behind another hide what is behind.
    pub const LEAST_OPACITY: f64 = 0.01;

    /// The same, of every `k`-th point only, beginning with the first.
    ///
    /// # Panics
    /// If `k` is 0.
    pub fn every(self, k: usize) -> Self {
        Self {
            positions: Arc::new(self.positions.iter().copied().step_by(k).collect()),
            values: Arc::new(self.values.iter().copied().step_by(k).collect()),
            sizes: self.sizes.map(|sizes| Arc::new(sizes.iter().copied().step_by(k).collect())),
            colors: self
                .colors
                .map(|c| PointColors { values: Arc::new(c.values.iter().copied().step_by(k).collect()), ..c }),
            ..self
        }
    }

    /// Whether what lies behind a point is seen.
    pub fn is_translucent(&self) -> bool {
        self.opacity < 1.0
    }

    /// Points one behind another through which nothing is seen any more, to 1/1024.
    pub fn most_layers(&self) -> u64 {
        if self.is_translucent() { (1024_f64.ln() / -(-self.opacity).ln_1p()).ceil() as u64 } else { 1 }
    }

    /// The number of the scene's density whose point this is, and its place among the points of that.
    pub fn density_of(&self, point: usize) -> (usize, usize) {
        let colors = self.colors.as_ref().filter(|colors| colors.key == ColorKey::Densities);
        let Some(colors) = colors else { return (0, point) };
        let number = |value: f64| value.floor() as usize;
        let n = number(colors.values[point]);
        (n, point - colors.values.partition_point(|value| number(*value) < n))
    }

    /// What diameters grow with.
    pub fn sizes(&self) -> &Arc<Vec<f64>> {
        self.sizes.as_ref().unwrap_or(&self.values)
    }

    /// Checks that the points can be drawn.
    ///
    /// # Errors
    /// [`Error::Usage`] unless there is one value a position and the diameter is 0 or more.
    pub fn validate(&self) -> Result<()> {
        let lengths = [Some(&self.values), self.sizes.as_ref(), self.colors.as_ref().map(|c| &c.values)];
        if lengths.into_iter().flatten().any(|values| values.len() != self.positions.len()) {
            return Err(Error::Usage(format!(
                "{} points have {} densities, or other numbers to be coloured or sized by; one a point is needed",
                self.positions.len(),
                self.values.len()
            )));
        }
        if !(self.opacity >= Self::LEAST_OPACITY && self.opacity <= 1.0) {
            let (opacity, least) = (self.opacity, Self::LEAST_OPACITY);
            return Err(Error::Usage(format!(
                "points of opacity {opacity} cannot be drawn; it lies from {least} to 1"
            )));
        }
        if self.is_translucent() && self.order != PointOrder::Depth {
            return Err(Error::Usage("translucent points are drawn in the order of their depth".into()));
        }
        let d = self.diameter.length();
        if !(d >= 0.0 && d.is_finite()) {
            return Err(Error::Usage(format!("points of diameter {d} cannot be drawn; it must be 0 or more")));
        }
        Ok(())
    }
}

impl Diameter {
    /// The diameter or the factor it names.
    pub fn length(self) -> f64 {
        let (Self::Uniform(d) | Self::Proportional(d) | Self::Ranged(d) | Self::Pixels(d)) = self;
        d
    }

    /// Offset and slope of the diameter as a function of the density, for points of these densities.
    pub fn by_value(self, values: &[f64]) -> [f64; 2] {
        match self {
            Self::Uniform(d) | Self::Pixels(d) => [d, 0.0],
            Self::Proportional(factor) => [0.0, factor],
            Self::Ranged(largest) => {
                let finite = values.iter().filter(|v| v.is_finite());
                let (min, max) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &v| (a.min(v), b.max(v)));
                if max > min { [-largest * min / (max - min), largest / (max - min)] } else { [largest, 0.0] }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches: a value in the limits of another density, the first colour of the next map at the end of one, a point that is told
    /// as another density's.
    #[test]
    fn points_of_several_densities_have_the_colours_of_their_own() {
        let red = opaque(Colormap::parse("#000,#f00").unwrap(), [0.0, 2.0]);
        let green = opaque(Colormap::parse("#fff,#0f0").unwrap(), [10.0, 20.0]);
        let values: [&[f64]; 2] = [&[1.0, 2.0, 9.0], &[10.0, f64::NAN, 20.0]];
        let colors = PointColors::of_densities(&[(&red, values[0]), (&green, values[1])]);
        let table = crate::color::LookupTable::new(&colors.transfer);
        let shown: Vec<[f32; 3]> =
            colors.values.iter().map(|v| table.at(colors.transfer.position(*v))).map(|c| [c[0], c[1], c[2]]).collect();
        let wanted = [[0.5, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0; 3], [1.0; 3], [0.0, 1.0, 0.0]];
        for (n, (shown, wanted)) in std::iter::zip(&shown, wanted).enumerate() {
            assert!((0..3).all(|c| (shown[c] - wanted[c]).abs() < 2e-3), "{n}: {shown:?} {wanted:?}");
        }
        let layer = PointLayer {
            positions: Arc::new(vec![DVec3::ZERO; 6]),
            values: Arc::new(values.concat()),
            colors: Some(colors),
            sizes: None,
            diameter: Diameter::Uniform(1.0),
            order: PointOrder::Depth,
            opacity: 1.0,
            shaded: false,
            antialias: false,
        };
        assert_eq!([0, 2, 3, 5].map(|n| layer.density_of(n)), [(0, 0), (0, 2), (1, 0), (1, 2)]);
    }

    #[test]
    fn diameters_by_density_are_mayavis() {
        let values = [2.0, f64::NAN, 6.0, 3.0];
        let at = |d: Diameter, value: f64| {
            let [offset, slope] = d.by_value(&values);
            offset + slope * value
        };
        for (diameter, value, expected) in [
            (Diameter::Uniform(0.3), 2.0, 0.3),
            (Diameter::Uniform(0.3), 6.0, 0.3),
            (Diameter::Proportional(0.5), 2.0, 1.0),
            (Diameter::Proportional(0.5), 6.0, 3.0),
            (Diameter::Ranged(0.4), 2.0, 0.0),
            (Diameter::Ranged(0.4), 3.0, 0.1),
            (Diameter::Ranged(0.4), 6.0, 0.4),
        ] {
            assert!((at(diameter, value) - expected).abs() < 1e-12, "{diameter:?} at {value}");
        }
        assert_eq!(Diameter::Ranged(0.4).by_value(&[1.0, 1.0]), [0.4, 0.0]);
    }
}
