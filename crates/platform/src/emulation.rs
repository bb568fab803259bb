//! What a platform for tests can do besides: snapshots of its state, and a clock that goes ahead.
//!
//! A platform has none of it unless whoever runs it has allowed it. The program implements
//! [`Emulation`], because a restored state gets a platform of its own: nothing in memory can be
//! left over from the one before.

use std::sync::{Arc, Weak};

use async_trait::async_trait;
use iot_api::ErrorCode;

use crate::error::Refusal;
use crate::limits::{CLOCK_AHEAD_MAX_US, SNAPSHOT_NAME_BYTES_MAX};
use crate::platform::Platform;

/// Name of the state that a reset brings back.
pub const START: &str = "start";

/// A state that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its name.
    pub name: String,
    /// Bytes it takes in memory.
    pub bytes: u64,
    /// The platform's time when it was kept, UTC microseconds.
    pub time_us: i64,
}

/// What the owner of a platform for tests may ask.
#[async_trait]
pub trait Emulation: Send + Sync {
    /// Whether this is the owner's token; takes the same time for every wrong one.
    fn knows(&self, token: &[u8]) -> bool;

    /// Keeps the present state under a name, in the place of an earlier one.
    async fn keep(&self, name: &str) -> Result<Kept, Refusal>;

    /// What is kept, by name.
    fn kept(&self) -> Vec<Kept>;

    /// Brings a state back: devices are cut, and the clock is where it was.
    async fn restore(&self, name: &str) -> Result<Kept, Refusal>;

    /// Forgets a state.
    async fn forget(&self, name: &str) -> Result<(), Refusal>;
}

/// A name that a state may be kept under.
///
/// # Errors
/// `InvalidParameter`.
pub fn check_name(name: &str) -> Result<(), Refusal> {
    let is_good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    match !name.is_empty() && name.len() <= SNAPSHOT_NAME_BYTES_MAX && name.chars().all(is_good) {
        true => Ok(()),
        false => Err(Refusal::invalid(format!(
            "a snapshot's name has 1 to {SNAPSHOT_NAME_BYTES_MAX} letters, digits, '-', '_' or '.'"
        ))),
    }
}

impl Platform {
    /// Allows its owner what [`Emulation`] offers, as long as that is there.
    pub fn allow_emulation(&self, emulation: &Arc<dyn Emulation>) {
        // Allowed once; a second time says the same.
        let _ = self.emulation.set(Arc::downgrade(emulation));
    }

    /// What was allowed, if it was.
    pub fn emulation(&self) -> Option<Arc<dyn Emulation>> {
        self.emulation.get().and_then(Weak::upgrade)
    }

    /// Puts the platform's clock ahead by so much more, and does at once all that time brings:
    /// commands and sessions end, retention is applied. How far it is ahead, microseconds.
    ///
    /// # Errors
    /// `InvalidParameter` for no step forward, or one too far; the store's.
    pub async fn clock_advance(&self, by_us: i64) -> Result<i64, Refusal> {
        let ahead_us = self.clock().ahead_us().saturating_add(by_us);
        if by_us <= 0 || ahead_us > CLOCK_AHEAD_MAX_US {
            return Err(Refusal::invalid(
                "the clock goes forward only, and 100 years at most; a restored snapshot brings its own time back",
            ));
        }
        self.clock().set_ahead_us(ahead_us);
        self.commands.expire().await;
        self.sessions_expire().await?;
        self.retention_apply().await?;
        Ok(ahead_us)
    }

    /// Takes this platform out of use: its devices are cut, and what they sent is committed when
    /// this returns.
    pub async fn retire(&self) {
        self.sessions.close();
        self.drain().await;
    }
}

/// The refusal of a state that nobody kept.
pub fn no_snapshot(name: &str) -> Refusal {
    let message = format!("no snapshot is named '{}'", name.escape_debug());
    Refusal::new(ErrorCode::NotFound, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_plain() {
        for good in ["start", "a.b-c_1"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["", "a b", "../x/", "ä", &"x".repeat(65)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
