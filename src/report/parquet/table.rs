//! Rows in, row groups of a Parquet file out.

use parquet::basic::{Compression, Encoding, Type as Physical, ZstdLevel};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};
use std::io::{self, Write};
use std::sync::Arc;

/// Rows of a row group, as engines like them: one thread of theirs reads one.
const GROUP: usize = 1 << 17;

/// A cell.
#[derive(Clone, Debug)]
pub(super) enum Cell {
    /// There is none.
    Null,
    /// There is none, as the structure that it belongs to is not there.
    NoParent,
    Bool(bool),
    Int(i32),
    Long(i64),
    Text(ByteArray),
}

impl Cell {
    pub fn text(text: impl Into<Vec<u8>>) -> Self {
        Self::Text(text.into().into())
    }

    pub fn word(word: &'static str) -> Self {
        Self::Text(ByteArray::from(bytes::Bytes::from_static(word.as_bytes())))
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(cell: Option<T>) -> Self {
        cell.map_or(Self::Null, Into::into)
    }
}

impl From<bool> for Cell {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i32> for Cell {
    fn from(value: i32) -> Self {
        Self::Int(value)
    }
}

impl From<u16> for Cell {
    fn from(value: u16) -> Self {
        Self::Int(i32::from(value))
    }
}

impl From<i64> for Cell {
    fn from(value: i64) -> Self {
        Self::Long(value)
    }
}

impl From<u32> for Cell {
    fn from(value: u32) -> Self {
        Self::Long(i64::from(value))
    }
}

#[derive(Debug)]
enum Values {
    Bool(Vec<bool>),
    Int(Vec<i32>),
    Long(Vec<i64>),
    Text(Vec<ByteArray>),
}

/// A column of the row group that is being filled.
#[derive(Debug)]
struct Column {
    values: Values,
    /// How much of the way to the value is there; empty where all of it always is.
    levels: Vec<i16>,
    deepest: i16,
}

impl Column {
    fn of(column: &ColumnDescriptor) -> Self {
        let values = match column.physical_type() {
            Physical::BOOLEAN => Values::Bool(Vec::new()),
            Physical::INT32 => Values::Int(Vec::new()),
            Physical::INT64 => Values::Long(Vec::new()),
            _ => Values::Text(Vec::new()),
        };
        Self { values, levels: Vec::new(), deepest: column.max_def_level() }
    }

    fn push(&mut self, cell: Cell) -> io::Result<()> {
        let level = match (&mut self.values, cell) {
            // where the value itself may be missing, the structure around it is there
            (_, Cell::Null) if self.deepest > 0 => self.deepest - 1,
            (_, Cell::NoParent) if self.deepest > 0 => 0,
            (Values::Bool(all), Cell::Bool(value)) => push(all, value, self.deepest),
            (Values::Int(all), Cell::Int(value)) => push(all, value, self.deepest),
            (Values::Long(all), Cell::Long(value)) => push(all, value, self.deepest),
            (Values::Text(all), Cell::Text(value)) => push(all, value, self.deepest),
            (of, cell) => return Err(io::Error::other(format!("a cell {cell:?} in a column of {of:?}"))),
        };
        if self.deepest > 0 {
            self.levels.push(level);
        }
        Ok(())
    }

    fn write(&mut self, to: &mut ColumnWriter<'_>) -> Result<(), ParquetError> {
        let levels = (self.deepest > 0).then_some(self.levels.as_slice());
        match (&mut self.values, to) {
            (Values::Bool(all), ColumnWriter::BoolColumnWriter(to)) => to.write_batch(all, levels, None),
            (Values::Int(all), ColumnWriter::Int32ColumnWriter(to)) => to.write_batch(all, levels, None),
            (Values::Long(all), ColumnWriter::Int64ColumnWriter(to)) => to.write_batch(all, levels, None),
            (Values::Text(all), ColumnWriter::ByteArrayColumnWriter(to)) => to.write_batch(all, levels, None),
            _ => Err(ParquetError::General("a column of another type".to_owned())),
        }?;
        match &mut self.values {
            Values::Bool(all) => all.clear(),
            Values::Int(all) => all.clear(),
            Values::Long(all) => all.clear(),
            Values::Text(all) => all.clear(),
        }
        self.levels.clear();
        Ok(())
    }
}

fn push<T>(all: &mut Vec<T>, value: T, level: i16) -> i16 {
    all.push(value);
    level
}

/// A file that is being written.
pub(super) struct Table<'a> {
    writer: SerializedFileWriter<&'a mut (dyn Write + Send)>,
    columns: Vec<Column>,
    rows: usize,
}

impl<'a> Table<'a> {
    /// One with this schema, in Parquet's own words.
    pub fn new(out: &'a mut (dyn Write + Send), schema: &str) -> io::Result<Self> {
        let schema = Arc::new(parse_message_type(schema).map_err(plain)?);
        let described = SchemaDescriptor::new(Arc::clone(&schema));
        let mut properties = WriterProperties::builder()
            .set_created_by(concat!("reginfra version ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).map_err(plain)?))
            .set_statistics_enabled(EnabledStatistics::Chunk);
        for column in described.columns() {
            // numbers lie near the one before; words repeat
            if matches!(column.physical_type(), Physical::INT32 | Physical::INT64) {
                properties = properties
                    .set_column_dictionary_enabled(column.path().clone(), false)
                    .set_column_encoding(column.path().clone(), Encoding::DELTA_BINARY_PACKED);
            }
        }
        let columns = described.columns().iter().map(|column| Column::of(column)).collect();
        let writer = SerializedFileWriter::new(out, schema, Arc::new(properties.build())).map_err(plain)?;
        Ok(Self { writer, columns, rows: 0 })
    }

    /// Takes a row, cells in the order of the schema.
    pub fn push<const N: usize>(&mut self, row: [Cell; N]) -> io::Result<()> {
        for (cell, column) in row.into_iter().zip(&mut self.columns) {
            column.push(cell)?;
        }
        self.rows += 1;
        if self.rows == GROUP { self.write_group() } else { Ok(()) }
    }

    fn write_group(&mut self) -> io::Result<()> {
        let mut group = self.writer.next_row_group().map_err(plain)?;
        write_columns(&mut group, &mut self.columns).map_err(plain)?;
        group.close().map_err(plain)?;
        self.rows = 0;
        Ok(())
    }

    /// Writes what is left, and the end of the file.
    pub fn finish(mut self) -> io::Result<()> {
        if self.rows > 0 {
            self.write_group()?;
        }
        self.writer.close().map(drop).map_err(plain)
    }
}

fn write_columns<W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    columns: &mut [Column],
) -> Result<(), ParquetError> {
    for column in columns {
        let Some(mut to) = group.next_column()? else { break };
        column.write(to.untyped())?;
        to.close()?;
    }
    Ok(())
}

// the system's own words where it said some
fn plain(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(system) => *system,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    }
}
