//! How often and how fast a call is tried again (control-plane.md 1.12).

use std::time::Duration;

use crate::limits::{
    BRIEF_PAUSE, BRIEF_TRIES_MAX, CIRCUIT_FAILURES_MAX, CIRCUIT_REST, RETRY_PAUSE, RETRY_PAUSE_MAX,
    TRIES_MAX, TRIES_TIME_MAX,
};

/// Bounds of the tries of one call, and when a client stops asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Tries, the first one included.
    pub tries_max: u32,
    /// Time after which no further try begins.
    pub time_max: Duration,
    /// Pause before the second try; each further pause is twice as long.
    pub pause: Duration,
    /// Failures in a row, over all calls of a client, after which nothing is sent for `rest`;
    /// `u32::MAX` for never.
    pub failures_max: u32,
    /// How long a service is left alone that failed too often.
    pub rest: Duration,
}

impl Default for RetryPolicy {
    /// What the cloud's own clients do: eight tries within ten minutes.
    fn default() -> RetryPolicy {
        RetryPolicy {
            tries_max: TRIES_MAX,
            time_max: TRIES_TIME_MAX,
            pause: RETRY_PAUSE,
            failures_max: CIRCUIT_FAILURES_MAX,
            rest: CIRCUIT_REST,
        }
    }
}

impl RetryPolicy {
    /// For calls that the cloud's own clients do not repeat: a few tries within seconds.
    pub const BRIEF: RetryPolicy = RetryPolicy {
        tries_max: BRIEF_TRIES_MAX,
        time_max: TRIES_TIME_MAX,
        pause: BRIEF_PAUSE,
        failures_max: u32::MAX,
        rest: CIRCUIT_REST,
    };

    /// The pause behind the try of this number, from 1. A random part, so that clients refused
    /// together do not return together; not shorter than the server wants it.
    pub(crate) fn pause(&self, tried: u32, wanted_s: u64) -> Duration {
        let random = oci_core::ocid::random_hex(4);
        let fraction = u32::from_str_radix(&random, 16).unwrap_or_default();
        let doubled = self.pause.saturating_mul(1 << tried.saturating_sub(1).min(16));
        let random = self.pause * fraction / 0x1_0000;
        (doubled + random).min(RETRY_PAUSE_MAX).max(Duration::from_secs(wanted_s))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_half_a_minute() {
        let policy = RetryPolicy::default();
        for (tried, least_s) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 30), (90, 30)] {
            let pause = policy.pause(tried, 0);
            let least = Duration::from_secs(least_s);
            assert!(pause >= least && pause < least + policy.pause, "{tried}: {pause:?}");
        }
        assert_eq!(policy.pause(1, 45), Duration::from_secs(45));
        assert_eq!(policy.pause(1, u64::MAX), Duration::from_secs(u64::MAX));
        let pauses: Vec<Duration> = (0..20).map(|_| policy.pause(1, 0)).collect();
        assert!(pauses.iter().any(|pause| *pause != pauses[0]), "{pauses:?}");
    }
}
