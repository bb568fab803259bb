//! `completions`: a script that completes the command line in a shell.

use std::io::Write;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Cli;
use crate::failure::Failure;

/// Prints the script for a shell.
pub fn run(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "manage-dt", &mut script);
    // A reader that goes away is no error.
    let _ = std::io::stdout().lock().write_all(&script);
    Ok(())
}
