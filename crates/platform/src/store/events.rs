//! Reading what happened in the order of its commit, and content as of an instant.

use iot_api::data::DataCollection;

use super::{DataItem, TwinNo};

/// A kind of events: one for each queue of the cloud (data-api.md 5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// A message as it was received.
    Raw,
    /// A value that an adapter made, historized or not.
    Normalized,
    /// A message with the reason of its rejection.
    Rejected,
    /// A step in the life of a raw command.
    Command,
}

impl EventKind {
    /// All of them.
    pub const ALL: [EventKind; 4] =
        [EventKind::Raw, EventKind::Normalized, EventKind::Rejected, EventKind::Command];

    /// Name in requests and events.
    pub fn name(self) -> &'static str {
        match self {
            EventKind::Raw => "raw",
            EventKind::Normalized => "normalized",
            EventKind::Rejected => "rejected",
            EventKind::Command => "command",
        }
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<EventKind> {
        EventKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Which events of one kind come next.
#[derive(Debug, Clone)]
pub struct EventQuery {
    /// OCID of the domain; other domains' events are never seen.
    pub domain_id: String,
    /// Which kind.
    pub kind: EventKind,
    /// Only of these twins; empty for all.
    pub twins: Vec<TwinNo>,
    /// Only with this endpoint; values have none.
    pub endpoint: Option<String>,
    /// Only with this content path; only values have one.
    pub content_path: Option<String>,
    /// Ids above this one.
    pub after: i64,
    /// Ids looked at, at most: what bounds the time of one read, whatever fits the filter.
    pub ids_max: u32,
    /// Rows read at most.
    pub rows_max: u32,
    /// No row is read beyond this many bytes of payloads.
    pub bytes_max: usize,
}

/// What was read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Events {
    /// In the order of their ids.
    pub items: Vec<Event>,
    /// Everything up to this id was looked at; never below `after`.
    pub seen: i64,
    /// Id of the newest event of the kind, of whatever domain.
    pub newest: i64,
}

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Ascends within its kind in the order of commits, and never repeats.
    pub id: i64,
    /// What happened.
    pub content: EventContent,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum EventContent {
    /// A row of a collection, in its item form. A command has the status of the event.
    Row(DataCollection, DataItem),
    /// A normalized value.
    Value {
        /// OCID of the instance.
        instance_id: String,
        /// Content path.
        path: String,
        /// JSON text.
        value: String,
        /// Time observed.
        time_observed_us: i64,
    },
}

/// Ids of one kind that the store has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EventRange {
    /// Of the oldest event that is kept; `None` when none is.
    pub oldest: Option<i64>,
    /// Of the newest that ever was; 0 when none was.
    pub newest: i64,
}

/// Content of a twin as of an instant.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PastContent {
    /// (content path, JSON text of the value, time observed), ordered by path.
    pub values: Vec<(String, String, i64)>,
    /// Content paths that the twin has today, without a value from then that is kept.
    pub unknown: Vec<String>,
    /// Time observed of the oldest message whose values are kept.
    pub oldest_us: Option<i64>,
}
