//! Leaves a service alone for a while that fails time after time (control-plane.md 1.12), so that
//! many callers do not keep it down.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::ClientError;

/// What the calls of one client know together about the service's health.
///
/// Closed, every call is sent. After a number of failures in a row it opens, and nothing is sent for
/// a time; then calls go out again, and the first one decides: a failure opens it anew, anything
/// else closes it.
pub(crate) struct Breaker {
    /// Failures in a row that open it.
    failures_max: u32,
    /// How long it stays open.
    rest: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Failures since the last call that did not fail so.
    failures: u32,
    open_until: Option<Instant>,
    /// What the last failure said.
    last: String,
}

impl Breaker {
    pub fn new(failures_max: u32, rest: Duration) -> Breaker {
        Breaker { failures_max, rest, state: Mutex::default() }
    }

    /// Whether a call may be sent now; otherwise the error that says why not, and how long to wait.
    pub fn admit(&self, host: &str, now: Instant) -> Result<(), (ClientError, Duration)> {
        let state = self.state();
        let Some(left) = state.open_until.and_then(|until| until.checked_duration_since(now))
        else {
            return Ok(());
        };
        if left.is_zero() {
            return Ok(());
        }
        let error = ClientError::Resting {
            host: host.to_owned(),
            failures: state.failures,
            left_s: whole_seconds(left),
            last: state.last.clone(),
        };
        Err((error, left))
    }

    /// Takes notice of how a call ended: with a failure of the service, or with anything else.
    pub fn ended(&self, host: &str, failure: Option<&ClientError>, now: Instant) {
        let mut state = self.state();
        let was_open = state.open_until.is_some();
        let Some(error) = failure else {
            if was_open {
                tracing::debug!("Circuit of {host} is closed: it answers again");
            }
            *state = State::default();
            return;
        };
        state.failures = state.failures.saturating_add(1);
        if state.failures >= self.failures_max {
            state.last = error.to_string();
            state.open_until = Some(now + self.rest);
            let (failures, rest_s) = (state.failures, whole_seconds(self.rest));
            tracing::debug!(
                "Circuit of {host} is open after {failures} failures: nothing is sent for {rest_s} s"
            );
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Rounded up: who comes again then is not too early.
pub(crate) fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

/// Whether a refusal says that the service is in trouble (control-plane.md 1.12); a request that it
/// refuses for what it asks does not.
pub(crate) fn is_trouble(error: &ClientError) -> bool {
    match error {
        ClientError::Service { status: 429 | 500 | 502 | 503 | 504, .. } => true,
        ClientError::Service { status: 409, code, .. } => {
            matches!(code.as_str(), "IncorrectState" | "LockConflict")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REST: Duration = Duration::from_secs(30);

    fn refusal(status: u16, code: &str) -> ClientError {
        ClientError::Service {
            status,
            code: code.to_owned(),
            message: "m".to_owned(),
            opc_request_id: None,
            body: String::new(),
        }
    }

    #[test]
    fn it_opens_rests_and_tries_once_more() {
        let (breaker, busy) = (Breaker::new(3, REST), refusal(503, "Busy"));
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        breaker.ended("h", Some(&busy), start);
        breaker.ended("h", Some(&busy), start);
        breaker.ended("h", None, start);
        breaker.ended("h", Some(&busy), start);
        breaker.ended("h", Some(&busy), start);
        assert!(breaker.admit("h", start).is_ok(), "two in a row");
        breaker.ended("h", Some(&busy), start);
        let (error, left) = breaker.admit("h", at(10)).unwrap_err();
        assert_eq!(left, Duration::from_secs(20));
        assert_eq!(
            error.to_string(),
            "h is not asked for the next 20 s: it failed 3 times in a row, the last time with \
             503 Busy: m"
        );
        assert!(breaker.admit("h", at(30)).is_ok());
        breaker.ended("h", Some(&busy), at(31));
        assert!(breaker.admit("h", at(60)).is_err(), "one more failure opens it anew");
        breaker.ended("h", None, at(61));
        breaker.ended("h", Some(&busy), at(62));
        assert!(breaker.admit("h", at(62)).is_ok());
    }

    #[test]
    fn what_counts_as_trouble() {
        for (status, code, expected) in [
            (409, "IncorrectState", true),
            (409, "LockConflict", true),
            (409, "Conflict", false),
            (429, "", true),
            (500, "", true),
            (501, "", false),
            (502, "", true),
            (503, "", true),
            (504, "", true),
            (404, "", false),
        ] {
            assert_eq!(is_trouble(&refusal(status, code)), expected, "{status} {code}");
        }
    }
}
