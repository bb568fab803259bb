//! Snapshots and reset of a platform for tests.
//!
//! States are in memory, so a restore takes milliseconds. A restored state gets a platform of its
//! own on the same listeners: nothing in memory is left over from the one before, and the store
//! takes nothing more from it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use iot_api::ErrorCode;
use platform::emulation::{Emulation, Kept, START, no_snapshot};
use platform::limits::{SNAPSHOTS_BYTES_MAX, SNAPSHOTS_MAX};
use platform::store::{Store as _, StoreError};
use platform::{Current, Platform, Refusal};
use store_sqlite::{MemorySnapshot, SqliteStore};

use super::platforms::Platforms;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// Keeps states and brings them back.
pub(super) struct Emulator {
    token: String,
    platforms: Platforms,
    current: Current,
    states: Mutex<BTreeMap<String, State>>,
    /// The store that the present platform writes to; held while a state is kept or restored.
    store: tokio::sync::Mutex<Arc<SqliteStore>>,
    /// What is handed to every platform.
    myself: std::sync::Weak<Emulator>,
}

struct State {
    snapshot: MemorySnapshot,
    kept: Kept,
    ahead_us: i64,
}

impl Emulator {
    /// Allows emulation to the owner of `token`, and keeps the present state for a reset.
    pub async fn start(
        token: String,
        platforms: Platforms,
        current: Current,
        store: Arc<SqliteStore>,
    ) -> Result<Arc<Emulator>, Failure> {
        let emulator = Arc::new_cyclic(|myself| Emulator {
            token,
            platforms,
            current,
            states: Mutex::default(),
            store: tokio::sync::Mutex::new(store),
            myself: myself.clone(),
        });
        emulator.mark_start().await?;
        emulator.allow(&emulator.current.get());
        Ok(emulator)
    }

    /// Makes the present state the one that a reset brings back.
    pub async fn mark_start(&self) -> Result<(), Failure> {
        let kept = self.keep(START).await;
        kept.map(drop).map_err(|refusal| {
            Failure::new(ExitCode::Refused, format!("--allow-control: {}", refusal.message))
                .hint("run without --allow-control, or with another --state-dir")
        })
    }

    fn allow(&self, platform: &Platform) {
        if let Some(myself) = self.myself.upgrade() {
            let myself: Arc<dyn Emulation> = myself;
            platform.allow_emulation(&myself);
        }
    }

    fn states(&self) -> MutexGuard<'_, BTreeMap<String, State>> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Refuses what would be more than memory is for.
    fn check_room(&self, name: &str, bytes: u64) -> Result<(), Refusal> {
        let states = self.states();
        let others = || states.iter().filter(|(other, _)| *other != name);
        let all = bytes + others().map(|(_, state)| state.kept.bytes).sum::<u64>();
        if others().count() >= SNAPSHOTS_MAX || all > SNAPSHOTS_BYTES_MAX {
            return Err(Refusal::new(
                ErrorCode::LimitExceeded,
                format!(
                    "at most {SNAPSHOTS_MAX} snapshots of {} MiB together are kept in memory; forget some",
                    SNAPSHOTS_BYTES_MAX / (1024 * 1024)
                ),
            ));
        }
        Ok(())
    }
}

#[async_trait]
impl Emulation for Emulator {
    fn knows(&self, token: &[u8]) -> bool {
        verify_slices_are_equal(self.token.as_bytes(), token).is_ok()
    }

    async fn keep(&self, name: &str) -> Result<Kept, Refusal> {
        let store = self.store.lock().await;
        self.check_room(name, store.bytes().await?)?;
        let snapshot = store.snapshot().await?;
        let clock = &self.platforms.clock;
        let (bytes, ahead_us) = (snapshot.bytes()?, clock.ahead_us());
        let kept = Kept { name: name.to_owned(), bytes, time_us: clock.now_us() };
        self.states().insert(name.to_owned(), State { snapshot, kept: kept.clone(), ahead_us });
        Ok(kept)
    }

    fn kept(&self) -> Vec<Kept> {
        self.states().values().map(|state| state.kept.clone()).collect()
    }

    async fn restore(&self, name: &str) -> Result<Kept, Refusal> {
        let mut store = self.store.lock().await;
        let (snapshot, kept, ahead_us) = match self.states().get(name) {
            Some(state) => (state.snapshot.clone(), state.kept.clone(), state.ahead_us),
            None => return Err(no_snapshot(name)),
        };
        self.current.get().retire().await;
        let (next, outcome) = match store.restore(&snapshot).await {
            Ok(restored) => (Arc::new(restored), Ok(kept)),
            // Nothing has changed; the present state goes on.
            Err(error) => (store.clone(), Err(Refusal::from(error))),
        };
        if outcome.is_ok() {
            self.platforms.clock.set_ahead_us(ahead_us);
        }
        let setup = next.setup_get().await?;
        let setup = setup.ok_or_else(|| StoreError::Failed("no first start".to_owned()))?;
        let started = self.platforms.start(next.clone(), setup).await;
        let platform = started.map_err(|failure| {
            tracing::error!(?failure, "a restored state cannot be started");
            Refusal::from(StoreError::Failed("the restored state cannot be started".to_owned()))
        })?;
        self.allow(&platform);
        platform.set_ready(true);
        *store = next;
        self.current.replace(platform);
        outcome
    }

    async fn forget(&self, name: &str) -> Result<(), Refusal> {
        if name == START {
            return Err(Refusal::invalid(format!("'{START}' stays")));
        }
        let forgotten = self.states().remove(name);
        forgotten.map(drop).ok_or_else(|| no_snapshot(name))
    }
}
