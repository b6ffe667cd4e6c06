//! Samples that stand for several steps against one sample a step.

use std::sync::Arc;

use densitas::color::{Colormap, OpacityCurve, Scale};
use densitas::geometry::Box3;
use densitas::gpu::{AdapterChoice, Gpu};
use densitas::grid::DensityGrid;
use densitas::progress::Silent;
use densitas::render::{Light, Renderer};
use densitas::scene::{Annotations, Isosurface, Limits, Look, Scene, View, Viewpoint, VolumeMode};
use glam::DVec3;

use crate::common::grid_of;
use crate::pictures::{RENDERER, of_weights};

/// Largest and mean difference of adaptive samples from one a step, in 8-bit steps of the picture on black.
fn difference(scene: &Scene) -> (f64, f64) {
    let light = |adaptive: bool| -> Light {
        let mut scene = scene.clone();
        scene.sampling.adaptive = adaptive;
        RENDERER.lock().unwrap_or_else(|e| e.into_inner()).draw_light(&scene, [200, 150], &Silent).unwrap()
    };
    let (fast, slow) = (light(true), light(false));
    assert!(slow.rgba.iter().any(|p| p[3] > 0.02), "something is seen");
    let all = std::iter::zip(fast.rgba.iter().flatten(), slow.rgba.iter().flatten());
    let all: Vec<f64> = all.map(|(a, b)| 255.0 * f64::from((a - b).abs())).collect();
    let mean = all.iter().sum::<f64>() / all.len() as f64;
    (all.into_iter().fold(0.0, f64::max), mean)
}

const N: usize = 96;

fn gauss(p: DVec3, center: [f64; 3], s: f64) -> f64 {
    (-(p - DVec3::from(center)).length_squared() / (2.0 * s * s)).exp()
}

fn field(f: impl Fn(DVec3) -> f64) -> Arc<DensityGrid> {
    let bounds = Box3 { min: DVec3::splat(-5.0), max: DVec3::splat(5.0) };
    Arc::new(grid_of(bounds, [N; 3], f))
}

fn fields() -> [(&'static str, Arc<DensityGrid>); 3] {
    let full =
        |p| gauss(p, [-1.5, 0.0, 0.5], 2.6) + 0.8 * gauss(p, [2.5, 2.0, -1.5], 2.0) + gauss(p, [0.0, -3.0, 2.0], 1.5);
    let sparse =
        |p| gauss(p, [-2.5, 1.0, 0.5], 0.4) + gauss(p, [2.0, 2.5, -2.0], 0.5) + gauss(p, [1.0, -3.0, 2.0], 0.65);
    let shell = |p: DVec3, radius: f64| (-(p.length() - radius).powi(2) / (2.0 * 0.3 * 0.3)).exp();
    [("full", field(full)), ("sparse", field(sparse)), ("shells", field(move |p| shell(p, 4.2) + shell(p, 2.0)))]
}

/// What a channel may differ by, in 8-bit steps: the most, and the mean.
const MOST: f64 = 1.0;
const MEAN: f64 = 0.03;

/// Catches: a sample that reaches into the next cell, cells of the wrong place or with their border left out,
/// opacity or end of the ray not counted in whole steps, cells skipped that are seen.
#[test]
fn samples_for_several_steps_show_what_one_a_step_shows() {
    let looks = [
        (Look::Default, Limits::DEFAULT),
        (Look::Mayavi, Limits::Range(0.0, 0.5)),
        (Look::Mayavi, Limits::Range(0.0, 0.001)),
        (Look::Default, Limits::Range(0.2, 0.22)),
    ];
    // A ramp, a ramp that hardly absorbs, a spike, a jump above fog that is nowhere clear.
    let curves = ["0:0,1:0.9", "0:0,1:0.2", "0:0,0.48:0,0.5:0.9,0.52:0,1:0", "0:0.1,0.3:0.1,0.301:0.9,1:0.9"];
    let maps = ["inferno", "mayavi", "#fff,#000,#fff,#000,#fff,#000"];
    for (name, grid) in fields() {
        for (at, (look, limits)) in looks.into_iter().enumerate() {
            for (n, curve) in curves.into_iter().enumerate() {
                for shaded in [false, true] {
                    let mut scene = look.scene(grid.clone(), limits).unwrap();
                    scene.annotations = Annotations::default();
                    scene.viewpoint = Viewpoint::Fit(View::Angles { azimuth: 20.0, elevation: 10.0 });
                    scene.transfer.opacity = OpacityCurve::parse(curve).unwrap();
                    scene.transfer.colormap = Colormap::parse(maps[(at + n) % 3]).unwrap();
                    scene.shading = shaded.then(|| look.shading(&grid));
                    let (most, mean) = difference(&scene);
                    let what = format!("{name}, {look:?}, {limits:?}, {curve}, lit: {shaded}");
                    println!("{what}: {most:.2} {mean:.4}");
                    assert!(
                        most <= MOST + 255.0 * of_weights() && mean <= MEAN,
                        "{what}: at most {most:.2}/255, mean {mean:.4}"
                    );
                }
            }
        }
    }
}

/// Surfaces are looked for in cells that may have one only. Catches: a surface in the half of a step that reaches into the
/// next cell, levels beyond the limits, a value from before the cells that were left out.
#[test]
fn surfaces_in_some_cells_are_the_surfaces_of_all_steps() {
    for (name, grid) in fields() {
        for levels in [&[0.5][..], &[0.001, 0.2, 0.95], &[0.05, 1e-6]] {
            for limits in [Limits::DEFAULT, Limits::Value(0.3, 0.6)] {
                let mut scene = Look::Default.scene(grid.clone(), limits).unwrap();
                scene.annotations = Annotations::default();
                scene.viewpoint = Viewpoint::Fit(View::Angles { azimuth: 20.0, elevation: 10.0 });
                scene.shading = Some(Look::Default.shading_of_surfaces(&grid));
                let surface = |&level: &f64| Isosurface { level, opacity: 0.5 };
                scene.mode = VolumeMode::Isosurfaces(levels.iter().map(surface).collect());
                let (most, mean) = difference(&scene);
                let what = format!("{name}, {levels:?}, {limits:?}");
                println!("{what}: {most:.2} {mean:.4}");
                assert!(most <= MOST && mean <= MEAN, "{what}: at most {most:.2}/255, mean {mean:.4}");
            }
        }
    }
}

/// The other software adapter of Mesa, with fog lit by gradients at the nodes, by differences and not at all, and with
/// surfaces. Catches: textures or steps of cells that OpenGL has otherwise, loops that it ends early.
#[test]
fn opengl_shows_what_vulkan_shows() {
    let Ok(gl) = Gpu::new(&AdapterChoice::Named("gl".into())) else {
        return eprintln!("SKIPPED: there is no OpenGL adapter");
    };
    let mut gl = Renderer::new(gl).unwrap();
    let [(_, full), (_, sparse), (_, shells)] = fields();
    let few = Arc::new(grid_of(full.lattice.bounds(), [48; 3], |p| gauss(p, [0.5, 0.0, -0.5], 2.0)));
    for (grid, lit, levels) in [
        (&full, false, &[][..]),
        (&full, true, &[]),
        (&sparse, true, &[]),
        (&few, true, &[]),
        (&shells, true, &[0.3, 0.9]),
    ] {
        let mut scene = Look::Default.scene(grid.clone(), Limits::DEFAULT).unwrap();
        scene.annotations = Annotations::default();
        scene.viewpoint = Viewpoint::Fit(View::Angles { azimuth: 20.0, elevation: 10.0 });
        scene.shading = lit.then(|| Look::Default.shading(grid));
        if !levels.is_empty() {
            let surface = |&level: &f64| Isosurface { level, opacity: 0.5 };
            scene.mode = VolumeMode::Isosurfaces(levels.iter().map(surface).collect());
        }
        let theirs = gl.draw_light(&scene, [200, 150], &Silent).unwrap();
        let ours = RENDERER.lock().unwrap_or_else(|e| e.into_inner()).draw_light(&scene, [200, 150], &Silent).unwrap();
        let apart = |(a, b): (&[f32; 4], &[f32; 4])| (0..4).map(|c| 255.0 * (a[c] - b[c]).abs()).fold(0.0, f32::max);
        let apart: Vec<f32> = std::iter::zip(&ours.rgba, &theirs.rgba).map(apart).collect();
        let (most, count) = (apart.iter().fold(0.0, |a: f32, b| a.max(*b)), apart.iter().filter(|a| **a > 0.5).count());
        println!("{:?}, lit: {lit}, {levels:?}: at most {most}/255, {count} pixels by half a step", grid.lattice.shape);
        assert!(ours.rgba.iter().any(|p| p[3] > 0.02), "something is seen");
        assert!(most <= 1.0 && count * 1000 <= apart.len(), "lit: {lit}, {levels:?}: {most}/255, {count} pixels");
    }
}

/// Catches: the range of a cell by another scale than that of its samples.
#[test]
fn samples_for_several_steps_follow_the_scale() {
    for (name, grid) in fields() {
        for (scale, limits) in [
            (Scale::Log, [1e-5, 1.0]),
            (Scale::Log, [1e-2, 0.5]),
            (Scale::Sqrt, [0.0, 1.0]),
            (Scale::Sqrt, [0.0, 0.05]),
        ] {
            for curve in ["0:0,1:0.9", "0:0,0.48:0,0.5:0.9,0.52:0,1:0", "0:0.1,0.3:0.1,0.301:0.9,1:0.9"] {
                for shaded in [false, true] {
                    let mut scene = Look::Default.scene(grid.clone(), Limits::Value(limits[0], limits[1])).unwrap();
                    scene.annotations = Annotations::default();
                    scene.viewpoint = Viewpoint::Fit(View::Angles { azimuth: 20.0, elevation: 10.0 });
                    scene.transfer.scale = scale;
                    scene.transfer.opacity = OpacityCurve::parse(curve).unwrap();
                    scene.shading = shaded.then(|| Look::Default.shading(&grid));
                    let (most, mean) = difference(&scene);
                    let what = format!("{name}, {scale:?}, {limits:?}, {curve}, lit: {shaded}");
                    println!("{what}: {most:.2} {mean:.4}");
                    assert!(most <= MOST && mean <= MEAN, "{what}: at most {most:.2}/255, mean {mean:.4}");
                }
            }
        }
    }
}
