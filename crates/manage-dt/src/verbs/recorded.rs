//! A message as the data API has it, back in the form in which the device sent it.

use base64::Engine as _;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// A recorded message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Number of its row.
    pub id: u64,
    /// Where the device sent it.
    pub endpoint: String,
    /// When it was received, microseconds since the epoch.
    pub time_received_us: i64,
    /// Its bytes.
    pub content: Vec<u8>,
}

impl Recorded {
    /// From the row of a list and the payload of the single row; none when the row lacks a part.
    pub fn of(row: &Map<String, Value>, content: Option<&RawValue>) -> Option<Recorded> {
        let text = |name: &str| row.get(name).and_then(Value::as_str);
        let time: jiff::Timestamp = text("time_received")?.parse().ok()?;
        Some(Recorded {
            id: id(row)?,
            endpoint: text("endpoint")?.to_owned(),
            time_received_us: time.as_microsecond(),
            content: payload(text("content_type"), content.map_or("null", RawValue::get)),
        })
    }

    /// As the engine takes it.
    pub fn message(&self) -> adapter::Message<'_> {
        adapter::Message {
            endpoint: &self.endpoint,
            content: &self.content,
            time_received_us: self.time_received_us,
        }
    }
}

/// The number of a row; some platforms write it as a text.
pub fn id(row: &Map<String, Value>) -> Option<u64> {
    match row.get("id")? {
        Value::String(text) => text.parse().ok(),
        number => number.as_u64(),
    }
}

/// The bytes behind the JSON form of a payload (data-api.md 4.4).
fn payload(content_type: Option<&str>, json: &str) -> Vec<u8> {
    match serde_json::from_str::<String>(json) {
        Ok(text) if media_type(content_type).starts_with("text/") => text.into_bytes(),
        _ => in_base64(content_type, json).unwrap_or_else(|| json.as_bytes().to_vec()),
    }
}

/// Whether the JSON form of a payload that is no text is base64, not the payload itself.
pub fn is_in_base64(content_type: Option<&str>, json: &str) -> bool {
    in_base64(content_type, json).is_some()
}

fn in_base64(content_type: Option<&str>, json: &str) -> Option<Vec<u8>> {
    let kind = media_type(content_type);
    let text = serde_json::from_str::<String>(json).ok()?;
    let decoded = base64::engine::general_purpose::STANDARD.decode(&text).ok();
    let is_json_kind = kind.is_empty() || kind.contains("json");
    // What is JSON stands there as such, so a text in its place is of something else.
    let is_json = |bytes: &[u8]| serde_json::from_slice::<&RawValue>(bytes).is_ok();
    decoded.filter(|bytes| !(is_json_kind && is_json(bytes)))
}

fn media_type(content_type: Option<&str>) -> String {
    let kind = content_type.unwrap_or_default().split(';').next().unwrap_or_default();
    kind.trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_come_back() {
        let gives = |kind, json: &str, expected: &[u8]| {
            let payload = payload(kind, json);
            assert_eq!(payload, expected, "{kind:?} {json}");
        };
        gives(Some("application/json"), r#"{"a":22.10}"#, br#"{"a":22.10}"#);
        gives(None, "[1]", b"[1]");
        gives(Some("application/json; charset=utf-8"), r#""not base64!""#, br#""not base64!""#);
        // `{"a":` is no JSON, so the platform shows it in base64.
        gives(Some("application/json"), r#""eyJhIjo=""#, br#"{"a":"#);
        gives(Some("text/plain"), r#""{\"a\":1}""#, br#"{"a":1}"#);
        gives(Some("application/octet-stream"), r#""eyJhIjoxfQ==""#, br#"{"a":1}"#);
    }
}
