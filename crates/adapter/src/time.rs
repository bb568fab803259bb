//! Observed times (A5) and Java date patterns (A3).

mod java;

pub(crate) use java::JavaPattern;

use jiff::Timestamp;

/// Reads an observed time from JSON text: microseconds as an integer, a whole double or digits in
/// a string, or an RFC 3339 time. The error says what is wrong.
pub(crate) fn parse_observed(json: &str) -> Result<i64, String> {
    match json.as_bytes().first() {
        Some(b'"') => {
            let text: String = serde_json::from_str(json).map_err(|e| e.to_string())?;
            match text.parse() {
                Ok(micros) => Ok(micros),
                Err(_) => parse_rfc3339(&text),
            }
        }
        Some(b'-' | b'0'..=b'9') => match json.parse() {
            Ok(micros) => Ok(micros),
            Err(_) => parse_double(json),
        },
        _ => Err(format!("`{}` is not a time", excerpt(json))),
    }
}

fn parse_double(json: &str) -> Result<i64, String> {
    let micros: f64 = json.parse().map_err(|_| "not a number".to_owned())?;
    // 2^63 is exact as a double; everything below fits.
    if micros.fract() == 0.0 && micros.abs() < 9_223_372_036_854_775_808.0 {
        Ok(micros as i64)
    } else {
        Err(format!("`{}` is not a whole number of microseconds", excerpt(json)))
    }
}

/// An RFC 3339 time to microseconds; further digits are cut off.
pub(crate) fn parse_rfc3339(text: &str) -> Result<i64, String> {
    let fail = || format!("`{}` is not an RFC 3339 time", excerpt(text));
    // The library reads more than RFC 3339 allows; the shape is checked first.
    if !has_rfc3339_shape(text) {
        return Err(fail());
    }
    text.parse::<Timestamp>().map(floor_micros).map_err(|_| fail())
}

fn floor_micros(time: Timestamp) -> i64 {
    let nanos = time.as_nanosecond();
    i64::try_from(nanos.div_euclid(1000)).unwrap_or(i64::MAX)
}

/// `YYYY-MM-DDTHH:MM:SS[.f]` and `Z` or `±HH:MM`; hours below 24, seconds below 60.
pub(crate) fn has_rfc3339_shape(text: &str) -> bool {
    text.is_ascii()
        && text.len() >= 20
        && is_date_shape(&text[..10])
        && matches!(text.as_bytes()[10], b'T' | b't')
        && is_time_shape(&text[11..])
}

/// `YYYY-MM-DD`.
pub(crate) fn is_date_shape(text: &str) -> bool {
    matches_shape(text, "dddd-dd-dd")
}

/// `HH:MM:SS[.f]` and a zone.
pub(crate) fn is_time_shape(text: &str) -> bool {
    if !text.is_ascii() || text.len() < 9 || !matches_shape(&text[..8], "dd:dd:dd") {
        return false;
    }
    if text[..2] > *"23" || text[3..5] > *"59" || text[6..8] > *"59" {
        return false;
    }
    let rest = match text[8..].strip_prefix('.') {
        Some(rest) => {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            if !(1..=9).contains(&digits) {
                return false;
            }
            &rest[digits..]
        }
        None => &text[8..],
    };
    match rest {
        "Z" | "z" => true,
        rest => {
            let shape = matches_shape(rest, "+dd:dd") || matches_shape(rest, "-dd:dd");
            shape && rest[1..3] <= *"23" && rest[4..] <= *"59"
        }
    }
}

/// Same length, a digit for each `d`, and otherwise the same characters.
fn matches_shape(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && text.bytes().zip(shape.bytes()).all(|(b, s)| match s {
            b'd' => b.is_ascii_digit(),
            s => b == s,
        })
}

fn excerpt(text: &str) -> &str {
    text.char_indices().nth(60).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::parse_observed;

    fn reads(json: &str, micros: i64) {
        assert_eq!(parse_observed(json), Ok(micros), "{json}");
    }

    #[test]
    fn accepted() {
        reads("1700000000123456", 1_700_000_000_123_456);
        reads("-5", -5);
        reads("1.7e15", 1_700_000_000_000_000);
        reads("1700000000000000.0", 1_700_000_000_000_000);
        reads("\"1700000000123456\"", 1_700_000_000_123_456);
        reads("\"2023-11-14T22:13:20.123456Z\"", 1_700_000_000_123_456);
        reads("\"2023-11-14T22:13:20Z\"", 1_700_000_000_000_000);
        reads("\"2023-11-14T23:13:20.1234569+01:00\"", 1_700_000_000_123_456);
        reads("\"1969-12-31T23:59:59.999999Z\"", -1);
    }

    #[test]
    fn refused() {
        for json in [
            "1.5",
            "1e30",
            "true",
            "{}",
            "[]",
            "\"\"",
            "\"soon\"",
            "\"2023-11-14\"",
            "\"2023-11-14 22:13:20Z\"",
            "\"2023-11-14T22:13:20\"",
            "\"2023-11-14T24:00:00Z\"",
            "\"2023-11-14T22:13:60Z\"",
            "\"2023-02-30T00:00:00Z\"",
        ] {
            assert!(parse_observed(json).is_err(), "{json}");
        }
    }
}
