//! Small pictures of every mode, kept in `tests/golden`, and faults planted into the shaders that they must catch.
//!
//! On the software adapter a picture is the kept one if no channel differs by more than 1/255 and no more than one pixel
//! in a thousand differs at all. A failure writes the new picture and the difference beside the kept one;
//! `UPDATE_GOLDEN=1 cargo test --release golden` rewrites all.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use glam::DVec3;

use super::*;
use crate::color::{Colormap, OpacityCurve, Scale};
use crate::geometry::{Box3, LengthUnit};
use crate::gpu::planted;
use crate::grid::{DensityGrid, Lattice, Spline};
use crate::io::png;
use crate::points::{AtomTable, PointCloud, atoms::Interner};
use crate::progress::Silent;
use crate::scene::{
    Annotations, Diameter, Further, Isosurface, Limits, Look, Plane, PointColors, PointLayer, PointOrder, Quality,
    Quantity, TraceLayer, View, Viewpoint,
};
use crate::trace::{self, Kind};

const FRAME: Frame = Frame { size: [320, 240], scale_factor: 1.0 };
const LARGEST_FILE: u64 = 64 << 10;
const MOST_FILES: usize = 30;

/// Three blobs in a box that no exchange of axes leaves as it is.
fn grid() -> Arc<DensityGrid> {
    let bounds = Box3 { min: DVec3::new(-2.0, -1.0, 0.0), max: DVec3::new(3.0, 3.0, 3.0) };
    let shape = [44, 36, 28];
    let lattice = Lattice::spanning(bounds, shape).unwrap();
    let node = |n: usize| lattice.node(n % shape[0], n / shape[0] % shape[1], n / (shape[0] * shape[1]));
    let values = (0..lattice.len()).map(|n| density(node(n)) as f32).collect();
    Arc::new(DensityGrid::new(lattice, values, Some(LengthUnit::Nanometre)).unwrap())
}

fn density(p: DVec3) -> f64 {
    let blob = |center: [f64; 3], s: f64| (-(p - DVec3::from(center)).length_squared() / (2.0 * s * s)).exp();
    blob([0.0, 0.6, 1.2], 0.45) + 0.6 * blob([1.4, 1.5, 1.9], 0.3) + 0.3 * blob([1.6, 0.2, 0.8], 0.25)
}

fn fog() -> Scene {
    let mut scene = Look::Default.scene(grid(), Limits::DEFAULT).unwrap();
    scene.viewpoint = Viewpoint::Fit(View::ISO);
    scene
}

fn with(change: impl FnOnce(&mut Scene)) -> Scene {
    let mut scene = fog();
    change(&mut scene);
    scene
}

fn mode(mode: VolumeMode) -> Scene {
    with(|scene| {
        if let Some(limits) = mode.limits(&scene.grid, &scene.clip) {
            scene.transfer.limits = limits;
        }
        if mode == VolumeMode::Maximum {
            scene.transfer.limits = Limits::OF_MAXIMA.resolve(&scene.grid).unwrap();
        }
        scene.mode = mode;
    })
}

/// 300 points of the density's shape, without chance.
fn points(volume: bool, change: impl FnOnce(&mut PointLayer)) -> Scene {
    let mut scene = fog();
    let spread = |i: u32, k: f64| (f64::from(i) * k).fract() - 0.5;
    let positions: Vec<DVec3> = (1..=300)
        .map(|i| {
            DVec3::new(
                0.5 + 2.2 * spread(i, 0.754_877),
                0.9 + 1.9 * spread(i, 0.569_84),
                1.4 + 1.8 * spread(i, 0.438_3),
            )
        })
        .collect();
    let values = positions.iter().map(|&p| density(p)).collect();
    let mut layer = Look::Default.points(&scene, Arc::new(positions), Arc::new(values));
    change(&mut layer);
    scene.volume = volume;
    scene.transfer.colormap = Look::Default.colormap_of_points(scene.background);
    scene.points = Some(layer);
    scene
}

/// A helix and a hairpin of two strands, each a chain, within the fog.
fn trace(kind: Kind) -> Scene {
    let helix = |i: f64| DVec3::new(2.3 * (1.745 * i).cos() - 6.0, 2.3 * (1.745 * i).sin() + 7.0, 1.5 * i + 4.0);
    let strand = |i: f64, y: f64| DVec3::new(2.0 + 3.3 * i, y, 12.0 + 0.9 * (i % 2.0));
    let mut places: Vec<DVec3> = (0..12).map(|i| helix(f64::from(i))).collect();
    places.extend((0..7).map(|i| strand(f64::from(i), 5.0)));
    places.push(DVec3::new(24.5, 7.4, 13.0));
    places.extend((0..7).rev().map(|i| strand(f64::from(i), 9.8)));
    let mut columns = [(); 3].map(|()| Interner::default());
    for i in 0..places.len() {
        let chain: &[u8] = if i < 12 { b"A" } else { b"B" };
        columns.iter_mut().zip([b"CA", chain, b"C"]).for_each(|(column, text)| column.push(text));
    }
    let [name, chain, element] = columns.map(Interner::finish);
    let resid = (0..places.len() as i32).collect();
    let atoms = AtomTable { name, chain: chain.clone(), element, resid, ..AtomTable::default() };
    let cloud = PointCloud { positions: places, atoms: Some(atoms), ..PointCloud::default() };
    let colors = [[143, 184, 255], [230, 159, 0]];
    let mut mesh = trace::trace(&cloud, kind, 0.3, &|i| colors[chain.codes[i] as usize]).unwrap();
    mesh.vertices.iter_mut().for_each(|v| *v = *v * 0.15 - DVec3::new(0.8, 0.1, 0.4));
    let mut scene = fog();
    scene.transfer.opacity = scene.transfer.opacity.times(Look::FOG_AROUND_TRACE);
    let rgb = |i: usize| colors[i].map(|v| f32::from(v) / 255.0);
    let legend = vec![("A".to_owned(), rgb(0)), ("B".to_owned(), rgb(1))];
    scene.trace = Some(TraceLayer { legend, ..TraceLayer::new(Arc::new(mesh)) });
    scene
}

/// The three blobs in blue within one wide one in orange, in limits of their own.
fn several(shown: VolumeMode) -> Scene {
    let wide = |p: DVec3| 40.0 * (-(p - DVec3::new(0.3, 0.9, 1.3)).length_squared() / 0.9).exp();
    let mut other = mode(match &shown {
        VolumeMode::Isosurfaces(_) => VolumeMode::Isosurfaces(vec![Isosurface { level: 8.0, opacity: 0.5 }]),
        other => other.clone(),
    });
    let lattice = other.grid.lattice;
    let values = (0..lattice.len()).map(|n| wide(lattice.node_at(n)) as f32).collect();
    other.grid = Arc::new(DensityGrid::new(lattice, values, Some(LengthUnit::Nanometre)).unwrap());
    let colors = |text| Colormap::parse(text).unwrap();
    (other.transfer.colormap, other.transfer.limits) = (colors("#201000,#e69f00,#ffe0a0"), [2.0, 30.0]);
    let mut scene = mode(shown);
    scene.transfer.colormap = colors("#001020,#56b4e9,#d0f0ff");
    scene.annotations.bar_title = Some("blobs".into());
    other.annotations.bar_title = Some("around".into());
    scene.others = vec![Further::of(other)];
    scene
}

fn light_theme(scene: &mut Scene) {
    scene.background = Background::Color([1.0; 3]);
    scene.transfer.colormap = Look::Default.colormap(scene.background);
}

fn scenes() -> Vec<(&'static str, Scene)> {
    let cut = Plane { point: DVec3::new(0.4, 0.8, 1.2), normal: DVec3::new(1.0, -0.5, 0.2) };
    let thirds = |i: usize| Plane::perpendicular_to(i, DVec3::new(0.2, 0.7, 1.3));
    let layer_of = |n: usize, i: usize| ([0.2 + 0.6 * i as f32 / n as f32, 0.8 - 0.5 * i as f32 / n as f32, 0.4], i);
    let chains: Vec<_> = (0..4).map(|i| (format!("chain {i}"), layer_of(4, i).0)).collect();
    let codes: Vec<u32> = (0..300).map(|i| i % 4).collect();
    vec![
        ("fog-dark", with(|s| s.annotations.title = Some("Three blobs".into()))),
        ("fog-light", with(light_theme)),
        ("fog-lit", with(|s| s.shading = Some(Look::Default.shading(&s.grid)))),
        (
            "fog-log-spike",
            with(|s| {
                (s.transfer.scale, s.transfer.limits) = (Scale::Log, [1e-3, 1.0]);
                s.transfer.opacity = OpacityCurve::parse("0:0,0.5:0,0.53:0.5,0.56:0,1:0.3").unwrap();
            }),
        ),
        (
            "fog-clip-slice",
            with(|s| {
                s.clip = vec![cut];
                s.slices = vec![thirds(2)];
            }),
        ),
        ("fog-transparent", with(|s| s.background = Background::Transparent)),
        (
            "fog-counts-mass-axis",
            with(|s| {
                s.annotations = Annotations {
                    quantity: Quantity::Counts(1000.0),
                    mass_axis: true,
                    scale_bar: true,
                    ..s.annotations.clone()
                };
            }),
        ),
        ("mayavi", Look::Mayavi.scene(grid(), Limits::Range(0.0, 0.5)).unwrap()),
        ("maximum", mode(VolumeMode::Maximum)),
        (
            "minimum",
            with(|s| {
                s.clip =
                    Plane::sides_of(Box3 { min: DVec3::new(-0.5, 0.2, 0.8), max: DVec3::new(0.6, 1.1, 1.7) }).to_vec();
                s.mode = VolumeMode::Minimum;
                s.transfer.limits = s.mode.limits(&s.grid, &s.clip).unwrap();
            }),
        ),
        ("average", mode(VolumeMode::Mean)),
        ("xray", {
            let mut s = mode(VolumeMode::LineIntegral);
            light_theme(&mut s);
            s
        }),
        ("surfaces", {
            let mut s = mode(VolumeMode::Isosurfaces(vec![
                Isosurface { level: 0.1, opacity: 0.4 },
                Isosurface { level: 0.5, opacity: 1.0 },
            ]));
            s.shading = Some(Look::Default.shading_of_surfaces(&s.grid));
            s
        }),
        ("surfaces-finished", {
            let mut s = mode(VolumeMode::Isosurfaces(vec![Isosurface { level: 0.12, opacity: 1.0 }]));
            light_theme(&mut s);
            s.shading = Some(Look::Default.shading_of_surfaces(&s.grid));
            s.quality = Quality {
                spline: Some(Arc::new(Spline::through(&*s.grid))),
                ambient_occlusion: 1.0,
                depth_cue: 0.7,
                pictures: 4,
            };
            s
        }),
        ("several-fog", several(VolumeMode::Fog)),
        ("several-surfaces", several(VolumeMode::Isosurfaces(vec![Isosurface { level: 0.2, opacity: 0.6 }]))),
        ("slices", Scene { slices: (0..3).map(thirds).collect(), ..mode(VolumeMode::Slices) }),
        (
            "points",
            points(false, |p| {
                p.diameter = Diameter::Uniform(0.2);
                p.order = PointOrder::Depth;
            }),
        ),
        (
            "points-pixels-densest",
            points(false, |p| {
                p.diameter = Diameter::Pixels(5.0);
                p.order = PointOrder::Density;
            }),
        ),
        (
            "points-translucent",
            points(false, |p| {
                p.diameter = Diameter::Ranged(0.5);
                p.order = PointOrder::Depth;
                p.opacity = 0.4;
            }),
        ),
        (
            "points-in-fog",
            points(true, |p| {
                p.diameter = Diameter::Uniform(0.12);
                p.order = PointOrder::Depth;
            }),
        ),
        ("points-legend-gizmo", {
            let mut s = points(false, |p| {
                p.colors = Some(PointColors::categories(&codes, chains));
                p.order = PointOrder::Depth;
                p.diameter = Diameter::Uniform(0.15);
            });
            s.annotations.gizmo = true;
            light_theme(&mut s);
            s
        }),
        ("trace-ribbon", trace(Kind::Ribbon)),
        ("trace-backbone-clip", {
            let mut s = trace(Kind::Backbone);
            s.clip = vec![cut];
            light_theme(&mut s);
            s
        }),
        (
            "points-column",
            points(false, |p| {
                let x = p.positions.iter().map(|p| p.x).collect();
                p.colors =
                    Some(PointColors::column(Arc::new(x), "x of it".into(), Colormap::named("viridis").unwrap()));
                p.order = PointOrder::Depth;
            }),
        ),
    ]
}

fn renderer() -> Renderer {
    Renderer::new(Gpu::of_tests()).unwrap()
}

fn draw(renderer: &mut Renderer, scene: &Scene) -> Picture {
    renderer.draw(scene, &FRAME, &Silent).unwrap()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// The pixels of a kept picture as red, green, blue, alpha.
fn kept(name: &str) -> Result<Picture> {
    let path = folder().join(format!("{name}.png"));
    let (size, rgba) = png::read(&path)?;
    Ok(Picture { size, rgba })
}

/// The largest difference of a channel, and how many pixels differ.
fn difference(a: &Picture, b: &Picture) -> (u8, usize) {
    if a.size != b.size {
        return (u8::MAX, usize::MAX);
    }
    let pixels = std::iter::zip(a.rgba.chunks_exact(4), b.rgba.chunks_exact(4));
    let differs = |(a, b): (&[u8], &[u8])| (0..4).map(|c| a[c].abs_diff(b[c])).max().unwrap_or(0);
    pixels.map(differs).fold((0, 0), |(most, count), d| (most.max(d), count + usize::from(d > 0)))
}

fn is_same((most, count): (u8, usize)) -> bool {
    let pixels = (FRAME.size[0] * FRAME.size[1]) as usize;
    most <= 1 && count * 1000 <= pixels
}

fn write(name: &str, picture: &Picture) {
    png::write(&folder().join(format!("{name}.png")), None, picture.size, &picture.rgba).unwrap();
}

/// The new picture and eight times its difference from the kept one, on black.
fn write_failure(name: &str, new: &Picture, old: Option<&Picture>) {
    write(&format!("{name}.new"), new);
    if let Some(old) = old.filter(|old| old.size == new.size) {
        let channels = std::iter::zip(&new.rgba, &old.rgba).enumerate();
        let rgba =
            channels.map(|(i, (a, b))| if i % 4 == 3 { 255 } else { a.abs_diff(*b).saturating_mul(8) }).collect();
        write(&format!("{name}.difference"), &Picture { size: new.size, rgba });
    }
}

#[test]
fn pictures_are_the_kept_ones() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let (mut renderer, scenes) = (renderer(), scenes());
    assert!(scenes.len() <= MOST_FILES);
    let mut wrong = Vec::new();
    for (name, scene) in &scenes {
        let new = draw(&mut renderer, scene);
        if update {
            write(name, &new);
        }
        let old = kept(name);
        let found = old.as_ref().map(|old| difference(&new, old));
        if !found.as_ref().is_ok_and(|found| is_same(*found)) {
            write_failure(name, &new, old.as_ref().ok());
            wrong.push(format!("{name}: largest difference and pixels that differ {found:?}"));
        }
        let bytes = std::fs::metadata(folder().join(format!("{name}.png"))).map_or(0, |m| m.len());
        assert!(bytes <= LARGEST_FILE, "{name}.png has {bytes} bytes");
    }
    assert!(wrong.is_empty(), "see tests/golden/NAME.new.png and NAME.difference.png:\n{}", wrong.join("\n"));
}

/// Each fault of a shader by the text that it changes, and a picture that must tell.
#[rustfmt::skip]
const FAULTS: [(&str, &str, &str, &str); 19] = [
    ("a step twice as long", "- index_of(vec3<f32>(0.0))) * volume.step;", "- index_of(vec3<f32>(0.0))) * 2.0 * volume.step;", "fog-dark"),
    ("a missing step", "    var done = 0.0;\n", "    var done = 1.0;\n", "fog-clip-slice"),
    ("two axes exchanged", "return (position / volume.half_size", "return (position.yxz / volume.half_size.yxz", "fog-dark"),
    ("half a voxel beside", "(at + 0.5) / size", "(at + 1.0) / size", "fog-dark"),
    ("gamma twice", "front = textureLoad(light, pixel + vec2<i32>(place.first), 0);", "let seen = textureLoad(light, pixel + vec2<i32>(place.first), 0);\nfront = vec4<f32>(pow(seen.rgb, vec3<f32>(1.0 / 2.2)), seen.a);", "fog-dark"),
    ("wrong limits", "scaled * own.slope + own.offset", "scaled * own.slope * 1.02 + own.offset", "fog-light"),
    ("depth of points reversed", "return ~ascending;", "return ascending;", "points"),
    ("a slice beside its plane", "(plane.w - dot(ray.origin, plane.xyz)) / speed", "(plane.w - dot(ray.origin, plane.xyz)) / speed + 0.004", "slices"),
    ("an edge whose side depends on the triangle", "return -dot(direction, cross(q, p));", "return dot(direction, cross(q, p));", "trace-ribbon"),
    ("depth of a corner for that of a triangle", "vec3<f32>(ahead_of(triangle.a), ahead_of(triangle.b), ahead_of(triangle.c)));\n    // What", "vec3<f32>(ahead_of(triangle.a)));\n    // What", "trace-ribbon"),
    ("colours of bodies dimmed as those of points are", "if is_solid(glyph) {", "if false {", "trace-ribbon"),
    ("a body lit from below", "TOWARDS_KEY.y * frame.axes_up", "-TOWARDS_KEY.y * frame.axes_up", "trace-backbone-clip"),
    ("a spline a node beside", "let a = low + w1 / first;", "let a = low + w1 / first + 1.0;", "surfaces-finished"),
    ("distance from behind", "* finish.cue_slope;\n}", "* -finish.cue_slope;\n}", "surfaces-finished"),
    ("open places taken for closed ones", "finish.occlusion * (1.0 - open)", "finish.occlusion * open", "surfaces-finished"),
    ("the last picture in place of the mean", "all / f32(turn.pictures)", "textureLoad(light, vec2<i32>(pixel.xy), 0)", "surfaces-finished"),
    ("fog of another reference length", "own.a *= volume.own[n].references;", "own.a *= 1.3 * volume.own[n].references;", "several-fog"),
    ("surfaces in the order of their densities", "hits[at - 1u].place > place", "hits[at - 1u].place > 3e38", "several-surfaces"),
    ("light from behind", "return vec4<f32>(light_towards(45.0, 45.0), 1.0);", "return vec4<f32>(light_towards(45.0, -45.0), 1.0);", "surfaces"),
];

#[test]
fn planted_faults_are_caught() {
    let scenes = scenes();
    for (fault, right, wrong, name) in FAULTS {
        let scene = &scenes.iter().find(|(n, _)| *n == name).unwrap().1;
        let (found, times) = planted(right, wrong, || difference(&draw(&mut renderer(), scene), &kept(name).unwrap()));
        assert!(times > 0, "{fault}: no shader has `{right}`");
        assert!(!is_same(found), "{fault} is not caught: {found:?}");
    }
}
