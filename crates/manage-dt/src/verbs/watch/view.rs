//! Lines for people: time, kind, twin, what, and a sparkline for numbers.

use std::collections::{HashMap, VecDeque};

use anstyle::{AnsiColor, Style};
use serde_json::Value;

use crate::config::Environment;
use crate::print::json_text::{bare, plain};
use crate::print::panel::{ellipsis, visible_width};
use crate::print::time::short;

/// Numbers that a sparkline shows.
const SPARK_NUMBERS: usize = 16;
/// Sparklines kept; those of further content paths are not shown.
const SPARKS_MAX: usize = 10_000;
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Columns are not made wider than this for one long name.
const COLUMN_WIDTH_MAX: usize = 28;

/// What was shown, as far as the next lines need it.
pub(super) struct View {
    width: Option<usize>,
    /// Day of the last line.
    day: String,
    twin_width: usize,
    what_width: usize,
    value_width: usize,
    numbers: HashMap<(String, String), VecDeque<f64>>,
}

impl View {
    /// A view in the width of the terminal.
    pub fn new(environment: &Environment) -> View {
        let columns = environment.get("COLUMNS").and_then(|text| text.trim().parse().ok());
        let terminal = || comfy_table::Table::new().width().map(usize::from);
        let width = columns.filter(|columns| *columns > 0).or_else(terminal);
        let numbers = HashMap::new();
        let day = String::new();
        View { width, day, twin_width: 0, what_width: 0, value_width: 0, numbers }
    }

    /// The line of an event, and one for the day where it changes.
    pub fn lines(&mut self, kind: &str, twin: Option<&str>, data: &Value) -> String {
        let text = |name: &str| data.get(name).and_then(Value::as_str).map(plain);
        let endpoint = text("endpoint").unwrap_or_default();
        let (time, style, what, said) = match kind {
            "normalized" => {
                let path = text("contentPath").unwrap_or_default();
                let value = data.get("value").unwrap_or(&Value::Null);
                let said = self.value(twin.unwrap_or_default(), &path, value);
                (text("timeObserved"), Style::new(), path, said)
            }
            "raw" => {
                let content = data.get("content").unwrap_or(&Value::Null);
                (text("time_received"), Style::new().dimmed(), endpoint, bare(content))
            }
            "rejected" => {
                let code = data.get("reason_code").map(bare).unwrap_or_default();
                let said = format!("{code} {}", text("reason_message").unwrap_or_default());
                (text("time_received"), AnsiColor::Red.on_default(), endpoint, said)
            }
            "command" => {
                let status = text("delivery_status").unwrap_or_default();
                let sent = data.get("request_data").filter(|_| status == "ACCEPTED");
                let answer = data.get("response_data").filter(|answer| !answer.is_null());
                let said = match sent.or(answer) {
                    Some(payload) => format!("{status} {}", bare(payload)),
                    None => status,
                };
                let endpoint = text("request_endpoint").unwrap_or_default();
                (text("time_updated"), AnsiColor::Cyan.on_default(), endpoint, said)
            }
            // Told on stderr.
            _ => return String::new(),
        };
        self.line(&time.unwrap_or_default(), (kind, style), twin.unwrap_or("-"), (&what, &said))
    }

    fn line(
        &mut self,
        time: &str,
        (kind, style): (&str, Style),
        twin: &str,
        (what, said): (&str, &str),
    ) -> String {
        let mut out = String::new();
        let (day, clock) = match time.parse::<jiff::Timestamp>() {
            Ok(at) => {
                (at.strftime("%Y-%m-%d").to_string(), at.strftime("%H:%M:%S%.3f").to_string())
            }
            Err(_) => (self.day.clone(), short(time)),
        };
        if day != self.day {
            out.push_str(&format!("-- {day} (UTC)\n"));
            self.day = day;
        }
        widen(&mut self.twin_width, twin);
        widen(&mut self.what_width, what);
        let (twin_width, what_width) = (self.twin_width, self.what_width);
        let line = format!("{clock} {kind:<10} {twin:<twin_width$} {what:<what_width$} {said}");
        let line = match self.width {
            Some(width) => ellipsis(&line, width),
            None => line,
        };
        out.push_str(&format!("{style}{line}{style:#}\n"));
        out
    }

    /// A value, with a sparkline if it is a number.
    fn value(&mut self, twin: &str, path: &str, value: &Value) -> String {
        let shown = bare(value);
        let Some(number) = value.as_f64() else { return shown };
        let key = (twin.to_owned(), path.to_owned());
        if !self.numbers.contains_key(&key) && self.numbers.len() >= SPARKS_MAX {
            return shown;
        }
        let numbers = self.numbers.entry(key).or_default();
        if numbers.len() == SPARK_NUMBERS {
            numbers.pop_front();
        }
        numbers.push_back(number);
        let spark = sparkline(numbers);
        widen(&mut self.value_width, &shown);
        let width = self.value_width;
        format!("{shown:<width$} {spark}")
    }
}

fn widen(column: &mut usize, text: &str) {
    *column = (*column).max(visible_width(text).min(COLUMN_WIDTH_MAX));
}

/// A bar for each number, between the least and the greatest of them.
fn sparkline(numbers: &VecDeque<f64>) -> String {
    let least = numbers.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let bar = |number: &f64| {
        // Halves, because the range of two large numbers may have none.
        let range = greatest / 2.0 - least / 2.0;
        let share = if range > 0.0 { (number / 2.0 - least / 2.0) / range } else { 0.5 };
        // Between 0 and 7: a cast saturates.
        BARS[((share * 7.0).round() as usize).min(7)]
    };
    numbers.iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn sparklines_span_what_they_show() {
        let line = |numbers: &[f64]| sparkline(&numbers.iter().copied().collect());
        assert_eq!(line(&[1.0, 2.0, 8.0]), "▁▂█");
        assert_eq!(line(&[5.0, 5.0]), "▅▅");
        assert_eq!(line(&[f64::MIN, 0.0, f64::MAX]), "▁▅█");
        assert_eq!(line(&[]), "");
    }

    #[test]
    fn lines_fit_and_obey_nobody() {
        let environment = Environment::of(&[("COLUMNS", "60")]);
        let mut view = View::new(&environment);
        let data = json!({"time_received": "2026-01-05T08:00:01.250113Z", "endpoint": "a\u{1b}[2J",
            "content": {"text": "x".repeat(100)}});
        let shown = view.lines("raw", Some("pump"), &data);
        let plain = anstream::adapter::strip_str(&shown).to_string();
        let lines: Vec<&str> = plain.lines().collect();
        assert_eq!(lines[0], "-- 2026-01-05 (UTC)");
        assert!(lines[1].starts_with("08:00:01.250 raw        pump a\\u{1b}[2J {"), "{}", lines[1]);
        assert_eq!(visible_width(lines[1]), 60);
        let value =
            json!({"timeObserved": "2026-01-05T08:00:02Z", "contentPath": "t", "value": 1.5});
        let shown = view.lines("normalized", Some("pump"), &value);
        assert!(shown.contains("08:00:02.000 normalized pump t"), "{shown}");
        assert!(shown.contains("1.5 ▅"), "{shown}");
    }
}
