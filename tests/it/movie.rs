//! Movies, decoded by ffmpeg and compared with what went in.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use densitas::movie::{Finished, MovieOptions, MovieWriter};
use serde_json::Value;

use crate::common::{read_png, test_data};
use crate::program::{densitas, folder, json, path, stderr};

/// A smooth scene that turns: colours that a density has, another picture each frame.
fn picture(k: u32, [w, h]: [u32; 2]) -> Vec<u8> {
    let angle = f64::from(k) * 0.2;
    let (sin, cos) = angle.sin_cos();
    let mut rgba = Vec::with_capacity((w * h * 4) as usize);
    for y in 0..h {
        for x in 0..w {
            let (u, v) = ((f64::from(x) + 0.5) / f64::from(w) - 0.5, (f64::from(y) + 0.5) / f64::from(h) - 0.5);
            let (a, b) = (u * cos - v * sin, u * sin + v * cos);
            let t = (-(a * a * 40.0 + b * b * 12.0)).exp();
            rgba.extend([(255.0 * t) as u8, (255.0 * t * t) as u8, (80.0 + 100.0 * t) as u8, 255]);
        }
    }
    rgba
}

fn texts() -> MovieOptions {
    let some = |text: &str| Some(text.to_owned());
    MovieOptions {
        title: some("Ein Tänzer"),
        artist: some("A. Artist"),
        comment: some("no comment"),
        ..MovieOptions::default()
    }
}

fn write(path: &Path, size: [u32; 2], frames: u32, options: &MovieOptions) -> Finished {
    let mut writer = MovieWriter::create(path, options).unwrap();
    (0..frames).for_each(|k| writer.push(size, picture(k, size)).unwrap());
    writer.finish().unwrap()
}

fn run(program: &str, arguments: &[&str], path: &Path) -> Output {
    let mut command = Command::new(program);
    for argument in arguments {
        command.arg(if *argument == "FILE" { path.as_os_str() } else { argument.as_ref() });
    }
    let output = command.output().unwrap_or_else(|e| panic!("{program}, which these tests need: {e}"));
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// All frames as red, green, blue, decoded by ffmpeg.
fn decoded(path: &Path) -> Vec<u8> {
    run(
        "ffmpeg",
        &["-v", "error", "-i", "FILE", "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
        path,
    )
    .stdout
}

fn probe(path: &Path) -> Value {
    let arguments = ["-v", "error", "-count_frames", "-show_streams", "-show_format", "-of", "json", "FILE"];
    serde_json::from_slice(&run("ffprobe", &arguments, path).stdout).unwrap()
}

fn rgb(rgba: &[u8]) -> Vec<u8> {
    rgba.chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect()
}

/// Peak signal to noise of a frame over red, green, blue, in decibels.
fn psnr(a: &[u8], b: &[u8]) -> f64 {
    assert_eq!(a.len(), b.len());
    let squares: f64 = a.iter().zip(b).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum();
    10.0 * (255.0 * 255.0 / (squares / a.len() as f64)).log10()
}

/// The worst frame of a movie.
fn worst(path: &Path, size: [u32; 2], frames: u32) -> f64 {
    let bytes = decoded(path);
    let frame = (size[0] * size[1] * 3) as usize;
    assert_eq!(bytes.len(), frame * frames as usize, "number of frames or size");
    (0..frames)
        .map(|k| psnr(&bytes[frame * k as usize..][..frame], &rgb(&picture(k, size))))
        .fold(f64::INFINITY, f64::min)
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn assert_stream(path: &Path, codec: &str, [w, h]: [u32; 2], rate: &str, frames: u32) -> Value {
    let told = probe(path);
    let stream = &told["streams"][0];
    assert_eq!(stream["codec_name"], codec);
    assert_eq!((stream["width"].as_u64(), stream["height"].as_u64()), (Some(w.into()), Some(h.into())));
    assert_eq!(stream["r_frame_rate"], rate, "{stream}");
    assert_eq!(stream["nb_read_frames"], frames.to_string(), "{stream}");
    told
}

fn assert_texts(told: &Value) {
    let tags = &told["format"]["tags"];
    assert_eq!(
        (&tags["title"], &tags["artist"], &tags["comment"]),
        (&"Ein Tänzer".into(), &"A. Artist".into(), &"no comment".into()),
        "{told}"
    );
}

fn seconds(told: &Value) -> f64 {
    told["format"]["duration"].as_str().unwrap().parse().unwrap()
}

#[test]
fn mp4_keeps_pictures_size_rate_and_texts() {
    let path = folder("movie_mp4").join("a.mp4");
    let finished = write(&path, [320, 240], 60, &texts());
    assert_eq!(finished, Finished { frames: 60, size: [320, 240], fps: 25.0, notes: Vec::new() });
    let told = assert_stream(&path, "h264", [320, 240], "25/1", 60);
    assert_eq!(told["streams"][0]["pix_fmt"], "yuv420p");
    assert_texts(&told);
    assert!((seconds(&told) - 60.0 / 25.0).abs() < 1e-3);
    let decibels = worst(&path, [320, 240], 60);
    assert!(decibels >= 38.0, "{decibels}");
    let bytes = std::fs::read(&path).unwrap();
    let place = |name: &[u8]| bytes.windows(4).position(|w| w == name).unwrap();
    assert!(place(b"moov") < place(b"mdat"), "a browser can begin before it has the whole file");
    assert_eq!(names(path.parent().unwrap()), ["a.mp4"]);
}

#[test]
fn mp4_pads_odd_sizes_and_says_so() {
    let path = folder("movie_odd").join("a.mp4");
    let finished = write(&path, [101, 51], 3, &MovieOptions { fps: 30000.0 / 1001.0, ..MovieOptions::default() });
    assert_eq!(finished.size, [102, 52]);
    assert!(finished.notes[0].contains("from 101 x 51 to 102 x 52"), "{:?}", finished.notes);
    assert_stream(&path, "h264", [102, 52], "30000/1001", 3);
}

#[test]
fn apng_and_png_files_are_exact() {
    let folder = folder("movie_exact");
    let path = folder.join("a.png");
    write(&path, [64, 48], 10, &texts());
    assert_stream(&path, "apng", [64, 48], "25/1", 10);
    assert_eq!(worst(&path, [64, 48], 10), f64::INFINITY);
    write(&folder.join("f%03d.png"), [64, 48], 3, &MovieOptions { first: 5, ..texts() });
    assert_eq!(names(&folder), ["a.png", "f005.png", "f006.png", "f007.png"]);
    assert_eq!(decoded(&folder.join("f006.png")), rgb(&picture(1, [64, 48])));
}

#[test]
fn transparent_pixels_stay_in_apng_and_are_refused_elsewhere() {
    let folder = folder("movie_transparent");
    let rgba = vec![200, 100, 50, 128];
    let mut writer = MovieWriter::create(&folder.join("a.png"), &MovieOptions::default()).unwrap();
    writer.push([1, 1], rgba.clone()).unwrap();
    writer.finish().unwrap();
    let arguments = ["-v", "error", "-i", "FILE", "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgba", "-"];
    assert_eq!(run("ffmpeg", &arguments, &folder.join("a.png")).stdout, rgba);
    for name in ["a.mp4", "a.gif", "a.avi"] {
        let mut writer = MovieWriter::create(&folder.join(name), &MovieOptions::default()).unwrap();
        let error = writer.push([1, 1], rgba.clone()).unwrap_err().to_string();
        assert!(error.contains("frame 0 has transparent pixels"), "{error}");
    }
    assert_eq!(names(&folder), ["a.png"]);
}

#[test]
fn gif_keeps_time_texts_and_most_of_the_colours() {
    let path = folder("movie_gif").join("a.gif");
    let finished = write(&path, [160, 120], 30, &MovieOptions { fps: 30.0, ..texts() });
    assert!(finished.notes[0].contains("3 or 4"), "{:?}", finished.notes);
    let told = probe(&path);
    assert_eq!(told["streams"][0]["nb_read_frames"], "30");
    assert!((seconds(&told) - 1.0).abs() < 0.015, "{told}");
    let decibels = worst(&path, [160, 120], 30);
    assert!(decibels > 32.0, "{decibels}");
    let bytes = std::fs::read(&path).unwrap();
    let text = "Title: Ein Tänzer\nArtist: A. Artist\nComment: no comment";
    assert!(bytes.windows(2).any(|w| w == [0x21, 0xfe]) && bytes.windows(text.len()).any(|w| w == text.as_bytes()));
}

#[test]
fn avi_keeps_pictures_rate_and_texts() {
    let path = folder("movie_avi").join("a.avi");
    write(&path, [161, 121], 20, &MovieOptions { fps: 12.5, ..texts() });
    let told = assert_stream(&path, "mjpeg", [161, 121], "25/2", 20);
    assert_texts(&told);
    assert!((seconds(&told) - 20.0 / 12.5).abs() < 1e-3, "{told}");
    let decibels = worst(&path, [161, 121], 20);
    assert!(decibels >= 38.0, "{decibels}");
}

#[test]
fn other_codecs_go_through_ffmpeg_and_its_complaint_is_told() {
    let folder = folder("movie_ffmpeg");
    let with = |codec: &str| MovieOptions { codec: Some(codec.into()), ..texts() };
    write(&folder.join("a.mkv"), [64, 48], 10, &with("ffv1"));
    assert_stream(&folder.join("a.mkv"), "ffv1", [64, 48], "25/1", 10);
    assert_eq!(worst(&folder.join("a.mkv"), [64, 48], 10), f64::INFINITY);
    // What players expect: even sizes, half the resolution of colours, the index before the pictures.
    let finished = write(&folder.join("a.mp4"), [63, 47], 10, &with("libx264"));
    assert!(finished.size == [64, 48] && finished.notes[0].contains("padded from 63 x 47"), "{finished:?}");
    let told = assert_stream(&folder.join("a.mp4"), "h264", [64, 48], "25/1", 10);
    assert_eq!(told["streams"][0]["pix_fmt"], "yuv420p");
    let bytes = std::fs::read(folder.join("a.mp4")).unwrap();
    let at = |name: &[u8]| bytes.windows(4).position(|w| w == name).unwrap();
    assert!(at(b"moov") < at(b"mdat"));
    let mut writer = MovieWriter::create(&folder.join("b.mkv"), &with("no_such_codec")).unwrap();
    let error = (0..1000).find_map(|k| writer.push([64, 48], picture(k, [64, 48])).err()).unwrap().to_string();
    assert!(error.contains("no_such_codec"), "{error}");
    drop(writer);
    assert_eq!(names(&folder), ["a.mkv", "a.mp4"]);
}

#[test]
fn what_cannot_be_is_refused_and_leaves_nothing() {
    let folder = folder("movie_refused");
    let create = |name: &str, fps: f64| {
        MovieWriter::create(&folder.join(name), &MovieOptions { fps, ..MovieOptions::default() })
    };
    let refused = |name: &str, fps: f64| create(name, fps).err().unwrap().to_string();
    assert!(refused("a.mp4", 0.0).contains("0 frames a second cannot be"));
    assert!(refused("a.mp4", f64::NAN).contains("frames a second cannot be"));
    assert!(refused("a.webm", 25.0).contains("a.webm: movies are written as .mp4"));
    assert!(refused("no/folder/a.mp4", 25.0).contains("cannot write"));
    assert!(refused("no/folder/a%d.png", 25.0).contains("cannot write"));
    for name in ["a.mp4", "a.gif", "a.avi", "a.png"] {
        assert!(create(name, 25.0).unwrap().finish().unwrap_err().to_string().contains("at least one frame"));
        let mut writer = create(name, 25.0).unwrap();
        writer.push([32, 32], picture(0, [32, 32])).unwrap();
        let error = writer.push([32, 33], picture(1, [32, 33])).unwrap_err().to_string();
        assert!(error.contains("frame 1 is 32 x 33 pixels, the first 32 x 32"), "{error}");
        drop(writer);
    }
    let error = create("a.mp4", 25.0).unwrap().push([5000, 1], picture(0, [5000, 1])).unwrap_err().to_string();
    assert!(error.contains("sides up to 4096"), "{error}");
    assert_eq!(names(&folder), [""; 0]);
    std::fs::create_dir(folder.join("folder.mp4")).unwrap();
    assert!(refused("folder.mp4", 25.0).contains("is a folder named as a movie"));
}

#[test]
fn every_ending_takes_a_single_pixel() {
    let folder: PathBuf = folder("movie_pixel");
    for name in ["a.mp4", "a.gif", "a.avi", "a.png"] {
        write(&folder.join(name), [1, 1], 2, &MovieOptions::default());
        assert_eq!(probe(&folder.join(name))["streams"][0]["nb_read_frames"], "2", "{name}");
    }
}

const TURN: [&str; 10] =
    ["movie", "sample:founding", "--size", "160x120", "--grid", "24", "--frames", "6", "--title", "frame {frame}"];

fn turn(more: &[&str]) -> Output {
    densitas(&[&TURN[..], more].concat())
}

#[test]
fn a_turntable_is_its_frames_drawn_alone() {
    let folder = folder("movie_turn");
    let told = json(&turn(&["-o", &path(&folder, "f%d.png"), "--json"]));
    assert_eq!((&told["frames"], &told["fps"]), (&6.into(), &25.0.into()));
    assert!(turn(&["-o", &path(&folder, "only.png"), "--only", "4"]).status.success());
    let frames: Vec<_> = (0..6).map(|k| read_png(&folder.join(format!("f{k}.png")))).collect();
    assert_eq!(read_png(&folder.join("only.png")), frames[4]);
    (1..6).for_each(|k| assert_ne!(frames[k], frames[k - 1], "frame {k}"));
    assert!(turn(&["-o", &path(&folder, "a.png"), "--fps", "10"]).status.success());
    let all: Vec<u8> = frames.iter().flat_map(|(_, pixels)| pixels.as_flattened()).copied().collect();
    assert_eq!(decoded(&folder.join("a.png")), all);
}

#[test]
fn a_turntable_as_mp4_is_near_its_frames() {
    let folder = folder("movie_turn_mp4");
    let plain = ["--axes", "off", "--colorbar", "off", "--size", "320x240"];
    let draw = |file: &str| {
        let to = path(&folder, file);
        let arguments = ["movie", "sample:founding", "--frames", "8", "-o", &to];
        let out = densitas(&[&arguments[..], &plain].concat());
        assert!(out.status.success(), "{}", stderr(&out));
    };
    draw("f%d.png");
    draw("a.mp4");
    let (movie, frame) = (decoded(&folder.join("a.mp4")), 320 * 240 * 3);
    assert_eq!(movie.len(), 8 * frame);
    for k in 0..8 {
        let (_, exact) = read_png(&folder.join(format!("f{k}.png")));
        let decibels = psnr(&movie[k * frame..][..frame], exact.as_flattened());
        assert!(decibels >= 38.0, "frame {k}: {decibels}");
    }
}

#[test]
fn a_sequence_goes_on_after_the_frames_that_are_there() {
    let folder = folder("movie_resume");
    let to = path(&folder, "f%02d.png");
    assert!(turn(&["-o", &to]).status.success());
    let whole = std::fs::read(folder.join("f05.png")).unwrap();
    (3..6).for_each(|k| std::fs::remove_file(folder.join(format!("f0{k}.png"))).unwrap());
    assert_eq!(json(&turn(&["-o", &to, "--resume", "--json"]))["frames"], 3);
    assert_eq!(std::fs::read(folder.join("f05.png")).unwrap(), whole);
    let out = turn(&["-o", &to, "--resume", "--json"]);
    assert!(json(&out)["frames"] == 0 && stderr(&out).contains("all frames are there"), "{}", stderr(&out));
    // Catches: a cut picture taken for one that is there, frames of two movies in one sequence.
    let cut = std::fs::read(folder.join("f04.png")).unwrap();
    std::fs::write(folder.join("f04.png"), &cut[..cut.len() / 2]).unwrap();
    assert_eq!(json(&turn(&["-o", &to, "--resume", "--json"]))["frames"], 2);
    assert_eq!(std::fs::read(folder.join("f04.png")).unwrap(), cut);
    // Catches: a copy of another frame, frames of what the input held before.
    std::fs::copy(folder.join("f03.png"), folder.join("f05.png")).unwrap();
    let out = turn(&["-o", &to, "--resume"]);
    assert!(
        out.status.code() == Some(1) && stderr(&out).contains("f05.png: is another frame than 5"),
        "{}",
        stderr(&out)
    );
    let (ball_file, played) = (path(&folder, "ball.xyz"), path(&folder, "p%d.png"));
    ball(Path::new(&ball_file), 60);
    done(movie(&ball_file, &["-o", &played]));
    std::thread::sleep(std::time::Duration::from_millis(20));
    ball(Path::new(&ball_file), 70);
    let out = movie(&ball_file, &["-o", &played, "--resume"]);
    assert!(out.status.code() == Some(1) && stderr(&out).contains("before the input was changed"), "{}", stderr(&out));
    let out = turn(&["-o", &to, "--colormap", "viridis", "--resume"]);
    assert!(out.status.code() == Some(1) && stderr(&out).contains("f00.png: is of another movie"), "{}", stderr(&out));
    let out = densitas(&["movie", "sample:founding", "--grid", "24", "--size", "80x60", "-o", &to, "--resume"]);
    assert!(out.status.code() == Some(1) && stderr(&out).contains("f00.png: is 160 x 120 pixels"), "{}", stderr(&out));
}

#[test]
fn options_that_cannot_be_are_told_before_the_work() {
    let folder = folder("movie_options");
    for (more, file, status, text) in [
        (["--fps", "0"], "a.mp4", 2, "0 frames a second cannot be"),
        (["--fps", "25"], "a.xyz", 2, "movies are written as .mp4"),
        (["--fps", "25"], "no/a.mp4", 1, "cannot write"),
        (["--only", "6"], "a.png", 2, "the movie has frames 0 to 5"),
        (["--only", "1"], "a.mp4", 2, "--only draws one frame as PNG"),
        (["--resume=on", "--quiet"], "a.mp4", 2, "--resume goes on with PNG files"),
        (["--background", "transparent"], "a.mp4", 1, "has transparent pixels"),
    ] {
        let out = turn(&[&more[..], &["-o", &path(&folder, file)]].concat());
        assert!(out.status.code() == Some(status) && stderr(&out).contains(text), "{more:?}: {}", stderr(&out));
    }
    assert_eq!(names(&folder), [""; 0]);
}

/// Four frames of a ball of points that widens, each of `points` atoms.
fn ball(path: &Path, points: usize) {
    let mut text = String::new();
    for frame in 0..4 {
        text += &format!("{points}\nframe {frame}\n");
        for i in 0..points {
            let (a, b) = (i as f64 * 2.399_963, (i as f64 + 0.5) / points as f64);
            let (z, r) = (1.0 - 2.0 * b, f64::from(frame + 2) * ((i * 7 + 3) % 11) as f64 / 11.0);
            let s = (1.0 - z * z).sqrt();
            text += &format!("C {:.4} {:.4} {:.4}\n", r * s * a.cos(), r * s * a.sin(), r * z);
        }
    }
    std::fs::write(path, text).unwrap();
}

const SMALL: [&str; 4] = ["--size", "160x120", "--grid", "20"];

fn movie(input: &str, more: &[&str]) -> Output {
    densitas(&[&["movie", input], &SMALL[..], more].concat())
}

fn done(out: Output) -> Output {
    assert!(out.status.success(), "{}", stderr(&out));
    out
}

#[test]
fn frames_of_the_input_play_with_limits_and_box_in_common() {
    let folder = folder("movie_input");
    let (input, to) = (path(&folder, "ball.xyz"), path(&folder, "f%d.png"));
    ball(Path::new(&input), 60);
    let told = json(&movie(&input, &["-o", &to, "--title", "{input} of {frames}", "--json"]));
    assert_eq!(told["frames"], 4, "one for each of the input");
    let frame = |k: usize| read_png(&folder.join(format!("f{k}.png")));
    (1..4).for_each(|k| assert_ne!(frame(k), frame(k - 1), "frame {k}"));
    let only = |k: &str, more: &[&str]| {
        let to = path(&folder, "only.png");
        let told = json(&movie(
            &input,
            &[&["-o", &to, "--title", "{input} of {frames}", "--only", k, "--json"], more].concat(),
        ));
        (read_png(&folder.join("only.png")), told["limits"].clone())
    };
    // Catches: limits or camera of what was drawn before.
    let (last, limits) = only("3", &[]);
    assert_eq!((last, &limits), (frame(3), &told["limits"]));
    let [first, last] = ["0", "3"].map(|k| only(k, &["--limits-of", "each"]).1);
    assert_ne!(first, last);
    // Twice as many pictures: each frame of the input stands twice.
    assert_eq!(json(&movie(&input, &["-o", &to, "--frames", "8", "--json"]))["frames"], 8);
    assert_eq!(frame(6), frame(7));
    assert_ne!(frame(5), frame(6));
}

#[test]
fn a_running_average_takes_frames_together() {
    let folder = folder("movie_average");
    let (input, to) = (path(&folder, "ball.xyz"), path(&folder, "f%d.png"));
    ball(Path::new(&input), 60);
    let all = json(&movie(&input, &["-o", &to, "--average", "4", "--json"]));
    let pooled = json(&movie(&input, &["-o", &path(&folder, "p.png"), "--pool", "--frames", "1", "--json"]));
    assert_eq!((&all["points"], &all["max"], &all["limits"]), (&pooled["points"], &pooled["max"], &pooled["limits"]));
    let frame = |k: usize| read_png(&folder.join(format!("f{k}.png")));
    assert_eq!(frame(0), frame(3), "the window stays within the input");
    // Catches: what is told of the first window in place of that of the frame drawn alone.
    let sum = |k| json(&movie(&input, &["-o", &path(&folder, "s.png"), "--sum", "--only", k, "--json"]));
    let [first, last] = ["0", "3"].map(|k| sum(k)["points"].as_u64().unwrap());
    assert_eq!((4 * first, Some(last)), (last, pooled["points"].as_u64()));
    done(movie(&input, &["-o", &to, "--average", "2"]));
    assert_ne!(frame(0), frame(3));
    let out = movie("sample:founding", &["-o", &to, "--average", "2"]);
    assert!(out.status.code() == Some(2) && stderr(&out).contains("one frame to show"), "{}", stderr(&out));
}

fn rendered(folder: &Path, options: &[&str]) -> ([u32; 2], Vec<[u8; 3]>) {
    let to = path(folder, "rendered.png");
    done(densitas(&[&["render", "sample:founding", "-o", &to], &SMALL[..], options].concat()));
    read_png(Path::new(&to))
}

/// The largest difference of two pictures.
fn difference(a: &[[u8; 3]], b: &[[u8; 3]]) -> u8 {
    assert_eq!(a.len(), b.len());
    std::iter::zip(a.as_flattened(), b.as_flattened()).map(|(a, b)| a.abs_diff(*b)).max().unwrap()
}

#[test]
fn key_frames_are_the_pictures_of_their_options() {
    let folder = folder("movie_keys");
    let to = path(&folder, "f%d.png");
    let vary = "--vary=camera=30,20,40@0..90,60,20@3..120,10,30";
    done(movie(
        "sample:founding",
        &["-o", &to, "--frames", "6", vary, "--vary=bandwidth=0.2..0.5", "--ease", "linear"],
    ));
    for (k, camera, bandwidth) in [(0, "30,20,40", "0.2"), (3, "90,60,20", "0.38"), (5, "120,10,30", "0.5")] {
        let (_, still) = rendered(&folder, &["--camera", camera, "--bandwidth", bandwidth]);
        let (_, frame) = read_png(&folder.join(format!("f{k}.png")));
        assert!(difference(&still, &frame) <= 1, "frame {k}");
    }
}

#[test]
fn modes_fade_into_one_another() {
    let folder = folder("movie_fade");
    let to = path(&folder, "f%d.png");
    let fade = ["-o", &to, "--frames", "5", "--vary", "mode=volume..iso", "--ease", "linear"];
    let bare = ["--axes", "off", "--colorbar", "off"];
    done(movie("sample:founding", &[&fade[..], &bare].concat()));
    let [(_, a), (_, b)] = ["volume", "iso"].map(|mode| rendered(&folder, &[&["--mode", mode], &bare[..]].concat()));
    for (k, share) in [(0, 0.0), (1, 0.25), (4, 1.0)] {
        let mix = |a: &u8, b: &u8| ((1.0 - share) * f64::from(*a) + share * f64::from(*b)).round() as u8;
        let mixed: Vec<u8> = std::iter::zip(a.as_flattened(), b.as_flattened()).map(|(a, b)| mix(a, b)).collect();
        let (_, frame) = read_png(&folder.join(format!("f{k}.png")));
        assert!(difference(mixed.as_chunks::<3>().0, &frame) <= 1, "frame {k}");
    }
    // Catches: letters of both on one another.
    let large = ["sample:founding", "--grid", "24", "--size", "400x300"];
    done(densitas(&[&["movie"], &large[..], &fade].concat()));
    for (k, mode) in [(1, "volume"), (3, "iso")] {
        let still = path(&folder, "still.png");
        done(densitas(&[&["render"], &large[..], &["-o", &still, "--mode", mode]].concat()));
        let beside = |name: &str| {
            let ([w, _], picture) = read_png(&folder.join(name));
            let pixels = picture.into_iter().enumerate().filter(|(i, _)| i % w as usize > 350).map(|(_, p)| p);
            pixels.collect::<Vec<_>>()
        };
        assert!(beside("still.png").windows(2).any(|pair| pair[0] != pair[1]), "there are letters");
        assert_eq!(beside("still.png"), beside(&format!("f{k}.png")), "frame {k}");
    }
}

/// Catches: backgrounds that jump, and words that are not told, while two pictures fade.
#[test]
fn backgrounds_fade_and_titles_say_what_varies() {
    let folder = folder("movie_background");
    let to = path(&folder, "f%d.png");
    let vary =
        ["--vary", "background=#ff0000..#0000ff", "--ease", "linear", "--frames", "5", "--title", "{background}"];
    done(movie("sample:founding", &[&vary[..], &["-o", &to]].concat()));
    let corner = |k: usize| read_png(&folder.join(format!("f{k}.png"))).1[0];
    assert_eq!([0, 1, 2, 4].map(corner), [[255, 0, 0], [191, 0, 64], [128, 0, 128], [0, 0, 255]]);
}

/// Catches: a level that moves under colours that move with it.
#[test]
fn surfaces_of_one_density_have_colours_in_common() {
    let folder = folder("movie_levels");
    let limits = |more: &[&str]| {
        let to = path(&folder, "only.png");
        let vary = ["--mode", "iso", "--vary", "iso=mass:0.05..mass:0.9", "--frames", "3", "-o", &to, "--json"];
        json(&movie("sample:founding", &[&vary[..], more].concat()))["limits"].clone()
    };
    let [first, last] = ["0", "2"].map(|k| limits(&["--only", k]));
    assert_eq!(first, last);
    let [first, last] = ["0", "2"].map(|k| limits(&["--only", k, "--limits-of", "each"]));
    assert_ne!(first, last);
}

#[test]
fn a_frame_draws_itself_again_by_its_recipe() {
    let folder = folder("movie_recipe");
    let to = path(&folder, "f%d.png");
    done(movie("sample:founding", &["-o", &to, "--frames", "3", "--vary", "iso=mass:0.2..mass:0.8", "--mode", "iso"]));
    let (third, again) = (path(&folder, "f2.png"), path(&folder, "again.png"));
    let out = done(densitas(&["movie", "--recipe", &third, "-o", &again]));
    assert!(!stderr(&out).contains("not as when"), "{}", stderr(&out));
    assert_eq!(std::fs::read(&again).unwrap(), std::fs::read(&third).unwrap());
}

#[test]
fn names_in_titles_that_mean_nothing_and_files_that_stay_are_told() {
    let folder = folder("movie_told");
    let to = path(&folder, "f%d.png");
    let out = movie("sample:founding", &["-o", &to, "--title", "{step}"]);
    assert!(
        out.status.code() == Some(2) && stderr(&out).contains("{step}, which means nothing here"),
        "{}",
        stderr(&out)
    );
    assert_eq!(names(&folder), [""; 0]);
    done(movie("sample:founding", &["-o", &to, "--frames", "3"]));
    let out = done(movie("sample:founding", &["-o", &to, "--frames", "1"]));
    assert!(stderr(&out).contains("f1.png and the 1 after it are of a longer movie"), "{}", stderr(&out));
    for bad in ["f%q.png", "f%d_%d.png"] {
        let out = movie("sample:founding", &["-o", &path(&folder, bad)]);
        assert!(out.status.code() == Some(2) && stderr(&out).contains("numbers no frames"), "{}", stderr(&out));
    }
}

/// Catches: a parallel picture that is scaled anew for each direction of a turning camera.
#[test]
fn parallel_pictures_keep_their_scale_while_the_camera_moves() {
    let folder = folder("movie_ortho");
    for (name, more) in [("turn", &["--turn", "360"][..]), ("vary", &["--vary", "camera=0,0..90,60"])] {
        let to = path(&folder, &format!("{name}%d.png"));
        let plain = ["--ortho", "--frames", "4", "-o", &to];
        done(movie("sample:membrane", &[&plain[..], more].concat()));
        let height = |k: usize| {
            let recipe = json(&densitas(&["recipe", &path(&folder, &format!("{name}{k}.png")), "--json"]));
            recipe["drawn"]["camera"]["projection"]["orthographic"]["visible-height"].as_f64().unwrap()
        };
        let first = height(0);
        (1..4).for_each(|k| assert!((height(k) - first).abs() < 1e-9 * first, "{name} {k}: {} {first}", height(k)));
    }
}

/// Catches: frames of a trajectory that are read one at a time and are others than those read together; times of the movie
/// for those of the trajectory.
#[test]
fn trajectories_are_read_a_frame_at_a_time() {
    let Some(root) = test_data() else { return };
    let folder = folder("movie_streamed");
    let data = |name: &str| root.join("data").join(name).display().to_string();
    let (input, topology) = (data("trajectories/adk_oplsaa.xtc"), data("structures/adk_oplsaa.gro"));
    let chosen = ["--topology", &topology, "--select", "name CA", "--size", "160x120", "--grid", "16"];
    let title = ["--title", "{input}: {input-time}", "--input-frames", "2:8:2", "--average", "2"];
    let to = path(&folder, "f%d.png");
    done(densitas(&[&["movie", &input, "-o", &to], &chosen[..], &title].concat()));
    let recipe = json(&densitas(&["recipe", &path(&folder, "f1.png"), "--json"]));
    assert_eq!(recipe["drawn"]["annotations"]["title"], "4: 400 ps");
    // The frames 4 and 6 together, with limits and box as the movie has them.
    let limits = recipe["drawn"]["transfer"]["limits"].as_array().unwrap();
    let camera = &recipe["drawn"]["camera"];
    let list = |key: &str| {
        let numbers = camera[key].as_array().unwrap().iter().map(|v| v.as_f64().unwrap().to_string());
        numbers.collect::<Vec<_>>().join(",")
    };
    let [vmin, vmax] = [0, 1].map(|i| limits[i].as_f64().unwrap().to_string());
    let again = path(&folder, "again.png");
    let view = ["--camera-position", &list("position"), "--camera-target", &list("target"), "--camera-up", &list("up")];
    let shift = ["--camera-shift", &list("shift"), "--axes", "off", "--colorbar", "off"];
    let same = ["--input-frames", "2:6:2", "--pool", "--vmin", &vmin, "--vmax", &vmax, "--title", "x"];
    done(densitas(&[&["render", &input, "-o", &again], &chosen[..], &same, &view, &shift].concat()));
    let alone = path(&folder, "alone.png");
    let of_movie = ["--axes", "off", "--colorbar", "off", "--title", "x", "--only", "0"];
    let movie =
        ["movie", &input, "-o", &alone, "--input-frames", "2:8:2", "--average", "2", "--vmin", &vmin, "--vmax", &vmax];
    done(densitas(&[&movie[..], &chosen[..], &of_movie, &view, &shift[..2]].concat()));
    assert_eq!(read_png(Path::new(&again)), read_png(Path::new(&alone)));
}
