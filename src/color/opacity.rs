//! Opacity curves.

use std::fmt;

use serde::Serialize;

use super::polyline;
use crate::error::{Error, Result};

/// Opacity against the position in the limits: control points (t, opacity), both 0 to 1 and t
/// ascending; linear in between, constant outside. The opacity is that of a layer one reference
/// length thick, and may be changed as a whole by a factor to the optical depth.
#[derive(Debug, Clone, PartialEq)]
pub struct OpacityCurve {
    points: Vec<(f64, f32)>,
    factor: f64,
}

/// Opacity 1 would need infinite extinction: a layer lets at least this share through.
const LEAST_TRANSMITTANCE: f32 = 1e-6;

/// Control points by which a weight that changes is followed.
const WEIGHT_STEPS: usize = 16;

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
        Ok(Self { points, factor: 1.0 })
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

    /// The same with `factor` (above 0) times the optical depth everywhere: 0.5 is half as dense a fog.
    pub fn times(self, factor: f64) -> Self {
        Self { factor: self.factor * factor, ..self }
    }

    /// The same with `share` times the opacity itself at the control points, at most 1.
    pub fn scaled(self, share: f64) -> Self {
        let points = self.points.into_iter().map(|(t, a)| (t, (f64::from(a) * share).min(1.0) as f32)).collect();
        Self { points, ..self }
    }

    /// The same with the opacity at each position t times `weight(t)`, 0 to 1, which changes between 0 and `end` only.
    pub fn weighted(self, weight: impl Fn(f64) -> f64, end: f64) -> Self {
        let end = end.clamp(0.0, 1.0);
        let steps = (0..=WEIGHT_STEPS).map(|i| end * i as f64 / WEIGHT_STEPS as f64);
        let mut positions: Vec<f64> = self.points.iter().map(|p| p.0).chain(steps).chain([1.0]).collect();
        positions.sort_by(f64::total_cmp);
        positions.dedup();
        let points = positions.iter().map(|t| (*t, polyline(&self.points, *t) * weight(*t) as f32)).collect();
        Self { points, ..self }
    }

    /// The control points: position, and opacity before the factor.
    pub fn points(&self) -> &[(f64, f32)] {
        &self.points
    }

    /// Opacity of a layer one reference length thick.
    pub fn at(&self, t: f64) -> f32 {
        if self.factor == 1.0 { polyline(&self.points, t) } else { 1.0 - (-self.extinction(t)).exp() }
    }

    /// The least position of at least this opacity, to 1/1000 of the limits; none if it is nowhere so large.
    pub fn first_of(&self, opacity: f32) -> Option<f64> {
        (0..=1000).map(|i| f64::from(i) / 1000.0).find(|t| self.at(*t) >= opacity)
    }

    /// Optical depth of a layer one reference length thick.
    pub fn extinction(&self, t: f64) -> f32 {
        -(1.0 - polyline(&self.points, t)).max(LEAST_TRANSMITTANCE).ln() * self.factor as f32
    }

    /// The shortest way from one control point to the next between which the opacity changes.
    pub fn shortest_slope(&self) -> f64 {
        let slopes = self.points.windows(2).filter(|w| w[0].1 != w[1].1);
        slopes.map(|w| w[1].0 - w[0].0).fold(f64::INFINITY, f64::min)
    }
}

impl fmt::Display for OpacityCurve {
    /// As [`OpacityCurve::parse`] reads it, without the factor.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let items: Vec<String> = self.points.iter().map(|(t, a)| format!("{t}:{a}")).collect();
        f.write_str(&items.join(","))
    }
}

impl Serialize for OpacityCurve {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.factor {
            1.0 => serializer.collect_str(self),
            factor => serializer.collect_str(&format_args!("{self} times {factor}")),
        }
    }
}
