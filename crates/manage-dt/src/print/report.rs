//! What a verb has to say on stdout.
//!
//! As text each part is written when it is known; as JSON the parts are members of one document,
//! written at the end. A reader that goes away is no error: the verb finishes its work in silence.

use std::io::{self, ErrorKind, Write};

use serde_json::{Map, Value};

use crate::args::OutputFormat;
use crate::config::Environment;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// Widest terminal that is believed in.
const COLUMNS_MAX: usize = 10_000;

/// The results of one run of a verb.
pub struct Report {
    format: OutputFormat,
    width: Option<usize>,
    document: Map<String, Value>,
    out: Box<dyn Write>,
    broken: Option<io::Error>,
}

impl Report {
    /// A report on stdout.
    pub fn on_stdout(format: OutputFormat, environment: &Environment) -> Report {
        Report::new(format, Report::width(environment), Box::new(anstream::stdout()))
    }

    /// Columns that text may take; none when nothing limits it.
    pub fn width(environment: &Environment) -> Option<usize> {
        match environment.get("COLUMNS").and_then(|text| text.trim().parse().ok()) {
            Some(columns) if columns > 0 => Some(usize::min(columns, COLUMNS_MAX)),
            // None unless stdout is a terminal.
            _ => comfy_table::Table::new().width().map(usize::from),
        }
    }

    /// A report in text of at most `width` columns, or in JSON, to `out`.
    pub fn new(format: OutputFormat, width: Option<usize>, out: Box<dyn Write>) -> Report {
        Report { format, width, document: Map::new(), out, broken: None }
    }

    /// Whether it is text for people.
    pub fn is_text(&self) -> bool {
        self.format != OutputFormat::Json
    }

    /// Adds a part: a member of the JSON document, or a text for at most the given width.
    pub fn part(
        &mut self,
        name: &str,
        value: impl FnOnce() -> Value,
        text: impl FnOnce(Option<usize>) -> String,
    ) {
        match self.format {
            OutputFormat::Json => {
                self.document.insert(name.to_owned(), value());
            }
            // SARIF and CSV are documents of their own kind; verbs that know them do not come here.
            OutputFormat::Table | OutputFormat::Sarif | OutputFormat::Csv => {
                let text = text(self.width);
                self.write(&text);
            }
        }
    }

    /// Ends the report.
    pub fn finish(mut self) -> Result<(), Failure> {
        if self.format == OutputFormat::Json {
            let document = Value::Object(std::mem::take(&mut self.document));
            let text = super::filter::text(document)?;
            self.write(&text);
        }
        match self.broken.filter(|error| error.kind() != ErrorKind::BrokenPipe) {
            None => Ok(()),
            Some(error) => {
                Err(Failure::new(ExitCode::Refused, format!("cannot write the results: {error}")))
            }
        }
    }

    fn write(&mut self, text: &str) {
        if self.broken.is_none() {
            let written = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
            self.broken = written.err();
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    struct Broken(ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_goes_away_is_no_error() {
        let mut report =
            Report::new(OutputFormat::Json, None, Box::new(Broken(ErrorKind::BrokenPipe)));
        report.part("a", || json!(1), |_| String::new());
        assert!(report.finish().is_ok());
        let full = Report::new(OutputFormat::Json, None, Box::new(Broken(ErrorKind::StorageFull)));
        assert_eq!(full.finish().unwrap_err().exit, ExitCode::Refused);
    }
}
