//! Peculiarities of the programs that write localisation tables.

use memchr::memmem;

/// The table without the parameters that Zeiss Elyra appends after a NUL, and a note if it has them.
pub(super) fn without_trailer(text: &[u8]) -> (&[u8], Vec<String>) {
    if has_trailer(text)
        && let Some(at) = memmem::find(text, b"\n\0")
    {
        return (&text[..=at], vec!["the parameters after the table are skipped (Zeiss Elyra)".into()]);
    }
    (text, Vec::new())
}

/// Whether parameters may follow the table.
pub(super) fn has_trailer(text: &[u8]) -> bool {
    text.starts_with(b"Index\tFirst Frame\t")
}

/// The columns that rapidSTORM states as XML in a comment.
#[derive(Debug, PartialEq)]
pub(super) struct RapidStorm {
    pub(super) names: Vec<String>,
    /// Whether tracks of any length follow the columns.
    pub(super) may_be_longer: bool,
}

/// Reads `# <localizations ...><field identifier="Position-0-0" ... unit="nanometer" .../>...`;
/// fields of nested localizations (tracks) are not columns.
pub(super) fn rapidstorm_columns(comment: &[u8]) -> Option<RapidStorm> {
    let text = std::str::from_utf8(comment).ok()?;
    let (_, inner) = text.split_once("<localizations")?;
    let columns = inner.split("<localizations").next()?;
    let names: Vec<String> = columns.split("<field ").skip(1).filter_map(column_name).collect();
    let may_be_longer = inner.contains("<localizations");
    // The number of tracks is a column of its own that no field states.
    (!names.is_empty()).then_some(RapidStorm { names, may_be_longer })
}

/// `x [nanometer]` for the position along the first axis; other identifiers stay.
fn column_name(field: &str) -> Option<String> {
    let identifier = attribute(field, "identifier")?;
    let axis = match identifier {
        "Position-0-0" => "x",
        "Position-1-0" => "y",
        "Position-2-0" => "z",
        other => return Some(other.to_owned()),
    };
    Some(attribute(field, "unit").map_or(axis.to_owned(), |unit| format!("{axis} [{unit}]")))
}

fn attribute<'a>(field: &'a str, name: &str) -> Option<&'a str> {
    let (_, value) = field.split_once(&format!("{name}=\""))?;
    value.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rapidstorm_states_its_columns_in_a_comment() {
        let comment = b"# <localizations a=\"b\"><field identifier=\"Position-0-0\" unit=\"nanometer\" /><field \
            identifier=\"ImageNumber-0-0\" /><localizations><field identifier=\"Position-0-0\"/></localizations>";
        let columns = rapidstorm_columns(comment).unwrap();
        assert_eq!(
            columns,
            RapidStorm { names: vec!["x [nanometer]".into(), "ImageNumber-0-0".into()], may_be_longer: true }
        );
        assert_eq!(rapidstorm_columns(b"# x y z"), None);
    }

    #[test]
    fn only_elyra_files_lose_what_follows_a_nul() {
        let (text, notes) = without_trailer(b"Index\tFirst Frame\tx\n1\t2\t3\n\0\r\nVoxelSize");
        assert_eq!((text, notes.len()), (&b"Index\tFirst Frame\tx\n1\t2\t3\n"[..], 1));
        assert_eq!(without_trailer(b"x,y\n\0").0, b"x,y\n\0");
    }
}
