//! The data API (data-api.md 2).

use std::fmt;

use http::HeaderValue;
use iot_api::data::{DataCollection, Page};
use reqwest::Url;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::answer::Answer;
use crate::events::{EventStream, PastContent, STREAM_TIME_MAX, StreamStart};
use crate::exchange::{Repeat, Tries, base_url, below, exchange, host_and_port, segment};
use crate::{ClientError, RetryPolicy};

/// A client of the data API with a token. Cheap to clone; `Debug` does not show the token.
#[derive(Clone)]
pub struct DataClient {
    http: reqwest::Client,
    base: Url,
    authorization: HeaderValue,
}

impl DataClient {
    /// A client of the data API at `base`, `https://<data host>/ords/<domain short id>/20250531`.
    pub fn new(http: reqwest::Client, base: &str, token: &str) -> Result<DataClient, ClientError> {
        let mut authorization = HeaderValue::from_str(&format!("Bearer {token}"))
            .map_err(|_| ClientError::setup("the access token does not fit into a header"))?;
        authorization.set_sensitive(true);
        Ok(DataClient { http, base: base_url(base)?, authorization })
    }

    /// Its address.
    pub fn base(&self) -> &str {
        self.base.as_str()
    }

    /// One page of a collection. `q` is a filter as JSON text, empty for none.
    pub async fn list(
        &self,
        collection: DataCollection,
        q: &str,
        limit: u64,
        offset: u64,
    ) -> Result<Page<Map<String, Value>>, ClientError> {
        self.list_as(collection, q, limit, offset).await
    }

    /// The same with rows of a type of the caller's: a [`RawValue`] keeps digits as they came.
    pub async fn list_as<T: DeserializeOwned>(
        &self,
        collection: DataCollection,
        q: &str,
        limit: u64,
        offset: u64,
    ) -> Result<Page<T>, ClientError> {
        let (limit, offset) = (limit.to_string(), offset.to_string());
        let mut query = vec![("limit", limit.as_str()), ("offset", offset.as_str())];
        if !q.is_empty() {
            query.insert(0, ("q", q));
        }
        self.read(&below(&self.base, &format!("/{}", collection.name()), &query)).await
    }

    /// One row of a collection.
    pub async fn get(
        &self,
        collection: DataCollection,
        id: &str,
    ) -> Result<Map<String, Value>, ClientError> {
        self.get_as(collection, id).await
    }

    /// The same as a type of the caller's.
    pub async fn get_as<T: DeserializeOwned>(
        &self,
        collection: DataCollection,
        id: &str,
    ) -> Result<T, ClientError> {
        let path = format!("/{}/{}", collection.name(), segment(id)?);
        self.read(&below(&self.base, &path, &[])).await
    }

    /// The payload in one row of a collection that has payloads, as JSON text with the digits that
    /// were sent (data-api.md 4.4); none when it is null or the collection has none.
    pub async fn content(
        &self,
        collection: DataCollection,
        id: &str,
    ) -> Result<Option<Box<RawValue>>, ClientError> {
        #[derive(Deserialize)]
        struct Payload {
            content: Option<Box<RawValue>>,
        }
        let path = format!("/{}/{}", collection.name(), segment(id)?);
        let row: Payload = self.read(&below(&self.base, &path, &[])).await?;
        Ok(row.content)
    }

    /// Opens a stream of events of these kinds and instances; none of a list means all. One try:
    /// who follows a stream connects again anyway. A platform without streams answers 404.
    pub async fn events(
        &self,
        kinds: &[String],
        instance_ids: &[String],
        start: &StreamStart,
    ) -> Result<EventStream, ClientError> {
        let (kinds, twins) = (kinds.join(","), instance_ids.join(","));
        let mut query = vec![("kind", kinds.as_str()), ("twin", twins.as_str())];
        match start {
            StreamStart::Now => {}
            StreamStart::After(position) => query.push(("after", position)),
            StreamStart::Since(time) => query.push(("since", time)),
        }
        let url = below(&self.base, "/stream", &query);
        let host = host_and_port(&url);
        let request = self
            .http
            .get(url)
            .header("authorization", self.authorization.clone())
            .header("accept", "text/event-stream")
            .timeout(STREAM_TIME_MAX);
        let response =
            request.send().await.map_err(|error| ClientError::unreachable(&host, error))?;
        if response.status().is_success() {
            return Ok(EventStream::of(host, response));
        }
        let refused = Answer::read(&host, response).await?.success();
        Err(refused.map_or_else(|error| error, |answer| answer.protocol("it is no stream")))
    }

    /// Content of an instance as of a time, RFC 3339 in UTC. A platform without it answers 404.
    pub async fn content_at(
        &self,
        instance_id: &str,
        time: &str,
    ) -> Result<PastContent, ClientError> {
        let path = format!("/contentAt/{}", segment(instance_id)?);
        self.read(&below(&self.base, &path, &[("at", time)])).await
    }

    async fn read<T: DeserializeOwned>(&self, url: &Url) -> Result<T, ClientError> {
        let build = || {
            Ok(self
                .http
                .get(url.clone())
                .header("authorization", self.authorization.clone())
                .header("accept", "application/json"))
        };
        exchange(url, Repeat::Always, &Tries::new(RetryPolicy::BRIEF), build).await?.json()
    }
}

impl fmt::Debug for DataClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataClient").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}
