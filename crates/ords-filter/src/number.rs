//! Numbers of a filter: against integer columns, as text, and against numbers in JSON.

use std::cmp::Ordering;

use serde_json::Number;

/// Where a number stands among the integers of 64 bits. `id > 10.5` is a fair question with an
/// exact answer, `id >= 11`, so nothing is rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whole {
    /// It is one of them.
    Exactly(i64),
    /// It stands between its neighbours; one of them is missing beyond the ends of the range.
    Between { below: Option<i64>, above: Option<i64> },
}

const TOO_LARGE: Whole = Whole::Between { below: Some(i64::MAX), above: None };
const TOO_SMALL: Whole = Whole::Between { below: None, above: Some(i64::MIN) };

/// 2^63, the first number above the range; `i64::MAX` itself has no exact floating-point form.
const RANGE_END: f64 = 9_223_372_036_854_775_808.0;

/// The place of a JSON number among the integers.
pub(crate) fn whole(number: &Number) -> Whole {
    match (number.as_i64(), number.as_f64()) {
        (Some(integer), _) => Whole::Exactly(integer),
        (None, Some(float)) => whole_float(float),
        (None, None) => TOO_LARGE,
    }
}

fn whole_float(float: f64) -> Whole {
    if float >= RANGE_END {
        TOO_LARGE
    } else if float < -RANGE_END {
        TOO_SMALL
    } else if float.fract() == 0.0 {
        Whole::Exactly(float as i64)
    } else {
        // A number with a fraction is below 2^53, so both neighbours exist.
        let below = float.floor() as i64;
        Whole::Between { below: Some(below), above: Some(below + 1) }
    }
}

/// The same for a decimal number written as text, blanks around it allowed as in the database's
/// own conversion (data-api.md 3.4); `None` when it is no number.
pub(crate) fn whole_text(text: &str) -> Option<Whole> {
    let text = text.trim_matches(' ');
    if let Ok(integer) = text.parse() {
        return Some(Whole::Exactly(integer));
    }
    // The float parser also reads words such as `inf`.
    let decimal = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.');
    let plain = text.bytes().all(|byte| decimal(byte) || matches!(byte, b'e' | b'E'));
    if !plain {
        return None;
    }
    text.parse().ok().map(whole_float)
}

/// The decimal text of a number, for comparing it with a text column (data-api.md 3.4): without
/// exponent, and without fraction when there is none.
pub(crate) fn decimal_text(number: &Number) -> String {
    match (number.is_f64(), number.as_f64()) {
        (true, Some(float)) => float.to_string(),
        _ => number.to_string(),
    }
}

/// Exact order of two JSON numbers, whatever their notation.
pub(crate) fn compare(a: &Number, b: &Number) -> Option<Ordering> {
    if let (Some(a), Some(b)) = (a.as_i128(), b.as_i128()) {
        return Some(a.cmp(&b));
    }
    let (whole_a, whole_b) = (integral(a), integral(b));
    match (whole_a, whole_b) {
        (Some(a), Some(b)) => Some(a.cmp(&b)),
        // A fraction occurs only below 2^53 and a float too large for 128 bits is larger than
        // any integer here, so rounding the other side cannot change the order.
        _ => a.as_f64()?.partial_cmp(&b.as_f64()?),
    }
}

fn integral(number: &Number) -> Option<i128> {
    if let Some(integer) = number.as_i128() {
        return Some(integer);
    }
    let float = number.as_f64()?;
    (float.fract() == 0.0 && float.abs() < 1e37).then_some(float as i128)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn every_number_has_a_place_among_the_integers() {
        let between = |below| Whole::Between { below: Some(below), above: Some(below + 1) };
        for (text, expected) in [
            ("7", Whole::Exactly(7)),
            ("7.0", Whole::Exactly(7)),
            ("7e2", Whole::Exactly(700)),
            ("-0.0", Whole::Exactly(0)),
            ("7.5", between(7)),
            ("-7.5", between(-8)),
            ("9223372036854775807", Whole::Exactly(i64::MAX)),
            ("9223372036854775808", TOO_LARGE),
            ("18446744073709551616", TOO_LARGE),
            ("-9223372036854775808", Whole::Exactly(i64::MIN)),
            ("-1e300", TOO_SMALL),
        ] {
            assert_eq!(whole(&number(text)), expected, "{text}");
            assert_eq!(whole_text(text), Some(expected), "{text} as text");
        }
    }

    #[test]
    fn text_that_is_no_number_is_told_apart() {
        assert_eq!(whole_text(" +7 "), Some(Whole::Exactly(7)));
        for text in ["", "seven", "inf", "NaN", "7 0", "0x7", "7,5"] {
            assert_eq!(whole_text(text), None, "{text}");
        }
    }

    #[test]
    fn decimal_text_has_no_exponent() {
        for (text, expected) in [("7", "7"), ("7.0", "7"), ("0.5", "0.5"), ("1e3", "1000")] {
            assert_eq!(decimal_text(&number(text)), expected);
        }
    }

    #[test]
    fn numbers_compare_exactly() {
        for (a, b, expected) in [
            ("5", "5.0", Ordering::Equal),
            ("9007199254740993", "9007199254740992.0", Ordering::Greater),
            ("18446744073709551615", "1.8446744073709552e19", Ordering::Less),
            ("0.1", "0", Ordering::Greater),
            ("-1e300", "-9223372036854775808", Ordering::Less),
        ] {
            assert_eq!(compare(&number(a), &number(b)), Some(expected), "{a} and {b}");
        }
    }
}
