//! Retrieval of secrets.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A version of a secret with its content.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SecretBundle {
    /// Everything but the content.
    #[serde(flatten)]
    pub version: SecretBundleVersionSummary,
    /// The content.
    pub secret_bundle_content: SecretBundleContent,
    /// Free text for applications.
    pub metadata: Map<String, Value>,
}

/// A content. `Debug` does not show it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecretBundleContent {
    /// Always `BASE64`.
    pub content_type: String,
    /// Base64 of the content.
    pub content: String,
}

impl fmt::Debug for SecretBundleContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBundleContent(…)")
    }
}

/// A version of a secret in a list.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SecretBundleVersionSummary {
    /// OCID of the secret.
    pub secret_id: String,
    /// Number, from 1.
    pub version_number: u32,
    /// Name.
    pub version_name: Option<String>,
    /// Stages it is in.
    pub stages: Vec<String>,
    /// Time of creation.
    pub time_created: String,
    /// When it is deleted, with its secret.
    pub time_of_deletion: Option<String>,
}
