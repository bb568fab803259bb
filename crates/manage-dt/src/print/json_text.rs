//! JSON as one line of a table: a blank after `,` and `:`.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::Formatter;

/// A value on one line, with a blank after `,` and `:`.
///
/// ```
/// let value = serde_json::json!({"a": [1, 2.5], "b": "x"});
/// assert_eq!(manage_dt::print::json_text::one_line(&value), r#"{"a": [1, 2.5], "b": "x"}"#);
/// ```
pub fn one_line(value: &Value) -> String {
    let mut out = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, OneLine);
    match value.serialize(&mut serializer) {
        Ok(()) => String::from_utf8_lossy(&out).into_owned(),
        // A value in memory always serializes.
        Err(_) => String::new(),
    }
}

/// A value as it stands in a column for plain values: a string without quotes.
pub fn bare(value: &Value) -> String {
    match value {
        Value::String(text) => plain(text),
        other => one_line(other),
    }
}

/// A text of a device or server, control characters made visible: a terminal must not obey them,
/// and a line stays a line.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c.is_control() {
            true => out.extend(c.escape_default()),
            false => out.push(c),
        }
    }
    out
}

struct OneLine;

impl Formatter for OneLine {
    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn facts() {
        assert_eq!(one_line(&json!({"a": [], "b": {}})), r#"{"a": [], "b": {}}"#);
        assert_eq!(one_line(&json!([1, "a\nb", null])), r#"[1, "a\nb", null]"#);
        assert_eq!(bare(&json!("水 x")), "水 x");
        assert_eq!(bare(&json!("a\u{1b}[2J\nb")), r"a\u{1b}[2J\nb");
        assert_eq!(bare(&json!(22.3)), "22.3");
        assert_eq!(bare(&json!(73)), "73");
        assert_eq!(bare(&json!({"op": "x", "id": 1})), r#"{"op": "x", "id": 1}"#);
        assert_eq!(bare(&Value::Null), "null");
    }
}
