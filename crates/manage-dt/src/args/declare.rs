//! Arguments of `plan`, `apply`, `drift` and `export`.

use std::path::PathBuf;

use clap::Args;

use super::path_parser;

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// What is to exist [default: twins.yaml in the data directory]
    #[arg(value_name = "FILE", value_parser = path_parser())]
    pub file: Option<PathBuf>,
    /// Also delete what carries the file's owner and is not in it
    #[arg(long)]
    pub prune: bool,
    /// Delete all that carries the file's owner
    #[arg(long, conflicts_with = "prune")]
    pub destroy: bool,
    /// End with 10 when there is something to do
    #[arg(long)]
    pub detailed_exit_code: bool,
}

/// Arguments of `apply`.
#[derive(Debug, Args)]
pub struct ApplyArgs {
    /// What is to exist [default: twins.yaml in the data directory]
    #[arg(value_name = "FILE", value_parser = path_parser())]
    pub file: Option<PathBuf>,
    /// Also delete what carries the file's owner and is not in it
    #[arg(long)]
    pub prune: bool,
    /// Delete all that carries the file's owner
    #[arg(long, conflicts_with = "prune")]
    pub destroy: bool,
    /// Carry out replacements: the old resource is deleted
    #[arg(long)]
    pub replace: bool,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// Show the plan and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Arguments of `drift`.
#[derive(Debug, Args)]
pub struct DriftArgs {
    /// What is to exist [default: twins.yaml in the data directory]
    #[arg(value_name = "FILE", value_parser = path_parser())]
    pub file: Option<PathBuf>,
    /// End with 10 when something differs
    #[arg(long)]
    pub detailed_exit_code: bool,
}

/// Arguments of `export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Directory for twins.yaml and the files of models and adapters
    #[arg(value_name = "DIR", value_parser = path_parser())]
    pub dir: PathBuf,
    /// Only what carries this owner
    #[arg(long, value_name = "NAME")]
    pub owner: Option<String>,
    /// Overwrite files
    #[arg(long)]
    pub force: bool,
}
