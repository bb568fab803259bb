//! What has happened so far, in a fixed amount of memory.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use crate::args::Fault;

/// Buckets of latencies: powers of two of microseconds, eight steps each.
const BUCKETS: usize = 256;
/// Different reasons that are kept apart.
const REASONS_MAX: usize = 20;
/// What is said of the reasons beyond that.
const OTHER: &str = "other reasons";

/// Counters that all devices share.
pub struct Tally {
    /// Messages handed to the network.
    pub sent: AtomicU64,
    /// Messages that the platform has acknowledged.
    pub acknowledged: AtomicU64,
    /// Connections that were made.
    pub connected: AtomicU64,
    /// How late the latest message was, microseconds.
    pub lag_us: AtomicU64,
    faults: [AtomicU64; 6],
    latencies: Vec<AtomicU64>,
    failures: Mutex<BTreeMap<String, u64>>,
}

impl Default for Tally {
    fn default() -> Tally {
        Tally {
            sent: AtomicU64::new(0),
            acknowledged: AtomicU64::new(0),
            connected: AtomicU64::new(0),
            lag_us: AtomicU64::new(0),
            faults: Default::default(),
            latencies: (0..BUCKETS).map(|_| AtomicU64::new(0)).collect(),
            failures: Mutex::default(),
        }
    }
}

/// Adds one.
pub fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// The value of a counter.
pub fn get(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

impl Tally {
    /// Notes an acknowledgement and how long it took.
    pub fn acknowledge(&self, took: Duration) {
        count(&self.acknowledged);
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        count(&self.latencies[bucket(us)]);
    }

    /// Notes a fault that was made.
    pub fn fault(&self, fault: Fault) {
        count(&self.faults[fault as usize]);
    }

    /// How often a fault was made.
    pub fn faults_of(&self, fault: Fault) -> u64 {
        get(&self.faults[fault as usize])
    }

    /// Notes something that went wrong by itself.
    pub fn fail(&self, why: String) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        add_reason(&mut failures, why);
    }

    /// What went wrong, and how often.
    pub fn failures(&self) -> BTreeMap<String, u64> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The latency that this share of all acknowledgements did not exceed, milliseconds.
    pub fn latency_ms(&self, share: f64) -> Option<f64> {
        let counts: Vec<u64> = self.latencies.iter().map(get).collect();
        let all: u64 = counts.iter().sum();
        let wanted = ((all as f64 * share).ceil() as u64).max(1);
        let mut seen = 0;
        let bucket = counts.iter().position(|count| {
            seen += count;
            seen >= wanted
        });
        bucket.map(|bucket| upper_us(bucket) as f64 / 1000.0)
    }

    /// The latencies as JSON, in milliseconds.
    pub fn latencies(&self) -> Value {
        let of = |share| self.latency_ms(share);
        json!({"p50": of(0.5), "p90": of(0.9), "p99": of(0.99), "max": of(1.0)})
    }
}

/// Counts a reason; of too many different ones the rest is one.
pub fn add_reason(reasons: &mut BTreeMap<String, u64>, reason: String) {
    let is_new = !reasons.contains_key(&reason);
    let key = if is_new && reasons.len() >= REASONS_MAX { OTHER.to_owned() } else { reason };
    *reasons.entry(key).or_default() += 1;
}

/// Eight buckets for each power of two: a value is known to an eighth of itself.
fn bucket(us: u64) -> usize {
    if us < 8 {
        return us as usize;
    }
    let power = us.ilog2() as usize;
    let step = (us >> (power - 3)) as usize & 7;
    ((power - 2) * 8 + step).min(BUCKETS - 1)
}

/// The largest value of a bucket.
fn upper_us(bucket: usize) -> u64 {
    if bucket < 8 {
        return bucket as u64;
    }
    let (power, step) = (bucket / 8 + 2, bucket as u64 % 8);
    ((8 + step + 1) << (power - 3)) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_an_eighth_wide() {
        for us in [0, 7, 8, 9, 15, 16, 100, 999, 1_000, 12_345, 1_000_000, 30_000_000] {
            let upper = upper_us(bucket(us));
            assert!(upper >= us && upper <= us + us / 8, "{us}: {upper}");
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn percentiles_come_from_the_buckets() {
        let tally = Tally::default();
        assert_eq!(tally.latency_ms(0.5), None);
        for ms in 1..=100 {
            tally.acknowledge(Duration::from_millis(ms));
        }
        let near = |share, ms: f64| {
            let found = tally.latency_ms(share).unwrap();
            assert!(found >= ms && found <= ms * 1.13, "{share}: {found}");
        };
        near(0.5, 50.0);
        near(0.99, 99.0);
        near(1.0, 100.0);
    }

    #[test]
    fn reasons_are_bounded() {
        let mut reasons = BTreeMap::new();
        for number in 0..1000 {
            add_reason(&mut reasons, format!("reason {number:04}"));
        }
        assert_eq!(reasons.len(), REASONS_MAX + 1);
        assert_eq!(reasons[OTHER], 980);
    }
}
