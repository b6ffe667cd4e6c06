//! How fast files are read. `cargo bench --bench reading` prints a table; structures are read if
//! `DENSITAS_TEST_DATA` names the folder of test data.

use std::path::{Path, PathBuf};
use std::time::Instant;

use densitas::io::{Input, ReadOptions, Source, read, write_csv};
use densitas::progress::Silent;
use densitas::sample;

const RUNS: usize = 5;

fn main() {
    let table = std::env::temp_dir().join(format!("densitas-reading-{}.csv", std::process::id()));
    let cloud = sample::sample("mixture", Some(1_900_000), 1).expect("a sample");
    write_csv(&table, &cloud, None).expect("a table");
    println!("{:>24} {:>9} {:>8} {:>9} {:>7}", "file", "points", "MB", "median s", "MB/s");
    if let Some(root) = std::env::var_os("DENSITAS_TEST_DATA").map(PathBuf::from) {
        let structures = root.join("data/structures");
        for name in ["6WG6.cif", "pdb4v8r_h36.pdb", "adk_oplsaa.gro"] {
            row(&structures.join(name));
        }
    }
    row(&table);
    let _ = std::fs::remove_file(table);
}

fn row(path: &Path) {
    let source = Source::Path(path.to_owned());
    let mut points = 0;
    let mut seconds: Vec<f64> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            let input = read(&source, &ReadOptions::default(), &Silent).expect("a good file");
            let Input::Points(input) = input else { panic!("{} holds a volume", path.display()) };
            points = input.cloud.len();
            start.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    let (size, median) = (path.metadata().expect("a file").len() as f64 / 1e6, seconds[RUNS / 2]);
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    println!("{name:>24} {points:>9} {size:>8.1} {median:>9.3} {:>7.0}", size / median);
}
