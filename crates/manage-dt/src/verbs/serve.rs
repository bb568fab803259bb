//! `serve`: the platform in one process.

use crate::args::{GlobalArgs, ServeArgs};
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// Runs the platform until it is told to stop.
pub fn run(_args: &ServeArgs, _global: &GlobalArgs) -> Result<(), Failure> {
    Err(Failure::new(
        ExitCode::Refused,
        "`serve` is not part of this build",
    ))
}
