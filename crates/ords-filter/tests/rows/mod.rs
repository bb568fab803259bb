//! The sample rows of `tests/cases/filters/rows.json` and the columns of the five collections
//! (data-api.md 2.2).

use std::fs;
use std::path::PathBuf;

use jiff::Timestamp;
use ords_filter::ColumnType::{Integer, Json, Text, Timestamp as Instant};
use ords_filter::{Cell, Column, ColumnType, Filter};
use serde_json::Value;

const fn column(name: &'static str, kind: ColumnType) -> Column {
    Column { name, kind }
}

const TWIN: Column = column("digital_twin_instance_id", Text);

static RAW: [Column; 5] = [
    column("id", Integer),
    TWIN,
    column("endpoint", Text),
    column("content_type", Text),
    column("time_received", Instant),
];

static REJECTED: [Column; 7] = [
    RAW[0],
    TWIN,
    RAW[2],
    RAW[3],
    RAW[4],
    column("reason_code", Integer),
    column("reason_message", Text),
];

static HISTORIZED: [Column; 5] = [
    column("id", Integer),
    TWIN,
    column("content_path", Text),
    column("value", Json),
    column("time_observed", Instant),
];

static SNAPSHOT: [Column; 4] = [TWIN, HISTORIZED[2], HISTORIZED[3], HISTORIZED[4]];

static COMMAND: [Column; 11] = [
    column("id", Text),
    TWIN,
    column("request_endpoint", Text),
    column("request_duration", Text),
    column("request_data_format", Text),
    column("response_endpoint", Text),
    column("response_duration", Text),
    column("delivery_status", Text),
    column("time_created", Instant),
    column("time_updated", Instant),
    column("time_finished", Instant),
];

/// The folder of the case files.
pub fn folder() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "..", "tests", "cases", "filters"].iter().collect()
}

/// The columns of a collection.
pub fn columns(collection: &str) -> &'static [Column] {
    match collection {
        "rawData" => &RAW,
        "rejectedData" => &REJECTED,
        "historizedData" => &HISTORIZED,
        "snapshotData" => &SNAPSHOT,
        "rawCommandData" => &COMMAND,
        _ => panic!("no collection {collection}"),
    }
}

/// The places, from 0, of the sample rows that meet a condition; `all` and `none` for short.
pub fn selected(collection: &str, filter: &Filter) -> Value {
    let text = fs::read_to_string(folder().join("rows.json")).unwrap();
    let rows: Value = serde_json::from_str(&text).unwrap();
    let rows = rows[collection].as_array().unwrap();
    let columns = columns(collection);
    let places: Vec<usize> = (0..rows.len())
        .filter(|place| filter.matches(&|index| cell(columns[index], &rows[*place])))
        .collect();
    match places.len() {
        0 => "none".into(),
        count if count == rows.len() => "all".into(),
        _ => places.into(),
    }
}

fn cell(column: Column, row: &Value) -> Cell<'_> {
    let value = &row[column.name];
    match (column.kind, value) {
        (Json, value) => Cell::Json(value),
        (_, Value::Null) => Cell::Null,
        (Integer, value) => Cell::Integer(value.as_i64().unwrap()),
        (Text, value) => Cell::Text(value.as_str().unwrap()),
        (Instant, value) => {
            let instant: Timestamp = value.as_str().unwrap().parse().unwrap();
            Cell::TimestampUs(instant.as_microsecond())
        }
    }
}
