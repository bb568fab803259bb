//! Watching a platform without streams: its data API is asked again and again.

use std::time::Duration;

use iot_api::data::DataCollection;
use iot_client::{ClientError, DataClient};
use jiff::Timestamp;
use serde_json::value::to_raw_value;
use serde_json::{Map, Value, json};

use super::sink::{Sink, say};
use super::{Wanted, Watched};
use crate::args::{WatchArgs, WatchKind};
use crate::client_errors::failed_with_body;
use crate::data_access::{self, Renew};
use crate::failure::Failure;
use crate::session::Session;

/// Between two looks.
const EVERY: Duration = Duration::from_secs(5);
/// Rows of one page, as the original asks for.
const ROWS_MAX: u64 = 100;

/// What was seen of one kind of one twin.
struct Seen<'w> {
    kind: WatchKind,
    twin: &'w Watched,
    /// Nothing before this time is asked for, RFC 3339; commands go on by the time of their last
    /// step.
    since: String,
    /// Ids up to this one were shown; none yet when the time alone counts.
    last_id: Option<i64>,
}

/// Asks until somebody ends it.
pub(super) async fn run(
    session: &Session,
    args: &WatchArgs,
    wanted: &Wanted,
    sink: &mut Sink,
) -> Result<(), Failure> {
    if args.after.is_some() {
        let failure = Failure::usage("--after needs a stream, which this platform does not have");
        return Err(failure.hint("use --since"));
    }
    say(&format!(
        "this platform has no stream of events; its data API is asked every {} s. Values that are not historized, and steps of commands in between, are not seen",
        EVERY.as_secs()
    ));
    let since = format!("{:.6}", args.since.unwrap_or_else(Timestamp::now));
    let mut all = Vec::new();
    for twin in &wanted.twins {
        let seen =
            |kind: &WatchKind| Seen { kind: *kind, twin, since: since.clone(), last_id: None };
        all.extend(wanted.kinds.iter().map(seen));
    }
    let mut client = data_access::obtain(session, Renew::Nothing).await?;
    if args.since.is_none() {
        for seen in &mut all {
            let begun = seen.begin_at_newest(&client).await;
            begun.map_err(|error| failed_with_body("Unable to query data API", &error))?;
        }
    }
    let mut was_renewed = false;
    loop {
        match round(&client, &mut all, wanted, sink).await {
            Ok(true) => was_renewed = false,
            Ok(false) => return Ok(()),
            Err(error) if error.status() == Some(401) && !was_renewed => {
                was_renewed = true;
                client = data_access::obtain(session, Renew::Token).await?;
                continue;
            }
            Err(error @ ClientError::Unreachable { .. }) => say(&format!("{error}; asking again")),
            Err(error) if error.status().is_some_and(|status| status >= 500) => {
                say(&format!("{error}; asking again"));
            }
            Err(error) => return Err(failed_with_body("Unable to query data API", &error)),
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// One look at everything; false when nobody reads it.
async fn round(
    client: &DataClient,
    all: &mut [Seen<'_>],
    wanted: &Wanted,
    sink: &mut Sink,
) -> Result<bool, ClientError> {
    for seen in all {
        loop {
            let page = client.list(collection(seen.kind), &seen.filter(), ROWS_MAX, 0).await?;
            let before = (seen.last_id, seen.since.clone());
            for row in page.items {
                seen.note(&row);
                let data = Value::Object(members(client, seen.kind, row).await?);
                let shown = match to_raw_value(&data) {
                    Ok(data) => sink.event(&wanted.twins, seen.kind.name(), None, &data),
                    Err(_) => true,
                };
                if !shown {
                    return Ok(false);
                }
            }
            // A page that leads no further must not be asked for again and again.
            if !page.has_more || before == (seen.last_id, seen.since.clone()) {
                break;
            }
        }
    }
    Ok(true)
}

impl Seen<'_> {
    /// Leaves out what is there already, by id: devices' own times may be anything.
    async fn begin_at_newest(&mut self, client: &DataClient) -> Result<(), ClientError> {
        if self.kind == WatchKind::Command {
            return Ok(());
        }
        let twin = &self.twin.id;
        let filter = json!({"digital_twin_instance_id": twin, "$orderby": {"id": "desc"}});
        let page = client.list(collection(self.kind), &filter.to_string(), 1, 0).await?;
        self.last_id = Some(page.items.first().and_then(id).unwrap_or(0));
        Ok(())
    }

    fn filter(&self) -> String {
        let since = json!({"$date": self.since});
        let twin = json!({"digital_twin_instance_id": self.twin.id});
        let (news, order) = match (self.kind, self.last_id) {
            (WatchKind::Command, None) => {
                (json!({"time_updated": {"$gte": since}}), "time_updated")
            }
            (WatchKind::Command, _) => (json!({"time_updated": {"$gt": since}}), "time_updated"),
            (_, Some(last_id)) => (json!({"id": {"$gt": last_id}}), "id"),
            (WatchKind::Normalized, None) => (json!({"time_observed": {"$gte": since}}), "id"),
            (_, None) => (json!({"time_received": {"$gte": since}}), "id"),
        };
        json!({"$and": [twin, news], "$orderby": {order: "asc"}}).to_string()
    }

    fn note(&mut self, row: &Map<String, Value>) {
        match (self.kind, row.get("time_updated")) {
            (WatchKind::Command, Some(Value::String(time))) => {
                self.since.clone_from(time);
                self.last_id = Some(0);
            }
            _ => self.last_id = id(row).max(self.last_id),
        }
    }
}

/// The id of a row: a number, in some clients' eyes a text.
fn id(row: &Map<String, Value>) -> Option<i64> {
    match row.get("id")? {
        Value::String(text) => text.parse().ok(),
        id => id.as_i64(),
    }
}

fn collection(kind: WatchKind) -> DataCollection {
    match kind {
        WatchKind::Raw => DataCollection::RawData,
        WatchKind::Normalized => DataCollection::HistorizedData,
        WatchKind::Rejected => DataCollection::RejectedData,
        WatchKind::Command => DataCollection::RawCommandData,
    }
}

/// The members that an event of a stream has: payloads are in the item form only.
async fn members(
    client: &DataClient,
    kind: WatchKind,
    mut row: Map<String, Value>,
) -> Result<Map<String, Value>, ClientError> {
    if kind == WatchKind::Normalized {
        let mut member = |name: &str| row.remove(name).unwrap_or_default();
        let value = json!({
            "digitalTwinInstanceId": member("digital_twin_instance_id"),
            "contentPath": member("content_path"),
            "value": member("value"),
            "timeObserved": member("time_observed"),
        });
        return Ok(value.as_object().cloned().unwrap_or_default());
    }
    let id = match row.get("id") {
        Some(Value::String(id)) => id.clone(),
        Some(id) => id.to_string(),
        None => return Ok(row),
    };
    match client.get(collection(kind), &id).await {
        Ok(mut item) => {
            item.remove("links");
            Ok(item)
        }
        // It has ended between list and look.
        Err(error) if error.status() == Some(404) => Ok(row),
        Err(error) => Err(error),
    }
}
