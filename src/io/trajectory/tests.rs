use super::*;
use crate::io::FrameRange;
use crate::progress::Silent;

fn i32s(values: &[i32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_be_bytes()).collect()
}

fn f32s(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_be_bytes()).collect()
}

const BOX_NM: [f32; 9] = [2.0, 0.0, 0.0, 0.0, 3.0, 0.0, 0.0, 0.0, 4.0];

/// A frame of up to nine atoms, which XTC does not pack, in nanometres.
pub(super) fn xtc_frame(step: i32, positions: &[f32]) -> Vec<u8> {
    let atoms = (positions.len() / 3) as i32;
    [i32s(&[1995, atoms, step]), f32s(&[step as f32 * 2.0]), f32s(&BOX_NM), i32s(&[atoms]), f32s(positions)].concat()
}

/// A frame in single or double precision; without positions if there are none.
pub(super) fn trr_frame(positions: &[f32], atoms: i32, is_double: bool) -> Vec<u8> {
    let size = if is_double { 8 } else { 4 };
    let real = |values: &[f32]| -> Vec<u8> {
        if is_double { values.iter().flat_map(|v| f64::from(*v).to_be_bytes()).collect() } else { f32s(values) }
    };
    let velocities = vec![9.0; 3 * atoms as usize];
    let lens = [0, 0, 9 * size, 0, 0, 0, 0, positions.len() as i32 * size, 3 * atoms * size, 0];
    let head = [i32s(&[1993, 13, 12]), b"GMX_trn_file".to_vec(), i32s(&lens), i32s(&[atoms, 7, 0])].concat();
    [head, real(&[2.5, 0.0]), real(&BOX_NM), real(positions), real(&velocities)].concat()
}

/// A DCD of three atoms of which the second is fixed if `is_fixed`; frame k has x + k.
pub(super) fn dcd(is_big: bool, is_long: bool, is_fixed: bool, frames: i32) -> Vec<u8> {
    let word = |v: i32| if is_big { v.to_be_bytes() } else { v.to_le_bytes() };
    let words = |values: &[i32]| -> Vec<u8> { values.iter().flat_map(|v| word(*v)).collect() };
    let record = |bytes: Vec<u8>| -> Vec<u8> {
        let len = bytes.len() as i64;
        let mark = match (is_long, is_big) {
            (false, _) => word(len as i32).to_vec(),
            (true, true) => len.to_be_bytes().to_vec(),
            (true, false) => len.to_le_bytes().to_vec(),
        };
        [mark.clone(), bytes, mark].concat()
    };
    let mut control = [0; 20];
    (control[0], control[1], control[2]) = (frames, 10, 5);
    (control[8], control[9], control[10], control[19]) = (i32::from(is_fixed), 1.0f32.to_bits() as i32, 1, 24);
    let mut file = record([b"CORD".to_vec(), words(&control)].concat());
    file.extend(record([words(&[1]), vec![b' '; 80]].concat()));
    file.extend(record(words(&[3])));
    if is_fixed {
        file.extend(record(words(&[1, 3])));
    }
    for k in 0..frames {
        let cell: Vec<u8> = [20.0f64, 0.5, 30.0, 0.0, 0.0, 40.0]
            .iter()
            .flat_map(|v| if is_big { v.to_be_bytes() } else { v.to_le_bytes() })
            .collect();
        file.extend(record(cell));
        for axis in 0..3 {
            let values: Vec<i32> = (0..3)
                .filter(|atom| !is_fixed || k == 0 || *atom != 1)
                .map(|atom| (10.0 * axis as f32 + atom as f32 + k as f32).to_bits() as i32)
                .collect();
            file.extend(record(words(&values)));
        }
    }
    file
}

fn open(bytes: &[u8], options: &ReadOptions) -> Result<Trajectory> {
    let format = sniff::format(bytes, "t").unwrap();
    Trajectory::of_bytes(bytes, format, &Source::Path("t".into()), options, &Silent)
}

fn problem(bytes: &[u8]) -> String {
    open(bytes, &ReadOptions::default()).unwrap_err().to_string()
}

#[test]
fn small_frames_of_xtc_are_read_with_box_and_time() {
    let bytes = [xtc_frame(0, &[0.1, 0.2, 0.3, 1.0, 2.0, 3.0]), xtc_frame(1, &[0.4, 0.5, 0.6, 4.0, 5.0, 6.0])].concat();
    let trajectory = open(&bytes, &ReadOptions::default()).unwrap();
    let frame = trajectory.frame(1).unwrap();
    assert_eq!((trajectory.len(), frame.number, frame.time, frame.rows), (2, 1, Some(2.0), 2));
    assert_eq!(frame.cloud.positions[1], DVec3::new(40.0, 50.0, 60.0));
    assert_eq!(frame.cell, Some([20.0, 30.0, 40.0, 90.0, 90.0, 90.0]));
    assert_eq!(frame.cell_edges().unwrap()[1], DVec3::Y * 30.0);
}

#[test]
fn trr_has_two_precisions_and_frames_without_positions_are_told() {
    for is_double in [false, true] {
        let whole = trr_frame(&[0.5, 1.0, 1.5], 1, is_double);
        let bytes = [trr_frame(&[], 1, is_double), whole.clone(), trr_frame(&[], 1, is_double)].concat();
        let trajectory = open(&bytes, &ReadOptions::default()).unwrap();
        let frame = trajectory.frame(0).unwrap();
        assert_eq!((trajectory.len(), frame.time), (1, Some(2.5)));
        assert_eq!(frame.cloud.positions, [DVec3::new(5.0, 10.0, 15.0)]);
        assert_eq!(trajectory.warnings(), ["2 of 3 frames have no positions and are left out; 1 are read"]);
        assert!(problem(&trr_frame(&[], 1, is_double)).contains("none of its 1 frames has positions"));
    }
}

#[test]
fn dcd_comes_in_both_byte_orders_with_both_marks_and_fixed_atoms() {
    for (is_big, is_long) in [(false, false), (true, false), (false, true), (true, true)] {
        for is_fixed in [false, true] {
            let trajectory = open(&dcd(is_big, is_long, is_fixed, 3), &ReadOptions::default()).unwrap();
            let frame = trajectory.frame(2).unwrap();
            let second = if is_fixed { 1.0 } else { 3.0 };
            let expected = [2.0, second, 4.0].map(|x| DVec3::new(x, x + 10.0, x + 20.0));
            assert_eq!(frame.cloud.positions, expected, "{is_big} {is_long} {is_fixed}");
            assert!(trajectory.len() == 3 && trajectory.warnings().is_empty());
            // The cosine of the angle between a and b is a half.
            let cell = frame.cell.unwrap();
            assert!(cell.iter().zip([20.0, 30.0, 40.0, 90.0, 90.0, 60.0]).all(|(a, b)| (a - b).abs() < 1e-9));
            assert!((frame.time.unwrap() - 20.0 * 0.048_888_21).abs() < 1e-9);
        }
    }
}

#[test]
fn wrong_numbers_of_frames_and_cuts_are_told_with_what_is_kept() {
    let two = [xtc_frame(0, &[0.0; 3]), xtc_frame(1, &[1.0; 3])].concat();
    for cut in 69..two.len() {
        let trajectory = open(&two[..cut], &ReadOptions::default()).unwrap();
        assert_eq!(trajectory.len(), 1);
        assert_eq!(trajectory.warnings(), ["the file is cut in frame 1 (from byte 68 on); frames read: 1"]);
    }
    assert!(problem(&two[..60]).contains("t: byte 0: the file ends within its first frame"));
    let whole = dcd(false, false, false, 3);
    let cut = open(&whole[..whole.len() - 1], &ReadOptions::default()).unwrap();
    assert_eq!(cut.len(), 2);
    assert!(cut.warnings()[0].starts_with("the header claims 3 frames, the file holds 2 and 115 bytes of one more"));
}

#[test]
fn damage_is_told_with_frame_and_byte() {
    let mut bytes = [xtc_frame(0, &[0.0; 3]), xtc_frame(1, &[1.0; 3])].concat();
    bytes[68] = 1;
    assert!(problem(&bytes).starts_with("t: byte 68: a frame of XTC begins with"));
    let mixed = [xtc_frame(0, &[0.0; 3]), xtc_frame(1, &[1.0; 6])].concat();
    assert!(problem(&mixed).contains("byte 68: frame 1 has 2 atoms, the frames before it have 1"));
    let mut bytes = dcd(false, false, false, 2);
    let mark = bytes.len() - 4;
    bytes[mark] = 1;
    let error = open(&bytes, &ReadOptions::default()).unwrap().frame(1).unwrap_err().to_string();
    assert!(error.contains("frame 1: the record of z"), "{error}");
}

#[test]
fn points_without_a_position_are_left_out_and_counted_in_every_frame() {
    let bytes =
        [xtc_frame(0, &[0.0; 6]), xtc_frame(1, &[f32::NAN, 0.0, 0.0, 1.0, 1.0, 1.0]), xtc_frame(2, &[2.0; 6])].concat();
    let options = ReadOptions { pool: true, ..ReadOptions::default() };
    let input = open(&bytes, &options).unwrap().into_input(&Silent).unwrap();
    assert_eq!((input.frame_starts, input.dropped), (vec![0, 2, 3, 5], 1));
    assert_eq!(input.row_of_point, Some(vec![0, 1, 3, 4, 5]));
    assert!(
        input.warnings[0].contains("1 of 6 rows left out") && input.warnings[0].contains("point 0 from 0 of frame 1")
    );
}

#[test]
fn frames_are_thinned_alike_and_chosen_as_a_slice() {
    let bytes: Vec<u8> = (0..5).flat_map(|k| xtc_frame(k, &[0.1 * k as f32; 9])).collect();
    let frames: FrameRange = "::2".parse().unwrap();
    let options = ReadOptions { pool: true, frames, every: Some(2), ..ReadOptions::default() };
    let trajectory = open(&bytes, &options).unwrap();
    assert_eq!(trajectory.chosen(), [0, 2, 4]);
    assert_eq!(trajectory.frame(3).unwrap().row_of_point, Some(vec![0, 2]));
    let input = trajectory.into_input(&Silent).unwrap();
    assert_eq!((input.cloud.len(), input.rows, input.frames), (6, 9, 5));
}

#[test]
fn frames_of_a_text_are_those_read_whole() {
    let text = "2\n\nH 1 2 3\nO 2 2 3\n1\n\nH 4 5 6\n";
    let path = std::env::temp_dir().join(format!("densitas-frames-{}.xyz", std::process::id()));
    std::fs::write(&path, text).unwrap();
    let options = ReadOptions { select: Some("element H".parse().unwrap()), ..ReadOptions::default() };
    let trajectory = Trajectory::open(&Source::Path(path.clone()), &options, &Silent).unwrap();
    std::fs::remove_file(path).unwrap();
    assert_eq!((trajectory.len(), trajectory.format()), (2, "xyz"));
    let frame = trajectory.frame(0).unwrap();
    assert_eq!((frame.cloud.positions, frame.rows), (vec![DVec3::new(1.0, 2.0, 3.0)], 2));
    assert_eq!(trajectory.frame(1).unwrap().cloud.positions[0].x, 4.0);
}

#[test]
fn no_change_of_a_byte_and_no_cut_panics() {
    let long = (0..30).map(|v| v as f32).collect::<Vec<_>>();
    for bytes in [xtc_frame(0, &long[..27]), trr_frame(&long, 10, false), dcd(true, false, true, 2)] {
        for at in 0..bytes.len() {
            for change in [1, 0x80, 0xff] {
                let mut changed = bytes.clone();
                changed[at] ^= change;
                for bytes in [&changed, &bytes[..at].to_vec()] {
                    if let Some(format) = sniff::streamed(bytes) {
                        let source = Source::Path("t".into());
                        let opened = Trajectory::of_bytes(bytes, format, &source, &ReadOptions::default(), &Silent);
                        let _ = opened.and_then(|t| t.into_input(&Silent));
                    }
                }
            }
        }
    }
}
