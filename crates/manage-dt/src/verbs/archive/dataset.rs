//! The columns of an archive (data-api.md 6.2), and a row of the data API as a row of it.
//!
//! All forms of files have the same columns of the same types. Payloads and values are texts with
//! the digits that were sent.

use iot_api::data::DataCollection;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::args::Dataset;
use crate::verbs::recorded::is_in_base64;

/// Type of a column; every one may be null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Integer,
    Real,
    /// UTC microseconds.
    Time,
    Text,
}

impl Kind {
    /// As the manifest says it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Integer => "integer",
            Kind::Real => "real",
            Kind::Time => "timestamp",
            Kind::Text => "text",
        }
    }
}

/// A value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Null,
    Integer(i64),
    Real(f64),
    Time(i64),
    Text(String),
}

/// Name and type of a column.
pub type Column = (&'static str, Kind);

use Kind::{Integer, Real, Text, Time};

const RAW: &[Column] = &[
    ("id", Integer),
    ("digital_twin_instance_id", Text),
    ("endpoint", Text),
    ("time_received", Time),
    ("content_type", Text),
    ("content_encoding", Text),
    ("content_representation", Text),
    ("content", Text),
];
const REJECTED: &[Column] = &[
    ("id", Integer),
    ("digital_twin_instance_id", Text),
    ("endpoint", Text),
    ("time_received", Time),
    ("reason_code", Integer),
    ("reason_message", Text),
    ("content_type", Text),
    ("content_encoding", Text),
    ("content_representation", Text),
    ("content", Text),
];
const HISTORIZED: &[Column] = &[
    ("id", Integer),
    ("digital_twin_instance_id", Text),
    ("content_path", Text),
    ("time_observed", Time),
    ("value_json", Text),
    ("value_number", Real),
    ("value_text", Text),
];
const COMMAND: &[Column] = &[
    ("id", Text),
    ("digital_twin_instance_id", Text),
    ("request_endpoint", Text),
    ("request_duration", Text),
    ("request_data_format", Text),
    ("request_content_type", Text),
    ("request_data", Text),
    ("response_endpoint", Text),
    ("response_duration", Text),
    ("response_data_format", Text),
    ("response_content_type", Text),
    ("response_data", Text),
    ("delivery_status", Text),
    ("created_by", Text),
    ("time_created", Time),
    ("time_updated", Time),
    ("time_finished", Time),
];

impl Dataset {
    /// Every one, in the order of an archive.
    pub const ALL: [Dataset; 4] =
        [Dataset::Raw, Dataset::Historized, Dataset::Rejected, Dataset::Command];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Dataset::Raw => "raw",
            Dataset::Historized => "historized",
            Dataset::Rejected => "rejected",
            Dataset::Command => "command",
        }
    }

    /// Where it comes from.
    pub fn collection(self) -> DataCollection {
        match self {
            Dataset::Raw => DataCollection::RawData,
            Dataset::Historized => DataCollection::HistorizedData,
            Dataset::Rejected => DataCollection::RejectedData,
            Dataset::Command => DataCollection::RawCommandData,
        }
    }

    /// The member that says when.
    pub fn time(self) -> &'static str {
        match self {
            Dataset::Raw | Dataset::Rejected => "time_received",
            Dataset::Historized => "time_observed",
            Dataset::Command => "time_created",
        }
    }

    /// Its columns.
    pub fn columns(self) -> &'static [Column] {
        match self {
            Dataset::Raw => RAW,
            Dataset::Historized => HISTORIZED,
            Dataset::Rejected => REJECTED,
            Dataset::Command => COMMAND,
        }
    }

    /// Whether a row is only whole when it is read by its id.
    pub fn has_payload(self) -> bool {
        self != Dataset::Historized
    }
}

/// A row of any collection: members that it lacks are null.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Source {
    pub id: Option<Box<RawValue>>,
    digital_twin_instance_id: Option<String>,
    endpoint: Option<String>,
    content_type: Option<String>,
    content_path: Option<String>,
    time_received: Option<String>,
    time_observed: Option<String>,
    time_created: Option<String>,
    time_updated: Option<String>,
    time_finished: Option<String>,
    reason_code: Option<i64>,
    reason_message: Option<String>,
    value: Option<Box<RawValue>>,
    content: Option<Box<RawValue>>,
    request_endpoint: Option<String>,
    request_duration: Option<String>,
    request_data_format: Option<String>,
    request_content_type: Option<String>,
    request_data: Option<Box<RawValue>>,
    response_endpoint: Option<String>,
    response_duration: Option<String>,
    response_data_format: Option<String>,
    response_content_type: Option<String>,
    response_data: Option<Box<RawValue>>,
    delivery_status: Option<String>,
    created_by: Option<String>,
}

impl Source {
    /// The id without quotes: some platforms write numbers as texts.
    pub fn id_text(&self) -> String {
        self.id.as_deref().map(RawValue::get).unwrap_or_default().trim_matches('"').to_owned()
    }

    /// The id of collections whose ids are numbers; 0 when it is none.
    pub fn id_number(&self) -> i64 {
        self.id_text().parse().unwrap_or_default()
    }

    /// When, as the platform wrote it.
    pub fn time(&self, dataset: Dataset) -> Option<&str> {
        match dataset {
            Dataset::Raw | Dataset::Rejected => self.time_received.as_deref(),
            Dataset::Historized => self.time_observed.as_deref(),
            Dataset::Command => self.time_created.as_deref(),
        }
    }

    /// The row of the archive.
    pub fn into_row(self, dataset: Dataset) -> Vec<Cell> {
        let (encoding, representation, content) =
            payload(self.content_type.as_deref(), self.content.as_deref());
        let command = |json: &Option<Box<RawValue>>| json.as_deref().map_or(Cell::Null, plain);
        let value = |name: &str| match name {
            "id" if dataset == Dataset::Command => Cell::Text(self.id_text()),
            "id" => Cell::Integer(self.id_number()),
            "digital_twin_instance_id" => text(&self.digital_twin_instance_id),
            "endpoint" => text(&self.endpoint),
            "content_type" => text(&self.content_type),
            "content_encoding" => label(encoding),
            "content_representation" => label(representation),
            "content" => content.clone(),
            "content_path" => text(&self.content_path),
            "time_received" => time(&self.time_received),
            "time_observed" => time(&self.time_observed),
            "time_created" => time(&self.time_created),
            "time_updated" => time(&self.time_updated),
            "time_finished" => time(&self.time_finished),
            "reason_code" => self.reason_code.map_or(Cell::Null, Cell::Integer),
            "reason_message" => text(&self.reason_message),
            "value_json" => {
                self.value.as_ref().map_or(Cell::Null, |value| Cell::Text(value.get().to_owned()))
            }
            "value_number" => number(self.value.as_deref()),
            "value_text" => scalar(self.value.as_deref()),
            "request_endpoint" => text(&self.request_endpoint),
            "request_duration" => text(&self.request_duration),
            "request_data_format" => text(&self.request_data_format),
            "request_content_type" => text(&self.request_content_type),
            "request_data" => command(&self.request_data),
            "response_endpoint" => text(&self.response_endpoint),
            "response_duration" => text(&self.response_duration),
            "response_data_format" => text(&self.response_data_format),
            "response_content_type" => text(&self.response_content_type),
            "response_data" => command(&self.response_data),
            "delivery_status" => text(&self.delivery_status),
            "created_by" => text(&self.created_by),
            _ => Cell::Null,
        };
        dataset.columns().iter().map(|(name, _)| value(name)).collect()
    }
}

fn text(text: &Option<String>) -> Cell {
    text.as_ref().map_or(Cell::Null, |text| Cell::Text(text.clone()))
}

fn label(text: &str) -> Cell {
    if text.is_empty() { Cell::Null } else { Cell::Text(text.to_owned()) }
}

fn time(text: &Option<String>) -> Cell {
    let time = text.as_deref().and_then(|text| text.parse::<jiff::Timestamp>().ok());
    time.map_or(Cell::Null, |time| Cell::Time(time.as_microsecond()))
}

/// A string without its quotes, anything else as JSON text.
fn plain(json: &RawValue) -> Cell {
    match serde_json::from_str::<String>(json.get()) {
        Ok(text) => Cell::Text(text),
        Err(_) => Cell::Text(json.get().to_owned()),
    }
}

fn number(value: Option<&RawValue>) -> Cell {
    let number = value.and_then(|value| serde_json::from_str::<f64>(value.get()).ok());
    number.map_or(Cell::Null, Cell::Real)
}

fn scalar(value: Option<&RawValue>) -> Cell {
    match value {
        Some(value) if !value.get().starts_with(['{', '[']) => plain(value),
        _ => Cell::Null,
    }
}

/// Encoding, representation and text of a payload (data-api.md 4.4).
fn payload(
    content_type: Option<&str>,
    content: Option<&RawValue>,
) -> (&'static str, &'static str, Cell) {
    let Some(content) = content else { return ("", "", Cell::Null) };
    let kind = content_type.unwrap_or_default().split(';').next().unwrap_or_default();
    if kind.trim().to_ascii_lowercase().starts_with("text/") {
        return ("text", "json-string", plain(content));
    }
    if is_in_base64(content_type, content.get()) {
        return ("base64", "base64-string", plain(content));
    }
    ("json", "parsed-json", Cell::Text(content.get().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(dataset: Dataset, json: &str) -> Vec<Cell> {
        serde_json::from_str::<Source>(json).unwrap().into_row(dataset)
    }

    #[test]
    fn values_keep_their_digits() {
        let row = row(
            Dataset::Historized,
            r#"{"id":7,"digital_twin_instance_id":"i","content_path":"a.b","value":22.100,
               "time_observed":"2026-01-05T08:00:01.250113Z"}"#,
        );
        let text = |text: &str| Cell::Text(text.to_owned());
        assert_eq!(row[0], Cell::Integer(7));
        assert_eq!(row[3], Cell::Time(1_767_600_001_250_113));
        assert_eq!(row[4..], [text("22.100"), Cell::Real(22.1), text("22.100")]);
    }

    #[test]
    fn objects_have_no_scalar() {
        let row = row(Dataset::Historized, r#"{"id":"8","value":{"x": 1.0}}"#);
        assert_eq!(row[0], Cell::Integer(8));
        assert_eq!(row[4..], [Cell::Text("{\"x\": 1.0}".to_owned()), Cell::Null, Cell::Null]);
    }

    #[test]
    fn payloads_say_what_they_are() {
        let shown = |json: &str| {
            let row = row(Dataset::Raw, json);
            (row[5].clone(), row[7].clone())
        };
        let text = |text: &str| Cell::Text(text.to_owned());
        assert_eq!(shown(r#"{"content":{"a":1.50}}"#), (text("json"), text("{\"a\":1.50}")));
        assert_eq!(
            shown(r#"{"content_type":"text/plain","content":"hi"}"#),
            (text("text"), text("hi"))
        );
        assert_eq!(
            shown(r#"{"content_type":"application/octet-stream","content":"AP8="}"#),
            (text("base64"), text("AP8="))
        );
        assert_eq!(shown(r#"{"content":"a text in JSON"}"#).1, text("\"a text in JSON\""));
    }
}
