//! `demo`: the whole story in one go.

use crate::args::GlobalArgs;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// Runs the story.
pub fn run(_global: &GlobalArgs) -> Result<(), Failure> {
    Err(Failure::new(
        ExitCode::Refused,
        "`demo` is not part of this build",
    ))
}
