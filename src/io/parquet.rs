//! Parquet: the columns of numbers of a table.

use ::bytes::Bytes;
use parquet::basic::{Encoding, Type};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};
use parquet::data_type::DataType;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};

use super::choose::Parsed;
use super::table::columns::{self, Columns};
use super::{ReadOptions, bytes};
use crate::error::{Error, Result};

/// Bytes of the three coordinates of a row, which are bounded as those of packed files are.
const BYTES_OF_ROW: u64 = 24;
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
    let most = bytes::unpacked_limit(data.len(), options.max_decompressed) / BYTES_OF_ROW;
    let count = u64::try_from(rows).ok().filter(|rows| *rows <= most).ok_or_else(|| {
        let problem = format!("its {} bytes claim {rows} rows, more than {most}", data.len());
        Error::input(name, format!("{problem}; it is damaged, or raise --max-decompressed if that is meant"))
    })?;
    let names = schema.columns().iter().map(|c| c.path().string()).collect();
    let is_number =
        |c: usize| matches!(schema.column(c).physical_type(), Type::FLOAT | Type::DOUBLE | Type::INT32 | Type::INT64);
    let texts = (0..schema.num_columns()).filter(|c| !is_number(*c)).collect();
    let table = Columns { format: "parquet", names, texts, ..Columns::default() };
    columns::read(table, options, name, |column| {
        let mut values = Vec::new();
        for group in 0..reader.num_row_groups() {
            let group = reader.get_row_group(group).map_err(damaged)?;
            let chunk = group.metadata().column(column);
            let begin = chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset());
            if begin < 0 || chunk.compressed_size() < 0 {
                return Err(damaged(ParquetError::General("a column lies before the beginning of the file".into())));
            }
            let pages = group.get_column_page_reader(column).map_err(damaged)?;
            let pages = Pages { pages, has_dictionary: false };
            let what = || format!("column `{}` holds", schema.column(column).name());
            read_column(get_column_reader(schema.column(column), Box::new(pages)), count as usize, &mut values)
                .map_err(damaged)?
                .map_err(|found| Error::input(name, format!("{} {found}, numbers are expected", what())))?;
        }
        Ok(values)
    })
}

/// Pages whose order is checked, because the decoder takes it for granted: a page that refers to a dictionary
/// comes after it.
struct Pages {
    pages: Box<dyn PageReader>,
    has_dictionary: bool,
}

impl Iterator for Pages {
    type Item = Result<Page, ParquetError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>, ParquetError> {
        let page = self.pages.get_next_page()?;
        match &page {
            Some(Page::DictionaryPage { .. }) => self.has_dictionary = true,
            Some(page)
                if matches!(page.encoding(), Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY)
                    && !self.has_dictionary =>
            {
                return Err(ParquetError::General("a page refers to a dictionary that is not there".into()));
            }
            _ => {}
        }
        Ok(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>, ParquetError> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<(), ParquetError> {
        self.pages.skip_next_page()
    }
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parquet::data_type::{DoubleType, Int32Type};
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;

    use super::*;
    use glam::DVec3;

    /// Four rows in two groups; the z of the second is missing.
    fn sample() -> Vec<u8> {
        let schema = "message t { required double x; required int32 y; optional double z; required binary name; }";
        let schema = Arc::new(parse_message_type(schema).unwrap());
        let mut bytes = Vec::new();
        let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::new(WriterProperties::default())).unwrap();
        for first in [0.0, 2.0] {
            let mut group = writer.next_row_group().unwrap();
            for column in 0..4 {
                let mut values = group.next_column().unwrap().unwrap();
                match column {
                    0 => values.typed::<DoubleType>().write_batch(&[first, first + 1.0], None, None).map(drop),
                    1 => values.typed::<Int32Type>().write_batch(&[10, 20], None, None).map(drop),
                    2 if first == 0.0 => {
                        values.typed::<DoubleType>().write_batch(&[5.0], Some(&[1, 0]), None).map(drop)
                    }
                    2 => values.typed::<DoubleType>().write_batch(&[6.0, 7.0], Some(&[1, 1]), None).map(drop),
                    _ => values
                        .typed::<parquet::data_type::ByteArrayType>()
                        .write_batch(&["a".into(), "b".into()], None, None)
                        .map(drop),
                }
                .unwrap();
                values.close().unwrap();
            }
            group.close().unwrap();
        }
        writer.close().unwrap();
        bytes
    }

    #[test]
    fn columns_of_all_groups_are_read_and_missing_values_left_out() {
        let parsed = parse(&sample(), "t", &ReadOptions::default()).unwrap();
        let expected = [(0.0, 10.0, 5.0), (2.0, 10.0, 6.0), (3.0, 20.0, 7.0)].map(|(x, y, z)| DVec3::new(x, y, z));
        assert_eq!(parsed.cloud.positions, expected);
        assert_eq!((parsed.columns.len(), parsed.first_dropped.as_deref()), (4, Some("row 1 from 0")));
        let all = parse(&sample(), "t", &ReadOptions { all_columns: true, ..ReadOptions::default() }).unwrap();
        assert!(all.cloud.columns.is_empty() && all.notes.iter().any(|n| n.contains("not kept: `name`")), "{all:?}");
        let named = |columns: [&str; 3]| {
            let columns = Some(columns.map(str::to_owned).to_vec());
            parse(&sample(), "t", &ReadOptions { columns, ..ReadOptions::default() }).unwrap_err().to_string()
        };
        assert!(named(["x", "y", "name"]).contains("column `name` holds texts, numbers are expected"));
    }

    /// Catches: a small file of many equal rows that takes all memory.
    #[test]
    fn many_rows_in_few_bytes_are_refused_unless_they_are_meant() {
        let schema = Arc::new(parse_message_type("message t { required double x; required double y; }").unwrap());
        let mut bytes = Vec::new();
        let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::new(WriterProperties::default())).unwrap();
        let rows = vec![0.0; 3 << 20];
        let mut group = writer.next_row_group().unwrap();
        for _ in 0..2 {
            let mut values = group.next_column().unwrap().unwrap();
            values.typed::<DoubleType>().write_batch(&rows, None, None).unwrap();
            values.close().unwrap();
        }
        group.close().unwrap();
        writer.close().unwrap();
        assert!(bytes.len() < 100_000);
        let error = parse(&bytes, "t", &ReadOptions::default()).unwrap_err().to_string();
        assert!(error.contains("3145728 rows") && error.contains("--max-decompressed"), "{error}");
        let meant = ReadOptions { max_decompressed: Some(1 << 30), ..ReadOptions::default() };
        assert_eq!(parse(&bytes, "t", &meant).unwrap().cloud.len(), rows.len());
    }

    #[test]
    fn changes_and_cuts_never_panic() {
        let bytes = sample();
        for at in 0..bytes.len() {
            assert!(parse(&bytes[..at], "t", &ReadOptions::default()).is_err(), "cut at {at}");
            for change in [1, 0x80, 0xff] {
                let mut changed = bytes.clone();
                changed[at] ^= change;
                let _ = parse(&changed, "t", &ReadOptions::default());
            }
        }
    }
}
