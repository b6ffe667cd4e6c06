//! What a picture is made of: the input, its density, and the density at the points. Each is made anew only where
//! something that it follows from has changed.

use std::iter::once;
use std::sync::{Arc, Mutex, OnceLock};

use glam::DVec3;
use serde_json::{Map, Value, json};

use super::args::DensityArgs;
use super::console::Console;
use super::further::{self, Differences, Joined};
use super::glyph_args::WeighedPoints;
use super::input::{self, Opened};
use super::picture_args::{PictureArgs, total_of};
use super::preview::Previews;
use super::report;
use super::scene_args::SceneArgs;
use super::trace_args::Traced;
use crate::error::{Error, Result};
use crate::geometry::six_digits;
use crate::gpu::Samples;
use crate::grid::{DensityGrid, Lattice, Spline};
use crate::io::{Input, PointInput, Source, Values, VolumeInput};
use crate::kde::{self, Density, Method, Report};
use crate::points::PointCloud;
use crate::scene::{Limits, Quantity, Scene, reference_length};

/// What can be drawn.
pub struct Content {
    /// What was read; a volume is in `grid` alone.
    pub opened: Arc<Opened>,
    /// The density.
    pub grid: Arc<DensityGrid>,
    /// How it was made; none of a volume.
    pub report: Option<Arc<Report>>,
    /// The same samples on the device that computed them, if one did.
    pub on_device: Option<Samples>,
    /// The points, if they are drawn.
    pub points: Option<Arc<WeighedPoints>>,
    /// Their number, or the sum of their weights; none of a volume.
    pub total: Option<f64>,
    /// The structure of `--trace-from`, if one is drawn.
    pub model: Option<Arc<PointCloud>>,
    /// The last molecule drawn of it.
    pub traced: Mutex<Option<Traced>>,
    /// The last scene of it, before the viewpoint and opacity, and the options that it is of.
    pub last: Mutex<Option<(String, Scene)>>,
    /// Further densities in the same picture, at the same nodes.
    pub others: Vec<Content>,
    /// The last points drawn of all.
    pub joined: Mutex<Option<Joined>>,
    /// What its density was made less.
    pub subtracted: Option<Arc<Content>>,
    splines: Splines,
    /// What was measured of the density for it.
    pub measured: Measured,
}

/// What takes passes over all nodes, and stays while only what is seen of them changes.
#[derive(Default)]
pub struct Measured {
    length: OnceLock<f64>,
    /// The last limits, and the options that they are of.
    limits: Mutex<Option<(String, Limits)>>,
    of_difference: OnceLock<Limits>,
}

/// The last spline that was made, and the grid that it goes through.
type Splines = Arc<Mutex<Option<(Arc<DensityGrid>, Arc<Spline>)>>>;

/// A density with how it was made.
#[derive(Clone)]
pub struct Made {
    /// The samples.
    pub grid: Arc<DensityGrid>,
    /// None of a volume.
    pub report: Option<Arc<Report>>,
    /// The same samples on the device that computed them, if one did.
    pub on_device: Option<Samples>,
}

impl Content {
    /// Whether it is a density less another.
    pub fn is_difference(&self) -> bool {
        self.subtracted.is_some()
    }

    /// Whether atoms were read, by which points can be selected.
    pub fn has_atoms(&self) -> bool {
        matches!(&self.opened.input, Input::Points(points) if points.cloud.atoms.is_some())
    }

    /// With every so many-th node of its density, so that no axis has more than `most`: for pictures that are there at once.
    ///
    /// # Errors
    /// [`Error::Data`] for a density without nodes.
    pub fn with_nodes(&self, most: usize) -> Result<Self> {
        let longest = self.grid.lattice.shape.into_iter().max().unwrap_or(1);
        Ok(Self {
            opened: self.opened.clone(),
            grid: Arc::new(self.grid.every(longest.div_ceil(most))?),
            report: self.report.clone(),
            on_device: None,
            points: self.points.clone(),
            total: self.total,
            model: self.model.clone(),
            traced: Mutex::default(),
            last: Mutex::default(),
            others: self.others.iter().map(|other| other.with_nodes(most)).collect::<Result<_>>()?,
            joined: Mutex::default(),
            subtracted: self.subtracted.clone(),
            splines: Splines::default(),
            measured: Measured::default(),
        })
    }

    /// What [`PictureArgs::limits`] says of its density.
    ///
    /// # Errors
    /// As that.
    pub fn limits_of(&self, picture: &PictureArgs, default: Limits, quantity: Quantity) -> Result<Limits> {
        let key = picture.key_of_limits(default, quantity);
        let mut last = self.measured.limits.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some((_, limits)) = last.as_ref().filter(|(of, _)| *of == key) {
            return Ok(*limits);
        }
        let limits = picture.limits(&self.grid, default, quantity, 3)?;
        *last = Some((key, limits));
        Ok(limits)
    }

    /// What [`further::limits_of_difference`] says of its density.
    pub fn limits_of_difference(&self) -> Limits {
        *self.measured.of_difference.get_or_init(|| further::limits_of_difference(&self.grid))
    }

    /// What [`reference_length`] says of its density.
    pub fn reference_length(&self) -> f64 {
        *self.measured.length.get_or_init(|| reference_length(&self.grid))
    }

    /// What its values are.
    pub fn values(&self) -> Values {
        match &self.opened.input {
            Input::Points(_) => Values::Density,
            Input::Volume(volume) => volume.content,
        }
    }
}

/// Parts of the last content.
#[derive(Default)]
pub struct Stock {
    opened: Option<(String, Arc<Opened>, Option<Arc<DensityGrid>>)>,
    density: Option<(String, Made)>,
    points: Option<(String, Arc<WeighedPoints>)>,
    model: Option<(String, Option<Arc<PointCloud>>)>,
    previews: Previews,
    splines: Splines,
    /// Of the further densities.
    others: Vec<Stock>,
    /// The density at the nodes that it shares with others, and what it follows from.
    shared: Option<(String, Arc<DensityGrid>, Made)>,
    differences: Differences,
}

impl Stock {
    /// The content that these options ask for, of what is there already where that will do.
    ///
    /// # Errors
    /// What reading and computing give; what was there then still is.
    pub fn content(&mut self, args: &SceneArgs, console: &Console) -> Result<Content> {
        let alone = self.content_alone(args, console)?;
        self.beside_others(alone, args, console)
    }

    fn content_alone(&mut self, args: &SceneArgs, console: &Console) -> Result<Content> {
        let (opened, volume) = self.opened(args, console)?;
        self.content_of(opened, volume, "", args, console)
    }

    /// A content with the further densities that are asked for, all at the same nodes; or less one of them.
    fn beside_others(&mut self, alone: Content, args: &SceneArgs, console: &Console) -> Result<Content> {
        if args.further.is_empty() {
            return Ok(alone);
        }
        let mut stocks = std::mem::take(&mut self.others);
        stocks.resize_with(args.further.all().count(), Stock::default);
        let others = std::iter::zip(&mut stocks, args.further.all());
        let alone_of = |(n, (stock, own)): (usize, (&mut Stock, &SceneArgs))| {
            stock.content_alone(own, console).map_err(|error| args.further.within(n, error))
        };
        let others: Result<Vec<Content>> = others.enumerate().map(alone_of).collect();
        self.others = stocks;
        let others = others?;
        further::check(args, &alone, &others)?;
        further::units_assumed(&alone, &others).iter().for_each(|note| console.note(note));
        let lattice = further::common_lattice(further::each(&alone, &others))?;
        let mut content = self.at_nodes(alone, args, lattice, console)?;
        for ((stock, args), other) in std::iter::zip(&mut self.others, args.further.all()).zip(others) {
            content.others.push(stock.at_nodes(other, args, lattice, console)?);
        }
        if args.further.subtracted.is_some() {
            let other = content.others.remove(0);
            further::kernels_differ(&content, &other).iter().for_each(|note| console.note(note));
            content.grid = self.differences.of(&content.grid, &other.grid)?;
            (content.on_device, content.subtracted) = (None, Some(Arc::new(other)));
        }
        Ok(content)
    }

    /// A content whose density is at these nodes: of points computed there, of a volume interpolated.
    fn at_nodes(
        &mut self,
        mut content: Content,
        args: &SceneArgs,
        lattice: Lattice,
        console: &Console,
    ) -> Result<Content> {
        if content.grid.lattice == lattice {
            return Ok(content);
        }
        let key = format!("{} {lattice:?}", key_of_density(args));
        let last = self.shared.as_ref().filter(|(of, grid, _)| *of == key && Arc::ptr_eq(grid, &content.grid));
        let made = match last {
            Some((.., made)) => made.clone(),
            None => {
                let made = made_at_nodes(&content, args, lattice, console)?;
                self.shared = Some((key, content.grid.clone(), made.clone()));
                made
            }
        };
        (content.grid, content.report, content.on_device) = (made.grid, made.report, made.on_device);
        Ok(content)
    }

    /// As [`Stock::content`], of points that are read already; `part` tells apart those that were read by the same options.
    ///
    /// # Errors
    /// As [`Stock::content`].
    pub fn content_of_points(
        &mut self,
        opened: Arc<Opened>,
        part: &str,
        args: &SceneArgs,
        console: &Console,
    ) -> Result<Content> {
        let alone = self.content_of(opened, None, part, args, console)?;
        self.beside_others(alone, args, console)
    }

    fn content_of(
        &mut self,
        opened: Arc<Opened>,
        volume: Option<Arc<DensityGrid>>,
        part: &str,
        args: &SceneArgs,
        console: &Console,
    ) -> Result<Content> {
        let key = format!("{part} {}", key_of_density(args));
        let made = match (&opened.input, volume) {
            (Input::Points(points), _) => self.density(&opened, points, &key, args, console)?,
            (Input::Volume(_), Some(grid)) => Made { grid, report: None, on_device: None },
            (Input::Volume(_), None) => unreachable!("of a volume the grid is kept"),
        };
        let points = match (&opened.input, draws_points(args)) {
            (Input::Points(points), true) => {
                Some(self.weighed(&opened, points, key + &key_of_reading(args), args, console)?)
            }
            _ => None,
        };
        let model = self.model(args, console)?;
        Ok(self.with(opened, made, points, model))
    }

    /// A content of one density, of which nothing is drawn yet.
    fn with(
        &self,
        opened: Arc<Opened>,
        made: Made,
        points: Option<Arc<WeighedPoints>>,
        model: Option<Arc<PointCloud>>,
    ) -> Content {
        let Made { grid, report, on_device } = made;
        let total = match &opened.input {
            Input::Points(points) => Some(total_of(&points.cloud)),
            Input::Volume(_) => None,
        };
        Content {
            opened,
            grid,
            report,
            on_device,
            points,
            total,
            model,
            traced: Mutex::default(),
            last: Mutex::default(),
            others: Vec::new(),
            joined: Mutex::default(),
            subtracted: None,
            splines: self.splines.clone(),
            measured: Measured::default(),
        }
    }

    /// The structure that is drawn within the density of another input.
    fn model(&mut self, args: &SceneArgs, console: &Console) -> Result<Option<Arc<PointCloud>>> {
        let key = args.trace.key_of_reading();
        if self.model.as_ref().is_none_or(|(of, _)| *of != key) {
            self.model = Some((key, args.trace.read(&args.points, console)?));
        }
        Ok(self.model.as_ref().and_then(|(_, model)| model.clone()))
    }

    /// As [`Stock::content`] while the bandwidth is in the hand: from the waves of the points where they give it, within the
    /// same error, but on a grid that does not follow, and with points that keep their colours.
    ///
    /// # Errors
    /// As [`Stock::content`].
    pub fn preview(&mut self, args: &SceneArgs, console: &Console) -> Result<Content> {
        if !args.further.is_empty() {
            return self.content(args, console);
        }
        let (opened, _) = self.opened(args, console)?;
        let last = self.density.as_ref().and_then(|(_, made)| made.report.clone());
        let colored = self.points.as_ref().map(|(_, weighed)| weighed.clone()).filter(|_| args.glyphs.draws_points());
        let (Input::Points(points), Some(last)) = (&opened.input, last) else { return self.content(args, console) };
        if args.glyphs.draws_points() && colored.is_none() {
            return self.content(args, console);
        }
        let rest = DensityArgs { bandwidth: None, ..args.density.clone() };
        let key = format!("{} {rest:?}", key_of_reading(args));
        match self.previews.density(points, key, &args.density, &last, console)? {
            Some(made) => {
                let model = self.model(args, console)?;
                Ok(self.with(opened, made, colored, model))
            }
            None => self.content(args, console),
        }
    }

    /// Reads what these options ask for, unless it is there already; whether it was read.
    ///
    /// # Errors
    /// What reading gives; what was there then still is.
    pub fn read(&mut self, args: &SceneArgs, console: &Console) -> Result<bool> {
        let is_there = self.opened.as_ref().is_some_and(|(of, ..)| *of == key_of_reading(args));
        self.opened(args, console).map(|_| !is_there)
    }

    /// What is read, and its samples if it is a volume.
    fn opened(&mut self, args: &SceneArgs, console: &Console) -> Result<(Arc<Opened>, Option<Arc<DensityGrid>>)> {
        let key = key_of_reading(args);
        if let Some((_, opened, volume)) = self.opened.as_ref().filter(|(of, ..)| *of == key) {
            return Ok((opened.clone(), volume.clone()));
        }
        let columns = input::Columns {
            sigmas: args.density.sigma_columns(),
            further: args.glyphs.columns(),
            ..Default::default()
        };
        self.adopt(input::open(&args.points, args.density.bounds, columns, console)?, args, console)
    }

    /// Takes what was read by these options already.
    ///
    /// # Errors
    /// Those of a volume that cannot be drawn.
    pub fn adopt(
        &mut self,
        mut opened: Opened,
        args: &SceneArgs,
        console: &Console,
    ) -> Result<(Arc<Opened>, Option<Arc<DensityGrid>>)> {
        let volume = match &mut opened.input {
            Input::Points(_) => None,
            Input::Volume(volume) => Some(Arc::new(grid_of(volume, &opened.source, args, console)?)),
        };
        let opened = Arc::new(opened);
        self.opened = Some((key_of_reading(args), opened.clone(), volume.clone()));
        Ok((opened, volume))
    }

    fn density(
        &mut self,
        opened: &Opened,
        points: &PointInput,
        key: &str,
        args: &SceneArgs,
        console: &Console,
    ) -> Result<Made> {
        if let Some((_, made)) = self.density.as_ref().filter(|(of, _)| of == key) {
            return Ok(made.clone());
        }
        let Density { grid, report, on_device } =
            input::density_of::<f32>(points, &opened.source, &args.density, console)?;
        if let Some(note) = left_aside(points, &grid).filter(|_| args.cuts.axes_box.is_none()) {
            console.note(&note);
        }
        let made = Made { grid: Arc::new(grid), report: Some(Arc::new(report)), on_device };
        self.density = Some((key.to_owned(), made.clone()));
        Ok(made)
    }

    fn weighed(
        &mut self,
        opened: &Opened,
        points: &PointInput,
        key: String,
        args: &SceneArgs,
        console: &Console,
    ) -> Result<Arc<WeighedPoints>> {
        if let Some((_, weighed)) = self.points.as_ref().filter(|(of, _)| *of == key) {
            return Ok(weighed.clone());
        }
        points.require_3d(&opened.source)?;
        let weighed = Arc::new(weighed(points, &opened.source, &args.density, console)?);
        self.points = Some((key, weighed.clone()));
        Ok(weighed)
    }
}

/// A smaller part of a box, in per cent, is not told.
const LEAST_TOLD: f64 = 0.5;

/// A density at other nodes.
fn made_at_nodes(content: &Content, args: &SceneArgs, lattice: Lattice, console: &Console) -> Result<Made> {
    let (source, focus) = (&content.opened.source, content.grid.focus);
    let (mut grid, report, on_device) = match &content.opened.input {
        _ if content.grid.lattice.is_same(&lattice) => {
            ((*content.grid).clone(), content.report.clone(), content.on_device.clone())
        }
        Input::Points(points) => {
            let there = DensityArgs {
                bounds: Some(lattice.bounds()),
                grid: Some(lattice.shape),
                spacing: None,
                padding: None,
                like: None,
                ..args.density.clone()
            };
            let Density { grid, report, on_device } = input::density_of::<f32>(points, source, &there, console)?;
            (grid, Some(Arc::new(report)), on_device)
        }
        Input::Volume(_) => {
            let [x, y, z] = lattice.shape;
            let (own, all) = (content.grid.lattice.bounds(), lattice.bounds());
            let outside = 100.0 * (1.0 - all.share_within(own));
            let empty = format!("; {outside:.0} % of their box lies outside of it and counts as 0");
            let empty = if outside >= LEAST_TOLD { empty } else { String::new() };
            console
                .note(&format!("{source}: interpolated at the {x} x {y} x {z} nodes that all densities share{empty}"));
            (further::at_nodes(&content.grid, lattice), None, None)
        }
    };
    // The same to rounding.
    grid.lattice = lattice;
    grid.focus = focus;
    Ok(Made { grid: Arc::new(grid), report, on_device })
}

/// The grid of a volume, whose own samples are taken away: they are in memory once.
fn grid_of(volume: &mut VolumeInput, source: &Source, args: &SceneArgs, console: &Console) -> Result<DensityGrid> {
    let values = std::mem::take(&mut volume.grid.values);
    let mut whole = volume.clone();
    whole.grid.values = values;
    let (grid, _) = input::volume_of(whole, &args.density, console);
    if grid.lattice.shape.contains(&1) {
        let [x, y, z] = grid.lattice.shape;
        let problem = format!("{source}: is a layer of {x} x {y} x {z} nodes");
        return Err(Error::Data(format!("{problem}; `densitas heatmap` draws it flat")));
    }
    Ok(grid)
}

/// That a picture looks at where most points are, where its density reaches much further.
fn left_aside(points: &PointInput, grid: &DensityGrid) -> Option<String> {
    let (all, whole, focus) = (points.cloud.bounds(), grid.lattice.bounds(), grid.focus);
    let is_cut = |axis: &usize| {
        let is_in_box = whole.min[*axis] <= all.min[*axis] && all.max[*axis] <= whole.max[*axis];
        is_in_box && (focus.min[*axis] > all.min[*axis] || focus.max[*axis] < all.max[*axis])
    };
    let name = |axis: usize| {
        let [low, high] = [focus.min[axis], focus.max[axis]].map(|v| six_digits(v, 0.01..1e6));
        format!("{} from {low} to {high}", ["x", "y", "z"][axis])
    };
    let cut: Vec<String> = (0..3).filter(is_cut).map(name).collect();
    let way_out = "a few lie far from them; --axes-box frames another box";
    (!cut.is_empty())
        .then(|| format!("axes and first view take {}, where most points are: {way_out}", cut.join(" and ")))
}

/// Tells apart the options that need other contents.
pub fn key(args: &SceneArgs) -> String {
    let (reading, density, model) = (key_of_reading(args), key_of_density(args), args.trace.key_of_reading());
    let others: Vec<String> = args.further.all().map(key).collect();
    let (points, minus) = (draws_points(args), args.further.subtracted.is_some());
    format!("{reading} {density} {points} {model} {others:?} {minus}")
}

/// The options that decide which points the first density is of, and those that decide that.
pub fn keys(args: &SceneArgs) -> (String, String) {
    (format!("{:?}", args.points), key_of_density(args))
}

/// Whether the points of what these options read are drawn.
fn draws_points(args: &SceneArgs) -> bool {
    args.glyphs.draws_points() || args.further.draws_points
}

/// The options that decide what is read.
fn key_of_reading(args: &SceneArgs) -> String {
    let (density, glyphs) = (&args.density, &args.glyphs);
    format!("{:?} {:?} {:?} {:?}", args.points, density.bounds, density.sigma_columns, glyphs.columns())
}

/// The options that decide the density.
fn key_of_density(args: &SceneArgs) -> String {
    format!("{:?} {:?}", args.points, args.density)
}

impl Content {
    /// The spline through its density.
    pub fn spline(&self) -> Arc<Spline> {
        let mut last = self.splines.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        match last.as_ref().filter(|(grid, _)| Arc::ptr_eq(grid, &self.grid)) {
            Some((_, spline)) => spline.clone(),
            None => {
                let spline = Arc::new(Spline::through(&self.grid));
                *last = Some((self.grid.clone(), spline.clone()));
                spline
            }
        }
    }

    /// The density below which it fades by these options, if it does.
    ///
    /// # Errors
    /// [`Error::Usage`] where the error of the values is not known.
    pub fn noise(&self, args: &SceneArgs) -> Result<Option<f64>> {
        let Some(ratio) = args.view.fade_noise else { return Ok(None) };
        let Some(report) = &self.report else {
            return Err(Error::Usage("--fade-noise needs points: the error of a volume's values is not known".into()));
        };
        report::one_kernel(report, "--fade-noise")?;
        Ok(Some(kde::noise_level(&report.kernel, ratio)))
    }

    /// How the densities were made, in the words of a methods section; none where all are volumes.
    pub fn methods(&self) -> Option<String> {
        let of_one = |content: &Content| {
            let report = content.report.as_ref();
            let source = content.opened.source_in_words();
            report.map_or(format!("{source} was read as a volume."), |report| {
                report.methods(&content.grid.lattice, content.grid.unit, &source)
            })
        };
        let all = || once(self).chain(self.subtracted.as_deref()).chain(&self.others);
        all().find(|content| content.report.is_some())?;
        let mut texts: Vec<String> = all().map(of_one).collect();
        let count = texts.len();
        if count > 1 {
            let number = |(n, text): (usize, &mut String)| *text = format!("({}) {text}", n + 1);
            texts.iter_mut().enumerate().for_each(number);
            texts.insert(
                0,
                match self.subtracted {
                    Some(_) => {
                        "Shown is the difference of two densities at the same nodes, the first less the second.".into()
                    }
                    None => format!("Shown are {count} densities at the same nodes."),
                },
            );
        }
        Some(texts.join(" "))
    }

    /// What is told of it as JSON.
    pub fn told(&self) -> Map<String, Value> {
        let mut out = report::grid(&self.grid);
        if let Some(made) = &self.report {
            report::merge(&mut out, report::density(made));
        }
        let warnings = match &self.opened.input {
            Input::Points(points) => &points.warnings,
            Input::Volume(volume) => &volume.warnings,
        };
        report::merge(&mut out, report::object(json!({ "warnings": warnings })));
        report::merge(&mut out, report::alignment(self.opened.alignment.as_ref()));
        out
    }

    /// Seconds of the stages, as JSON.
    pub fn seconds(&self) -> Map<String, Value> {
        let mut seconds = report::object(json!({ "read": self.opened.seconds }));
        if let Some(s) = self.report.as_ref().map(|r| r.seconds) {
            let made = json!({ "plan": s.plan, "evaluate": s.evaluate, "check": s.check });
            report::merge(&mut seconds, report::object(made));
        }
        seconds
    }
}

/// An error of the density at the points that no colour shows: a fortieth of a step of 8 bits.
const COLOR_ERROR: f64 = 1e-4;

/// The points with the density at each of them.
fn weighed(points: &PointInput, source: &Source, args: &DensityArgs, console: &Console) -> Result<WeighedPoints> {
    let scale = args.scale(&points.cloud, points.frame_numbers.len());
    let cloud = &points.cloud;
    let cell = args.cell(points.cell, cloud.unit, source)?;
    // In a periodic box the images in it are drawn.
    let place = |p: DVec3| cell.as_ref().map_or(p, |cell| cell.wrapped(p));
    let mut options = args.options(cloud.unit)?;
    options.max_error = options.max_error.max(COLOR_ERROR);
    if options.method == Method::Gpu {
        options.method = Method::Auto;
    }
    let all = cloud.len();
    let is_inside = |p: &DVec3| args.bounds.is_none_or(|b| b.min.cmple(*p).all() && p.cmple(b.max).all());
    let inside: Vec<usize> = (0..all).filter(|&i| is_inside(&place(cloud.positions[i]))).collect();
    if inside.len() < all {
        console.note(&format!("{} of {all} points lie outside --bounds and are not drawn", all - inside.len()));
    }
    let mut drawn = cloud.take(&inside);
    drawn.positions.iter_mut().for_each(|p| *p = place(*p));
    let mut values = match &cell {
        Some(cell) => kde::periodic_density_at(cloud, cell, &drawn.positions, &options, console)?.values,
        None => kde::density_at(cloud, &drawn.positions, &options, console)?.values,
    };
    values.iter_mut().for_each(|v| *v *= scale);
    let positions = Arc::new(std::mem::take(&mut drawn.positions));
    Ok(WeighedPoints { positions, of: drawn, values: Arc::new(values) })
}
