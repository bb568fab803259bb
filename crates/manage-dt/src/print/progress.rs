//! How far a long piece of work has come, on a terminal and nowhere else.

use std::cell::Cell;
use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// Work that is shorter than this is not worth a word.
const PATIENCE: Duration = Duration::from_secs(1);
/// Pause between two words.
const EVERY: Duration = Duration::from_millis(200);

/// A line on stderr that is written over and over, and is gone at the end.
pub struct Progress {
    what: &'static str,
    total: u64,
    done: Cell<u64>,
    next: Cell<Option<Instant>>,
    is_shown: Cell<bool>,
}

impl Progress {
    /// Of so many things, each of which is `what` at its end.
    pub fn of(what: &'static str, total: u64) -> Progress {
        let next = std::io::stderr().is_terminal().then(|| Instant::now() + PATIENCE);
        Progress {
            what,
            total,
            done: Cell::new(0),
            next: Cell::new(next),
            is_shown: Cell::new(false),
        }
    }

    /// One more is done.
    pub fn step(&self) {
        let done = self.done.get() + 1;
        self.done.set(done);
        let (what, total) = (self.what, self.total);
        self.say(|| format!("{done} of {total} {what}"));
    }

    /// Says something else about how far it is, if it is time for a word.
    pub fn say(&self, text: impl FnOnce() -> String) {
        let now = Instant::now();
        if self.next.get().is_some_and(|next| now >= next) {
            self.next.set(Some(now + EVERY));
            self.is_shown.set(true);
            // Back to the start of the line, and nothing left of a longer one.
            let _ = write!(std::io::stderr().lock(), "\r{}\x1b[K", text());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_shown.get() {
            let _ = write!(std::io::stderr().lock(), "\r\x1b[K");
        }
    }
}
