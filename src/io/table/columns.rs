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

/// Which columns are read, and what becomes of their values.
#[derive(Debug)]
pub(in crate::io) struct Choice {
    format: &'static str,
    names: Vec<String>,
    chosen: names::Chosen,
    unit: Option<LengthUnit>,
    /// By what each axis is multiplied.
    scales: [f64; 3],
    /// For each axis the column of its standard deviations, and by what they are multiplied.
    sigmas: Vec<(usize, f64)>,
    notes: Vec<String>,
    warnings: Vec<String>,
}

/// The values of the columns of a [`Choice`] in some rows, each of the same length.
struct Values {
    axes: Vec<Vec<f64>>,
    weights: Option<Vec<f64>>,
    sigmas: Vec<Vec<f64>>,
    further: Vec<Vec<f64>>,
    count: usize,
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
    let choice = Choice::of(columns, options, name, &mut values)?;
    let values = choice.values(name, values)?;
    if values.count == 0 {
        return Err(no_rows(name));
    }
    let mut rows = Rows::with_capacity(values.count);
    let kept = choice.push(&values, 0, &mut rows, name)?;
    Ok(choice.finish(&values, &kept, rows))
}

/// What is wrong with a table without rows.
pub(in crate::io) fn no_rows(name: &str) -> Error {
    Error::Data(format!("{name}: has columns but no rows; no points to read"))
}

impl Choice {
    /// Chooses what `options` ask for; `values` gives those of a column, of the first rows at least.
    ///
    /// # Errors
    /// As [`read`].
    pub(in crate::io) fn of(
        columns: Columns,
        options: &ReadOptions,
        name: &str,
        values: &mut dyn FnMut(usize) -> Result<Vec<f64>>,
    ) -> Result<Self> {
        let layout = Layout { columns: columns.names, has_names: true, ..Layout::new(Separator::Comma) };
        let mut size = |column| largest(values(column).ok()?.into_iter().take(super::LOOKED_AT));
        let mut chosen = names::choose(&layout, options, name, &mut size)?;
        if options.all_columns {
            keep_all(&mut chosen, &layout, &columns.texts);
        }
        let of_axes: Vec<Option<LengthUnit>> =
            chosen.positions.iter().map(|c| columns.units.get(*c).copied().flatten()).collect();
        let (unit, scales, note) =
            common_unit(&chosen, &of_axes, columns.pixel, options.unit).map_err(|p| Error::input(name, p))?;
        let is_mixed = scales.iter().any(|scale| *scale != scales[0]);
        if let Some(declared) = options.unit.filter(|declared| is_mixed && unit != Some(*declared)) {
            let problem = format!("--unit {declared}: x and y are in camera pixels and z in nm");
            return Err(Error::Usage(format!("{name}: {problem}; leave it out, or take --columns x,y")));
        }
        chosen.notes.extend(note);
        let sigmas = chosen.sigmas.iter().enumerate().map(|(axis, (column, by_name))| {
            let scale = match columns.units.get(*column).copied().flatten() {
                Some(from) => sigma_scale(from, unit, columns.pixel, axis),
                None => Ok(if *by_name == 1.0 { scales[axis] } else { *by_name }),
            };
            let problem = |p| Error::Usage(format!("{name}: column `{}` {p}", layout.columns[*column]));
            Ok((*column, scale.map_err(problem)?))
        });
        let sigmas = sigmas.collect::<Result<_>>()?;
        let notes = [columns.notes, std::mem::take(&mut chosen.notes)].concat();
        let (format, names, warnings) = (columns.format, layout.columns, columns.warnings);
        Ok(Self { format, names, chosen, unit, scales, sigmas, notes, warnings })
    }

    /// The columns of the positions, and after them that of the weights if there is one.
    pub(in crate::io) fn of_points(&self) -> Vec<usize> {
        self.chosen.positions.iter().chain(&self.chosen.weight).copied().collect()
    }

    /// Whether the points lie in space.
    pub(in crate::io) fn is_of_space(&self) -> bool {
        self.chosen.positions.len() == 3
    }

    /// The unit, notes and warnings.
    pub(in crate::io) fn told(&self) -> (Option<LengthUnit>, &[String], &[String]) {
        (self.unit, &self.notes, &self.warnings)
    }

    /// Appends the points of some rows, of which `columns` are those of [`Choice::of_points`], from row `first` on.
    ///
    /// # Errors
    /// [`Error::Input`] for weights that are none, and columns of different lengths.
    pub(in crate::io) fn points(
        &self,
        mut columns: Vec<Vec<f64>>,
        first: usize,
        rows: &mut Rows,
        name: &str,
    ) -> Result<Option<Vec<f64>>> {
        let weights = self.chosen.weight.and_then(|_| columns.pop());
        let count = columns.first().map_or(0, Vec::len);
        let values = Values { axes: columns, weights, sigmas: Vec::new(), further: Vec::new(), count };
        values.check(name)?;
        let kept = self.push(&values, first, rows, name)?;
        Ok(values.weights.map(|weights| kept.iter().map(|row| weights[*row]).collect()))
    }

    /// The values of all rows.
    fn values(&self, name: &str, mut take: impl FnMut(usize) -> Result<Vec<f64>>) -> Result<Values> {
        let chosen = &self.chosen;
        let axes: Vec<Vec<f64>> = chosen.positions.iter().map(|c| take(*c)).collect::<Result<_>>()?;
        let count = axes.iter().map(Vec::len).max().unwrap_or(0);
        let weights = chosen.weight.map(&mut take).transpose()?;
        let sigmas = self.sigmas.iter().map(|(column, _)| take(*column)).collect::<Result<_>>()?;
        let further = chosen.further.iter().map(|c| take(*c)).collect::<Result<_>>()?;
        let values = Values { axes, weights, sigmas, further, count };
        values.check(name).map(|()| values)
    }

    /// Appends the positions of some rows, the first of which is `first`; gives which of them have one.
    fn push(&self, values: &Values, first: usize, rows: &mut Rows, name: &str) -> Result<Vec<usize>> {
        let mut kept = Vec::with_capacity(values.count);
        for row in 0..values.count {
            let axis = |axis: usize| values.axes.get(axis).map_or(0.0, |c| c[row] * self.scales[axis]);
            if rows.push(DVec3::from_array(std::array::from_fn(axis)), (first + row) as u64) {
                self.check_row(values, row)
                    .map_err(|problem| Error::input(name, format!("row {} from 0: {problem}", first + row)))?;
                kept.push(row);
            }
        }
        Ok(kept)
    }

    /// What is wrong with the weight or a standard deviation of a row.
    fn check_row(&self, values: &Values, row: usize) -> Result<(), String> {
        if let Some(weight) = values.weights.as_ref().map(|w| w[row]).filter(|w| !(*w >= 0.0 && w.is_finite())) {
            return Err(format!("the weight is {weight}; weights must be 0 or more"));
        }
        let mut sigmas = std::iter::zip(&self.sigmas, &values.sigmas).map(|((column, _), v)| (*column, v[row]));
        match sigmas.find(|(_, sigma)| !(*sigma > 0.0 && sigma.is_finite())) {
            None => Ok(()),
            Some((column, value)) => {
                let column = &self.names[column];
                Err(format!("column `{column}` is {value}; a standard deviation must be a number above 0"))
            }
        }
    }

    fn finish(self, values: &Values, kept: &[usize], rows: Rows) -> Parsed {
        let pick = |values: &Vec<f64>| kept.iter().map(|row| values[*row]).collect::<Vec<f64>>();
        let named = |column: &usize| self.names[*column].clone();
        let mut parsed = Parsed {
            format: self.format,
            dimensions: self.chosen.positions.len(),
            starts: vec![0],
            row_starts: vec![0],
            position_columns: self.chosen.positions.iter().map(named).collect(),
            notes: self.notes,
            warnings: self.warnings,
            ..Parsed::default()
        };
        rows.finish(&mut parsed, choose::row);
        parsed.cloud.unit = self.unit;
        parsed.cloud.weights = values.weights.as_ref().map(pick);
        if let [x, y, z] = &self.sigmas[..] {
            let of = |axis: usize, scale: f64, row: usize| values.sigmas[axis][row] * scale;
            let sigma = |row: &usize| DVec3::new(of(0, x.1, *row), of(1, y.1, *row), of(2, z.1, *row));
            parsed.cloud.sigmas = Some(kept.iter().map(sigma).collect());
        }
        let further = std::iter::zip(&self.chosen.further, &values.further);
        parsed.cloud.columns = further.map(|(c, v)| Column { name: named(c), values: pick(v) }).collect();
        parsed.columns = self.names;
        parsed
    }
}

impl Values {
    fn check(&self, name: &str) -> Result<()> {
        let mut all = self.axes.iter().chain(&self.weights).chain(&self.further).chain(&self.sigmas);
        if all.any(|column| column.len() != self.count) {
            return Err(Error::input(name, "its columns have different lengths; the file is damaged"));
        }
        Ok(())
    }
}

/// Keeps all columns of numbers beside the positions.
fn keep_all(chosen: &mut names::Chosen, layout: &Layout, texts: &[usize]) {
    let is_further = |c: &usize| !chosen.positions.contains(c);
    let (texts, kept): (Vec<usize>, Vec<usize>) =
        (0..layout.columns.len()).filter(is_further).partition(|c| texts.contains(c));
    if !texts.is_empty() {
        let names: Vec<String> = texts.iter().map(|c| format!("`{}`", layout.columns[*c])).collect();
        chosen.notes.push(format!("columns that hold no numbers are not kept: {}", names.join(", ")));
    }
    chosen.further = kept;
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
