//! Models: create, read, list, delete (control-plane.md 5.4).

use std::collections::HashMap;
use std::sync::Arc;

use dtdl::{Dtmi, Interface};
use iot_api::ErrorCode;
use iot_api::models::{CreateDigitalTwinModelDetails, UpdateDigitalTwinModelDetails};
use oci_core::ocid::Ocid;

use crate::changes::common_change;
use crate::error::Refusal;
use crate::limits::INTERFACES_MAX;
use crate::platform::Platform;
use crate::store::{Common, Creation, Domain, Kind, Lifecycle, Model};
use crate::validate::{Asked, not_blank};

impl Platform {
    /// A new model of a DTDL document, checked, to be kept by [`Platform::resource_create`].
    ///
    /// # Errors
    /// `InvalidParameter` with every finding; `RelatedResourceNotAuthorizedOrNotFound`.
    pub async fn model_new(
        &self,
        asked: Asked<CreateDigitalTwinModelDetails>,
    ) -> Result<Creation, Refusal> {
        let Asked { details, mut findings } = asked;
        let domain_id = details.iot_domain_id;
        findings.settle(self.domain_of_body(&domain_id).await)?;
        let tags = findings.new_tags(details.freeform_tags, details.defined_tags);
        findings.tags(&tags);
        findings.display_name(details.display_name.as_deref());
        findings.description(details.description.as_deref());
        let interface = Interface::parse(details.spec.get())
            .and_then(|interface| interface.check_platform().map(|()| interface))
            .map_err(not_dtdl);
        let interface = findings.settle(interface)?;
        let Some(interface) = interface else { return Err(findings.into_refusal()) };
        findings.check()?;
        let references = references(&interface);
        let model = self.resolve(&domain_id, interface).await?;
        let spec_uri = model.id.as_str().to_owned();
        let display_name = not_blank(details.display_name)
            .or_else(|| not_blank(model.display_name.clone()))
            .unwrap_or_else(|| spec_uri.clone());
        let description = not_blank(details.description).or_else(|| model.description.clone());
        let mut common = self.new_common("iotdigitaltwinmodel", domain_id, Some(display_name));
        common.description = description;
        common.tags = tags;
        let record = Model { common, spec_uri, references };
        let document = Some(details.spec.get().to_owned());
        Ok(Creation { document, ..Creation::of(record) })
    }

    /// A model.
    ///
    /// # Errors
    /// `NotAuthorizedOrNotFound`.
    pub async fn model_get(&self, id: &str) -> Result<Model, Refusal> {
        self.known(id).await
    }

    /// A model and its document as sent.
    ///
    /// # Errors
    /// `NotAuthorizedOrNotFound`.
    pub async fn model_spec(&self, id: &str) -> Result<(Model, String), Refusal> {
        let model = self.model_get(id).await?;
        let spec = self.store().resource_document(Kind::Model, id).await?;
        Ok((model, spec.ok_or_else(|| Refusal::not_found("digital twin model", id))?))
    }

    /// Changes name, description and tags; the document of a model stays.
    ///
    /// # Errors
    /// `InvalidParameter` with every finding, `NoEtagMatch`, `NotAuthorizedOrNotFound`.
    pub async fn model_update(
        &self,
        id: &str,
        if_match: Option<&str>,
        asked: &Asked<UpdateDigitalTwinModelDetails>,
    ) -> Result<Model, Refusal> {
        loop {
            let mut model: Model = self.live(id, if_match).await?;
            let Asked { details, findings } = asked;
            let mut findings = findings.clone();
            common_change!(details).apply(&mut model.common, &mut findings);
            findings.check()?;
            if let Some(model) = self.replace(model, |_| {}).await? {
                return Ok(model);
            }
        }
    }

    /// Deletes a model.
    ///
    /// # Errors
    /// `Conflict` while something refers to it, `NoEtagMatch`, `NotAuthorizedOrNotFound`.
    pub async fn model_delete(&self, id: &str, etag: Option<String>) -> Result<(), Refusal> {
        Ok(self.store().resource_delete(Kind::Model, &self.deletion(id, etag)).await?)
    }

    /// The resolved model of a record, ready for adapters.
    pub(crate) async fn model_resolved(&self, record: &Model) -> Result<Arc<dtdl::Model>, Refusal> {
        let (_, spec) = self.model_spec(&record.common.id).await?;
        let interface = Interface::parse(&spec).map_err(not_dtdl)?;
        Ok(Arc::new(self.resolve(&record.common.parent_id, interface).await?))
    }

    /// Fetches what the interface refers to, breadth first, and resolves it.
    async fn resolve(&self, domain_id: &str, interface: Interface) -> Result<dtdl::Model, Refusal> {
        let mut known: HashMap<Dtmi, Arc<Interface>> = HashMap::new();
        let mut wanted = references(&interface);
        while let Some(uri) = wanted.pop() {
            let Ok(dtmi) = Dtmi::parse(&uri) else { continue };
            if known.contains_key(&dtmi) || known.len() >= INTERFACES_MAX {
                continue;
            }
            let Some(record) = self.store().model_by_uri(domain_id, &uri).await? else { continue };
            let id = &record.common.id;
            let Some(spec) = self.store().resource_document(Kind::Model, id).await? else {
                continue;
            };
            let Ok(found) = Interface::parse(&spec) else { continue };
            wanted.extend(references(&found));
            known.insert(dtmi, Arc::new(found));
        }
        dtdl::Model::resolve(interface, &|dtmi| known.get(dtmi).cloned()).map_err(not_dtdl)
    }

    /// The domain that a request body names.
    pub(crate) async fn domain_of_body(&self, id: &str) -> Result<Domain, Refusal> {
        let domain = self.store().get::<Domain>(id).await?;
        let there = domain.filter(|domain| domain.common.lifecycle != Lifecycle::Deleted);
        let domain = there.ok_or_else(|| Refusal::related("iotDomainId", id))?;
        match domain.common.lifecycle {
            Lifecycle::Creating | Lifecycle::Deleting => Err(Refusal::new(
                ErrorCode::IncorrectState,
                format!(
                    "iotDomainId: the domain is {}; it must be ACTIVE",
                    domain.common.lifecycle.as_str()
                ),
            )),
            _ => Ok(domain),
        }
    }

    /// Members that every new resource has; a missing name is generated.
    pub(crate) fn new_common(
        &self,
        type_word: &str,
        parent_id: String,
        display_name: Option<String>,
    ) -> Common {
        let now_us = self.now_us();
        let generated = || format!("{type_word}{}", crate::clock::compact(now_us));
        Common {
            id: Ocid::generate(type_word, crate::first_start::REGION_KEY).to_string(),
            parent_id,
            display_name: not_blank(display_name).unwrap_or_else(generated),
            description: None,
            lifecycle: Lifecycle::Active,
            tags: iot_api::Tags::default(),
            time_created_us: now_us,
            time_updated_us: now_us,
            etag: new_etag(),
        }
    }
}

/// A fresh etag: 64 hex digits.
pub fn new_etag() -> String {
    oci_core::ocid::random_hex(64).to_ascii_lowercase()
}

/// DTMIs that must exist before the interface.
fn references(interface: &Interface) -> Vec<String> {
    interface.references().iter().map(|dtmi| dtmi.as_str().to_owned()).collect()
}

/// Every finding with its place in the document, a line each (adapters-and-models.md B9).
fn not_dtdl(found: dtdl::Diagnostics) -> Refusal {
    let line = |finding: &dtdl::Diagnostic| match finding.pointer.as_str() {
        "" => format!("spec: {finding}"),
        pointer => format!("spec{pointer}: {finding}"),
    };
    Refusal::invalid(found.0.iter().map(line).collect::<Vec<_>>().join("\n"))
}
