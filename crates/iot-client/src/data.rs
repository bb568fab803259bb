//! The data API (data-api.md 2).

use std::fmt;

use http::HeaderValue;
use iot_api::data::{DataCollection, Page};
use reqwest::Url;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::exchange::{Repeat, base_url, below, exchange, segment};
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

    async fn read<T: DeserializeOwned>(&self, url: &Url) -> Result<T, ClientError> {
        let build = || {
            Ok(self
                .http
                .get(url.clone())
                .header("authorization", self.authorization.clone())
                .header("accept", "application/json"))
        };
        exchange(url, Repeat::Always, &RetryPolicy::BRIEF, build).await?.json()
    }
}

impl fmt::Debug for DataClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataClient").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}
