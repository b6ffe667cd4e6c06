//! Tables that are not text: named columns of numbers.

use glam::DVec3;

use super::layout::{Layout, Separator};
use super::names;
use crate::error::{Error, Result};
use crate::geometry::LengthUnit;
use crate::io::ReadOptions;
use crate::io::choose::{self, Parsed, Rows};
use crate::points::Column;

/// What is known of columns before any is read.
#[derive(Debug, Default)]
pub(in crate::io) struct Columns {
    /// The format, as [`PointInput::format`](crate::io::PointInput::format).
    pub(in crate::io) format: &'static str,
    pub(in crate::io) names: Vec<String>,
    /// The unit of each column; `None` where it is not known, or stands in the name.
    pub(in crate::io) units: Vec<Option<LengthUnit>>,
    /// Nanometres in a camera pixel along x and y.
    pub(in crate::io) pixel: Option<[f64; 2]>,
    /// Columns that hold no numbers, so that they cannot be kept.
    pub(in crate::io) texts: Vec<usize>,
    pub(in crate::io) notes: Vec<String>,
    pub(in crate::io) warnings: Vec<String>,
}

/// Reads the columns that `options` ask for; `values` gives those of a column.
///
/// # Errors
/// [`Error::Input`] if the axes are not found or their units do not go together, [`Error::Usage`] for
/// columns that are not there, and what `values` gives.
pub(in crate::io) fn read(
    columns: Columns,
    options: &ReadOptions,
    name: &str,
    mut values: impl FnMut(usize) -> Result<Vec<f64>>,
) -> Result<Parsed> {
    let layout = Layout { columns: columns.names, has_names: true, ..Layout::new(Separator::Comma) };
    let mut chosen = names::choose(&layout, options, name, &mut |c| largest(values(c).ok()?.into_iter()))?;
    if options.all_columns {
        let is_further = |c: &usize| !chosen.positions.contains(c);
        let (texts, kept): (Vec<usize>, Vec<usize>) =
            (0..layout.columns.len()).filter(is_further).partition(|c| columns.texts.contains(c));
        if !texts.is_empty() {
            let names: Vec<String> = texts.iter().map(|c| format!("`{}`", layout.columns[*c])).collect();
            chosen.notes.push(format!("columns that hold no numbers are not kept: {}", names.join(", ")));
        }
        chosen.further = kept;
    }
    let units: Vec<Option<LengthUnit>> =
        chosen.positions.iter().map(|c| columns.units.get(*c).copied().flatten()).collect();
    let (unit, scales, note) =
        common_unit(&chosen, &units, columns.pixel, options.unit).map_err(|p| Error::input(name, p))?;
    let is_mixed = scales.iter().any(|scale| *scale != scales[0]);
    if let Some(declared) = options.unit.filter(|declared| is_mixed && unit != Some(*declared)) {
        let problem = format!("--unit {declared}: x and y are in camera pixels and z in nm");
        return Err(Error::Usage(format!("{name}: {problem}; leave it out, or take --columns x,y")));
    }
    chosen.notes.extend(note);
    let mut take = |column: usize| values(column);
    let axes: Vec<Vec<f64>> = chosen.positions.iter().map(|c| take(*c)).collect::<Result<_>>()?;
    let count = axes.iter().map(Vec::len).max().unwrap_or(0);
    if count == 0 {
        return Err(Error::Data(format!("{name}: has columns but no rows; no points to read")));
    }
    let weights = chosen.weight.map(&mut take).transpose()?;
    let sigmas = chosen.sigmas.clone();
    let sigmas = sigmas.into_iter().enumerate().map(|(axis, (column, by_name))| {
        let scale = match columns.units.get(column).copied().flatten() {
            Some(from) => sigma_scale(from, unit, columns.pixel, axis),
            None => Ok(if by_name == 1.0 { scales[axis] } else { by_name }),
        };
        let scale = scale.map_err(|p| Error::Usage(format!("{name}: column `{}` {p}", layout.columns[column])))?;
        Ok((column, scale, take(column)?))
    });
    let sigmas: Vec<(usize, f64, Vec<f64>)> = sigmas.collect::<Result<_>>()?;
    let further: Vec<Vec<f64>> = chosen.further.iter().map(|c| take(*c)).collect::<Result<_>>()?;
    if axes
        .iter()
        .chain(&weights)
        .chain(&further)
        .chain(sigmas.iter().map(|s| &s.2))
        .any(|column| column.len() != count)
    {
        return Err(Error::input(name, "its columns have different lengths; the file is damaged"));
    }
    let mut rows = Rows::with_capacity(count);
    let mut kept = Vec::new();
    for row in 0..count {
        let at: [f64; 3] = std::array::from_fn(|axis| axes.get(axis).map_or(0.0, |c| c[row] * scales[axis]));
        if !rows.push(DVec3::from_array(at), row as u64) {
            continue;
        }
        if let Some(weight) = weights.as_ref().map(|w| w[row]).filter(|w| !(*w >= 0.0 && w.is_finite())) {
            return Err(Error::input(
                name,
                format!("row {row} from 0: the weight is {weight}; weights must be 0 or more"),
            ));
        }
        if let Some((column, _, values)) = sigmas.iter().find(|s| !(s.2[row] > 0.0 && s.2[row].is_finite())) {
            let (column, value) = (&layout.columns[*column], values[row]);
            return Err(Error::input(
                name,
                format!(
                    "row {row} from 0: column `{column}` is {value}; a standard deviation must be a number above 0"
                ),
            ));
        }
        kept.push(row);
    }
    let pick = |values: &Vec<f64>| kept.iter().map(|row| values[*row]).collect::<Vec<f64>>();
    let named = |column: &usize| layout.columns[*column].clone();
    let mut parsed = Parsed {
        format: columns.format,
        dimensions: chosen.positions.len(),
        starts: vec![0],
        row_starts: vec![0],
        position_columns: chosen.positions.iter().map(named).collect(),
        notes: [columns.notes, std::mem::take(&mut chosen.notes)].concat(),
        warnings: columns.warnings,
        ..Parsed::default()
    };
    rows.finish(&mut parsed, choose::row);
    parsed.cloud.unit = unit;
    parsed.cloud.weights = weights.as_ref().map(pick);
    if let [x, y, z] = &sigmas[..] {
        let of = |(_, scale, values): &(usize, f64, Vec<f64>), row: usize| values[row] * scale;
        parsed.cloud.sigmas = Some(kept.iter().map(|&row| DVec3::new(of(x, row), of(y, row), of(z, row))).collect());
    }
    parsed.cloud.columns = chosen
        .further
        .iter()
        .zip(&further)
        .map(|(c, values)| Column { name: named(c), values: pick(values) })
        .collect();
    parsed.columns = layout.columns;
    Ok(parsed)
}

/// The largest magnitude of those that are finite.
pub(super) fn largest(values: impl Iterator<Item = f64>) -> Option<f64> {
    values.filter(|v| v.is_finite()).map(f64::abs).reduce(f64::max)
}

/// What takes a standard deviation along an axis from its unit to that of the positions.
fn sigma_scale(
    from: LengthUnit,
    unit: Option<LengthUnit>,
    pixel: Option<[f64; 2]>,
    axis: usize,
) -> Result<f64, String> {
    let Some(to) = unit.filter(|to| *to != from) else { return Ok(1.0) };
    if let (LengthUnit::Pixel, Some(size)) = (from, pixel.and_then(|p| p.get(axis).copied())) {
        return LengthUnit::Nanometre.convert(size, to).ok_or_else(|| format!("is in {from} and cannot be in {to}"));
    }
    from.convert(1.0, to)
        .ok_or_else(|| format!("is in {from}, which cannot be converted into {to}, the unit of the positions"))
}

/// A unit, factors of the axes, and what is told.
type Common = (Option<LengthUnit>, [f64; 3], Option<String>);

/// The unit of the positions, by what each axis is multiplied to have it, and what is told of it.
fn common_unit(
    chosen: &names::Chosen,
    units: &[Option<LengthUnit>],
    pixel: Option<[f64; 2]>,
    declared: Option<LengthUnit>,
) -> Result<Common, String> {
    let known: Vec<LengthUnit> = units.iter().flatten().copied().collect();
    let Some(first) = known.first().copied().or(chosen.unit) else { return Ok((None, [1.0; 3], None)) };
    if known.iter().all(|unit| *unit == first) {
        let (unit, scale, mut note) = super::read_as(Some(first), declared);
        if let Some([x, y]) = pixel.filter(|_| first == LengthUnit::Pixel) {
            note = Some(format!("positions are in camera pixels of {x} x {y} nm; they are not converted"));
        }
        return Ok((unit, [scale; 3], note));
    }
    let Some([x, y]) = pixel else {
        return Err("x and y are in camera pixels of unknown size, but z is in nm; state the size in the YAML beside \
                    the file (Pixelsize: NM), or take --columns x,y"
            .into());
    };
    let note = format!("x and y in camera pixels of {x} x {y} nm are converted to nm, in which z is");
    let scale = |axis: usize, nm: f64| if units[axis] == Some(LengthUnit::Pixel) { nm } else { 1.0 };
    Ok((Some(LengthUnit::Nanometre), [scale(0, x), scale(1, y), 1.0], Some(note)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(units: &[Option<LengthUnit>], bad: Option<f64>, options: &ReadOptions) -> Result<Parsed> {
        let names = ["x", "y", "z", "s", "t", "u"].map(str::to_owned).to_vec();
        let columns = Columns { format: "test", names, units: units.to_vec(), ..Columns::default() };
        read(columns, options, "t", |c| Ok(vec![c as f64 + 1.0, if c == 3 { bad.unwrap_or(9.0) } else { 8.0 }]))
    }

    #[test]
    fn standard_deviations_are_read_in_the_unit_of_the_positions() {
        let of = |names: &str| ReadOptions {
            sigma_columns: Some(names.split(',').map(Into::into).collect()),
            ..ReadOptions::default()
        };
        let sigmas = |units: &[Option<LengthUnit>], names: &str| table(units, None, &of(names)).unwrap().cloud.sigmas;
        assert_eq!(sigmas(&[], "s,t,u").unwrap(), [DVec3::new(4.0, 5.0, 6.0), DVec3::new(9.0, 8.0, 8.0)]);
        assert_eq!(sigmas(&[], "t").unwrap()[0], DVec3::splat(5.0));
        let (nm, um, m) = (LengthUnit::Nanometre, LengthUnit::Micrometre, LengthUnit::Metre);
        let mixed = [Some(nm), Some(nm), Some(nm), Some(um)];
        assert_eq!(sigmas(&mixed, "s").unwrap()[0], DVec3::splat(4000.0));
        // Metres become nanometres, and what has no unit goes with the positions.
        let metres = sigmas(&[Some(m); 4], "s,s,t").unwrap()[0];
        assert!((metres * 1e-9).abs_diff_eq(DVec3::new(4.0, 4.0, 5.0), 1e-12), "{metres}");
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let error = table(&[], Some(bad), &of("s")).unwrap_err().to_string();
            assert!(error.contains("row 1 from 0: column `s` is "), "{error}");
        }
        assert_eq!(table(&[], None, &of("s,t")).unwrap_err().exit_code(), 2);
        assert_eq!(
            table(
                &[Some(LengthUnit::Pixel), Some(LengthUnit::Pixel), Some(LengthUnit::Pixel), Some(nm)],
                None,
                &of("s")
            )
            .unwrap_err()
            .exit_code(),
            2
        );
        assert!(table(&[], None, &ReadOptions::default()).unwrap().cloud.sigmas.is_none());
    }
}
