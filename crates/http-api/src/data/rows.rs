//! Cells and payloads as JSON members. Values go out as the text that came in.

use ords_filter::Column;
use platform::clock::rfc3339;
use platform::data::Payload;
use platform::store::{DataCell, DataRow, ItemMember};
use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};
use serde_json::value::{RawValue, to_raw_value};

/// Members in their order.
#[derive(Default)]
pub(super) struct Members(Vec<(String, Box<RawValue>)>);

impl Members {
    /// Adds a member.
    pub fn insert(&mut self, name: String, value: Box<RawValue>) {
        self.0.push((name, value));
    }

    /// Adds members.
    pub fn extend(&mut self, others: Members) {
        self.0.extend(others.0);
    }
}

impl Serialize for Members {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// The members of a row.
pub(super) fn row_members(columns: &[Column], row: DataRow) -> Members {
    let mut members = Members::default();
    for (column, cell) in columns.iter().zip(row) {
        let value = match cell {
            DataCell::Null => raw(&()),
            DataCell::Integer(value) => raw(&value),
            DataCell::Text(text) => raw(&text),
            DataCell::TimestampUs(us) => raw(&rfc3339(us)),
            DataCell::Json(text) => RawValue::from_string(text).unwrap_or_else(|_| raw(&())),
        };
        members.insert(column.name.to_owned(), value);
    }
    members
}

/// What only the item form has.
pub(super) fn item_members(extra: Vec<(&'static str, ItemMember)>) -> Members {
    let mut members = Members::default();
    for (name, member) in extra {
        let value = match member {
            ItemMember::Text(text) => raw(&text),
            ItemMember::Payload { bytes: None, .. } => raw(&()),
            ItemMember::Payload { bytes: Some(bytes), content_type } => {
                payload(bytes, content_type.as_deref())
            }
        };
        members.insert(name.to_owned(), value);
    }
    members
}

fn payload(bytes: Vec<u8>, content_type: Option<&str>) -> Box<RawValue> {
    match Payload::of(&bytes, content_type) {
        Payload::Text(text) => raw(&text),
        Payload::Json(text) => RawValue::from_string(text.to_owned()).unwrap_or_else(|_| raw(&())),
        Payload::Base64(text) => raw(&text),
    }
}

fn raw<T: Serialize + ?Sized>(value: &T) -> Box<RawValue> {
    // Only maps with odd keys cannot be written, and there are none here.
    to_raw_value(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_are_shown_by_their_type() {
        let shown =
            |bytes: &[u8], kind: Option<&str>| payload(bytes.to_vec(), kind).get().to_owned();
        assert_eq!(shown(b"{\"a\": 1.50}", None), "{\"a\": 1.50}");
        assert_eq!(
            shown(b"{\"a\": 1.50}", Some("Application/JSON; charset=utf-8")),
            "{\"a\": 1.50}"
        );
        assert_eq!(shown(b"no", Some("application/json")), "\"bm8=\"");
        assert_eq!(shown(b"hi", Some("text/plain")), "\"hi\"");
        assert_eq!(shown(b"{}", Some("application/octet-stream")), "\"e30=\"");
    }
}
