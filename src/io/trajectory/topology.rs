//! The atoms of a trajectory that holds positions only: from the structure that `--topology` names.

use std::path::Path;

use super::Streamed;
use crate::error::{Error, Result};
use crate::io::choose::{self, Parsed};
use crate::io::{self, ReadOptions, Source, bytes, sniff};
use crate::points::{AtomTable, PointCloud};
use crate::progress::Progress;

/// Reads the atoms of the first frame of a structure.
///
/// # Errors
/// As [`read`](crate::io::read); [`Error::Usage`] if the file has no atoms.
fn read(path: &Path, progress: &dyn Progress) -> Result<(AtomTable, Vec<String>)> {
    let source = Source::Path(path.to_owned());
    let bytes = bytes::load(&source, None, progress)?;
    let name = source.to_string();
    let wrong = |what: &str| Error::Usage(format!("--topology {name}: {what}; give a structure, such as PDB or GRO"));
    let format = sniff::format(&bytes, &name)?;
    if format.is_streamed() {
        return Err(wrong("it holds positions without names"));
    }
    let io::Contents::Points(parsed) = io::parse(&bytes, format, &source, &ReadOptions::default(), progress)? else {
        return Err(wrong("it holds a volume"));
    };
    let Parsed { cloud, starts, row_of_point, columns, .. } = *parsed;
    if row_of_point.is_some() {
        return Err(wrong("atoms of it have no position, so that the others cannot be counted"));
    }
    let atoms = cloud.atoms.ok_or_else(|| wrong("it holds points without names"))?;
    let first: Vec<usize> = (starts[0]..starts[1]).collect();
    Ok((if first.len() == atoms.len() { atoms } else { atoms.take(&first) }, columns))
}

impl Streamed {
    /// Decides which atoms of each frame are taken, what is known of them and what they weigh.
    pub(super) fn take_atoms(&mut self, options: &ReadOptions, name: &str, progress: &dyn Progress) -> Result<()> {
        let format = self.format;
        let Some(path) = &options.topology else {
            let needs = [("--select", options.select.is_some()), ("--weights", options.weights.is_some())];
            if let Some((option, _)) = needs.iter().find(|n| n.1) {
                let problem = format!("{option} needs to know the atoms, but {format} holds positions only");
                return Err(Error::Usage(format!("{name}: {problem}; name a structure of them with --topology FILE")));
            }
            self.notes.push(format!("{format} holds positions only, so all are taken; --topology names the atoms"));
            self.taken = choose::taken(None, self.rows, options, name)?;
            return Ok(());
        };
        let (atoms, columns) = read(path, progress)?;
        if atoms.len() != self.rows {
            let (found, expected) = (atoms.len(), self.rows);
            let problem =
                format!("has {found} atoms, but {name} has {expected} a frame; give the structure it was made of");
            return Err(Error::input(path.display().to_string(), problem));
        }
        self.columns = columns;
        self.taken = choose::taken(Some(&atoms), self.rows, options, name)?;
        let mut cloud = PointCloud {
            atoms: Some(self.taken.as_ref().map_or_else(|| atoms.clone(), |taken| atoms.take(taken))),
            ..PointCloud::default()
        };
        choose::weigh(&mut cloud, options, name)?;
        (self.atoms, self.weights) = (cloud.atoms, cloud.weights);
        Ok(())
    }
}
