//! Domains and domain groups on the wire (control-plane.md 4.1, 4.2).

use serde::{Deserialize, Serialize};

use crate::tags::{FreeformTags, NamespacedTags};

/// Days each kind of data is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DataRetentionPeriodsInDays {
    /// Raw data.
    pub raw_data: u32,
    /// Rejected data.
    pub rejected_data: u32,
    /// Historized data.
    pub historized_data: u32,
    /// Raw command data.
    pub raw_command_data: u32,
}

/// A domain as answered.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IotDomain {
    /// OCID.
    pub id: String,
    /// OCID of the group.
    pub iot_domain_group_id: String,
    /// OCID of the compartment.
    pub compartment_id: String,
    /// Display name.
    pub display_name: String,
    /// Description.
    #[serde(default)]
    pub description: Option<String>,
    /// Host of its devices; the first label is the domain's short id. Never with a port.
    #[serde(default)]
    pub device_host: Option<String>,
    /// IAM groups allowed to open database sessions.
    #[serde(default)]
    pub db_allow_listed_identity_group_names: Option<Vec<String>>,
    /// Host (and port) whose tokens the data API accepts; absent until configured.
    #[serde(default)]
    pub db_allowed_identity_domain_host: Option<String>,
    /// Retention.
    #[serde(default)]
    pub data_retention_periods_in_days: Option<DataRetentionPeriodsInDays>,
    /// State.
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

/// A domain group as answered.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IotDomainGroup {
    /// OCID.
    pub id: String,
    /// OCID of the compartment.
    pub compartment_id: String,
    /// `PRODUCTION` or `DEVELOPMENT`.
    #[serde(rename = "type")]
    pub group_type: String,
    /// Display name.
    pub display_name: String,
    /// Description.
    #[serde(default)]
    pub description: Option<String>,
    /// Host (and port) of the data API; the first label is the group's short id.
    #[serde(default)]
    pub data_host: Option<String>,
    /// Networks allowed to reach the database; not offered by the self-hosted platform.
    #[serde(default)]
    pub db_allow_listed_vcn_ids: Option<Vec<String>>,
    /// Address of the database; not offered by the self-hosted platform.
    #[serde(default)]
    pub db_connection_string: Option<String>,
    /// Scope of database tokens; not offered by the self-hosted platform.
    #[serde(default)]
    pub db_token_scope: Option<String>,
    /// State.
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
