//! Reading data: which columns each collection has, and pages of rows (data-api.md 2).

use iot_api::data::DataCollection;
use ords_filter::{Column, ColumnType};

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

impl Platform {
    /// Rows of a page and whether more follow.
    ///
    /// # Errors
    /// The store's.
    pub async fn data_list(&self, mut query: DataQuery) -> Stored<(Vec<DataRow>, bool)> {
        let limit = query.limit;
        query.limit += 1;
        let mut rows = self.store().data_list(&query).await?;
        let has_more = rows.len() as u64 > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
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
