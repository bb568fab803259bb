//! Rows on stdout: a table, CSV, or one JSON document. CSV and JSON are written as rows come.

use std::io::{self, BufWriter, Write as _};

use base64::Engine as _;
use serde_json::{Map, Number, Value};
use store_sqlite::{ConsoleValue, Rows};

use crate::args::OutputFormat;
use crate::config::Environment;
use crate::print::{Report, json_text};

/// Rows that a table shows; its widths are known only when all of them are.
const TABLE_ROWS_MAX: usize = 10_000;

/// Where rows go.
pub struct Output {
    format: OutputFormat,
    width: Option<usize>,
    names: Vec<String>,
    /// Rows of a table.
    rows: Vec<Vec<String>>,
    count: usize,
    is_cut: bool,
    out: BufWriter<Box<dyn io::Write + Send>>,
}

impl Output {
    /// To stdout.
    pub fn on_stdout(format: OutputFormat, environment: &Environment) -> Output {
        Output {
            format,
            width: Report::width(environment),
            names: Vec::new(),
            rows: Vec::new(),
            count: 0,
            is_cut: false,
            out: BufWriter::new(Box::new(anstream::stdout())),
        }
    }

    /// Ends what [`Rows`] began.
    pub fn finish(&mut self) -> io::Result<()> {
        match self.format {
            OutputFormat::Json => self.out.write_all(b"\n  ]\n}\n")?,
            OutputFormat::Csv => {}
            OutputFormat::Table | OutputFormat::Sarif => {
                let heads: Vec<&str> = self.names.iter().map(String::as_str).collect();
                let mut table = crate::print::Table::new(None, &heads);
                for row in self.rows.drain(..) {
                    table.row(row);
                }
                self.out.write_all(table.render(self.width).as_bytes())?;
            }
        }
        self.out.flush()?;
        if self.is_cut {
            tracing::warn!(
                "There are more than {TABLE_ROWS_MAX} rows; --output csv or json has all of them"
            );
        }
        Ok(())
    }
}

impl Rows for Output {
    fn columns(&mut self, names: Vec<String>) -> io::Result<()> {
        let twice = names.iter().enumerate().find(|(index, name)| names[..*index].contains(name));
        if let (OutputFormat::Json, Some((_, name))) = (self.format, twice) {
            let text = format!("two columns are called `{name}`; give one another name with AS");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        match self.format {
            OutputFormat::Json => {
                let columns = serde_json::to_string(&names)?;
                write!(self.out, "{{\n  \"columns\": {columns},\n  \"rows\": [")?;
            }
            OutputFormat::Csv => {
                let heads: Vec<String> = names.iter().map(|name| quoted(name)).collect();
                write!(self.out, "{}\r\n", heads.join(","))?;
            }
            OutputFormat::Table | OutputFormat::Sarif => {}
        }
        self.names = names;
        Ok(())
    }

    fn row(&mut self, row: Vec<ConsoleValue>) -> io::Result<bool> {
        match self.format {
            OutputFormat::Json => {
                let members: Map<String, Value> =
                    self.names.iter().cloned().zip(row.into_iter().map(json)).collect();
                let comma = if self.count == 0 { "" } else { "," };
                write!(self.out, "{comma}\n    {}", serde_json::to_string(&members)?)?;
            }
            OutputFormat::Csv => {
                let cells: Vec<String> = row.into_iter().map(csv).collect();
                write!(self.out, "{}\r\n", cells.join(","))?;
            }
            OutputFormat::Table | OutputFormat::Sarif => {
                if self.count == TABLE_ROWS_MAX {
                    self.is_cut = true;
                    return Ok(false);
                }
                self.rows.push(row.into_iter().map(cell).collect());
            }
        }
        self.count += 1;
        Ok(true)
    }
}

fn json(value: ConsoleValue) -> Value {
    match value {
        ConsoleValue::Null => Value::Null,
        ConsoleValue::Integer(value) => Value::from(value),
        ConsoleValue::Real(value) => Number::from_f64(value).map_or(Value::Null, Value::Number),
        ConsoleValue::Text(text) => Value::String(text),
        ConsoleValue::Blob(bytes) => Value::String(base64(&bytes)),
    }
}

fn csv(value: ConsoleValue) -> String {
    match value {
        ConsoleValue::Null => String::new(),
        ConsoleValue::Integer(value) => value.to_string(),
        ConsoleValue::Real(value) => value.to_string(),
        ConsoleValue::Text(text) => quoted(&text),
        ConsoleValue::Blob(bytes) => base64(&bytes),
    }
}

/// RFC 4180: an empty text is a pair of quotes, so that null is something else.
fn quoted(text: &str) -> String {
    match text.is_empty() || text.contains([',', '"', '\r', '\n']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

fn cell(value: ConsoleValue) -> String {
    match value {
        ConsoleValue::Null => "NULL".to_owned(),
        ConsoleValue::Text(text) => json_text::plain(&text),
        other => csv(other),
    }
}

fn base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
