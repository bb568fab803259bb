//! Instances (control-plane.md 3.5).

use iot_api::commands::InvokeRawCommandDetails;
use iot_api::instances::{CreateDigitalTwinInstanceDetails, DigitalTwinInstance};
use serde_json::Value;

use super::{ControlClient, JSON, JSON_LD};
use crate::ClientError;

const PATH: &str = "/digitalTwinInstances";

/// Which instances to list.
#[derive(Debug, Clone, Copy, Default)]
pub struct InstanceQuery<'a> {
    /// OCID of the domain.
    pub iot_domain_id: &'a str,
    /// Exactly this name.
    pub display_name: Option<&'a str>,
    /// OCID of the model.
    pub digital_twin_model_id: Option<&'a str>,
    /// DTMI of the model.
    pub digital_twin_model_spec_uri: Option<&'a str>,
    /// `DIRECT`, `INDIRECT`, `GATEWAY` or `NONE`.
    pub connectivity_type: Option<&'a str>,
    /// `ACTIVE` or `DELETED`; without it both.
    pub lifecycle_state: Option<&'a str>,
}

impl ControlClient {
    /// `CreateDigitalTwinInstance`.
    pub async fn instance_create(
        &self,
        details: &CreateDigitalTwinInstanceDetails,
    ) -> Result<DigitalTwinInstance, ClientError> {
        self.post(PATH, details).await
    }

    /// `CreateDigitalTwinInstance` with a retry token of one's own: within a day the same token is
    /// the same request, whoever sends it.
    pub async fn instance_create_as(
        &self,
        details: &CreateDigitalTwinInstanceDetails,
        retry_token: &str,
    ) -> Result<DigitalTwinInstance, ClientError> {
        self.post_as(PATH, details, Some(retry_token)).await
    }

    /// `ListDigitalTwinInstances`, all pages.
    pub async fn instance_list(
        &self,
        query: &InstanceQuery<'_>,
    ) -> Result<Vec<DigitalTwinInstance>, ClientError> {
        let query = [
            ("iotDomainId", Some(query.iot_domain_id)),
            ("displayName", query.display_name),
            ("digitalTwinModelId", query.digital_twin_model_id),
            ("digitalTwinModelSpecUri", query.digital_twin_model_spec_uri),
            ("connectivityType", query.connectivity_type),
            ("lifecycleState", query.lifecycle_state),
        ];
        self.list(PATH, &query).await
    }

    /// `GetDigitalTwinInstance`.
    pub async fn instance_get(&self, id: &str) -> Result<DigitalTwinInstance, ClientError> {
        self.get(PATH, id, "", JSON).await
    }

    /// `GetDigitalTwinInstanceContent`.
    pub async fn instance_content(&self, id: &str) -> Result<Value, ClientError> {
        self.get(PATH, id, "/content", JSON_LD).await
    }

    /// `GetDigitalTwinInstanceContent` with the times of the values in `_metadata`
    /// (control-plane.md 5.7).
    pub async fn instance_content_with_metadata(&self, id: &str) -> Result<Value, ClientError> {
        self.get_with(PATH, id, "/content", &[("shouldIncludeMetadata", "true")], JSON_LD).await
    }

    /// `InvokeRawCommand`; the id of the command's record, from the end of `location`.
    pub async fn raw_command_invoke(
        &self,
        id: &str,
        details: &InvokeRawCommandDetails,
    ) -> Result<String, ClientError> {
        let answer = self.act(PATH, id, "/actions/invokeRawCommand", details).await?;
        let location = answer.header("location").unwrap_or_default();
        match location.rsplit_once('/') {
            Some((_, command)) if !command.is_empty() => Ok(command.to_owned()),
            _ => Err(answer.protocol("the answer does not say which command it is")),
        }
    }

    /// `DeleteDigitalTwinInstance`.
    pub async fn instance_delete(&self, id: &str) -> Result<(), ClientError> {
        self.delete(PATH, id).await
    }
}
