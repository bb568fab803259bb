//! Adapters (control-plane.md 3.4).

use iot_api::adapters::{CreateDigitalTwinAdapterDetails, DigitalTwinAdapter};

use super::{ControlClient, JSON};
use crate::ClientError;

const PATH: &str = "/digitalTwinAdapters";

/// Which adapters to list.
#[derive(Debug, Clone, Copy, Default)]
pub struct AdapterQuery<'a> {
    /// OCID of the domain.
    pub iot_domain_id: &'a str,
    /// Exactly this name.
    pub display_name: Option<&'a str>,
    /// OCID of the model.
    pub digital_twin_model_id: Option<&'a str>,
    /// DTMI of the model.
    pub digital_twin_model_spec_uri: Option<&'a str>,
    /// `ACTIVE` or `DELETED`; without it both.
    pub lifecycle_state: Option<&'a str>,
}

impl ControlClient {
    /// `CreateDigitalTwinAdapter`.
    pub async fn adapter_create(
        &self,
        details: &CreateDigitalTwinAdapterDetails,
    ) -> Result<DigitalTwinAdapter, ClientError> {
        self.post(PATH, details).await
    }

    /// `ListDigitalTwinAdapters`, all pages. Lists leave out envelope and routes.
    pub async fn adapter_list(
        &self,
        query: &AdapterQuery<'_>,
    ) -> Result<Vec<DigitalTwinAdapter>, ClientError> {
        let query = [
            ("iotDomainId", Some(query.iot_domain_id)),
            ("displayName", query.display_name),
            ("digitalTwinModelId", query.digital_twin_model_id),
            ("digitalTwinModelSpecUri", query.digital_twin_model_spec_uri),
            ("lifecycleState", query.lifecycle_state),
        ];
        self.list(PATH, &query).await
    }

    /// `GetDigitalTwinAdapter`.
    pub async fn adapter_get(&self, id: &str) -> Result<DigitalTwinAdapter, ClientError> {
        self.get(PATH, id, "", JSON).await
    }

    /// `DeleteDigitalTwinAdapter`.
    pub async fn adapter_delete(&self, id: &str) -> Result<(), ClientError> {
        self.delete(PATH, id).await
    }
}
