//! Options of `bulk`.

use std::path::PathBuf;

use clap::Args;

use super::path_parser;

/// Arguments of `bulk`.
#[derive(Debug, Args)]
pub struct BulkArgs {
    /// Name of the twin in the configuration file: its model, adapter and auth_id are the rows'
    pub twin: String,
    /// The CSV file, with a line of heads
    #[arg(value_name = "FILE.csv", value_parser = path_parser())]
    pub file: PathBuf,
    /// Creates under way at once
    #[arg(long, value_name = "N", default_value_t = 8,
          value_parser = clap::value_parser!(u16).range(1..=64))]
    pub parallel: u16,
    /// Where the outcome of each row is kept; rows that it says are done are skipped
    /// [default: FILE.csv.report.ndjson]
    #[arg(long, value_name = "FILE", value_parser = path_parser())]
    pub report: Option<PathBuf>,
    /// Check all rows, and create nothing
    #[arg(long)]
    pub dry_run: bool,
}
