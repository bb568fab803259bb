//! Arguments of `show` and of the verbs below `config`.

use clap::{Args, Subcommand};

/// Arguments of `show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Name of the twin in the configuration file
    pub twin: String,
    /// Which instance, when several have the twin's name
    #[arg(long, value_name = "OCID")]
    pub id: Option<String>,
}

/// The verbs below `config`.
#[derive(Debug, Subcommand)]
pub enum ConfigVerb {
    /// Show the settings in force
    #[command(after_help = "\
Secrets are not shown.

Examples:
  manage-dt config show --origin
  manage-dt --local --output json config show")]
    Show {
        /// Show where each comes from: option, --local, variable, file, default
        #[arg(long)]
        origin: bool,
    },
}
