//! What a subscriber gets, and how it is written for each way of streaming.

use iot_api::data::DataCollection;
use platform::clock::rfc3339;
use platform::data::columns;
use platform::events::Position;
use platform::store::{Event, EventContent, EventKind, EventRange};
use serde::Serialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::data::rows::{item_members, row_members};

/// One thing to tell a subscriber.
pub(super) struct Frame {
    /// Kind of event, or what it says about the stream itself; `None` for a heartbeat.
    kind: Option<&'static str>,
    /// Up to where the subscriber has seen everything, this included.
    position: String,
    /// JSON on one line.
    data: String,
    /// Whether it is the last.
    is_end: bool,
}

/// A normalized value, as the cloud's queue has it (data-api.md 5.2).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Value<'a> {
    digital_twin_instance_id: &'a str,
    content_path: &'a str,
    value: &'a RawValue,
    time_observed: String,
}

impl Frame {
    fn about(kind: &'static str, position: &Position, data: &serde_json::Value) -> Frame {
        Frame {
            kind: Some(kind),
            position: position.to_string(),
            data: data.to_string(),
            is_end: false,
        }
    }

    /// The first: where the stream begins.
    pub fn ready(position: &Position) -> Frame {
        Frame::about("ready", position, &json!({}))
    }

    /// The last: why it ends.
    pub fn end(position: &Position, reason: &str) -> Frame {
        Frame { is_end: true, ..Frame::about("end", position, &json!({"reason": reason})) }
    }

    /// Nothing happened.
    pub fn beat(position: &Position) -> Frame {
        Frame { kind: None, position: position.to_string(), data: String::new(), is_end: false }
    }

    /// Events that went before they could be read.
    pub fn gap(position: &Position, kinds: &[(EventKind, EventRange)]) -> Frame {
        let lost = |(kind, range): &(EventKind, EventRange)| json!({"kind": kind.name(), "oldestKept": range.oldest, "newest": range.newest});
        let lost: Vec<_> = kinds.iter().map(lost).collect();
        let reason = "retention has removed events since that position";
        Frame::about("gap", position, &json!({"reason": reason, "kinds": lost}))
    }

    /// The subscriber is slower than the events.
    pub fn behind(position: &Position, kind: EventKind, waiting: i64) -> Frame {
        let reason = "events come faster than they are taken; none is left out";
        let data = json!({"reason": reason, "kind": kind.name(), "waiting": waiting});
        Frame::about("behind", position, &data)
    }

    /// An event.
    pub fn event(kind: EventKind, position: &Position, event: Event) -> Frame {
        let data = match event.content {
            EventContent::Row(collection, item) => row(collection, item),
            EventContent::Value { instance_id, path, value, time_observed_us } => {
                let value = RawValue::from_string(value).unwrap_or_default();
                serde_json::to_string(&Value {
                    digital_twin_instance_id: &instance_id,
                    content_path: &path,
                    value: &value,
                    time_observed: rfc3339(time_observed_us),
                })
            }
        };
        let data = on_one_line(data.unwrap_or_default());
        Frame { kind: Some(kind.name()), position: position.to_string(), data, is_end: false }
    }

    /// Whether the stream ends with it, and why.
    pub fn is_end(&self) -> bool {
        self.is_end
    }

    /// Up to where the subscriber has seen everything.
    pub fn position(&self) -> &str {
        &self.position
    }

    /// Appends it as a server-sent event.
    pub fn write_sse(&self, out: &mut String) {
        match self.kind {
            // An id without data: noted by the client, told to nobody.
            None => out.extend([": alive\nid: ", &self.position, "\n\n"]),
            Some(kind) => {
                out.extend([
                    "event: ",
                    kind,
                    "\nid: ",
                    &self.position,
                    "\ndata: ",
                    &self.data,
                    "\n\n",
                ]);
            }
        }
    }

    /// It as a JSON message; `None` for a heartbeat, which is a ping there.
    pub fn json(&self) -> Option<String> {
        let Frame { kind, position, data, .. } = self;
        let kind = (*kind)?;
        Some(format!("{{\"kind\":\"{kind}\",\"position\":\"{position}\",\"data\":{data}}}"))
    }
}

fn row(collection: DataCollection, item: platform::store::DataItem) -> serde_json::Result<String> {
    let mut members = row_members(columns(collection), item.row);
    members.extend(item_members(item.extra));
    serde_json::to_string(&members)
}

/// Payloads keep the blanks they were sent with; outside of strings JSON has line breaks as blanks
/// only, and inside of strings it has none.
fn on_one_line(json: String) -> String {
    match json.contains(['\n', '\r']) {
        true => json.replace(['\n', '\r'], " "),
        false => json,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_the_members_of_the_queue_and_stay_on_one_line() {
        let position = Position::parse("r1.n2").expect("a position");
        let content = EventContent::Value {
            instance_id: "i".into(),
            path: "motor.speed".into(),
            value: "{\"a\":\r\n1.50}".into(),
            time_observed_us: 0,
        };
        let frame = Frame::event(EventKind::Normalized, &position, Event { id: 2, content });
        let data = "{\"digitalTwinInstanceId\":\"i\",\"contentPath\":\"motor.speed\",\"value\":{\"a\":  1.50},\"timeObserved\":\"1970-01-01T00:00:00.000000Z\"}";
        let mut sse = String::new();
        frame.write_sse(&mut sse);
        assert_eq!(sse, format!("event: normalized\nid: r1.n2\ndata: {data}\n\n"));
        let json = format!("{{\"kind\":\"normalized\",\"position\":\"r1.n2\",\"data\":{data}}}");
        assert_eq!(frame.json(), Some(json));
        assert_eq!(Frame::beat(&position).json(), None);
    }
}
