//! Rows as CSV, as lines of JSON, and as Parquet.

use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use platform::clock::rfc3339;
use serde_json::{Map, Number, Value};

use super::dataset::{Cell, Column, Kind};
use super::file::Digesting;
use crate::args::Format;

/// Rows of a row group at most: what one look of a reader decodes.
const GROUP_ROWS_MAX: usize = 100_000;
/// Bytes of rows that wait for their row group at most, about.
const GROUP_BYTES_MAX: usize = 32 << 20;

/// Where rows go.
pub enum Sink {
    Csv(Digesting),
    Ndjson(&'static [Column], Digesting),
    Parquet(Box<Groups>),
}

impl Sink {
    /// Begins a file.
    pub fn begin(
        format: Format,
        columns: &'static [Column],
        mut out: Digesting,
    ) -> io::Result<Sink> {
        Ok(match format {
            Format::Csv => {
                let heads: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
                write!(out, "{}\r\n", heads.join(","))?;
                Sink::Csv(out)
            }
            Format::Ndjson => Sink::Ndjson(columns, out),
            Format::Parquet => Sink::Parquet(Box::new(Groups::begin(columns, out)?)),
        })
    }

    /// Adds a row.
    pub fn row(&mut self, row: Vec<Cell>) -> io::Result<()> {
        match self {
            Sink::Csv(out) => write_csv(out, &row),
            Sink::Ndjson(columns, out) => {
                let member = |((name, _), cell): (&Column, Cell)| ((*name).to_owned(), json(cell));
                let row: Map<String, Value> = columns.iter().zip(row).map(member).collect();
                serde_json::to_writer(&mut *out, &row)?;
                out.write_all(b"\n")
            }
            Sink::Parquet(groups) => groups.row(row),
        }
    }

    /// Ends the file.
    pub fn finish(self) -> io::Result<Digesting> {
        let mut out = match self {
            Sink::Csv(out) | Sink::Ndjson(_, out) => out,
            Sink::Parquet(groups) => groups.finish()?,
        };
        out.flush()?;
        Ok(out)
    }
}

fn json(cell: Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Integer(value) => Value::from(value),
        Cell::Real(value) => Number::from_f64(value).map_or(Value::Null, Value::Number),
        Cell::Time(us) => Value::String(rfc3339(us)),
        Cell::Text(text) => Value::String(text),
    }
}

/// RFC 4180; null is nothing, the empty text a pair of quotes.
fn write_csv(out: &mut Digesting, row: &[Cell]) -> io::Result<()> {
    for (index, cell) in row.iter().enumerate() {
        if index > 0 {
            out.write_all(b",")?;
        }
        match cell {
            Cell::Null => {}
            Cell::Integer(value) => write!(out, "{value}")?,
            Cell::Real(value) => write!(out, "{value}")?,
            Cell::Time(us) => out.write_all(rfc3339(*us).as_bytes())?,
            Cell::Text(text) if text.is_empty() || text.contains([',', '"', '\r', '\n']) => {
                write!(out, "\"{}\"", text.replace('"', "\"\""))?;
            }
            Cell::Text(text) => out.write_all(text.as_bytes())?,
        }
    }
    out.write_all(b"\r\n")
}

/// A Parquet file and the rows of its next row group.
pub struct Groups {
    columns: &'static [Column],
    writer: SerializedFileWriter<Digesting>,
    rows: Vec<Vec<Cell>>,
    bytes: usize,
}

impl Groups {
    fn begin(columns: &'static [Column], out: Digesting) -> io::Result<Groups> {
        let fields = columns.iter().map(|column| field(column).map(Arc::new));
        let fields = fields.collect::<Result<Vec<_>, _>>().map_err(other)?;
        let schema = Type::group_type_builder("row").with_fields(fields).build().map_err(other)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by(concat!("manage-dt ", env!("CARGO_PKG_VERSION")).to_owned());
        let properties = Arc::new(properties.build());
        let writer = SerializedFileWriter::new(out, Arc::new(schema), properties).map_err(other)?;
        Ok(Groups { columns, writer, rows: Vec::new(), bytes: 0 })
    }

    fn row(&mut self, row: Vec<Cell>) -> io::Result<()> {
        let bytes = |cell: &Cell| match cell {
            Cell::Text(text) => size_of::<Cell>() + text.len(),
            _ => size_of::<Cell>(),
        };
        self.bytes += row.iter().map(bytes).sum::<usize>();
        self.rows.push(row);
        if self.rows.len() >= GROUP_ROWS_MAX || self.bytes >= GROUP_BYTES_MAX {
            self.group()?;
        }
        Ok(())
    }

    fn group(&mut self) -> io::Result<()> {
        let rows = std::mem::take(&mut self.rows);
        self.bytes = 0;
        let mut group = self.writer.next_row_group().map_err(other)?;
        let mut index = 0;
        while let Some(mut column) = group.next_column().map_err(other)? {
            write_column(column.untyped(), rows.iter().map(|row| &row[index])).map_err(other)?;
            column.close().map_err(other)?;
            index += 1;
        }
        group.close().map_err(other)?;
        Ok(())
    }

    fn finish(mut self) -> io::Result<Digesting> {
        if !self.rows.is_empty() {
            self.group()?;
        }
        debug_assert!(!self.columns.is_empty());
        self.writer.into_inner().map_err(other)
    }
}

fn field((name, kind): &Column) -> Result<Type, ParquetError> {
    let (physical, logical) = match kind {
        Kind::Integer => (Physical::INT64, None),
        Kind::Real => (Physical::DOUBLE, None),
        Kind::Time => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MICROS))),
        Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
    };
    Type::primitive_type_builder(name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical)
        .build()
}

fn write_column<'c>(
    writer: &mut ColumnWriter<'_>,
    cells: impl Iterator<Item = &'c Cell> + Clone,
) -> Result<(), ParquetError> {
    let levels: Vec<i16> =
        cells.clone().map(|cell| i16::from(!matches!(cell, Cell::Null))).collect();
    let levels = Some(levels.as_slice());
    match writer {
        ColumnWriter::Int64ColumnWriter(writer) => {
            let integer = |cell: &Cell| match cell {
                Cell::Integer(value) | Cell::Time(value) => Some(*value),
                _ => None,
            };
            writer.write_batch(&cells.filter_map(integer).collect::<Vec<_>>(), levels, None)?;
        }
        ColumnWriter::DoubleColumnWriter(writer) => {
            let real = |cell: &Cell| match cell {
                Cell::Real(value) => Some(*value),
                _ => None,
            };
            writer.write_batch(&cells.filter_map(real).collect::<Vec<_>>(), levels, None)?;
        }
        ColumnWriter::ByteArrayColumnWriter(writer) => {
            let text = |cell: &Cell| match cell {
                Cell::Text(text) => Some(ByteArray::from(text.as_str())),
                _ => None,
            };
            writer.write_batch(&cells.filter_map(text).collect::<Vec<_>>(), levels, None)?;
        }
        // `field` makes columns of these three types only.
        _ => return Err(ParquetError::General("a column of another type".to_owned())),
    }
    Ok(())
}

fn other(error: ParquetError) -> io::Error {
    match error {
        // A full disk is told as such.
        ParquetError::External(error) => match error.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(error) => io::Error::other(error),
        },
        error => io::Error::other(error),
    }
}
