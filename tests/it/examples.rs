//! Every example, run as a reader would run it.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::common::read_png;

#[allow(dead_code)]
#[path = "../../examples/bivariate_normal.rs"]
mod bivariate_normal;
#[allow(dead_code)]
#[path = "../../examples/celluloid.rs"]
mod celluloid;
#[allow(dead_code)]
#[path = "../../examples/founding_volume.rs"]
mod founding_volume;
#[allow(dead_code)]
#[path = "../../examples/mouse_heatmap.rs"]
mod mouse_heatmap;
#[allow(dead_code)]
#[path = "../../examples/parallel.rs"]
mod parallel;
#[allow(dead_code)]
#[path = "../../examples/plane_density.rs"]
mod plane_density;
#[allow(dead_code)]
#[path = "../../examples/scatter.rs"]
mod scatter;
#[allow(dead_code)]
#[path = "../../examples/spheres.rs"]
mod spheres;

#[allow(dead_code)]
#[path = "../../examples/tensor_movie.rs"]
mod tensor_movie;

fn output(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("example_{name}.png"))
}

/// The pixels of an example's picture, which has the documented size.
fn pixels(path: &Path) -> Vec<[u8; 3]> {
    let (size, pixels) = read_png(path);
    assert_eq!(size, [800, 600]);
    pixels
}

#[test]
fn every_example_is_tested_here_and_shown_in_the_gallery() {
    let gallery = std::fs::read_to_string("docs/gallery.md").unwrap();
    let here = include_str!("examples.rs");
    for entry in std::fs::read_dir("examples").unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        if path.extension().is_some_and(|e| e == "py") {
            let cluster = std::fs::read_to_string("scripts/cluster.sh").unwrap();
            assert!(cluster.contains(&format!("examples/{name}.py")), "{name} is not run");
            continue;
        }
        assert!(here.contains(&format!("examples/{name}.rs")), "{name} has no test");
        assert!(gallery.contains(&format!("examples/{name}.rs")), "{name} is not in the gallery");
    }
}

#[test]
fn the_gallery_shows_pictures_that_are_there_and_none_is_left_over() {
    let gallery = std::fs::read_to_string("docs/gallery.md").unwrap();
    let shown: HashSet<String> =
        gallery.split("![](gallery/").skip(1).map(|rest| rest.split(')').next().unwrap().to_owned()).collect();
    let there = std::fs::read_dir("docs/gallery").unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    assert_eq!(there.collect::<HashSet<String>>(), shown);
    assert!(shown.len() >= 20);
}

#[test]
fn the_founding_volume_is_bright_in_the_middle_and_dark_around() {
    founding_volume::draw(&output("volume")).unwrap();
    let pixels = pixels(&output("volume"));
    assert!(pixels.iter().filter(|p| p[0] > 200).count() > 2000, "the core is bright and large");
    assert!(pixels[0][0] < 32, "the corner is dark");
}

#[test]
fn the_parallel_evaluation_gives_the_volume_of_the_sequential_one() {
    parallel::draw(&output("parallel")).unwrap();
    assert!(pixels(&output("parallel")).iter().filter(|p| p[0] > 200).count() > 2000);
}

#[test]
fn the_scatter_has_the_colours_of_the_map_from_low_to_high() {
    scatter::draw(&output("scatter")).unwrap();
    let pixels = pixels(&output("scatter"));
    assert_eq!(pixels[0], [255; 3]);
    // viridis: its dark violet and its yellow both occur beyond the colour bar on the right.
    let left = pixels.chunks_exact(800).flat_map(|row| &row[..600]);
    let (violet, yellow) = left.fold((0, 0), |(v, y), p| {
        (v + usize::from(p[0] < 90 && p[2] > 70 && p[1] < 60), y + usize::from(p[0] > 200 && p[2] < 80))
    });
    assert!(violet > 200 && yellow > 50, "{violet} {yellow}");
}

#[test]
fn masked_spheres_cover_less() {
    spheres::draw(&output("spheres"), &output("spheres_masked")).unwrap();
    let covered = |name: &str| pixels(&output(name)).iter().filter(|p| p.iter().any(|c| *c > 60)).count();
    let (all, masked) = (covered("spheres"), covered("spheres_masked"));
    assert!(all > 2 * masked && masked > 5000, "{all} {masked}");
}

#[test]
fn the_mouse_is_seen_where_it_waited() {
    mouse_heatmap::draw(&output("mouse")).unwrap();
    let (size, pixels) = read_png(&output("mouse"));
    assert_eq!(size, [960, 600]);
    // The map's yellow end: at the stops of the way, not on it.
    let yellow = pixels.iter().filter(|p| p[0] > 230 && p[1] > 170 && p[2] < 120).count();
    assert!((50..8000).contains(&yellow), "{yellow}");
}

#[test]
fn the_colour_mesh_has_many_colours() {
    plane_density::draw(&output("plane")).unwrap();
    let colours: HashSet<[u8; 3]> = pixels(&output("plane")).into_iter().collect();
    assert!(colours.len() > 200, "{}", colours.len());
}

/// A file of the folder of these tests.
fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// The frames of an animated PNG, red, green, blue, alpha each, and their number of pixels.
fn frames(path: &Path) -> Vec<Vec<u8>> {
    let mut reader =
        png::Decoder::new(std::io::BufReader::new(std::fs::File::open(path).unwrap())).read_info().unwrap();
    let count = reader.info().animation_control().map_or(1, |a| a.num_frames);
    let mut frame = vec![0; reader.output_buffer_size().unwrap()];
    let mut take = || {
        reader.next_frame(&mut frame).unwrap();
        frame.clone()
    };
    (0..count).map(|_| take()).collect()
}

/// Catches: a frame left out or doubled, a title or legend that stays.
#[test]
fn celluloids_examples_have_their_frames() {
    for (name, wanted, draw) in [
        ("lines.apng", 10, celluloid::lines as fn(&Path) -> densitas::error::Result<()>),
        ("sine.apng", 99, celluloid::sine),
        ("distributions.apng", 61, celluloid::distributions),
    ] {
        draw(&file(name)).unwrap();
        let frames = frames(&file(name));
        assert_eq!(frames.len(), wanted, "{name}");
        assert!(frames.windows(2).all(|w| w[0] != w[1]), "{name}: a frame is as the one before");
    }
    let (pictures, movie) = (file("wheel"), file("images.apng"));
    celluloid::write_pictures(&pictures).unwrap();
    celluloid::images(&pictures, &movie).unwrap();
    assert_eq!(frames(&movie).len(), 20);
}

#[test]
fn the_bivariate_normal_is_a_page_and_the_tensor_a_movie() {
    bivariate_normal::draw(&file("bivariate.html")).unwrap();
    let page = std::fs::read_to_string(file("bivariate.html")).unwrap();
    assert!(page.contains("correlation \u{2212}0.95") && page.contains("correlation +0.95") && page.len() < 600_000);
    tensor_movie::draw(&file("tensor.mp4")).unwrap();
    assert!(std::fs::metadata(file("tensor.mp4")).unwrap().len() > 20_000);
}
