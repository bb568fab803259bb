//! The program `manage-dt`. Everything it does is in the library beside this file.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ExitCode::from(manage_dt::dispatch::run(std::env::args_os()).code())
}
