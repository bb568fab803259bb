//! History rewritten: what a platform of manage-dt offers beside OCI's operations.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a rewrite is asked for: the adapter as in the API, and a range of time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RewriteHistoryDetails {
    /// Envelope; the default one when absent or `null`.
    pub inbound_envelope: Option<Value>,
    /// Routes; the default ones when absent or `null`.
    pub inbound_routes: Option<Value>,
    /// Messages received from then on, RFC 3339; all when absent.
    pub time_received_since: Option<String>,
    /// Messages received before, RFC 3339; all when absent.
    pub time_received_before: Option<String>,
}

/// What a rewrite did, in messages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RewrittenHistory {
    /// Messages in the range.
    pub messages: u64,
    /// Those that give values now.
    pub normalized: u64,
    /// Those that are rejected now.
    pub rejected: u64,
    /// Those whose outcome stays: answers to commands, messages for twins behind a gateway, and
    /// messages kept by a version that did not link them to their outcomes.
    pub left_alone: u64,
}
