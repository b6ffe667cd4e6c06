//! Times of the density methods. `cargo bench --bench kde` prints a table; with
//! `-- --case POINTS.npy GRID METHOD ERROR THREADS RUNS` one JSON line about one case, for
//! `peers_kde.py`; with `-- --variable` a table of kernels that differ from point to point, with `-- --changes` one of new bandwidths, with `-- --gpu`
//! one of each adapter beside the processor. GRID may be `points`, the density at the points. Points: (N, 3) little-endian doubles in C order, NPY version 1.

use std::time::Instant;

use densitas::gpu::{AdapterChoice, Gpu, describe, survey};
use densitas::kde::{Bandwidth, Density, DensityOptions, Estimator, Extent, Method, Resolution, density, density_at};
use densitas::points::PointCloud;
use densitas::progress::Silent;
use glam::DVec3;

fn main() {
    let args: Vec<String> = std::env::args().skip_while(|a| a != "--case").skip(1).collect();
    match &args[..] {
        [] if std::env::args().any(|a| a == "--variable") => variable(),
        [] if std::env::args().any(|a| a == "--changes") => changes(),
        [] if std::env::args().any(|a| a == "--gpu") => on_gpus(),
        [] => table(),
        [points, grid, method, error, threads, runs] => {
            let cloud = read_npy(points);
            let method = match method.as_str() {
                "exact" => Method::Exact,
                "tree" => Method::Tree,
                "spectral" => Method::Spectral,
                _ => Method::Auto,
            };
            let number = |text: &String| text.parse::<usize>().expect("a whole number");
            let error = error.parse().expect("an error such as 1e-6");
            let t = timed(&cloud, grid.parse().ok(), method, error, number(threads), number(runs));
            println!(
                "{{\"cold\":{},\"median\":{},\"min\":{},\"cold_cpu\":{},\"min_cpu\":{},\"bound\":{:e},\"sampled\":{:e},\"method\":\"{}\",\"mb\":{:.0}}}",
                t.cold,
                t.median,
                t.min,
                t.cold_cpu,
                t.min_cpu,
                t.bound,
                t.sampled,
                t.method,
                peak_mb()
            );
        }
        _ => panic!("--case takes POINTS.npy GRID METHOD ERROR THREADS RUNS"),
    }
}

/// Seconds of `plan` and `evaluate` together.
struct Timing {
    cold: f64,
    median: f64,
    min: f64,
    cold_cpu: f64,
    min_cpu: f64,
    bound: f64,
    sampled: f64,
    method: &'static str,
}

/// On a grid, or at the points.
fn timed(
    cloud: &PointCloud,
    grid: Option<usize>,
    method: Method,
    max_error: f64,
    threads: usize,
    runs: usize,
) -> Timing {
    let resolution = Resolution::Nodes([grid.unwrap_or(2); 3]);
    let options = DensityOptions { resolution, extent: Extent::Padding(0.0), method, max_error, ..Default::default() };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    let made = || match grid {
        Some(_) => density(cloud, &options, &Silent).map(|d: Density<f32>| d.report),
        None => density_at(cloud, &cloud.positions, &options, &Silent).map(|at| at.report),
    };
    let run = || {
        let (start, cpu) = (Instant::now(), cpu_seconds());
        let report = pool.install(made).expect("a density");
        (start.elapsed().as_secs_f64() - report.seconds.check, cpu_seconds() - cpu, report)
    };
    let (cold, cold_cpu, report) = run();
    let others: Vec<_> = (0..runs).map(|_| run()).collect();
    let mut seconds: Vec<f64> = others.iter().map(|run| run.0).chain([cold]).collect();
    seconds.sort_by(f64::total_cmp);
    let min_cpu = others.iter().map(|run| run.1).fold(cold_cpu, f64::min);
    // Threads that have ended would take their time with them out of `cpu_seconds`.
    std::mem::forget(pool);
    Timing {
        cold,
        median: seconds[seconds.len() / 2],
        min: seconds[0],
        cold_cpu,
        min_cpu,
        bound: report.bound_relative_to_max,
        sampled: report.sampled_error_relative_to_max,
        method: report.method,
    }
}

/// Processor seconds of this process so far, the check of the error included; 0 where the system does not tell.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let of_main: f64 = text.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0.0);
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let of_task = |path: std::path::PathBuf| -> f64 {
        let text = std::fs::read_to_string(path.join("schedstat")).unwrap_or_default();
        text.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0.0)
    };
    let all: f64 = tasks.map(|task| of_task(task.path())).sum();
    all.max(of_main) * 1e-9
}

/// The most memory this process has held, in 10^6 bytes; 0 where the system does not tell.
fn peak_mb() -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib = text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix("kB")?.trim().parse().ok());
    kib.map_or(0.0, |kib: f64| kib * 1.024e-3)
}

/// Points, grid (or at the points), runs, methods with their errors.
type Case = (usize, Option<usize>, usize, &'static [(Method, f64)]);

/// Methods, then bandwidth changes.
fn table() {
    println!(
        "| points @ grid | method | error | threads | cold wall / CPU ms | least wall / CPU ms | bound | sampled |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    use Method::{Exact, Spectral, Tree};
    let cases: [Case; 6] = [
        (5_000, Some(30), 9, &[(Exact, 1e-6), (Tree, 1e-6), (Spectral, 1e-6), (Spectral, 1e-9)]),
        (50_000, Some(64), 5, &[(Exact, 1e-6), (Tree, 1e-6), (Spectral, 1e-6), (Spectral, 1e-9)]),
        (50_000, Some(256), 5, &[(Tree, 1e-6), (Spectral, 1e-6), (Spectral, 1e-9)]),
        (500_000, Some(128), 5, &[(Spectral, 1e-6), (Spectral, 1e-9)]),
        (5_000_000, Some(256), 2, &[(Spectral, 1e-6)]),
        (1_000_000, None, 2, &[(Spectral, 2e-7)]),
    ];
    for (points, grid, runs, methods) in cases {
        let cloud = normal_cloud(points);
        let place = grid.map_or("points".into(), |n| format!("{n}^3"));
        for &(method, error) in methods {
            for threads in [1, 2] {
                let runs = if method == Method::Exact { 1 } else { runs };
                let t = timed(&cloud, grid, method, error, threads, runs);
                println!(
                    "| {points} @ {place} | {} | {error:.0e} | {threads} | {:.2} / {:.2} | {:.2} / {:.2} | {:.1e} | {:.1e} |",
                    t.method,
                    t.cold * 1e3,
                    t.cold_cpu * 1e3,
                    t.min * 1e3,
                    t.min_cpu * 1e3,
                    t.bound,
                    t.sampled
                );
            }
        }
    }
    println!();
    changes();
}

/// What new bandwidths cost.
fn changes() {
    println!(
        "| points @ grid | making the estimator CPU ms | a bandwidth: least wall / CPU ms | cross-validation CPU ms |"
    );
    println!("|---|---|---|---|");
    for (points, grid) in [(500_000, 128), (5_000_000, 128), (500_000, 256), (5_000_000, 256)] {
        bandwidths(points, grid);
    }
}

/// One line of that table.
fn bandwidths(points: usize, grid: usize) {
    let cloud = normal_cloud(points);
    let resolution = Resolution::Nodes([grid; 3]);
    let options = DensityOptions { resolution, extent: Extent::Padding(0.0), ..Default::default() };
    let cpu = cpu_seconds();
    let estimator = Estimator::new(&cloud, &options, 0.5, &Silent).expect("an estimator");
    let making = cpu_seconds() - cpu;
    let scott = estimator.kernel(&Bandwidth::Scott).expect("a kernel").factor.expect("a factor");
    let (mut least, mut least_cpu) = (f64::INFINITY, f64::INFINITY);
    for i in 0..9 {
        let (start, cpu) = (Instant::now(), cpu_seconds());
        let bandwidth = Bandwidth::Factor(scott * (0.55 + 0.15 * f64::from(i)));
        let made = estimator.density::<f32>(&bandwidth, &Silent).expect("a density");
        least = least.min(start.elapsed().as_secs_f64());
        least_cpu = least_cpu.min(cpu_seconds() - cpu);
        assert!(made.grid.values.len() == grid * grid * grid);
    }
    let cpu = cpu_seconds();
    let scores = estimator.cross_validation().expect("scores").scores.len();
    let validation = cpu_seconds() - cpu;
    println!(
        "| {points} @ {grid}^3 | {:.0} | {:.1} / {:.1} | {:.0} ({scores} factors) |",
        making * 1e3,
        least * 1e3,
        least_cpu * 1e3,
        validation * 1e3
    );
}

/// The processor and each adapter that can draw.
fn on_gpus() {
    println!(
        "| points @ grid | on | first ms | density ms | error seen | bandwidth onto the device ms | and read back ms |"
    );
    println!("|---|---|---|---|---|---|---|");
    for (points, grid) in [(50_000, 64), (500_000, 128), (5_000_000, 256), (5_000_000, 512)] {
        let cloud = normal_cloud(points);
        on_one(&cloud, grid, Method::Auto, "the processor", AdapterChoice::Auto);
        for adapter in survey().into_iter().filter(|a| a.obstacle.is_none()) {
            let name = describe(&adapter.info);
            let choice = AdapterChoice::Named(name.clone());
            match Gpu::shared(&choice) {
                Ok(_) => on_one(&cloud, grid, Method::Gpu, &name, choice),
                Err(why) => println!("| {points} @ {grid}^3 | {why} |"),
            }
        }
    }
}

/// One line of that table. The first time holds the opening of the device and the compilation of its shaders.
fn on_one(cloud: &PointCloud, grid: usize, method: Method, name: &str, adapter: AdapterChoice) {
    let (resolution, extent) = (Resolution::Nodes([grid; 3]), Extent::Padding(0.0));
    let options = DensityOptions { resolution, extent, method, max_error: 1e-5, adapter, ..Default::default() };
    let run = || {
        let start = Instant::now();
        let report = density::<f32>(cloud, &options, &Silent).expect("a density").report;
        ((start.elapsed().as_secs_f64() - report.seconds.check) * 1e3, report)
    };
    let (first, report) = run();
    let least = (0..3).map(|_| run().0).fold(f64::INFINITY, f64::min);
    let spectral = DensityOptions { method: Method::Spectral, ..options.clone() };
    let mut estimator = Estimator::new(cloud, &spectral, 0.5, &Silent).expect("an estimator");
    let scott = estimator.kernel(&Bandwidth::Scott).expect("a kernel").factor.expect("a factor");
    let gpu = (method == Method::Gpu).then(|| Gpu::shared(&options.adapter).expect("the adapter"));
    if let Some(Err(why)) = gpu.as_ref().map(|gpu| estimator.use_device(gpu)) {
        return println!("| {} @ {grid}^3 | {name} | {first:.0} | {least:.0} | {why} |", cloud.len());
    }
    let factors: Vec<Bandwidth> = (0..7).map(|i| Bandwidth::Factor(scott * (0.55 + 0.15 * f64::from(i)))).collect();
    let least_of = |work: &dyn Fn(&Bandwidth)| {
        let time = |bandwidth: &Bandwidth| {
            let start = Instant::now();
            work(bandwidth);
            start.elapsed().as_secs_f64() * 1e3
        };
        factors.iter().map(time).fold(f64::INFINITY, f64::min)
    };
    let onto = gpu.as_ref().map_or("-".into(), |gpu| {
        let least = least_of(&|bandwidth| {
            estimator.samples(bandwidth, &Silent).and_then(|(_, s)| s.texture()).expect("a texture");
            gpu.wait().expect("a device");
        });
        format!("{least:.1}")
    });
    let back = least_of(&|bandwidth| {
        estimator.density::<f32>(bandwidth, &Silent).expect("a density");
    });
    println!(
        "| {} @ {grid}^3 | {name}, {} | {first:.0} | {least:.0} | {:.1e} | {onto} | {back:.1} |",
        cloud.len(),
        report.method,
        report.sampled_error_relative_to_max
    );
}

/// Kernels of their own widths, the same number in each octave.
fn variable() {
    println!("| points @ grid | sigma / voxel | error | threads | cold ms | bound | sampled |");
    println!("|---|---|---|---|---|---|---|");
    for (points, grid, widths, max_error) in [
        (100_000, 128, [0.1, 100.0], 1e-6),
        (100_000, 256, [0.1, 100.0], 1e-6),
        (100_000, 256, [0.1, 100.0], 1e-3),
        (1_000_000, 256, [0.3, 3.0], 1e-6),
        (100_000, 256, [3.0, 4.0], 1e-6),
    ] {
        let mut cloud = normal_cloud(points);
        let voxel = cloud.bounds().size().x / f64::from(grid);
        let share = |i: usize| (i * 7919 % points) as f64 / points as f64;
        let width = |i| DVec3::splat(voxel * widths[0] * f64::powf(widths[1] / widths[0], share(i)));
        cloud.sigmas = Some((0..points).map(width).collect());
        let resolution = Resolution::Nodes([grid as usize; 3]);
        let extent = Extent::Padding(0.0);
        let options =
            DensityOptions { bandwidth: Bandwidth::PerPoint, resolution, extent, max_error, ..Default::default() };
        for threads in [1, 2] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            let made: Density<f32> = pool.install(|| density(&cloud, &options, &Silent)).expect("a density");
            let r = made.report;
            let [low, high] = widths;
            println!(
                "| {points} @ {grid}^3 | {low} to {high} | {max_error:.0e} | {threads} | {:.0} | {:.1e} | {:.1e} |",
                (r.seconds.plan + r.seconds.evaluate) * 1e3,
                r.bound_relative_to_max,
                r.sampled_error_relative_to_max
            );
        }
    }
}

/// Points of the standard normal distribution, by Box and Muller over splitmix64.
fn normal_cloud(n: usize) -> PointCloud {
    let mut state = 1u64;
    let mut uniform = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    };
    let mut normal = || (-2.0 * (1.0 - uniform()).ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos();
    PointCloud::from_positions((0..n).map(|_| DVec3::new(normal(), normal(), normal())).collect())
}

fn read_npy(path: &str) -> PointCloud {
    let bytes = std::fs::read(path).expect("a readable file");
    let start = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let numbers: Vec<f64> = bytes[start..].as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b)).collect();
    PointCloud::from_positions(numbers.as_chunks::<3>().0.iter().map(|p| DVec3::from(*p)).collect())
}
