//! Functions on time. `now` is the time the message was received: the same message always gives
//! the same values.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::Entry;
use crate::jq::meter::{Run, error};
use crate::jq::value::Val;
use crate::time::JavaPattern;

pub(super) const TABLE: &[Entry] = &[
    ("now", 0, |m, _, _| Ok(Val::Float(m.now_us as f64 / 1e6))),
    ("fromdateformat", 1, |_, val, args| from_made_date_format(val, &args[0])),
    ("fromdateiso8601", 0, |_, val, _| {
        let Some(text) = val.as_str() else {
            return error("strptime/1 requires string inputs and arguments");
        };
        match text.parse::<Timestamp>() {
            Ok(time) => Ok(seconds(time)),
            Err(_) => {
                error(format!("date \"{text}\" does not match format \"%Y-%m-%dT%H:%M:%SZ\""))
            }
        }
    }),
    ("todateiso8601", 0, |_, val, _| {
        let time = timestamp(val, "todate")?.round(jiff::Unit::Second);
        Ok(time.map_or_else(|_| Val::Null, |time| time.to_string().into()))
    }),
    // The platform's clock knows one zone.
    ("localtime", 0, |_, val, _| broken_down(timestamp(val, "localtime")?)),
    ("gmtime", 0, |_, val, _| broken_down(timestamp(val, "gmtime")?)),
    ("mktime", 0, |_, val, _| match val {
        Val::Arr(_) => Ok(seconds(from_broken_down(val, "mktime")?)),
        _ => error("mktime requires array inputs"),
    }),
    ("strftime", 1, |_, val, args| format_time(val, &args[0], "strftime/1")),
    ("strflocaltime", 1, |_, val, args| format_time(val, &args[0], "strflocaltime/1")),
    ("strptime", 1, |_, val, args| {
        let (Some(text), Some(format)) = (val.as_str(), args[0].as_str()) else {
            return error("strptime/1 requires string inputs and arguments");
        };
        match parse_with(format, text) {
            Some(time) => broken_down(time),
            None => error(format!("date \"{text}\" does not match format \"{format}\"")),
        }
    }),
];

fn format_time(val: &Val, format: &Val, name: &str) -> Run<Val> {
    let time = match val {
        Val::Arr(_) => from_broken_down(val, name)?,
        val if val.is_number() => timestamp(val, name)?,
        _ => return error(format!("{name} requires parsed datetime inputs")),
    };
    let Some(format) = format.as_str() else {
        return error(format!("{name} requires a string format"));
    };
    match jiff::fmt::strtime::format(format, &time.to_zoned(TimeZone::UTC)) {
        Ok(text) => Ok(text.into()),
        Err(e) => error(format!("{name}: {e}")),
    }
}

/// Text in a Java pattern to microseconds (A3), the pattern a constant.
pub(in crate::jq) fn from_date_format(val: &Val, pattern: &JavaPattern) -> Run<Val> {
    let Some(text) = val.as_str() else {
        return error(format!("fromdateformat cannot parse {}", val.excerpt()));
    };
    pattern.parse(text).map(Val::Int).or_else(|reason| error(format!("fromdateformat: {reason}")))
}

/// The same with a pattern that a program made.
fn from_made_date_format(val: &Val, pattern: &Val) -> Run<Val> {
    let Some(pattern) = pattern.as_str() else {
        return error("fromdateformat needs a pattern");
    };
    match JavaPattern::compile(pattern) {
        Ok(pattern) => from_date_format(val, &pattern),
        Err(reason) => error(format!("fromdateformat: {reason}")),
    }
}

fn parse_with(format: &str, text: &str) -> Option<Timestamp> {
    let time = jiff::fmt::strtime::parse(format, text).ok()?;
    let zoned = time.to_timestamp().ok();
    zoned.or_else(|| time.to_datetime().ok()?.to_zoned(TimeZone::UTC).ok().map(|z| z.timestamp()))
}

/// Whole seconds as an integer, others as a double.
fn seconds(time: Timestamp) -> Val {
    match time.subsec_nanosecond() {
        0 => Val::Int(time.as_second()),
        nanos => Val::Float(time.as_second() as f64 + f64::from(nanos) / 1e9),
    }
}

fn timestamp(val: &Val, name: &str) -> Run<Timestamp> {
    let Some(n) = val.as_f64() else {
        return error(format!("{name} requires a number"));
    };
    let whole = n.floor();
    let nanos = ((n - whole) * 1e9).round() as i32;
    let inside = whole.abs() < 1e15;
    match inside.then(|| Timestamp::new(whole as i64, nanos)) {
        Some(Ok(time)) => Ok(time),
        _ => error(format!("{name}: the time is out of range")),
    }
}

/// Year, month from zero, day, hour, minute, second, day of the week, day of the year.
fn broken_down(time: Timestamp) -> Run<Val> {
    let zoned = time.to_zoned(TimeZone::UTC);
    let second = match zoned.subsec_nanosecond() {
        0 => Val::Int(i64::from(zoned.second())),
        nanos => Val::Float(f64::from(zoned.second()) + f64::from(nanos) / 1e9),
    };
    let int = |n: i16| Val::Int(i64::from(n));
    Val::array(vec![
        int(zoned.year()),
        int(i16::from(zoned.month()) - 1),
        int(i16::from(zoned.day())),
        int(i16::from(zoned.hour())),
        int(i16::from(zoned.minute())),
        second,
        int(i16::from(zoned.weekday().to_sunday_zero_offset())),
        int(zoned.day_of_year() - 1),
    ])
}

fn from_broken_down(val: &Val, name: &str) -> Run<Timestamp> {
    let fail = || error(format!("{name} requires parsed datetime inputs"));
    let Val::Arr(array) = val else { return fail() };
    // What is absent is zero, as in C.
    let mut numbers = [0.0; 8];
    for (number, item) in numbers.iter_mut().zip(&array.items) {
        match item.as_f64().filter(|n| !n.is_nan()) {
            Some(n) => *number = n,
            None => return fail(),
        }
    }
    let [year, month, day, hour, minute, second, _, _] = numbers;
    let date = DateTime::new(
        year as i16,
        (month as i8).saturating_add(1),
        day as i8,
        hour as i8,
        minute as i8,
        second as i8,
        0,
    );
    match date.and_then(|date| date.to_zoned(TimeZone::UTC)) {
        Ok(zoned) => Ok(zoned.timestamp()),
        Err(_) => error("invalid gmtime representation"),
    }
}
