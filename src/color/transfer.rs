//! What a density looks like.

use serde::Serialize;

use super::{Colormap, OpacityCurve};

/// How positions in the limits grow with the density.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// Evenly.
    #[default]
    Linear,
    /// Evenly for each power of ten; both limits must be above 0.
    Log,
    /// As the square root: low densities have more room. Limits of 0 or more.
    Sqrt,
}

impl Scale {
    /// What grows evenly with the position. Values that the scale has no place for come before all others.
    pub fn of(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            Self::Log => value.max(0.0).ln(),
            Self::Sqrt => value.max(0.0).sqrt(),
        }
    }
}

/// What a density looks like: limits, colours, opacity.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct TransferFunction {
    /// Colours from `limits[0]` to `limits[1]`; constant outside.
    pub colormap: Colormap,
    /// vmin and vmax, in the unit of the density; `limits[0] <= limits[1]`. Where they are equal,
    /// values of at least the limit are at 1 and all others at 0.
    pub limits: [f64; 2],
    /// What lies between the limits.
    pub scale: Scale,
    /// Opacity of a layer of `reference_length`.
    pub opacity: OpacityCurve,
    /// Thickness of the layer that `opacity` speaks of, in the unit of length of the data.
    pub reference_length: f64,
}

impl TransferFunction {
    /// Where `value` lies in the limits, 0 to 1; that of NaN is NaN.
    pub fn position(&self, value: f64) -> f64 {
        let [vmin, vmax] = self.limits;
        if vmax <= vmin {
            return f64::from(value >= vmax);
        }
        let [low, high, at] = [vmin, vmax, value].map(|v| self.scale.of(v));
        ((at - low) / (high - low)).clamp(0.0, 1.0)
    }

    /// [`TransferFunction::position`] for many values.
    pub fn positions(&self) -> impl Fn(f64) -> f64 + use<> {
        let ([vmin, vmax], scale) = (self.limits, self.scale);
        let (low, high) = (scale.of(vmin), scale.of(vmax));
        let per_value = 1.0 / (high - low);
        move |value| match vmax <= vmin {
            true => f64::from(value >= vmax),
            false => ((scale.of(value) - low) * per_value).clamp(0.0, 1.0),
        }
    }

    /// Lets values below `level` fade out, in proportion to their share of it.
    pub fn fade_below(&mut self, level: f64) {
        let weight = |t: f64| (self.value_at(t) / level).clamp(0.0, 1.0);
        self.opacity = self.opacity.clone().weighted(weight, self.position(level));
    }

    /// The value at a position from 0 to 1.
    pub fn value_at(&self, t: f64) -> f64 {
        let [low, high] = self.limits.map(|v| self.scale.of(v));
        let at = low + t * (high - low);
        match self.scale {
            Scale::Linear => at,
            Scale::Log => at.exp(),
            Scale::Sqrt => at * at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::color::LookupTable;

    #[test]
    fn what_is_below_a_level_fades_on_every_scale() {
        for scale in [Scale::Linear, Scale::Log, Scale::Sqrt] {
            let mut function = grey([0.5, 8.0], scale);
            let before = function.clone();
            function.fade_below(2.0);
            for value in [0.5, 0.7, 1.3, 1.99, 2.0, 2.5, 4.0, 8.0] {
                let [old, new] = [&before, &function].map(|f| f64::from(f.opacity.at(f.position(value))));
                let expected = old * (value / 2.0_f64).min(1.0);
                assert!((new - expected).abs() < 2e-3, "{scale:?} {value}: {new} {expected}");
            }
            // A level that no value lies below changes nothing.
            let mut untouched = before.clone();
            untouched.fade_below(0.1);
            assert!([0.5, 3.0, 8.0].iter().all(|v| {
                let t = before.position(*v);
                (untouched.opacity.at(t) - before.opacity.at(t)).abs() < 1e-6
            }));
        }
    }

    fn grey(limits: [f64; 2], scale: Scale) -> TransferFunction {
        TransferFunction {
            colormap: Colormap::named("grey").unwrap(),
            limits,
            scale,
            opacity: OpacityCurve::parse("0:0,1:1").unwrap(),
            reference_length: 1.0,
        }
    }

    #[test]
    fn equal_limits_are_a_step_and_never_a_nan() {
        let f = grey([2.0, 2.0], Scale::Linear);
        assert_eq!([1.9, 2.0, 2.1].map(|v| f.position(v)), [0.0, 1.0, 1.0]);
        assert!(LookupTable::new(&f).parts.iter().flatten().flatten().all(|v| v.is_finite()));
    }

    #[test]
    fn scales_put_values_where_they_belong() {
        let at = |scale, limits, v| grey(limits, scale).position(v);
        for (scale, limits, value, expected) in [
            (Scale::Linear, [1.0, 5.0], 2.0, 0.25),
            (Scale::Log, [1e-4, 1.0], 1e-3, 0.25),
            (Scale::Log, [1e-4, 1.0], 0.0, 0.0),
            (Scale::Log, [1e-4, 1.0], -1.0, 0.0),
            (Scale::Sqrt, [0.0, 4.0], 1.0, 0.5),
            (Scale::Sqrt, [0.0, 4.0], -1.0, 0.0),
            (Scale::Sqrt, [1.0, 9.0], 4.0, 0.5),
        ] {
            assert!((at(scale, limits, value) - expected).abs() < 1e-12, "{scale:?} {limits:?} {value}");
            let back = grey(limits, scale).value_at(expected);
            assert!((back - value).abs() < 1e-12 || [0.0, 1.0].contains(&expected), "{scale:?} {limits:?} {value}");
        }
    }

    /// Catches: a factor to the opacity, by which two layers are not one of twice the thickness.
    #[test]
    fn a_factor_is_one_to_the_optical_depth() {
        let curve = OpacityCurve::parse("0:0,1:0.75").unwrap();
        let half = curve.clone().times(0.5);
        assert!((half.at(1.0) - 0.5).abs() < 1e-6 && half.at(0.0) == 0.0);
        assert!((half.extinction(0.5) - 0.5 * curve.extinction(0.5)).abs() < 1e-6);
    }
}
