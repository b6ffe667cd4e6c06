//! `density --plan`, `--part` and `--merge`: parts of one density.

use std::path::Path;

use densitas::io::npy::read_array;
use serde_json::Value;

use crate::common::npy_f64;
use crate::program::{densitas, folder, json, path, stderr};

/// A table with weights, sorted along x so that parts lie side by side.
fn table(folder: &Path) -> String {
    let mut rows: Vec<[f64; 4]> = (0..900u32)
        .map(|i| {
            [
                f64::from(i * 37 % 101) * 0.1,
                f64::from(i * 53 % 97) * 0.1,
                f64::from(i * 71 % 89) * 0.1,
                f64::from(i % 5),
            ]
        })
        .collect();
    rows.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let text = rows
        .iter()
        .fold("x [nm],y [nm],z [nm],w\n".to_owned(), |text, [x, y, z, w]| text + &format!("{x},{y},{z},{w}\n"));
    let table = path(folder, "t.csv");
    std::fs::write(&table, text).unwrap();
    table
}

/// What decides the density of [`table`].
const OPTIONS: [&str; 8] = ["--weights", "w", "--bandwidth", "1nm", "--method", "spectral", "--grid", "40"];

/// A plan and all its parts.
fn parts(folder: &Path, table: &str, of: usize) -> (String, Vec<String>) {
    let plan = path(folder, "plan.json");
    json(&densitas(&[&["density", table], &OPTIONS[..], &["--plan", &plan, "--json"]].concat()));
    let one = |i: usize| {
        let (out, part) = (path(folder, &format!("part-{i}.npy")), format!("{i}/{of}"));
        json(&densitas(&["density", table, "--weights", "w", "--plan", &plan, "--part", &part, "-o", &out, "--json"]));
        out
    };
    let files = (1..=of).map(one).collect();
    (plan, files)
}

fn merge(files: &[&str], out: &str) -> std::process::Output {
    densitas(&[&["density", "--merge"], files, &["-o", out, "--dtype", "f64", "--json"]].concat())
}

fn text(ran: &std::process::Output, out: &str) -> String {
    assert!(ran.status.code() == Some(1) && !Path::new(out).exists(), "{ran:?}");
    stderr(ran)
}

#[test]
fn merged_parts_are_the_single_run_in_any_order() {
    let folder = folder("parts-sum");
    let table = table(&folder);
    let (_, files) = parts(&folder, &table, 4);
    let (merged, single) = (path(&folder, "merged.npy"), path(&folder, "single.npy"));
    let told = json(&merge(&[&files[2], &files[0], &files[3], &files[1]], &merged));
    let args = [&["density", &table], &OPTIONS[..], &["--dtype", "f64"]].concat();
    let alone = json(&densitas(&[&args[..], &["-o", &single, "--json"]].concat()));
    let (a, b) = (npy_f64(Path::new(&merged)), npy_f64(Path::new(&single)));
    let largest = b.iter().copied().fold(0.0, f64::max);
    assert!(a.len() == 40 * 40 * 40 && std::iter::zip(&a, &b).all(|(a, b)| (a - b).abs() <= 1e-12 * largest));
    assert_eq!((&told["parts"], &told["points"]), (&4.into(), &900.into()));
    for key in ["shape", "origin", "spacing", "unit", "method", "n_eff", "bandwidth"] {
        assert_eq!(told[key], alone[key], "{key}");
    }
    assert!(told["error_relative_to_max"].as_f64().unwrap() <= 1e-6, "{told}");
    assert!(told["sampled_error_relative_to_max"].as_f64().unwrap() <= 1e-6, "{told}");
    // A part is a volume like any other.
    let volume = json(&densitas(&["info", &files[0], "--json"]));
    assert_eq!(volume["origin"], told["origin"]);
}

#[test]
fn a_part_is_made_once_and_again_if_it_was_cut() {
    let folder = folder("parts-again");
    let table = table(&folder);
    let (plan, files) = parts(&folder, &table, 2);
    let args = ["density", &table, "--weights", "w", "--plan", &plan, "--part", "2/2", "-o", &files[1], "--json"];
    assert_eq!(json(&densitas(&args))["already"], Value::Bool(true));
    let whole = std::fs::read(&files[1]).unwrap();
    std::fs::write(&files[1], &whole[..whole.len() / 2]).unwrap();
    let merged = path(&folder, "merged.npy");
    assert!(text(&merge(&[&files[0], &files[1]], &merged), &merged).contains("part-2.npy: the shape"));
    let again = densitas(&args);
    assert_eq!(json(&again)["already"], Value::Null);
    assert!(stderr(&again).contains("part 2 of 2 of this plan was there and is replaced"), "{}", stderr(&again));
    assert_eq!(std::fs::read(&files[1]).unwrap(), whole, "the same bytes");
    // Values of another part under the name of this one.
    std::fs::copy(&files[0], &files[1]).unwrap();
    assert!(text(&merge(&[&files[0], &files[1]], &merged), &merged).contains("not those that were written"));
    let lone = path(&folder, "lone.npy");
    std::fs::write(&lone, &whole).unwrap();
    assert!(text(&merge(&[&files[0], &lone], &merged), &merged).contains("lone.npy.json: cannot read"));
}

#[test]
fn parts_that_do_not_belong_together_are_refused() {
    let folder = folder("parts-wrong");
    let table = table(&folder);
    let (plan, files) = parts(&folder, &table, 3);
    let (out, other) = (path(&folder, "merged.npy"), path(&folder, "other.npy"));
    let [a, b, c] = [&files[0], &files[1], &files[2]].map(String::as_str);
    let told = text(&merge(&[a, c], &out), &out);
    assert!(told.contains("of 3 parts, one is missing: 2"), "{told}");
    let told = text(&merge(&[a, b, c, b], &out), &out);
    assert!(told.contains("are both part 2"), "{told}");
    // The same part of another bandwidth, its plan being derived.
    let derived = [
        "density",
        &table,
        "--weights",
        "w",
        "--bandwidth",
        "1.1nm",
        "--method",
        "spectral",
        "--grid",
        "40",
        "--part",
        "3/3",
        "-o",
        &other,
    ];
    assert!(densitas(&derived).status.success());
    let told = text(&merge(&[a, b, &other], &out), &out);
    assert!(told.contains("other.npy is part 3 of 3 of plan"), "{told}");
    let beside = path(&folder, "part-3.npy.json");
    let edited = std::fs::read_to_string(&beside).unwrap().replacen("900", "901", 1);
    std::fs::write(&beside, edited).unwrap();
    let told = text(&merge(&[a, b, c], &out), &out);
    assert!(told.contains("part-3.npy.json: was changed after it was made"), "{told}");
    // Other points, options of the plan, a plan that was edited: nothing is written.
    let part =
        |more: &[&str]| densitas(&[&["density", &table, "--plan", &plan, "--part", "1/3", "-o", &out], more].concat());
    let told = text(&part(&[]), &out);
    assert!(told.contains("points 1 to 1 are not those of the plan"), "{told}");
    let told = text(&part(&["--weights", "w", "--every", "2"]), &out);
    assert!(told.contains("450 points in nm are read, the plan has 900 points in nm"), "{told}");
    assert_eq!(part(&["--weights", "w", "--bandwidth", "2nm"]).status.code(), Some(2));
    std::fs::write(
        &plan,
        std::fs::read_to_string(&plan).unwrap().replacen("\"shape\": [\n      40", "\"shape\": [\n      41", 1),
    )
    .unwrap();
    let told = text(&part(&["--weights", "w"]), &out);
    assert!(told.contains("plan.json: the plan was changed"), "{told}");
}

#[test]
fn what_cannot_be_shared_out_is_usage() {
    let folder = folder("parts-usage");
    let table = table(&folder);
    let (plan, out) = (path(&folder, "plan.json"), path(&folder, "out.npy"));
    for wrong in [
        &["--plan", &plan, "-o", &out][..],
        &["--part", "4/3", "-o", &out],
        &["--part", "0/3", "-o", &out],
        &["--part", "1/3"],
        &["--part", "1/3", "-o", "x.mrc"],
        &["--part", "1/901", "-o", &out],
        &["--plan", &plan, "--sigma-columns", "w"],
        &["--plan", &plan, "--bandwidth", "knn:3"],
        &["--plan", &plan, "--relative"],
        &["--plan", &plan, "--guaranteed"],
        &["--plan", &plan, "--quantity", "counts", "--spacing", "1nm"],
        &["--part", "1/3", "-o", &out, "--standard-error", "x.npy"],
    ] {
        let ran = densitas(&[&["density", &table], wrong].concat());
        assert_eq!(ran.status.code(), Some(2), "{wrong:?}: {}", stderr(&ran));
    }
    assert!(!Path::new(&plan).exists() && !Path::new(&out).exists());
    let ran = densitas(&["density", "--merge", &table, "-o", &out]);
    assert!(ran.status.code() == Some(1) && stderr(&ran).contains("t.csv.json: cannot read"), "{}", stderr(&ran));
    let ran = densitas(&["density", "--merge", &out, "--bandwidth", "1nm", "-o", &out]);
    assert_eq!(ran.status.code(), Some(2), "{}", stderr(&ran));
}

// Values below 0 by the error of the waves stay in a part, as they cancel in the sum.
#[test]
fn a_part_is_not_cut_off_at_zero() {
    let folder = folder("parts-signed");
    let table = table(&folder);
    let plan = path(&folder, "plan.json");
    let (out, common) = (path(&folder, "part.npy"), ["density", &table, "--plan", &plan]);
    json(&densitas(&[&common[..], &["--bandwidth", "0.5nm", "--method", "spectral", "--json"]].concat()));
    json(&densitas(&[&common[..], &["--part", "1/9", "-o", &out, "--json"]].concat()));
    let array = read_array(&std::fs::read(&out).unwrap(), "part").unwrap();
    assert!(array.values.iter().any(|v| *v < 0.0));
}

/// Catches: parts that need the whole input in memory, fingerprints that depend on how it is read, a part of points that
/// are not those of the plan.
#[test]
fn plans_and_parts_are_made_some_points_at_a_time() {
    let folder = folder("parts-streamed");
    let table = table(&folder);
    let (_, held) = parts(&folder, &table, 3);
    let plan = path(&folder, "streamed.json");
    let settled = [&["density", &table], &OPTIONS[..], &["--stream", "--plan", &plan, "--json"]].concat();
    let (told, blocks) = (json(&densitas(&settled)), |file: &str| {
        serde_json::from_str::<Value>(&std::fs::read_to_string(path(&folder, file)).unwrap()).unwrap()["blocks"].clone()
    });
    assert_eq!(blocks("streamed.json"), blocks("plan.json"));
    assert_eq!(told["settled"]["points"], 900);
    let part = |i: usize, input: &str| {
        let (out, part) = (path(&folder, &format!("streamed-{i}.npy")), format!("{i}/3"));
        let args = ["density", input, "--weights", "w", "--stream", "--plan", &plan, "--part", &part, "-o", &out];
        (densitas(&args), out)
    };
    let files: Vec<String> = (1..=3)
        .map(|i| {
            let (ran, out) = part(i, &table);
            assert!(ran.status.success(), "{}", stderr(&ran));
            out
        })
        .collect();
    let (a, b) = (path(&folder, "a.npy"), path(&folder, "b.npy"));
    json(&merge(&files.iter().map(String::as_str).collect::<Vec<_>>(), &a));
    json(&merge(&held.iter().map(String::as_str).collect::<Vec<_>>(), &b));
    let (a, b) = (npy_f64(Path::new(&a)), npy_f64(Path::new(&b)));
    let largest = b.iter().copied().fold(0.0, f64::max);
    assert!(a.len() == 64_000 && std::iter::zip(&a, &b).all(|(a, b)| (a - b).abs() <= 1e-12 * largest));
    // Another file, of which the last part differs; one with a point less; one with a point outside of the box.
    let whole = std::fs::read_to_string(&table).unwrap();
    let (other, short, far) = (path(&folder, "o.csv"), path(&folder, "s.csv"), path(&folder, "f.csv"));
    let lines: Vec<&str> = whole.lines().collect();
    std::fs::write(&other, whole.replace(lines[880], lines[881])).unwrap();
    std::fs::write(&short, lines[..900].join("\n")).unwrap();
    std::fs::write(&far, whole.replace(lines[880], "1,1000,1,1")).unwrap();
    std::fs::remove_file(&files[2]).unwrap();
    for (input, wanted) in [
        (&other, "points 880 to 880 are not those of the plan"),
        (&short, "899 points in nm are read"),
        (&far, "f.csv: a point at"),
    ] {
        let (ran, out) = part(3, input);
        assert!(text(&ran, &out).contains(wanted), "{}", stderr(&ran));
    }
    let ran =
        densitas(&[&["density", &table], &OPTIONS[..2], &["--bandwidth", "cv", "--stream", "--plan", &plan]].concat());
    assert!(ran.status.code() == Some(2) && stderr(&ran).contains("needs all points"), "{}", stderr(&ran));
}
