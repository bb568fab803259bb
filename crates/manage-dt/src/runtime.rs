//! The asynchronous half of a client verb: one thread, ended by Ctrl-C.

use std::future::Future;

use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// Runs `work` to its end, or until Ctrl-C.
pub fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    block_on_to_the_end(async {
        tokio::select! {
            // Listened for from before the first request on.
            biased;
            _ = tokio::signal::ctrl_c() => {
                Err(Failure::new(ExitCode::Interrupted, "interrupted"))
            }
            outcome = work => outcome,
        }
    })
}

/// Runs `work` to its end; what Ctrl-C means is its own affair.
pub fn block_on_to_the_end<T>(
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(ExitCode::Refused, format!("cannot start: {error}")))?;
    let outcome = runtime.block_on(work);
    // A name look-up that hangs must not hold the process.
    runtime.shutdown_background();
    outcome
}
