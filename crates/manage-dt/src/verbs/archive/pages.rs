//! Reads a kind of data in a range of time, oldest first, by key and never by offset.
//!
//! Data whose ids are numbers is read in spans of ids: no query looks at more rows than a span has,
//! however little of them lies in the range. A span grows while nothing is found, and shrinks when
//! the platform says that a query took too long. Commands are read by their time.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use iot_client::{ClientError, DataClient};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::dataset::Source;
use super::manifest::Cursor;
use crate::args::Dataset;
use crate::client_errors::failed_with_body;
use crate::data_access::{self, Renew};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::session::Session;

/// Rows of a page: the most that the data API gives.
const ROWS_MAX: u64 = 10_000;
/// Rows whose payloads are read before they are handed on.
const PAYLOADS_MAX: usize = 500;
/// Requests for payloads under way at once: enough to hide the latency, not enough to be a burden.
const REQUESTS_MAX: usize = 16;
/// Ids of the first span.
const SPAN_FIRST: i64 = 1_000_000;
/// A span that is too slow although it is this short cannot be helped.
const SPAN_MIN: i64 = 1_000;

/// The rows of a kind of data that are not read yet.
pub struct Pages<'s> {
    session: &'s Session,
    client: DataClient,
    dataset: Dataset,
    from: Option<Timestamp>,
    before: Timestamp,
    cursor: Cursor,
    /// The highest id when reading began; what comes later is not of this archive.
    id_last: i64,
    span: i64,
    /// Rows of the page that are not handed on yet, in reverse.
    waiting: Vec<Source>,
    is_done: bool,
}

/// Where the data is: the addresses that a manifest names.
pub async fn data_api(session: &Session) -> Result<DataClient, Failure> {
    data_access::obtain(session, Renew::Nothing).await
}

impl<'s> Pages<'s> {
    /// Begins behind the cursor.
    pub async fn open(
        session: &'s Session,
        dataset: Dataset,
        (from, before): (Option<Timestamp>, Timestamp),
        cursor: Cursor,
    ) -> Result<Pages<'s>, Failure> {
        let client = data_api(session).await?;
        let mut pages = Pages {
            session,
            client,
            dataset,
            from,
            before,
            cursor,
            id_last: 0,
            span: SPAN_FIRST,
            waiting: Vec::new(),
            is_done: false,
        };
        if dataset != Dataset::Command {
            pages.id_last = pages.end("desc").await?;
            // Data that retention removed is not looked for.
            let id_first = pages.end("asc").await?;
            pages.cursor.id = pages.cursor.id.max(id_first.saturating_sub(1));
        }
        Ok(pages)
    }

    /// The next rows, whole; none at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<Source>>, Failure> {
        while self.waiting.is_empty() {
            if self.is_done {
                return Ok(None);
            }
            let mut rows = match self.dataset {
                Dataset::Command => self.commands().await?,
                _ => self.numbered().await?,
            };
            rows.reverse();
            self.waiting = rows;
        }
        if !self.dataset.has_payload() {
            self.waiting.reverse();
            return Ok(Some(std::mem::take(&mut self.waiting)));
        }
        let rest = self.waiting.len().saturating_sub(PAYLOADS_MAX);
        let mut ids: Vec<String> = self.waiting.drain(rest..).map(|row| row.id_text()).collect();
        ids.reverse();
        let collection = self.dataset.collection();
        let rows: Vec<Option<Source>> = self
            .asked(async |client| {
                let one = async |id: &String| match client.get_as::<Source>(collection, id).await {
                    Ok(row) => Ok(Some(row)),
                    // It ended between list and look.
                    Err(error) if error.status() == Some(404) => Ok(None),
                    Err(error) => Err(error),
                };
                stream::iter(&ids).map(one).buffered(REQUESTS_MAX).try_collect().await
            })
            .await?
            .map_err(|error| failed_with_body("Unable to query data API", &error))?;
        Ok(Some(rows.into_iter().flatten().collect()))
    }

    /// The id at one end of the collection; 0 when it is empty.
    async fn end(&mut self, direction: &str) -> Result<i64, Failure> {
        let filter = json!({"$orderby": {"id": direction}}).to_string();
        let rows = self.list(&filter, 1).await?;
        let (rows, _) =
            rows.map_err(|error| failed_with_body("Unable to query data API", &error))?;
        Ok(rows.first().map_or(0, Source::id_number))
    }

    async fn numbered(&mut self) -> Result<Vec<Source>, Failure> {
        if self.cursor.id >= self.id_last {
            self.is_done = true;
            return Ok(Vec::new());
        }
        let id_to = self.cursor.id.saturating_add(self.span).min(self.id_last);
        let mut conditions =
            vec![json!({"id": {"$gt": self.cursor.id}}), json!({"id": {"$lte": id_to}})];
        conditions.extend(self.times());
        let filter = json!({"$and": conditions, "$orderby": {"id": "asc"}}).to_string();
        let (rows, has_more) = match self.list(&filter, ROWS_MAX).await? {
            Ok(page) => page,
            Err(error) if is_too_slow(&error) && self.span > SPAN_MIN => {
                self.span /= 8;
                return Ok(Vec::new());
            }
            Err(error) => return Err(failed_with_body("Unable to query data API", &error)),
        };
        let last = rows.last().map_or(0, Source::id_number);
        if has_more && last > self.cursor.id {
            self.cursor.id = last;
        } else if has_more {
            return Err(no_way_on(self.dataset));
        } else {
            self.cursor.id = id_to;
            if rows.is_empty() {
                self.span = self.span.saturating_mul(4);
            }
        }
        Ok(rows)
    }

    /// Ids of commands have no order, so that those of the last time are remembered.
    async fn commands(&mut self) -> Result<Vec<Source>, Failure> {
        let mut conditions = self.times();
        if let Some(time) = &self.cursor.time {
            conditions.push(json!({"time_created": {"$gte": {"$date": time}}}));
        }
        let filter = json!({"$and": conditions, "$orderby": {"time_created": "asc"}}).to_string();
        let (mut rows, has_more) = self
            .list(&filter, ROWS_MAX)
            .await?
            .map_err(|error| failed_with_body("Unable to query data API", &error))?;
        rows.retain(|row| {
            row.time(self.dataset) != self.cursor.time.as_deref()
                || !self.cursor.ids.contains(&row.id_text())
        });
        for row in &rows {
            self.cursor.pass(row, self.dataset);
        }
        if has_more && rows.is_empty() {
            return Err(no_way_on(self.dataset));
        }
        self.is_done = !has_more;
        Ok(rows)
    }

    fn times(&self) -> Vec<Value> {
        let date = |time: Timestamp| json!({"$date": format!("{time:.6}")});
        let member = self.dataset.time();
        let from = self.from.map(|time| json!({member: {"$gte": date(time)}}));
        from.into_iter().chain([json!({member: {"$lt": date(self.before)}})]).collect()
    }

    async fn list(
        &mut self,
        filter: &str,
        limit: u64,
    ) -> Result<Result<(Vec<Source>, bool), ClientError>, Failure> {
        let collection = self.dataset.collection();
        let page = self
            .asked(async |client| client.list_as::<Source>(collection, filter, limit, 0).await)
            .await?;
        Ok(page.map(|page| (page.items, page.has_more)))
    }

    /// Asks, and once more with a new token when that ended on the way, or with addresses read
    /// anew when those of the cache lead nowhere.
    async fn asked<T>(
        &mut self,
        ask: impl AsyncFn(&DataClient) -> Result<T, ClientError>,
    ) -> Result<Result<T, ClientError>, Failure> {
        let renew = match ask(&self.client).await {
            Err(error) if error.status() == Some(401) => Renew::Token,
            Err(ClientError::Unreachable { .. }) => Renew::All,
            answer => return Ok(answer),
        };
        self.client = data_access::obtain(self.session, renew).await?;
        Ok(ask(&self.client).await)
    }
}

impl Cursor {
    /// Goes on behind a row.
    pub fn pass(&mut self, row: &Source, dataset: Dataset) {
        if dataset != Dataset::Command {
            self.id = row.id_number();
            return;
        }
        let time = row.time(dataset).map(ToOwned::to_owned);
        if time != self.time {
            self.time = time;
            self.ids.clear();
        }
        self.ids.push(row.id_text());
    }
}

/// A gateway before the platform gives up with 504.
fn is_too_slow(error: &ClientError) -> bool {
    matches!(error.status(), Some(503 | 504))
}

fn no_way_on(dataset: Dataset) -> Failure {
    let text = format!(
        "the platform says that more {} data follows, and gives the same page again",
        dataset.name()
    );
    Failure::new(ExitCode::Refused, text)
}
