//! How the density of a plane is computed: the options of a density with two numbers in place of three.

use clap::Args;
use glam::DVec3;

use super::args::{bandwidth_or, columns, error_share, guessed_unit, length, method, not_negative, numbers};
use crate::error::{Error, Result};
use crate::geometry::{Box3, LengthUnit};
use crate::kde::{Bandwidth, DensityOptions, Extent, Method, Resolution};
use crate::points::Plane;

/// The options.
#[derive(Debug, Args)]
#[command(next_help_heading = "Density")]
pub struct PlaneDensityArgs {
    /// scott, silverman, cv (cross-validation), likelihood, a factor (0.3), a length (2.5A), one an axis (2.5A,6A), a
    /// covariance (matrix:xx,xy,yy), or knn:K, for each point the distance to its K-th neighbour [default: scott]
    #[arg(long, value_name = "B", value_parser = bandwidth)]
    bandwidth: Option<Bandwidth>,
    /// Columns of a table with the standard deviation of each point's own kernel, such as the precision of a
    /// localisation: one, or one an axis (S or SX,SY)
    #[arg(long, value_name = "COLUMNS", conflicts_with = "bandwidth")]
    sigma_columns: Option<String>,
    /// Nodes an axis [default: bandwidth / 6 apart, at most 1024]
    #[arg(long, value_name = "N|NX,NY", conflicts_with = "spacing", value_parser = nodes)]
    grid: Option<[usize; 2]>,
    /// Distance between nodes, such as 1A or 1A,2A
    #[arg(long, value_name = "LENGTH")]
    spacing: Option<String>,
    /// Margin around the points in standard deviations of the kernel (the 90th percentile if they differ); 0 is the
    /// bounding box [default: 3]
    #[arg(long, value_name = "K", conflicts_with = "bounds", value_parser = not_negative)]
    padding: Option<f64>,
    /// What the picture shows
    #[arg(long, value_name = "X0,X1,Y0,Y1", value_parser = bounds)]
    bounds: Option<Box3>,
    /// How the sum is formed: auto, exact, tree, spectral
    #[arg(long, value_name = "METHOD", default_value = "auto", value_parser = method_of_plane)]
    method: Method,
    /// Largest error, as a share of the largest density [default: 1e-6]
    #[arg(long, value_name = "E", value_parser = error_share)]
    error: Option<f64>,
    /// Let --error be a share of each value, not of the largest: for tails and logarithmic scales
    #[arg(long)]
    relative: bool,
    /// Let the proven bound, not a calibrated choice, keep --error
    #[arg(long)]
    guaranteed: bool,
}

fn method_of_plane(text: &str) -> std::result::Result<Method, String> {
    match method(text)? {
        Method::Gpu => Err("heat maps are summed on the processor: take auto, exact, tree or spectral".into()),
        other => Ok(other),
    }
}

impl PlaneDensityArgs {
    /// The library's options for data in `unit`.
    pub fn options(&self, unit: Option<LengthUnit>) -> Result<DensityOptions> {
        let defaults = DensityOptions::default();
        Ok(DensityOptions {
            bandwidth: bandwidth_or(self.bandwidth, self.sigma_columns.is_some()),
            extent: match (self.bounds, self.padding) {
                (Some(bounds), _) => Extent::Bounds(bounds),
                (None, Some(k)) => Extent::Padding(k),
                (None, None) => defaults.extent,
            },
            resolution: match (self.grid, &self.spacing) {
                (Some([x, y]), _) => Resolution::Nodes([x, y, 1]),
                (None, Some(text)) => Resolution::Spacing(spacing(text, unit)?),
                (None, None) => defaults.resolution,
            },
            method: self.method,
            max_error: self.error.unwrap_or(defaults.max_error),
            relative: self.relative,
            guaranteed: self.guaranteed,
            ..defaults
        })
    }

    /// What is told of lengths whose unit had to be guessed.
    pub fn guessed(&self, data: Option<LengthUnit>) -> Option<String> {
        guessed_unit("--spacing", self.spacing.as_deref(), data)
    }

    /// The part of the plane that was asked for; z is flat.
    pub fn bounds(&self) -> Option<Box3> {
        self.bounds
    }

    /// The columns of the standard deviations. Two of a plane that was chosen in space become one an axis of it.
    pub fn sigma_columns(&self, plane: Option<Plane>) -> Option<Vec<String>> {
        let columns = columns(self.sigma_columns.as_deref()?);
        match (&columns[..], plane) {
            ([right, up], Some(plane)) => {
                let mut of_axis = vec![right.clone(); 3];
                of_axis[plane.axes()[1]] = up.clone();
                Some(of_axis)
            }
            _ => Some(columns),
        }
    }
}

impl PlaneDensityArgs {
    /// The options that were given but mean nothing for a volume.
    pub fn given(&self) -> Vec<&'static str> {
        let given = [
            ("--bandwidth", self.bandwidth.is_some()),
            ("--grid", self.grid.is_some()),
            ("--spacing", self.spacing.is_some()),
            ("--padding", self.padding.is_some()),
            ("--bounds", self.bounds.is_some()),
            ("--error", self.error.is_some()),
            ("--method", self.method != Method::Auto),
            ("--sigma-columns", self.sigma_columns.is_some()),
            ("--relative", self.relative),
            ("--guaranteed", self.guaranteed),
        ];
        given.into_iter().filter(|g| g.1).map(|g| g.0).collect()
    }
}

/// As [`Bandwidth`] is read, with two lengths in place of three.
fn bandwidth(text: &str) -> Result<Bandwidth> {
    match text.split(',').collect::<Vec<_>>()[..] {
        [_] => text.parse(),
        [x, y] => format!("{x},{y},{y}").parse(),
        [xx, xy, yy] if xx.starts_with("matrix:") => format!("{xx},{xy},0,{yy},0,1").parse(),
        _ => Err(Error::Usage(format!("`{text}`: give one length, or two, such as 2.5A,6A, or matrix:xx,xy,yy"))),
    }
}

/// A part of the plane; z is left flat.
fn bounds(text: &str) -> std::result::Result<Box3, String> {
    let [x0, x1, y0, y1] = numbers::<4>(text, "four, x0,x1,y0,y1,")?;
    if x0 >= x1 || y0 >= y1 {
        return Err("each minimum must lie below its maximum".into());
    }
    Ok(Box3 { min: DVec3::new(x0, y0, 0.0), max: DVec3::new(x1, y1, 0.0) })
}

fn nodes(text: &str) -> std::result::Result<[usize; 2], String> {
    let count = |p: &str| match p.trim().parse() {
        Ok(n) if n >= 2 => Ok(n),
        _ => Err(format!("`{p}` is no number of nodes; write a whole number of 2 or more")),
    };
    match text.split(',').collect::<Vec<_>>()[..] {
        [n] => count(n).map(|n| [n; 2]),
        [x, y] => Ok([count(x)?, count(y)?]),
        _ => Err("write one number, N, or two, NX,NY".into()),
    }
}

/// One or two lengths, each with a unit or in that of the data; the third is not used.
fn spacing(text: &str, unit: Option<LengthUnit>) -> Result<[f64; 3]> {
    let wrong = |why: String| Error::Usage(format!("--spacing {text}: {why}"));
    let length = |p: &str| length(p.trim(), unit).map_err(wrong);
    match text.split(',').collect::<Vec<_>>()[..] {
        [d] => Ok([length(d)?; 3]),
        [x, y] => Ok([length(x)?, length(y)?, 1.0]),
        _ => Err(wrong("one or two lengths are needed".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_numbers_are_read_and_three_refused() {
        let sigma = |text: &str| match bandwidth(text).unwrap() {
            Bandwidth::Length { sigma: [x, y, _], .. } => [x, y],
            other => panic!("{other}"),
        };
        assert_eq!((sigma("2nm"), sigma("2nm,30A")), ([2.0, 2.0], [2.0, 3.0]));
        assert_eq!(bandwidth("scott").unwrap(), Bandwidth::Scott);
        assert_eq!(bandwidth("matrix:4,1,9").unwrap(), Bandwidth::Matrix([4.0, 1.0, 0.0, 9.0, 0.0, 1.0]));
        assert_eq!((nodes("30").unwrap(), nodes("30, 20").unwrap()), ([30, 30], [30, 20]));
        let nm = Some(LengthUnit::Nanometre);
        assert_eq!(spacing("1nm,20A", nm).unwrap()[..2], [1.0, 2.0]);
        assert_eq!(bounds("-1,1,-2,2").unwrap().size(), DVec3::new(2.0, 4.0, 0.0));
        assert!(bandwidth("1,2,3").is_err() && nodes("2,2,2").is_err() && spacing("1,2,3", nm).is_err());
        assert!(bounds("0,1,0,1,0,1").is_err() && bounds("0,1,1,1").is_err() && nodes("1").is_err());
    }
}
