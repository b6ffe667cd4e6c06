//! Options for a molecule's backbone, bonds or ribbon within the density.

use std::ffi::OsString;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::args::{self, PointArgs};
use super::console::Console;
use super::content::Content;
use super::glyph_args::{COLORS_OF_CHAINS, chain_color, chains_in_order};
use crate::color::{Rgb, is_plain_color, parse_color};
use crate::error::{Error, Result};
use crate::geometry::LengthUnit;
use crate::io::{self, Input, PointInput, ReadOptions, Source};
use crate::points::{AtomTable, PointCloud, Selection, elements};
use crate::scene::{PointOrder, Scene, TraceLayer};
use crate::trace::{self, Kind, Mesh};

/// What is drawn of a molecule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Trace {
    /// A tube through CA of proteins, P of nucleic acids
    Backbone,
    /// Bonds, found by distances, as thin tubes
    Bonds,
    /// A ribbon: wide where it winds to a helix, an arrow along a strand
    Ribbon,
}

/// A molecule within the density.
#[derive(Debug, Args)]
#[command(next_help_heading = "Molecule in the picture")]
pub struct TraceArgs {
    /// Draw the molecule within the density, at its true depth: backbone, bonds or ribbon
    ///
    /// Of the atoms of the input (of pooled frames the first), or of --trace-from. Helices and strands are found by the places of
    /// CA atoms, as P-SEA does (Labesse and others 1997); HELIX and SHEET records are not read.
    #[arg(long, value_enum, value_name = "KIND")]
    pub trace: Option<Trace>,
    /// The structure to draw, such as the model of a map [default: the input]
    #[arg(long, value_name = "FILE")]
    pub trace_from: Option<OsString>,
    /// Atoms to draw, such as "chain A and not water" [default: all that are read, but water]
    #[arg(long, value_name = "TEXT")]
    pub trace_select: Option<String>,
    /// Radius of its tubes, such as 0.3A; a ribbon is wider in proportion [default: backbone 0.45 Å, bonds 0.16 Å, ribbon
    /// 0.3 Å]
    #[arg(long, value_name = "LENGTH")]
    pub trace_radius: Option<String>,
    /// chain, element, or one colour (#rrggbb) [default: chain where there are several; of bonds element]
    #[arg(long, value_name = "WHAT", value_parser = color)]
    pub trace_color: Option<String>,
}

/// A molecule as it is drawn.
pub struct Traced {
    /// The options and background that it is for.
    of: String,
    mesh: Arc<Mesh>,
    /// The names and colours of its parts.
    legend: Vec<(String, Rgb)>,
    /// What the mesh is made of.
    pub atoms: Arc<PointCloud>,
}

impl Trace {
    fn kind(self) -> Kind {
        match self {
            Self::Backbone => Kind::Backbone,
            Self::Bonds => Kind::Bonds,
            Self::Ribbon => Kind::Ribbon,
        }
    }

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Backbone => "backbone",
            Self::Bonds => "bonds",
            Self::Ribbon => "ribbon",
        }
    }
}

impl TraceArgs {
    /// The options that were given and change nothing, as no molecule is drawn.
    pub fn unused(&self) -> Vec<&'static str> {
        let given = [
            ("--trace-from", self.trace_from.is_some()),
            ("--trace-select", self.trace_select.is_some()),
            ("--trace-radius", self.trace_radius.is_some()),
            ("--trace-color", self.trace_color.is_some()),
        ];
        given.into_iter().filter(|(_, is_given)| *is_given && self.trace.is_none()).map(|(name, _)| name).collect()
    }

    /// What is told where chains share colours.
    pub fn colors_that_repeat(&self, scene: &Scene) -> Option<String> {
        let chains = scene.trace.as_ref()?.legend.len();
        let told =
            || format!("{chains} chains of --trace have {COLORS_OF_CHAINS} colours, which repeat in their order");
        (chains > COLORS_OF_CHAINS).then(told)
    }

    /// Reads the structure of `--trace-from`, if one is to be drawn.
    ///
    /// # Errors
    /// What reading gives; [`Error::Data`] if it has no atoms.
    pub fn read(&self, points: &PointArgs, console: &Console) -> Result<Option<Arc<PointCloud>>> {
        self.trace.map_or(Ok(None), |_| self.structure(points, console))
    }

    /// What is drawn of the structure of `--trace-from` where nothing else is said: a ribbon where it has a backbone, else
    /// bonds; none without such a structure.
    ///
    /// # Errors
    /// Those of [`Self::read`].
    pub fn suitable(&self, points: &PointArgs, console: &Console) -> Result<Option<Trace>> {
        let kind = |cloud: Arc<PointCloud>| if trace::has_backbone(&cloud) { Trace::Ribbon } else { Trace::Bonds };
        Ok(self.structure(points, console)?.map(kind))
    }

    fn structure(&self, points: &PointArgs, console: &Console) -> Result<Option<Arc<PointCloud>>> {
        let Some(name) = &self.trace_from else { return Ok(None) };
        let source = Source::from_argument(Path::new(name));
        let options = ReadOptions { max_decompressed: points.max_decompressed, ..ReadOptions::default() };
        match io::read(&source, &options, console)? {
            Input::Points(PointInput { cloud, warnings, .. }) if cloud.atoms.is_some() => {
                warnings.iter().for_each(|warning| console.warning(warning));
                Ok(Some(Arc::new(cloud)))
            }
            _ => {
                Err(Error::Data(format!("{source}: has no atoms; --trace-from takes a structure, such as a PDB file")))
            }
        }
    }

    /// Tells apart the options that need another structure.
    pub fn key_of_reading(&self) -> String {
        format!("{:?}", self.trace_from.as_ref().filter(|_| self.trace.is_some()))
    }

    /// Puts the molecule into the scene, unless it shows a projection, which has no depth.
    ///
    /// # Errors
    /// [`Error::Usage`] for options that do not fit, [`Error::Data`] if the content has no atoms or nothing can be made of
    /// them.
    pub fn apply(&self, content: &Content, scene: &mut Scene, order_is_given: bool) -> Result<()> {
        let Some(trace) = self.trace.filter(|_| !scene.mode.is_projection()) else { return Ok(()) };
        if let Some(points) = &mut scene.points {
            if order_is_given && points.order == PointOrder::Density {
                let problem = "--point-order density: beside --trace points are drawn by their depth; leave it out";
                return Err(Error::Usage(problem.into()));
            }
            points.order = PointOrder::Depth;
        }
        let mut last = content.traced.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let key = format!("{self:?} {}", scene.background.is_light());
        if last.as_ref().is_none_or(|traced| traced.of != key) {
            *last = Some(self.traced(trace.kind(), content, scene, key)?);
        }
        scene.trace = last
            .as_ref()
            .map(|traced| TraceLayer { legend: traced.legend.clone(), ..TraceLayer::new(traced.mesh.clone()) });
        Ok(())
    }

    fn traced(&self, kind: Kind, content: &Content, scene: &Scene, key: String) -> Result<Traced> {
        let (cloud, source) = self.atoms(content, scene.grid.unit)?;
        let Some(atoms) = &cloud.atoms else { return Err(without_atoms(&source)) };
        let radius = match &self.trace_radius {
            Some(text) => args::length(text, cloud.unit).map_err(|e| Error::Usage(format!("--trace-radius: {e}")))?,
            None => kind.radius() * trace::angstrom(cloud.unit),
        };
        let colors = self.colors(kind, atoms, scene)?;
        let mesh = trace::trace(&cloud, kind, radius, &|i| colors.of(atoms, i)).map_err(|e| match e {
            Error::Data(problem) => Error::Data(format!("{source}: --trace {}: {problem}", self.name())),
            other => other,
        })?;
        let legend = colors.legend();
        Ok(Traced { of: key, mesh: Arc::new(mesh), legend, atoms: Arc::new(cloud) })
    }

    fn name(&self) -> &'static str {
        self.trace.map_or("", Trace::name)
    }

    /// The atoms to draw, in the unit of the density, and where they come from.
    fn atoms(&self, content: &Content, unit: Option<LengthUnit>) -> Result<(PointCloud, Source)> {
        let (mut cloud, source) = match (&content.model, &content.opened.input) {
            (Some(model), _) => {
                let name = self.trace_from.as_ref().map_or(Path::new(""), Path::new);
                ((**model).clone(), Source::from_argument(name))
            }
            (None, Input::Points(points)) => (first_frame(points), content.opened.source.clone()),
            (None, Input::Volume(_)) => return Err(without_atoms(&content.opened.source)),
        };
        if cloud.atoms.is_none() {
            return Err(without_atoms(&source));
        }
        if let (Some(from), Some(to)) = (cloud.unit, unit) {
            let factor = from.convert(1.0, to).ok_or_else(|| {
                Error::Data(format!(
                    "{source}: is in {from}, the density in {to}; one cannot be converted to the other"
                ))
            })?;
            cloud.positions.iter_mut().for_each(|p| *p *= factor);
        }
        cloud.unit = unit.or(cloud.unit);
        self.select(&mut cloud, &source)?;
        Ok((cloud, source))
    }

    fn select(&self, cloud: &mut PointCloud, source: &Source) -> Result<()> {
        let Some(atoms) = &cloud.atoms else { return Ok(()) };
        let text = self.trace_select.as_deref().unwrap_or("not water");
        if self.trace_select.is_none() && atoms.resname.codes.is_empty() {
            return Ok(());
        }
        let selection =
            Selection::from_str(text).map_err(|e| Error::Usage(e.to_string().replace("--select", "--trace-select")))?;
        let mask = selection.mask(atoms, 0..cloud.len());
        let chosen: Vec<usize> = (0..cloud.len()).filter(|i| mask[*i]).collect();
        if chosen.is_empty() {
            return Err(Error::Data(format!(
                "{source}: --trace-select \"{text}\" chooses none of {} atoms; {}",
                cloud.len(),
                selection.what_is_there(atoms, 0..cloud.len())
            )));
        }
        *cloud = cloud.take(&chosen);
        Ok(())
    }

    fn colors(&self, kind: Kind, atoms: &AtomTable, scene: &Scene) -> Result<Colors> {
        let chains: Vec<String> = chains_in_order(&atoms.chain).into_iter().map(|(name, _)| name.to_owned()).collect();
        let what = self.trace_color.as_deref().unwrap_or(match kind {
            Kind::Bonds => "element",
            _ if chains.len() > 1 => "chain",
            _ if scene.background.is_light() => ON_LIGHT,
            _ => ON_DARK,
        });
        Ok(match what {
            "chain" => Colors::Chains(chains),
            "element" => Colors::Elements,
            color => Colors::One(parse_color(color)?.map(|v| (255.0 * v).round() as u8)),
        })
    }
}

/// Colours of a single chain: they stand out from the fog's.
const ON_DARK: &str = "#8fb8ff";
const ON_LIGHT: &str = "#2f4b9f";

/// What atoms are coloured by.
enum Colors {
    /// The names of chains, each with its place among the colours.
    Chains(Vec<String>),
    Elements,
    One([u8; 3]),
}

impl Colors {
    fn of(&self, atoms: &AtomTable, i: usize) -> [u8; 3] {
        match self {
            Self::Chains(names) => {
                let name = atoms.chain.given(i).unwrap_or_default();
                chain_color(names.iter().position(|n| n == name).unwrap_or(0))
            }
            Self::Elements => elements::color(atoms.element.given(i).unwrap_or_default()),
            Self::One(color) => *color,
        }
    }

    fn legend(&self) -> Vec<(String, Rgb)> {
        let Self::Chains(names) = self else { return Vec::new() };
        let named = |name: &String| if name.is_empty() { "unknown".to_owned() } else { name.clone() };
        let rgb = |i| chain_color(i).map(|v| f32::from(v) / 255.0);
        names.iter().enumerate().map(|(i, name)| (named(name), rgb(i))).collect()
    }
}

fn first_frame(points: &PointInput) -> PointCloud {
    let frames = points.frame_numbers.len().max(1);
    let all: Vec<usize> = (0..points.cloud.len() / frames).collect();
    if frames > 1 { points.cloud.take(&all) } else { points.cloud.clone() }
}

fn without_atoms(source: &Source) -> Error {
    Error::Usage(format!("{source}: has no atoms to draw by --trace; --trace-from FILE takes those of a structure"))
}

/// What is told of a scene's molecule.
pub fn told(args: &TraceArgs, scene: &Scene) -> Value {
    match (&scene.trace, args.trace) {
        (Some(layer), Some(trace)) => json!({ "kind": trace.name(), "triangles": layer.mesh.triangles.len() }),
        _ => Value::Null,
    }
}

fn color(text: &str) -> std::result::Result<String, String> {
    if ["chain", "element"].contains(&text) || is_plain_color(text) {
        return Ok(text.to_owned());
    }
    Err("write chain, element, or a colour such as #ff8800".into())
}
