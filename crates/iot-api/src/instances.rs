//! Digital twin instances on the wire (control-plane.md 4.5).

use serde::{Deserialize, Serialize};

use crate::null::{Nullable, present};
use crate::tags::{FreeformTags, NamespacedTags};

/// Body of `CreateDigitalTwinInstance`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateDigitalTwinInstanceDetails {
    /// OCID of the domain.
    pub iot_domain_id: String,
    /// `DIRECT`, `INDIRECT`, `GATEWAY` or `NONE`; derived when absent (control-plane.md 5.5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connectivity_type: Option<String>,
    /// OCID of the vault secret or certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_id: Option<String>,
    /// Device identity, generated when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_key: Option<String>,
    /// Display name, generated when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// OCID of the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digital_twin_model_id: Option<String>,
    /// DTMI of the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digital_twin_model_spec_uri: Option<String>,
    /// OCID of the adapter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digital_twin_adapter_id: Option<String>,
    /// OCIDs of the gateway twins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateways: Option<Vec<String>>,
    /// Free-form tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freeform_tags: Option<FreeformTags>,
    /// Defined tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defined_tags: Option<NamespacedTags>,
}

/// An instance as answered; its summary in lists has the same members.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DigitalTwinInstance {
    /// OCID.
    pub id: String,
    /// OCID of the domain.
    pub iot_domain_id: String,
    /// `DIRECT`, `INDIRECT`, `GATEWAY` or `NONE`.
    pub connectivity_type: String,
    /// OCID of the vault secret or certificate.
    #[serde(default)]
    pub auth_id: Option<String>,
    /// Device identity.
    #[serde(default)]
    pub external_key: Option<String>,
    /// Display name.
    pub display_name: String,
    /// Description.
    #[serde(default)]
    pub description: Option<String>,
    /// OCID of the model.
    #[serde(default)]
    pub digital_twin_model_id: Option<String>,
    /// DTMI of the model.
    #[serde(default)]
    pub digital_twin_model_spec_uri: Option<String>,
    /// OCID of the adapter.
    #[serde(default)]
    pub digital_twin_adapter_id: Option<String>,
    /// OCIDs of the gateway twins.
    #[serde(default)]
    pub gateways: Option<Vec<String>>,
    /// `ACTIVE` or `DELETED`.
    pub lifecycle_state: String,
    /// Free-form tags.
    #[serde(default)]
    pub freeform_tags: FreeformTags,
    /// Defined tags.
    #[serde(default)]
    pub defined_tags: NamespacedTags,
    /// Tags of the service.
    #[serde(default)]
    pub system_tags: NamespacedTags,
    /// Time of creation.
    pub time_created: String,
    /// Time of the last change.
    #[serde(default)]
    pub time_updated: Option<String>,
}

/// Body of `UpdateDigitalTwinInstance`.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateDigitalTwinInstanceDetails {
    /// `DIRECT`, `INDIRECT` or `GATEWAY`; `NONE` only for what is `NONE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connectivity_type: Option<String>,
    /// OCID of the vault secret or certificate.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub auth_id: Nullable<String>,
    /// Device identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_key: Option<String>,
    /// Display name; `null` leaves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Description.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub description: Nullable<String>,
    /// OCID of the model.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub digital_twin_model_id: Nullable<String>,
    /// DTMI of the model.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub digital_twin_model_spec_uri: Nullable<String>,
    /// OCID of the adapter.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub digital_twin_adapter_id: Nullable<String>,
    /// OCIDs of the gateway twins, replaced as a whole.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub gateways: Nullable<Vec<String>>,
    /// Free-form tags, replaced as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freeform_tags: Option<FreeformTags>,
    /// Defined tags, replaced as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defined_tags: Option<NamespacedTags>,
}
