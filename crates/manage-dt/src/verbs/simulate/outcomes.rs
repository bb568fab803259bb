//! What the platform made of the messages: those that it rejected, with their reasons.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use iot_api::data::DataCollection;
use iot_client::{ClientError, DataClient};
use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep};

use super::tally::add_reason;
use crate::client_errors::failed_with_body;
use crate::data_access::{self, Renew};
use crate::failure::Failure;
use crate::print::json_text::plain;
use crate::session::Session;

/// Rows of one page.
const PAGE_ROWS: u64 = 1000;
/// Rejections that are read at most.
const ROWS_MAX: u64 = 200_000;
/// How long expected rejections are waited for: the cloud shows them a little later.
const WAIT: Duration = Duration::from_secs(10);
/// Pause between two looks.
const LOOK: Duration = Duration::from_millis(300);
/// Characters of a reason that are kept.
const REASON_CHARS_MAX: usize = 100;

/// Where the rejections stood before the first message.
pub struct Mark {
    client: DataClient,
    id: Option<Value>,
}

/// The rejections of a run.
#[derive(Debug, Default)]
pub struct Rejections {
    /// How many there are.
    pub count: u64,
    /// The reasons, and how often each.
    pub reasons: BTreeMap<String, u64>,
    /// There may be more.
    pub is_cut: bool,
}

impl Mark {
    /// Takes the mark.
    pub async fn take(session: &Session) -> Result<Mark, Failure> {
        let newest = json!({"$orderby": {"id": "desc"}}).to_string();
        let look = async |client: &DataClient| {
            client.list(DataCollection::RejectedData, &newest, 1, 0).await
        };
        let mut client = data_access::obtain(session, Renew::Nothing).await?;
        let page = match look(&client).await {
            // What the cache says may be another platform's.
            Err(error) if error.status() == Some(401) || error.status().is_none() => {
                let renew = if error.status().is_some() { Renew::Token } else { Renew::All };
                client = data_access::obtain(session, renew).await?;
                look(&client).await
            }
            other => other,
        };
        let page = page.map_err(|error| failed_with_body("Unable to query data API", &error))?;
        let id = page.items.into_iter().next().and_then(|row| row.get("id").cloned());
        Ok(Mark { client, id })
    }

    /// The rejections of these twins since then; waits a little until there are as many as were
    /// provoked.
    pub async fn rejections(
        &self,
        twins: &HashMap<String, String>,
        provoked: u64,
    ) -> Result<Rejections, Failure> {
        let started = Instant::now();
        loop {
            let found = self.read(twins).await;
            let found =
                found.map_err(|error| failed_with_body("Unable to query data API", &error))?;
            if found.count >= provoked || found.is_cut || started.elapsed() > WAIT {
                return Ok(found);
            }
            sleep(LOOK).await;
        }
    }

    async fn read(&self, twins: &HashMap<String, String>) -> Result<Rejections, ClientError> {
        let mut rejections = Rejections::default();
        let mut last = self.id.clone();
        let mut read = 0;
        loop {
            // From id to id, so that the first rows are not counted again for each page.
            let filter = match &last {
                Some(id) => json!({"id": {"$gt": id}, "$orderby": {"id": "asc"}}),
                None => json!({"$orderby": {"id": "asc"}}),
            };
            let collection = DataCollection::RejectedData;
            let page = self.client.list(collection, &filter.to_string(), PAGE_ROWS, 0).await?;
            read += page.items.len() as u64;
            for row in page.items.iter().filter(|row| is_of(row, twins)) {
                rejections.count += 1;
                add_reason(&mut rejections.reasons, reason(row));
            }
            last = page.items.last().and_then(|row| row.get("id").cloned()).or(last);
            rejections.is_cut = page.has_more && read >= ROWS_MAX;
            if !page.has_more || page.items.is_empty() || rejections.is_cut {
                return Ok(rejections);
            }
        }
    }
}

fn is_of(row: &Map<String, Value>, twins: &HashMap<String, String>) -> bool {
    let id = row.get("digital_twin_instance_id").and_then(Value::as_str);
    id.is_some_and(|id| twins.contains_key(id))
}

fn reason(row: &Map<String, Value>) -> String {
    let code = row.get("reason_code").map(|code| match code {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    });
    let message = row.get("reason_message").and_then(Value::as_str).unwrap_or_default();
    // Where exactly a text breaks off is another place each time.
    let message = message.split(" at line ").next().unwrap_or_default();
    let message: String = message.chars().take(REASON_CHARS_MAX).collect();
    plain(&format!("{} {message}", code.unwrap_or_default()))
}
