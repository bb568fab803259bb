//! Tables of `content` and `diff`.

use serde_json::Value;

use super::{Change, Past, parsed};
use crate::print::Table;
use crate::print::json_text::{bare, plain};
use crate::print::time::short;

/// The values and their times.
pub(super) fn content(twin: &str, past: &Past, width: Option<usize>) -> String {
    let title = format!("Content of {twin} at {} UTC", short(&past.at.to_string()));
    let heads = ["Content path", "Value", "Time observed (UTC)"];
    let mut table = Table::new(Some(title), &heads);
    for (path, (value, time)) in &past.values {
        table.row(vec![plain(path), bare(&parsed(value)), short(time)]);
    }
    table.render(width)
}

/// The values that differ.
pub(super) fn changes(
    twin: &str,
    (before, after): (&Past, &Past),
    changes: &[Change],
    width: Option<usize>,
) -> String {
    let (from, to) = (short(&before.at.to_string()), short(&after.at.to_string()));
    let title = format!("{twin}, {from} to {to} UTC - {} change(s)", changes.len());
    let heads = ["Content path", "From", "To", "Difference"];
    let mut table = Table::new(Some(title), &heads);
    for change in changes {
        let side = |side: &Option<(Value, String)>| match side {
            Some((value, _)) => bare(value),
            None => "-".to_owned(),
        };
        let difference = change.difference().map_or_else(String::new, signed);
        let (before, after) = (side(&change.before), side(&change.after));
        table.row(vec![plain(&change.path), before, after, difference]);
    }
    table.render(width)
}

/// What cannot be known, and why.
pub(super) fn unknown(past: &Past) -> String {
    if past.unknown.is_empty() {
        return String::new();
    }
    let names: Vec<String> = past.unknown.iter().map(|path| plain(path)).collect();
    let why = match (&past.oldest, past.is_rebuilt) {
        (Some(oldest), _) => format!("values are kept from {} UTC on", short(oldest)),
        (None, true) => "not historized, or older than what historized data is kept".to_owned(),
        (None, false) => "no values are kept".to_owned(),
    };
    let at = short(&past.at.to_string());
    format!("Not known at {at} UTC: {} ({why})\n", names.join(", "))
}

/// A difference with its sign, without the noise of binary fractions.
fn signed(difference: f64) -> String {
    let text = format!("{difference:+.9}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_have_a_sign_and_no_noise() {
        assert_eq!(signed(0.3 - 0.1), "+0.2");
        assert_eq!(signed(-3.0), "-3");
        assert_eq!(signed(100.0), "+100");
    }
}
