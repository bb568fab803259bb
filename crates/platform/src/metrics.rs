//! Counters of one platform, in a registry of its own so that several platforms can live in one
//! process (tests do that).

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// Label of refusals and rejections: why.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Reason {
    /// One of a fixed set of words, or a rejection code.
    pub reason: String,
}

/// The platform's counters.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Messages committed, whatever their outcome.
    pub messages_committed: Counter,
    /// Committed messages that were normalized.
    pub messages_normalized: Counter,
    /// Committed messages that were rejected, by code.
    pub messages_rejected: Family<Reason, Counter>,
    /// Messages refused before they were taken in, by reason.
    pub messages_refused: Family<Reason, Counter>,
    /// Log-ins refused, by the true reason, which the device is not told.
    pub logins_refused: Family<Reason, Counter>,
    /// Commits.
    pub commits: Counter,
    /// Commits that failed and were tried again.
    pub commit_failures: Counter,
    /// Open MQTT connections.
    pub mqtt_connections: Gauge,
    /// Answers of the https listener, by status.
    pub https_answers: Family<Reason, Counter>,
}

impl Metrics {
    /// Counts one under `reason` of `family`.
    pub fn count(family: &Family<Reason, Counter>, reason: impl Into<String>) {
        family.get_or_create(&Reason { reason: reason.into() }).inc();
    }

    /// The Prometheus text of all counters.
    pub fn text(&self) -> String {
        let mut registry = Registry::with_prefix("manage_dt");
        let counters: [(&str, &str, &Counter); 4] = [
            ("messages_committed", "Messages committed", &self.messages_committed),
            ("messages_normalized", "Messages normalized", &self.messages_normalized),
            ("commits", "Commits of batches", &self.commits),
            ("commit_failures", "Commits that failed", &self.commit_failures),
        ];
        for (name, help, counter) in counters {
            registry.register(name, help, counter.clone());
        }
        let families = [
            ("messages_rejected", "Messages rejected, by code", &self.messages_rejected),
            ("messages_refused", "Messages refused, by reason", &self.messages_refused),
            ("logins_refused", "Device log-ins refused, by reason", &self.logins_refused),
            ("https_answers", "HTTPS answers, by status", &self.https_answers),
        ];
        for (name, help, family) in families {
            registry.register(name, help, family.clone());
        }
        registry.register(
            "mqtt_connections",
            "Open MQTT connections",
            self.mqtt_connections.clone(),
        );
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = prometheus_client::encoding::text::encode(&mut text, &registry);
        text
    }
}
