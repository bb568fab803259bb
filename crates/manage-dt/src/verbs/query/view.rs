//! The panels and tables of `query`: titles, columns and order are the original tool's.

use serde_json::Value;

use super::rows::Record;
use crate::print::json_text::{bare, one_line};
use crate::print::panel::{self, Overflow, visible_width};
use crate::print::table::Table;

/// Columns that the frame of a panel takes.
const FRAME_WIDTH: usize = 4;

/// The panel with the twin's content: on one line where that fits.
pub fn content(content: &Value, width: Option<usize>) -> String {
    let line = one_line(content);
    let fits = width.is_none_or(|width| visible_width(&line) + FRAME_WIDTH <= width);
    let lines: Vec<String> = match fits {
        true => vec![line],
        false => format!("{content:#}").lines().map(str::to_owned).collect(),
    };
    panel::panel("Digital Twin Instance content", &lines, width, Overflow::Wrap)
}

/// Messages as they came.
pub fn raw_data(records: &[Record], width: Option<usize>) -> String {
    let columns = [
        ("Id", "id"),
        ("Time received (UTC)", "time_received"),
        ("Endpoint", "endpoint"),
        ("Payload", "content"),
    ];
    let cell = |field: &str, value: &Value| match field {
        "content" => one_line(value),
        _ => bare(value),
    };
    titled("raw data", &columns, records, cell).render(width)
}

/// Recorded values.
pub fn historized_data(records: &[Record], width: Option<usize>) -> String {
    let columns = [
        ("Id", "id"),
        ("Time observed (UTC)", "time_observed"),
        ("Content path", "content_path"),
        ("Value", "value"),
    ];
    titled("historized data", &columns, records, |_, value| bare(value)).render(width)
}

/// Messages that were refused, with the reason.
pub fn rejected_data(records: &[Record], width: Option<usize>) -> String {
    let columns = [
        ("Id", "id"),
        ("Time received (UTC)", "time_received"),
        ("Endpoint", "endpoint"),
        ("Reason code", "reason_code"),
        ("Reason message", "reason_message"),
    ];
    titled("rejected data", &columns, records, |_, value| bare(value)).render(width)
}

/// A line with their number, then a panel per command.
pub fn raw_command_data(records: &[Record], width: Option<usize>) -> String {
    let mut out = format!("{}\n", title("raw command data", records));
    for record in records {
        out.push_str(&raw_command(record, width));
    }
    out
}

fn raw_command(record: &Record, width: Option<usize>) -> String {
    let columns = [
        ("Id", "id"),
        ("Request endpoint", "request_endpoint"),
        ("Response endpoint", "response_endpoint"),
        ("Time created (UTC)", "time_created"),
        ("Time updated (UTC)", "time_updated"),
        ("Time finished (UTC)", "time_finished"),
        ("Delivery status", "delivery_status"),
    ];
    let cell = |_: &str, value: &Value| match value {
        Value::Null => "None".to_owned(),
        value => bare(value),
    };
    let one = std::slice::from_ref(record);
    let table = filled(None, &columns, one, cell);
    let inner = width.map(|width| width.saturating_sub(FRAME_WIDTH));
    let mut lines: Vec<String> = table.render(inner).lines().map(str::to_owned).collect();
    let data = |field: &str| one_line(record.get(field).unwrap_or(&Value::Null));
    lines.push(format!("Request data: {}", data("request_data")));
    lines.push(format!("Response data: {}", data("response_data")));
    let id = bare(record.get("id").unwrap_or(&Value::Null));
    panel::panel(&format!("Raw command data #{id}"), &lines, width, Overflow::Cut)
}

fn titled(
    what: &str,
    columns: &[(&'static str, &str)],
    records: &[Record],
    cell: impl Fn(&str, &Value) -> String,
) -> Table {
    filled(Some(title(what, records)), columns, records, cell)
}

fn title(what: &str, records: &[Record]) -> String {
    format!("Recent {what} - {} record(s)", records.len())
}

fn filled(
    title: Option<String>,
    columns: &[(&'static str, &str)],
    records: &[Record],
    cell: impl Fn(&str, &Value) -> String,
) -> Table {
    let heads: Vec<&'static str> = columns.iter().map(|(head, _)| *head).collect();
    let mut table = Table::new(title, &heads);
    for record in records {
        let value = |field: &str| cell(field, record.get(field).unwrap_or(&Value::Null));
        table.row(columns.iter().map(|(_, field)| value(field)).collect());
    }
    table
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::print::golden;

    fn records(values: Value) -> Vec<Record> {
        serde_json::from_value(values).unwrap()
    }

    fn check(name: &str, view: impl Fn(Option<usize>) -> String) {
        let text = golden::unstyled(&view(Some(80)));
        assert!(text.lines().all(|line| visible_width(line) <= 80), "{text}");
        golden::check(&format!("query_{name}_80.txt"), &text);
        golden::check(&format!("query_{name}_unlimited.txt"), &golden::unstyled(&view(None)));
    }

    #[test]
    fn content_panel() {
        let short = json!({"humidity": 73, "count": 2, "sht_temperature": 22.3});
        check("content_short", |width| content(&short, width));
        let long = json!({
            "humidity": 73, "count": 2, "pressure": 1023, "sht_temperature": 22.3,
            "qmp_temperature": 22.1, "system": {"message": "started, all sensors found"}
        });
        check("content_long", |width| content(&long, width));
    }

    #[test]
    fn raw_data_table() {
        let records = records(json!([
            {"id": 536, "time_received": "2026-01-18T18:32:34.621067Z",
             "endpoint": "iot/v1/telemetry", "content": {"status": "ok", "list": [1, 2.5]}},
            {"id": 535, "time_received": "2026-01-18T18:32:28.847244Z",
             "endpoint": "iot/v1/telemetry", "content": null},
        ]));
        check("raw_data", |width| raw_data(&records, width));
    }

    #[test]
    fn historized_data_table() {
        let time = "2026-01-18T18:32:28.847244Z";
        let records = records(json!([
            {"id": 1853, "time_observed": time, "content_path": "humidity", "value": 73},
            {"id": 1852, "time_observed": time, "content_path": "system",
             "value": {"op": "reset", "id": 7}},
            {"id": 1851, "time_observed": time, "content_path": "state", "value": "on 水\n"},
        ]));
        check("historized_data", |width| historized_data(&records, width));
    }

    #[test]
    fn rejected_data_table() {
        let records = records(json!([
            {"id": 48, "time_received": "2026-01-18T18:32:34.621067Z", "endpoint": "iot/pvhd",
             "reason_code": 500, "reason_message": "Normalization output is empty"},
        ]));
        check("rejected_data", |width| rejected_data(&records, width));
    }

    #[test]
    fn raw_command_panels() {
        let records = records(json!([
            {"id": "a1b2c3", "request_endpoint": "iot/v1/cmd/led", "response_endpoint": null,
             "time_created": "2026-01-18T18:32:34.621067Z",
             "time_updated": "2026-01-18T18:32:35.000001Z", "time_finished": null,
             "delivery_status": "SENT",
             "request_data": {"led": "on", "text": "a".repeat(90)}, "response_data": null},
        ]));
        check("raw_command_data", |width| raw_command_data(&records, width));
        assert_eq!(raw_command_data(&[], Some(80)), "Recent raw command data - 0 record(s)\n");
    }
}
