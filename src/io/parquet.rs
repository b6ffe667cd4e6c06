//! Parquet: the columns of numbers of a table.

use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::bytes::Bytes;
use parquet::basic::{ConvertedType, Encoding, LogicalType, Type};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};
use parquet::data_type::DataType;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, FileReader, Length, SerializedFileReader};
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};

use super::choose::Parsed;
use super::chunks::Opened;
use super::chunks::columns::{BATCH, Batch, Batches, columned};
use super::table::columns::{self, Choice, Columns};
use super::trajectory::{Store, Stream};
use super::{ReadOptions, Source, bytes};
use crate::error::{Error, Result};

/// Bytes of the three coordinates of a row, which are bounded as those of packed files are.
const BYTES_OF_ROW: u64 = 24;

/// Reads the columns that `options` ask for.
///
/// # Errors
/// [`Error::Input`] if the file is damaged; as [`columns::read`].
pub(super) fn parse(data: &[u8], name: &str, options: &ReadOptions) -> Result<Parsed> {
    let most = bytes::unpacked_limit(data.len(), options.max_decompressed);
    let table = Table::open(Bytes::copy_from_slice(data), most, name)?;
    columns::read(table.columns(options)?, options, name, |column| table.values(column, usize::MAX))
}

/// Opens a file whose row groups are read some rows at a time.
///
/// # Errors
/// As [`parse`].
pub(super) fn streamed(path: &Path, source: &Source, options: &ReadOptions) -> Result<Opened> {
    let name = source.to_string();
    let table = Table::of(path, options.max_decompressed, &name)?;
    let mut first = |column| table.values(column, 1);
    let choice = Choice::of(table.columns(options)?, options, &name, &mut first)?;
    let groups = Groups { path: path.to_owned(), rows: table.rows, max: options.max_decompressed, name };
    columned(groups, choice, source, options)
}

/// A file, and how many rows it has.
struct Table<'a, R: ChunkReader> {
    reader: SerializedFileReader<R>,
    rows: usize,
    name: &'a str,
}

impl<'a> Table<'a, Stored> {
    /// A file whose bytes are read where they are asked for.
    fn of(path: &Path, max: Option<u64>, name: &'a str) -> Result<Self> {
        let store = Store::open(path)?;
        let most = bytes::streamed_limit(store.len(), max);
        Self::open(Stored(Arc::new(store)), most, name)
    }
}

impl<'a, R: ChunkReader + 'static> Table<'a, R> {
    fn open(file: R, most: u64, name: &'a str) -> Result<Self> {
        let (len, most) = (file.len(), most / BYTES_OF_ROW);
        let reader = SerializedFileReader::new(file).map_err(|e| damaged(&e, name))?;
        let rows = reader.metadata().file_metadata().num_rows();
        let found = usize::try_from(rows).ok().filter(|rows| *rows as u64 <= most).ok_or_else(|| {
            let problem = format!("its {len} bytes claim {rows} rows, more than {most}");
            Error::input(name, format!("{problem}; it is damaged, or raise --max-decompressed if that is meant"))
        })?;
        Ok(Self { reader, rows: found, name })
    }

    fn schema(&self) -> &SchemaDescriptor {
        self.reader.metadata().file_metadata().schema_descr()
    }

    /// What is known of the columns before any is read.
    fn columns(&self, options: &ReadOptions) -> Result<Columns> {
        let schema = self.schema();
        let of = |test: &dyn Fn(&ColumnDescriptor) -> bool| -> Vec<usize> {
            (0..schema.num_columns()).filter(|c| test(&schema.column(*c))).collect()
        };
        let (texts, lists) = (of(&|column| not_read(column).is_some()), of(&|column| column.max_rep_level() > 0));
        let is_without_numbers = options.columns.is_none() && schema.num_columns() - texts.len() < 2;
        if let Some(first) = lists.first().filter(|_| is_without_numbers) {
            return Err(refused(self.name, &schema.column(*first)));
        }
        let names = schema.columns().iter().map(|c| c.path().string()).collect();
        Ok(Columns { format: "parquet", names, texts, ..Columns::default() })
    }

    /// The values of a column in so many row groups.
    fn values(&self, column: usize, groups: usize) -> Result<Vec<f64>> {
        self.check_read(column)?;
        let mut values = Vec::new();
        for group in 0..self.reader.num_row_groups().min(groups) {
            let mut reader = self.column(group, column)?;
            while reader.batch(&mut values).map_err(|e| damaged(&e, self.name))? > 0 {
                self.check_rows(values.len())?;
            }
        }
        Ok(values)
    }

    /// Refuses more rows than there are.
    fn check_rows(&self, rows: usize) -> Result<()> {
        let problem = || ParquetError::General("a column has more values than the table has rows".into());
        if rows <= self.rows { Ok(()) } else { Err(damaged(&problem(), self.name)) }
    }

    /// Refuses a column that does not hold numbers, also where it has no rows.
    fn check_read(&self, column: usize) -> Result<()> {
        let held = self.schema().column(column);
        if not_read(&held).is_some() { Err(refused(self.name, &held)) } else { Ok(()) }
    }

    /// A column of a row group, read from its beginning.
    fn column(&self, group: usize, column: usize) -> Result<Numbers> {
        self.check_read(column)?;
        let held = self.schema().column(column);
        let damaged = |e: ParquetError| damaged(&e, self.name);
        let group = self.reader.get_row_group(group).map_err(damaged)?;
        let chunk = group.metadata().column(column);
        let begin = chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset());
        if begin < 0 || chunk.compressed_size() < 0 {
            return Err(damaged(ParquetError::General("a column lies before the beginning of the file".into())));
        }
        let pages = group.get_column_page_reader(column).map_err(damaged)?;
        let is_unsigned = is_unsigned(&held);
        Ok(Numbers { reader: get_column_reader(held, Box::new(Pages { pages, has_dictionary: false })), is_unsigned })
    }
}

/// What is wrong with a file that cannot be decoded.
fn damaged(e: &ParquetError, name: &str) -> Error {
    let text = e.to_string();
    let problem = match text.split_once("Disabled feature at compile time: ") {
        Some((_, packing)) => format!("is packed with {packing}, which is not read; save it with zstd or snappy"),
        None => format!("the Parquet data are cut or damaged ({text}); fetch it again"),
    };
    Error::input(name, problem)
}

/// A file that is opened for each look at its rows.
#[derive(Debug)]
struct Groups {
    path: PathBuf,
    rows: usize,
    max: Option<u64>,
    name: String,
}

impl Batches for Groups {
    fn rows(&self) -> usize {
        self.rows
    }

    fn each(&self, columns: &[usize], next: &mut Batch) -> Result<()> {
        let table = Table::of(&self.path, self.max, &self.name)?;
        let mut rows = 0;
        for group in 0..table.reader.num_row_groups() {
            let mut readers: Vec<Numbers> = columns.iter().map(|c| table.column(group, *c)).collect::<Result<_>>()?;
            loop {
                let mut values = vec![Vec::new(); columns.len()];
                for (reader, values) in readers.iter_mut().zip(&mut values) {
                    reader.batch(values).map_err(|e| damaged(&e, &self.name))?;
                }
                rows += values.iter().map(Vec::len).max().unwrap_or(0);
                table.check_rows(rows)?;
                match values.iter().all(Vec::is_empty) {
                    true => break,
                    false => next(values)?,
                }
            }
        }
        Ok(())
    }
}

/// A file whose bytes are read where they are asked for.
struct Stored(Arc<Store>);

impl Length for Stored {
    fn len(&self) -> u64 {
        self.0.len()
    }
}

impl ChunkReader for Stored {
    type T = BufReader<Stream<Arc<Store>>>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(BufReader::new(Stream { store: self.0.clone(), at: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let failed = |e: Error| ParquetError::General(e.to_string());
        let bytes = self.0.read(start, length as u64).map_err(failed)?;
        let is_whole = bytes.len() == length;
        is_whole.then(|| Bytes::from(bytes)).ok_or_else(|| ParquetError::EOF("the file ends too early".into()))
    }
}

/// What a column holds that is not read, and what to do; `None` for numbers, one a row.
fn not_read(column: &ColumnDescriptor) -> Option<&'static str> {
    if column.max_rep_level() > 0 {
        return Some("lists, which are not read; save x, y and z as columns of numbers");
    }
    match (column.logical_type_ref(), column.converted_type(), column.physical_type()) {
        (Some(LogicalType::Float16), ..) => Some("float16, which is not read; save it as float32 or float64"),
        (Some(LogicalType::Decimal { .. }), ..) | (_, ConvertedType::DECIMAL, _) => {
            Some("decimals of fixed precision, which are not read; save it as float64")
        }
        (_, _, Type::FLOAT | Type::DOUBLE | Type::INT32 | Type::INT64) => None,
        (_, _, Type::BOOLEAN) => Some("true and false, numbers are expected"),
        (_, _, Type::INT96) => Some("times, numbers are expected"),
        (_, _, Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY) => Some("texts, numbers are expected"),
    }
}

/// The error for a column that is not read.
fn refused(name: &str, column: &ColumnDescriptor) -> Error {
    let path = column.path().parts();
    let found = not_read(column).unwrap_or("numbers");
    Error::input(name, format!("column `{}` holds {found}", path.first().map_or("", |first| first)))
}

/// Whether whole numbers of a column have no sign; they are stored as if they had.
fn is_unsigned(column: &ColumnDescriptor) -> bool {
    use ConvertedType::{UINT_8, UINT_16, UINT_32, UINT_64};
    let by_logical_type = matches!(column.logical_type_ref(), Some(LogicalType::Integer(whole)) if !whole.is_signed);
    by_logical_type || matches!(column.converted_type(), UINT_8 | UINT_16 | UINT_32 | UINT_64)
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

/// The numbers of a column.
struct Numbers {
    reader: ColumnReader,
    is_unsigned: bool,
}

impl Numbers {
    /// Appends the values of the next rows, at most [`BATCH`], of which it gives the number; those that are missing are NaN.
    fn batch(&mut self, values: &mut Vec<f64>) -> Result<usize, ParquetError> {
        match &mut self.reader {
            ColumnReader::FloatColumnReader(reader) => batch(reader, values, |v| f64::from(*v)),
            ColumnReader::DoubleColumnReader(reader) => batch(reader, values, |v| *v),
            ColumnReader::Int32ColumnReader(reader) if self.is_unsigned => {
                batch(reader, values, |v| f64::from(v.cast_unsigned()))
            }
            ColumnReader::Int64ColumnReader(reader) if self.is_unsigned => {
                batch(reader, values, |v| v.cast_unsigned() as f64)
            }
            ColumnReader::Int32ColumnReader(reader) => batch(reader, values, |v| f64::from(*v)),
            ColumnReader::Int64ColumnReader(reader) => batch(reader, values, |v| *v as f64),
            _ => Err(ParquetError::General("a column changes its type".into())),
        }
    }
}

fn batch<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    values: &mut Vec<f64>,
    value: fn(&T::T) -> f64,
) -> Result<usize, ParquetError> {
    let (mut levels, mut batch) = (Vec::new(), Vec::new());
    let (records, found, _) = reader.read_records(BATCH, Some(&mut levels), None, &mut batch)?;
    if found == records {
        values.extend(batch.iter().map(value));
        return Ok(records);
    }
    let highest = levels.iter().copied().max().unwrap_or(0).max(1);
    let mut present = batch.iter().map(value);
    values.extend(levels.iter().map(|l| if *l == highest { present.next().unwrap_or(f64::NAN) } else { f64::NAN }));
    Ok(records)
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

    /// An empty table with these columns.
    fn empty(columns: &str) -> Vec<u8> {
        let schema = Arc::new(parse_message_type(&format!("message t {{ {columns} }}")).unwrap());
        let mut bytes = Vec::new();
        let writer = SerializedFileWriter::new(&mut bytes, schema, Arc::new(WriterProperties::default())).unwrap();
        writer.close().unwrap();
        bytes
    }

    #[test]
    fn a_table_of_lists_alone_is_called_so() {
        let bytes = empty("optional group xyz (LIST) { repeated group list { optional double element; } }");
        let error = parse(&bytes, "t", &ReadOptions::default()).unwrap_err().to_string();
        assert!(error.contains("column `xyz` holds lists, which are not read; save x, y and z"), "{error}");
    }

    /// Catches: lists called damaged, and float16 and decimals called texts (or read without their point).
    #[test]
    fn columns_that_are_not_read_are_called_what_they_are() {
        for (column, expected) in [
            ("optional group x (LIST) { repeated group list { optional double element; } }", "holds lists"),
            ("required fixed_len_byte_array(2) x (FLOAT16);", "holds float16"),
            ("required int32 x (DECIMAL(5, 2));", "holds decimals"),
            ("required binary x (UTF8);", "holds texts"),
            ("required boolean x;", "holds true and false"),
        ] {
            let bytes = empty(&format!("{column} required double y; required double z;"));
            let columns = Some(["1", "2", "3"].map(str::to_owned).to_vec());
            let options = ReadOptions { columns, ..ReadOptions::default() };
            let error = parse(&bytes, "t", &options).unwrap_err().to_string();
            assert!(error.contains("column `x") && error.contains(expected), "{error}");
        }
    }

    /// Catches: 4,000,000,000 read as -294,967,296.
    #[test]
    fn whole_numbers_without_a_sign_have_none() {
        let columns = "required int32 x (INTEGER(32, false)); required int32 y; required int32 z (UINT_32);";
        let schema = Arc::new(parse_message_type(&format!("message t {{ {columns} }}")).unwrap());
        let mut bytes = Vec::new();
        let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::new(WriterProperties::default())).unwrap();
        let mut group = writer.next_row_group().unwrap();
        while let Some(mut column) = group.next_column().unwrap() {
            column.typed::<Int32Type>().write_batch(&[-294_967_296], None, None).unwrap();
            column.close().unwrap();
        }
        group.close().unwrap();
        writer.close().unwrap();
        let parsed = parse(&bytes, "t", &ReadOptions::default()).unwrap();
        assert_eq!(parsed.cloud.positions, [DVec3::new(4e9, -294_967_296.0, 4e9)]);
    }
}
