//! Measurements of the window's pictures; see benches/RESULTS.md.

use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use glam::DVec2;

use super::easel::tests::{easel, easel_telling, order};
use super::{camera, session};
use crate::cli::Console;
use crate::cli::content::Stock;
use crate::cli::recipe::Draft;
use crate::cli::view::Wanted;

/// How long pictures take at rest and while the camera turns; see benches/RESULTS.md. `DENSITAS_BENCH_INPUTS` names
/// inputs, with options after commas.
#[test]
#[ignore = "a measurement"]
fn frame_times() {
    let inputs = std::env::var("DENSITAS_BENCH_INPUTS").unwrap_or_else(|_| "sample:founding".into());
    for input in inputs.split_whitespace() {
        let mut options = Draft::new("render");
        let mut words = input.split(',');
        options.input = words.next().map(str::to_owned);
        words.filter_map(|w| w.split_once('=')).for_each(|(name, value)| options.set(name, Some(value.into())));
        let start = Instant::now();
        let wanted = Wanted::of(&options).unwrap();
        let content = Stock::default().content(wanted.scene(), &Console::new(false, true)).unwrap();
        let (content, loaded) = (Arc::new(content), start.elapsed());
        let (tell, told) = mpsc::channel();
        let (mut easel, size) = (easel_telling(Arc::new(move || tell.send(()).unwrap_or_default())), [960, 774]);
        // A window has started its adapter while it read.
        easel.renderer().unwrap();
        let first = easel.paint(&order(&options, &content, size, true)).unwrap();
        let start = Instant::now();
        if !easel.paint(&order(&options, &content, size, false)).unwrap().is_full {
            // That was a sketch of many nodes.
            told.recv().unwrap();
            easel.paint(&order(&options, &content, size, false)).unwrap();
        }
        let sharp = start.elapsed();
        let rest = easel.paint(&order(&options, &content, size, false)).unwrap();
        let mut camera = first.camera;
        let mut moving: Vec<f64> = (0..40)
            .map(|_| {
                camera = camera::turntable(camera, DVec2::new(0.02, 0.005));
                session::set_camera(&mut options, &camera);
                easel.paint(&order(&options, &content, size, true)).unwrap().took.as_secs_f64()
            })
            .collect();
        if std::env::var_os("DENSITAS_BENCH_EACH").is_some() {
            println!("{:?}", moving.iter().map(|s| (s * 1e3).round()).collect::<Vec<_>>());
        }
        moving.sort_by(f64::total_cmp);
        let ms = |d: Duration| d.as_secs_f64() * 1e3;
        println!(
            "{input}: shape {:?}; read and computed {:.0} ms, first picture {:.0}, sharp after {:.0} more, at rest {:.0}, \
             moving median {:.0}, slowest {:.0}",
            content.grid.lattice.shape,
            ms(loaded),
            ms(first.took),
            ms(sharp),
            ms(rest.took),
            moving[20] * 1e3,
            moving[39] * 1e3
        );
    }
}

/// What a frame of a trajectory takes while it plays, by what is done for it; as above.
#[test]
#[ignore = "a measurement"]
fn playing_times() {
    let inputs = std::env::var("DENSITAS_BENCH_PLAYED").expect("an input with frames, and options");
    for input in inputs.split_whitespace() {
        let mut words = input.split(',');
        let mut options = Draft::new("render");
        options.input = words.next().map(str::to_owned);
        words.filter_map(|w| w.split_once('=')).for_each(|(name, value)| options.set(name, Some(value.into())));
        let (mut stock, mut easel, console) = (Stock::default(), easel(), Console::new(false, true));
        let mut times = [const { Vec::new() }; 3];
        for frame in 0..10 {
            options.set("input-frames", Some(frame.to_string()));
            let wanted = Wanted::of(&options).unwrap();
            let start = Instant::now();
            let content = Arc::new(stock.content(wanted.scene(), &console).unwrap());
            times[0].push(start.elapsed());
            super::histogram::Histogram::of(&content.grid);
            times[1].push(start.elapsed());
            easel.paint(&order(&options, &content, [960, 774], true)).unwrap();
            times[2].push(start.elapsed());
        }
        let median = times.map(|mut t| {
            t.sort();
            t[5].as_secs_f64() * 1e3
        });
        println!(
            "{input}: read and computed {:.0} ms, with its histogram {:.0}, drawn {:.0}",
            median[0], median[1], median[2]
        );
    }
}
