//! `adapter`: try, check and test adapters. Everything runs on the engine that runs live, offline.

mod golden;
mod junit;
mod lint;
mod payloads;
mod place;
pub mod source;
pub mod trace;
mod trial;

use crate::args::{AdapterArgs, AdapterVerb, GlobalArgs};
use crate::config::Environment;
use crate::failure::Failure;

/// Runs one of them.
pub fn run(
    args: &AdapterArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<(), Failure> {
    match &args.verb {
        AdapterVerb::Try(args) => trial::run(args, global, environment),
        AdapterVerb::Lint(args) => lint::run(args, global, environment),
        AdapterVerb::Test(args) => golden::run(args, global, environment),
    }
}
