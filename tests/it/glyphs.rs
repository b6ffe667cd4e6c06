//! Points drawn as spheres, against closed forms.

use std::sync::{Arc, LazyLock, Mutex};

use densitas::color::{Colormap, LookupTable, OpacityCurve, Scale, TransferFunction};
use densitas::error::Error;
use densitas::geometry::Box3;
use densitas::gpu::{AdapterChoice, Gpu};
use densitas::progress::Silent;
use densitas::render::{Light, Renderer};
use densitas::sample;
use densitas::scene::{
    Annotations, Background, Camera, Diameter, Limits, Look, Plane, PointColors, PointLayer, PointOrder, Projection,
    Quality, SampleRule, Sampling, Scene, View, Viewpoint, VolumeMode, Window,
};
use glam::{DVec2, DVec3};

use crate::common::{gpu, grid_of};

static RENDERER: LazyLock<Mutex<Renderer>> = LazyLock::new(|| Mutex::new(renderer()));

fn renderer() -> Renderer {
    Renderer::new(gpu()).unwrap()
}

fn light(scene: &Scene, size: [u32; 2]) -> Light {
    RENDERER.lock().unwrap_or_else(|e| e.into_inner()).draw_light(scene, size, &Silent).unwrap()
}

const UNIT_BOX: Box3 = Box3 { min: DVec3::ZERO, max: DVec3::ONE };
const MIDDLE: DVec3 = DVec3::splat(0.5);
const SIZE: [u32; 2] = [65, 65];

/// Side of the square that the parallel camera sees.
const SEEN: f64 = 0.5;

/// Flat, unsmoothed points of this diameter in a slab of density 1 (white) whose optical depth along x is
/// `SIGMA`, seen along -x; points of density t are grey of t.
fn slab(points: &[(DVec3, f64)], diameter: f64) -> Scene {
    let grid = Arc::new(grid_of(UNIT_BOX, [4, 4, 4], |_| 1.0));
    let layer = PointLayer {
        positions: Arc::new(points.iter().map(|p| p.0).collect()),
        values: Arc::new(points.iter().map(|p| p.1).collect()),
        colors: None,
        sizes: None,
        diameter: Diameter::Uniform(diameter),
        order: PointOrder::Depth,
        opacity: 1.0,
        shaded: false,
        antialias: false,
    };
    let transfer = TransferFunction {
        colormap: Colormap::named("grey").unwrap(),
        limits: [0.0, 1.0],
        scale: Scale::Linear,
        opacity: OpacityCurve::parse("0:0.6,1:0.6").unwrap(),
        reference_length: 0.5,
    };
    Scene {
        on_device: None,
        volume: true,
        mode: VolumeMode::Fog,
        slices: Vec::new(),
        cover: None,
        clip: Vec::new(),
        points: Some(layer),
        trace: None,
        transfer,
        focus: UNIT_BOX,
        viewpoint: parallel(),
        sampling: Sampling { step: 0.013, rule: SampleRule::Midpoint, adaptive: true },
        quality: Quality::default(),
        others: Vec::new(),
        shading: None,
        background: Background::Color([0.0; 3]),
        annotations: Annotations::default(),
        grid,
    }
}

/// Extinction of the slab.
fn sigma() -> f64 {
    -(0.4_f64.ln()) / 0.5
}

fn parallel() -> Viewpoint {
    let camera = Camera::fitting(UNIT_BOX, View::X, Window::middle(1.0));
    Viewpoint::At(Camera { projection: Projection::Orthographic { visible_height: SEEN }, ..camera })
}

fn points_only(points: &[(DVec3, f64)], diameter: f64) -> Scene {
    Scene { volume: false, ..slab(points, diameter) }
}

fn layer(scene: &mut Scene) -> &mut PointLayer {
    scene.points.as_mut().unwrap()
}

fn at(light: &Light, x: u32, y: u32) -> [f32; 4] {
    light.rgba[(y * light.size[0] + x) as usize]
}

fn covered(light: &Light) -> usize {
    light.rgba.iter().filter(|p| p[3] > 0.5).count()
}

/// The tolerance of the float target on software adapters (measured: below 4e-6 on these scenes).
const FLOAT_TOLERANCE: f64 = 2e-5;

fn assert_close(found: f32, expected: f64, what: &str) {
    let error = (f64::from(found) - expected).abs();
    assert!(error <= FLOAT_TOLERANCE, "{what}: {found}, expected {expected}"); // fails on NaN too
}

/// Closed form 7. Catches: fog behind the glyph added, the last step before it not shortened, depth of
/// the centre instead of the surface, a glyph composited without the fog before it.
#[test]
fn a_sphere_in_a_slab_is_seen_through_the_fog_before_it() {
    let (center, radius, grey) = (DVec3::new(0.3, 0.5, 0.5), 0.2, 0.25);
    for (antialias, step) in [(false, 0.5), (false, 0.07), (false, 0.013), (true, 0.013)] {
        let mut scene = slab(&[(center, grey)], 2.0 * radius);
        scene.sampling.step = step;
        layer(&mut scene).antialias = antialias;
        let light = light(&scene, SIZE);
        for (x, y) in [(32, 32), (40, 32), (32, 20), (50, 44)] {
            // The mean over the samples of a pixel differs in second order from its centre.
            let tolerated = if antialias { 1e-3 } else { FLOAT_TOLERANCE };
            let aside = [x, y].map(|i| (f64::from(i) + 0.5 - 32.5) * SEEN / 65.0);
            let rho_squared = aside[0].powi(2) + aside[1].powi(2);
            let depth = 1.0 - center.x - (radius * radius - rho_squared).sqrt();
            let through = (-sigma() * depth).exp();
            let [red, .., alpha] = at(&light, x, y);
            let expected = (1.0 - through) + through * grey;
            assert!((f64::from(red) - expected).abs() <= tolerated, "{step} {x} {y}: {red}, expected {expected}");
            assert_close(alpha, 1.0, "opaque");
        }
        assert_close(at(&light, 0, 0)[3], 1.0 - (-sigma()).exp(), "beside it");
    }
}

/// Discs one behind another, in any order in memory: each lets through what its opacity leaves. Catches: layers left out,
/// taken twice or in the wrong order, points of equal depth that hide one another, opacity applied to the wrong side.
#[test]
fn translucent_points_are_laid_one_over_another() {
    let greys = [0.9, 0.2, 0.7, 0.4, 1.0];
    // Seen along -x, so that the largest x is the nearest; the last two are at one place.
    let xs = [0.5, 0.8, 0.2, 0.35, 0.35];
    let points: Vec<_> = std::iter::zip(xs, greys).map(|(x, grey)| (DVec3::new(x, 0.5, 0.5), grey)).collect();
    for opacity in [0.05, 0.3, 0.999] {
        for (diameter, antialias) in [(0.2, false), (0.2, true), (0.0, false)] {
            let mut scene = points_only(&points, diameter);
            (layer(&mut scene).opacity, layer(&mut scene).antialias) = (opacity, antialias);
            let pixel = at(&light(&scene, SIZE), 32, 32);
            // Of two at one depth the one that comes last by density is before the other.
            let (mut color, mut through) = (0.0, 1.0);
            for grey in [0.2, 0.9, 1.0, 0.4, 0.7] {
                color += through * opacity * grey;
                through *= 1.0 - opacity;
            }
            // What more than 1023 of 1024 is hidden of is not looked for.
            let tolerance = if opacity > 0.9 { 1.0 / 1024.0 } else { FLOAT_TOLERANCE };
            let what = format!("opacity {opacity}, diameter {diameter}, smoothed {antialias}");
            assert!((f64::from(pixel[0]) - color).abs() <= tolerance, "{what}: {pixel:?}, expected {color}");
            assert!((f64::from(pixel[3]) - 1.0 + through).abs() <= tolerance, "{what}: {pixel:?}, expected {through}");
        }
    }
}

/// Closed form 7 with a translucent glyph. Catches: fog between and behind the points left out or counted twice.
#[test]
fn translucent_points_in_a_slab_have_fog_between_them() {
    let (opacity, grey) = (0.4, 0.25);
    let points = [0.3, 0.7].map(|x| (DVec3::new(x, 0.5, 0.5), grey));
    for antialias in [false, true] {
        let mut scene = slab(&points, 0.0);
        (layer(&mut scene).opacity, layer(&mut scene).antialias) = (opacity, antialias);
        let light = light(&scene, SIZE);
        let fog = |length: f64| (-sigma() * length).exp();
        let passed = 1.0 - opacity;
        let expected = (1.0 - fog(0.3))
            + fog(0.3) * (opacity * grey + passed * (1.0 - fog(0.4)))
            + fog(0.7) * passed * (opacity * grey + passed * (1.0 - fog(0.3)));
        assert_close(at(&light, 32, 32)[0], expected, "through both");
        assert_close(at(&light, 32, 32)[3], 1.0 - fog(1.0) * passed * passed, "opacity");
        assert_close(at(&light, 0, 0)[3], 1.0 - fog(1.0), "beside them");
    }
}

#[test]
fn what_translucent_points_cannot_be_is_told() {
    for (opacity, order, word) in
        [(0.0, PointOrder::Depth, "0.01"), (1.5, PointOrder::Depth, "1.5"), (0.5, PointOrder::Density, "depth")]
    {
        let mut scene = points_only(&[(MIDDLE, 0.5)], 0.1);
        (layer(&mut scene).opacity, layer(&mut scene).order) = (opacity, order);
        let refused = renderer().draw_light(&scene, SIZE, &Silent).unwrap_err();
        assert!(matches!(refused, Error::Usage(_)) && refused.to_string().contains(word), "{refused}");
    }
}

/// Mayavi's rule takes whole steps only: the last one before the glyph. Catches: midpoint rule in both.
#[test]
fn by_the_end_rule_the_last_whole_step_before_the_glyph_counts() {
    let mut scene = slab(&[(DVec3::new(0.35, 0.5, 0.5), 0.0)], 0.2);
    scene.sampling = Sampling { step: 0.1, rule: SampleRule::End, adaptive: true };
    // The surface is 0.55 deep: five steps.
    assert_close(at(&light(&scene, SIZE), 32, 32)[0], 1.0 - (-sigma() * 0.5).exp(), "five steps");
}

/// Where a smoothed rim covers a part of a pixel the rest of it sees all steps. Catches: steps begun anew
/// behind a glyph.
#[test]
fn by_the_end_rule_what_is_beside_a_smoothed_rim_has_all_its_steps() {
    let mut scene = slab(&[(DVec3::new(0.45, 0.5, 0.5), 0.0)], 0.06);
    // The surface is 0.52 to 0.55 deep: five steps of ten.
    scene.sampling = Sampling { step: 0.0999, rule: SampleRule::End, adaptive: true };
    layer(&mut scene).antialias = true;
    let fog = |steps: f64| 1.0 - (-sigma() * steps * 0.0999).exp();
    let mut seen = [0; 5];
    for [red, ..] in light(&scene, SIZE).rgba {
        let of = |covered: i32| (f64::from(covered) * fog(5.0) + f64::from(4 - covered) * fog(10.0)) / 4.0;
        let covered = (0..5).find(|&k| (f64::from(red) - of(k)).abs() < FLOAT_TOLERANCE);
        seen[covered.unwrap_or_else(|| panic!("{red} is no mean of {} and {}", fog(5.0), fog(10.0))) as usize] += 1;
    }
    assert!(seen.iter().all(|n| *n > 0), "{seen:?}");
}

/// Catches: spheres mirrored from behind the eye, a sphere around the eye that fills the picture.
#[test]
fn what_is_behind_or_around_the_eye_is_not_seen() {
    let camera = |vertical_fov_degrees: f64| Camera {
        position: MIDDLE,
        target: DVec3::new(0.0, 0.5, 0.5),
        up: DVec3::Z,
        projection: Projection::Perspective { vertical_fov_degrees },
        shift: DVec2::ZERO,
    };
    for (x, diameter, seen) in [(0.2, 0.1, true), (0.8, 0.1, false), (0.8, 0.5, false), (0.5, 0.1, false)] {
        for fov in [30.0, 150.0] {
            let mut scene = points_only(&[(DVec3::new(x, 0.5, 0.5), 0.5)], diameter);
            scene.viewpoint = Viewpoint::At(camera(fov));
            assert_eq!(covered(&light(&scene, SIZE)) > 0, seen, "at {x}, diameter {diameter}, {fov} degrees");
        }
    }
}

/// Catches: glyphs only where a ray meets the box; fog of the box before a glyph that is in front of it.
#[test]
fn points_outside_the_box_are_seen_before_beside_and_behind_it() {
    let before = slab(&[(DVec3::new(1.5, 0.5, 0.5), 0.25)], 0.1);
    assert_close(at(&light(&before, SIZE), 32, 32)[0], 0.25, "before the box");
    let behind = slab(&[(DVec3::new(-1.0, 0.5, 0.5), 0.25)], 0.1);
    let through = (-sigma()).exp();
    assert_close(at(&light(&behind, SIZE), 32, 32)[0], 1.0 - 0.75 * through, "behind the box");
    let mut beside = slab(&[(DVec3::new(0.5, 0.5, 2.0), 0.25)], 0.2);
    let Viewpoint::At(camera) = beside.viewpoint else { unreachable!() };
    beside.viewpoint = Viewpoint::At(Camera { projection: Projection::Orthographic { visible_height: 4.0 }, ..camera });
    let light = light(&beside, SIZE);
    let y = (32.5 - 1.5 / 4.0 * 65.0) as u32;
    assert_close(at(&light, 32, y)[0], 0.25, "beside the box");
    assert_eq!(at(&light, 10, y), [0.0; 4]);
}

/// Catches: radius taken for the diameter, a wrong aspect, the sphere's size taken at its centre's depth
/// where perspective makes it larger, clipping by too small a box of pixels.
#[test]
fn a_sphere_covers_the_pixels_whose_rays_meet_it() {
    let center = DVec3::new(0.4, 0.62, 0.41);
    let shifted = DVec2::new(0.1, -0.05);
    let near = Camera {
        position: DVec3::new(1.2, 0.7, 0.6),
        target: center + DVec3::new(0.0, 0.1, 0.0),
        up: DVec3::Z,
        projection: Projection::Perspective { vertical_fov_degrees: 50.0 },
        shift: shifted,
    };
    let Viewpoint::At(flat) = parallel() else { unreachable!() };
    for camera in [near, Camera { shift: shifted, ..flat }, Camera { shift: shifted, ..near.orthographic() }] {
        let size = [97, 64];
        for radius in [0.004, 0.02, 0.2, 0.45] {
            let mut scene = points_only(&[(center, 0.5)], 2.0 * radius);
            scene.viewpoint = Viewpoint::At(camera);
            let light = light(&scene, size);
            let mut differing = 0;
            for y in 0..size[1] {
                for x in 0..size[0] {
                    let ray = camera.ray_in_world(DVec2::new(f64::from(x), f64::from(y)) + 0.5, size);
                    let to = center - ray.origin;
                    let aside = (to - to.dot(ray.direction) * ray.direction).length();
                    let hit = at(&light, x, y)[3] == 1.0;
                    // f32 may decide differently within a hair of the rim.
                    differing += usize::from(hit != (aside <= radius) && (aside / radius - 1.0).abs() > 1e-4);
                }
            }
            assert_eq!(differing, 0, "radius {radius} by {camera:?}");
        }
    }
}

/// Catches: the wrong sense of depth, order of drawing instead of depth, densities that do not rule.
#[test]
fn the_nearest_or_the_densest_of_overlapping_spheres_is_seen() {
    let near_thin = (DVec3::new(0.8, 0.5, 0.5), 0.25);
    let far_dense = (DVec3::new(0.2, 0.5, 0.5), 0.75);
    for points in [[near_thin, far_dense], [far_dense, near_thin]] {
        for antialias in [false, true] {
            let mut scene = points_only(&points, 0.1);
            layer(&mut scene).antialias = antialias;
            assert_close(at(&light(&scene, SIZE), 32, 32)[0], 0.25, "the nearest");
            layer(&mut scene).order = PointOrder::Density;
            assert_close(at(&light(&scene, SIZE), 32, 32)[0], 0.75, "the densest");
            // In fog it is seen at its own depth.
            scene.volume = true;
            let through = (-sigma() * 0.75).exp();
            let found = f64::from(at(&light(&scene, SIZE), 32, 32)[0]);
            assert!((found - (1.0 - 0.25 * through)).abs() < if antialias { 1e-3 } else { FLOAT_TOLERANCE }, "{found}");
        }
    }
}

/// Two spheres that cut each other share the picture along the plane where they meet. Catches: one depth
/// for a whole sphere.
#[test]
fn spheres_that_cut_each_other_are_divided_where_they_meet() {
    let a = (DVec3::new(0.5, 0.45, 0.5), 0.25);
    let b = (DVec3::new(0.5, 0.55, 0.5), 0.75);
    let light = light(&points_only(&[a, b], 0.3), SIZE);
    // Along -x, y grows to the right.
    for x in (15..50).filter(|x| *x != 32) {
        assert_close(at(&light, x, 32)[0], if x < 32 { 0.25 } else { 0.75 }, &format!("column {x}"));
    }
}

/// Catches: points lost between the centres of pixels, twice drawn ones, those at the borders.
#[test]
fn points_smaller_than_a_pixel_are_one_pixel_each() {
    // In every second column and row, at changing places in the pixel.
    let mut points = Vec::new();
    for row in (0..64).step_by(2) {
        for column in (0..64).step_by(2) {
            let inside = DVec2::new(f64::from((column * 7 + row) % 10), f64::from((row * 3 + column) % 10)) / 10.0;
            let pixel = DVec2::new(f64::from(column), f64::from(row)) + inside.clamp(DVec2::splat(0.05), DVec2::ONE);
            let from_center = (pixel - 32.0) * SEEN / 64.0;
            points.push((DVec3::new(0.5, 0.5 + from_center.x, 0.5 - from_center.y), 0.5));
        }
    }
    for (diameter, antialias) in [(0.0, false), (1e-6, true), (0.5 / 64.0, false), (0.5 / 64.0, true)] {
        let mut scene = points_only(&points, diameter);
        layer(&mut scene).antialias = antialias;
        let light = light(&scene, [64, 64]);
        assert_eq!(covered(&light), points.len(), "diameter {diameter}");
        for y in 0..64 {
            for x in 0..64 {
                assert_eq!(at(&light, x, y)[3] == 1.0, x % 2 == 0 && y % 2 == 0, "{x} {y}, diameter {diameter}");
            }
        }
    }
}

/// Flat glyphs have the colour of the table, shaded ones have it in their middle and are darker, of the
/// same hue, at the rim. Catches: another table, another range, light that changes colours.
#[test]
fn the_colour_of_a_glyph_is_that_of_its_density_in_the_table() {
    // 18 pixels from the middle of a radius of 19.5.
    let facing = (1.0 - (18.0 * SEEN / 65.0 / 0.15_f64).powi(2)).sqrt();
    let brightness = 1.0 - 0.65 * (1.0 - facing).powi(2);
    for map in ["inferno", "viridis", "jet", "mayavi"] {
        for value in [-1.0, 0.0, 0.123, 0.5, 0.777, 1.0, 7.0] {
            let mut scene = points_only(&[(MIDDLE, value)], 0.3);
            scene.transfer.colormap = Colormap::named(map).unwrap();
            let table = LookupTable::new(&scene.transfer).at(value);
            for shaded in [false, true] {
                layer(&mut scene).shaded = shaded;
                let light = light(&scene, SIZE);
                let [middle, rim] = [32, 50].map(|x| at(&light, x, 32));
                for channel in 0..3 {
                    let expected = f64::from(table[channel]);
                    let error = (f64::from(middle[channel]) - expected).abs();
                    assert!(error <= 1e-3, "{map} at {value}: {middle:?}, expected {table:?}");
                    let lit = if shaded { brightness } else { 1.0 };
                    let error = (f64::from(rim[channel]) - lit * expected).abs();
                    assert!(error <= 1e-3, "{map} at {value}: {rim:?}, expected {lit} of {table:?}");
                }
                if shaded && table[0] > 0.1 {
                    assert!(rim[0] < 0.95 * middle[0], "the rim is darker: {rim:?} {middle:?}");
                }
            }
        }
    }
}

/// Catches: limits of their own for the points; equal limits giving NaN.
#[test]
fn limits_are_those_of_the_volume() {
    for (limits, expected) in [([0.2, 0.6], 0.75), ([0.5, 0.5], 1.0), ([0.51, 0.51], 0.0)] {
        let mut scene = points_only(&[(MIDDLE, 0.5)], 0.3);
        scene.transfer.limits = limits;
        assert_close(at(&light(&scene, SIZE), 32, 32)[0], expected, &format!("{limits:?}"));
    }
}

#[test]
fn diameters_grow_with_the_density_as_mayavis_do() {
    let points = [(DVec3::new(0.5, 0.4, 0.5), 0.25), (DVec3::new(0.5, 0.6, 0.5), 1.0)];
    let width = |diameter: Diameter| {
        let mut scene = points_only(&points, 0.0);
        layer(&mut scene).diameter = diameter;
        let light = light(&scene, [500, 500]);
        let row: Vec<f32> = (0..500).map(|x| at(&light, x, 250)[0]).collect();
        [0.25, 1.0].map(|grey| row.iter().filter(|v| (**v - grey).abs() < 1e-3).count())
    };
    // A thousandth of the unit is a pixel.
    let near = |found: [usize; 2], expected: [usize; 2]| (0..2).all(|i| found[i].abs_diff(expected[i]) <= 1);
    assert!(near(width(Diameter::Uniform(0.1)), [100, 100]), "{:?}", width(Diameter::Uniform(0.1)));
    assert!(near(width(Diameter::Proportional(0.12)), [30, 120]), "{:?}", width(Diameter::Proportional(0.12)));
    assert!(near(width(Diameter::Ranged(0.12)), [1, 120]), "{:?}", width(Diameter::Ranged(0.12)));
}

/// Catches: colours of the density's limits or table, neighbouring categories that run into each other.
#[test]
fn points_have_the_colour_of_what_they_are() {
    let points: Vec<_> = (0..3).map(|i| (DVec3::new(0.5, 0.35 + 0.15 * f64::from(i), 0.5), 0.5)).collect();
    let rgb = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    let categories = ["a", "b", "c"].into_iter().zip(rgb).map(|(name, color)| (name.to_owned(), color)).collect();
    let map = Colormap::parse("#000,#fff").unwrap();
    let column = PointColors::column(Arc::new(vec![-7.0, 3.0, -2.0]), "speed".into(), map);
    let seen = |colors: PointColors, volume: bool| {
        let mut scene = points_only(&points, 0.1);
        scene.volume = volume;
        layer(&mut scene).colors = Some(colors);
        let light = light(&scene, SIZE);
        [0, 1, 2].map(|i| {
            let [r, g, b, _] = at(&light, [13, 32, 51][i], 32);
            [r, g, b]
        })
    };
    let close = |a: [f32; 3], b: [f32; 3]| (0..3).all(|c| (a[c] - b[c]).abs() < 1e-4);
    let found = seen(PointColors::categories(&[2, 0, 1], categories), false);
    assert!(close(found[0], rgb[2]) && close(found[1], rgb[0]) && close(found[2], rgb[1]), "{found:?}");
    let found = seen(column.clone(), false);
    assert!(close(found[0], [0.0; 3]) && close(found[1], [1.0; 3]) && close(found[2], [0.5; 3]), "{found:?}");
    let orange = PointColors::constant(3, [1.0, 0.5, 0.0]);
    assert!(seen(orange, false).iter().all(|c| close(*c, [1.0, 0.5, 0.0])));
    // In fog of density 1, which is white, behind 0.45 of it.
    let fog = 1.0 - (-sigma() * 0.45).exp() as f32;
    assert!(seen(column, true)[0].iter().all(|c| (c - fog).abs() < 1e-3));
}

/// Catches: a size at the distance of the box, a size of the scale column taken from the density.
#[test]
fn sizes_in_pixels_are_alike_near_and_far_and_columns_size_points() {
    let near = Camera {
        position: DVec3::new(2.0, 0.5, 0.5),
        target: MIDDLE,
        up: DVec3::Z,
        projection: Projection::Perspective { vertical_fov_degrees: 40.0 },
        shift: DVec2::ZERO,
    };
    let widths = |diameter: Diameter, sizes: Option<Vec<f64>>| {
        let points = [(DVec3::new(0.9, 0.4, 0.5), 0.25), (DVec3::new(-2.0, 0.9, 0.5), 1.0)];
        let mut scene = points_only(&points, 0.0);
        scene.viewpoint = Viewpoint::At(near);
        (layer(&mut scene).diameter, layer(&mut scene).sizes) = (diameter, sizes.map(Arc::new));
        let light = light(&scene, [400, 401]);
        let row: Vec<f32> = (0..400).map(|x| at(&light, x, 200)[0]).collect();
        [0.25, 1.0].map(|grey| row.iter().filter(|v| (**v - grey).abs() < 1e-3).count())
    };
    let alike = widths(Diameter::Pixels(12.0), None);
    assert!(alike.iter().all(|w| w.abs_diff(12) <= 1), "{alike:?}");
    let [near, far] = widths(Diameter::Uniform(0.05), None);
    assert!(near > 3 * far && far > 2, "{near} {far}");
    let [least, largest] = widths(Diameter::Ranged(0.05), Some(vec![9.0, 4.0]));
    assert!(least.abs_diff(near) <= 1 && largest <= 1, "{least} {largest}");
}

/// The rim of a smoothed sphere has intermediate values that sum to its area.
#[test]
fn smoothed_edges_cover_what_the_sphere_covers() {
    for diameter in [0.02, 0.05, 0.21] {
        let mut scene = points_only(&[(DVec3::new(0.5, 0.503, 0.498), 0.5)], diameter);
        layer(&mut scene).antialias = true;
        let light = light(&scene, SIZE);
        let area: f64 = light.rgba.iter().map(|p| f64::from(p[3])).sum();
        let expected = std::f64::consts::PI * (0.5 * diameter * 65.0 / SEEN).powi(2);
        assert!((area - expected).abs() < 0.25 + 0.02 * expected, "{diameter}: {area}, expected {expected}");
        assert!(light.rgba.iter().any(|p| p[3] > 0.1 && p[3] < 0.9), "{diameter}");
        let places = light
            .rgba
            .iter()
            .enumerate()
            .map(|(i, p)| f64::from(p[3]) * (DVec2::new((i % 65) as f64, (i / 65) as f64) + DVec2::splat(0.5)));
        let found = places.sum::<DVec2>() / area;
        let expected = 32.5 + DVec2::new(0.003, 0.002) * 65.0 / SEEN;
        assert!(found.distance(expected) < 0.12, "{diameter}: in the middle of {found}, expected {expected}");
    }
}

fn cloud(n: usize) -> Scene {
    let points = sample::sample("founding", Some(n), 1).unwrap().positions;
    let bounds = Box3 { min: DVec3::splat(-4.0), max: DVec3::splat(4.0) };
    let grid = Arc::new(grid_of(bounds, [33, 33, 33], |p| (-0.5 * p.length_squared()).exp()));
    let mut scene = Look::Default.scene(grid, Limits::DEFAULT).unwrap();
    scene.annotations = Annotations::default();
    let values = points.iter().map(|p| (-0.5 * p.length_squared()).exp()).collect();
    scene.points = Some(Look::Default.points(&scene, Arc::new(points), Arc::new(values)));
    scene
}

/// 200,000 points in fog: the same bytes from another renderer, and from one that has drawn another
/// picture before; nothing is NaN.
#[test]
fn many_points_give_the_same_bytes_on_every_run() {
    let mut scene = cloud(200_000);
    for (order, diameter) in [(PointOrder::Depth, 0.0), (PointOrder::Depth, 0.03), (PointOrder::Density, 0.03)] {
        layer(&mut scene).order = order;
        layer(&mut scene).diameter = Diameter::Uniform(diameter);
        let first = light(&scene, [161, 119]);
        let other = renderer().draw_light(&scene, [161, 119], &Silent).unwrap();
        let bits = |l: &Light| l.rgba.iter().flatten().map(|v| v.to_bits()).collect::<Vec<_>>();
        assert!(bits(&first) == bits(&other), "{order:?} {diameter}");
        assert!(first.rgba.iter().flatten().all(|v| (0.0..=1.0 + 1e-5).contains(v)));
        assert!(covered(&first) > 2000, "{}", covered(&first));
    }
}

/// OpenGL has no atomic operations on 64 bits, so that it finds the nearest points in two passes where Vulkan takes
/// one. Catches: ties that the two decide differently, a pass that reads the other's slots.
#[test]
fn one_pass_and_two_passes_see_the_same_points() {
    let Ok(gl) = Gpu::new(&AdapterChoice::Named("gl".into())) else {
        return eprintln!("SKIPPED: there is no OpenGL adapter");
    };
    let mut gl = Renderer::new(gl).unwrap();
    let mut scene = cloud(100_000);
    let mut points = layer(&mut scene).clone();
    // Equal points, of which the last is seen.
    points.positions = Arc::new([&points.positions[..], &points.positions[..50]].concat());
    points.values = Arc::new([&points.values[..], &points.values[50..100]].concat());
    for (volume, order, diameter, opacity) in [
        (false, PointOrder::Depth, 0.0, 1.0),
        (false, PointOrder::Depth, 0.05, 1.0),
        (true, PointOrder::Depth, 0.05, 1.0),
        (true, PointOrder::Density, 0.03, 1.0),
        (false, PointOrder::Depth, 0.02, 0.6),
    ] {
        scene.volume = volume;
        scene.points = Some(PointLayer { order, diameter: Diameter::Uniform(diameter), opacity, ..points.clone() });
        let ours = light(&scene, [321, 239]);
        let theirs = gl.draw_light(&scene, [321, 239], &Silent).unwrap();
        let differs = |(a, b): &(&[f32; 4], &[f32; 4])| (0..4).any(|c| (a[c] - b[c]).abs() > 1.0 / 255.0);
        let differing = std::iter::zip(&ours.rgba, &theirs.rgba).filter(differs).count();
        assert!(differing * 1000 <= ours.rgba.len(), "{order:?} {diameter}: {differing} pixels differ");
    }
}

/// Catches: a band's slots begun at the wrong row, bands that leave rows out.
#[test]
fn a_picture_drawn_in_bands_has_no_seams() {
    let mut scene = points_only(&[(MIDDLE, 0.5)], 0.45);
    layer(&mut scene).antialias = true;
    // 2^23 samples of 4 a pixel: three bands.
    let size = [2000, 2500];
    let light = light(&scene, size);
    let Viewpoint::At(camera) = scene.viewpoint else { unreachable!() };
    for y in 0..size[1] {
        let ray = camera.ray_in_world(DVec2::new(1000.0, f64::from(y) + 0.5), size);
        let aside = (ray.origin - MIDDLE).reject_from(ray.direction).length();
        if (aside - 0.225).abs() > 0.001 {
            assert_eq!(at(&light, 1000, y)[3], f32::from(u8::from(aside < 0.225)), "row {y}");
        }
    }
}

/// Points that cannot be drawn are left out, and no camera, size or value gives a NaN.
#[test]
fn odd_points_never_give_a_nan() {
    let mut points = vec![
        (DVec3::NAN, 0.5),
        (DVec3::splat(f64::INFINITY), 0.5),
        (DVec3::splat(1e30), 0.5),
        (DVec3::new(0.5, 0.45, 0.5), f64::NAN),
        (DVec3::new(0.5, 0.55, 0.5), f64::INFINITY),
        (MIDDLE, 0.5),
        (MIDDLE, 0.5),
    ];
    let inside = Camera {
        position: MIDDLE,
        target: DVec3::ZERO,
        up: DVec3::Z,
        projection: Projection::Perspective { vertical_fov_degrees: 120.0 },
        shift: DVec2::ZERO,
    };
    for viewpoint in [parallel(), Viewpoint::At(inside)] {
        for diameter in [0.0, 1e-30, 0.05, 1.0, 1e6] {
            for (antialias, order) in [(false, PointOrder::Depth), (true, PointOrder::Density)] {
                let mut scene = slab(&points, diameter);
                scene.viewpoint = viewpoint;
                *layer(&mut scene) = PointLayer { antialias, order, shaded: true, ..layer(&mut scene).clone() };
                let light = light(&scene, SIZE);
                assert!(light.rgba.iter().flatten().all(|v| (0.0..=1.0 + 1e-5).contains(v)), "{diameter}");
            }
        }
    }
    points.clear();
    assert_eq!(covered(&light(&points_only(&points, 0.1), SIZE)), 0);
}

/// Catches: points that stay where the density is cut away, the points of the clip planes before.
#[test]
fn clip_planes_cut_points_away_by_their_centres() {
    let points = [DVec3::new(0.8, 0.5, 0.5), DVec3::new(0.3, 0.5, 0.5)];
    let mut scene = points_only(&[(points[0], 1.0), (points[1], 0.5)], 0.2);
    let seen = |scene: &Scene| at(&light(scene, SIZE), 32, 32);
    assert_eq!(seen(&scene)[0], 1.0);
    scene.clip = vec![Plane { point: DVec3::splat(0.75), normal: DVec3::X }];
    assert_close(seen(&scene)[0], 0.5, "the further one");
    scene.clip = Plane::sides_of(Box3 { min: DVec3::splat(0.35), max: DVec3::splat(0.75) }).to_vec();
    assert_eq!(seen(&scene), [0.0; 4]);
    scene.clip.clear();
    assert_eq!(seen(&scene)[0], 1.0);
}

#[test]
fn layers_that_cannot_be_drawn_are_refused() {
    let mut scene = points_only(&[(MIDDLE, 0.5)], f64::NAN);
    let draw = |scene: &Scene| renderer().draw_light(scene, SIZE, &Silent);
    assert!(matches!(draw(&scene), Err(Error::Usage(_))));
    layer(&mut scene).diameter = Diameter::Uniform(0.1);
    layer(&mut scene).values = Arc::new(vec![0.5, 0.5]);
    assert!(matches!(draw(&scene), Err(Error::Usage(_))));
}

/// In the default look and in Mayavi's the densest points are seen, and every second point can be left out.
#[test]
fn looks_give_points_a_size_that_shows_the_core() {
    let scene = cloud(5000);
    for look in [Look::Default, Look::Mayavi] {
        let mut alone = look.scene(scene.grid.clone(), Limits::DEFAULT).unwrap();
        alone.volume = false;
        alone.annotations = Annotations::default();
        let of_look = scene.points.clone().unwrap();
        let all = look.points(&alone, of_look.positions, of_look.values);
        let Diameter::Uniform(diameter) = all.diameter else { panic!("{:?}", all.diameter) };
        let expected = if look == Look::Default { 0.04..0.12 } else { 0.5..0.7 };
        assert!(expected.contains(&diameter), "{look:?}: {diameter}");
        alone.points = Some(all.clone().every(2));
        assert_eq!(alone.points.as_ref().unwrap().positions.len(), 2500);
        let half = covered(&light(&alone, [200, 150]));
        alone.points = Some(all);
        let whole = covered(&light(&alone, [200, 150]));
        assert!(half < whole && half > whole / 3, "{half} {whole}");
    }
}

/// The options of the program: what is drawn, how large, and what cannot be.
#[test]
fn the_program_draws_points_alone_and_in_fog() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("glyphs");
    std::fs::create_dir_all(&folder).unwrap();
    let run = |arguments: &[&str]| {
        std::process::Command::new(env!("CARGO_BIN_EXE_densitas"))
            .args(arguments)
            .args(["--size", "160x120", "--json"])
            .current_dir(&folder)
            .output()
            .unwrap()
    };
    let drawn = |name: &str, more: &[&str]| {
        let output = run(&[&["render", "sample:founding", "--grid", "24", "-o", name], more].concat());
        assert!(output.status.success(), "{more:?}: {}", String::from_utf8_lossy(&output.stderr));
        let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        (crate::common::read_png(&folder.join(name)).1, told)
    };
    let (volume, told) = drawn("volume.png", &[]);
    assert!(told["point_size"].is_null());
    let (points, told) = drawn("points.png", &["--mode", "points"]);
    assert!((0.04..0.12).contains(&told["point_size"].as_f64().unwrap()), "{told}");
    let (large, told) = drawn("large.png", &["--mode", "points", "--point-size", "0.3", "--point-order", "depth"]);
    assert_eq!(told["point_size"], 0.3);
    let (both, _) = drawn("both.png", &["--mode", "both", "--shading", "off", "--point-scale", "density"]);
    assert!(volume != points && points != large && both != volume && both != points);
    let (pixels, told) = drawn("pixels.png", &["--mode", "points", "--point-size", "3px", "--color-by", "#0080ff"]);
    assert!(told["point_size"] == 3.0 && pixels.contains(&[0, 0x80, 0xff]), "{told}");
    let missing = run(&["render", "sample:founding", "-o", "wrong.png", "--mode", "points", "--color-by", "chain"]);
    assert_eq!(missing.status.code(), Some(2));
    for wrong in [&["--mode", "dots"][..], &["--point-size", "0"], &["--point-size", "-1"], &["--point-order", "up"]] {
        let output = run(&[&["render", "sample:founding", "-o", "wrong.png"], wrong].concat());
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
        assert!(!folder.join("wrong.png").exists());
    }
}
