//! The data API on the wire (data-api.md 2): collections, pages and problem bodies.
//!
//! Rows differ by collection and stay JSON objects; their members are written in one place, the
//! server's `data` module, and read by the CLI through [`Page`].

use serde::{Deserialize, Serialize};

/// The five collections of the data API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DataCollection {
    /// Messages as received.
    RawData,
    /// Messages the normalizer refused, with the reason.
    RejectedData,
    /// Values of elements that are Historized.
    HistorizedData,
    /// Latest value per content path.
    SnapshotData,
    /// Raw commands and their delivery.
    RawCommandData,
}

impl DataCollection {
    /// Every collection.
    pub const ALL: [DataCollection; 5] = [
        DataCollection::RawData,
        DataCollection::RejectedData,
        DataCollection::HistorizedData,
        DataCollection::SnapshotData,
        DataCollection::RawCommandData,
    ];

    /// The path segment.
    pub fn name(self) -> &'static str {
        match self {
            DataCollection::RawData => "rawData",
            DataCollection::RejectedData => "rejectedData",
            DataCollection::HistorizedData => "historizedData",
            DataCollection::SnapshotData => "snapshotData",
            DataCollection::RawCommandData => "rawCommandData",
        }
    }

    /// The collection behind a path segment.
    pub fn from_name(name: &str) -> Option<DataCollection> {
        Self::ALL.into_iter().find(|collection| collection.name() == name)
    }
}

/// One page of a collection (data-api.md 2.3).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Whether another page exists.
    #[serde(rename = "hasMore")]
    pub has_more: bool,
    /// Page size in force.
    pub limit: u64,
    /// Offset in force.
    pub offset: u64,
    /// Rows on this page.
    pub count: u64,
    /// Relations to other pages.
    pub links: Vec<Link>,
}

/// A relation of a page or an item.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Link {
    /// Name of the relation.
    pub rel: String,
    /// Address.
    pub href: String,
}

/// Error body of the data API, `application/problem+json` (data-api.md 2.5).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Problem {
    /// Code such as `BadRequest`.
    pub code: String,
    /// Title such as `Bad Request`.
    pub title: String,
    /// What was wrong.
    pub message: String,
    /// Tag URI of the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// Unique per answer.
    pub instance: String,
}
