//! Arguments of `watch`, `content` and `diff`.

use clap::{Args, ValueEnum};
use jiff::Timestamp;

use super::time::time;

/// Arguments of `watch`.
#[derive(Debug, Args)]
pub struct WatchArgs {
    /// Names of the twins in the configuration file
    #[arg(required = true)]
    pub twins: Vec<String>,
    /// Only these kinds of events [default: all]
    #[arg(long = "kind", value_name = "KIND", value_delimiter = ',')]
    pub kinds: Vec<WatchKind>,
    /// Begin with what was recorded from then on: a time, or how long ago (90s, 2h)
    #[arg(long, value_name = "TIME", value_parser = time, conflicts_with = "after")]
    pub since: Option<Timestamp>,
    /// Begin behind this position of an earlier event
    #[arg(long, value_name = "POSITION")]
    pub after: Option<String>,
    /// Which instance, when several have the twin's name
    #[arg(long, value_name = "OCID")]
    pub id: Option<String>,
}

/// Kinds of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WatchKind {
    /// Messages as they were received
    Raw,
    /// Values that adapters made of them
    Normalized,
    /// Messages that were rejected, with the reason
    Rejected,
    /// Steps of raw commands
    Command,
}

impl WatchKind {
    /// All of them.
    pub const ALL: [WatchKind; 4] =
        [WatchKind::Raw, WatchKind::Normalized, WatchKind::Rejected, WatchKind::Command];

    /// Name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            WatchKind::Raw => "raw",
            WatchKind::Normalized => "normalized",
            WatchKind::Rejected => "rejected",
            WatchKind::Command => "command",
        }
    }
}

/// Arguments of `content`.
#[derive(Debug, Args)]
pub struct ContentArgs {
    /// Name of the twin in the configuration file
    pub twin: String,
    /// As of then: a time, or how long ago (90m, 7d) [default: now]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub at: Option<Timestamp>,
    /// Which instance, when several have the twin's name
    #[arg(long, value_name = "OCID")]
    pub id: Option<String>,
}

/// Arguments of `diff`.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// Name of the twin in the configuration file
    pub twin: String,
    /// The first instant: a time, or how long ago (90m, 7d)
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub from: Timestamp,
    /// The second instant [default: now]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub to: Option<Timestamp>,
    /// Which instance, when several have the twin's name
    #[arg(long, value_name = "OCID")]
    pub id: Option<String>,
}
