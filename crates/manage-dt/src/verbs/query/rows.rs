//! Reads the recent rows of a twin from the data API.

use std::collections::HashMap;

use futures_util::{StreamExt, stream};
use iot_api::data::DataCollection;
use iot_client::{ClientError, DataClient};
use serde_json::{Map, Value, json};

use crate::client_errors::failed_with_body;
use crate::data_access::{self, Renew};
use crate::failure::Failure;
use crate::session::Session;
use crate::verbs::recorded::Recorded;

/// A row of the data API.
pub type Record = Map<String, Value>;

/// The collections, in the order they are shown.
pub const COLLECTIONS: [DataCollection; 4] = [
    DataCollection::RawData,
    DataCollection::HistorizedData,
    DataCollection::RawCommandData,
    DataCollection::RejectedData,
];

/// Rows of a collection that are shown; there is no paging.
const ROWS_MAX: u64 = 100;

/// Requests for single rows under way at once: enough to hide the latency, not enough to be a
/// burden.
pub const REQUESTS_MAX: usize = 8;

/// Which rows are wanted.
#[derive(Debug)]
pub struct Window {
    instance_id: String,
    since: String,
}

impl Window {
    /// The rows of an instance since so many minutes ago.
    pub fn of_last_minutes(instance_id: String, minutes: i64) -> Window {
        let now = jiff::Timestamp::now();
        let since = now.saturating_sub(jiff::SignedDuration::from_mins(minutes)).unwrap_or(now);
        Window { instance_id, since: micros(since) }
    }

    /// The filter for one collection, as JSON text.
    fn filter(&self, collection: DataCollection) -> String {
        let (time, order) = match collection {
            DataCollection::HistorizedData => ("time_observed", "id"),
            DataCollection::RawCommandData => ("time_created", "time_created"),
            _ => ("time_received", "id"),
        };
        json!({
            "$and": [
                {"digital_twin_instance_id": self.instance_id},
                {time: {"$gte": {"$date": self.since}}},
            ],
            "$orderby": {order: "desc"},
        })
        .to_string()
    }
}

/// UTC with six fraction digits, or none when all of them are zero.
fn micros(time: jiff::Timestamp) -> String {
    let whole = time.subsec_microsecond() == 0 && time.subsec_millisecond() == 0;
    let format = if whole { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%dT%H:%M:%S.%6fZ" };
    time.strftime(format).to_string()
}

/// The lists of all collections, read at once.
pub struct Rows {
    client: DataClient,
    lists: HashMap<&'static str, Result<Vec<Record>, ClientError>>,
}

impl Rows {
    /// Reads the lists. A token that is refused is replaced once, and so are addresses of the
    /// cache that lead nowhere.
    pub async fn fetch(session: &Session, window: &Window) -> Result<Rows, Failure> {
        let client = data_access::obtain(session, Renew::Nothing).await?;
        let rows = Rows::read(client, window).await;
        let any = |is: fn(&ClientError) -> bool| {
            rows.lists.values().any(|list| list.as_ref().is_err_and(is))
        };
        let renew = if any(|error| error.status() == Some(401)) {
            Renew::Token
        } else if any(|error| matches!(error, ClientError::Unreachable { .. })) {
            Renew::All
        } else {
            return Ok(rows);
        };
        let client = data_access::obtain(session, renew).await?;
        Ok(Rows::read(client, window).await)
    }

    async fn read(client: DataClient, window: &Window) -> Rows {
        let list = async |collection: DataCollection| {
            let filter = window.filter(collection);
            let page = client.list(collection, &filter, ROWS_MAX, 0).await;
            (collection.name(), page.map(|page| page.items))
        };
        let [raw, historized, commands, rejected] = COLLECTIONS.map(list);
        let (raw, historized, commands, rejected) =
            tokio::join!(raw, historized, commands, rejected);
        let lists = HashMap::from([raw, historized, commands, rejected]);
        Rows { client, lists }
    }

    /// The rows of one collection, each with what only its single form shows.
    pub async fn of(&self, collection: DataCollection) -> Result<Vec<Record>, Failure> {
        let rows = match self.lists.get(collection.name()) {
            Some(Ok(rows)) => rows,
            Some(Err(error)) => return Err(failed_with_body("Unable to query data API", error)),
            None => return Ok(Vec::new()),
        };
        match collection {
            DataCollection::RawData => Ok(self.each(collection, rows, with_payload).await),
            DataCollection::RawCommandData => Ok(self.each(collection, rows, whole).await),
            _ => Ok(rows.clone()),
        }
    }

    /// A row's message with its payload; none when the platform does not give it.
    pub async fn message(&self, collection: DataCollection, row: &Record) -> Option<Recorded> {
        let content = self.client.content(collection, &id_text(row)).await.ok()?;
        Recorded::of(row, content.as_deref())
    }

    /// Reads every row by its id and combines list row and single row, in the order of the list.
    async fn each(
        &self,
        collection: DataCollection,
        rows: &[Record],
        combine: fn(&Record, Option<Record>) -> Record,
    ) -> Vec<Record> {
        let one = async |row: &Record| {
            let id = id_text(row);
            let found = self.client.get(collection, &id).await;
            let found = found.map_err(|error| tell(collection, &id, &error)).ok();
            combine(row, found)
        };
        stream::iter(rows).map(one).buffered(REQUESTS_MAX).collect().await
    }
}

/// Ids are numbers in some collections and texts in others.
fn id_text(row: &Record) -> String {
    match row.get("id") {
        Some(Value::String(id)) => id.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

fn tell(collection: DataCollection, id: &str, error: &ClientError) {
    let what = match collection {
        DataCollection::RawCommandData => "raw command data",
        _ => "raw data",
    };
    let failure = failed_with_body(&format!("Unable to query {what} by ID ({id})"), error);
    if failure.message.is_some() {
        failure.tell();
    }
}

/// A raw row with its payload; null when the single row could not be read.
fn with_payload(row: &Record, found: Option<Record>) -> Record {
    let mut row = row.clone();
    let content = found.and_then(|mut found| found.remove("content"));
    row.insert("content".to_owned(), content.unwrap_or(Value::Null));
    row
}

/// A command as its single form has it; else id, times and status of the list.
fn whole(row: &Record, found: Option<Record>) -> Record {
    found.unwrap_or_else(|| {
        let kept = ["id", "time_created", "time_updated", "time_finished", "delivery_status"];
        kept.iter().filter_map(|name| row.get_key_value(*name)).map(owned).collect()
    })
}

fn owned((name, value): (&String, &Value)) -> (String, Value) {
    (name.clone(), value.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_have_the_shape_of_the_original() {
        let window = Window { instance_id: "i".to_owned(), since: "T".to_owned() };
        let gives = |collection, expected: &str| assert_eq!(window.filter(collection), expected);
        gives(
            DataCollection::RawData,
            r#"{"$and":[{"digital_twin_instance_id":"i"},{"time_received":{"$gte":{"$date":"T"}}}],"$orderby":{"id":"desc"}}"#,
        );
        gives(
            DataCollection::HistorizedData,
            r#"{"$and":[{"digital_twin_instance_id":"i"},{"time_observed":{"$gte":{"$date":"T"}}}],"$orderby":{"id":"desc"}}"#,
        );
        gives(
            DataCollection::RawCommandData,
            r#"{"$and":[{"digital_twin_instance_id":"i"},{"time_created":{"$gte":{"$date":"T"}}}],"$orderby":{"time_created":"desc"}}"#,
        );
    }

    #[test]
    fn times_have_six_digits_or_none() {
        let time = |micros| micros_text(micros);
        assert_eq!(time(1_767_225_600_000_001), "2026-01-01T00:00:00.000001Z");
        assert_eq!(time(1_767_225_600_120_000), "2026-01-01T00:00:00.120000Z");
        assert_eq!(time(1_767_225_600_000_000), "2026-01-01T00:00:00Z");
    }

    fn micros_text(value: i64) -> String {
        micros(jiff::Timestamp::from_microsecond(value).unwrap())
    }

    #[test]
    fn a_command_that_cannot_be_read_shows_its_list_row() {
        let row = json!({"id": "a", "delivery_status": "SENT", "request_endpoint": "x"});
        let Value::Object(row) = row else { panic!() };
        let shown = Value::Object(whole(&row, None));
        assert_eq!(shown, json!({"id": "a", "delivery_status": "SENT"}));
    }
}
