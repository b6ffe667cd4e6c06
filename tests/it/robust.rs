//! The program under odd names, pipes, full disks and interrupts (reliability.md, 9 to 11).
#![cfg(unix)]

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{Read, Write};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use crate::common::test_data;

const TABLE: &str = "x,y,z\n1,2,3\n4,5,7\n2,2,2\n";
const PROGRAM: &str = env!("CARGO_BIN_EXE_densitas");

/// Long enough for a progress bar, which shows after a second.
const SECONDS_OF_WORK: &str = "density sample:founding --method exact --threads 1 --grid 130";

/// A new folder for one test.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("robust").join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

fn densitas<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(arguments: I) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn sh(script: &str) -> Output {
    Command::new("sh").args(["-c", script]).env("DENSITAS", PROGRAM).stdin(Stdio::null()).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Exit status, with one line of error where that is 1.
fn check(output: &Output, expected: i32, what: &str) {
    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(expected), "{what}: {errors}");
    assert!(!errors.contains("panicked"), "{what}: {errors}");
    if expected == 1 {
        assert_eq!(errors.lines().filter(|l| l.starts_with("error: ")).count(), 1, "{what}: {errors}");
    }
}

/// Waits, but not for ever: a program that hangs is ended and fails the test.
fn wait(child: &mut Child, most: Duration, what: &str) -> ExitStatus {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if begun.elapsed() > most {
            child.kill().unwrap();
            panic!("{what} takes more than {most:?}");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn names(folder: &Path) -> Vec<OsString> {
    fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name()).collect()
}

#[test]
fn odd_names_are_read_and_written() {
    let folder = folder("names");
    for name in [&b"with space.csv"[..], b"new\nline.csv", b"\xff\xfe.csv", b"-x.csv", b"a;b$(c)'\".csv"] {
        let name = OsString::from_vec(name.to_vec());
        fs::write(folder.join(&name), TABLE).unwrap();
        let mut output = name.clone();
        output.push(".npy");
        let dotted = |n: &OsStr| Path::new("./").join(n).into_os_string();
        let density =
            [OsString::from("density"), dotted(&name), "-o".into(), dotted(&output), "--grid".into(), "8".into()];
        check(&densitas(density).current_dir(&folder).output().unwrap(), 0, &format!("{name:?}"));
        let info = [OsString::from("info"), "--".into(), name.clone()];
        check(&densitas(info).current_dir(&folder).output().unwrap(), 0, &format!("-- {name:?}"));
        assert!(folder.join(&output).is_file() && fs::read(folder.join(&name)).unwrap() == TABLE.as_bytes());
    }
}

#[test]
fn folders_and_endless_devices_are_refused_at_once() {
    let folder = folder("folder.csv");
    for (path, expected) in [(folder.as_path(), "folder"), (Path::new("/dev/zero"), "format")] {
        let begun = Instant::now();
        let output = densitas([OsStr::new("info"), path.as_os_str()]).output().unwrap();
        check(&output, 1, expected);
        assert!(text(&output.stderr).contains(expected) && begun.elapsed() < Duration::from_secs(1));
    }
}

#[test]
fn pipes_are_read_and_one_that_nobody_writes_ends() {
    let folder = folder("pipes");
    let (fed, mute) = (folder.join("fed.csv"), folder.join("mute.csv"));
    assert!(Command::new("mkfifo").args([&fed, &mute]).status().unwrap().success());
    let writer = std::thread::spawn({
        let fed = fed.clone();
        move || fs::write(fed, TABLE).unwrap()
    });
    let output = densitas([OsStr::new("info"), fed.as_os_str()]).output().unwrap();
    check(&output, 0, "a pipe that is fed");
    writer.join().unwrap();
    let mut child = densitas([OsStr::new("info"), mute.as_os_str()]).spawn().unwrap();
    let status = wait(&mut child, Duration::from_secs(15), "a pipe that nobody opens");
    assert_eq!(status.code(), Some(1));
    let output = sh("printf 'x,y,z\\n1,2,3\\n4,5,6\\n' | \"$DENSITAS\" info - --json");
    check(&output, 0, "standard input");
    assert!(text(&output.stdout).contains("\"points\":2"));
    check(&sh("printf '' | \"$DENSITAS\" info -"), 1, "an empty standard input");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    for script in ["\"$DENSITAS\" info sample:founding --json | head -c 1", "\"$DENSITAS\" --help | head -n 1"] {
        let output = sh(script);
        assert!(output.status.success() && output.stderr.is_empty(), "{script}: {}", text(&output.stderr));
        assert!(!output.stdout.is_empty());
    }
}

/// Runs `density` of a small table in `folder` to `output`.
fn density(folder: &Path, output: &Path) -> Command {
    let table = folder.join("in.csv");
    if !table.exists() {
        fs::write(&table, TABLE).unwrap();
    }
    let options = ["--grid", "40", "-o"].map(OsStr::new);
    densitas([OsStr::new("density"), table.as_os_str()].iter().chain(&options).chain(&[output.as_os_str()]))
}

#[test]
fn the_input_is_never_overwritten_through_a_link() {
    let folder = folder("links");
    let (input, soft, hard) = (folder.join("in.csv"), folder.join("soft.npy"), folder.join("hard.npy"));
    fs::write(&input, TABLE).unwrap();
    std::os::unix::fs::symlink(&input, &soft).unwrap();
    fs::hard_link(&input, &hard).unwrap();
    for output in [&soft, &hard] {
        check(&density(&folder, output).output().unwrap(), 2, "output is input");
        assert_eq!(fs::read(&input).unwrap(), TABLE.as_bytes());
    }
    assert_eq!(names(&folder).len(), 3);
}

#[test]
fn a_full_device_is_told() {
    if !Path::new("/dev/full").exists() {
        eprintln!("SKIPPED: there is no /dev/full");
        return;
    }
    let output = density(&folder("full"), Path::new("/dev/full")).output().unwrap();
    check(&output, 1, "/dev/full");
    assert!(text(&output.stderr).contains("/dev/full: cannot write"), "{}", text(&output.stderr));
}

/// A disk of 64 KiB: the old file stays, nothing else appears.
#[test]
fn a_full_disk_leaves_the_old_file() {
    let folder = folder("disk");
    fs::write(folder.join("in.csv"), TABLE).unwrap();
    let script = "mount -t tmpfs -o size=64k none disk || exit 99; printf old > disk/x.npy; \
        \"$DENSITAS\" density in.csv --grid 40 -o disk/x.npy; echo $?; cat disk/x.npy; ls -A disk";
    fs::create_dir(folder.join("disk")).unwrap();
    let output = Command::new("unshare")
        .args(["-rm", "sh", "-c", script])
        .env("DENSITAS", PROGRAM)
        .current_dir(&folder)
        .output();
    match output {
        Ok(output) if output.status.success() => {
            let errors = text(&output.stderr);
            assert_eq!(text(&output.stdout), "1\noldx.npy\n", "{errors}");
            assert!(errors.contains("x.npy: cannot write"), "{errors}");
        }
        Ok(output) => eprintln!("SKIPPED: a small disk cannot be mounted: {}", text(&output.stderr).trim()),
        Err(e) => eprintln!("SKIPPED: a small disk cannot be mounted: unshare: {e}"),
    }
}

#[test]
fn a_read_only_folder_is_told_before_the_work() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let folder = folder("read-only");
    let closed = folder.join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o555)).unwrap();
    let mut command = density(&folder, &closed.join("x.npy"));
    // To root every folder can be written; a user without rights stands for all others.
    if fs::metadata(&folder).unwrap().uid() == 0 {
        command.uid(65534).gid(65534);
    }
    match command.output() {
        Ok(output) => {
            check(&output, 1, "read-only");
            assert!(text(&output.stderr).contains("closed/x.npy: cannot write"), "{}", text(&output.stderr));
        }
        Err(e) => eprintln!("SKIPPED: the program cannot be started without rights: {e}"),
    }
    assert_eq!(names(&closed).len(), 0);
}

/// Sends a signal after `delay`; the program must end with 130 within a second, of which the machine may
/// take some itself, and leave `out.npy` as it was and nothing else.
pub fn interrupt(folder: &Path, mut command: Command, delay: Duration, signal: &str) {
    let old = folder.join("out.npy");
    let expected = names(folder).len();
    let mut child = command.spawn().unwrap();
    std::thread::sleep(delay);
    assert!(child.try_wait().unwrap().is_none(), "the work was over before {signal}; make it longer");
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
    let begun = Instant::now();
    let status = wait(&mut child, Duration::from_secs(5), signal);
    assert!(begun.elapsed() < Duration::from_millis(1500), "{signal} took {:?}", begun.elapsed());
    let mut errors = String::new();
    child.stderr.unwrap().read_to_string(&mut errors).unwrap();
    assert_eq!(status.code(), Some(130), "{signal}: {errors}");
    assert!(errors.contains("error: interrupted") && !errors.contains("panicked"), "{errors}");
    assert_eq!(names(folder).len(), expected, "{:?}", names(folder));
    assert!(!old.is_file() || fs::read(&old).unwrap() == b"old");
}

#[test]
fn interrupts_act_at_every_stage() {
    let folder = folder("interrupts");
    let table = folder.join("large.csv");
    let mut file = std::io::BufWriter::new(fs::File::create(&table).unwrap());
    for i in 0..6_000_000_u64 {
        let [x, y, z] = [7, 11, 13].map(|k| (i * k * 7919 % 100_003) as f64 / 1000.0);
        writeln!(file, "{x},{y},{z}").unwrap();
    }
    file.into_inner().unwrap();
    let output = folder.join("out.npy");
    fs::write(&output, "old").unwrap();
    let density = |input: &OsStr, output: &Path, grid: &str| {
        let options = ["--method", "exact", "--grid", grid, "-o"].map(OsStr::new);
        densitas([OsStr::new("density"), input].iter().chain(&options).chain(&[output.as_os_str()]))
    };
    interrupt(&folder, density(table.as_os_str(), &output, "200"), Duration::from_millis(200), "-INT");
    interrupt(&folder, density(OsStr::new("sample:membrane"), &output, "200"), Duration::from_millis(800), "-TERM");
    // A pipe that is opened, but never read, holds the writing up for ever.
    let pipe = folder.join("pipe.npy");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || {
            let _file = fs::File::open(pipe).unwrap();
            std::thread::sleep(Duration::from_secs(4));
        }
    });
    interrupt(&folder, density(OsStr::new("sample:founding"), &pipe, "30"), Duration::from_secs(2), "-INT");
    reader.join().unwrap();
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn without_a_terminal_there_is_no_bar_and_no_escape() {
    let folder = folder("plain");
    let output = folder.join("x.npy");
    let mut arguments = SECONDS_OF_WORK.split(' ').collect::<Vec<_>>();
    arguments.extend(["-o", output.to_str().unwrap()]);
    let made = densitas(arguments).env("TERM", "xterm-256color").output().unwrap();
    check(&made, 0, "density");
    assert!(!text(&made.stderr).contains(['\u{1b}', '\r']), "{:?}", text(&made.stderr));
    let help = densitas(["--help"]).output().unwrap();
    assert!(!text(&help.stdout).contains('\u{1b}'));
}

/// On a terminal a bar is drawn, except where the terminal is dumb; colours never where NO_COLOR is set.
#[test]
fn dumb_terminals_and_no_color_are_obeyed() {
    let on_terminal = |variables: &str, arguments: &str| {
        let script = format!("env {variables} script -qec '\"$DENSITAS\" {arguments}' /dev/null");
        Some(sh(&script)).filter(|o| o.status.code() != Some(127)).map(|o| text(&o.stdout))
    };
    let Some(help) = on_terminal("TERM=xterm", "--help") else {
        eprintln!("SKIPPED: `script` of util-linux is not installed, so there is no terminal");
        return;
    };
    assert!(help.contains("\u{1b}["), "{help:?}");
    assert!(!on_terminal("TERM=xterm NO_COLOR=1", "--help").unwrap().contains("\u{1b}["));
    let work = &format!("{SECONDS_OF_WORK} -o /dev/null");
    let bar = on_terminal("TERM=xterm", work).unwrap();
    assert!(bar.contains("left"), "{bar:?}");
    assert!(!on_terminal("TERM=dumb", work).unwrap().contains('\u{1b}'));
    let colours = on_terminal("TERM=xterm NO_COLOR=1", work).unwrap();
    let has_colour = colours.split("\u{1b}[").skip(1).any(|rest| {
        rest.find(|c: char| !(c.is_ascii_digit() || c == ';')).is_some_and(|at| rest[at..].starts_with('m') && at > 0)
    });
    assert!(!has_colour, "{colours:?}");
}

#[test]
fn one_thread_is_enough() {
    check(&density(&folder("thread"), Path::new("/dev/null")).args(["--threads", "1"]).output().unwrap(), 0, "1");
    check(&densitas(["info", "sample:founding", "--threads", "0"]).output().unwrap(), 2, "no threads");
}

#[test]
fn malformed_files_end_with_0_or_with_1_and_one_line() {
    let Some(root) = test_data() else { return };
    let folder = folder("malformed");
    let output = folder.join("out.npy");
    let mut seen = 0;
    for entry in fs::read_dir(root.join("data/malformed")).unwrap() {
        let path = entry.unwrap().path();
        let info = vec![OsString::from("info"), path.clone().into()];
        let made =
            [OsString::from("density"), path.into(), "--grid".into(), "12".into(), "-o".into(), output.clone().into()];
        for arguments in [info, made.to_vec()] {
            let what = format!("{arguments:?}");
            let mut child = densitas(&arguments).spawn().unwrap();
            let status = wait(&mut child, Duration::from_secs(5), &what);
            let run = child.wait_with_output().unwrap();
            let code = status.code().unwrap_or_else(|| panic!("{what} ends by a signal"));
            assert!(code == 0 || code == 1, "{what}: {code}");
            check(&run, code, &what);
            assert_eq!(output.exists(), code == 0 && arguments[0] == "density", "{what}");
            let _ = fs::remove_file(&output);
        }
        seen += 1;
    }
    assert!(seen >= 25, "only {seen} files");
}

/// `info` of a file; private memory is limited by the system to 64 MiB and `bytes` more. A program that takes
/// more is ended.
fn run_within(path: &Path, bytes: u64) -> (Output, Duration) {
    let kib = (64 << 10) + bytes.div_ceil(1024);
    let begun = Instant::now();
    let script = format!("ulimit -d {kib}; exec \"$DENSITAS\" info --threads 2 --json \"$0\"");
    let mut command = Command::new("sh");
    let output = command.args(["-c", &script]).arg(path).env("DENSITAS", PROGRAM).output().unwrap();
    (output, begun.elapsed())
}

#[cfg(target_os = "linux")]
#[test]
fn time_and_memory_stay_in_proportion_to_the_input() {
    let Some(root) = test_data() else { return };
    let mut seen = 0;
    for folder in ["structures", "smlm", "points", "trajectories", "volumes", "malformed", "bad_generated"] {
        for entry in fs::read_dir(root.join("data").join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let size = path.metadata().unwrap().len();
            // Those of data/ that are packed unpack to less than 12 times their size.
            let is_packed = path.extension().is_some_and(|e| e == "gz") && folder != "bad_generated";
            let (output, elapsed) = run_within(&path, 16 * if is_packed { 3 * size } else { size });
            let code = output.status.code().unwrap_or_else(|| panic!("{}: {:?}", path.display(), output.status));
            assert!(code <= 1, "{}: {}", path.display(), text(&output.stderr));
            check(&output, code, &path.display().to_string());
            assert!(size > 1_000_000 || elapsed < Duration::from_secs(1), "{}: {elapsed:?}", path.display());
            seen += 1;
        }
    }
    assert!(seen >= 120, "only {seen} files");
}

/// A table is never in memory whole, nor is a list of its rows: only the points are, 24 bytes each.
#[cfg(target_os = "linux")]
#[test]
fn a_long_table_takes_constant_memory_beyond_its_points() {
    const ROWS: u64 = 10_000_000;
    let path = folder("long").join("long.csv");
    let mut text = String::from("x,y,z\n");
    (0..ROWS).for_each(|i| text.extend([&format!("{}", i % 10), ",", &format!("{}", i / 10 % 10), ",7\n"]));
    fs::write(&path, &text).unwrap();
    // Room for how threads and the allocator happen to work together.
    let (output, _) = run_within(&path, 24 * ROWS + (32 << 20));
    check(&output, 0, "a long table");
    assert!(self::text(&output.stdout).contains("\"points\":10000000"));
    fs::remove_file(path).unwrap();
}

/// Of a long trajectory of text one frame is in memory, wherever it stands.
#[cfg(target_os = "linux")]
#[test]
fn a_long_trajectory_of_text_takes_constant_memory() {
    let xyz_frame = format!("5000\nframe\n{}", "C 1.2345 2.3456 3.4567\n".repeat(4_999));
    let xyz = (0..900).flat_map(|k| [xyz_frame.clone(), format!("O {k}.25 1 1\n")]).collect::<String>();
    let tags = ["group_PDB", "label_atom_id", "Cartn_x", "Cartn_y", "Cartn_z", "pdbx_PDB_model_num"];
    let tags: String = tags.iter().map(|tag| format!("_atom_site.{tag}\n")).collect();
    let models = (0..900).map(|k| format!("ATOM CA 1.2345 2.3456 3.4567 {k}\n").repeat(3_500));
    let cif: String = [format!("data_t\nloop_\n{tags}")].into_iter().chain(models).collect();
    for (name, text) in [("long.xyz", xyz), ("long.cif", cif)] {
        let path = folder("long_text").join(name);
        fs::write(&path, &text).unwrap();
        assert!(text.len() > 96 << 20, "{}", text.len());
        let (output, _) = run_within(&path, 0);
        check(&output, 0, name);
        assert!(self::text(&output.stdout).contains("\"frames\":900"));
        fs::remove_file(path).unwrap();
    }
}

/// Catches: names compared as texts, second inputs that an output replaces.
#[test]
fn no_file_is_written_twice_or_over_one_that_is_read() {
    let folder = folder("apart");
    let named = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    for name in ["a.csv", "b.csv"] {
        fs::write(folder.join(name), TABLE).unwrap();
    }
    let (points, o, again, map) = (named("a.csv"), named("o.npy"), named("./o.npy"), named("map.mrc"));
    let made = densitas(["density", &points, "--grid", "8", "-o", &map]).output().unwrap();
    assert!(made.status.success(), "{}", text(&made.stderr));
    let before = fs::read(&map).unwrap();
    for (more, problem) in [
        ([&*o, "--standard-error", &again], "--output and --standard-error name the same file"),
        ([&*o, "--at-points", &again], "--output and --at-points name the same file"),
        ([&*named("./map.mrc"), "--like", &map], "--output is what --like reads"),
        ([&*named("./map.mrc"), "--minus", &map], "--output is what --minus reads"),
    ] {
        let out = densitas(["density", &points, "-o"].into_iter().chain(more)).output().unwrap();
        assert_eq!(out.status.code(), Some(2), "{more:?}");
        assert!(text(&out.stderr).contains(problem), "{more:?}: {}", text(&out.stderr));
    }
    assert_eq!(fs::read(&map).unwrap(), before);
}

/// Catches: a signal and a backtrace where the system gives no memory.
#[test]
#[cfg(target_os = "linux")]
fn memory_that_cannot_be_had_is_an_error_of_one_line() {
    let folder = folder("memory");
    fs::write(folder.join("p.csv"), "x,y\n0,0\n1,1\n5,3\n").unwrap();
    let place = folder.display();
    let ran = sh(&format!("cd {place}; ulimit -v 500000; exec \"$DENSITAS\" heatmap p.csv --bins 12000 -o o.png"));
    check(&ran, 1, "no memory");
    let told = text(&ran.stderr);
    assert!(told.contains("of memory cannot be had") && !told.contains("backtrace"), "{told}");
    assert_eq!(names(&folder), ["p.csv"]);
}
