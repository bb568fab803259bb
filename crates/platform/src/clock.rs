//! Time: the clock the platform asks, and the texts that times become.

use std::time::{SystemTime, UNIX_EPOCH};

/// Where the platform takes "now" from; tests give it a clock of their own.
pub type Clock = fn() -> i64;

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
    fn times_out_of_range_do_not_panic() {
        assert!(rfc3339(i64::MAX).starts_with("9999"));
        assert!(rfc3339(i64::MIN).starts_with('-'));
    }
}
