//! What became of messages that are kept already, to be replaced.

use super::{RowOutcome, TwinNo};

/// Which kept messages are read next.
#[derive(Debug, Clone)]
pub struct HistoryFrom {
    /// Whose messages.
    pub twin: TwinNo,
    /// Messages with a greater id.
    pub after: i64,
    /// Received from then on, UTC microseconds.
    pub since_us: i64,
    /// Received before.
    pub before_us: i64,
    /// Messages read at most.
    pub rows_max: u32,
    /// Payload bytes after which no further message is read.
    pub bytes_max: usize,
    /// Whether [`KeptMessage::time_observed_us`] is wanted: it has no index.
    pub with_time_observed: bool,
}

/// A message that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptMessage {
    /// Id of its raw data.
    pub id: i64,
    /// Endpoint without a leading slash.
    pub endpoint: String,
    /// The bytes as received.
    pub content: Vec<u8>,
    /// When it was received.
    pub time_received_us: i64,
    /// Time observed of the values that it gave, if it gave any.
    pub time_observed_us: Option<i64>,
    /// Whether what became of it stays: it answered a command, so it is no telemetry (devices.md 7),
    /// or it is from before outcomes knew their message.
    pub stays: bool,
}

/// New outcomes of kept messages of one twin.
#[derive(Debug, Clone)]
pub struct HistoryChange {
    /// Whose messages.
    pub twin: TwinNo,
    /// Id of the raw data and what becomes of it, ids ascending.
    pub outcomes: Vec<(i64, RowOutcome)>,
}
