//! Reading data: which columns each collection has, and pages of rows (data-api.md 2).

use base64::Engine as _;
use iot_api::data::DataCollection;
use ords_filter::{Column, ColumnType};
use serde_json::value::RawValue;

use crate::page_ends::PageKey;
use crate::platform::Platform;
use crate::store::{DataItem, DataQuery, DataRow, Stored};

/// What a caller reads whose query took too long.
pub const TOO_SLOW: &str = "the query took too long and was stopped; narrow it by \
    digital_twin_instance_id and a range of time, which have an index";

macro_rules! columns {
    ($($name:literal $kind:ident,)*) => {
        &[$(Column { name: $name, kind: ColumnType::$kind },)*]
    };
}

const RAW: &[Column] = columns! {
    "id" Integer,
    "digital_twin_instance_id" Text,
    "endpoint" Text,
    "content_type" Text,
    "time_received" Timestamp,
};
const REJECTED: &[Column] = columns! {
    "id" Integer,
    "digital_twin_instance_id" Text,
    "endpoint" Text,
    "content_type" Text,
    "time_received" Timestamp,
    "reason_code" Integer,
    "reason_message" Text,
};
const HISTORIZED: &[Column] = columns! {
    "id" Integer,
    "digital_twin_instance_id" Text,
    "content_path" Text,
    "value" Json,
    "time_observed" Timestamp,
};
const SNAPSHOT: &[Column] = columns! {
    "digital_twin_instance_id" Text,
    "content_path" Text,
    "value" Json,
    "time_observed" Timestamp,
};
const RAW_COMMAND: &[Column] = columns! {
    "id" Text,
    "digital_twin_instance_id" Text,
    "request_endpoint" Text,
    "request_duration" Text,
    "request_data_format" Text,
    "response_endpoint" Text,
    "response_duration" Text,
    "delivery_status" Text,
    "time_created" Timestamp,
    "time_updated" Timestamp,
    "time_finished" Timestamp,
};

/// Columns of the list form, in the order of answers.
pub fn columns(collection: DataCollection) -> &'static [Column] {
    match collection {
        DataCollection::RawData => RAW,
        DataCollection::RejectedData => REJECTED,
        DataCollection::HistorizedData => HISTORIZED,
        DataCollection::SnapshotData => SNAPSHOT,
        DataCollection::RawCommandData => RAW_COMMAND,
    }
}

/// What the bytes of a payload are shown as (data-api.md 4.4).
#[derive(Debug, PartialEq, Eq)]
pub enum Payload<'p> {
    /// A text.
    Text(std::borrow::Cow<'p, str>),
    /// JSON, as it was sent.
    Json(&'p str),
    /// Bytes in base64.
    Base64(String),
}

impl Payload<'_> {
    /// The payload of a message or command with this content type.
    pub fn of<'p>(bytes: &'p [u8], content_type: Option<&str>) -> Payload<'p> {
        let kind = content_type
            .map(|text| text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
        if kind.as_deref().is_some_and(|kind| kind.starts_with("text/")) {
            return Payload::Text(String::from_utf8_lossy(bytes));
        }
        let may_be_json = kind.as_deref().is_none_or(|kind| kind.contains("json"));
        if may_be_json
            && let Ok(text) = std::str::from_utf8(bytes)
            && let Ok(json) = serde_json::from_str::<&RawValue>(text)
        {
            return Payload::Json(json.get());
        }
        Payload::Base64(base64::engine::general_purpose::STANDARD.encode(bytes))
    }
}

/// A payload as text, whatever it is.
pub fn payload_text(bytes: &[u8], content_type: Option<&str>) -> String {
    match Payload::of(bytes, content_type) {
        Payload::Text(text) => text.into_owned(),
        Payload::Json(text) => text.to_owned(),
        Payload::Base64(text) => text,
    }
}

impl Platform {
    /// Rows of a page and whether more follow.
    ///
    /// # Errors
    /// The store's.
    pub async fn data_list(&self, mut query: DataQuery) -> Stored<(Vec<DataRow>, bool)> {
        let (limit, offset) = (query.limit, query.offset);
        let key = PageKey::of(&query);
        if let Some(key) = &key {
            self.page_ends.go_on(key, &mut query);
        }
        query.limit += 1;
        let mut rows = self.store().data_list(&query).await?;
        let has_more = rows.len() as u64 > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        if let (true, Some(key), Some(last)) = (has_more, key, rows.last()) {
            self.page_ends.keep(key, offset.saturating_add(rows.len() as u64), last);
        }
        Ok((rows, has_more))
    }

    /// One row by its id.
    ///
    /// # Errors
    /// The store's.
    pub async fn data_get(
        &self,
        domain_id: &str,
        collection: DataCollection,
        id: &str,
    ) -> Stored<Option<DataItem>> {
        self.store().data_get(domain_id, collection, id).await
    }
}
