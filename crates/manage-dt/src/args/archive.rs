//! Arguments of `archive`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::path_parser;

/// Arguments of `archive`.
#[derive(Debug, Args)]
pub struct ArchiveArgs {
    /// Folder of the archive; made when it is missing
    #[arg(value_parser = path_parser())]
    pub folder: PathBuf,
    /// Kinds of data, separated by commas [default: all that the layout has]
    #[arg(long, value_name = "KINDS", value_enum, value_delimiter = ',')]
    pub data: Vec<Dataset>,
    /// Form of the files
    #[arg(long, value_enum, default_value_t = Format::Parquet)]
    pub format: Format,
    /// Names and places of the files
    #[arg(long, value_enum, default_value_t = Layout::Flat)]
    pub layout: Layout,
    /// Data from then on: a time, or how long ago (90m, 7d) [default: from the first]
    #[arg(long, value_name = "TIME", value_parser = parsed_time)]
    pub since: Option<String>,
    /// Data before: a time, or how long ago [default: now]
    #[arg(long, value_name = "TIME", value_parser = parsed_time)]
    pub until: Option<String>,
    /// Only say what would be written
    #[arg(long)]
    pub dry_run: bool,
}

/// Checks a time; kept as it was typed, so that a run that goes on is known as the same.
fn parsed_time(text: &str) -> Result<String, String> {
    super::time::time(text).map(|_| text.to_owned())
}

impl ArchiveArgs {
    /// `since` and `until` as points in time.
    pub fn times(&self) -> (Option<jiff::Timestamp>, Option<jiff::Timestamp>) {
        let time =
            |text: &Option<String>| text.as_deref().and_then(|text| super::time::time(text).ok());
        (time(&self.since), time(&self.until))
    }
}

/// A kind of data that can be archived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Dataset {
    /// Messages as received
    #[value(alias = "rawData")]
    Raw,
    /// Values of elements that are Historized
    #[value(alias = "historizedData")]
    Historized,
    /// Messages that were rejected, with the reason
    #[value(alias = "rejectedData")]
    Rejected,
    /// Raw commands
    #[value(alias = "rawCommandData")]
    Command,
}

/// Form of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Apache Parquet, Snappy
    Parquet,
    /// A head line and RFC 4180
    Csv,
    /// One JSON object a line
    Ndjson,
}

impl Format {
    /// Its name, which is also the ending of its files.
    pub fn name(self) -> &'static str {
        match self {
            Format::Parquet => "parquet",
            Format::Csv => "csv",
            Format::Ndjson => "ndjson",
        }
    }
}

/// Names and places of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Layout {
    /// DATA-00001.FORMAT and manifest.json
    Flat,
    /// The object names of Oracle's archive-domain; what is about to expire
    ArchiveDomain,
}

impl Layout {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Layout::Flat => "flat",
            Layout::ArchiveDomain => "archive-domain",
        }
    }
}
