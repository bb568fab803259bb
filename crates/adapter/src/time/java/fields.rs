//! Reads a text along a pattern and puts the fields together.

use jiff::ToSpan;
use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};

use super::Item;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// What a text says; `None` where it says nothing.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    hour: Option<i64>,
    hour_of_half: Option<i64>,
    afternoon: Option<bool>,
    minute: i64,
    second: i64,
    nanos: i64,
    offset_seconds: i32,
}

pub(super) fn read_items<'t>(
    items: &[Item],
    text: &'t str,
    fields: &mut Fields,
) -> Option<&'t str> {
    let mut text = text;
    for item in items {
        text = match item {
            Item::Literal(c) => text.strip_prefix(*c)?,
            Item::Optional(items) => {
                let mut tried = fields.clone();
                match read_items(items, text, &mut tried) {
                    Some(rest) => {
                        *fields = tried;
                        rest
                    }
                    None => text,
                }
            }
            Item::Field { letter, count, adjacent } => {
                fields.read(*letter, *count, *adjacent, text)?
            }
        };
    }
    Some(text)
}

/// Reads between `least` and `most` digits.
fn digits(text: &str, least: usize, most: usize) -> Option<(i64, &str)> {
    let count = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if count < least || count == 0 {
        return None;
    }
    Some((text[..count].parse().ok()?, &text[count..]))
}

/// Reads one of the names, in full or its first three letters.
fn name<'t>(text: &'t str, names: &[&str], full: bool) -> Option<(i64, &'t str)> {
    let names = names.iter().map(|name| if full { *name } else { &name[..3] });
    names.zip(1..).find_map(|(name, n)| Some((n, text.strip_prefix(name)?)))
}

impl Fields {
    fn read<'t>(
        &mut self,
        letter: char,
        count: usize,
        adjacent: bool,
        text: &'t str,
    ) -> Option<&'t str> {
        let two = || digits(text, count, 2);
        Some(match letter {
            'y' | 'u' => {
                let most = if adjacent || count == 2 { count } else { 9 };
                let (year, rest) = digits(text, count, most)?;
                self.year = Some(if count == 2 { 2000 + year } else { year });
                rest
            }
            'M' | 'L' => {
                let (month, rest) = match count {
                    1 | 2 => two()?,
                    count => name(text, &MONTHS, count == 4)?,
                };
                self.month = Some(month);
                rest
            }
            'E' => name(text, &DAYS, count == 4)?.1,
            'd' => set(&mut self.day, two()?),
            'H' => set(&mut self.hour, two()?),
            'k' => set(&mut self.hour, two().map(|(hour, rest)| (hour % 24, rest))?),
            'h' => set(&mut self.hour_of_half, two().map(|(hour, rest)| (hour % 12, rest))?),
            'K' => set(&mut self.hour_of_half, two()?),
            'm' => {
                let (minute, rest) = two()?;
                self.minute = minute;
                rest
            }
            's' => {
                let (second, rest) = two()?;
                self.second = second;
                rest
            }
            'S' => {
                let (fraction, rest) = digits(text, count, count)?;
                self.nanos = fraction * 10i64.pow(9 - count as u32);
                rest
            }
            'n' => {
                let (nanos, rest) = digits(text, count, 9)?;
                self.nanos = nanos;
                rest
            }
            'a' => {
                let half = text.get(..2)?.to_ascii_uppercase();
                self.afternoon = Some(match half.as_str() {
                    "AM" => false,
                    "PM" => true,
                    _ => return None,
                });
                &text[2..]
            }
            _ => self.read_zone(letter, count, text)?,
        })
    }

    fn read_zone<'t>(&mut self, letter: char, count: usize, text: &'t str) -> Option<&'t str> {
        match (letter, count) {
            ('X', _) if text.starts_with('Z') => Some(&text[1..]),
            ('Z', 5) if text.starts_with('Z') => Some(&text[1..]),
            ('X' | 'x', 3) | ('Z', 5) => self.read_offset(text, true, true),
            ('X' | 'x', 2) | ('Z', 1..=3) => self.read_offset(text, false, true),
            ('X' | 'x', _) => self.read_offset(text, false, false),
            _ => {
                let names = ["UTC", "GMT", "UT", "Z"];
                let rest = names.iter().find_map(|name| text.strip_prefix(name));
                match rest {
                    Some(rest) if rest.starts_with(['+', '-']) => {
                        self.read_offset(rest, true, true)
                    }
                    Some(rest) => Some(rest),
                    None if letter == 'V' => self.read_offset(text, true, true),
                    None => None,
                }
            }
        }
    }

    fn read_offset<'t>(&mut self, text: &'t str, colon: bool, minutes: bool) -> Option<&'t str> {
        let sign = match text.as_bytes().first()? {
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        let (hours, rest) = digits(&text[1..], 2, 2)?;
        let after_colon = if colon { rest.strip_prefix(':') } else { Some(rest) };
        let (minutes, rest) = match after_colon.and_then(|rest| digits(rest, 2, 2)) {
            Some(found) => found,
            None if minutes => return None,
            None => (0, rest),
        };
        if hours > 18 || minutes > 59 {
            return None;
        }
        self.offset_seconds = sign * (hours * 3600 + minutes * 60) as i32;
        Some(rest)
    }

    /// Puts the fields together; a day past the end of its month is its last, as in Java.
    pub(super) fn resolve(self) -> Result<i64, String> {
        let fail = || "the text is not a valid time".to_owned();
        let (Some(year), Some(month), Some(day)) = (self.year, self.month, self.day) else {
            return Err("the pattern needs year, month and day".to_owned());
        };
        let hour = match (self.hour, self.hour_of_half) {
            (Some(hour), _) => hour,
            (None, Some(hour)) => hour + if self.afternoon == Some(true) { 12 } else { 0 },
            (None, None) => 0,
        };
        // Java's own: the midnight at the end of a day may be written 24:00.
        let is_end = hour == 24 && (self.minute, self.second) == (0, 0) && self.nanos == 0;
        let (hour, days_on) = if is_end { (0, 1) } else { (hour, 0) };
        let small = |n: i64| i8::try_from(n).map_err(|_| fail());
        let year = i16::try_from(year).map_err(|_| fail())?;
        let first = Date::new(year, small(month)?, 1).map_err(|_| fail())?;
        let day =
            if (29..=31).contains(&day) { day.min(first.days_in_month().into()) } else { day };
        let time = DateTime::new(
            year,
            small(month)?,
            small(day)?,
            small(hour)?,
            small(self.minute)?,
            small(self.second)?,
            self.nanos as i32,
        );
        let offset = Offset::from_seconds(self.offset_seconds).map_err(|_| fail())?;
        let zoned = time
            .and_then(|time| time.checked_add(days_on.days()))
            .and_then(|time| time.to_zoned(TimeZone::fixed(offset)));
        Ok(zoned.map_err(|_| fail())?.timestamp().as_microsecond())
    }
}

fn set<'t>(field: &mut Option<i64>, (value, rest): (i64, &'t str)) -> &'t str {
    *field = Some(value);
    rest
}
