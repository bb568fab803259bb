//! Digital twin relationships on the wire (control-plane.md 4.7).

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::null::{Nullable, present};
use crate::tags::{FreeformTags, NamespacedTags};

/// Body of `CreateDigitalTwinRelationship`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateDigitalTwinRelationshipDetails {
    /// OCID of the domain.
    pub iot_domain_id: String,
    /// Name of the Relationship element in the source's model.
    pub content_path: String,
    /// OCID of the source instance.
    pub source_digital_twin_instance_id: String,
    /// OCID of the target instance.
    pub target_digital_twin_instance_id: String,
    /// Display name, generated when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Values of the element's properties, an object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Box<RawValue>>,
    /// Free-form tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freeform_tags: Option<FreeformTags>,
    /// Defined tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defined_tags: Option<NamespacedTags>,
}

/// Body of `UpdateDigitalTwinRelationship`.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateDigitalTwinRelationshipDetails {
    /// Display name; `null` leaves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Description.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub description: Nullable<String>,
    /// Values of the element's properties, replaced as a whole.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub content: Nullable<Box<RawValue>>,
    /// Free-form tags, replaced as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freeform_tags: Option<FreeformTags>,
    /// Defined tags, replaced as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defined_tags: Option<NamespacedTags>,
}

/// A relationship as answered. Lists leave out the content.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DigitalTwinRelationship {
    /// OCID.
    pub id: String,
    /// OCID of the domain.
    pub iot_domain_id: String,
    /// Display name.
    pub display_name: String,
    /// Description.
    #[serde(default)]
    pub description: Option<String>,
    /// Name of the Relationship element in the source's model.
    pub content_path: String,
    /// OCID of the source instance.
    pub source_digital_twin_instance_id: String,
    /// OCID of the target instance.
    pub target_digital_twin_instance_id: String,
    /// Values of the element's properties; `Some(None)` is `null`, and never in lists.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub content: Nullable<Box<RawValue>>,
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
