//! Adapters: create, read, list, delete, and the compiled form that ingest runs
//! (control-plane.md 5.5, adapters-and-models.md A1).

use std::sync::Arc;

use iot_api::adapters::{CreateDigitalTwinAdapterDetails, UpdateDigitalTwinAdapterDetails};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::changes::common_change;
use crate::error::Refusal;
use crate::list::Field;
use crate::platform::Platform;
use crate::store::{Adapter, Creation, Instance, Kind, Model};
use crate::validate::Asked;

/// An adapter with its envelope and routes as JSON text: as sent, or generated for a default
/// adapter.
#[derive(Debug, Clone)]
pub struct AdapterView {
    /// The record.
    pub adapter: Adapter,
    /// `inboundEnvelope`
    pub envelope: String,
    /// `inboundRoutes`
    pub routes: String,
}

impl Platform {
    /// A new adapter, checked and compiled, to be kept by [`Platform::resource_create`].
    ///
    /// # Errors
    /// `InvalidParameter` with every finding; `MissingParameter` without a model;
    /// `RelatedResourceNotAuthorizedOrNotFound` for an unknown one.
    pub async fn adapter_new(
        &self,
        asked: Asked<CreateDigitalTwinAdapterDetails>,
    ) -> Result<(Creation, AdapterView), Refusal> {
        let Asked { details, mut findings } = asked;
        let domain_id = details.iot_domain_id;
        let domain = findings.settle(self.domain_of_body(&domain_id).await)?;
        let (id, uri) = (details.digital_twin_model_id, details.digital_twin_model_spec_uri);
        if id.is_none() && uri.is_none() && !findings.is_unread("digitalTwinModelSpecUri") {
            findings.missing("digitalTwinModelId or digitalTwinModelSpecUri");
        }
        let mut model = None;
        if domain.is_some() {
            let found = self.model_of_body(&domain_id, id.as_deref(), uri.as_deref()).await;
            model = findings.settle(found)?.flatten();
        }
        let mut common = self.new_common("iotdigitaltwinadapter", domain_id, details.display_name);
        common.description = details.description;
        common.tags = findings.new_tags(details.freeform_tags, details.defined_tags);
        findings.common(&common);
        let Some(model) = model else {
            return Err(findings.into_refusal());
        };
        let adapter = Adapter {
            common,
            model_id: model.common.id.clone(),
            spec_uri: model.spec_uri.clone(),
            envelope: details.inbound_envelope.map(|raw| raw.get().to_owned()),
            routes: details.inbound_routes.map(|raw| raw.get().to_owned()),
        };
        let resolved = self.model_resolved(&model).await?;
        findings.settle(compile(&adapter, resolved.clone()))?;
        findings.check()?;
        Ok((Creation::of(adapter.clone()), view(adapter, &resolved)))
    }

    /// Changes an adapter; live sessions of its instances take the change up with their next
    /// message.
    ///
    /// # Errors
    /// `InvalidParameter` with every finding, `NoEtagMatch`, `NotAuthorizedOrNotFound`; `Conflict`
    /// when its instances could not have their connectivity type any more (devices.md 6).
    pub async fn adapter_update(
        &self,
        id: &str,
        if_match: Option<&str>,
        asked: &Asked<UpdateDigitalTwinAdapterDetails>,
    ) -> Result<AdapterView, Refusal> {
        loop {
            let old: Adapter = self.live(id, if_match).await?;
            let mut new = old.clone();
            let Asked { details, findings } = asked;
            let mut findings = findings.clone();
            common_change!(details).apply(&mut new.common, &mut findings);
            let text = |raw: &Option<Box<RawValue>>| raw.as_ref().map(|raw| raw.get().to_owned());
            if let Some(envelope) = &details.inbound_envelope {
                new.envelope = text(envelope);
            }
            if let Some(routes) = &details.inbound_routes {
                new.routes = text(routes);
            }
            let resolved = self.model_resolved(&self.model_get(&old.model_id).await?).await?;
            let compiled = findings.settle(compile(&new, resolved.clone()))?;
            findings.check()?;
            let had_target = compile(&old, resolved.clone())?.has_target_mapping();
            if compiled.is_some_and(|new| new.has_target_mapping() != had_target) {
                let users = [(Field::AdapterId, id), (Field::LifecycleState, "ACTIVE")];
                let what = "inboundEnvelope, inboundRoutes: a target mapping makes gateways, so it \
                            can come or go only while no instance uses the adapter";
                self.refuse_while::<Instance>(&old.common.parent_id, &users, what).await?;
            }
            if let Some(new) = self.replace(new, |_| {}).await? {
                self.twins.forget_where(|twin| twin.adapter_id.as_deref() == Some(id));
                return Ok(view(new, &resolved));
            }
        }
    }

    /// An adapter with envelope and routes.
    ///
    /// # Errors
    /// `NotAuthorizedOrNotFound`.
    pub async fn adapter_get(&self, id: &str) -> Result<AdapterView, Refusal> {
        let adapter = self.adapter_record(id).await?;
        let model = self.model_get(&adapter.model_id).await?;
        let resolved = self.model_resolved(&model).await?;
        Ok(view(adapter, &resolved))
    }

    /// Deletes an adapter.
    ///
    /// # Errors
    /// `Conflict` while an instance uses it, `NoEtagMatch`, `NotAuthorizedOrNotFound`.
    pub async fn adapter_delete(&self, id: &str, etag: Option<String>) -> Result<(), Refusal> {
        Ok(self.store().resource_delete(Kind::Adapter, &self.deletion(id, etag)).await?)
    }

    async fn adapter_record(&self, id: &str) -> Result<Adapter, Refusal> {
        self.known(id).await
    }

    /// The ACTIVE model that a body names by OCID, by DTMI or by both, which must agree.
    pub(crate) async fn model_of_body(
        &self,
        domain_id: &str,
        id: Option<&str>,
        uri: Option<&str>,
    ) -> Result<Option<Model>, Refusal> {
        let by_id: Option<Model> = match id {
            None => None,
            Some(id) => Some(self.named(domain_id, "digitalTwinModelId", id).await?),
        };
        let Some(uri) = uri else { return Ok(by_id) };
        let by_uri = self.store().model_by_uri(domain_id, uri).await?;
        let by_uri = by_uri.ok_or_else(|| Refusal::related("digitalTwinModelSpecUri", uri))?;
        if by_id.is_some_and(|model| model.common.id != by_uri.common.id) {
            return Err(Refusal::invalid(
                "digitalTwinModelId and digitalTwinModelSpecUri name different models",
            ));
        }
        Ok(Some(by_uri))
    }

    /// The adapter of an instance, compiled.
    pub(crate) async fn adapter_compiled(
        &self,
        id: &str,
    ) -> Result<Arc<adapter::Adapter>, Refusal> {
        let record = self.adapter_record(id).await?;
        let model = self.model_get(&record.model_id).await?;
        let resolved = self.model_resolved(&model).await?;
        Ok(Arc::new(compile(&record, resolved)?))
    }
}

fn view(adapter: Adapter, model: &dtdl::Model) -> AdapterView {
    if adapter.envelope.is_some() && adapter.routes.is_some() {
        let (envelope, routes) = (adapter.envelope.clone(), adapter.routes.clone());
        let text = |part: Option<String>| part.unwrap_or_else(|| "null".to_owned());
        return AdapterView { adapter, envelope: text(envelope), routes: text(routes) };
    }
    let (envelope, routes) = adapter::default_definition(model);
    let envelope = adapter.envelope.clone().unwrap_or_else(|| envelope.to_string());
    let routes = adapter.routes.clone().unwrap_or_else(|| routes.to_string());
    AdapterView { adapter, envelope, routes }
}

fn compile(record: &Adapter, model: Arc<dtdl::Model>) -> Result<adapter::Adapter, Refusal> {
    let parse = |text: &Option<String>| -> Result<Option<Value>, Refusal> {
        let value = text.as_deref().map(serde_json::from_str::<Value>).transpose();
        value.map_err(|error| Refusal::invalid(format!("the adapter's definition: {error}")))
    };
    let (envelope, routes) = (parse(&record.envelope)?, parse(&record.routes)?);
    compile_parts(model, envelope.as_ref(), routes.as_ref())
}

/// An adapter from its two halves, or every finding on it.
pub(crate) fn compile_parts(
    model: Arc<dtdl::Model>,
    envelope: Option<&Value>,
    routes: Option<&Value>,
) -> Result<adapter::Adapter, Refusal> {
    adapter::Adapter::compile(model, envelope, routes).map_err(|found| {
        let lines: Vec<String> =
            found.iter().map(|d| format!("{}: {} ({})", d.field, d.message, d.code)).collect();
        Refusal::invalid(lines.join("\n"))
    })
}
