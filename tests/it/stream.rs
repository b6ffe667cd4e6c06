//! `density --stream`: points read some at a time.

use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use densitas::io::npy::write_array;
use densitas::io::{Chunks, ReadOptions, Source};
use densitas::progress::Silent;
use flate2::{Compression, write::GzEncoder};
use parquet::data_type::DoubleType;
use parquet::file::{properties::WriterProperties, writer::SerializedFileWriter};
use parquet::schema::parser::parse_message_type;

use crate::common::{npy_f64, test_data};
use crate::program::{densitas, folder, json, path, stderr};

/// More points than are read at a time, two rows without a position among them.
fn rows(n: usize) -> Vec<f64> {
    let mut values: Vec<f64> = (0..3 * n).map(|i| ((i * 7919 + i / 3 * 31) % 100_003) as f64 * 1e-3).collect();
    values[3 * 17] = f64::NAN;
    values[3 * (n - 2) + 1] = f64::INFINITY;
    values
}

#[test]
fn an_array_in_pieces_gives_the_density_of_the_whole() {
    let folder = folder("stream");
    let (file, a, b) = (path(&folder, "p.npy"), path(&folder, "a.npy"), path(&folder, "b.npy"));
    let n = (1 << 20) + 5000;
    write_array(Path::new(&file), &[n, 3], &rows(n), None).unwrap();
    let args = ["density", &file, "--grid", "40", "--dtype", "f64", "--json", "-o"];
    let ran = densitas(&[&args[..], &[&a, "--stream"]].concat());
    let (streamed, whole) = (json(&ran), json(&densitas(&[&args[..], &[&b]].concat())));
    assert!(stderr(&ran).contains(&format!("2 of {n} rows left out")), "{}", stderr(&ran));
    assert_eq!((&streamed["streamed"], &streamed["points"]), (&true.into(), &whole["points"]));
    let (a, b) = (npy_f64(Path::new(&a)), npy_f64(Path::new(&b)));
    let largest = b.iter().copied().fold(0.0, f64::max);
    assert!(a.len() == 64_000 && std::iter::zip(&a, &b).all(|(a, b)| (a - b).abs() <= 1e-6 * largest));
}

#[test]
fn frames_of_a_trajectory_are_pooled_in_pieces() {
    let Some(root) = test_data() else { return };
    let find = |ending: &str| {
        let mut folders = vec![root.join("data")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().flatten() {
                let path = entry.path();
                match path.is_dir() {
                    true if !path.ends_with("malformed") && !path.ends_with("bad_generated") => folders.push(path),
                    false if path.extension().is_some_and(|e| e == ending) => return path,
                    _ => {}
                }
            }
        }
        panic!("no .{ending} in the test data");
    };
    let folder = folder("stream-frames");
    for ending in ["xtc", "dcd"] {
        let file = find(ending).display().to_string();
        let (a, b) = (path(&folder, "a.npy"), path(&folder, "b.npy"));
        let args = [
            "density",
            &file,
            "--pool",
            "--bandwidth",
            "2A",
            "--grid",
            "30",
            "--padding",
            "1",
            "--dtype",
            "f64",
            "--json",
            "-o",
        ];
        let streamed = json(&densitas(&[&args[..], &[&a, "--stream"]].concat()));
        let whole = json(&densitas(&[&args[..], &[&b]].concat()));
        assert_eq!(streamed["points"], whole["points"], "{file}");
        let (a, b) = (npy_f64(Path::new(&a)), npy_f64(Path::new(&b)));
        let largest = b.iter().copied().fold(0.0, f64::max);
        assert!(std::iter::zip(&a, &b).all(|(a, b)| (a - b).abs() <= 2e-6 * largest), "{file}");
    }
}

#[test]
fn what_cannot_be_streamed_is_told_and_a_cut_file_leaves_nothing() {
    let folder = folder("stream-wrong");
    let (file, out, csv) = (path(&folder, "p.npy"), path(&folder, "o.npy"), path(&folder, "t.csv"));
    write_array(Path::new(&file), &[200, 3], &rows(200), None).unwrap();
    std::fs::write(&csv, "x,y,z\n0,0,0\n1,1,1\n").unwrap();
    for (input, more) in [
        (&csv, &["--select", "name CA"][..]),
        (&csv, &["--max-points", "2"]),
        (&file, &["--bandwidth", "cv"]),
        (&file, &["--bandwidth", "knn:3"]),
        (&file, &["--every", "2"]),
        (&file, &["--relative"]),
        (&file, &["--periodic", "9,9,9", "--bandwidth", "1A"]),
    ] {
        let ran = densitas(&[&["density", input, "--stream", "-o", &out][..], more].concat());
        assert_eq!(ran.status.code(), Some(2), "{more:?}: {}", stderr(&ran));
    }
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, &whole[..whole.len() - 9]).unwrap();
    let ran = densitas(&["density", &file, "--stream", "-o", &out]);
    assert!(ran.status.code() == Some(1) && stderr(&ran).contains("it is cut or damaged"), "{}", stderr(&ran));
    assert!(!Path::new(&out).exists());
}

/// Catches: bins or sums that depend on how many points are read at a time, and frames that are not laid over the first.
#[test]
fn counts_and_aligned_frames_come_in_pieces_too() {
    let Some(root) = test_data() else { return };
    let at = |name: &str| root.join("data").join(name).display().to_string();
    let (frames, topology) = (at("trajectories/adk_oplsaa.xtc"), at("structures/adk_oplsaa.gro"));
    let folder = folder("stream-counts");
    let (a, b) = (path(&folder, "a.npy"), path(&folder, "b.npy"));
    let input = ["density", &frames, "--topology", &topology, "--pool", "--json"];
    let counts = ["--select", "name CB", "--quantity", "counts", "--spacing", "2A", "--dtype", "f64"];
    let density = ["--select", "name CB", "--bandwidth", "2A", "--grid", "30", "--dtype", "f64"];
    for (what, align) in
        [(&counts[..], &[][..]), (&counts, &["--align", "name CA"]), (&density, &["--align", "name CA"])]
    {
        let run = |to: &str, more: &[&str]| json(&densitas(&[&input, what, align, &["-o", to], more].concat()));
        let (streamed, whole) = (run(&a, &["--stream"]), run(&b, &[]));
        for key in ["shape", "origin", "points", "sum", "frames", "alignment"] {
            assert!(key == "frames" || streamed[key] == whole[key], "{what:?} {key}: {} {}", streamed[key], whole[key]);
        }
        let (a, b) = (npy_f64(Path::new(&a)), npy_f64(Path::new(&b)));
        let largest = b.iter().copied().fold(0.0, f64::max);
        let allowed = if what[2] == "--quantity" { 0.0 } else { 1e-6 };
        assert!(!a.is_empty() && std::iter::zip(&a, &b).all(|(a, b)| (a - b).abs() <= allowed * largest), "{what:?}");
    }
}

/// A row that is told apart from others: x, y, z and a weight; every 1,000th but the first lacks its y.
fn row(i: usize) -> [f64; 4] {
    let [x, y, z] =
        [7.0, 11.0, 13.0].map(|k: f64| (i as f64 * k * 0.618).rem_euclid(97.0) + (i as f64 * k).sin() * 30.0);
    [x, if i % 1000 == 999 { f64::NAN } else { y }, z, 1.0 + (i % 7) as f64]
}

/// The rows as text, after their names.
fn text(names: &str, separator: &str, count: usize) -> Vec<u8> {
    let mut text = format!("{names}\n").into_bytes();
    for [x, y, z, w] in (0..count).map(row) {
        let y = if y.is_nan() { String::new() } else { format!("{y:.3}") };
        let y = if separator == " " && y.is_empty() { "nan".into() } else { y };
        writeln!(text, "{x:.3}{separator}{y}{separator}{z:.3}{separator}{w}").unwrap();
    }
    text
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The rows in groups of 3,000.
fn parquet(count: usize) -> Vec<u8> {
    let schema = "message t { required double x; optional double y; required double z; required double w; }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::new(WriterProperties::default())).unwrap();
    let all: Vec<[f64; 4]> = (0..count).map(row).collect();
    for rows in all.chunks(3000) {
        let mut group = writer.next_row_group().unwrap();
        for axis in 0..4 {
            let mut column = group.next_column().unwrap().unwrap();
            let levels: Vec<i16> = rows.iter().map(|row| i16::from(!row[axis].is_nan())).collect();
            let values: Vec<f64> = rows.iter().map(|row| row[axis]).filter(|v| !v.is_nan()).collect();
            let levels = (axis == 1).then_some(&levels[..]);
            column.typed::<DoubleType>().write_batch(&values, levels, None).unwrap();
            column.close().unwrap();
        }
        group.close().unwrap();
    }
    writer.close().unwrap();
    bytes
}

/// The rows as DECODE writes them, without heights in another unit.
fn decode(count: usize) -> Vec<u8> {
    let mut file = hdf5_pure::FileBuilder::new();
    let mut data = file.create_group("data");
    let rows: Vec<[f64; 4]> = (0..count).map(row).collect();
    let xyz: Vec<f64> = rows.iter().flat_map(|r| [r[0], r[1], r[2]]).collect();
    data.create_dataset("xyz").with_f64_data(&xyz).with_shape(&[count as u64, 3]);
    data.create_dataset("w").with_f64_data(&rows.iter().map(|r| r[3]).collect::<Vec<_>>()).with_shape(&[count as u64]);
    data.set_attr("xy_unit", hdf5_pure::AttrValue::String("nm".into()));
    file.add_group(data.finish());
    file.finish().unwrap()
}

/// Points of every kind that is read some at a time, and the options that they need.
fn tables(folder: &Path, count: usize) -> Vec<(PathBuf, Vec<&'static str>)> {
    let csv = text("x [nm],y [nm],z [nm],w", ",", count);
    let crlf = csv.split(|b| *b == b'\n').collect::<Vec<_>>().join(&b"\r\n"[..]);
    let all = [
        ("t.csv", csv.clone()),
        ("t.csv.gz", [gzip(&csv[..csv.len() / 2]), gzip(&csv[csv.len() / 2..])].concat()),
        ("mark.csv", [&b"\xef\xbb\xbf# made by hand\r\n"[..], &crlf].concat()),
        ("t.tsv", text("x\ty\tz\tw", "\t", count)),
        ("t.xyz", text("# x y z w", " ", count)),
        ("t.parquet", parquet(count)),
        ("t.h5", decode(count)),
    ];
    let kept = all.into_iter().map(|(name, bytes)| {
        fs::write(folder.join(name), bytes).unwrap();
        (folder.join(name), if name == "t.xyz" { vec!["--weights", "4"] } else { vec!["--weights", "w"] })
    });
    kept.collect()
}

/// Catches: rows lost or counted twice between pieces, weights that are not those of their points, warnings, notes or a kernel
/// other than those of the file read whole.
#[test]
fn tables_of_all_kinds_give_the_density_of_the_whole() {
    let folder = folder("stream-tables");
    let (a, b) = (path(&folder, "a.npy"), path(&folder, "b.npy"));
    let count = 140_000;
    for (file, weights) in tables(&folder, count) {
        let file = file.display().to_string();
        let args = [&["density", &file, "--grid", "24", "--dtype", "f64", "--json", "-o"][..]].concat();
        let ran = densitas(&[&args[..], &[&a, "--stream"], &weights].concat());
        let read = densitas(&[&args[..], &[&b], &weights].concat());
        let (streamed, whole) = (json(&ran), json(&read));
        let told = |text: &str| text.lines().map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
        let beyond: Vec<String> = told(&stderr(&ran)).difference(&told(&stderr(&read))).cloned().collect();
        assert!(beyond.is_empty() && stderr(&ran).contains("140 of 140000 rows left out"), "{file} {beyond:?}");
        for key in ["points", "unit", "shape", "warnings"] {
            assert_eq!(streamed[key], whole[key], "{file}: {key}");
        }
        assert_eq!(streamed["points"], count - 140, "{file}");
        let [c, d] = [&streamed, &whole].map(|told| told["bandwidth"]["covariance"][0][0].as_f64().unwrap());
        assert!((c / d - 1.0).abs() < 1e-9, "{file}: {c} {d}");
        let (a, b) = (npy_f64(Path::new(&a)), npy_f64(Path::new(&b)));
        let largest = b.iter().copied().fold(0.0, f64::max);
        assert!(a.len() == 13_824 && std::iter::zip(&a, &b).all(|(a, b)| (a - b).abs() <= 1e-6 * largest), "{file}");
    }
}

/// A small table, a line without an end, weights of 0 and points of a plane are told as those of a file read whole.
#[test]
fn what_is_wrong_with_a_table_is_told_as_ever() {
    let folder = folder("stream-told");
    let (out, table) = (path(&folder, "o.npy"), path(&folder, "t.csv"));
    for (text, code, more) in [
        ("x,y,z\n0,0,0\n1,1,1\n2,0,1", 0, &[][..]),
        ("x,y,z\n0,0,0\n1,1\n", 1, &[]),
        ("x,y,z\n0,0,0\n1,one,1\n", 1, &[]),
        ("x,y,z\n", 1, &[]),
        ("x,y,z\n,,\n,,\n", 1, &[]),
        ("x,y,z\n1,2,3\n1,2,3\n", 1, &[]),
        ("x,y\n0,0\n1,1\n", 1, &[]),
        ("x,y,z,w\n0,0,0,0\n1,1,1,0\n", 1, &["--weights", "w"]),
        ("x,y,z,w\n0,0,0,1\n1,1,1,-1\n", 1, &["--weights", "w"]),
        ("x,y,z\n0,0,0\n1,1,1\n", 2, &["--weights", "w"]),
    ] {
        fs::write(&table, text).unwrap();
        let run = |more: &[&str]| {
            let _ = fs::remove_file(&out);
            let ran = densitas(&[&["density", &table, "--grid", "9", "--quiet", "-o", &out][..], more].concat());
            assert_eq!(
                (ran.status.code(), Path::new(&out).exists()),
                (Some(code), code == 0),
                "{text} {}",
                stderr(&ran)
            );
            stderr(&ran)
        };
        assert_eq!(run(&[more, &["--stream"]].concat()), run(more), "{text}");
    }
    let ran = densitas(&["density", "-", "--stream", "-o", &out]);
    assert!(
        ran.status.code() == Some(2) && stderr(&ran).contains("standard input: cannot be read twice"),
        "{}",
        stderr(&ran)
    );
    let ran = densitas(&["density", &path(&folder, "none.csv"), "--stream", "-o", &out]);
    assert!(ran.status.code() == Some(1) && stderr(&ran).contains("none.csv: cannot read"), "{}", stderr(&ran));
}

/// Catches: half a file that gives a density, a bomb that is unpacked for hours.
#[test]
fn files_that_are_cut_leave_nothing_and_say_where() {
    let folder = folder("stream-cut");
    let out = path(&folder, "o.npy");
    for (file, weights) in tables(&folder, 80_000) {
        let whole = fs::read(&file).unwrap();
        let name = file.display().to_string();
        // Within a row, where the file is text.
        let end = whole[..whole.len() / 2].iter().rposition(|b| *b == b'\n').unwrap_or(0);
        let is_text = !["gz", "parquet", "h5"].contains(&file.extension().and_then(OsStr::to_str).unwrap());
        fs::write(&file, &whole[..if is_text { end + 6 } else { whole.len() / 2 }]).unwrap();
        let ran = densitas(&[&["density", &name, "--stream", "-o", &out][..], &weights].concat());
        let told = stderr(&ran);
        assert!(ran.status.code() == Some(1) && told.contains(&name) && told.lines().count() <= 3, "{told}");
        let last = told.lines().last().unwrap();
        assert!(["cut", "damaged", "fields"].iter().any(|word| last.contains(word)), "{last}");
        assert!(!is_text || last.contains(":4"), "{last}");
        assert!(!Path::new(&out).exists());
    }
    let bomb = path(&folder, "bomb.csv.gz");
    fs::write(&bomb, gzip(&b"1,2,3\n".repeat(12 << 20))).unwrap();
    let ran = densitas(&["density", &bomb, "--stream", "-o", &out]);
    assert!(ran.status.code() == Some(1) && stderr(&ran).contains("raise --max-decompressed"), "{}", stderr(&ran));
    let more = ["--max-decompressed", "80000000", "--bandwidth", "1,1,1"];
    let ran = densitas(&[&["density", &bomb, "--stream", "-o", &out][..], &more].concat());
    assert!(ran.status.code() == Some(1) && stderr(&ran).contains("all points are equal"), "{}", stderr(&ran));
}

/// Catches: a density of two states of a file.
#[test]
fn a_file_that_changes_between_the_looks_is_told_with_the_place() {
    let folder = folder("stream-changed");
    let npy = folder.join("t.npy");
    write_array(&npy, &[5000, 3], &rows(5000), None).unwrap();
    let all = tables(&folder, 5000).into_iter().map(|(file, _)| file).chain([npy]);
    for file in all.filter(|file| !file.ends_with("mark.csv")) {
        let source = Source::Path(file.clone());
        let chunks = Chunks::open(&source, &ReadOptions::default(), None, &Silent).unwrap().unwrap();
        let look = || chunks.each("reading", &Silent, &mut |_| Ok(()));
        let first = look().unwrap();
        assert_eq!(look().unwrap(), first, "{file:?}");
        let other = folder.join("other");
        let [name, ending] = [file.file_name(), file.extension()].map(|n| n.unwrap().to_str().unwrap().to_owned());
        fs::create_dir_all(&other).unwrap();
        match ending.as_str() {
            // In place: what is open stays that file.
            "npy" => {
                let mut bytes = fs::read(&file).unwrap();
                bytes[60_000] ^= 1;
                fs::write(&file, bytes).unwrap();
            }
            // Some rows less.
            _ => {
                let made = tables(&other, 4990);
                fs::copy(&made.iter().find(|(made, _)| made.ends_with(&name)).unwrap().0, &file).unwrap();
            }
        }
        let error = look().unwrap_err().to_string();
        let is_told = error.contains(&name) && error.contains("points 1 to ") && error.contains("the file was changed");
        assert!(is_told, "{error}");
    }
}

/// Ctrl-C in the first look, in the second, and while it is written; packed, too.
#[test]
#[cfg(unix)]
fn ctrl_c_ends_a_streamed_run_at_every_stage() {
    let folder = folder("stream-interrupts");
    let (table, packed) = (folder.join("t.csv"), folder.join("t.csv.gz"));
    let bytes = text("x,y,z,w", ",", 1_000_000).into_iter().collect::<Vec<u8>>();
    let begin = bytes.iter().position(|b| *b == b'\n').unwrap() + 1;
    let mut file = fs::File::create(&table).unwrap();
    file.write_all(&bytes[..begin]).unwrap();
    (0..6).for_each(|_| file.write_all(&bytes[begin..]).unwrap());
    fs::write(&packed, gzip(&bytes)).unwrap();
    let output = folder.join("out.npy");
    fs::write(&output, "old").unwrap();
    let run = |input: &Path, output: &Path, more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_densitas"));
        command.args(["density", "--stream", "--threads", "1", "-o"]).arg(output).arg(input).args(more);
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
        command
    };
    let exact = ["--method", "exact", "--grid", "200"];
    let interrupt = crate::robust::interrupt;
    interrupt(&folder, run(&table, &output, &exact), Duration::from_millis(150), "-INT");
    interrupt(&folder, run(&table, &output, &exact), Duration::from_millis(2500), "-INT");
    interrupt(&folder, run(&packed, &output, &exact), Duration::from_millis(100), "-INT");
    interrupt(&folder, run(&packed, &output, &exact), Duration::from_millis(1500), "-TERM");
    let pipe = folder.join("pipe.npy");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || {
            let mut file = fs::File::open(pipe).unwrap();
            let _ = file.read(&mut [0; 16]);
            std::thread::sleep(Duration::from_secs(4));
        }
    });
    let small = folder.join("small.csv");
    fs::write(&small, text("x,y,z,w", ",", 1000)).unwrap();
    interrupt(&folder, run(&small, &pipe, &["--grid", "40"]), Duration::from_secs(2), "-INT");
    reader.join().unwrap();
    fs::remove_dir_all(folder).unwrap();
}
