//! Reads the raw data of a twin, oldest first, a page at a time.

use std::io::{IsTerminal, Write};

use futures_util::{StreamExt, TryStreamExt, stream};
use iot_api::data::DataCollection;
use iot_client::{ClientError, DataClient};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::client_errors::failed_with_body;
use crate::data_access::{self, Renew};
use crate::failure::Failure;
use crate::session::Session;
use crate::verbs::recorded::{self, Recorded};

/// Rows of a page: what other clients of the service ask for.
const ROWS_MAX: u64 = 100;

/// Requests for payloads under way at once: enough to hide the latency, not enough to be a burden.
const REQUESTS_MAX: usize = 8;

/// The raw data of a twin that is not read yet.
pub struct Stored<'s> {
    session: &'s Session,
    client: DataClient,
    range: Vec<Value>,
    /// Id of the last row read; pages by position would shift when old data is removed.
    last: u64,
    is_done: bool,
}

impl<'s> Stored<'s> {
    /// The messages that an instance received in a range of time.
    pub async fn open(
        session: &'s Session,
        instance_id: &str,
        since: Option<Timestamp>,
        until: Option<Timestamp>,
    ) -> Result<Stored<'s>, Failure> {
        let mut range = vec![json!({"digital_twin_instance_id": instance_id})];
        let time = |time: Timestamp| json!({"$date": format!("{time:.6}")});
        range.extend(since.map(|since| json!({"time_received": {"$gte": time(since)}})));
        range.extend(until.map(|until| json!({"time_received": {"$lt": time(until)}})));
        let client = data_access::obtain(session, Renew::Nothing).await?;
        Ok(Stored { session, client, range, last: 0, is_done: false })
    }

    /// The next messages; none at the end. A token that ends on the way is replaced, and so are
    /// addresses of the cache that lead nowhere.
    pub async fn next(&mut self) -> Result<Option<Vec<Recorded>>, Failure> {
        if self.is_done {
            return Ok(None);
        }
        let page = match self.page().await {
            Err(error) if error.status() == Some(401) => self.renewed(Renew::Token).await?,
            Err(ClientError::Unreachable { .. }) => self.renewed(Renew::All).await?,
            page => page,
        };
        page.map(Some).map_err(|error| failed_with_body("Unable to query data API", &error))
    }

    async fn renewed(
        &mut self,
        renew: Renew,
    ) -> Result<Result<Vec<Recorded>, ClientError>, Failure> {
        self.client = data_access::obtain(self.session, renew).await?;
        Ok(self.page().await)
    }

    async fn page(&mut self) -> Result<Vec<Recorded>, ClientError> {
        let mut conditions = self.range.clone();
        conditions.push(json!({"id": {"$gt": self.last}}));
        let filter = json!({"$and": conditions, "$orderby": {"id": "asc"}}).to_string();
        let page = self.client.list(DataCollection::RawData, &filter, ROWS_MAX, 0).await?;
        let last = page.items.last().and_then(recorded::id).unwrap_or(self.last);
        let one = |row: Map<String, Value>| self.message(row);
        let messages = stream::iter(page.items).map(one).buffered(REQUESTS_MAX);
        let messages: Vec<Option<Recorded>> = messages.try_collect().await?;
        // A page that leads no further must not be asked for again and again.
        self.is_done = !page.has_more || last <= self.last;
        self.last = last;
        Ok(messages.into_iter().flatten().collect())
    }

    /// A row with its payload; none when it has ended between list and look, or is no such row.
    async fn message(&self, row: Map<String, Value>) -> Result<Option<Recorded>, ClientError> {
        let Some(id) = recorded::id(&row) else { return Ok(None) };
        match self.client.content(DataCollection::RawData, &id.to_string()).await {
            Ok(content) => Ok(Recorded::of(&row, content.as_deref())),
            Err(error) if error.status() == Some(404) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Says on a terminal how many messages there have been.
    pub fn tell(&self, messages: u64) {
        if std::io::stderr().is_terminal() {
            // Nobody is left to hear about a closed stderr.
            let _ = write!(std::io::stderr(), "\r{messages} messages replayed");
        }
        tracing::info!("{messages} messages replayed");
    }

    /// Ends the line of [`Stored::tell`].
    pub fn tell_end(&self) {
        if std::io::stderr().is_terminal() {
            let _ = writeln!(std::io::stderr());
        }
    }
}
