//! Parquet: the columns of numbers of a table.

use bytes::Bytes;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::DataType;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};

use super::ReadOptions;
use super::choose::Parsed;
use super::table::columns::{self, Columns};
use crate::error::{Error, Result};

/// Up to so many values a column is read whatever it claims; above, up to [`MOST_RATIO`] times the file.
const FREE_VALUES: u64 = 8 << 20;
const MOST_RATIO: u64 = 200;
/// Values read at once.
const BATCH: usize = 1 << 16;

/// Reads the columns that `options` ask for.
///
/// # Errors
/// [`Error::Input`] if the file is damaged; as [`columns::read`].
pub(super) fn parse(data: &[u8], name: &str, options: &ReadOptions) -> Result<Parsed> {
    let damaged = |e: ParquetError| {
        let text = e.to_string();
        let problem = match text.split_once("Disabled feature at compile time: ") {
            Some((_, packing)) => format!("is packed with {packing}, which is not read; save it with zstd or snappy"),
            None => format!("the Parquet data are cut or damaged ({text}); fetch it again"),
        };
        Error::input(name, problem)
    };
    let reader = SerializedFileReader::new(Bytes::copy_from_slice(data)).map_err(damaged)?;
    let metadata = reader.metadata();
    let schema = metadata.file_metadata().schema_descr();
    let rows = metadata.file_metadata().num_rows();
    let most = (data.len() as u64).saturating_mul(MOST_RATIO).max(FREE_VALUES);
    let count = u64::try_from(rows).ok().filter(|rows| *rows <= most);
    let count =
        count.ok_or_else(|| Error::input(name, format!("claims {rows} rows, more than {most}; it is damaged")))?;
    let names = schema.columns().iter().map(|c| c.path().string()).collect();
    let table = Columns { format: "parquet", names, ..Columns::default() };
    columns::read(table, options, name, |column| {
        let mut values = Vec::new();
        for group in 0..reader.num_row_groups() {
            let group = reader.get_row_group(group).map_err(damaged)?;
            let wrong = |problem: String| Error::input(name, problem);
            read_column(group.get_column_reader(column).map_err(damaged)?, count as usize, &mut values)
                .map_err(damaged)?
                .map_err(|what| {
                    wrong(format!("column `{}` holds {what}, numbers are expected", schema.column(column).name()))
                })?;
        }
        Ok(values)
    })
}

/// Appends the values of a column, at most `most`; those that are missing are NaN. The inner error names
/// what the column holds instead of numbers.
fn read_column(
    reader: ColumnReader,
    most: usize,
    values: &mut Vec<f64>,
) -> Result<Result<(), &'static str>, ParquetError> {
    match reader {
        ColumnReader::FloatColumnReader(reader) => batches(reader, most, values, |v| f64::from(*v))?,
        ColumnReader::DoubleColumnReader(reader) => batches(reader, most, values, |v| *v)?,
        ColumnReader::Int32ColumnReader(reader) => batches(reader, most, values, |v| f64::from(*v))?,
        ColumnReader::Int64ColumnReader(reader) => batches(reader, most, values, |v| *v as f64)?,
        ColumnReader::BoolColumnReader(_) => return Ok(Err("true and false")),
        ColumnReader::Int96ColumnReader(_) => return Ok(Err("times")),
        ColumnReader::ByteArrayColumnReader(_) | ColumnReader::FixedLenByteArrayColumnReader(_) => {
            return Ok(Err("texts"));
        }
    }
    Ok(Ok(()))
}

fn batches<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    most: usize,
    values: &mut Vec<f64>,
    value: fn(&T::T) -> f64,
) -> Result<(), ParquetError> {
    let (mut levels, mut batch) = (Vec::new(), Vec::new());
    loop {
        levels.clear();
        batch.clear();
        let (records, found, _) = reader.read_records(BATCH, Some(&mut levels), None, &mut batch)?;
        if records == 0 {
            return Ok(());
        }
        if values.len() + records > most {
            return Err(ParquetError::General("a column has more values than the table has rows".into()));
        }
        if found == records {
            values.extend(batch.iter().map(value));
            continue;
        }
        let highest = levels.iter().copied().max().unwrap_or(0).max(1);
        let mut present = batch.iter().map(value);
        values.extend(levels.iter().map(|l| if *l == highest { present.next().unwrap_or(f64::NAN) } else { f64::NAN }));
    }
}
