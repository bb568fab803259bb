//! Twins that devices are connected as, ready to normalise for.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::limits::{ADAPTER_QUICK_MAX, TWINS_CACHED_MAX};
use crate::store::TwinNo;

/// An ACTIVE instance with its compiled adapter. Lives as long as a connection uses it; a change
/// of the instance marks it stale, and its connection fetches it anew with the next message.
pub struct Twin {
    /// Number in the store.
    pub no: TwinNo,
    /// OCID.
    pub id: String,
    /// OCID of the domain.
    pub domain_id: String,
    /// External key.
    pub external_key: String,
    /// OCID of the secret.
    pub(crate) auth_id: Option<String>,
    /// `DIRECT`, `GATEWAY`, `INDIRECT` or `NONE`.
    pub(crate) connectivity_type: String,
    /// OCID of the adapter.
    pub(crate) adapter_id: Option<String>,
    /// OCIDs of the gateways that may send for it.
    pub(crate) gateways: Vec<String>,
    /// `None` for unstructured twins.
    pub(crate) adapter: Option<Arc<adapter::Adapter>>,
    stale: AtomicBool,
    /// Whether the adapter's last run took longer than [`ADAPTER_QUICK_MAX`].
    slow: AtomicBool,
    /// Up to when its messages have used its allowance.
    paid_until_us: AtomicI64,
}

impl Twin {
    /// Whether the instance changed since this was read.
    pub fn is_stale(&self) -> bool {
        self.stale.load(Ordering::Acquire)
    }

    /// Whether the next run of the adapter is expected to take long.
    pub(crate) fn adapter_is_slow(&self) -> bool {
        self.slow.load(Ordering::Relaxed)
    }

    /// Takes one message of the allowance: `every_us` apart on average, a second's worth at once.
    /// False when it is used up.
    pub(crate) fn allows(&self, every_us: i64, now_us: i64) -> bool {
        let next = |paid_until: i64| {
            let paid_until = paid_until.max(now_us);
            (paid_until - now_us <= 1_000_000 - every_us).then_some(paid_until + every_us)
        };
        self.paid_until_us.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok()
    }

    /// Remembers how long the adapter's last run took.
    pub(crate) fn note_adapter_time(&self, taken: Duration) {
        let slow = taken > ADAPTER_QUICK_MAX;
        if slow != self.adapter_is_slow() {
            self.slow.store(slow, Ordering::Relaxed);
        }
    }

    pub(crate) fn new(
        instance: &crate::store::Instance,
        adapter: Option<Arc<adapter::Adapter>>,
    ) -> Twin {
        Twin {
            no: instance.no,
            id: instance.common.id.clone(),
            domain_id: instance.common.parent_id.clone(),
            external_key: instance.external_key.clone(),
            auth_id: instance.auth_id.clone(),
            connectivity_type: instance.connectivity_type.clone(),
            gateways: instance.gateways.clone(),
            adapter_id: instance.adapter_id.clone(),
            adapter,
            stale: AtomicBool::new(false),
            slow: AtomicBool::new(false),
            paid_until_us: AtomicI64::new(0),
        }
    }
}

type Key = (String, String);

/// Twins by domain and external key.
#[derive(Default)]
pub(crate) struct TwinCache {
    twins: Mutex<HashMap<Key, Arc<Twin>>>,
    /// Counts changes, so that a twin read before a change is not kept after it.
    changes: AtomicU64,
}

impl TwinCache {
    /// A cached twin.
    pub fn get(&self, domain_id: &str, external_key: &str) -> Option<Arc<Twin>> {
        self.lock().get(&(domain_id.to_owned(), external_key.to_owned())).cloned()
    }

    /// To be read before the store is, and given to [`TwinCache::keep`].
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// Keeps a twin unless something changed since `changes` was read; false then.
    pub fn keep(&self, twin: &Arc<Twin>, changes: u64) -> bool {
        let mut twins = self.lock();
        if self.changes() != changes {
            return false;
        }
        if twins.len() >= TWINS_CACHED_MAX {
            twins.retain(|_, twin| Arc::strong_count(twin) > 1);
        }
        if twins.len() < TWINS_CACHED_MAX {
            twins.insert((twin.domain_id.clone(), twin.external_key.clone()), twin.clone());
        }
        true
    }

    /// Marks a twin stale after a change of its instance is in the store.
    pub fn forget(&self, domain_id: &str, external_key: &str) {
        let mut twins = self.lock();
        self.changes.fetch_add(1, Ordering::AcqRel);
        if let Some(twin) = twins.remove(&(domain_id.to_owned(), external_key.to_owned())) {
            twin.stale.store(true, Ordering::Release);
        }
    }

    /// Marks all twins stale that a change concerns.
    pub fn forget_where(&self, concerned: impl Fn(&Twin) -> bool) {
        let mut twins = self.lock();
        self.changes.fetch_add(1, Ordering::AcqRel);
        twins.retain(|_, twin| {
            let stays = !concerned(twin);
            if !stays {
                twin.stale.store(true, Ordering::Release);
            }
            stays
        });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Arc<Twin>>> {
        self.twins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
