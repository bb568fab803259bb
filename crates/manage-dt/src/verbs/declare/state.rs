//! What a domain holds now.

use std::collections::HashMap;

use iot_client::{ClientError, ControlClient, Kind};
use serde_json::{Map, Value};

use super::{KEY_TAG, OWNER_TAG, TAG_PREFIX, word};
use crate::client_errors::failed;
use crate::failure::Failure;

/// One resource of the platform.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its kind.
    pub kind: Kind,
    /// OCID.
    pub id: String,
    /// As answered; of a model with its `spec` once it is complete.
    pub raw: Value,
    /// State that a change is made from, once it is complete.
    pub etag: Option<String>,
}

impl Found {
    fn of(kind: Kind, raw: Value) -> Option<Found> {
        let id = raw.get("id")?.as_str()?.to_owned();
        Some(Found { kind, id, raw, etag: None })
    }

    /// A member's text.
    pub fn text(&self, member: &str) -> Option<&str> {
        self.raw.get(member)?.as_str()
    }

    /// One of our own tags.
    fn tag(&self, name: &str) -> Option<&str> {
        self.raw.get("freeformTags")?.get(name)?.as_str()
    }

    /// To which file it belongs.
    pub fn owner(&self) -> Option<&str> {
        self.tag(OWNER_TAG)
    }

    /// Which adapter or relationship of its file it is.
    pub fn key_tag(&self) -> Option<&str> {
        self.tag(KEY_TAG)
    }

    /// The free-form tags that are not ours.
    pub fn tags(&self) -> Map<String, Value> {
        let tags = self.raw.get("freeformTags").and_then(Value::as_object);
        let mut tags = tags.cloned().unwrap_or_default();
        tags.retain(|name, _| !name.starts_with(TAG_PREFIX));
        tags
    }

    /// Gets what lists leave out, and the etag.
    pub async fn complete(&mut self, control: &ControlClient) -> Result<(), Failure> {
        let cannot = |error: ClientError| {
            failed(&format!("Cannot get {} {}", word(self.kind), self.id), &error)
        };
        let (mut raw, etag) = control.resource_get(self.kind, &self.id).await.map_err(cannot)?;
        if self.kind == Kind::Model {
            let spec = control.model_spec(&self.id).await.map_err(cannot)?;
            let spec = serde_json::from_str(spec.get()).unwrap_or(Value::Null);
            raw["spec"] = spec;
        }
        (self.raw, self.etag) = (raw, etag);
        Ok(())
    }
}

/// All that a domain holds.
#[derive(Debug)]
pub struct State {
    /// Models, adapters, instances, relationships.
    pub found: Vec<Found>,
}

impl State {
    /// Lists all four kinds.
    pub async fn read(control: &ControlClient, domain: &str) -> Result<State, Failure> {
        let list = |kind| async move {
            let listed = control.resource_list(kind, domain).await;
            let listed = listed
                .map_err(|error| failed(&format!("Cannot list each {}", word(kind)), &error))?;
            let found = listed.into_iter().filter_map(|raw| Found::of(kind, raw));
            Ok::<Vec<Found>, Failure>(found.collect())
        };
        let (models, adapters, instances, relationships) = tokio::try_join!(
            list(Kind::Model),
            list(Kind::Adapter),
            list(Kind::Instance),
            list(Kind::Relationship),
        )?;
        let found = models.into_iter().chain(adapters).chain(instances).chain(relationships);
        Ok(State { found: found.collect() })
    }

    /// The resources of a kind.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &Found> {
        self.found.iter().filter(move |found| found.kind == kind)
    }
}

/// What OCIDs are called in the file.
#[derive(Debug, Default)]
pub struct Names(pub HashMap<String, String>);

impl Names {
    /// The name, else the OCID.
    fn name(&self, id: &str) -> String {
        self.0.get(id).cloned().unwrap_or_else(|| id.to_owned())
    }

    /// The members of a resource in the words of the file.
    pub fn members(&self, found: &Found) -> Map<String, Value> {
        let mut out = Map::new();
        let mut take = |to: &str, from: &str| {
            if let Some(value) = found.raw.get(from).filter(|value| !value.is_null()) {
                out.insert(to.to_owned(), value.clone());
            }
        };
        take("displayName", "displayName");
        take("description", "description");
        match found.kind {
            Kind::Model => take("spec", "spec"),
            Kind::Adapter => {
                take("model", "digitalTwinModelSpecUri");
                take("envelope", "inboundEnvelope");
                take("routes", "inboundRoutes");
            }
            Kind::Instance => {
                take("connectivityType", "connectivityType");
                take("authId", "authId");
                take("model", "digitalTwinModelSpecUri");
                take("adapter", "digitalTwinAdapterId");
                take("gateways", "gateways");
            }
            Kind::Relationship => {
                take("from", "sourceDigitalTwinInstanceId");
                take("path", "contentPath");
                take("to", "targetDigitalTwinInstanceId");
                take("content", "content");
            }
        }
        take("definedTags", "definedTags");
        for member in ["adapter", "from", "to"] {
            if let Some(Value::String(id)) = out.get_mut(member) {
                *id = self.name(id);
            }
        }
        if let Some(Value::Array(gateways)) = out.get_mut("gateways") {
            let mut names: Vec<String> =
                gateways.iter().filter_map(Value::as_str).map(|id| self.name(id)).collect();
            names.sort();
            *gateways = names.into_iter().map(Value::from).collect();
        }
        out.insert("tags".to_owned(), Value::Object(found.tags()));
        out
    }
}
