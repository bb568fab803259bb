//! Raw commands on the wire (control-plane.md 4.6).

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Body of `InvokeRawCommand`.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InvokeRawCommandDetails {
    /// `JSON`, `TEXT` or `BINARY`.
    pub request_data_format: String,
    /// Topic on which the device gets the payload.
    pub request_endpoint: String,
    /// ISO 8601 duration in which the request must be delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_duration: Option<String>,
    /// Topic of the expected answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_endpoint: Option<String>,
    /// ISO 8601 duration in which the answer must arrive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_duration: Option<String>,
    /// Content type; follows from the format when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_data_content_type: Option<String>,
    /// JSON: an object; TEXT: a string; BINARY: base64 text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_data: Option<Box<RawValue>>,
}
