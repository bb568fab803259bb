//! The date form of HTTP headers, IMF-fixdate: `Mon, 05 Jan 2026 21:31:40 GMT`.

use jiff::Timestamp;
use jiff::fmt::rfc2822::{DateTimeParser, DateTimePrinter};

/// Prints seconds since 1970 UTC. Seconds outside the years 1 to 9999 are cut to the nearest.
///
/// ```
/// assert_eq!(oci_core::date::imf_fixdate(1_767_648_700), "Mon, 05 Jan 2026 21:31:40 GMT");
/// ```
pub fn imf_fixdate(now_s: i64) -> String {
    const YEAR_1_S: i64 = -62_135_596_800;
    const YEAR_9999_S: i64 = 253_402_207_200;
    Timestamp::from_second(now_s.clamp(YEAR_1_S, YEAR_9999_S))
        .ok()
        .and_then(|time| DateTimePrinter::new().timestamp_to_rfc9110_string(&time).ok())
        .expect("years 1 to 9999 have a date")
}

/// Reads exactly what [`imf_fixdate`] prints; anything else, other date forms included, is `None`.
pub fn parse_imf_fixdate(text: &str) -> Option<i64> {
    // The library reads mail dates, a wider language. Printing again leaves the one form.
    let second = DateTimeParser::new().parse_timestamp(text).ok()?.as_second();
    (imf_fixdate(second) == text).then_some(second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip() {
        for second in [0, 1_767_648_700, 4_102_444_800, -1] {
            assert_eq!(parse_imf_fixdate(&imf_fixdate(second)), Some(second), "{second}");
        }
        assert!(imf_fixdate(i64::MAX).ends_with("9999 22:00:00 GMT"));
        assert!(!imf_fixdate(i64::MIN).is_empty());
    }

    #[test]
    fn only_one_form_is_read() {
        for text in [
            "",
            "Mon, 05 Jan 2026 21:31:40 +0000",
            "Mon, 5 Jan 2026 21:31:40 GMT",
            "05 Jan 2026 21:31:40 GMT",
            "Tue, 05 Jan 2026 21:31:40 GMT",
            "Monday, 05-Jan-26 21:31:40 GMT",
            "Mon Jan  5 21:31:40 2026",
            "Mon, 05 Jan 2026 21:31:40 GMT ",
            "mon, 05 jan 2026 21:31:40 gmt",
            "2026-01-05T21:31:40Z",
        ] {
            assert_eq!(parse_imf_fixdate(text), None, "{text:?}");
        }
    }
}
