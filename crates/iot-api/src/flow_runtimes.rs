//! IoT flow runtimes on the wire (control-plane.md 4.8).

use serde::{Deserialize, Serialize};

use crate::null::{Nullable, present};
use crate::object::objects;
use crate::tags::{FreeformTags, NamespacedTags};

objects!(LogConfigDetails, FileStorageMountDetails, NetworkConfigDetails);

/// Where a runtime logs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, remote = "Self")]
pub struct LogConfigDetails {
    /// OCID of the log group.
    pub log_group_id: String,
    /// OCID of the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_id: Option<String>,
}

/// A file system that a runtime mounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, remote = "Self")]
pub struct FileStorageMountDetails {
    /// Path below `/mnt`, without slashes around it.
    pub mount_path: String,
    /// OCID of the mount target.
    pub mount_target_id: String,
    /// OCID of the export.
    pub export_id: String,
}

/// A runtime's network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, remote = "Self")]
pub struct NetworkConfigDetails {
    /// OCID of the subnet.
    pub subnet_id: String,
    /// OCIDs of network security groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_security_group_ids: Option<Vec<String>>,
    /// File systems.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_storage_mounts: Option<Vec<FileStorageMountDetails>>,
}

/// Body of `CreateIotFlowRuntime`.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateIotFlowRuntimeDetails {
    /// OCID of the domain.
    pub iot_domain_id: String,
    /// OCID of the compartment.
    pub compartment_id: String,
    /// Display name, generated when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `LOWEST`, `LOW`, `MEDIUM` (the default), `HIGH` or `HIGHEST`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<String>,
    /// Where it logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_config: Option<LogConfigDetails>,
    /// Its network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_config: Option<NetworkConfigDetails>,
    /// Free-form tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freeform_tags: Option<FreeformTags>,
    /// Defined tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defined_tags: Option<NamespacedTags>,
}

/// Body of `UpdateIotFlowRuntime`.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateIotFlowRuntimeDetails {
    /// Display name; `null` leaves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Description.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub description: Nullable<String>,
    /// `LOWEST` to `HIGHEST`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<String>,
    /// Where it logs.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub log_config: Nullable<LogConfigDetails>,
    /// Its network, replaced as a whole.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub network_config: Nullable<NetworkConfigDetails>,
    /// Free-form tags, replaced as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freeform_tags: Option<FreeformTags>,
    /// Defined tags, replaced as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defined_tags: Option<NamespacedTags>,
}

/// What only a flow runtime by itself shows, never a list.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IotFlowRuntimeParts {
    /// Where it logs.
    #[serde(default)]
    pub log_config: Option<LogConfigDetails>,
    /// Its network.
    #[serde(default)]
    pub network_config: Option<NetworkConfigDetails>,
    /// Its host.
    #[serde(default)]
    pub flow_runtime_host: Option<String>,
}

/// A flow runtime as answered.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IotFlowRuntime {
    /// OCID.
    pub id: String,
    /// OCID of the domain.
    pub iot_domain_id: String,
    /// OCID of the compartment.
    pub compartment_id: String,
    /// Display name.
    pub display_name: String,
    /// Description.
    #[serde(default)]
    pub description: Option<String>,
    /// `LOWEST` to `HIGHEST`.
    pub scale: String,
    /// What lists leave out.
    #[serde(flatten)]
    pub parts: Option<IotFlowRuntimeParts>,
    /// `CREATING`, `UPDATING`, `ACTIVE`, `INACTIVE`, `DELETING`, `DELETED` or `FAILED`.
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
