//! Time: the clock the platform asks, and the texts that times become.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where the platform takes "now" from: a source, and how far the platform is ahead of it. Clones
/// share both. Tests give it a source of their own.
#[derive(Debug, Clone)]
pub struct Clock {
    source: fn() -> i64,
    ahead_us: Arc<AtomicI64>,
}

impl Clock {
    /// A clock that goes with this source, UTC microseconds.
    pub fn of(source: fn() -> i64) -> Clock {
        Clock { source, ahead_us: Arc::default() }
    }

    /// The platform's time, UTC microseconds.
    pub fn now_us(&self) -> i64 {
        self.source_us().saturating_add(self.ahead_us())
    }

    /// The source's time: that of the machine, which clients share.
    pub fn source_us(&self) -> i64 {
        (self.source)()
    }

    /// How far the platform is ahead of the source, microseconds.
    pub fn ahead_us(&self) -> i64 {
        self.ahead_us.load(Ordering::Relaxed)
    }

    /// Puts the platform ahead of the source.
    pub fn set_ahead_us(&self, ahead_us: i64) {
        self.ahead_us.store(ahead_us, Ordering::Relaxed);
    }
}

/// The machine's clock, UTC microseconds.
pub fn wall_clock_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// `2026-01-05T21:31:40.123456Z`, always six digits (data-api.md 2.4).
pub fn rfc3339(us: i64) -> String {
    format_us(us, "Z")
}

/// Reads an RFC 3339 time, cut to microseconds.
pub fn rfc3339_us(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_microsecond)
}

/// `2026-01-05T21:31:40.123456+00:00`, the form of content metadata (control-plane.md 5.7).
pub fn rfc3339_offset(us: i64) -> String {
    format_us(us, "+00:00")
}

/// UTC microseconds of an RFC 3339 text; none when it is no such text.
pub fn parse_us(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>().ok().map(|time| time.as_microsecond())
}

fn format_us(us: i64, zone: &str) -> String {
    let civil = jiff::Timestamp::from_microsecond(us)
        .unwrap_or(if us < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX })
        .to_zoned(jiff::tz::TimeZone::UTC);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}{zone}",
        civil.year(),
        civil.month(),
        civil.day(),
        civil.hour(),
        civil.minute(),
        civil.second(),
        civil.subsec_nanosecond() / 1000
    )
}

/// `20260105213140`, the tail of generated display names (control-plane.md 4).
pub fn compact(us: i64) -> String {
    rfc3339(us).chars().filter(char::is_ascii_digit).take(14).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_six_digits() {
        assert_eq!(rfc3339(1_767_648_700_123_456), "2026-01-05T21:31:40.123456Z");
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00.000000Z");
        assert_eq!(rfc3339_offset(-1), "1969-12-31T23:59:59.999999+00:00");
        assert_eq!(compact(1_767_648_700_123_456), "20260105213140");
    }

    #[test]
    fn a_clock_can_be_put_ahead_of_its_source() {
        let clock = Clock::of(|| 1_000);
        let same = clock.clone();
        clock.set_ahead_us(500);
        assert_eq!((same.now_us(), same.source_us(), same.ahead_us()), (1_500, 1_000, 500));
        clock.set_ahead_us(i64::MAX);
        assert_eq!(same.now_us(), i64::MAX);
    }

    #[test]
    fn times_out_of_range_do_not_panic() {
        assert!(rfc3339(i64::MAX).starts_with("9999"));
        assert!(rfc3339(i64::MIN).starts_with('-'));
    }
}
