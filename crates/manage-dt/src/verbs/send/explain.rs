//! Finds what became of messages, in the data API.
//!
//! The marks taken before the first message are the platform's own: its newest time of receipt and
//! its newest id, so that the clocks of the two machines need not agree.

mod values;

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{StreamExt as _, stream};
use iot_api::data::DataCollection;
use iot_client::{ClientError, DataClient};
use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep};

use self::values::Values;
use super::super::instances;
use super::outcome::{End, Outcome};
use crate::args::SendArgs;
use crate::client_errors::failed_with_body;
use crate::data_access::{self, Renew};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::session::Session;

/// A row of the data API.
type Record = Map<String, Value>;

/// How long rows are waited for: the cloud shows them a little after it has acknowledged.
const WAIT: Duration = Duration::from_secs(15);
/// How long a message of a structured twin may stay without values before that is taken for true.
const VALUES_WAIT: Duration = Duration::from_secs(2);
/// Pause between two looks.
const LOOK: Duration = Duration::from_millis(300);
/// Rows of one page.
const PAGE_ROWS: u64 = 1000;
/// Most rows of one collection that are read.
const ROWS_MAX: u64 = 100_000;
/// Requests for payloads under way at once.
const REQUESTS_MAX: usize = 8;

/// Where the data stood before the first message.
pub struct Explainer<'a> {
    session: &'a Session,
    instance_id: String,
    endpoint: String,
    /// Time of receipt of the newest raw row.
    received: Option<String>,
    /// Id of the newest historized row.
    historized: Option<Value>,
}

impl Explainer<'_> {
    /// Takes the marks.
    pub async fn start<'a>(
        session: &'a Session,
        args: &SendArgs,
        endpoint: &str,
    ) -> Result<Explainer<'a>, Failure> {
        let candidates = instances::candidates(session).await?;
        let Some(instance) = instances::choose(candidates, args.id.as_deref())? else {
            tracing::error!("Digital Twin Instance does not exist");
            return Err(Failure::reported(ExitCode::Refused)
                .hint(format!("`manage-dt create {}` creates it", args.twin)));
        };
        let mut client = data_access::obtain(session, Renew::Nothing).await?;
        let first = newest(&client, DataCollection::RawData, &instance.id, "time_received").await;
        let raw = match first {
            // What the cache says may be another platform's.
            Err(error) if error.status() == Some(401) || error.status().is_none() => {
                let renew = if error.status().is_some() { Renew::Token } else { Renew::All };
                client = data_access::obtain(session, renew).await?;
                newest(&client, DataCollection::RawData, &instance.id, "time_received").await
            }
            other => other,
        };
        let raw = raw.map_err(|error| unreadable(&error))?;
        let historized = newest(&client, DataCollection::HistorizedData, &instance.id, "id").await;
        let historized = historized.map_err(|error| unreadable(&error))?;
        Ok(Explainer {
            session,
            instance_id: instance.id,
            endpoint: endpoint.to_owned(),
            received: raw.map(|row| text(&row, "time_received")),
            historized: historized.and_then(|row| row.get("id").cloned()),
        })
    }

    /// What became of these messages, in the order in which they were sent.
    pub async fn outcomes(&self, messages: &[Vec<u8>]) -> Result<Vec<Outcome>, Failure> {
        let client = data_access::obtain(self.session, Renew::Nothing).await?;
        let started = Instant::now();
        let mut contents = HashMap::new();
        let mut complete_since = None;
        loop {
            let found = self.look(&client, messages, &mut contents).await;
            let outcomes = found.map_err(|error| unreadable(&error))?;
            let is_missing = outcomes.iter().any(Outcome::is_unknown);
            if !is_missing && complete_since.is_none() {
                complete_since = Some(Instant::now());
            }
            let waited =
                |since: Option<Instant>| since.is_some_and(|at| at.elapsed() > VALUES_WAIT);
            let is_settled = !is_missing && (self.are_told(&outcomes) || waited(complete_since));
            if is_settled || started.elapsed() > WAIT {
                return Ok(outcomes);
            }
            sleep(LOOK).await;
        }
    }

    /// Whether more of what happened may still come to light.
    fn are_told(&self, outcomes: &[Outcome]) -> bool {
        let is_bare = |outcome: &Outcome| matches!(&outcome.end, End::Accepted { values, .. } if values.is_empty());
        !self.session.definition.twin.is_structured() || !outcomes.iter().any(is_bare)
    }

    async fn look(
        &self,
        client: &DataClient,
        messages: &[Vec<u8>],
        contents: &mut HashMap<String, Value>,
    ) -> Result<Vec<Outcome>, ClientError> {
        let since =
            self.received.as_ref().map(|time| json!({"time_received": {"$gt": {"$date": time}}}));
        let endpoint = json!({"endpoint": self.endpoint});
        let conditions: Vec<Value> = [Some(endpoint), since].into_iter().flatten().collect();
        let raw = self.rows(client, DataCollection::RawData, &conditions).await?;
        let rejected = self.rows(client, DataCollection::RejectedData, &conditions).await?;
        let since = self.historized.as_ref().map(|id| json!({"id": {"$gt": id}}));
        let conditions: Vec<Value> = since.into_iter().collect();
        let historized = self.rows(client, DataCollection::HistorizedData, &conditions).await?;
        read_contents(client, &raw, contents).await?;
        Ok(matched(messages, &raw, contents, rejected, Values::of(historized)))
    }

    /// All rows of the twin that meet the conditions, the oldest first.
    async fn rows(
        &self,
        client: &DataClient,
        collection: DataCollection,
        conditions: &[Value],
    ) -> Result<Vec<Record>, ClientError> {
        let mut all = vec![json!({"digital_twin_instance_id": self.instance_id})];
        all.extend_from_slice(conditions);
        let filter = json!({"$and": all, "$orderby": {"id": "asc"}}).to_string();
        let mut rows = Vec::new();
        loop {
            let offset = rows.len() as u64;
            let page = client.list(collection, &filter, PAGE_ROWS, offset).await?;
            let is_last = !page.has_more || page.items.is_empty() || offset >= ROWS_MAX;
            rows.extend(page.items);
            if is_last {
                return Ok(rows);
            }
        }
    }
}

/// Pairs messages with rows of the same content in their order, and these with their rejections.
fn matched(
    messages: &[Vec<u8>],
    raw: &[Record],
    contents: &HashMap<String, Value>,
    rejected: Vec<Record>,
    mut values: Values,
) -> Vec<Outcome> {
    let mut rejections: HashMap<String, VecDeque<Record>> = HashMap::new();
    for row in rejected {
        rejections.entry(text(&row, "time_received")).or_default().push_back(row);
    }
    let mut free: Vec<&Record> = raw.iter().collect();
    let mut end = |message: &Vec<u8>| {
        let is_its = |row: &&Record| contents.get(&id(row)).is_some_and(|c| is_same(message, c));
        let Some(at) = free.iter().position(is_its) else { return End::NotFound };
        let row = free.remove(at);
        let raw_data_id = row.get("id").cloned().unwrap_or_default();
        let time_received = text(row, "time_received");
        match rejections.get_mut(&time_received).and_then(VecDeque::pop_front) {
            Some(rejection) => End::Rejected {
                raw_data_id,
                time_received,
                reason_code: rejection.get("reason_code").cloned().unwrap_or_default(),
                reason_message: text(&rejection, "reason_message"),
            },
            None => {
                let values = values.take(message, &time_received);
                End::Accepted { raw_data_id, time_received, values }
            }
        }
    };
    let numbered = messages.iter().enumerate();
    numbered.map(|(index, message)| Outcome { number: index + 1, end: end(message) }).collect()
}

/// Whether a payload is what the data API shows as content: JSON as such, text, or base64.
fn is_same(payload: &[u8], content: &Value) -> bool {
    if serde_json::from_slice::<Value>(payload).is_ok_and(|value| value == *content) {
        return true;
    }
    content.as_str().is_some_and(|text| {
        text.as_bytes() == payload || STANDARD.decode(text).is_ok_and(|bytes| bytes == payload)
    })
}

async fn read_contents(
    client: &DataClient,
    rows: &[Record],
    contents: &mut HashMap<String, Value>,
) -> Result<(), ClientError> {
    let unread: Vec<String> = rows.iter().map(id).filter(|id| !contents.contains_key(id)).collect();
    let one = async |id: String| {
        let row = client.get(DataCollection::RawData, &id).await;
        row.map(|mut row| (id, row.remove("content").unwrap_or_default()))
    };
    let mut read = stream::iter(unread).map(one).buffer_unordered(REQUESTS_MAX);
    while let Some(found) = read.next().await {
        let (id, content) = found?;
        contents.insert(id, content);
    }
    Ok(())
}

async fn newest(
    client: &DataClient,
    collection: DataCollection,
    instance_id: &str,
    order: &str,
) -> Result<Option<Record>, ClientError> {
    let filter = json!({"digital_twin_instance_id": instance_id, "$orderby": {order: "desc"}});
    let page = client.list(collection, &filter.to_string(), 1, 0).await?;
    Ok(page.items.into_iter().next())
}

fn id(row: &Record) -> String {
    text(row, "id")
}

/// A member as text; ids are numbers in some collections.
fn text(row: &Record, member: &str) -> String {
    match row.get(member) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

fn unreadable(error: &ClientError) -> Failure {
    failed_with_body("Unable to query data API", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_are_compared_as_the_data_api_shows_them() {
        assert!(is_same(b"{\"a\": 1}", &json!({"a": 1})));
        assert!(!is_same(b"{\"a\": 1}", &json!({"a": 2})));
        assert!(is_same(b"hello", &json!("hello")));
        assert!(is_same(&[0xff, 1], &json!("/wE=")));
        assert!(!is_same(b"hello", &json!("bye")));
    }

    #[test]
    fn equal_messages_have_a_row_each_and_a_third_has_none() {
        let row = |id: u64| match json!({"id": id, "time_received": format!("2026-01-01T00:00:0{id}Z")})
        {
            Value::Object(row) => row,
            _ => unreachable!(),
        };
        let raw = [row(1), row(2)];
        let mut rejection = row(2);
        rejection.insert("reason_code".to_owned(), json!(500));
        let contents = HashMap::from([("1".to_owned(), json!(7)), ("2".to_owned(), json!(7))]);
        let messages = vec![b"7".to_vec(); 3];
        let ends = matched(&messages, &raw, &contents, vec![rejection], Values::of(vec![]));
        assert!(matches!(ends[0].end, End::Accepted { .. }), "{ends:?}");
        assert!(ends[1].is_rejected() && ends[2].is_unknown(), "{ends:?}");
    }
}
