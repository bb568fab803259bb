//! Times on the command line.

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// A point in time, as such or by its distance from now.
pub(super) fn time(text: &str) -> Result<Timestamp, String> {
    if let Ok(time) = text.parse() {
        return Ok(time);
    }
    let wanted = || "give a time such as 2026-01-18T00:00:00Z, or how long ago: 90m, 7d".to_owned();
    let words = text.trim();
    let distance = words.strip_suffix("ago").unwrap_or(words).trim();
    let ago: Span = distance.parse().map_err(|_| wanted())?;
    let now = Timestamp::now().to_zoned(TimeZone::UTC);
    now.checked_sub(ago.abs()).map(|time| time.timestamp()).map_err(|_| wanted())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_points_or_distances() {
        assert_eq!(time("2026-01-18T00:00:00Z").unwrap().as_second(), 1_768_694_400);
        let hour = Timestamp::now().as_second() - time("1h").unwrap().as_second();
        assert!((3_599..=3_601).contains(&hour), "{hour}");
        assert!(time("2h ago").unwrap() < time("1h 30m").unwrap());
        assert!(time("7d").unwrap() < time("6d").unwrap());
        for bad in ["", "x", "yesterday", "2026-01-18", "99999999999d"] {
            assert!(time(bad).is_err(), "{bad}");
        }
    }
}
