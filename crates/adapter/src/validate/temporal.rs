//! Dates, times and durations of ISO 8601 and RFC 3339 (A7).

use dtdl::Primitive;
use jiff::civil::Date;

use crate::time::{has_rfc3339_shape, is_date_shape, is_time_shape};

/// Is the text a value of `date`, `time`, `dateTime` or `duration`?
pub(crate) fn is_temporal(primitive: Primitive, text: &str) -> bool {
    match primitive {
        Primitive::Date => is_date(text),
        Primitive::Time => is_time_shape(text),
        Primitive::DateTime => has_rfc3339_shape(text) && is_date(&text[..10]),
        Primitive::Duration => is_duration(text),
        _ => false,
    }
}

fn is_date(text: &str) -> bool {
    is_date_shape(text) && text.parse::<Date>().is_ok()
}

/// `P` and weeks alone, or years to days and then, behind `T`, hours to seconds; each at most once
/// and at least one in all.
fn is_duration(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('-').unwrap_or(text).strip_prefix('P') else {
        return false;
    };
    let (date, time) = match rest.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (rest, None),
    };
    if time.is_none() && parts(date, "W") == Some(1) {
        return true;
    }
    match (parts(date, "YMD"), time.map(|time| parts(time, "HMS"))) {
        (Some(count), None) => count > 0,
        (Some(_), Some(Some(count))) => count > 0,
        _ => false,
    }
}

/// How many numbers with these units there are, which must come in this order.
fn parts(text: &str, units: &str) -> Option<usize> {
    let mut rest = text;
    let mut units = units.chars();
    let mut count = 0;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let mut after = &rest[digits..];
        let fraction = after.strip_prefix('.').map(|fraction| {
            let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
            after = &fraction[digits..];
            digits
        });
        let unit = after.chars().next()?;
        // Only the seconds may have a fraction.
        if digits == 0 || fraction == Some(0) || (fraction.is_some() && unit != 'S') {
            return None;
        }
        units.find(|known| *known == unit)?;
        rest = &after[unit.len_utf8()..];
        count += 1;
    }
    Some(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(primitive: Primitive, texts: &[&str]) {
        texts.iter().for_each(|text| assert!(is_temporal(primitive, text), "{text}"));
    }

    fn refuses(primitive: Primitive, texts: &[&str]) {
        texts.iter().for_each(|text| assert!(!is_temporal(primitive, text), "{text}"));
    }

    #[test]
    fn temporal() {
        accepts(Primitive::Date, &["2026-02-28", "2024-02-29"]);
        refuses(Primitive::Date, &["2026-02-29", "2026-2-1", "", "2026-02-28T00:00:00Z"]);
        accepts(Primitive::Time, &["00:00:00Z", "23:59:59.5+01:00"]);
        refuses(Primitive::Time, &["24:00:00Z", "00:00:60Z", "00:00:00", "0:00:00Z", "00:00:00.Z"]);
        accepts(Primitive::DateTime, &["2026-02-28T10:00:00Z", "2026-02-28T10:00:00.123-05:00"]);
        refuses(Primitive::DateTime, &["2026-02-29T10:00:00Z", "2026-02-28T10:00:00", "x"]);
        accepts(Primitive::Duration, &["P1D", "PT0.5S", "P1Y2M3DT4H5M6S", "P3W", "-P1D"]);
        refuses(
            Primitive::Duration,
            &["P", "PT", "P1DT", "P1W2D", "P1S", "PT1M1H", "1D", "PT1.5H"],
        );
    }
}
