//! Digital twin adapters on the wire (control-plane.md 4.4).

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::null::{Nullable, present};
use crate::tags::{FreeformTags, NamespacedTags};

/// Body of `CreateDigitalTwinAdapter`. Envelope and routes stay text: they are kept and returned
/// as they were sent, and checked by the adapter engine.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateDigitalTwinAdapterDetails {
    /// OCID of the domain.
    pub iot_domain_id: String,
    /// OCID of the model; this or the URI is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digital_twin_model_id: Option<String>,
    /// DTMI of the model; this or the OCID is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digital_twin_model_spec_uri: Option<String>,
    /// Display name, generated when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Envelope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbound_envelope: Option<Box<RawValue>>,
    /// Routes, an array.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbound_routes: Option<Box<RawValue>>,
    /// Free-form tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freeform_tags: Option<FreeformTags>,
    /// Defined tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defined_tags: Option<NamespacedTags>,
}

/// An adapter as answered. Lists leave out envelope and routes.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DigitalTwinAdapter {
    /// OCID.
    pub id: String,
    /// OCID of the domain.
    pub iot_domain_id: String,
    /// OCID of the model.
    pub digital_twin_model_id: String,
    /// DTMI of the model.
    pub digital_twin_model_spec_uri: String,
    /// Display name.
    pub display_name: String,
    /// Description.
    #[serde(default)]
    pub description: Option<String>,
    /// Envelope; never in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbound_envelope: Option<Box<RawValue>>,
    /// Routes; never in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbound_routes: Option<Box<RawValue>>,
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

/// Body of `UpdateDigitalTwinAdapter`.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateDigitalTwinAdapterDetails {
    /// Display name; `null` leaves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Description.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub description: Nullable<String>,
    /// Envelope.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub inbound_envelope: Nullable<Box<RawValue>>,
    /// Routes, an array.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub inbound_routes: Nullable<Box<RawValue>>,
    /// Free-form tags, replaced as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freeform_tags: Option<FreeformTags>,
    /// Defined tags, replaced as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defined_tags: Option<NamespacedTags>,
}
