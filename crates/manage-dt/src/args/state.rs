//! Arguments of the verbs about the state directory of a local platform: `sql`, `backup`, `restore`.

use std::path::PathBuf;

use clap::Args;

use super::{DEFAULT_STATE_DIR, path_parser};

/// Longest time that a query may ask for: while it runs the database's log cannot shrink.
const SECONDS_MAX: u64 = 3600;

/// Arguments of `sql`.
#[derive(Debug, Args)]
pub struct SqlArgs {
    /// One SELECT; from stdin when it is absent or `-`
    // Named apart from the global `--query`, which would take it for its own.
    #[arg(value_name = "QUERY")]
    pub statement: Option<String>,
    /// Longest time that the query may take
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 60,
        value_parser = clap::value_parser!(u64).range(1..=SECONDS_MAX)
    )]
    pub timeout: u64,
    /// Where the platform keeps its state.
    #[command(flatten)]
    pub state: StateArgs,
}

/// Arguments of `backup`.
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// Folder of the backup; it must not be there yet
    #[arg(value_name = "DEST", value_parser = path_parser())]
    pub folder: PathBuf,
    /// Where the platform keeps its state.
    #[command(flatten)]
    pub state: StateArgs,
}

/// Arguments of `restore`.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// Folder of the backup
    #[arg(value_name = "SRC", value_parser = path_parser())]
    pub folder: PathBuf,
    /// Restore although the state directory holds something; that is moved aside
    #[arg(long)]
    pub force: bool,
    /// Only check the backup
    #[arg(long)]
    pub dry_run: bool,
    /// Where the platform keeps its state.
    #[command(flatten)]
    pub state: StateArgs,
}

/// The state directory.
#[derive(Debug, Args)]
pub struct StateArgs {
    /// State directory of the platform
    #[arg(
        long,
        value_name = "DIR",
        env = "MANAGE_DT_STATE_DIR",
        hide_env_values = true,
        default_value = DEFAULT_STATE_DIR,
        value_parser = path_parser()
    )]
    pub state_dir: PathBuf,
}
