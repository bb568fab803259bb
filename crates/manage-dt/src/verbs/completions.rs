//! `completions`: a script that completes the command line in a shell.

use std::io::{ErrorKind, Write};

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Cli;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// Prints the script for a shell.
pub fn run(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "manage-dt", &mut script);
    match std::io::stdout().lock().write_all(&script) {
        // A reader that goes away is no error.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            let text = format!("cannot write the script: {error}");
            Err(Failure::new(ExitCode::Refused, text))
        }
        _ => Ok(()),
    }
}
