//! A molecule's backbone, bonds or ribbon within the density.

use std::sync::Arc;

use serde::Serialize;

use crate::color::{Rgb, hex};
use crate::error::{Error, Result};
use crate::trace::Mesh;

/// An opaque body that is drawn at its true depth: fog before it dims it, and it hides what lies behind.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct TraceLayer {
    /// Its surface, in the unit of the data.
    #[serde(skip)]
    pub mesh: Arc<Mesh>,
    /// Whether it is lit; otherwise it has its very colours.
    pub shaded: bool,
    /// Names and colours for a legend; none where there is nothing to tell.
    #[serde(serialize_with = "names_and_colors")]
    pub legend: Vec<(String, Rgb)>,
}

fn names_and_colors<S: serde::Serializer>(
    legend: &[(String, Rgb)],
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_seq(legend.iter().map(|(name, color)| format!("{name} {}", hex(*color))))
}

impl TraceLayer {
    /// A lit body without a legend.
    pub fn new(mesh: Arc<Mesh>) -> Self {
        Self { mesh, shaded: true, legend: Vec::new() }
    }

    /// Checks that the body can be drawn.
    ///
    /// # Errors
    /// [`Error::Usage`] unless there is one normal and one colour a vertex, and an atom or none of any, and triangles name vertices that are there.
    pub fn validate(&self) -> Result<()> {
        let Mesh { vertices, normals, colors, atoms, triangles } = &*self.mesh;
        let n = vertices.len();
        if [normals.len(), colors.len()] != [n; 2] || ![0, n].contains(&atoms.len()) {
            let [normals, colors, atoms] = [normals.len(), colors.len(), atoms.len()];
            let problem =
                format!("{n} vertices have {normals} normals, {colors} colours and {atoms} atoms; one each is needed");
            return Err(Error::Usage(problem));
        }
        match triangles.iter().flatten().find(|i| **i as usize >= vertices.len()) {
            Some(i) => {
                Err(Error::Usage(format!("a triangle has the vertex {i} of {}, counted from 0", vertices.len())))
            }
            None => Ok(()),
        }
    }
}
