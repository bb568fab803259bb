//! Platforms on the store: one at the start, and another one whenever an emulation restores a state.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use platform::Platform;
use platform::clock::Clock;
use platform::limits::ServiceLimits;
use platform::names::HostNames;
use platform::store::Setup;
use store_sqlite::SqliteStore;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::client_files::write_hosts;
use super::store_failed;
use crate::failure::Failure;

/// What every platform of this process is started with.
pub(super) struct Platforms {
    /// Host names.
    pub names: HostNames,
    /// The clock; all of them share it.
    pub clock: Clock,
    /// Limits on devices and requests.
    pub limits: ServiceLimits,
    /// Messages a second of each device; 0 for any number.
    pub device_rate: u32,
    /// Address of the listeners.
    pub bind: IpAddr,
    /// `client/` of the state directory.
    pub client_dir: PathBuf,
    /// The word to stop.
    pub stopped: watch::Receiver<bool>,
    /// What they do in the background.
    pub background: Background,
}

/// Tasks that end with the word to stop, or with their platform.
pub(super) type Background = Arc<Mutex<JoinSet<()>>>;

impl Platforms {
    /// Starts a platform, and with it what it does in the background.
    pub async fn start(
        &self,
        store: Arc<SqliteStore>,
        setup: Setup,
    ) -> Result<Arc<Platform>, Failure> {
        let (names, clock) = (self.names.clone(), self.clock.clone());
        let platform =
            Platform::start(store, setup, names, clock, self.limits).await.map_err(store_failed)?;
        keep_hosts(&platform, self.client_dir.clone(), self.bind).await?;
        platform.set_device_rate(self.device_rate);
        let mut background = self.background.lock().unwrap_or_else(PoisonError::into_inner);
        while background.try_join_next().is_some() {}
        let stopped = self.stopped.clone();
        background.spawn(Platform::retention_run(Arc::downgrade(&platform), stopped));
        drop(background);
        Ok(platform)
    }
}

/// Writes `client/hosts` now and whenever a group or a domain comes or goes.
async fn keep_hosts(platform: &Arc<Platform>, dir: PathBuf, bind: IpAddr) -> Result<(), Failure> {
    let hosts = platform.hosts().await.map_err(store_failed)?;
    write_hosts(&dir, platform, bind, &hosts)?;
    let weak = Arc::downgrade(platform);
    platform.hosts_watch(Box::new(move |hosts| {
        let Some(platform) = weak.upgrade() else { return Ok(()) };
        write_hosts(&dir, &platform, bind, hosts)
            .map_err(|failure| failure.message.unwrap_or_default())
    }));
    Ok(())
}
