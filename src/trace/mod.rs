//! Molecules as bodies to look at: their backbone as a tube, their bonds, or a ribbon that shows how they fold.

mod bonds;
mod chain;
mod fold;
mod mesh;
mod ribbon;
mod spline;
mod sweep;

use crate::error::{Error, Result};
use crate::geometry::LengthUnit;
use crate::points::PointCloud;
pub use fold::Fold;
pub use mesh::{Hit, Mesh};

/// What is made of the atoms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A tube through CA of proteins and P (where there is none, C4') of nucleic acids.
    Backbone,
    /// A tube for each bond.
    Bonds,
    /// A band where the backbone winds to a helix or lies stretched in a sheet, an arrow at the end of a strand, a tube
    /// elsewhere.
    Ribbon,
}

impl Kind {
    /// The radius of tubes in angstrom where none is asked for: of a ribbon where it is neither helix nor strand, whose
    /// widths grow with it.
    pub fn radius(self) -> f64 {
        match self {
            Self::Backbone => 0.45,
            Self::Bonds => 0.16,
            Self::Ribbon => 0.3,
        }
    }

    /// What it is made of.
    fn needs(self) -> &'static str {
        match self {
            Self::Backbone | Self::Ribbon => "two residues with CA, P or C4' atoms next to each other along a chain",
            Self::Bonds => "two atoms of known elements so near that a bond could be between them",
        }
    }
}

/// Whether there is a backbone of which a ribbon can be made: two residues next to each other along a chain.
pub fn has_backbone(cloud: &PointCloud) -> bool {
    cloud.atoms.is_some() && chain::chains(cloud).iter().any(|residues| residues.len() > 1)
}

/// The body of these atoms, of tubes with this radius in their unit of length, in the colour (red, green, blue) that
/// `color` has for each atom by its number.
///
/// # Errors
/// [`Error::Data`] if the points are no atoms, or nothing can be made of them.
pub fn trace(cloud: &PointCloud, kind: Kind, radius: f64, color: &dyn Fn(usize) -> [u8; 3]) -> Result<Mesh> {
    if cloud.atoms.is_none() {
        return Err(Error::Data("the points are no atoms, which alone have a backbone and bonds".into()));
    }
    if !(radius > 0.0 && radius.is_finite()) {
        return Err(Error::Usage(format!("a tube of radius {radius} cannot be drawn; it must be above 0")));
    }
    let mut mesh = match kind {
        Kind::Backbone => ribbon::tubes(&chain::chains(cloud), radius),
        Kind::Bonds => bonds::tubes(cloud, radius)?,
        Kind::Ribbon => ribbon::ribbons(&chain::chains(cloud), radius, angstrom(cloud.unit)),
    };
    mesh.paint(color);
    if mesh.triangles.is_empty() {
        let needed = kind.needs();
        return Err(Error::Data(format!("none of the {} atoms can be traced: that takes {needed}", cloud.len())));
    }
    Ok(mesh)
}

/// An angstrom in this unit of length; positions of atoms without one are in angstrom.
pub fn angstrom(unit: Option<LengthUnit>) -> f64 {
    unit.and_then(|unit| LengthUnit::Angstrom.convert(1.0, unit)).unwrap_or(1.0)
}
