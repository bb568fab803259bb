//! Timestamps as filters write them (data-api.md 2.4, 3.4).

use jiff::Timestamp;

/// Microseconds since the epoch of an RFC 3339 text with a time zone and at most nine digits of
/// a second; finer parts are cut off. `None` for anything else, a bare date included.
pub(crate) fn micros(text: &str) -> Option<i64> {
    if !is_rfc3339(text.as_bytes()) {
        return None;
    }
    let instant: Timestamp = text.parse().ok()?;
    i64::try_from(instant.as_nanosecond().div_euclid(1000)).ok()
}

/// The shape only: the parser behind it reads more than RFC 3339 (zone names, week dates,
/// missing minutes), and also judges whether the numbers make a date.
fn is_rfc3339(text: &[u8]) -> bool {
    let Some((stem, rest)) = text.split_at_checked("0000-00-00T00:00:00".len()) else {
        return false;
    };
    let stem_fits = stem.iter().enumerate().all(|(i, &byte)| match i {
        4 | 7 => byte == b'-',
        10 => matches!(byte, b'T' | b't' | b' '),
        13 | 16 => byte == b':',
        _ => byte.is_ascii_digit(),
    });
    stem_fits && is_zone(after_fraction(rest))
}

/// What stands behind `.5` and the like; the dot stays when its digits are none or too many.
fn after_fraction(text: &[u8]) -> &[u8] {
    let Some(digits) = text.strip_prefix(b".") else {
        return text;
    };
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if (1..=9).contains(&count) { &digits[count..] } else { text }
}

fn is_zone(text: &[u8]) -> bool {
    match text {
        b"Z" | b"z" => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] => [h1, h2, m1, m2].iter().all(|b| b.is_ascii_digit()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EIGHT: i64 = 1_767_600_000_000_000;

    #[test]
    fn every_number_of_digits_and_any_offset_is_read() {
        for (text, expected) in [
            ("2026-01-05T08:00:00Z", EIGHT),
            ("2026-01-05T08:00:00.5Z", EIGHT + 500_000),
            ("2026-01-05T08:00:00.250Z", EIGHT + 250_000),
            ("2026-01-05T08:00:00.250113Z", EIGHT + 250_113),
            ("2026-01-05T08:00:00.250113999Z", EIGHT + 250_113),
            ("2026-01-05T08:00:00+00:00", EIGHT),
            ("2026-01-05T08:00:00-00:00", EIGHT),
            ("2026-01-05T10:30:00.000001+02:30", EIGHT + 1),
            ("2026-01-05t08:00:00z", EIGHT),
            ("1969-12-31T23:59:59.9999999Z", -1),
        ] {
            assert_eq!(micros(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "2026-01-05",
            "2026-01-05T08:00:00",
            "2026-01-05T08:00Z",
            "2026-01-05T08:00:00.Z",
            "2026-01-05T08:00:00.1234567890Z",
            "2026-01-05T08:00:00+02",
            "2026-01-05T08:00:00Z[UTC]",
            "2026-02-30T08:00:00Z",
            "2026-01-05T25:00:00Z",
            "2026-W02-1T08:00:00Z",
            "2026-01-05T08:00:00Zé",
            "2026-01-05T08:00:0éZ",
        ] {
            assert_eq!(micros(text), None, "{text}");
        }
    }
}
