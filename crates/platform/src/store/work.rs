//! Work requests: what asynchronous operations are followed by (control-plane.md 4.9).

use super::records::Lifecycle;
use super::resource::Kind;

/// State of a work request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the wire's words")]
pub enum WorkStatus {
    Accepted,
    InProgress,
    Succeeded,
    Failed,
}

impl WorkStatus {
    /// Every state this platform uses.
    pub const ALL: [WorkStatus; 4] =
        [WorkStatus::Accepted, WorkStatus::InProgress, WorkStatus::Succeeded, WorkStatus::Failed];

    /// The wire's word.
    pub fn as_str(self) -> &'static str {
        match self {
            WorkStatus::Accepted => "ACCEPTED",
            WorkStatus::InProgress => "IN_PROGRESS",
            WorkStatus::Succeeded => "SUCCEEDED",
            WorkStatus::Failed => "FAILED",
        }
    }

    /// Reads the wire's word.
    pub fn from_word(word: &str) -> Option<WorkStatus> {
        WorkStatus::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

/// A work request: the change of one group, domain or flow runtime.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkRequest {
    /// OCID.
    pub id: String,
    /// OCID of the compartment.
    pub compartment_id: String,
    /// `operationType`
    pub operation: String,
    /// State.
    pub status: WorkStatus,
    /// Kind of the resource that changes.
    pub kind: Kind,
    /// Its OCID.
    pub resource_id: String,
    /// The state that the resource is in at the end.
    pub leads_to: Lifecycle,
    /// When it was accepted.
    pub time_accepted_us: i64,
    /// When it began.
    pub time_started_us: Option<i64>,
    /// When it ended.
    pub time_finished_us: Option<i64>,
    /// Last change.
    pub time_updated_us: i64,
    /// Opaque, changes with every change.
    pub etag: String,
}

/// A line of a work request's log, or an error of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkEntry {
    /// Number within the work request; kept by the store, in order.
    pub id: String,
    /// An error's code; `None` for a line of the log.
    pub code: Option<String>,
    /// The text.
    pub message: String,
    /// When.
    pub time_us: i64,
}

/// The next state of a work request, with what goes along in one step.
#[derive(Debug, Clone)]
pub struct WorkStep {
    /// The work request as it shall be. At SUCCEEDED its resource takes the state it leads to, and
    /// a DELETED domain takes everything in it along; at FAILED the resource becomes FAILED.
    pub work: WorkRequest,
    /// New lines and errors; ids are given by the store.
    pub entries: Vec<WorkEntry>,
}

/// The answer to a request with a retry token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedAnswer {
    /// User and token.
    pub key: String,
    /// Digest of the request.
    pub request_digest: Vec<u8>,
    /// When it was answered.
    pub time_us: i64,
    /// HTTP status.
    pub status: u16,
    /// Headers that belong to the answer itself.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}
