//! Models and adapters by name.

use std::fmt::Write as _;

use iot_api::adapters::DigitalTwinAdapter;
use iot_api::models::DigitalTwinModel;
use iot_client::{AdapterQuery, ModelQuery};

use super::instances::ACTIVE;
use crate::client_errors::failed;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::session::Session;

/// The ACTIVE models with exactly this DTMI. The platform looks for the beginning of one only.
pub async fn models(session: &Session, spec_uri: &str) -> Result<Vec<DigitalTwinModel>, Failure> {
    let query = ModelQuery {
        iot_domain_id: &session.definition.domain_id,
        spec_uri_starts_with: Some(spec_uri),
        lifecycle_state: Some(ACTIVE),
        ..ModelQuery::default()
    };
    let found = session.control.model_list(&query).await;
    let mut found = found.map_err(|error| failed("Cannot get Digital Twin Model", &error))?;
    found.retain(|model| model.spec_uri == spec_uri);
    Ok(found)
}

/// The ACTIVE adapters with this display name.
pub async fn adapters(session: &Session, name: &str) -> Result<Vec<DigitalTwinAdapter>, Failure> {
    let query = AdapterQuery {
        iot_domain_id: &session.definition.domain_id,
        display_name: Some(name),
        lifecycle_state: Some(ACTIVE),
        ..AdapterQuery::default()
    };
    let found = session.control.adapter_list(&query).await;
    let mut found = found.map_err(|error| failed("Cannot get Digital Twin Adapter", &error))?;
    found.retain(|adapter| adapter.display_name == name);
    Ok(found)
}

/// Refuses to guess among adapters of one name.
pub fn ambiguous(adapters: &[DigitalTwinAdapter]) -> Failure {
    tracing::error!("Multiple Digital Twin Adapters exist with the same name");
    let mut text = format!("{} adapters have one name:", adapters.len());
    for adapter in adapters {
        let model = &adapter.digital_twin_model_spec_uri;
        let created = &adapter.time_created;
        let _ = write!(text, "\n  {}\n    model {model}, created {created}", adapter.id);
    }
    Failure::new(ExitCode::Refused, text).hint(
        "delete those that are not wanted with \
         `oci iot digital-twin-adapter delete --digital-twin-adapter-id OCID`",
    )
}
