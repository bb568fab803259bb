//! The asynchronous half of a client verb: one thread, ended by Ctrl-C.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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

/// Runs `work` on a thread of its own. On Ctrl-C it is told to stop, and waited for while it cleans
/// up.
pub fn interruptible<T: Send + 'static>(
    work: impl FnOnce(Arc<AtomicBool>) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let told = stop.clone();
    let (done, ended) = tokio::sync::oneshot::channel();
    let worker = std::thread::spawn(move || {
        let outcome = work(told);
        // Nobody waits for it behind an interrupt.
        let _ = done.send(());
        outcome
    });
    let waited = block_on(async {
        // An error means that the thread panicked, which `join` tells.
        let _ = ended.await;
        Ok(())
    });
    stop.store(true, Ordering::Relaxed);
    let outcome = worker
        .join()
        .unwrap_or_else(|_| Err(Failure::new(ExitCode::Refused, "the program has a defect")));
    match (waited, outcome) {
        // What was completed all the same is told as such.
        (Err(interrupted), Err(_)) => Err(interrupted),
        (_, outcome) => outcome,
    }
}
