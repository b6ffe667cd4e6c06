//! `--method gpu` on a software adapter.

use crate::common::npy_f64;
use crate::program::{densitas, folder, json, path, stderr, without_adapter};

const SOFTWARE: [&str; 4] = ["--adapter", "software", "--method", "gpu"];

/// Catches: another device than the one asked for, an error that is not kept, a picture of another density.
#[test]
fn the_program_computes_on_the_adapter_and_tells_it() {
    let f = folder("on_gpu");
    let (gpu, exact) = (path(&f, "gpu.npy"), path(&f, "exact.npy"));
    let common = ["density", "sample:founding", "--grid", "40", "--dtype", "f64", "--json", "-o"];
    let made = densitas(&[&common[..], &[&gpu], &SOFTWARE].concat());
    assert!(made.status.success() && stderr(&made).is_empty(), "{}", stderr(&made));
    let told = json(&made);
    assert_eq!(told["method"], "gpu");
    assert!(told["error_relative_to_max"].as_f64().unwrap() <= 1e-5, "{told}");
    assert!(densitas(&[&common[..], &[&exact, "--method", "exact"]].concat()).status.success());
    let (a, b) = (npy_f64(gpu.as_ref()), npy_f64(exact.as_ref()));
    let most = b.iter().copied().fold(0.0, f64::max);
    let error = a.iter().zip(&b).map(|(a, b)| (a - b).abs() / most).fold(0.0, f64::max);
    assert!(error > 0.0 && error < 5e-7, "{error:e}");
    let picture = |name: &str, more: &[&str]| {
        let file = path(&f, name);
        let drawn = densitas(&[&["render", "sample:founding", "--size", "160x120", "-o", &file], more].concat());
        assert!(drawn.status.success(), "{}", stderr(&drawn));
        crate::common::read_png(file.as_ref()).1
    };
    let (there, here) = (picture("gpu.png", &SOFTWARE), picture("cpu.png", &["--adapter", "software"]));
    let differ = there.iter().zip(&here).filter(|(a, b)| (0..3).any(|c| a[c].abs_diff(b[c]) > 1)).count();
    assert!(differ <= there.len() / 1000, "{differ} pixels differ");
}

/// Catches: a density that is lost with the device, or computed elsewhere untold; what a device cannot do, taken for done.
#[test]
fn without_a_device_the_processor_computes_and_it_is_told() {
    let f = folder("no_gpu");
    let file = path(&f, "d.npy");
    let made = without_adapter(&["density", "sample:founding", "--grid", "20", "--method", "gpu", "-o", &file]);
    assert!(
        made.status.success() && stderr(&made).contains("processor, not on a graphics device"),
        "{}",
        stderr(&made)
    );
    let refused = |more: &[&str], why: &str| {
        let all = [&["density", "sample:founding", "--grid", "20", "-o", &file, "--method", "gpu"], more].concat();
        let output = densitas(&all);
        assert!(output.status.code() == Some(2) && stderr(&output).contains(why), "{more:?}: {}", stderr(&output));
    };
    refused(&["--error", "1e-7"], "f32");
    refused(&["--guaranteed"], "without a proof");
    refused(&["--relative"], "without a proof");
    refused(&["--bandwidth", "knn:5"], "processor");
    refused(&["--bandwidth", "0.5A", "--periodic", "20,20,20"], "processor");
    let map = densitas(&["heatmap", "sample:founding", "--method", "gpu", "-o", &path(&f, "h.png")]);
    assert!(map.status.code() == Some(2) && stderr(&map).contains("processor"), "{}", stderr(&map));
}
