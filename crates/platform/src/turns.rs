//! Whose turn it is to change the control plane.
//!
//! A change checks first what other resources are like, then writes. Creates may run beside each
//! other: the store refuses a second one of the same identity. Whatever could pull the ground away
//! under somebody's check (updates, deletes, moves) runs alone.

use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::platform::Platform;

/// The turns of one platform.
pub(crate) type Turns = RwLock<()>;

/// A turn, until it is dropped.
#[derive(Debug)]
pub enum Turn<'a> {
    /// Beside others of its kind.
    Beside(RwLockReadGuard<'a, ()>),
    /// Nobody else changes anything meanwhile.
    Alone(RwLockWriteGuard<'a, ()>),
}

impl Platform {
    /// Waits for a turn beside other creates.
    pub async fn turn_beside(&self) -> Turn<'_> {
        Turn::Beside(self.turns.read().await)
    }

    /// Waits for a turn alone.
    pub async fn turn_alone(&self) -> Turn<'_> {
        Turn::Alone(self.turns.write().await)
    }
}
