//! Arguments of `replay`.

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;

use super::path_parser;
use super::time::time;

/// Arguments of `replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// Name of the twin in the configuration file
    pub twin: String,
    /// New adapter, envelope and routes in one file, in the API's form
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["envelope", "routes"],
        value_parser = path_parser()
    )]
    pub adapter: Option<PathBuf>,
    /// Envelope of the new adapter [default: the present one's]
    #[arg(long, value_name = "FILE", value_parser = path_parser())]
    pub envelope: Option<PathBuf>,
    /// Routes of the new adapter [default: the present one's]
    #[arg(long, value_name = "FILE", value_parser = path_parser())]
    pub routes: Option<PathBuf>,
    /// Only messages received from then on: a time, or how long ago (90m, 7d)
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub since: Option<Timestamp>,
    /// Only messages received before: a time, or how long ago
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub until: Option<Timestamp>,
    /// Which instance, when several have the twin's name
    #[arg(long, value_name = "OCID")]
    pub id: Option<String>,
    /// Rewrite the stored history with the new adapter; only on a platform of manage-dt
    #[arg(long)]
    pub apply: bool,
    /// Do not ask before --apply
    #[arg(long, requires = "apply")]
    pub yes: bool,
}
