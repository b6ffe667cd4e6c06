//! Densities on a graphics device.

use crate::error::{Error, Result};
use crate::gpu::{AdapterChoice, Gpu, Samples};
use crate::grid::{Lattice, Sample};
use crate::kde::setting::{NEAR_MAXIMUM, Outcome, Setting, rounding_of_waves};
use crate::kde::spectral::device::{Pieces, ROUNDING, Waves};
use crate::kde::spectral::{Frame, Wanted};
use crate::kde::whitened::weights;
use crate::kde::{DensityOptions, Method, bound};
use crate::progress::Progress;

/// The share of the error that is left to the waves, beside rounding.
const WAVES: f64 = 0.5;
/// Rounds in which the waves may take smaller errors.
const ROUNDS: usize = 2;
/// The share of what is left that they then take, and the least that they may.
const LEFT: f64 = 0.9;
const LEAST_WAVES: f64 = 1e-7;
/// Seconds that a device takes to be opened and to compile its shaders; what takes the processor less is not worth it.
const START: f64 = 0.3;

/// What a device has made, or why the processor has to.
pub(super) type Tried = std::result::Result<(Outcome, Samples), String>;

/// Whether the method that is free to be chosen should be tried on a device: it is one, the error allows it, and the
/// processor would take longer than to start.
fn is_worth(options: &DensityOptions, seconds: f64) -> bool {
    let by_threads = seconds / rayon::current_num_threads() as f64;
    options.method == Method::Auto
        && options.max_error >= Method::LEAST_ERROR_OF_GPU
        && !options.relative
        && !options.guaranteed
        && by_threads > START
        && crate::gpu::may_have_device()
}

/// The device that `options` ask for, or that is chosen where it is free to be: that has to be more than a processor.
fn device(options: &DensityOptions) -> Result<Gpu> {
    let gpu = Gpu::shared(&options.adapter)?;
    if options.method != Method::Gpu && options.adapter == AdapterChoice::Auto && gpu.is_software() {
        return Err(Error::Gpu("there is none".into()));
    }
    Ok(gpu)
}

/// Fills `values`, x fastest, on a device, if one was asked for or is worth it where the processor takes `seconds` of one core.
///
/// # Errors
/// [`Error::Interrupted`].
pub(super) fn tried<T: Sample>(
    setting: &Setting,
    options: &DensityOptions,
    seconds: f64,
    lattice: &Lattice,
    values: &mut [T],
    progress: &dyn Progress,
) -> Result<Option<Tried>> {
    if options.method != Method::Gpu && !is_worth(options, seconds) {
        return Ok(None);
    }
    let mut failure = None;
    for shorten in [Pieces::whole, Pieces::shorter] {
        // After a failure another one, with nothing left on it.
        let gpu = match device(options) {
            Ok(gpu) => gpu,
            Err(e) => return Ok(Some(Err(e.to_string()))),
        };
        match on(&gpu, shorten(Pieces::of(&gpu)), setting, lattice, values, progress) {
            Ok(Err(_)) if failure.is_some() => break,
            Ok(tried) => return Ok(Some(tried)),
            Err(Error::Gpu(text)) => failure.get_or_insert(text),
            Err(other) => return Err(other),
        };
        gpu.retire();
    }
    Ok(failure.map(Err))
}

/// As [`tried`] on a device with buffers of some length.
///
/// # Errors
/// [`Error::Gpu`] if the device fails; [`Error::Interrupted`].
pub(super) fn on<T: Sample>(
    gpu: &Gpu,
    pieces: Pieces,
    setting: &Setting,
    lattice: &Lattice,
    values: &mut [T],
    progress: &dyn Progress,
) -> Result<Tried> {
    let (cloud, kernel) = (setting.cloud, setting.kernel);
    let coarseness = setting.coarseness(lattice).filter(|c| *c <= NEAR_MAXIMUM);
    let mut error = WAVES * setting.max_error / coarseness.unwrap_or(1.0);
    for _ in 0..ROUNDS {
        let frame = match usable(gpu, pieces, setting.frames(error, Wanted::Nodes(lattice))) {
            Ok(frame) => frame,
            Err(why) => return Ok(Err(why)),
        };
        progress.begin("density", (cloud.len() + lattice.shape[2]) as u64);
        let (count, weight) = (cloud.len() as f64, weights(cloud));
        let points = (cloud.len(), |i: usize| cloud.positions[i], |i: usize| count * weight(i));
        let waves = Waves::of_points(gpu, frame, pieces, points, count, progress)?;
        let samples = waves.onto_nodes(gpu, kernel, progress)?;
        let largest = filled(&samples, kernel.peak, values)?;
        let overall = match coarseness {
            Some(c) => c * largest,
            None => waves.largest(gpu, kernel, progress)?.max(largest),
        };
        let storage = bound::storage(largest, size_of::<T>());
        // Of the coordinates, in f64, before all else.
        let rounding = rounding_of_waves(setting.magnitude(lattice.bounds()));
        let bound = waves.frame().bound_in_single(kernel, cloud.len()) + rounding;
        let proven = kernel.peak / largest * bound + storage;
        let of_waves = |error: f64| overall / largest * (error + ROUNDING + rounding) + storage;
        let kept = of_waves(waves.frame().error()).min(proven);
        if largest > 0.0 && kept <= setting.max_error {
            return Ok(Ok((Outcome { method: Method::Gpu, largest, bound: proven, kept }, samples)));
        }
        // What a smaller error of the waves would have to be.
        error = LEFT * ((setting.max_error - storage) * largest / overall - ROUNDING - rounding);
        if error.is_nan() || error <= LEAST_WAVES {
            break;
        }
    }
    Ok(Err(
        "the error cannot be kept in f32: the grid holds too little of the largest density, or the points lie too far from 0 \
         beside the kernel"
            .into(),
    ))
}

/// The frame of the fewest nodes, as each point costs as much whatever the window; or why there is none.
fn usable(gpu: &Gpu, pieces: Pieces, frames: Vec<Frame>) -> std::result::Result<Frame, String> {
    let obstacles: Vec<Option<String>> = frames.iter().map(|frame| frame.obstacle(gpu, pieces)).collect();
    let why = obstacles.iter().flatten().next().cloned();
    let usable = frames.into_iter().zip(obstacles).filter(|(_, obstacle)| obstacle.is_none()).map(|(frame, _)| frame);
    usable
        .min_by(|a, b| a.size().nodes.total_cmp(&b.size().nodes))
        .ok_or_else(|| why.unwrap_or_else(|| "waves cannot keep the error here".into()))
}

/// Fills in densities from shares of the kernel's peak, and gives the largest.
pub(super) fn filled<T: Sample>(samples: &Samples, peak: f64, values: &mut [T]) -> Result<f64> {
    samples.fill(values, |share| T::from_f64(peak * f64::from(share)))?;
    Ok(peak * f64::from(samples.largest()?))
}

#[cfg(test)]
mod tests {
    use glam::DVec3;

    use super::*;
    use crate::gpu::planted;
    use crate::kde::kernel::Kernel;
    use crate::kde::{Bandwidth, Estimator, Extent, Resolution, density};
    use crate::points::PointCloud;
    use crate::progress::Silent;
    use crate::sample;

    fn gpu() -> Gpu {
        Gpu::of_tests()
    }

    fn asked(method: Method) -> DensityOptions {
        DensityOptions { method, max_error: 1e-5, adapter: AdapterChoice::of_tests(), ..Default::default() }
    }

    /// The largest difference of two lists, as a share of the largest value of the second.
    fn off(found: &[f32], wanted: &[f32]) -> f64 {
        assert_eq!(found.len(), wanted.len());
        let largest = wanted.iter().fold(0.0f32, |most, v| most.max(*v));
        let worst = found.iter().zip(wanted).map(|(a, b)| f64::from((a - b).abs() / largest));
        worst.fold(0.0, |worst, e| if worst.is_nan() || e <= worst { worst } else { e })
    }

    fn by_device(gpu: &Gpu, pieces: Pieces, cloud: &PointCloud, options: &DensityOptions) -> Result<Vec<f32>> {
        let (kernel, _) = Kernel::new(cloud, &options.bandwidth)?;
        let plan = crate::kde::plan(cloud, &kernel, options.extent, options.resolution, 4)?;
        let setting = Setting::new(cloud, &kernel, options, 4);
        let mut values = vec![0.0f32; plan.lattice.len()];
        on(gpu, pieces, &setting, &plan.lattice, &mut values, &Silent)?.map_err(Error::Gpu)?;
        Ok(values)
    }

    /// Catches: axes exchanged, phases or half nodes shifted, a damping of another kernel, waves lost at the end of the band, weights
    /// left out, points of neighbouring cells left out.
    #[test]
    fn a_device_computes_what_the_exact_sum_is() {
        let mut cloud = sample::sample("founding", Some(3000), 1).unwrap();
        // Oblique, of three different extents, far from the origin, of different weights.
        let shear = |p: &DVec3| DVec3::new(1000.0 + p.x + 0.4 * p.y, 0.3 * p.y + 0.1 * p.z, 2.0 * p.z);
        cloud.positions = cloud.positions.iter().map(shear).collect();
        cloud.weights = Some((0..cloud.len()).map(|i| 0.5 + (i % 7) as f64).collect());
        let cases = [
            (Bandwidth::Scott, Resolution::Nodes([30, 17, 24])),
            (Bandwidth::Factor(0.1), Resolution::Nodes([41, 64, 13])),
            (Bandwidth::Factor(0.8), Resolution::Nodes([20, 9, 70])),
            (Bandwidth::Length { sigma: [0.4, 0.1, 0.9], unit: None }, Resolution::Nodes([25, 40, 31])),
        ];
        for (bandwidth, resolution) in cases {
            let o = DensityOptions { bandwidth, resolution, ..asked(Method::Gpu) };
            let made = density::<f32>(&cloud, &o, &Silent).unwrap();
            assert_eq!((made.report.method, made.report.warnings.len()), ("gpu", 0), "{:?}", made.report.warnings);
            let exact =
                density::<f32>(&cloud, &DensityOptions { method: Method::Exact, ..o.clone() }, &Silent).unwrap();
            let error = off(&made.grid.values, &exact.grid.values);
            assert!(error < 5e-7 && error < made.report.error_relative_to_max, "{bandwidth}: {error:e}");
            assert!(made.report.error_relative_to_max <= 1e-5 && made.report.sampled_error_relative_to_max <= error);
            assert!(made.report.bound_relative_to_max > error && made.report.bound_relative_to_max < 0.1);
        }
    }

    /// Catches: sums that lose small terms, groups or pieces left out; f32 beyond its promise at many points in one place.
    #[test]
    fn many_points_and_short_buffers_change_nothing_but_rounding() {
        let mut cloud = sample::sample("founding", Some(120_000), 2).unwrap();
        // A third of them in a few blocks.
        cloud.positions.iter_mut().step_by(3).for_each(|p| *p = *p * 0.02 + DVec3::new(1.0, 0.5, -0.3));
        let o = DensityOptions {
            bandwidth: Bandwidth::Factor(0.25),
            resolution: Resolution::Nodes([60, 70, 53]),
            extent: Extent::Padding(1.0),
            ..asked(Method::Gpu)
        };
        let gpu = gpu();
        let all = by_device(&gpu, Pieces::of(&gpu), &cloud, &o).unwrap();
        let again = by_device(&gpu, Pieces::of(&gpu), &cloud, &o).unwrap();
        assert_eq!(all, again, "two runs");
        let spectral =
            density::<f32>(&cloud, &DensityOptions { max_error: 1e-7, method: Method::Spectral, ..o.clone() }, &Silent);
        let wanted = spectral.unwrap().grid.values;
        let error = off(&all, &wanted);
        assert!(error < 5e-7, "{error:e}");
        let some = by_device(&gpu, Pieces::of(&gpu).at_most(5 << 20), &cloud, &o).unwrap();
        let error = off(&some, &wanted);
        assert!(error < 5e-7, "{error:e}");
        let none = by_device(&gpu, Pieces::of(&gpu).at_most(1 << 16), &cloud, &o).unwrap_err().to_string();
        assert!(none.contains("MiB in one buffer"), "{none}");
    }

    /// Catches: another kernel than was asked for, waves of points that are gone, a device that serves where it cannot.
    #[test]
    fn an_estimator_on_a_device_gives_what_it_gives_without() {
        let cloud = sample::sample("founding", Some(20_000), 1).unwrap();
        let o = DensityOptions { resolution: Resolution::Nodes([33, 48, 29]), max_error: 1e-5, ..Default::default() };
        let mut here = Estimator::new(&cloud, &o, 0.5, &Silent).unwrap();
        let mut there = here.clone();
        there.use_device(&gpu()).unwrap();
        for bandwidth in [0.1, 0.15, 0.2, 0.9].map(Bandwidth::Factor) {
            let [a, b] = [&here, &there].map(|e| e.density::<f32>(&bandwidth, &Silent));
            let (a, b) = match (a, b) {
                (Ok(a), Ok(b)) => (a, b),
                (Err(a), Err(b)) => {
                    assert_eq!(a.to_string(), b.to_string());
                    continue;
                }
                (a, b) => panic!("{bandwidth}: {} {}", a.is_ok(), b.is_ok()),
            };
            let error = off(&b.grid.values, &a.grid.values);
            assert!(error < 5e-7, "{bandwidth}: {error:e}");
            // A kernel of more than twice the first takes two transforms, on the processor.
            assert_eq!(b.on_device.is_some(), bandwidth != Bandwidth::Factor(0.9), "{bandwidth}");
            assert!(b.bound_relative_to_max > error);
        }
        let more = cloud.take(&(0..5000).collect::<Vec<_>>());
        for estimator in [&mut here, &mut there] {
            estimator.add(&more, &Silent).unwrap();
        }
        let [a, b] = [&here, &there].map(|e| e.density::<f32>(&Bandwidth::Scott, &Silent).unwrap());
        assert!(b.on_device.is_none() && a.grid == b.grid);
    }

    /// Catches: an error as a share of what is not in the box.
    #[test]
    fn a_box_that_holds_little_of_the_density_is_left_to_the_processor_and_told() {
        let cloud = sample::sample("founding", Some(5000), 1).unwrap();
        let corner = Extent::Bounds(crate::geometry::Box3 { min: DVec3::splat(4.0), max: DVec3::splat(6.0) });
        let o = DensityOptions { extent: corner, resolution: Resolution::Nodes([12; 3]), ..asked(Method::Gpu) };
        let made = density::<f32>(&cloud, &o, &Silent).unwrap();
        assert_ne!(made.report.method, "gpu");
        assert!(
            made.report.warnings.iter().any(|w| w.contains("computed on the processor")),
            "{:?}",
            made.report.warnings
        );
        assert!(made.report.error_relative_to_max <= 1e-5);
    }

    /// Catches: coordinates that f64 rounds, told as exact.
    #[test]
    fn points_too_far_from_0_are_left_to_the_processor_and_told() {
        let mut cloud = sample::sample("founding", Some(500), 1).unwrap();
        cloud.positions.iter_mut().for_each(|p| *p += DVec3::splat(1e12));
        let o = DensityOptions { resolution: Resolution::Nodes([16; 3]), ..asked(Method::Gpu) };
        let made = density::<f32>(&cloud, &o, &Silent).unwrap();
        assert_ne!(made.report.method, "gpu");
        let told = |what: &str| made.report.warnings.iter().any(|w| w.contains(what));
        assert!(told("computed on the processor") && told("f64 rounds"), "{:?}", made.report.warnings);
    }

    #[test]
    fn what_a_device_cannot_promise_is_refused() {
        let cloud = sample::sample("founding", Some(500), 1).unwrap();
        for o in [
            DensityOptions { max_error: 1e-6, ..asked(Method::Gpu) },
            DensityOptions { relative: true, ..asked(Method::Gpu) },
            DensityOptions { guaranteed: true, ..asked(Method::Gpu) },
        ] {
            let error = density::<f32>(&cloud, &o, &Silent).unwrap_err();
            assert!(error.exit_code() == 2 && error.to_string().contains("f32"), "{error}");
        }
        let at = crate::kde::density_at(&cloud, &cloud.positions, &asked(Method::Gpu), &Silent);
        assert!(at.unwrap_err().to_string().contains("processor"));
    }

    /// Catches: a loss that ends the program, or values that nobody made.
    #[test]
    fn a_lost_device_is_told() {
        let cloud = sample::sample("founding", Some(2000), 1).unwrap();
        let gpu = gpu();
        gpu.device.destroy();
        let o = DensityOptions { resolution: Resolution::Nodes([16; 3]), ..asked(Method::Gpu) };
        let error = by_device(&gpu, Pieces::of(&gpu), &cloud, &o).unwrap_err();
        assert_eq!(error.exit_code(), 3, "{error}");
        // One that was lost in between is opened anew.
        let named = AdapterChoice::of_tests_less(3);
        Gpu::shared(&named).unwrap().device.destroy();
        let made = density::<f32>(&cloud, &DensityOptions { adapter: named, ..o.clone() }, &Silent).unwrap();
        assert_eq!((made.report.method, made.report.warnings.len()), ("gpu", 0), "{:?}", made.report.warnings);
        let missing = DensityOptions { adapter: AdapterChoice::Named("no such device".into()), ..o };
        let made = density::<f32>(&cloud, &missing, &Silent).unwrap();
        assert!(made.report.warnings.iter().any(|w| w.contains("no such device")), "{:?}", made.report.warnings);
        assert_eq!(made.grid.values.len(), 16 * 16 * 16);
    }

    /// The tests above catch what they should.
    #[test]
    fn planted_faults_are_caught() {
        let cloud = sample::sample("founding", Some(3000), 1).unwrap();
        let o = DensityOptions { resolution: Resolution::Nodes([24, 31, 18]), ..asked(Method::Gpu) };
        let exact = density::<f32>(&cloud, &DensityOptions { method: Method::Exact, ..o.clone() }, &Silent).unwrap();
        let gpu = gpu();
        let right = by_device(&gpu, Pieces::of(&gpu), &cloud, &o).unwrap();
        assert!(off(&right, &exact.grid.values) < 5e-7);
        for (right, wrong) in [
            ("ZEROS + 4u * four + BLOCK * before", "ZEROS + 4u * four + BLOCK * before + 1u"),
            ("rest -= count;", "rest -= count + 1u;"),
            ("clamp(starts[block + 1u]", "clamp(starts[block + 1u] - 1u"),
            ("let across = quarter(b - d);", "let across = quarter(d - b);"),
            ("root(p * q % radix * apart)", "root((p * q + 1u) % radix * apart)"),
            ("times(xy, corrections[of_x + of_y + k])", "xy"),
            ("k.yxx * k.zzy", "k.xxx * k.zzy"),
            ("dot(inverse.squares, k * k)", "dot(inverse.squares.yxz, k * k)"),
            ("let sign = vec2<f32>(1.0, f32(i32(wave > 0) - i32(wave < 0)));", "let sign = vec2<f32>(1.0, 1.0);"),
            ("result[to + pairs + pair] = odd;", "result[to + pairs + pair] = even;"),
        ] {
            let (values, times) = planted(right, wrong, || by_device(&gpu, Pieces::of(&gpu), &cloud, &o));
            assert!(times > 0, "{right} is in no shader");
            let error = values.map_or(f64::NAN, |values| off(&values, &exact.grid.values));
            assert!(error.is_nan() || error >= 5e-7, "{right} -> {wrong}: {error:e}");
        }
    }
}
