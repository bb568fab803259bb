//! The platform as one value that edges share.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};

use crate::clock::Clock;
use crate::commands::{Commands, watch_deadlines};
use crate::domain_groups::HostsSink;
use crate::emulation::Emulation;
use crate::events::Feed;
use crate::identity::Caller;
use crate::ingest::{Ingest, Twin, TwinCache};
use crate::limits::ServiceLimits;
use crate::metrics::Metrics;
use crate::names::HostNames;
use crate::page_ends::PageEnds;
use crate::retries::RetriesRunning;
use crate::sessions::Sessions;
use crate::store::{Setup, Store, StoreError};
use crate::tokens::TokenKeys;
use crate::turns::Turns;
use crate::work::{self, WorkBell};

/// Use cases over a store. Cheap to share: edges hold it in an `Arc`.
pub struct Platform {
    store: Arc<dyn Store>,
    setup: Setup,
    names: HostNames,
    clock: Clock,
    limits: ServiceLimits,
    metrics: Arc<Metrics>,
    ready: AtomicBool,
    /// Microseconds between two messages of one device on average; 0 for no bound.
    device_every_us: AtomicU32,
    pub(crate) callers: Mutex<HashMap<String, Arc<Caller>>>,
    pub(crate) twins: TwinCache,
    pub(crate) ingest: Ingest,
    pub(crate) feed: Arc<Feed>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) commands: Arc<Commands>,
    pub(crate) token_keys: TokenKeys,
    pub(crate) work: WorkBell,
    pub(crate) retries: RetriesRunning,
    pub(crate) page_ends: PageEnds,
    pub(crate) turns: Turns,
    pub(crate) hosts_sink: OnceLock<HostsSink>,
    pub(crate) emulation: OnceLock<Weak<dyn Emulation>>,
}

impl Platform {
    /// Starts the platform on a store that holds `setup`; must run inside a Tokio runtime.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when the token key of the setup or what is kept of devices cannot be
    /// read.
    pub async fn start(
        store: Arc<dyn Store>,
        setup: Setup,
        names: HostNames,
        clock: Clock,
        limits: ServiceLimits,
    ) -> Result<Arc<Platform>, StoreError> {
        let token_keys = TokenKeys::new(&setup.app.signing_key_pem)
            .map_err(|error| StoreError::Failed(format!("token signing key: {error}")))?;
        let metrics = Arc::new(Metrics::default());
        let (kept, held) = (store.session_all().await?, store.session_held().await?);
        let sessions = Arc::new(Sessions::load(kept, held, clock.now_us()));
        let feed = Arc::new(Feed::default());
        let commands =
            Commands::load(store.clone(), sessions.clone(), clock.clone(), feed.clone()).await?;
        watch_deadlines(&commands);
        let ingest = Ingest::start(store.clone(), metrics.clone(), feed.clone());
        let (bell, heard) = WorkBell::new();
        let platform = Arc::new(Platform {
            store,
            setup,
            names,
            clock,
            limits,
            metrics,
            ready: AtomicBool::new(false),
            device_every_us: AtomicU32::new(0),
            callers: Mutex::new(HashMap::new()),
            twins: TwinCache::default(),
            ingest,
            feed,
            sessions,
            commands,
            token_keys,
            work: bell,
            retries: RetriesRunning::default(),
            page_ends: PageEnds::default(),
            turns: Turns::default(),
            hosts_sink: OnceLock::new(),
            emulation: OnceLock::new(),
        });
        tokio::spawn(work::run(Arc::downgrade(&platform), heard));
        Ok(platform)
    }

    /// Commits what was accepted and takes no further message.
    pub async fn drain(&self) {
        self.set_ready(false);
        self.ingest.drain().await;
    }

    /// The store.
    pub fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    /// What the first start made.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// Host names.
    pub fn names(&self) -> &HostNames {
        &self.names
    }

    /// The limits that hold here.
    pub fn limits(&self) -> &ServiceLimits {
        &self.limits
    }

    /// Counters.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Now, UTC microseconds.
    pub fn now_us(&self) -> i64 {
        self.clock.now_us()
    }

    /// The platform's clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Bounds what each device may send, messages a second; 0 takes the bound away.
    pub fn set_device_rate(&self, messages_per_second: u32) {
        let every_us = 1_000_000_u32.checked_div(messages_per_second).unwrap_or(0);
        self.device_every_us.store(every_us, Ordering::Relaxed);
    }

    /// Whether a device may send a message now.
    pub(crate) fn rate_allows(&self, twin: &Twin) -> bool {
        let every_us = self.device_every_us.load(Ordering::Relaxed);
        every_us == 0 || twin.allows(every_us.into(), self.now_us())
    }

    /// Whether `/health/ready` answers 200.
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }

    /// Says that everything is up, or that it is going down.
    pub fn set_ready(&self, ready: bool) {
        self.ready.store(ready, Ordering::Release);
    }
}
