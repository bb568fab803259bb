//! Retention: data older than its domain's period goes away, little by little (data-api.md 6.1).
//!
//! Raw, rejected and command data count from their time received or created, historized data from
//! its time observed. Snapshot data stays. Ingest is not stalled: rows go in small groups, with
//! rests between them that are longer than the work.

use std::sync::Weak;
use std::time::Duration;

use iot_api::data::DataCollection;
use iot_api::domains::DataRetentionPeriodsInDays;
use tokio::sync::watch;

use crate::limits::PURGE_ROWS_MAX;
use crate::platform::Platform;
use crate::store::{PurgeFrom, Stored, TwinNo};

/// Pause between two passes: periods are whole days.
const PASS_PAUSE: Duration = Duration::from_secs(600);
/// Rest after a group of rows, as a multiple of the time it took.
const REST_FACTOR: u32 = 4;

const DAY_US: i64 = 24 * 3600 * 1_000_000;

/// The collections that retention empties; a period each.
const COLLECTIONS: [DataCollection; 4] = [
    DataCollection::RawData,
    DataCollection::RejectedData,
    DataCollection::HistorizedData,
    DataCollection::RawCommandData,
];

impl Platform {
    /// Applies retention now and then, and forgets expired sessions, until `shutdown` says true or
    /// the platform is gone.
    pub async fn retention_run(platform: Weak<Platform>, mut shutdown: watch::Receiver<bool>) {
        let passes = async {
            while let Some(platform) = platform.upgrade() {
                match platform.retention_apply().await {
                    Ok(0) => {}
                    Ok(rows) => tracing::info!(rows, "retention removed rows"),
                    // The next pass tries again.
                    Err(error) => tracing::error!(?error, "retention failed"),
                }
                match platform.sessions_expire().await {
                    Ok(0) => {}
                    Ok(sessions) => tracing::info!(sessions, "sessions expired"),
                    Err(error) => tracing::error!(?error, "expired sessions stay for now"),
                }
                drop(platform);
                tokio::time::sleep(PASS_PAUSE).await;
            }
        };
        tokio::select! {
            () = passes => {}
            _ = shutdown.wait_for(|stop| *stop) => {}
        }
    }

    /// One pass over all domains; returns how many rows of the store it removed.
    ///
    /// # Errors
    /// The store's; what was removed until then stays removed.
    pub async fn retention_apply(&self) -> Stored<u64> {
        let mut removed = 0;
        for domain in self.store().domain_all().await? {
            for collection in COLLECTIONS {
                let days = days(&domain.retention, collection);
                let before_us = self.now_us().saturating_sub(days.saturating_mul(DAY_US));
                removed += self.purge(&domain.common.id, collection, before_us).await?;
            }
        }
        Ok(removed)
    }

    async fn purge(
        &self,
        domain_id: &str,
        collection: DataCollection,
        before_us: i64,
    ) -> Stored<u64> {
        let mut from = PurgeFrom {
            domain_id: domain_id.to_owned(),
            collection,
            before_us,
            twin: TwinNo(0),
            rows_max: PURGE_ROWS_MAX,
        };
        let mut removed = 0;
        loop {
            let started = tokio::time::Instant::now();
            let purged = self.store().purge(&from).await?;
            removed += purged.rows;
            let Some(next) = purged.next else { return Ok(removed) };
            from.twin = next;
            tokio::time::sleep(started.elapsed() * REST_FACTOR).await;
        }
    }
}

fn days(periods: &DataRetentionPeriodsInDays, collection: DataCollection) -> i64 {
    let days = match collection {
        DataCollection::RawData => periods.raw_data,
        DataCollection::RejectedData => periods.rejected_data,
        DataCollection::HistorizedData => periods.historized_data,
        DataCollection::RawCommandData => periods.raw_command_data,
        DataCollection::SnapshotData => return i64::MAX,
    };
    i64::from(days)
}
