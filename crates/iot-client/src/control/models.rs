//! Models (control-plane.md 3.3).

use iot_api::models::{CreateDigitalTwinModelDetails, DigitalTwinModel};
use serde_json::value::RawValue;

use super::{ControlClient, JSON, JSON_LD};
use crate::ClientError;

const PATH: &str = "/digitalTwinModels";

/// Which models to list.
#[derive(Debug, Clone, Copy, Default)]
pub struct ModelQuery<'a> {
    /// OCID of the domain.
    pub iot_domain_id: &'a str,
    /// Exactly this name.
    pub display_name: Option<&'a str>,
    /// A DTMI or the beginning of one.
    pub spec_uri_starts_with: Option<&'a str>,
    /// `ACTIVE` or `DELETED`; without it both.
    pub lifecycle_state: Option<&'a str>,
}

impl ControlClient {
    /// `CreateDigitalTwinModel`.
    pub async fn model_create(
        &self,
        details: &CreateDigitalTwinModelDetails,
    ) -> Result<DigitalTwinModel, ClientError> {
        self.post(PATH, details).await
    }

    /// `ListDigitalTwinModels`, all pages.
    pub async fn model_list(
        &self,
        query: &ModelQuery<'_>,
    ) -> Result<Vec<DigitalTwinModel>, ClientError> {
        let query = [
            ("iotDomainId", Some(query.iot_domain_id)),
            ("displayName", query.display_name),
            ("specUriStartsWith", query.spec_uri_starts_with),
            ("lifecycleState", query.lifecycle_state),
        ];
        self.list(PATH, &query).await
    }

    /// `GetDigitalTwinModel`.
    pub async fn model_get(&self, id: &str) -> Result<DigitalTwinModel, ClientError> {
        self.get(PATH, id, "", JSON).await
    }

    /// `GetDigitalTwinModelSpec`: the DTDL document as it was sent.
    pub async fn model_spec(&self, id: &str) -> Result<Box<RawValue>, ClientError> {
        self.get(PATH, id, "/spec", JSON_LD).await
    }

    /// `DeleteDigitalTwinModel`.
    pub async fn model_delete(&self, id: &str) -> Result<(), ClientError> {
        self.delete(PATH, id).await
    }
}
