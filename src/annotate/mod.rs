//! What is written and drawn around the density: axes, colour bar, scale bar and title, as marks that a
//! painter puts on a picture. Needs no GPU.

mod axes;
mod chart;
mod colorbar;
mod contours;
mod gizmo;
mod heatmap;
mod labels;
mod legend;
mod legend_box;
mod lettering;
mod page;
mod scalebar;
mod sides;
mod ticks;
mod title;

use glam::{DVec2, DVec3};

pub use chart::{ChartMarks, Thing, annotate_chart};
pub use heatmap::{HeatmapLayout, HeatmapMarks, annotate_heatmap, contour_names, heatmap_layout};
pub use lettering::Lettering;
pub use ticks::{Labels, Ticks};

use crate::color::Rgb;
use crate::scene::{
    Annotations, Background, Camera, ColorKey, Frame, PointColors, Scene, Viewpoint, VolumeMode, Window,
};
use colorbar::{Bar, Lacks, MASS_SHARES};
use page::Page;

/// Whether a mark is seen through the density or stands before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// Drawn on the background, before the density.
    Behind,
    /// Drawn on the finished picture.
    Front,
}

/// A colour with its opacity (0 to 1), not multiplied by it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ink {
    /// Display red, green, blue.
    pub rgb: Rgb,
    /// Opacity.
    pub alpha: f32,
}

/// A rectangle in points; x grows to the right and y downward from the top left corner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    /// Top left corner.
    pub min: DVec2,
    /// Bottom right corner.
    pub max: DVec2,
}

impl Area {
    /// From where to where the line from `a` to `b` runs inside, as shares of the way; none along the border (Liang and
    /// Barsky 1984, "A new concept and method for line clipping").
    fn shares_of(&self, [a, b]: [DVec2; 2]) -> Option<[f64; 2]> {
        let (mut enters, mut leaves) = (0.0_f64, 1.0_f64);
        for i in 0..2 {
            let (from, way) = (a[i], b[i] - a[i]);
            if way == 0.0 {
                if from <= self.min[i] || from >= self.max[i] {
                    return None;
                }
                continue;
            }
            let [near, far] = [(self.min[i] - from) / way, (self.max[i] - from) / way];
            enters = enters.max(near.min(far));
            leaves = leaves.min(near.max(far));
        }
        (enters < leaves).then_some([enters, leaves])
    }
}

/// What a mark looks like. Lengths and positions are in points.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// A straight line.
    Line {
        /// From here.
        from: DVec2,
        /// To here.
        to: DVec2,
        /// Thickness.
        width: f64,
        /// Colour.
        ink: Ink,
    },
    /// A line through several points, joined.
    Path {
        /// The points.
        points: Vec<DVec2>,
        /// Whether the last goes on to the first.
        closed: bool,
        /// Thickness.
        width: f64,
        /// Colour.
        ink: Ink,
    },
    /// A filled circle.
    Disc {
        /// Its middle.
        center: DVec2,
        /// Its radius.
        radius: f64,
        /// Colour.
        ink: Ink,
    },
    /// What lies between two lines with as many points each.
    Band {
        /// One line.
        upper: Vec<DVec2>,
        /// The other.
        lower: Vec<DVec2>,
        /// Colour.
        ink: Ink,
    },
    /// A column of rows, each one pixel high.
    Rows {
        /// The column; its edges lie between pixels.
        area: Area,
        /// Colours, first row at the top.
        inks: Vec<Ink>,
    },
    /// A filled convex polygon.
    Polygon {
        /// Corners in order.
        corners: Vec<DVec2>,
        /// Colour.
        ink: Ink,
    },
    /// One line of text.
    Text {
        /// The text; superscript digits and minus are drawn as raised small digits.
        text: String,
        /// Where it stands, as measured by [`Lettering`].
        area: Area,
        /// Height of the letters' em.
        font_size: f64,
        /// Whether it runs upward, its letters turned to the left.
        upward: bool,
        /// Colour.
        ink: Ink,
    },
}

/// Something to be drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// Before or behind the density.
    pub layer: Layer,
    /// What.
    pub shape: Shape,
}

impl Area {
    /// Width and height.
    pub fn size(&self) -> DVec2 {
        self.max - self.min
    }

    /// The point half-way between the corners.
    pub fn center(&self) -> DVec2 {
        0.5 * (self.min + self.max)
    }

    /// The area of this size around a point.
    pub fn around(center: DVec2, size: DVec2) -> Self {
        Self { min: center - 0.5 * size, max: center + 0.5 * size }
    }

    /// The area with `margin` added on all sides.
    pub fn grown(&self, margin: f64) -> Self {
        Self { min: self.min - margin, max: self.max + margin }
    }

    /// Whether the two have more than an edge in common.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.min.cmplt(other.max).all() && other.min.cmplt(self.max).all()
    }

    /// Whether `other` lies within, edges included.
    pub fn contains(&self, other: &Self) -> bool {
        self.min.cmple(other.min).all() && other.max.cmple(self.max).all()
    }
}

/// Where in the limits a density can be made out at the rim of a picture.
const SEEN: f64 = 0.15;

/// Opacity from which on what a ray shows can be made out, less what control points are rounded by.
const HALF: f32 = 0.4999;

/// The camera of a scene in a frame: an automatic one looks at the centre of the focus and sees it, and the
/// density that can be made out, in the [`plot_area`].
pub fn camera(scene: &Scene, frame: &Frame) -> Camera {
    let view = match scene.viewpoint {
        Viewpoint::At(camera) => return camera,
        Viewpoint::Fit(view) => view,
    };
    let area = plot_area(&scene.annotations, frame);
    let [width, height] = frame.size_in_points();
    let from_center = area.center() - 0.5 * DVec2::new(width, height);
    let window = Window { center: from_center * DVec2::new(1.0, -1.0) / height, size: area.size() / height };
    // Fog beyond the drawn box is neither cut by the picture's edge nor drawn under the colour bar.
    let axes = view.axes();
    let fog = match scene.volume {
        true => furthest_seen(scene, &[axes.right, -axes.right, axes.up, -axes.up]),
        false => Vec::new(),
    };
    Camera::fitting_with(scene.focus, &fog, view, window)
}

/// Of the nodes that can be made out, the one furthest along each direction.
fn furthest_seen(scene: &Scene, directions: &[DVec3]) -> Vec<DVec3> {
    match gap(scene) {
        Some(gap) => scene.grid.furthest_outside(gap, directions),
        None => scene.grid.furthest_above(seen_from(scene), directions),
    }
}

/// The densities between which nothing can be made out, where both lower and higher ones can, as those of a difference.
fn gap(scene: &Scene) -> Option<[f64; 2]> {
    let (curve, least) = match scene.mode.is_projection() || !scene.slices.is_empty() {
        true => (scene.cover(), HALF),
        false => {
            let curve = scene.transfer.opacity.clone();
            let most = curve.points().iter().map(|p| p.1).fold(0.0, f32::max);
            (curve, SEEN as f32 * most)
        }
    };
    let is_seen = |i: u32| curve.at(f64::from(i) / 1000.0) >= least;
    let low = (0..=1000).find(|i| !is_seen(*i)).filter(|low| *low > 0)?;
    let high = (0..=1000).rev().find(|i| !is_seen(*i)).filter(|high| *high < 1000)?;
    let times = match scene.mode {
        VolumeMode::LineIntegral => 1.0 / scene.grid.lattice.bounds().diagonal(),
        _ => 1.0,
    };
    Some([low - 1, high + 1].map(|i| times * scene.transfer.value_at(f64::from(i) / 1000.0)))
}

/// A density that can be made out, or on whose ray something can.
fn seen_from(scene: &Scene) -> f64 {
    let is_flat = scene.mode.is_projection() || !scene.slices.is_empty();
    let covers = if is_flat { scene.cover().first_of(HALF) } else { None };
    if covers == Some(0.0) {
        return f64::NEG_INFINITY;
    }
    // What hardly covers anything is seen where it covers the most.
    let covers = covers.unwrap_or(1.0);
    // A ray whose mean is seen has somewhere no less than it.
    match scene.mode {
        VolumeMode::LineIntegral => scene.transfer.value_at(covers) / scene.grid.lattice.bounds().diagonal(),
        _ if is_flat => scene.transfer.value_at(covers),
        _ => scene.transfer.value_at(SEEN),
    }
}

/// The marks of a picture of `scene` seen by `camera`. Text never overlaps text and never leaves the
/// picture: what does not fit is left out.
pub fn annotate(scene: &Scene, camera: Camera, frame: &Frame) -> Vec<Mark> {
    let shown = scene.annotations.colorbar && scene.annotations.mass_axis;
    let mass = if shown { scene.grid.levels_enclosing(&MASS_SHARES) } else { Vec::new() };
    laid_out(scene, camera, frame, mass).0.marks
}

/// What a picture of `scene` has no room for, in words.
pub fn left_out(scene: &Scene, frame: &Frame) -> Vec<String> {
    let camera = camera(scene, frame);
    if camera.validate().is_err() {
        return Vec::new();
    }
    // Which shares there are changes no room.
    let mass = if scene.annotations.mass_axis { vec![f64::NAN] } else { Vec::new() };
    laid_out(scene, camera, frame, mass).1
}

/// What the pixels of a scene's density show: that of its colour bar without `--bar-title`.
pub fn name_of_shown(scene: &Scene) -> &'static str {
    colorbar::name_along_rays(scene).unwrap_or(scene.annotations.quantity.name())
}

/// The characters of texts that the font has no sign for, each once.
pub fn without_sign<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<char> {
    // Fonts take their time, and mostly there are no texts.
    let (mut lettering, mut found) = (None, Vec::new());
    for c in texts.into_iter().flat_map(|t| lettering.get_or_insert_with(|| Lettering::new(1.0)).without_sign(t)) {
        if !found.contains(&c) {
            found.push(c);
        }
    }
    found
}

/// The texts among marks.
fn texts(marks: &[Mark]) -> impl Iterator<Item = &str> {
    marks.iter().filter_map(|mark| match &mark.shape {
        Shape::Text { text, .. } => Some(text.as_str()),
        _ => None,
    })
}

/// The page, and what it has no room for; `mass` are the levels of the [`MASS_SHARES`], if they are shown.
fn laid_out(scene: &Scene, camera: Camera, frame: &Frame, mass: Vec<f64>) -> (Page, Vec<String>) {
    let mut page = Page::new(scene.background, scene.foreground(), frame);
    let annotations = &scene.annotations;
    let top = title::draw(&mut page, annotations);
    let mut lacks = Vec::new();
    if let Some(title) = annotations.title.as_deref().filter(|title| !title.trim().is_empty()) {
        let is_cut = !title.contains('…') && texts(&page.marks).any(|text| text.ends_with('…'));
        let lack = if top == 0.0 { Some("the title") } else { is_cut.then_some("the end of the title") };
        lacks.extend(lack.map(str::to_owned));
    }
    if annotations.colorbar {
        lacks.extend(draw_keys(&mut page, scene, top, mass).into_iter().map(str::to_owned));
    }
    if annotations.scale_bar {
        scalebar::draw(&mut page, camera, scene.grid.unit);
    }
    if annotations.axes {
        axes::draw(&mut page, scene, camera, frame);
    }
    if annotations.gizmo && !gizmo::draw(&mut page, camera) {
        lacks.push("the directions of the axes (--gizmo)".to_owned());
    }
    lacks.extend(labels::draw(&mut page, &annotations.labels, camera, frame));
    (page, lacks)
}

/// What tells the meaning of the colours: a bar of the density where it gives any, a bar or a legend of the points. Gives
/// what there was no room for. `mass` are the levels of the [`MASS_SHARES`], if they are shown.
fn draw_keys(page: &mut Page, scene: &Scene, top: f64, mass: Vec<f64>) -> Vec<&'static str> {
    let mut lacks = Vec::new();
    let mut bar = |lack: Lacks| match lack {
        Lacks::Nothing => {}
        Lacks::Mass => lacks.push("the shares of the mass (--mass-axis)"),
        Lacks::Numbers => lacks.push("the numbers of the colour bar"),
        Lacks::All => lacks.push("the colour bar"),
    };
    let mut has_legend = true;
    let colors = scene.points.as_ref().and_then(|points| points.colors.as_ref());
    if let Some(PointColors { key: ColorKey::Categories(names), .. }) = colors {
        has_legend = legend::draw(page, colors.expect("just found"), names, !scene.volume, top);
    }
    let trace = scene.trace.as_ref().map_or(&[][..], |trace| &trace.legend[..]);
    if trace.len() > 1 && !matches!(colors, Some(PointColors { key: ColorKey::Categories(_), .. })) {
        let names: Vec<String> = trace.iter().map(|(name, _)| name.clone()).collect();
        has_legend = legend::draw(page, &PointColors::categories(&[], trace.to_vec()), &names, false, top);
    }
    let column = colors.and_then(|colors| match &colors.key {
        ColorKey::Column(name) => Some((&colors.transfer, name.as_str(), &colors.values[..])),
        _ => None,
    });
    let whole = [top, page.size.y];
    let middle = 0.5 * (top + page.size.y);
    match (colors, column) {
        (Some(colors), column) if !scene.volume && colors.key != ColorKey::Densities => {
            if let Some((transfer, name, values)) = column {
                let name = scene.annotations.bar_title.as_deref().unwrap_or(name);
                bar(colorbar::draw(page, &Bar::of_column(transfer, name, values), whole));
            }
        }
        _ if !scene.others.is_empty() => {
            let first = Bar { mass, ..Bar::of(scene) };
            let mut bars: Vec<Bar> = std::iter::once(first)
                .chain(scene.densities().skip(1).map(|layer| Bar::of_layer(scene, layer)))
                .chain(column.map(|(transfer, name, values)| Bar::of_column(transfer, name, values)))
                .collect();
            let height = (page.size.y - top) / bars.len() as f64;
            colorbar::align(page, &mut bars, height);
            for (n, each) in bars.iter().enumerate() {
                let above = top + n as f64 * height;
                bar(colorbar::draw(page, each, [above, above + height]));
            }
        }
        // Fog with points in colours of their own: its bar above theirs.
        (_, Some((transfer, name, values))) => {
            let mut bars = [Bar { mass, ..Bar::of(scene) }, Bar::of_column(transfer, name, values)];
            colorbar::align(page, &mut bars, middle - top);
            bar(colorbar::draw(page, &bars[0], [top, middle]));
            match colorbar::draw(page, &bars[1], [middle, page.size.y]) {
                Lacks::Nothing | Lacks::Mass => {}
                Lacks::Numbers => lacks.push("the numbers of the points' colour bar"),
                Lacks::All => lacks.push("the points' colour bar"),
            }
        }
        _ => bar(colorbar::draw(page, &Bar { mass, ..Bar::of(scene) }, whole)),
    }
    if !has_legend {
        lacks.push("the legend");
    }
    lacks.dedup();
    lacks
}

/// The part of a picture into which the drawn box should be fitted so that the title, the colour
/// bar and the numbers along the axes have their room. In points.
pub fn plot_area(annotations: &Annotations, frame: &Frame) -> Area {
    let top = title::draw(&mut Page::new(Background::Transparent, [0.0; 3], frame), annotations);
    page::plot_area(annotations, frame, top)
}

#[cfg(test)]
mod tests;
