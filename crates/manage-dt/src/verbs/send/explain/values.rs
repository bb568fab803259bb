//! Which historized values are whose. The rows name no message, only a time: the one at which the
//! message came, or one that the message itself names.

use std::collections::{BTreeMap, HashMap, VecDeque};

use jiff::Timestamp;
use serde_json::Value;

use super::{Record, text};
use crate::verbs::send::outcome::HistorizedValue;

/// Rows that no message has claimed, by time in microseconds and by path.
pub struct Values(HashMap<i64, BTreeMap<String, VecDeque<HistorizedValue>>>);

impl Values {
    /// Of rows in the order of their ids.
    pub fn of(rows: Vec<Record>) -> Values {
        let mut values = Values(HashMap::new());
        for row in rows {
            let time_observed = text(&row, "time_observed");
            let Some(at) = micros(&time_observed) else { continue };
            let content_path = text(&row, "content_path");
            let value = row.get("value").cloned().unwrap_or_default();
            let of_path = values.0.entry(at).or_default().entry(content_path.clone()).or_default();
            of_path.push_back(HistorizedValue { content_path, value, time_observed });
        }
        values
    }

    /// The values of one message: of each path the first that is left.
    pub fn take(&mut self, message: &[u8], time_received: &str) -> Vec<HistorizedValue> {
        let mut times: Vec<i64> = Vec::new();
        if let Ok(message) = serde_json::from_slice(message) {
            named(&message, &mut times);
        }
        times.extend(micros(time_received));
        let at = times.into_iter().find(|at| self.0.contains_key(at));
        let Some(paths) = at.and_then(|at| self.0.get_mut(&at)) else { return Vec::new() };
        paths.values_mut().filter_map(VecDeque::pop_front).collect()
    }
}

/// Times that a message names: texts, and numbers of microseconds, milliseconds and seconds.
fn named(value: &Value, times: &mut Vec<i64>) {
    match value {
        Value::String(text) => times.extend(micros(text)),
        Value::Number(number) => {
            let number = number.as_i64();
            let scaled = |factor: i64| number.and_then(|number| number.checked_mul(factor));
            times.extend([1, 1_000, 1_000_000].into_iter().filter_map(scaled));
        }
        Value::Array(items) => items.iter().for_each(|item| named(item, times)),
        Value::Object(members) => members.values().for_each(|member| named(member, times)),
        Value::Null | Value::Bool(_) => {}
    }
}

fn micros(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_microsecond)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_go_to_the_message_of_their_time() {
        let row = |time: &str, path: &str, value: u32| match json!({"time_observed": time, "content_path": path, "value": value})
        {
            Value::Object(row) => row,
            _ => unreachable!(),
        };
        let mut values = Values::of(vec![
            row("2026-01-01T00:00:00Z", "a", 1),
            row("2026-01-01T00:00:00Z", "b", 2),
            row("2026-01-01T00:00:00Z", "a", 3),
            row("2026-02-02T00:00:00.5Z", "a", 4),
        ]);
        let mut take = |message: &str| {
            let taken = values.take(message.as_bytes(), "2026-02-02T00:00:00.500000Z");
            taken.into_iter().map(|one| one.value).collect::<Vec<_>>()
        };
        assert_eq!(take("{\"time\":1767225600000000}"), [json!(1), json!(2)]);
        assert_eq!(take("{\"at\":\"2026-01-01T00:00:00Z\"}"), [json!(3)]);
        assert_eq!(take("text"), [json!(4)]);
        assert_eq!(take("text"), Vec::<Value>::new());
    }
}
