//! Projections, surfaces, slices and clip planes against closed forms.

use densitas::color::{Colormap, LookupTable, OpacityCurve};
use densitas::error::Error;
use densitas::explain::explain;
use densitas::geometry::Box3;
use densitas::grid::DensityGrid;
use densitas::progress::Silent;
use densitas::render::Light;
use densitas::scene::{Frame, Isosurface, Look, Plane, Scene, View, Viewpoint, VolumeMode};
use glam::{DVec2, DVec3};

use crate::common::{grid_of, seen_along_x};
use crate::pictures::{RENDERER, of_weights};

/// Standard deviation of the ball.
const S: f64 = 0.12;
/// What the trilinear field of 12 voxels a standard deviation lies beside the Gaussian: at most 3 / (8 * 12^2).
const TRILINEAR: f64 = 2.7e-3;
/// Pixels of a side of the picture, and the height that it shows.
const SIZE: u32 = 64;
const SEEN: f64 = 0.5;

/// A Gaussian ball, off the box's centre so that no two axes can be taken for each other, in grey limits 0 to 1,
/// seen along -x.
fn ball() -> Scene {
    let bounds = Box3 { min: DVec3::splat(-0.5), max: DVec3::splat(0.5) };
    scene(grid_of(bounds, [101; 3], |p| gauss(p - CENTER)))
}

const CENTER: DVec3 = DVec3::new(0.1, 0.05, -0.02);

fn gauss(p: DVec3) -> f64 {
    (-p.length_squared() / (2.0 * S * S)).exp()
}

fn scene(grid: DensityGrid) -> Scene {
    let colors = (Colormap::named("grey").unwrap(), OpacityCurve::parse("0:0,1:0.5").unwrap(), 0.1);
    seen_along_x(grid, colors, SEEN, 0.002)
}

fn draw(scene: &Scene) -> Result<Light, Error> {
    RENDERER.lock().unwrap_or_else(|e| e.into_inner()).draw_light(scene, [SIZE; 2], &Silent)
}

/// Compares the red of some pixels with a function of the offset from the ball's centre across the ray.
fn assert_pixels(scene: &Scene, tolerance: f64, expected: impl Fn(DVec2) -> f64) {
    let light = draw(scene).unwrap();
    for [column, row] in [[32, 32], [40, 32], [32, 50], [20, 12], [60, 60], [0, 63]] {
        let place = |n: u32| (f64::from(n) + 0.5 - 32.0) * SEEN / f64::from(SIZE);
        // Seen along -x with z up: y to the right.
        let offset = DVec2::new(place(column), -place(row)) - DVec2::new(CENTER.y, CENTER.z);
        let [found, .., alpha] = light.rgba[(row * SIZE + column) as usize];
        let opacity = match scene.mode.is_projection() {
            // A fade over the first tenth of the limits, which begin at 0.
            true => (10.0 * expected(offset)).min(1.0),
            false => 1.0,
        };
        let wanted = opacity * expected(offset);
        // Where it fades, light grows with the square of the position: up to twice as fast.
        let tolerance = if opacity < 1.0 { 2.0 * tolerance } else { tolerance };
        assert!((f64::from(found) - wanted).abs() <= tolerance, "{column},{row}: {found}, expected {wanted}");
        assert!((f64::from(alpha) - opacity).abs() <= 10.0 * tolerance, "{column},{row}: opacity {alpha}, {opacity}");
    }
}

/// The largest value on a ray through a Gaussian is that at its closest point. Catches: rays shifted by half a
/// voxel, axes swapped, the last value kept instead of the largest.
#[test]
fn the_maximum_of_a_gaussian_is_at_the_closest_point() {
    let scene = Scene { mode: VolumeMode::Maximum, ..ball() };
    assert_pixels(&scene, TRILINEAR, |b| gauss(b.extend(0.0)));
}

/// The smallest is that at the face further from the centre.
#[test]
fn the_minimum_of_a_gaussian_is_at_the_further_end() {
    let mut scene = Scene { mode: VolumeMode::Minimum, ..ball() };
    scene.clip = vec![Plane { point: CENTER + DVec3::new(-0.15, 0.0, 0.0), normal: DVec3::NEG_X }];
    scene.clip.push(Plane { point: CENTER + DVec3::new(0.1, 0.0, 0.0), normal: DVec3::X });
    assert_pixels(&scene, TRILINEAR, |b| gauss(b.extend(0.15)));
}

/// Closed form 4, as an integral and as a mean. Catches: a last step counted in full, a wrong unit of length.
#[test]
fn the_line_integral_of_a_gaussian_is_its_closed_form() {
    let column = S * std::f64::consts::TAU.sqrt(); // the ends of the box are more than 3 S away
    let mut scene = Scene { mode: VolumeMode::LineIntegral, ..ball() };
    scene.sampling.step = 0.0137;
    scene.transfer.limits = [0.0, column];
    assert_pixels(&scene, TRILINEAR, |b| gauss(b.extend(0.0)));
    scene.mode = VolumeMode::Mean;
    assert_pixels(&scene, TRILINEAR, |b| gauss(b.extend(0.0)));
    let [low, high] = VolumeMode::LineIntegral.limits(&scene.grid, &[]).unwrap();
    assert!(low == 0.0 && (high - column).abs() < 2e-3 * column, "{high}");
}

/// A sphere of equal density cut in front by a slice at the depth where the closed form says that it lies: the
/// slice hides it exactly as long as it is nearer. Catches: no refinement, a step's error of the depth.
#[test]
fn a_surface_is_hit_where_the_density_has_its_level() {
    let radius = 0.2;
    let level = gauss(DVec3::X * radius);
    let mut scene = ball();
    scene.mode = VolumeMode::Isosurfaces(vec![Isosurface { level, opacity: 0.5 }]);
    scene.sampling.step = 0.013;
    // A ray along x at distance b meets the sphere at x = sqrt(r^2 - b^2) and leaves it at the other sign.
    let light = |scene: &Scene| draw(scene).unwrap().rgba[(32 * SIZE + 40) as usize];
    let at = |n: u32| (f64::from(n) + 0.5 - 32.0) * SEEN / f64::from(SIZE);
    let (y, z) = (at(40) - CENTER.y, -at(32) - CENTER.z);
    let half = (radius * radius - y * y - z * z).sqrt();
    let l = level as f32;
    // What is cut away from the front: nothing, all but the surface, the surface, both surfaces.
    let error = 2e-4; // the trilinear field of 12 voxels a standard deviation lies that much beside
    for (cut, surfaces) in
        [(0.4, 2), (half + error, 2), (half - error, 1), (0.0, 1), (-half + error, 1), (-half - error, 0)]
    {
        scene.clip = vec![Plane { point: CENTER + DVec3::X * cut, normal: DVec3::X }];
        let [red, .., alpha] = light(&scene);
        let wanted = [0.0, 0.5, 0.75][surfaces];
        assert!((alpha - wanted).abs() < 1e-5 && (red - wanted * l).abs() < 1e-3, "{cut}: {red} {alpha} {surfaces}");
    }
}

/// A lit surface shows the brightness of its normal, that of the sphere. Catches: the gradient taken at the
/// sample behind the surface, no light, light from behind the surface.
#[test]
fn a_surface_is_lit_by_its_normal() {
    let radius = 0.15;
    let mut scene = ball();
    scene.mode = VolumeMode::Isosurfaces(vec![Isosurface { level: gauss(DVec3::X * radius), opacity: 1.0 }]);
    scene.transfer.colormap = Colormap::parse("#808080,#808080").unwrap();
    let mut shading = Look::Mayavi.shading(&scene.grid);
    (shading.specular, shading.gradient_scale) = (0.0, DVec3::ONE);
    scene.shading = Some(shading);
    let lights = [(45.0_f64, 45.0_f64, 1.0), (-30.0, -60.0, 0.6), (-30.0, 60.0, 0.5)];
    let light = draw(&scene).unwrap();
    for [column, row] in [[38, 34], [45, 30], [36, 45], [28, 26]] {
        let at = |n: u32| (f64::from(n) + 0.5 - 32.0) * SEEN / f64::from(SIZE);
        let (right, up) = (at(column) - CENTER.y, -at(row) - CENTER.z);
        let normal = DVec3::new(right, up, (radius * radius - right * right - up * up).sqrt()) / radius;
        let towards = lights.map(|(e, a, i)| {
            let (e, a) = (e.to_radians(), a.to_radians());
            i * normal.dot(DVec3::new(e.cos() * a.sin(), e.sin(), e.cos() * a.cos())).max(0.0)
        });
        let wanted = (0.7 * 128.0 / 255.0 * towards.iter().sum::<f64>()).min(1.0);
        let found = f64::from(light.rgba[(row * SIZE + column) as usize][0]);
        assert!((found - wanted).abs() < 3e-3, "{column},{row}: {found} {wanted}");
    }
}

/// A slice has the colour of the table, free planes as well; fog before it lies over it. Catches: a slice half
/// a voxel off, one drawn behind what is nearer, a second source of colour.
#[test]
fn a_slice_has_the_colour_of_the_density_on_it() {
    let mut scene = Scene { mode: VolumeMode::Slices, ..ball() };
    scene.slices = vec![Plane::perpendicular_to(0, CENTER + DVec3::X * 0.05)];
    assert_pixels(&scene, TRILINEAR, |b| gauss(b.extend(0.05)));
    // Tilted: x grows by half of what y grows by. A second one behind it is hidden.
    scene.slices = vec![Plane { point: CENTER, normal: DVec3::new(2.0, -1.0, 0.0) }];
    scene.slices.push(Plane::perpendicular_to(0, DVec3::new(-0.4, 0.0, 0.0)));
    assert_pixels(&scene, TRILINEAR, |b| gauss(DVec3::new(0.5 * b.x, b.x, b.y)));
}

#[test]
fn fog_before_a_slice_lies_over_it_and_fog_behind_it_is_hidden() {
    let bounds = Box3 { min: DVec3::ZERO, max: DVec3::ONE };
    let mut scene = scene(grid_of(bounds, [5; 3], |p| p.x));
    scene.transfer.opacity = OpacityCurve::parse("0:0.5,1:0.5").unwrap();
    scene.transfer.reference_length = 0.5;
    scene.transfer.colormap = Colormap::parse("0:#fff,0.5:#fff,0.5:#000,1:#000").unwrap();
    scene.slices = vec![Plane::perpendicular_to(0, DVec3::splat(0.25))];
    // From x = 1 to 0.5 black fog, to 0.25 white fog, then the white slice.
    let found = draw(&scene).unwrap().rgba[0];
    assert!((found[0] - 0.5).abs() < 2e-3 && (found[3] - 1.0).abs() < 1e-6, "{found:?}");
    // Nearer fog cut away by a box.
    scene.clip = Plane::sides_of(Box3 { min: DVec3::ZERO, max: DVec3::new(0.5, 1.0, 1.0) }).to_vec();
    assert!((draw(&scene).unwrap().rgba[0][0] - 1.0).abs() < 2e-3);
}

/// A slice covers as much as the curve says, and what lies behind it is seen. Catches: a curve that is not asked, a ray that
/// ends at the first slice, one slice taken twice, an optical depth in place of an opacity.
#[test]
fn a_slice_behind_one_that_does_not_cover_all_is_seen() {
    let bounds = Box3 { min: DVec3::ZERO, max: DVec3::ONE };
    // Seen from x = 1: the nearer slice has the value 0.04, of opacity 0.4, the further one 0.9.
    let mut scene = scene(grid_of(bounds, [11; 3], |p| if p.x > 0.5 { 0.04 } else { 0.9 }));
    scene.mode = VolumeMode::Slices;
    scene.slices = [0.25, 0.75].map(|x| Plane::perpendicular_to(0, DVec3::splat(x))).to_vec();
    for (curve, [near, far]) in [("0:1,1:1", [1.0, 1.0]), ("0:0,0.1:1", [0.4, 1.0]), ("0:0.2,1:0.7", [0.22, 0.65])] {
        scene.cover = Some(OpacityCurve::parse(curve).unwrap());
        let found = draw(&scene).unwrap().rgba[0].map(f64::from);
        assert!((found[0] - (near * 0.04 + (1.0 - near) * far * 0.9)).abs() < 1e-4, "{curve}: {found:?}");
        assert!((found[3] - (1.0 - (1.0 - near) * (1.0 - far))).abs() < 1e-6, "{curve}: {found:?}");
    }
    // By itself it covers all.
    scene.cover = None;
    assert!((draw(&scene).unwrap().rgba[0][0] - 0.04).abs() < 1e-5);
}

/// The same of projections, on each scale. Catches: a fade by constants that a curve does not replace.
#[test]
fn a_projection_covers_as_much_as_the_curve_says() {
    let bounds = Box3 { min: DVec3::ZERO, max: DVec3::ONE };
    for mode in [VolumeMode::Maximum, VolumeMode::Minimum, VolumeMode::Mean, VolumeMode::LineIntegral] {
        let mut scene = Scene { mode, ..scene(grid_of(bounds, [3; 3], |_| 0.04)) };
        let [faded, full, half] = [None, Some("0:1,1:1"), Some("0:0.5,1:0.5")].map(|curve| {
            scene.cover = curve.map(|c| OpacityCurve::parse(c).unwrap());
            draw(&scene).unwrap().rgba[0].map(f64::from)
        });
        for (found, opacity) in [(faded, 0.4), (full, 1.0), (half, 0.5)] {
            assert!((found[3] - opacity).abs() < 1e-3, "{:?}: {found:?} {opacity}", scene.mode);
            assert!((found[0] - opacity * 0.04).abs() < 1e-3, "{:?}: {found:?} {opacity}", scene.mode);
        }
    }
}

/// Catches: a logarithm of what is left of a ray that is opaque, which gave NaN behind a slice.
#[test]
fn rays_that_are_opaque_end_before_and_behind_slices() {
    let bounds = Box3 { min: DVec3::ZERO, max: DVec3::ONE };
    for reference_length in [0.001, 0.3] {
        let mut scene = scene(grid_of(bounds, [5; 3], |_| 1.0));
        scene.transfer.reference_length = reference_length;
        scene.transfer.opacity = OpacityCurve::parse("0:0,1:0.99").unwrap();
        scene.slices = vec![Plane::perpendicular_to(0, DVec3::splat(0.5))];
        for shown in draw(&scene).unwrap().rgba {
            assert!(shown.iter().all(|v| (v - 1.0).abs() < 1e-3), "{reference_length}: {shown:?}");
        }
    }
}

/// Catches: clip planes with the sides exchanged, or in units other than the data's.
#[test]
fn clip_planes_leave_the_fog_between_them() {
    let bounds = Box3 { min: DVec3::new(10.0, 0.0, 0.0), max: DVec3::new(14.0, 2.0, 2.0) };
    let mut scene = scene(grid_of(bounds, [5; 3], |_| 1.0));
    scene.transfer.reference_length = 1.0;
    scene.sampling.step = 0.1;
    let through = |scene: &Scene| 1.0 - draw(scene).unwrap().rgba[0][3];
    assert!((through(&scene) - 0.0625).abs() < 1e-5);
    scene.clip = Plane::sides_of(Box3 { min: DVec3::new(10.5, 0.0, 0.0), max: DVec3::new(12.0, 2.0, 2.0) }).to_vec();
    assert!((through(&scene) - 0.5_f32.powf(1.5)).abs() < 1e-5, "{}", through(&scene));
    scene.clip = Plane::sides_of(Box3 { min: DVec3::splat(-2.0), max: DVec3::splat(-1.0) }).to_vec();
    assert_eq!(through(&scene), 1.0);
}

/// The bar's colours are those of a projection: the colour of the value.
#[test]
fn a_projection_has_the_colour_of_the_bar() {
    let bounds = Box3 { min: DVec3::ZERO, max: DVec3::ONE };
    for mode in [VolumeMode::Maximum, VolumeMode::Minimum, VolumeMode::Mean, VolumeMode::LineIntegral] {
        let mut scene = Scene { mode, ..scene(grid_of(bounds, [3; 3], |_| 0.4)) };
        scene.transfer.colormap = Colormap::named("turbo").unwrap();
        let wanted = LookupTable::new(&scene.transfer).at(0.4);
        let found = draw(&scene).unwrap().rgba[0];
        assert!((0..3).all(|c| (found[c] - wanted[c]).abs() < 1e-3), "{:?}: {found:?} {wanted:?}", scene.mode);
    }
}

/// Where the limits begin below 0, what is low is not empty. Catches: holes where values are negative.
#[test]
fn slices_and_projections_of_signed_values_are_opaque() {
    for mode in [VolumeMode::Fog, VolumeMode::Maximum] {
        let mut scene = Scene { mode, ..ball() };
        if scene.mode == VolumeMode::Fog {
            scene.slices = vec![Plane { point: CENTER, normal: DVec3::X }];
            scene.transfer.opacity = OpacityCurve::parse("0:0,1:0").unwrap();
        }
        let alphas = |scene: &Scene| -> Vec<f32> { draw(scene).unwrap().rgba.iter().map(|p| p[3]).collect() };
        let faded = alphas(&scene);
        assert!(faded.iter().any(|a| *a < 0.5) && faded.iter().any(|a| *a > 0.99));
        scene.transfer.limits = [-1e-3, 1.0];
        let seen: Vec<f32> = alphas(&scene);
        let is_hit = |a: &&f32| **a > 0.0;
        assert!(seen.iter().filter(is_hit).all(|a| *a > 0.999) && seen.iter().filter(is_hit).count() > 1000);
    }
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let plane = Plane::perpendicular_to(0, DVec3::ZERO);
    let many = |n: usize| VolumeMode::Isosurfaces(vec![Isosurface { level: 0.5, opacity: 1.0 }; n]);
    let wrong = VolumeMode::Isosurfaces(vec![Isosurface { level: f64::NAN, opacity: 1.0 }]);
    for scene in [
        Scene { mode: many(9), ..ball() },
        Scene { mode: wrong, ..ball() },
        Scene { slices: vec![plane; 9], ..ball() },
        Scene { clip: vec![plane; 17], ..ball() },
        Scene { clip: vec![Plane { normal: DVec3::ZERO, ..plane }], ..ball() },
        Scene { mode: VolumeMode::Maximum, slices: vec![plane], ..ball() },
    ] {
        assert!(matches!(draw(&scene), Err(Error::Usage(_))));
    }
    assert!(draw(&Scene { mode: many(8), slices: vec![plane; 8], clip: vec![plane; 16], ..ball() }).is_ok());
}

/// What pixels of a projection without a fade show, as positions in the limits, and what is on their rays: by the picture, by
/// `explain`, and by 200 values a voxel.
fn assert_extremes(mut scene: Scene) {
    let (frame, grid) = (Frame { size: [SIZE; 2], scale_factor: 1.0 }, scene.grid.clone());
    let sign = if scene.mode == VolumeMode::Minimum { -1.0 } else { 1.0 };
    for adaptive in [true, false] {
        scene.sampling.adaptive = adaptive;
        let light = draw(&scene).unwrap();
        for pixel in (0..60).map(|n| [(7 + 37 * n) % SIZE, (11 + 23 * n) % SIZE]) {
            let told = explain(&scene, &frame, pixel).unwrap();
            let Some([near, far]) = told.span.filter(|span| span[1] - span[0] > 1e-3) else { continue };
            let count = (200.0 * (far - near) / grid.lattice.spacing.min_element()).ceil() as usize;
            let places = (0..=count).map(|n| near + (far - near) * n as f64 / count as f64);
            let values = places.filter_map(|at| grid.value_at(told.ray.origin + at * told.ray.direction));
            let dense = sign * values.map(|v| sign * v).fold(f64::NEG_INFINITY, f64::max);
            let [wanted, said] = [dense, told.densities[0].projected.unwrap()].map(|v| scene.transfer.position(v));
            let shown = f64::from(light.rgba[(pixel[1] * SIZE + pixel[0]) as usize][0]);
            let what =
                format!("{:?}, adaptive {adaptive}, {pixel:?}: {shown}, told {said}, dense {wanted}", scene.mode);
            assert!((shown - said).abs() < 2e-5 + of_weights() && sign * (said - wanted) > -1e-6, "{what}");
            // Between two of the dense values a ray may pass an edge.
            assert!((said - wanted).abs() < 1e-3, "{what}");
        }
    }
}

/// A grid seen askew, its limits beginning below 0 so that nothing fades.
fn askew(grid: DensityGrid, mode: VolumeMode) -> Scene {
    let [low, high] = [grid.statistics().min, grid.statistics().max];
    let mut scene = Scene { mode, ..scene(grid) };
    scene.transfer.limits = [low.min(0.0) - 0.1 * (high - low), high];
    scene.viewpoint = Viewpoint::Fit(View::Angles { azimuth: 31.0, elevation: 17.0 });
    scene
}

/// Values that jump from node to node: all extremes lie at nodes, on edges or within voxels. Catches: samples between which a
/// ray passes a peak, a cell or a voxel left out, the smallest of a cell taken for its largest.
#[test]
fn extremes_of_a_rough_density_are_those_of_its_rays() {
    let bounds = Box3 { min: DVec3::new(3.0, 0.0, 0.0), max: DVec3::new(4.0, 0.7, 1.2) };
    let noise = |p: DVec3| (1e4 * (p.x * 12.9898 + p.y * 78.233 + p.z * 37.719).sin()).rem_euclid(1.0) - 0.3;
    for mode in [VolumeMode::Maximum, VolumeMode::Minimum] {
        let grid = grid_of(bounds, [37, 26, 18], noise);
        assert_extremes(askew(grid.clone(), mode.clone()));
        let mut cut = askew(grid, mode);
        cut.clip = Plane::sides_of(Box3 { min: DVec3::new(3.2, 0.1, 0.3), max: DVec3::new(3.7, 0.55, 1.0) }).to_vec();
        assert_extremes(cut);
    }
}

/// The map of a file, as rough as its sampling: 15 % were lost between samples.
#[test]
fn extremes_of_a_coarse_map_are_those_of_its_rays() {
    let Some(data) = crate::common::test_data() else { return };
    let read = || crate::volumes::volume(&data.join("data/volumes/esp.dx")).unwrap().grid;
    for mode in [VolumeMode::Maximum, VolumeMode::Minimum] {
        assert_extremes(askew(read(), mode));
    }
}

/// Catches: a plane between two samples, of which .75 was shown.
#[test]
fn a_plane_one_node_thick_shows_its_full_value() {
    let bounds = Box3 { min: DVec3::splat(-0.5), max: DVec3::splat(0.5) };
    for (mode, plane) in [(VolumeMode::Maximum, 1.0), (VolumeMode::Minimum, -1.0)] {
        let grid = grid_of(bounds, [33; 3], |p| if p.x.abs() < 1e-3 { plane } else { 0.0 });
        for view in [View::X, View::Angles { azimuth: 31.0, elevation: 17.0 }] {
            let mut scene = Scene { mode: mode.clone(), ..scene(grid.clone()) };
            scene.transfer.limits = [-1.0, 1.0];
            scene.viewpoint = Viewpoint::Fit(view);
            for step in [0.002, 0.0156, 0.5] {
                scene.sampling.step = step;
                let shown = draw(&scene).unwrap().rgba[(SIZE / 2 * SIZE + SIZE / 2) as usize][0];
                assert!((f64::from(shown) - 0.5 * (1.0 + plane)).abs() < 1e-4, "{view:?} {step}: {shown}");
            }
        }
    }
}
