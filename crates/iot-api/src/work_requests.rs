//! Work requests on the wire (control-plane.md 4.9).

use serde::{Deserialize, Serialize};

/// A resource that a work request changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkRequestResource {
    /// `iotdomaingroup`, `iotdomain` or `iotflowruntime`.
    pub entity_type: String,
    /// `IN_PROGRESS` while the work request runs, then what happened.
    pub action_type: String,
    /// OCID.
    pub identifier: String,
    /// Path for GET.
    pub entity_uri: Option<String>,
}

/// A work request as answered; its summary in lists has the same members.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkRequest {
    /// OCID.
    pub id: String,
    /// Name of the work.
    pub operation_type: String,
    /// `ACCEPTED`, `IN_PROGRESS`, `SUCCEEDED` or `FAILED`.
    pub status: String,
    /// OCID of the compartment.
    pub compartment_id: String,
    /// The resource that changes.
    pub resources: Vec<WorkRequestResource>,
    /// 0 to 100.
    pub percent_complete: f32,
    /// When it was accepted.
    pub time_accepted: String,
    /// When it began.
    pub time_started: Option<String>,
    /// When it ended.
    pub time_finished: Option<String>,
    /// Last change.
    pub time_updated: Option<String>,
}

/// An error of a work request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WorkRequestError {
    /// Code.
    pub code: String,
    /// What went wrong.
    pub message: String,
    /// When.
    pub timestamp: String,
}

/// A line of a work request's log.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WorkRequestLogEntry {
    /// The line.
    pub message: String,
    /// When.
    pub timestamp: String,
}
