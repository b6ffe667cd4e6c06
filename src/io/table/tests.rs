use super::*;
use crate::io::write_csv;
use crate::points::PointCloud;
use crate::progress::Silent;

fn read_with(text: &[u8], options: &ReadOptions) -> Result<Parsed> {
    parse(text, "t.csv", options, &Silent)
}

fn read(text: &str) -> Parsed {
    read_with(text.as_bytes(), &ReadOptions::default()).unwrap()
}

fn problem(text: &str) -> String {
    read_with(text.as_bytes(), &ReadOptions::default()).unwrap_err().to_string()
}

fn xyz(columns: &[&str]) -> ReadOptions {
    ReadOptions { columns: Some(columns.iter().map(|c| (*c).to_owned()).collect()), ..ReadOptions::default() }
}

const P: DVec3 = DVec3::new(1.5, 2.5, 3.5);
const Q: DVec3 = DVec3::new(4.5, 5.5, 6.5);

#[test]
fn the_same_points_come_out_of_every_layout() {
    for text in [
        "x,y,z\n1.5,2.5,3.5\n4.5,5.5,6.5\n",
        "x;y;z\n1,5;2,5;3,5\n4,5;5,5;6,5",
        "x\ty\tz\r\n1.5\t2.5\t3.5\r\n4.5\t5.5\t6.5\r\n",
        "x,y,z\r1.5,2.5,3.5\r4.5,5.5,6.5\r",
        "\u{feff}x,y,z\n1.5,2.5,3.5\n4.5,5.5,6.5\n",
        "1.5 2.5 3.5\n\n# comment\n 4.5  5.5 6.5 \n",
        "1,5 2,5 3,5\n4,5 5,5 6,5\n",
        "# made by me\n# x y z\n1.5 2.5 3.5\n4.5 5.5 6.5\n",
        "\"x\",\"y\",\"z\",\"what\"\n\"1.5\",2.5,3.5,\"a, b\"\n4.5,5.5,6.5,c\n",
        "\"z,\"\"x\"\",\"\"y\"\"\"\n3.5,1.5,2.5\n6.5,4.5,5.5\n",
        "frame,Position Y,Position Z,Position X\n1,2.5,3.5,1.5\n2,5.5,6.5,4.5\n",
        "x, y, z,\n1.5, 2.5, 3.5,\n4.5, 5.5, 6.5,\n",
        "a,b,c\n1.5,2.5,3.5\n4.5,5.5,6.5\n",
        "x,y,z\n1.5,2.5,3.5,\n4.5,5.5,6.5,\n",
    ] {
        assert_eq!(read(text).cloud.positions, [P, Q], "{text:?}");
    }
}

/// What stands above the rows, each with the notes that tell of it.
#[test]
fn headers_of_many_programs_are_passed_over() {
    for (text, unit, notes) in [
        // Imaris 9 and 10.
        (
            "\nPosition\n====================\nPosition X,Position Y,Position Z,Unit,Category,Time,ID,\n\
             1.5,2.5,3.5,um,Spot,1,0,\n4.5,5.5,6.5,um,Spot,1,1,\n",
            Some("um"),
            &[
                "2 lines are skipped before the names on line 4 (first: `Position`)",
                "the unit is µm by the column `Unit`",
            ][..],
        ),
        ("Version 3\nPixel size,0.1\nx,y,z,I\n1.5,2.5,3.5,9\n4.5,5.5,6.5,9\n", None, &["2 lines are skipped"]),
        ("Cell 4\nOn: Monday\n\nx [nm]\ty [nm]\tz [nm]\n1.5\t2.5\t3.5\n4.5\t5.5\t6.5\n", Some("nm"), &["2 lines"]),
        ("by me\na,b,c\n1.5,2.5,3.5\n4.5,5.5,6.5\n", None, &["line is skipped before the names on line 2", "no axes"]),
        // TrackMate.
        (
            "LABEL,ID,POSITION_X,POSITION_Y,POSITION_Z\nLabel,Spot ID,X,Y,Z\nLabel,Spot ID,X,Y,Z\n\
             ,,(micron),(micron),(micron)\nID1,1,1.5,2.5,3.5\nID2,2,4.5,5.5,6.5\n",
            Some("um"),
            &["3 lines up to 4 without a number are taken as part of the header"],
        ),
        ("x,y,z\n[nm],[nm],[nm]\n1.5,2.5,3.5\n4.5,5.5,6.5\n", Some("nm"), &["line 2 without a number is taken"]),
        ("| x | y | z |\n|---|---|---|\n| 1.5 | 2.5 | 3.5 |\n| 4.5 | 5.5 | 6.5 |\n", None, &["line 2 without"]),
        ("x|y|z\n1.5|2.5|3.5\n4.5|5.5|6.5\n", None, &[]),
        // R and pandas.
        ("x y z\nr1 1.5 2.5 3.5\nr2 4.5 5.5 6.5\n", None, &["the first is taken as their name"]),
        ("\"x\" \"y\" \"z\"\n\"1\" 1.5 2.5 3.5\n\"2\" 4.5 5.5 6.5\n", None, &["the first is taken as their name"]),
        (",x,y,z\n0,1.5,2.5,3.5\n1,4.5,5.5,6.5\n", None, &[]),
        // Comments of MATLAB, XPLOR, GROMACS, C, and the end of a file of DOS.
        ("% by me\n% x y z\n1.5 2.5 3.5\n4.5 5.5 6.5\n\u{1a}", None, &[]),
        ("! by me\n1.5 2.5 3.5\n4.5 5.5 6.5\n", None, &["no header"]),
        ("@ s0 legend \"y\"\n// and\n1.5 2.5 3.5\n4.5 5.5 6.5\n", None, &["no header"]),
        // QuPath.
        ("Name\tCentroid X µm\tCentroid Y µm\tCentroid Z µm\nN\t1.5\t2.5\t3.5\nN\t4.5\t5.5\t6.5\n", Some("um"), &[]),
        (" 1.5D+00  0.25D+01  3.5D0\n 4.5d0 5.5d0 6.5d0\n", None, &["no header"]),
    ] {
        let parsed = read(text);
        assert_eq!(parsed.cloud.positions, [P, Q], "{text:?}");
        assert_eq!(parsed.cloud.unit, unit.map(|u| u.parse().unwrap()), "{text:?}");
        let are_told = parsed.notes.len() == notes.len() && notes.iter().zip(&parsed.notes).all(|(a, b)| b.contains(a));
        assert!(are_told, "{text:?}: {:?}", parsed.notes);
    }
}

#[test]
fn thousands_are_read_or_refused() {
    let first = |text: &str| read(text).cloud.positions[0];
    let expected = DVec3::new(1234.5, 2345.0, 12.0);
    for text in [
        "x,y,z\n\"1,234.5\",\"2,345\",12\n",
        "x;y;z\n1.234,5;2.345,0;12\n",
        "x;y;z\n1,234.5;2,345;12\n",
        "x;y;z\n1'234.5;2'345;12\n",
        "x;y;z\n1 234,5;2\u{a0}345;12\n",
        "x\ty\tz\n1,234.5\t2,345.0\t12.0\n",
    ] {
        assert_eq!(first(text), expected, "{text:?}");
    }
    assert_eq!(first("x,y,z\n\u{2212}1.5,\"2,5\",3\n"), DVec3::new(-1.5, 2.5, 3.0));
}

#[test]
fn columns_are_chosen_by_name_and_number() {
    let text = b"a,b [nm],c,d\n0,1.5,2.5,3.5\n";
    for columns in [["b [nm]", "c", "d"], ["B", "3", "d"], ["2", "3", "4"]] {
        let parsed = read_with(text, &xyz(&columns)).unwrap();
        assert_eq!((parsed.cloud.positions[0], parsed.cloud.unit), (P, Some(LengthUnit::Nanometre)), "{columns:?}");
    }
    assert_eq!(read_with(text, &xyz(&["c", "d"])).unwrap().dimensions, 2);
    for (columns, expected) in [
        (vec!["a", "b", "e"], "no column `e`; its columns are `a`, `b [nm]`"),
        (vec!["a", "b", "5"], "no column `5`"),
        (vec!["a", "b", "a"], "`a` is asked for twice"),
        (vec!["a"], "--columns names 1"),
    ] {
        let error = read_with(text, &xyz(&columns)).unwrap_err();
        assert!(matches!(error, Error::Usage(_)) && error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn ambiguous_or_unknown_headers_ask_for_columns() {
    assert!(problem("x_nm,x_px,y,z\n1,2,3,4\n").contains("both name one axis; choose with --columns"));
    assert!(problem("a,b,c,d\n1,2,3,4\n").contains("among `a`, `b`, `c`, `d`; choose with --columns"));
    assert!(problem("x [nm],y [nm],z [um]\n1,2,3\n").contains("different units"));
    let four = read("1,2,3,4\n");
    assert_eq!((four.cloud.positions[0], four.notes.len()), (DVec3::new(1.0, 2.0, 3.0), 1));
    let bare = read("x,position_x,y,z\n1,9,2,3\n");
    assert_eq!(bare.cloud.positions[0].x, 1.0);
}

#[test]
fn metres_become_nanometres_and_it_is_told() {
    let parsed = read("x [m],y [m],z [m]\n1e-6,2e-6,3e-9\n");
    assert!((parsed.cloud.positions[0] - DVec3::new(1000.0, 2000.0, 3.0)).length() < 1e-9);
    assert_eq!((parsed.cloud.unit, parsed.notes.len()), (Some(LengthUnit::Nanometre), 1));
    let mm = read("x [mm],y [mm],z [mm]\n1,2,3\n");
    assert!(mm.cloud.unit.is_none() && mm.notes[0].contains("`x [mm]` is not known"));
    let latin1 = read_with(b"x [\xb5m],y [\xb5m],z [\xb5m]\n1,2,3\n", &ReadOptions::default()).unwrap();
    assert_eq!(latin1.cloud.unit, Some(LengthUnit::Micrometre));
    assert_eq!(read("x [um],y [um],z [um]\n1,2,3\n").cloud.positions[0], DVec3::new(1.0, 2.0, 3.0));
}

#[test]
fn points_of_a_plane_have_two_dimensions() {
    let parsed = read("frame,x [nm],y [nm]\n1,2,3\n");
    assert_eq!((parsed.dimensions, parsed.cloud.positions[0]), (2, DVec3::new(2.0, 3.0, 0.0)));
    assert_eq!(read("1 2\n3 4\n").dimensions, 2);
}

#[test]
fn rows_without_a_finite_position_are_left_out_with_their_line() {
    let parsed = read("x,y,z\n1,2,3\n\nNaN,2,3\n4,,6\n7,inf,9\n1e400,0,0\nNA,1,1\n4,5,6\n");
    assert_eq!((parsed.cloud.len(), parsed.row_starts), (2, vec![0, 7]));
    assert_eq!((parsed.row_of_point, parsed.first_dropped.as_deref()), (Some(vec![0, 6]), Some("line 4")));
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    for (text, expected) in [
        ("x,y,z\n1,2,3\n4,5\n6,7,8\n", "t.csv:3: has 2 fields, 3 are expected as on line 1"),
        ("1,2,3\n4,5,6,7\n", "t.csv:2: has 4 fields, 3"),
        ("x,y,z\n1,2,3\n4,five,6\n", "t.csv:3: column `y` is `five`, a number"),
        ("x,y,z\n1,\u{0}2,3\n", "t.csv:2: holds a NUL"),
        ("x,y,z\n\"1,2,3\n4,5,6\n", "t.csv:2: a quote is not closed"),
        ("x;y;z\n1,5;2;3\n1.5;2;3\n", "t.csv:3: `1.5` mixes decimal commas"),
        ("x,y,z\n\"1,234\",2,3\n", "t.csv:2: column `x`: `1,234` may be 1234 or 1.234; write it with a decimal point"),
        ("x;y;z\n1.000,5;2;3\n1.5;2;3\n", "t.csv:3: `1.5` mixes decimal commas"),
        ("made by me\nx,y,z\n1,2,3\n4,5\n", "t.csv:4: has 2 fields, 3 are expected as on line 2"),
        ("x:y:z\n1:2:3\n", "part the fields by commas, semicolons, tabs, | or blanks"),
        (",0,1,2\n0,1.5,2.5,3.5\n", "among ``, `0`, `1`, `2`; choose with --columns"),
        ("x,y,z\n5,1,2,3\n7,4,5,6\n", "t.csv:2: has 4 fields, 3 are expected as on line 1"),
        ("x,y,z\n", "t.csv: has a header but no rows"),
        ("# only\n", "t.csv: holds no rows"),
        ("x\n1\n2\n", "no columns x, y, z are found among `x`"),
        ("1\n2\n", "has 1 column"),
    ] {
        assert!(problem(text).contains(expected), "{text:?}: {}", problem(text));
    }
}

#[test]
fn commas_that_could_part_thousands_are_told() {
    let note = |text: &str| read(text).notes.into_iter().find(|note| note.contains("taken as decimal"));
    let told = note("x;y;z\n1,234;2;3\n4;5,678;6\n").unwrap();
    assert!(told.contains("`1,234` on line 2 is read as 1.234"), "{told}");
    let later = format!("x\ty\tz\n{}4\t5,678\t6\n", "1\t2\t3\n".repeat(1 << 18));
    assert!(note(&later).unwrap().contains("`5,678` on line 262146"));
    for text in ["x;y;z\n1,234;2;3\n4;5,6;6\n", "x;y;z\n1.234;2;3\n", "x;y;z\n0,234;2;3\n", "x;y;z\n1234,567;2;3\n"] {
        assert_eq!(note(text), None, "{text}");
    }
    let thousands = read("x;y;z\n1,234,567;2,345;3\n4;6;7.5\n");
    assert_eq!(thousands.cloud.positions[0], DVec3::new(1_234_567.0, 2345.0, 3.0));
}

#[test]
fn weights_and_further_columns_come_along() {
    let text = "x,y,z,w,s [nm]\n1,2,3,0.5,7\nnan,2,3,-1,8\n4,5,6,0,\n";
    let options = ReadOptions { weights: Some("w".into()), extra_columns: vec!["s".into()], ..ReadOptions::default() };
    let cloud = read_with(text.as_bytes(), &options).unwrap().cloud;
    assert_eq!(cloud.weights, Some(vec![0.5, 0.0]));
    assert_eq!((cloud.columns[0].name.as_str(), cloud.columns[0].values[0]), ("s [nm]", 7.0));
    assert!(cloud.columns[0].values[1].is_nan());
    // Points are coloured by a coordinate, or by what they are weighted or spread by.
    let again = ReadOptions {
        extra_columns: ["z", "w", "s", "z"].map(Into::into).to_vec(),
        sigma_columns: Some(vec!["s".into()]),
        ..options.clone()
    };
    let cloud = read_with(b"x,y,z,w,s\n1,2,3,0.5,7\n4,5,6,0,8\n", &again).unwrap().cloud;
    let columns: Vec<&[f64]> = cloud.columns.iter().map(|c| &c.values[..]).collect();
    assert_eq!(columns, [[3.0, 6.0], [0.5, 0.0], [7.0, 8.0], [3.0, 6.0]]);
    assert_eq!((cloud.positions[1], cloud.sigmas.unwrap()[1]), (DVec3::new(4.0, 5.0, 6.0), DVec3::splat(8.0)));
    for bad in ["-0.3", "nan", "inf", ""] {
        let text = format!("x,y,z,w,s\n1,2,3,1,1\n1,2,3,{bad},1\n");
        let error = read_with(text.as_bytes(), &options).unwrap_err().to_string();
        assert!(error.starts_with("t.csv:3: the weight is "), "{error}");
    }
}

#[test]
fn standard_deviations_are_in_the_unit_of_the_positions() {
    let read = |header: &str, columns: &str, unit: Option<LengthUnit>| {
        let sigma_columns = Some(columns.split(',').map(Into::into).collect());
        let options = ReadOptions { sigma_columns, unit, ..ReadOptions::default() };
        let text = format!("{header}\n1,2,3,20,40\nnan,2,3,-1,0\n4,5,6,30,50\n");
        let input = read_with(text.as_bytes(), &options)?;
        Ok::<_, Error>((input.cloud.sigmas.unwrap(), input.notes.join("; ")))
    };
    let first = |header: &str, columns: &str| read(header, columns, None).unwrap().0[0].to_array();
    assert_eq!(first("x [nm],y [nm],z [nm],s [nm],t [nm]", "s"), [20.0; 3]);
    assert_eq!(first("x [nm],y [nm],z [nm],s [nm],t [nm]", "s,s,t"), [20.0, 20.0, 40.0]);
    assert_eq!(first("x [nm],y [nm],z [nm],s [A],t [um]", "5,4,s"), [40000.0, 2.0, 2.0]);
    assert_eq!(first("x [m],y [m],z [m],s [m],t [nm]", "s,t,t"), [20e9, 40.0, 40.0]);
    assert_eq!(first("x [m],y [m],z [m],s,t", "s"), [20e9; 3]);
    let both = read("x,y,z,s [nm],t", "s", None).unwrap();
    assert!(
        both.0 == [DVec3::splat(20.0), DVec3::splat(30.0)] && both.1.contains("is taken to be in the same"),
        "{both:?}"
    );
    assert_eq!(read("x,y,z,s [nm],t", "s", Some(LengthUnit::Angstrom)).unwrap().0[0], DVec3::splat(200.0));
    for (header, columns, expected) in [
        ("x [px],y [px],z [px],s [nm],t", "s", "cannot be converted into px"),
        ("x,y,z,s,t", "s,t", "2 columns; give one, or one for each of the 3"),
        ("x,y,z,s,t", "z", "`z` is asked for twice"),
        ("x,y,z,s,t", "q", "has no column `q`"),
    ] {
        let error = read(header, columns, None).unwrap_err();
        assert!(error.exit_code() == 2 && error.to_string().contains(expected), "{error}");
    }
    for bad in ["0", "-0.3", "nan", "inf", ""] {
        let options = ReadOptions { sigma_columns: Some(vec!["s".into()]), ..ReadOptions::default() };
        let error = read_with(format!("x,y,s\n1,2,3\n1,2,{bad}\n").as_bytes(), &options).unwrap_err().to_string();
        assert!(error.starts_with("t.csv:3: column `s` is "), "{error}");
    }
    let options = ReadOptions { sigma_columns: Some(vec!["s".into(), "t".into()]), ..ReadOptions::default() };
    let plane = read_with(b"x,y,s,t\n1,2,3,4\n5,6,7,8\n", &options).unwrap();
    assert_eq!((plane.dimensions, plane.cloud.sigmas.unwrap()[0].truncate()), (2, glam::DVec2::new(3.0, 4.0)));
}

#[test]
fn a_written_cloud_reads_back_exactly() {
    let path = std::env::temp_dir().join(format!("densitas-csv-{}.csv", std::process::id()));
    let cloud = PointCloud {
        positions: vec![DVec3::new(0.1, -1.0 / 3.0, 1e-300), DVec3::new(f64::MAX, 5e-324, 123_456_789.123_456_79)],
        weights: Some(vec![0.1 + 0.2, 1e22]),
        sigmas: Some(vec![DVec3::new(0.1, 2.0, 1e-3), DVec3::splat(5.5)]),
        unit: Some(LengthUnit::Angstrom),
        columns: vec![Column { name: "a \"b\", c".into(), values: vec![1.0, 2.0] }],
        ..PointCloud::default()
    };
    write_csv(&path, &cloud, None).unwrap();
    let options = ReadOptions {
        weights: Some("weight".into()),
        sigma_columns: Some(["sigma_x", "sigma_y", "sigma_z"].map(Into::into).to_vec()),
        extra_columns: vec!["a \"b\", c".into()],
        ..ReadOptions::default()
    };
    let back = read_with(&std::fs::read(&path).unwrap(), &options).unwrap().cloud;
    std::fs::remove_file(&path).unwrap();
    assert_eq!((back.positions, back.weights, back.unit), (cloud.positions, cloud.weights, cloud.unit));
    assert_eq!((back.columns, back.sigmas), (cloud.columns, cloud.sigmas));
}

/// Catches: rows without values that are taken for comments, or for a part of the header.
#[test]
fn rows_without_values_are_rows() {
    for text in [
        "x,y,z\n#N/A,1,2\n1.5,2.5,3.5\n4.5,5.5,6.5\n",
        "x,y,z\n1.5,2.5,3.5\n#REF!,1,2\n4.5,5.5,6.5\n",
        "x,y,z\n1.5,2.5,3.5\n4.5,5.5,6.5\n3,#DIV/0!,2\n",
        "x,y,z,name\nNA,NA,NA,foo\n1.5,2.5,3.5,b\n4.5,5.5,6.5,c\n",
        "label,x,y,z\nA,,,\nB,1.5,2.5,3.5\nC,4.5,5.5,6.5\n",
    ] {
        let parsed = read(text);
        assert_eq!((parsed.cloud.positions, parsed.row_starts), (vec![P, Q], vec![0, 3]), "{text:?}");
    }
    for text in ["#N/A,2,3\n1.5,2.5,3.5\n4.5,5.5,6.5\n", "N/A,2,3\n1.5,2.5,3.5\n4.5,5.5,6.5\n"] {
        let parsed = read(text);
        assert_eq!((parsed.cloud.positions, parsed.row_starts), (vec![P, Q], vec![0, 3]), "{text:?}");
        assert_eq!(parsed.cloud.unit, None, "{text:?}");
    }
    assert_eq!(read("x,y,z\n#N/A values below\n1.5,2.5,3.5\n4.5,5.5,6.5\n").row_starts, [0, 2]);
    assert!(problem("x,y,z\n0x10,0x20,0x30\n1,2,3\n").contains("0x10"));
    let hint = &read("x,y,count\n1,2,3\n4,5,6\n").notes;
    assert!(hint.iter().any(|n| n.contains("--weights count")), "{hint:?}");
    let weights = ReadOptions { weights: Some("count".into()), ..ReadOptions::default() };
    let used = read_with(b"x,y,count\n1,2,3\n4,5,6\n", &weights).unwrap().notes;
    assert!(!used.iter().any(|n| n.contains("--weights count")), "{used:?}");
}

/// Catches: localisations of MINFLUX a thousand million times too small, and others of such names taken for metres.
#[test]
fn locations_of_minflux_are_in_metres() {
    let read = |text: &str| parse(text.as_bytes(), "t.csv", &ReadOptions::default(), &Silent).unwrap();
    let metres = read("tid,loc_x,loc_y,loc_z\n1,nan,nan,nan\n1,1e-6,-2e-6,3e-8\n");
    assert_eq!(metres.cloud.unit, Some(LengthUnit::Nanometre));
    assert!(metres.cloud.positions[0].abs_diff_eq(DVec3::new(1000.0, -2000.0, 30.0), 1e-9), "{:?}", metres.cloud);
    assert!(metres.notes.iter().any(|note| note.contains("MINFLUX, in metres")), "{:?}", metres.notes);
    for text in ["loc_x,loc_y,loc_z\n1000,2000,30\n", "x,y,z\n1e-6,2e-6,3e-8\n"] {
        assert_eq!(read(text).cloud.unit, None, "{text}");
    }
}
