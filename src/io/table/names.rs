//! Which columns of a table are positions, and in which unit.

use super::layout::Layout;
use crate::error::{Error, Result};
use crate::geometry::LengthUnit;
use crate::io::ReadOptions;

/// The columns that are used, as indices from 0.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    /// x, y and z, or x and y.
    pub(super) positions: Vec<usize>,
    pub(super) weight: Option<usize>,
    pub(super) further: Vec<usize>,
    /// For x, y and z a column and what its values are multiplied by; empty if none were asked for.
    pub(super) sigmas: Vec<(usize, f64)>,
    /// The unit by the header, and the one that the user declares.
    pub(super) unit: Option<LengthUnit>,
    pub(super) declared: Option<LengthUnit>,
    pub(super) notes: Vec<String>,
}

/// Words around the axis that name a position: `position_x`, `x_coord`.
const POSITION_WORDS: &[&str] = &[
    "position",
    "pos",
    "coordinate",
    "coordinates",
    "coord",
    "coords",
    "center",
    "centre",
    "centroid",
    "cartn",
    "loc",
    "points",
];

/// A column name understood as an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Axis {
    /// 0 to 2 for x to z.
    axis: usize,
    /// 0 for the bare letter, 1 with words around it.
    rank: u8,
    unit: Option<LengthUnit>,
}

/// Finds all columns that `options` and the header ask for; `size` gives the largest magnitude in the first rows of a
/// column.
pub(super) fn choose(
    layout: &Layout,
    options: &ReadOptions,
    name: &str,
    size: &mut dyn FnMut(usize) -> Option<f64>,
) -> Result<Chosen> {
    let mut chosen = match &options.columns {
        Some(columns) => named_positions(layout, columns, name)?,
        None if layout.has_names => positions_by_header(layout, name)?,
        None => positions_by_order(layout, name)?,
    };
    chosen.weight = options.weights.as_ref().map(|w| find(layout, w, name)).transpose()?;
    chosen.further = options.extra_columns.iter().map(|c| find(layout, c, name)).collect::<Result<_>>()?;
    // A further column may be one of these too: points are coloured by a coordinate.
    let mut all: Vec<usize> = chosen.positions.iter().chain(&chosen.weight).copied().collect();
    all.sort_unstable();
    if let Some(twice) = all.windows(2).find(|pair| pair[0] == pair[1]) {
        let column = &layout.columns[twice[0]];
        return Err(Error::Usage(format!("{name}: column `{column}` is asked for twice; name each column once")));
    }
    chosen.declared = options.unit;
    chosen.unit = common_unit(layout, &chosen.positions, name)?;
    if let (None, Some(unit)) = (chosen.unit, layout.unit_of_rows) {
        chosen.unit = Some(unit);
        chosen.notes.push(format!("the unit is {unit} by the column `Unit`"));
    }
    if chosen.unit.is_none() && options.unit.is_none() && are_of_minflux(layout, &chosen.positions, size) {
        chosen.unit = Some(LengthUnit::Metre);
        chosen
            .notes
            .push("columns loc_x, loc_y without a unit are those of MINFLUX, in metres; --unit says another".into());
    }
    if let Some(columns) = &options.sigma_columns {
        choose_sigmas(&mut chosen, layout, columns, name)?;
    }
    if layout.has_names && options.weights.is_none() {
        chosen.notes.extend(unused_weights(layout, &chosen));
    }
    let unknown = chosen.positions.iter().map(|c| &layout.columns[*c]).find(|c| has_unknown_unit(c));
    if let Some(column) = unknown {
        chosen.notes.push(format!("the unit of `{column}` is not known; --unit declares one"));
    }
    Ok(chosen)
}

/// Whether the positions are named as those of MINFLUX microscopes, and as small as metres make them.
fn are_of_minflux(layout: &Layout, positions: &[usize], size: &mut dyn FnMut(usize) -> Option<f64>) -> bool {
    /// A sample is not as large as that.
    const MOST_METRES: f64 = 0.01;
    let is_named =
        |c: &usize| ["loc_x", "loc_y", "loc_z"].iter().any(|n| layout.columns[*c].trim().eq_ignore_ascii_case(n));
    positions.iter().all(is_named) && positions.iter().all(|c| size(*c).is_some_and(|size| size < MOST_METRES))
}

/// Names of columns that are likely to say how much a row counts.
const WEIGHTS: [&str; 4] = ["count", "counts", "weight", "weights"];

/// A hint at a column that is likely to hold weights and is not used.
fn unused_weights(layout: &Layout, chosen: &Chosen) -> Option<String> {
    let is_used = |c: usize| chosen.positions.contains(&c) || chosen.further.contains(&c);
    let is_weight = |name: &str| WEIGHTS.contains(&name.trim().to_lowercase().as_str());
    let (_, name) = layout.columns.iter().enumerate().find(|(c, name)| is_weight(name) && !is_used(*c))?;
    Some(format!("each row counts as one point; --weights {name} takes the column `{name}` as how much it counts"))
}

/// Finds the columns of the standard deviations, and what takes them to the unit that the positions will have.
fn choose_sigmas(chosen: &mut Chosen, layout: &Layout, columns: &[String], name: &str) -> Result<()> {
    let axes = chosen.positions.len();
    let columns: Vec<usize> = columns.iter().map(|c| find(layout, c, name)).collect::<Result<_>>()?;
    let taken = columns.iter().find(|c| chosen.positions.contains(c) || chosen.weight == Some(**c));
    if let Some(column) = taken {
        let column = &layout.columns[*column];
        return Err(Error::Usage(format!("{name}: column `{column}` is asked for twice; name each column once")));
    }
    let of_axis: Vec<usize> = match columns[..] {
        [one] => vec![one; 3],
        [x, y] if axes == 2 => vec![x, y, x],
        [x, y, z] if axes == 3 => vec![x, y, z],
        _ => {
            let count = columns.len();
            return Err(Error::Usage(format!(
                "{name}: --sigma-columns names {count} columns; give one, or one for each of the {axes} coordinates"
            )));
        }
    };
    for column in of_axis {
        let scale = sigma_scale(chosen, &layout.columns[column], name)?;
        chosen.sigmas.push((column, scale));
    }
    chosen.notes.dedup();
    Ok(())
}

/// What takes the values of a column to the unit of the positions.
fn sigma_scale(chosen: &mut Chosen, column: &str, name: &str) -> Result<f64> {
    let (unit, of_positions) = (split_unit(column).1, chosen.unit);
    let (read, scale, _) = super::read_as(of_positions, chosen.declared);
    if unit == of_positions {
        return Ok(scale);
    }
    match (unit, chosen.declared.or(read)) {
        (Some(from), Some(to)) => from.convert(1.0, to).ok_or_else(|| {
            Error::Usage(format!(
                "{name}: column `{column}` is in {from}, which cannot be converted into {to}, the unit of the positions"
            ))
        }),
        (Some(from), None) => {
            chosen
                .notes
                .push(format!("the unit of the positions is unknown; `{column}` in {from} is taken to be in the same"));
            Ok(1.0)
        }
        (None, _) => {
            chosen.notes.push(format!("the unit of `{column}` is not known; it is taken to be that of the positions"));
            Ok(scale)
        }
    }
}

fn named_positions(layout: &Layout, columns: &[String], name: &str) -> Result<Chosen> {
    if !(2..=3).contains(&columns.len()) {
        return Err(Error::Usage(format!("--columns names {} columns; give x,y,z or x,y", columns.len())));
    }
    let positions = columns.iter().map(|c| find(layout, c, name)).collect::<Result<_>>()?;
    Ok(Chosen { positions, ..Chosen::default() })
}

/// A column by its name (exactly, in any case, without its unit) or 1-based number.
fn find(layout: &Layout, wanted: &str, name: &str) -> Result<usize> {
    let by = |test: &dyn Fn(&str) -> bool| layout.columns.iter().position(|column| test(column));
    let wanted = wanted.trim();
    by(&|c| c == wanted)
        .or_else(|| by(&|c| c.to_lowercase() == wanted.to_lowercase()))
        .or_else(|| by(&|c| split_unit(c).0.to_lowercase() == wanted.to_lowercase()))
        .or_else(|| wanted.parse().ok().filter(|n| (1..=layout.columns.len()).contains(n)).map(|n: usize| n - 1))
        .ok_or_else(|| Error::Usage(format!("{name}: has no column `{wanted}`; its columns are {}", listed(layout))))
}

fn listed(layout: &Layout) -> String {
    const SHOWN: usize = 30;
    let names: Vec<_> = layout.columns.iter().take(SHOWN).map(|c| format!("`{}`", short(c))).collect();
    let more = if layout.columns.len() > SHOWN { ", ..." } else { "" };
    format!("{}{more}", names.join(", "))
}

fn short(name: &str) -> String {
    super::shown(name.as_bytes())
}

fn positions_by_header(layout: &Layout, name: &str) -> Result<Chosen> {
    let axes: Vec<Option<Axis>> = layout.columns.iter().map(|c| understand(c)).collect();
    let best = |axis: usize| -> Result<Option<usize>> {
        let of =
            |rank| axes.iter().enumerate().filter(move |(_, a)| a.is_some_and(|a| a.axis == axis && a.rank == rank));
        let candidates: Vec<usize> = [0, 1]
            .into_iter()
            .map(|r| of(r).map(|(i, _)| i).collect())
            .find(|c: &Vec<_>| !c.is_empty())
            .unwrap_or_default();
        match candidates.as_slice() {
            [a, b, ..] => {
                let (a, b) = (&layout.columns[*a], &layout.columns[*b]);
                Err(Error::input(name, format!("columns `{a}` and `{b}` both name one axis; choose with --columns")))
            }
            _ => Ok(candidates.first().copied()),
        }
    };
    match (best(0)?, best(1)?, best(2)?) {
        (Some(x), Some(y), Some(z)) => Ok(Chosen { positions: vec![x, y, z], ..Chosen::default() }),
        (Some(x), Some(y), None) => {
            let notes = vec!["no column for z: points of a plane".to_owned()];
            Ok(Chosen { positions: vec![x, y], notes, ..Chosen::default() })
        }
        _ if (2..=3).contains(&layout.columns.len()) => positions_by_order(layout, name),
        _ => Err(Error::input(
            name,
            format!("no columns x, y, z are found among {}; {}", listed(layout), way_out(layout)),
        )),
    }
}

fn way_out(layout: &Layout) -> &'static str {
    match layout.columns.len() {
        1 => "choose with --columns, or part the fields by commas, semicolons, tabs, | or blanks",
        _ => "choose with --columns",
    }
}

fn positions_by_order(layout: &Layout, name: &str) -> Result<Chosen> {
    let count = layout.columns.len();
    if count < 2 {
        return Err(Error::input(
            name,
            format!("has {count} column; positions need 2 or 3, parted by commas, semicolons, tabs, | or blanks"),
        ));
    }
    let positions: Vec<usize> = (0..count.min(3)).collect();
    let why = if layout.has_names { "their names tell no axes" } else { "no header" };
    let notes = vec![format!("{why}: columns 1 to {} of {count} are taken as positions", positions.len())];
    Ok(Chosen { positions, notes, ..Chosen::default() })
}

/// The unit all positions share.
fn common_unit(layout: &Layout, positions: &[usize], name: &str) -> Result<Option<LengthUnit>> {
    let mut common = None;
    for &column in positions {
        let unit = split_unit(&layout.columns[column]).1;
        match (common, unit) {
            (Some(a), Some(b)) if a != b => {
                let names: Vec<_> = positions.iter().map(|c| format!("`{}`", layout.columns[*c])).collect();
                let problem = format!("the columns {} are in different units; convert them to one", names.join(", "));
                return Err(Error::input(name, problem));
            }
            _ => common = common.or(unit),
        }
    }
    Ok(common)
}

/// A column name without its unit, and the unit: `x [nm]`, `Y (nm)`, `x_nm`, `z in um`.
fn split_unit(name: &str) -> (&str, Option<LengthUnit>) {
    let name = name.trim();
    for (open, close) in [('[', ']'), ('(', ')')] {
        if let Some((stem, unit)) = name.strip_suffix(close).and_then(|n| n.rsplit_once(open)) {
            return (stem.trim(), unit.parse().ok());
        }
    }
    // SMAP writes xnm.
    if let Some((letter, "nm")) = name.split_at_checked(1) {
        return (letter, Some(LengthUnit::Nanometre));
    }
    match name.rsplit_once(['_', ' ', '/']) {
        Some((stem, unit)) if !stem.is_empty() => match unit.parse() {
            Ok(unit) => (stem.trim().trim_end_matches(" in"), Some(unit)),
            Err(_) => (name, None),
        },
        _ => (name, None),
    }
}

/// Whether among the names are those of x and y.
pub(super) fn tell_axes(names: &[Vec<u8>]) -> bool {
    let has = |axis| names.iter().any(|n| understand(&String::from_utf8_lossy(n)).is_some_and(|a| a.axis == axis));
    has(0) && has(1)
}

/// Whether a name states no unit.
pub(super) fn has_no_unit(name: &str) -> bool {
    split_unit(name).1.is_none()
}

/// Whether the name ends in brackets that hold no unit of length.
fn has_unknown_unit(name: &str) -> bool {
    name.trim().ends_with([']', ')']) && split_unit(name).1.is_none()
}

/// Which axis a column name means, if any.
fn understand(name: &str) -> Option<Axis> {
    let (stem, unit) = split_unit(name);
    let stem = stem.to_lowercase();
    let words: Vec<&str> = stem.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    let (around, rest): (Vec<&str>, Vec<&str>) = words.into_iter().partition(|w| POSITION_WORDS.contains(w));
    let [core] = rest[..] else { return None };
    let (letter, is_glued) = POSITION_WORDS
        .iter()
        .find_map(|word| core.strip_prefix(word).or(core.strip_suffix(word)))
        .map_or((core, false), |letter| (letter, true));
    let axis = match letter {
        "x" => 0,
        "y" => 1,
        "z" => 2,
        // ParaView writes Points:0.
        "0" | "1" | "2" if around == ["points"] => usize::from(letter.as_bytes()[0] - b'0'),
        _ => return None,
    };
    Some(Axis { axis, rank: u8::from(is_glued || !around.is_empty()), unit })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_many_programs_are_understood() {
        use LengthUnit::{Angstrom, Metre, Micrometre, Nanometre, Pixel};
        for (name, axis, rank, unit) in [
            ("x", 0, 0, None),
            ("x [nm]", 0, 0, Some(Nanometre)),
            ("Y (nm)", 1, 0, Some(Nanometre)),
            ("position_x", 0, 1, None),
            ("x_nm", 0, 0, Some(Nanometre)),
            ("Position X [nm]", 0, 1, Some(Nanometre)),
            ("z [m]", 2, 0, Some(Metre)),
            ("z_um", 2, 0, Some(Micrometre)),
            ("x [px]", 0, 0, Some(Pixel)),
            ("Cartn_z", 2, 1, None),
            ("x (Å)", 0, 0, Some(Angstrom)),
            ("posx", 0, 1, None),
            ("Points:2", 2, 1, None),
            ("x [nanometer]", 0, 0, Some(Nanometre)),
            ("znm", 2, 0, Some(Nanometre)),
        ] {
            assert_eq!(understand(name), Some(Axis { axis, rank, unit }), "{name}");
        }
        for name in ["id", "frame", "sigma_x", "sigma1 [nm]", "uncertainty_xy [nm]", "Z Slice", "chi2", "", "0", "x y"]
        {
            assert_eq!(understand(name), None, "{name}");
        }
    }
}
