use rmpv::Value;

use super::*;
use crate::progress::Silent;

fn map(entries: Vec<(&str, Value)>) -> Value {
    Value::Map(entries.into_iter().map(|(k, v)| (k.into(), v)).collect())
}

fn bytes_of(kind: i64, bytes: Vec<u8>) -> Value {
    let encoding = map(vec![("kind", "ByteArray".into()), ("type", kind.into())]);
    map(vec![("data", Value::Binary(bytes)), ("encoding", Value::Array(vec![encoding]))])
}

fn column(name: &str, data: Value, mask: Value) -> Value {
    map(vec![("name", name.into()), ("data", data), ("mask", mask)])
}

fn array(kind: i64) -> Value {
    map(vec![("kind", "ByteArray".into()), ("type", kind.into())])
}

/// Two models of a C alpha each; the z of the second is not known.
fn sample() -> Vec<u8> {
    let f32s = |values: [f32; 2]| bytes_of(32, values.iter().flat_map(|v| v.to_le_bytes()).collect());
    let packed = map(vec![
        // 127 + 127 + 0 = 254, then 1: deltas from 100, in tenths: 35.4 and 35.5.
        ("data", Value::Binary(vec![127, 127, 0, 1])),
        (
            "encoding",
            Value::Array(vec![
                map(vec![("kind", "FixedPoint".into()), ("factor", 10.into()), ("srcType", 32.into())]),
                map(vec![("kind", "Delta".into()), ("origin", 100.into()), ("srcType", 3.into())]),
                map(vec![
                    ("kind", "IntegerPacking".into()),
                    ("byteCount", 1.into()),
                    ("isUnsigned", false.into()),
                    ("srcSize", 2.into()),
                ]),
                array(1),
            ]),
        ),
    ]);
    let model = map(vec![
        ("data", Value::Binary(vec![1, 1, 2, 1])),
        ("encoding", Value::Array(vec![map(vec![("kind", "RunLength".into()), ("srcSize", 2.into())]), array(1)])),
    ]);
    let name = map(vec![
        ("data", Value::Binary(vec![0, 0])),
        (
            "encoding",
            Value::Array(vec![map(vec![
                ("kind", "StringArray".into()),
                ("dataEncoding", Value::Array(vec![array(4)])),
                ("stringData", "CA".into()),
                ("offsetEncoding", Value::Array(vec![array(4)])),
                ("offsets", Value::Binary(vec![0, 2])),
            ])]),
        ),
    ]);
    let columns = vec![
        column("Cartn_x", packed, Value::Nil),
        column("Cartn_y", f32s([1.5, 2.5]), Value::Nil),
        column("Cartn_z", f32s([3.0, 0.0]), bytes_of(4, vec![0, 2])),
        column("label_atom_id", name, Value::Nil),
        column("pdbx_PDB_model_num", model, Value::Nil),
    ];
    let atoms = map(vec![("name", "_atom_site".into()), ("rowCount", 2.into()), ("columns", Value::Array(columns))]);
    let block = map(vec![("header", "T".into()), ("categories", Value::Array(vec![atoms]))]);
    let file =
        map(vec![("encoder", "t".into()), ("version", "0.3.0".into()), ("dataBlocks", Value::Array(vec![block]))]);
    let mut bytes = Vec::new();
    rmpv::encode::write_value(&mut bytes, &file).unwrap();
    bytes
}

#[test]
fn every_encoding_is_undone() {
    let bytes = sample();
    assert!(is_bcif(&bytes));
    let parsed = parse(&bytes, "t.bcif", &Silent).unwrap();
    assert_eq!(parsed.cloud.positions, [DVec3::new(35.4, 1.5, 3.0)]);
    assert_eq!((parsed.starts, parsed.row_starts), (vec![0, 1, 1], vec![0, 1, 2]));
    assert_eq!(parsed.cloud.atoms.unwrap().name.get(0), "CA");
    assert_eq!(parsed.first_dropped.as_deref(), Some("line 2"));
}

#[test]
fn changes_and_cuts_never_panic() {
    let bytes = sample();
    for at in 0..bytes.len() {
        let _ = parse(&bytes[..at], "t", &Silent);
        for change in [1, 0x80, 0xff] {
            let mut changed = bytes.clone();
            changed[at] ^= change;
            let _ = parse(&changed, "t", &Silent);
        }
    }
}
