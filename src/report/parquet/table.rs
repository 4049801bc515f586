//! Rows in, row groups of a Parquet file out.

use super::texts::Texts;
use parquet::basic::{Compression, Encoding, Type as Physical, ZstdLevel};
use parquet::column::writer::ColumnWriter;
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};
use std::io::{self, Write};
use std::slice;
use std::sync::Arc;

/// Rows of a row group, as engines like them: one thread of theirs reads one.
const GROUP: usize = 1 << 17;

/// A cell.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cell<'a> {
    /// There is none.
    Null,
    /// There is none, as the structure that it belongs to is not there.
    NoParent,
    Bool(bool),
    Int(i32),
    Long(i64),
    /// One of a few words.
    Word(&'static str),
    Text(&'a [u8]),
}

impl<'a> Cell<'a> {
    pub const fn text(text: &'a str) -> Self {
        Self::Text(text.as_bytes())
    }
}

impl From<&'static str> for Cell<'_> {
    fn from(word: &'static str) -> Self {
        Self::Word(word)
    }
}

impl<'a, T: Into<Cell<'a>>> From<Option<T>> for Cell<'a> {
    fn from(cell: Option<T>) -> Self {
        cell.map_or(Self::Null, Into::into)
    }
}

impl From<bool> for Cell<'_> {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i32> for Cell<'_> {
    fn from(value: i32) -> Self {
        Self::Int(value)
    }
}

impl From<u16> for Cell<'_> {
    fn from(value: u16) -> Self {
        Self::Int(i32::from(value))
    }
}

impl From<i64> for Cell<'_> {
    fn from(value: i64) -> Self {
        Self::Long(value)
    }
}

impl From<u32> for Cell<'_> {
    fn from(value: u32) -> Self {
        Self::Long(i64::from(value))
    }
}

#[derive(Debug)]
enum Values {
    Bool(Vec<bool>),
    Int(Vec<i32>),
    Long(Vec<i64>),
    Text(Texts),
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
            _ => Values::Text(Texts::default()),
        };
        Self { values, levels: Vec::new(), deepest: column.max_def_level() }
    }

    // which kind of cell it is is known where it is added
    #[inline(always)]
    fn push<'a>(&mut self, cell: Cell<'a>) -> Result<(), Cell<'a>> {
        let level = match (&mut self.values, cell) {
            // where the value itself may be missing, the structure around it is there
            (_, Cell::Null) if self.deepest > 0 => self.deepest - 1,
            (_, Cell::NoParent) if self.deepest > 0 => 0,
            (Values::Bool(all), Cell::Bool(value)) => push(all, value, self.deepest),
            (Values::Int(all), Cell::Int(value)) => push(all, value, self.deepest),
            (Values::Long(all), Cell::Long(value)) => push(all, value, self.deepest),
            (Values::Text(all), Cell::Word(word)) => {
                all.word(word);
                self.deepest
            }
            (Values::Text(all), Cell::Text(text)) => {
                all.text(text);
                self.deepest
            }
            (_, cell) => return Err(cell),
        };
        if self.deepest > 0 {
            self.levels.push(level);
        }
        Ok(())
    }

    fn write(&mut self, to: &mut ColumnWriter<'_>) -> Result<(), ParquetError> {
        let levels = (self.deepest > 0).then_some(self.levels.as_slice());
        match (&mut self.values, to) {
            (Values::Bool(all), ColumnWriter::BoolColumnWriter(to)) => {
                to.write_batch(all, levels, None)?;
                all.clear();
            }
            (Values::Int(all), ColumnWriter::Int32ColumnWriter(to)) => {
                to.write_batch(all, levels, None)?;
                all.clear();
            }
            (Values::Long(all), ColumnWriter::Int64ColumnWriter(to)) => {
                to.write_batch(all, levels, None)?;
                all.clear();
            }
            (Values::Text(all), ColumnWriter::ByteArrayColumnWriter(to)) => {
                all.write(levels, self.deepest, to)?;
            }
            _ => return Err(ParquetError::General("a column of another type".to_owned())),
        }
        self.levels.clear();
        Ok(())
    }
}

#[inline]
fn push<T>(all: &mut Vec<T>, value: T, level: i16) -> i16 {
    all.push(value);
    level
}

/// A row that is being filled.
pub(super) struct Row<'a> {
    columns: slice::IterMut<'a, Column>,
    wrong: Option<String>,
}

impl Row<'_> {
    /// Puts a cell into the next column.
    #[inline(always)]
    pub fn add<'c>(&mut self, cell: impl Into<Cell<'c>>) {
        let cell = cell.into();
        let left = match self.columns.next() {
            Some(column) => column.push(cell).err(),
            None => Some(cell),
        };
        if let Some(cell) = left {
            self.refuse(cell);
        }
    }

    #[cold]
    fn refuse(&mut self, cell: Cell<'_>) {
        self.wrong = Some(format!("a cell {cell:?} in a column of another type, or in none"));
    }
}

/// A file that is being written.
pub(super) struct Table<'a> {
    writer: SerializedFileWriter<&'a mut (dyn Write + Send)>,
    columns: Vec<Column>,
    rows: usize,
}

impl<'a> Table<'a> {
    /// One with this schema, in Parquet's own words. `single`: columns of text that hardly repeats.
    pub fn new(out: &'a mut (dyn Write + Send), schema: &str, single: &[&str]) -> io::Result<Self> {
        let schema = Arc::new(parse_message_type(schema).map_err(plain)?);
        let described = SchemaDescriptor::new(Arc::clone(&schema));
        let mut properties = WriterProperties::builder()
            .set_created_by(concat!("reginfra version ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).map_err(plain)?))
            .set_statistics_enabled(EnabledStatistics::Chunk);
        for column in described.columns() {
            // numbers lie near the one before; words repeat
            let path = || column.path().clone();
            if matches!(column.physical_type(), Physical::INT32 | Physical::INT64) {
                properties = properties
                    .set_column_dictionary_enabled(path(), false)
                    .set_column_encoding(path(), Encoding::DELTA_BINARY_PACKED);
            }
            // the least and the most of any other tell no row group from another
            if !matches!(column.name(), "session" | "started_at") {
                properties = properties.set_column_statistics_enabled(path(), EnabledStatistics::None);
            }
            if single.contains(&column.name()) {
                properties = properties.set_column_dictionary_enabled(path(), false);
            }
        }
        let columns = described.columns().iter().map(|column| Column::of(column)).collect();
        let writer = SerializedFileWriter::new(out, schema, Arc::new(properties.build())).map_err(plain)?;
        Ok(Self { writer, columns, rows: 0 })
    }

    /// Takes a row: `fill` adds cells in the order of the schema.
    pub fn row(&mut self, fill: impl FnOnce(&mut Row<'_>)) -> io::Result<()> {
        let mut row = Row { columns: self.columns.iter_mut(), wrong: None };
        fill(&mut row);
        let Row { columns, wrong } = row;
        if let Some(wrong) = wrong {
            return Err(io::Error::other(wrong));
        }
        if columns.len() > 0 {
            return Err(io::Error::other(format!("a row that is {} cells short", columns.len())));
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
