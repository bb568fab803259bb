//! Arguments of `model`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::path_parser;

/// What to do with models.
#[derive(Debug, Subcommand)]
pub enum ModelVerb {
    /// Check model files: the language and what the platform asks for
    #[command(after_help = "\
A reference to another model is looked for in the files and with `--with`.
Exit code 1 means findings, 2 a file that cannot be read. `--output sarif`
writes SARIF 2.1.0 for code review.

Examples:
  manage-dt model check pump.json
  manage-dt model check pump.json --with models/
  manage-dt --output sarif model check models/*.json > models.sarif")]
    Check(ModelCheckArgs),
    /// Compare two versions of a model: what breaks, which version it needs
    #[command(after_help = "\
Each change names whom it breaks: stored content, adapters that map to the old
model, devices that send to it. Exit code 1 means that the version of NEW does
not fit the changes.

Examples:
  manage-dt model diff pump-1.json pump-2.json
  manage-dt --output json model diff pump-1.json pump-2.json --with models/")]
    Diff(ModelDiffArgs),
}

/// Arguments of `model check`.
#[derive(Debug, Args)]
pub struct ModelCheckArgs {
    /// Model files; `-` is standard input
    #[arg(required = true, value_name = "FILE", value_parser = path_parser())]
    pub files: Vec<PathBuf>,
    /// Files, or directories of .json files, with models that are referred to
    #[arg(long, num_args = 1.., value_name = "DIR_OR_FILE", value_parser = path_parser())]
    pub with: Vec<PathBuf>,
}

/// Arguments of `model diff`.
#[derive(Debug, Args)]
pub struct ModelDiffArgs {
    /// File of the version in use
    #[arg(value_parser = path_parser())]
    pub old: PathBuf,
    /// File of the version to come
    #[arg(value_parser = path_parser())]
    pub new: PathBuf,
    /// Files, or directories of .json files, with models that are referred to
    #[arg(long, num_args = 1.., value_name = "DIR_OR_FILE", value_parser = path_parser())]
    pub with: Vec<PathBuf>,
}
