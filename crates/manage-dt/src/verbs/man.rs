//! `man`, a hidden verb for those who package the program: its manual pages.

use std::path::Path;

use clap::CommandFactory;

use crate::args::Cli;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// Writes a page per verb into a directory.
pub fn run(dir: &Path) -> Result<(), Failure> {
    let written =
        std::fs::create_dir_all(dir).and_then(|()| clap_mangen::generate_to(Cli::command(), dir));
    written.map_err(|error| {
        let text = format!("cannot write the manual pages into {}: {error}", dir.display());
        Failure::new(ExitCode::Refused, text)
    })
}
