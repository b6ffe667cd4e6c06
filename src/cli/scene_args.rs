//! The options of a picture of a density in space, and the scene that they make of what was read: the same for a
//! picture, a window and each frame of a movie.

use clap::{ArgAction, Args};
use glam::{DVec2, DVec3};

use super::args::{DensityArgs, PointArgs, numbers, vector};
use super::content::Content;
use super::cut_args::CutArgs;
use super::further::{self, FurtherArgs};
use super::glyph_args::{GlyphArgs, Mode};
use super::label_args::LabelArgs;
use super::picture_args::{PictureArgs, on_off};
use super::quality_args::QualityArgs;
use super::shared::Shared;
use super::trace_args::TraceArgs;
use crate::annotate;
use crate::color::{OpacityCurve, TransferFunction};
use crate::error::Result;
use crate::scene::{
    Annotations, Camera, Frame, Limits, Look, PointColors, Projection, Scene, View, Viewpoint, VolumeMode,
};

/// The options.
#[derive(Debug, Args)]
pub struct SceneArgs {
    #[command(flatten)]
    pub points: PointArgs,
    #[command(flatten)]
    pub density: DensityArgs,
    #[command(flatten)]
    pub glyphs: GlyphArgs,
    #[command(flatten)]
    pub trace: TraceArgs,
    #[command(flatten)]
    pub cuts: CutArgs,
    #[command(flatten)]
    pub picture: PictureArgs,
    #[command(flatten)]
    pub view: ViewArgs,
    #[command(flatten)]
    pub quality: QualityArgs,
    #[command(flatten)]
    pub labels: LabelArgs,
    #[command(flatten)]
    pub further: FurtherArgs,
}

/// How the density is seen.
#[derive(Debug, Args)]
#[command(next_help_heading = "Picture")]
pub struct ViewArgs {
    /// Opacity against position in the limits, such as "0:0,0.5:0.1,1:0.8"
    ///
    /// Of fog that of a layer (README), of projections and slices that of what a ray shows: "0:1,1:1" covers all, as --mode slice
    /// does; projections, and slices within fog or surfaces, let the lowest tenth of the limits fade.
    #[arg(long, value_name = "CURVE", value_parser = |t: &str| OpacityCurve::parse(t))]
    pub opacity: Option<OpacityCurve>,
    /// Optical depth of fog times K, 0.5 is half as dense; the opacity of surfaces, projections and slices times K, at most 1
    #[arg(long, value_name = "K", default_value_t = 1.0, value_parser = above_zero)]
    pub global_opacity: f64,
    /// Let densities fade that are below RATIO times their standard error [RATIO if left out: 2]
    #[arg(long, value_name = "RATIO", conflicts_with = "resolution", num_args = 0..=1, require_equals = true, default_missing_value = "2", value_parser = above_zero)]
    pub fade_noise: Option<f64>,
    /// default, or mayavi for the pixels of Mayavi's volume
    #[arg(long, default_value = "default", value_parser = look)]
    pub look: Look,
    /// Lighting: on or off [default: off for the volume, on for points; mayavi: on]
    #[arg(long, value_name = "on|off", value_parser = on_off)]
    pub shading: Option<bool>,
    /// The directions of x, y and z in a corner: on or off
    #[arg(long, value_name = "on|off", default_value = "off", action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "on", value_parser = on_off)]
    gizmo: bool,
    /// Look along an axis: x, y, z or iso
    ///
    /// In perspective, as all views are without --ortho: what is nearer appears larger, so that positions cannot be read off the
    /// axes. With --ortho they can.
    #[arg(long, value_name = "VIEW", conflicts_with = "camera", value_parser = view)]
    view: Option<View>,
    /// Degrees from +x towards +y, degrees above the xy-plane, and distance
    #[arg(long, value_name = "AZIMUTH,ELEVATION[,DISTANCE]", value_parser = angles)]
    camera: Option<(View, Option<f64>)>,
    /// Where the eye is
    #[arg(long, value_name = "X,Y,Z", conflicts_with_all = ["view", "camera"], value_parser = vector)]
    camera_position: Option<DVec3>,
    /// What the eye looks at [default: the centre of the box]
    #[arg(long, value_name = "X,Y,Z", value_parser = vector)]
    camera_target: Option<DVec3>,
    /// What points upward [default: 0,0,1]
    #[arg(long, value_name = "X,Y,Z", value_parser = vector)]
    camera_up: Option<DVec3>,
    /// Where the target appears, from the centre to the right and upward in heights of the picture
    #[arg(long, value_name = "X,Y", value_parser = shift)]
    camera_shift: Option<DVec2>,
    /// Vertical view angle in degrees [default: 30]
    #[arg(long, value_name = "DEG")]
    view_angle: Option<f64>,
    /// Parallel projection: lengths and positions are the same at any depth
    #[arg(long, conflicts_with = "view_angle")]
    pub ortho: bool,
}

impl SceneArgs {
    /// The scene of this content in a picture of this size.
    ///
    /// # Errors
    /// [`crate::error::Error::Usage`] for options that do not fit it.
    pub fn scene(&self, content: &Content, frame: &Frame) -> Result<Scene> {
        self.scene_among(content, frame, None)
    }

    /// As [`SceneArgs::scene`], of one of several pictures and with what they have in common.
    ///
    /// # Errors
    /// As [`SceneArgs::scene`].
    pub fn scene_among(&self, content: &Content, frame: &Frame, shared: Option<&Shared>) -> Result<Scene> {
        let mut scene = self.shown(content, frame, shared)?;
        self.view.apply(self.glyphs.mode, &mut scene);
        if let Some(level) = content.noise(self)? {
            scene.transfer.fade_below(level);
        }
        scene.quality = self.quality.quality(content);
        further::add(self, content, frame, &mut scene)?;
        if !scene.others.is_empty() {
            self.labels.apply(&mut scene, content);
        }
        scene.viewpoint = self.view.viewpoint(&scene, frame);
        Ok(scene)
    }

    /// The opacity of surfaces that have none of their own: a molecule shows through.
    fn opacity_of_surfaces(&self) -> f64 {
        if self.trace.trace.is_some() { Look::SURFACE_AROUND_TRACE } else { 1.0 }
    }

    /// All but viewpoint, opacity and lighting, which are cheap to change: the last one is kept.
    fn shown(&self, content: &Content, frame: &Frame, shared: Option<&Shared>) -> Result<Scene> {
        let Self { glyphs, trace, cuts, picture, view, .. } = self;
        let (factor, is_shared) = (frame.scale_factor, shared.is_some());
        let around = format!("{:?} {} {:?}", view.look, view.gizmo, self.labels);
        let key = format!("{glyphs:?} {trace:?} {cuts:?} {picture:?} {around} {factor} {is_shared}");
        let mut last = content.last.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some((_, scene)) = last.as_ref().filter(|(of, _)| *of == key) {
            return Ok(scene.clone());
        }
        let scene = self.shown_anew(content, frame, shared)?;
        *last = Some((key, scene.clone()));
        Ok(scene)
    }

    fn shown_anew(&self, content: &Content, frame: &Frame, shared: Option<&Shared>) -> Result<Scene> {
        let (picture, view) = (&self.picture, &self.view);
        let quantity = picture.quantity(content.total, content.values())?;
        let default = self.glyphs.mode.default_limits();
        let common = shared.and_then(|shared| shared.limits(picture, default, quantity));
        let automatic = common.is_none() && picture.leaves_limits_open();
        let by_column = self.glyphs.colors_by_column();
        let limits = match common {
            _ if by_column => Limits::DEFAULT,
            Some(limits) => limits?,
            None if content.is_difference() => content.limits_of(picture, content.limits_of_difference(), quantity)?,
            None => content.limits_of(picture, default, quantity)?,
        };
        let mut scene = view.look.scene_of(content.grid.clone(), limits, content.reference_length())?;
        scene.on_device = content.on_device.clone();
        shared.iter().for_each(|shared| shared.apply(&mut scene));
        // Slices alone cover what they lie before, and go on to the ends of the grid: so does the box.
        if self.glyphs.mode == Mode::Slice {
            scene.focus = scene.focus.joined(scene.grid.lattice.bounds());
        }
        scene.focus = self.cuts.axes_box.unwrap_or(scene.focus);
        if let Some(background) = picture.background() {
            scene.background = background;
            scene.transfer.colormap = view.look.colormap(background);
        }
        self.glyphs.apply(&mut scene, view.look, content.points.as_deref(), frame.scale_factor)?;
        self.cuts.apply(self.glyphs.mode, quantity, self.opacity_of_surfaces(), &mut scene)?;
        self.trace.apply(content, &mut scene, self.glyphs.point_order.is_some())?;
        if self.glyphs.mode == Mode::Iso {
            scene.transfer.colormap = view.look.colormap_of_points(scene.background);
        }
        if content.is_difference() {
            further::look_of_difference(&mut scene, self.cuts.has_levels());
        }
        picture.apply(&mut scene.transfer);
        let colors = scene.points.as_mut().and_then(|points| points.colors.as_mut());
        if let Some(colors) = colors.filter(|_| by_column) {
            picture.apply(&mut colors.transfer);
            colors.transfer.limits = picture.limits_of_column(&colors.values, self.glyphs.point_limits)?;
            scene.transfer =
                TransferFunction { reference_length: scene.transfer.reference_length, ..colors.transfer.clone() };
        }
        if let (Some(limits), Some(colors)) = (self.glyphs.point_limits, self.beside_fog(&mut scene)) {
            colors.transfer.limits = picture.limits_of_column(&colors.values, Some(limits))?;
        }
        if automatic {
            scene.fit_limits_to_surfaces();
        }
        scene.annotations = Annotations { gizmo: view.gizmo, ..picture.annotations(quantity) };
        if content.is_difference() {
            scene.annotations.bar_title.get_or_insert_with(|| "difference".into());
        }
        self.labels.apply(&mut scene, content);
        let own = scene.mode.limits(&scene.grid, &scene.clip);
        if let Some(own) = own.filter(|_| scene.mode != VolumeMode::Minimum || !picture.limits_are_of_densities()) {
            let own = if content.is_difference() { further::limits_along_rays(&scene, own) } else { own };
            let automatic = shared.and_then(|shared| shared.along_rays(&scene.mode)).unwrap_or(own);
            let factor = quantity.factor(scene.grid.unit, scene.mode.dimensions());
            scene.transfer.limits = picture.limits_along_rays(automatic, factor, &scene.mode)?;
        }
        Ok(scene)
    }
}

impl SceneArgs {
    /// The colours of points by a column, where the picture's limits are of the density that is drawn too.
    fn beside_fog<'a>(&self, scene: &'a mut Scene) -> Option<&'a mut PointColors> {
        let colors = scene.points.as_mut().and_then(|points| points.colors.as_mut());
        colors.filter(|_| self.glyphs.has_column() && scene.volume)
    }
}

impl ViewArgs {
    fn apply(&self, mode: Mode, scene: &mut Scene) {
        if let (Some(points), Some(shaded)) = (&mut scene.points, self.shading) {
            points.shaded = shaded;
        }
        if let (Some(trace), Some(shaded)) = (&mut scene.trace, self.shading) {
            trace.shaded = shaded;
        }
        if let Some(curve) = &self.opacity {
            scene.transfer.opacity = curve.clone();
            scene.cover = Some(curve.clone());
        }
        let thinner = scene.trace.is_some() && self.opacity.is_none() && self.look == Look::Default;
        let factor = if thinner { Look::FOG_AROUND_TRACE } else { 1.0 };
        scene.transfer.opacity = scene.transfer.opacity.clone().times(factor * self.global_opacity);
        if self.global_opacity != 1.0 {
            scene.cover = Some(scene.cover().scaled(self.global_opacity));
        }
        if let VolumeMode::Isosurfaces(surfaces) = &mut scene.mode {
            surfaces.iter_mut().for_each(|s| s.opacity = (s.opacity * self.global_opacity).min(1.0));
        }
        if let Some(on) = self.shading.or((mode == Mode::Iso).then_some(true)) {
            scene.shading = on.then(|| match mode {
                Mode::Iso => self.look.shading_of_surfaces(&scene.grid),
                _ => self.look.shading(&scene.grid),
            });
        }
    }

    /// Whether a view along an axis, off whose numbers one would read positions, is in perspective.
    pub fn misleads(&self, scene: &Scene) -> bool {
        let along_an_axis = self.view.is_some_and(|view| [View::X, View::Y, View::Z].contains(&view));
        scene.annotations.axes && !self.ortho && along_an_axis
    }

    /// The camera where the options leave nothing of it open, as a window's do.
    pub fn whole_camera(&self) -> Option<Camera> {
        let projection =
            Projection::Perspective { vertical_fov_degrees: self.view_angle.unwrap_or(Camera::DEFAULT_FOV_DEGREES) };
        let camera = Camera {
            position: self.camera_position?,
            target: self.camera_target?,
            up: self.camera_up?,
            shift: self.camera_shift?,
            projection,
        };
        Some(if self.ortho { camera.orthographic() } else { camera })
    }

    /// From where a scene is seen: automatic, unless options say otherwise.
    pub fn viewpoint(&self, scene: &Scene, frame: &Frame) -> Viewpoint {
        let viewpoint = self.central_viewpoint(scene, frame);
        if !self.ortho {
            return viewpoint;
        }
        Viewpoint::At(annotate::camera(&Scene { viewpoint, ..scene.clone() }, frame).orthographic())
    }

    /// The viewpoint before `--ortho`, which keeps the scale of what lies at the target.
    pub fn central_viewpoint(&self, scene: &Scene, frame: &Frame) -> Viewpoint {
        if let Some(camera) = self.whole_camera() {
            return Viewpoint::At(camera);
        }
        let view = self.camera.map(|(view, _)| view).or(self.view).unwrap_or(View::ISO);
        let automatic = self.look.viewpoint(&scene.grid, view);
        let mut camera = annotate::camera(&Scene { viewpoint: automatic, ..scene.clone() }, frame);
        let untouched = camera;
        if let Some(target) = self.camera_target {
            camera.position += target - camera.target;
            camera.target = target;
        }
        if let Some((_, Some(distance))) = self.camera {
            camera = camera.at_distance(distance);
        }
        if let Some(position) = self.camera_position {
            camera = Camera { position, shift: DVec2::ZERO, ..camera };
        }
        if let Some(degrees) = self.view_angle {
            camera.projection = Projection::Perspective { vertical_fov_degrees: degrees };
        }
        camera.shift = self.camera_shift.unwrap_or(camera.shift);
        camera.up = self.camera_up.unwrap_or(camera.up);
        if camera == untouched { automatic } else { Viewpoint::At(camera) }
    }
}

fn look(text: &str) -> std::result::Result<Look, String> {
    match text {
        "default" => Ok(Look::Default),
        "mayavi" => Ok(Look::Mayavi),
        _ => Err("known are default and mayavi".into()),
    }
}

fn view(text: &str) -> std::result::Result<View, String> {
    match text {
        "x" => Ok(View::X),
        "y" => Ok(View::Y),
        "z" => Ok(View::Z),
        "iso" => Ok(View::ISO),
        _ => Err("known are x, y, z and iso".into()),
    }
}

fn angles(text: &str) -> std::result::Result<(View, Option<f64>), String> {
    let (angles, distance) = match text.matches(',').count() {
        2 => {
            let [azimuth, elevation, distance] = numbers::<3>(text, "three")?;
            ([azimuth, elevation], Some(distance))
        }
        _ => (numbers::<2>(text, "two, azimuth,elevation, or three,")?, None),
    };
    let [azimuth, elevation] = angles;
    if !(-90.0..=90.0).contains(&elevation) {
        return Err(format!("an elevation of {elevation} degrees cannot be; it lies between -90 and 90"));
    }
    if distance.is_some_and(|d| !(1e-100..1e100).contains(&d)) {
        return Err("the distance must be above 0, and a number f64 can square".into());
    }
    Ok((View::Angles { azimuth, elevation }, distance))
}

fn shift(text: &str) -> std::result::Result<DVec2, String> {
    numbers::<2>(text, "two, x,y,").map(DVec2::from_array)
}

fn above_zero(text: &str) -> std::result::Result<f64, String> {
    text.parse().ok().filter(|v: &f64| v.is_finite() && *v > 0.0).ok_or_else(|| "write a number above 0".into())
}
