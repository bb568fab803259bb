//! Digital twin models on the wire (control-plane.md 4.3).

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::null::{Nullable, present};
use crate::tags::{FreeformTags, NamespacedTags};

/// Body of `CreateDigitalTwinModel`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateDigitalTwinModelDetails {
    /// OCID of the domain.
    pub iot_domain_id: String,
    /// The DTDL document, kept byte for byte.
    pub spec: Box<RawValue>,
    /// Absent or blank: taken from the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Absent or blank: taken from the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Free-form tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freeform_tags: Option<FreeformTags>,
    /// Defined tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defined_tags: Option<NamespacedTags>,
}

/// A model as answered; its summary in lists has the same members.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DigitalTwinModel {
    /// OCID.
    pub id: String,
    /// OCID of the domain.
    pub iot_domain_id: String,
    /// The DTMI, which is the `@id` of the document.
    pub spec_uri: String,
    /// Display name.
    pub display_name: String,
    /// Description.
    #[serde(default)]
    pub description: Option<String>,
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

/// Body of `UpdateDigitalTwinModel`.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateDigitalTwinModelDetails {
    /// Display name; `null` leaves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Description.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub description: Nullable<String>,
    /// Free-form tags, replaced as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freeform_tags: Option<FreeformTags>,
    /// Defined tags, replaced as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defined_tags: Option<NamespacedTags>,
}
