//! Domains and domain groups on the wire (control-plane.md 4.1, 4.2).

use serde::{Deserialize, Serialize};

use crate::null::{Nullable, present};
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

/// Body of `CreateIotDomainGroup`.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateIotDomainGroupDetails {
    /// OCID of the compartment.
    pub compartment_id: String,
    /// `PRODUCTION`, `DEVELOPMENT` (the default) or their old names.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub group_type: Option<String>,
    /// Display name, generated when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Free-form tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freeform_tags: Option<FreeformTags>,
    /// Defined tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defined_tags: Option<NamespacedTags>,
}

/// Body of `UpdateIotDomainGroup` and of `UpdateIotDomain`.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateIotDomainDetails {
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

/// Body of the three `Change…Compartment` operations.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChangeCompartmentDetails {
    /// OCID of the compartment.
    pub compartment_id: String,
}

/// Body of `ConfigureIotDomainGroupDataAccess`.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConfigureIotDomainGroupDataAccessDetails {
    /// Networks that may reach the database; replaces the list.
    pub db_allow_listed_vcn_ids: Vec<String>,
}

/// Body of `CreateIotDomain`.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateIotDomainDetails {
    /// OCID of the group.
    pub iot_domain_group_id: String,
    /// OCID of the compartment.
    pub compartment_id: String,
    /// Display name, generated when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Free-form tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freeform_tags: Option<FreeformTags>,
    /// Defined tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defined_tags: Option<NamespacedTags>,
}

/// Body of `ChangeIotDomainDataRetentionPeriod`.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChangeIotDomainDataRetentionPeriodDetails {
    /// `RAW_DATA`, `REJECTED_DATA`, `HISTORIZED_DATA` or `RAW_COMMAND_DATA`.
    #[serde(rename = "type")]
    pub data_type: String,
    /// Days.
    pub data_retention_period_in_days: u32,
}

/// Body of `ConfigureIotDomainDataAccess`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum ConfigureIotDomainDataAccessDetails {
    /// Sessions with the database itself.
    #[serde(rename = "DIRECT")]
    Direct {
        /// `<tenancy OCID>:<Group>` or `<tenancy OCID>:<IdentityDomain>/<Group>`.
        db_allow_listed_identity_group_names: Vec<String>,
    },
    /// The data API.
    #[serde(rename = "ORDS")]
    Ords {
        /// Host, and port if need be, of the identity domain whose tokens are taken.
        db_allowed_identity_domain_host: String,
    },
    /// An APEX workspace.
    #[serde(rename = "APEX")]
    Apex {
        /// Its administrator's first password; never answered.
        db_workspace_admin_initial_password: String,
    },
}

/// What only a domain by itself shows, never a list.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IotDomainParts {
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
    /// What lists leave out.
    #[serde(flatten)]
    pub parts: Option<IotDomainParts>,
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

/// What only a domain group by itself shows, never a list.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IotDomainGroupParts {
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
    /// What lists leave out.
    #[serde(flatten)]
    pub parts: Option<IotDomainGroupParts>,
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
