//! The adapter that a twin has on the platform, compiled here.

use std::collections::HashMap;
use std::sync::Arc;

use adapter::Adapter;
use dtdl::{Dtmi, Interface, Model};
use iot_api::instances::DigitalTwinInstance;
use iot_client::{ClientError, ModelQuery};
use serde_json::Value;
use serde_json::value::RawValue;

use super::instances::ACTIVE;
use crate::client_errors::failed;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::session::Session;

/// Models that a model may need in all (adapters-and-models.md B2).
const INTERFACES_MAX: usize = 1024;

/// An adapter of the platform.
pub struct PresentAdapter {
    /// Ready to run.
    pub adapter: Adapter,
    /// Its envelope.
    pub envelope: Option<Value>,
    /// Its routes.
    pub routes: Option<Value>,
}

/// Why there is none.
#[derive(Debug)]
pub enum Unavailable {
    /// The twin has no adapter.
    None,
    /// The platform did not give a part.
    NotGiven(&'static str, ClientError),
    /// What it gave cannot be compiled here.
    NotValid(String),
}

impl Unavailable {
    /// Tells it as a failure of a verb that cannot do without.
    pub fn into_failure(self) -> Failure {
        match self {
            Unavailable::None => {
                let text = "the digital twin has no adapter, so nothing looks at its messages";
                Failure::new(ExitCode::Refused, text)
            }
            Unavailable::NotGiven(cannot, error) => failed(cannot, &error),
            Unavailable::NotValid(text) => Failure::new(ExitCode::Refused, text),
        }
    }
}

/// Reads the adapter of an instance with its model, and compiles it.
pub async fn fetch(
    session: &Session,
    instance: &DigitalTwinInstance,
) -> Result<PresentAdapter, Unavailable> {
    let id = instance.digital_twin_adapter_id.as_deref().ok_or(Unavailable::None)?;
    let found = session.control.adapter_get(id).await;
    let found =
        found.map_err(|error| Unavailable::NotGiven("Cannot get Digital Twin Adapter", error))?;
    let model = model(session, &found.digital_twin_model_id).await?;
    let value = |part: &Option<Box<RawValue>>| {
        part.as_ref().and_then(|text| serde_json::from_str(text.get()).ok())
    };
    let (envelope, routes) = (value(&found.inbound_envelope), value(&found.inbound_routes));
    let adapter =
        Adapter::compile(Arc::new(model), envelope.as_ref(), routes.as_ref()).map_err(|found| {
            let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
            let lines = lines.join("\n  ");
            Unavailable::NotValid(format!("the platform's adapter does not compile:\n  {lines}"))
        })?;
    Ok(PresentAdapter { adapter, envelope, routes })
}

/// The resolved model with this OCID.
async fn model(session: &Session, id: &str) -> Result<Model, Unavailable> {
    let root = interface(session, id).await?;
    let mut known: HashMap<Dtmi, Arc<Interface>> = HashMap::new();
    let mut wanted = root.references();
    while let Some(dtmi) = wanted.pop() {
        if known.contains_key(&dtmi) || known.len() >= INTERFACES_MAX {
            continue;
        }
        // What the list lacks, resolving reports.
        let Some(id) = model_id(session, &dtmi).await? else { continue };
        let found = interface(session, &id).await?;
        wanted.extend(found.references());
        known.insert(dtmi, Arc::new(found));
    }
    Model::resolve(root, &|dtmi| known.get(dtmi).cloned()).map_err(|found| not_valid(&found))
}

/// The OCID of the ACTIVE model with exactly this DTMI; the platform looks for beginnings only.
async fn model_id(session: &Session, dtmi: &Dtmi) -> Result<Option<String>, Unavailable> {
    let query = ModelQuery {
        iot_domain_id: &session.definition.domain_id,
        spec_uri_starts_with: Some(dtmi.as_str()),
        lifecycle_state: Some(ACTIVE),
        ..ModelQuery::default()
    };
    let found = session.control.model_list(&query).await;
    let found = found.map_err(|error| Unavailable::NotGiven(CANNOT_GET_MODEL, error))?;
    Ok(found.into_iter().find(|model| model.spec_uri == dtmi.as_str()).map(|model| model.id))
}

async fn interface(session: &Session, id: &str) -> Result<Interface, Unavailable> {
    let spec = session.control.model_spec(id).await;
    let spec = spec.map_err(|error| Unavailable::NotGiven(CANNOT_GET_MODEL, error))?;
    Interface::parse(spec.get()).map_err(|found| not_valid(&found))
}

const CANNOT_GET_MODEL: &str = "Cannot get Digital Twin Model";

fn not_valid(found: &dtdl::Diagnostics) -> Unavailable {
    let lines: Vec<String> = found.0.iter().map(ToString::to_string).collect();
    Unavailable::NotValid(format!("the platform's model is not valid:\n  {}", lines.join("\n  ")))
}
