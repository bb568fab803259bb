//! Management of secrets.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::object::objects;
use crate::tags::{FreeformTags, NamespacedTags};

objects!(SecretContentDetails);

/// Content of a new version. `Debug` does not show it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, remote = "Self")]
pub struct SecretContentDetails {
    /// Always `BASE64`.
    pub content_type: String,
    /// Base64 of the content.
    #[serde(default)]
    pub content: Option<String>,
    /// Name of the version, unique in the secret.
    #[serde(default)]
    pub name: Option<String>,
    /// `CURRENT`, which is the default, or `PENDING`.
    #[serde(default)]
    pub stage: Option<String>,
}

impl fmt::Debug for SecretContentDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = f.debug_struct("SecretContentDetails");
        text.field("name", &self.name).field("stage", &self.stage).finish_non_exhaustive()
    }
}

/// Body of `CreateSecret`. Rules, rotation, replication and generated contents are not offered by
/// the self-hosted platform.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateSecretDetails {
    /// OCID of the compartment.
    pub compartment_id: String,
    /// OCID of the vault.
    pub vault_id: String,
    /// OCID of the key.
    pub key_id: String,
    /// Name, unique in the vault.
    pub secret_name: String,
    /// The first version.
    #[serde(default)]
    pub secret_content: Option<SecretContentDetails>,
    /// Description.
    #[serde(default)]
    pub description: Option<String>,
    /// Free text for applications.
    #[serde(default)]
    pub metadata: Option<Map<String, Value>>,
    /// Whether the service makes the content; only `false`.
    #[serde(default)]
    pub enable_auto_generation: Option<bool>,
    /// Free-form tags.
    #[serde(default)]
    pub freeform_tags: Option<FreeformTags>,
    /// Defined tags.
    #[serde(default)]
    pub defined_tags: Option<NamespacedTags>,
}

/// Body of `UpdateSecret`; what is absent stays.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateSecretDetails {
    /// Version to make `CURRENT`; not together with new content.
    #[serde(default)]
    pub current_version_number: Option<u32>,
    /// A new version.
    #[serde(default)]
    pub secret_content: Option<SecretContentDetails>,
    /// Description.
    #[serde(default)]
    pub description: Option<String>,
    /// Free text for applications.
    #[serde(default)]
    pub metadata: Option<Map<String, Value>>,
    /// Whether the service makes the content; only `false`.
    #[serde(default)]
    pub enable_auto_generation: Option<bool>,
    /// Free-form tags.
    #[serde(default)]
    pub freeform_tags: Option<FreeformTags>,
    /// Defined tags.
    #[serde(default)]
    pub defined_tags: Option<NamespacedTags>,
}

/// Body of `ScheduleSecretDeletion`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScheduleSecretDeletionDetails {
    /// From one to thirty days ahead; thirty when absent.
    #[serde(default)]
    pub time_of_deletion: Option<String>,
}

/// Body of `ChangeSecretCompartment`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChangeSecretCompartmentDetails {
    /// OCID of the compartment it moves to.
    pub compartment_id: String,
}

/// A secret as answered, never with its content.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Secret {
    /// What lists have as well.
    #[serde(flatten)]
    pub summary: SecretSummary,
    /// Number of the current version.
    pub current_version_number: u32,
    /// Free text for applications.
    pub metadata: Map<String, Value>,
    /// Always empty.
    pub secret_rules: Vec<Value>,
}

/// A secret in a list.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SecretSummary {
    /// OCID.
    pub id: String,
    /// OCID of the compartment.
    pub compartment_id: String,
    /// OCID of the vault.
    pub vault_id: String,
    /// OCID of the key.
    pub key_id: String,
    /// Name.
    pub secret_name: String,
    /// Description.
    pub description: Option<String>,
    /// `ACTIVE`, `PENDING_DELETION` or `DELETED`.
    pub lifecycle_state: String,
    /// Whether the service makes the content: `false`.
    pub is_auto_generation_enabled: bool,
    /// Whether this is a copy of another region's: `false`.
    pub is_replica: bool,
    /// Always `NOT_ENABLED`.
    pub rotation_status: String,
    /// Free-form tags.
    pub freeform_tags: FreeformTags,
    /// Defined tags.
    pub defined_tags: NamespacedTags,
    /// Tags of the service.
    pub system_tags: NamespacedTags,
    /// Time of creation.
    pub time_created: String,
    /// When it is deleted, if that is scheduled.
    pub time_of_deletion: Option<String>,
}

/// A version of a secret, never with its content; its summary in lists has the same members.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SecretVersion {
    /// OCID of the secret.
    pub secret_id: String,
    /// Number, from 1.
    pub version_number: u32,
    /// Name.
    pub name: Option<String>,
    /// Always `BASE64`.
    pub content_type: String,
    /// Stages it is in.
    pub stages: Vec<String>,
    /// Whether the service made the content: `false`.
    pub is_content_auto_generated: bool,
    /// Time of creation.
    pub time_created: String,
    /// When it is deleted, with its secret.
    pub time_of_deletion: Option<String>,
}

/// See [`SecretVersion`].
pub type SecretVersionSummary = SecretVersion;
