//! Instances: create, read, list, content, delete (control-plane.md 5.5, 5.7).

use iot_api::instances::CreateDigitalTwinInstanceDetails;
use serde_json::{Map, Value};

use crate::clock::rfc3339_offset;
use crate::error::Refusal;
use crate::list::{ListQuery, Listed};
use crate::platform::Platform;
use crate::store::{Instance, Lifecycle, Snapshot, TwinNo};
use crate::validate::{Findings, not_blank};

impl Platform {
    /// Checks an instance and keeps it.
    ///
    /// # Errors
    /// `InvalidParameter` with every finding; `RelatedResourceNotAuthorizedOrNotFound`;
    /// `NotAuthorizedOrResourceAlreadyExists` for an external key that is taken.
    pub async fn instance_create(
        &self,
        details: CreateDigitalTwinInstanceDetails,
    ) -> Result<Instance, Refusal> {
        let domain_id = details.iot_domain_id.clone();
        self.domain_of_body(&domain_id).await?;
        let external_key = not_blank(details.external_key.clone())
            .unwrap_or_else(|| oci_core::ocid::random_text(32));
        let mut findings = Findings::default();
        findings.display_name(details.display_name.as_deref());
        findings.description(details.description.as_deref());
        findings.external_key(&external_key);
        let tags = findings.tags(details.freeform_tags.clone(), details.defined_tags.clone());
        findings.check()?;
        let connectivity_type = self.connectivity(&details).await?;
        let (model_id, spec_uri) = self.model_of_instance(&domain_id, &details).await?;
        let mut common =
            self.new_common("iotdigitaltwininstance", domain_id.clone(), details.display_name);
        common.description = details.description;
        common.tags = tags;
        let id = common.id.clone();
        let instance = Instance {
            common,
            no: TwinNo(0),
            connectivity_type,
            auth_id: details.auth_id,
            external_key: external_key.clone(),
            model_id,
            spec_uri,
            adapter_id: details.digital_twin_adapter_id,
        };
        self.store().instance_create(&instance).await?;
        self.twins.forget(&domain_id, &external_key);
        self.instance_get(&id).await
    }

    /// An instance.
    ///
    /// # Errors
    /// `NotAuthorizedOrNotFound`.
    pub async fn instance_get(&self, id: &str) -> Result<Instance, Refusal> {
        let instance = self.store().instance_get(id).await?;
        instance.ok_or_else(|| Refusal::not_found("digital twin instance", id))
    }

    /// One page of instances.
    ///
    /// # Errors
    /// The store's.
    pub async fn instance_list(&self, query: ListQuery) -> Result<Listed<Instance>, Refusal> {
        Ok(self.store().instance_list(&query).await?)
    }

    /// Deletes an instance; its live sessions end with their next message.
    ///
    /// # Errors
    /// `NoEtagMatch`, `NotAuthorizedOrNotFound`.
    pub async fn instance_delete(&self, id: &str, etag: Option<String>) -> Result<(), Refusal> {
        let instance = self.instance_get(id).await?;
        self.store().instance_delete(&self.deletion(id, etag)).await?;
        self.twins.forget(&instance.common.parent_id, &instance.external_key);
        self.sessions_end(instance.no).await;
        self.commands.twin_gone(instance.no).await;
        Ok(())
    }

    /// Latest values, components nested, and the etag of this content.
    ///
    /// # Errors
    /// `NotAuthorizedOrNotFound` for an instance that does not exist or has no model.
    pub async fn instance_content(
        &self,
        id: &str,
        with_metadata: bool,
    ) -> Result<(Value, String), Refusal> {
        let instance = self.instance_get(id).await?;
        if instance.model_id.is_none() {
            return Err(Refusal::new(
                iot_api::ErrorCode::NotAuthorizedOrNotFound,
                format!(
                    "digital twin instance '{id}' has no model, hence no content; its messages are raw data"
                ),
            ));
        }
        let snapshot = self.store().instance_content(instance.no).await?;
        let content = content_of(&snapshot, with_metadata);
        let etag = etag_of(&content);
        Ok((content, etag))
    }

    /// The connectivity type asked for, or the one that follows from the other members.
    async fn connectivity(
        &self,
        details: &CreateDigitalTwinInstanceDetails,
    ) -> Result<String, Refusal> {
        let gateways = details.gateways.as_deref().unwrap_or_default();
        let derived = match (&details.auth_id, gateways) {
            (Some(_), _) => "DIRECT",
            (None, [_, ..]) => "INDIRECT",
            (None, []) => "NONE",
        };
        let asked = details.connectivity_type.as_deref().unwrap_or(derived);
        match asked {
            "DIRECT" if details.auth_id.is_none() => {
                return Err(Refusal::invalid("connectivityType DIRECT needs an authId"));
            }
            "DIRECT" | "NONE" if !gateways.is_empty() => {
                return Err(Refusal::invalid(format!(
                    "connectivityType {asked} does not go with gateways"
                )));
            }
            "DIRECT" | "NONE" => {}
            "GATEWAY" | "INDIRECT" => {
                return Err(Refusal::not_implemented(&format!(
                    "CreateDigitalTwinInstance with connectivityType {asked}"
                )));
            }
            other => {
                return Err(Refusal::invalid(format!(
                    "connectivityType is '{other}'; it must be DIRECT, INDIRECT, GATEWAY or NONE"
                )));
            }
        }
        if let Some(auth_id) = &details.auth_id
            && self.secret_get(auth_id).await?.is_none()
        {
            return Err(Refusal::related("authId", auth_id));
        }
        Ok(asked.to_owned())
    }

    /// OCID and DTMI of the model, which an adapter brings along.
    async fn model_of_instance(
        &self,
        domain_id: &str,
        details: &CreateDigitalTwinInstanceDetails,
    ) -> Result<(Option<String>, Option<String>), Refusal> {
        let named = self
            .model_of_body(
                domain_id,
                details.digital_twin_model_id.as_deref(),
                details.digital_twin_model_spec_uri.as_deref(),
            )
            .await?;
        let Some(adapter_id) = details.digital_twin_adapter_id.as_deref() else {
            return Ok(match named {
                Some(model) => (Some(model.common.id), Some(model.spec_uri)),
                None => (None, None),
            });
        };
        let adapter = self.store().adapter_get(adapter_id).await?.filter(|adapter| {
            adapter.common.parent_id == domain_id && adapter.common.lifecycle == Lifecycle::Active
        });
        let adapter =
            adapter.ok_or_else(|| Refusal::related("digitalTwinAdapterId", adapter_id))?;
        if named.is_some_and(|model| model.common.id != adapter.model_id) {
            return Err(Refusal::invalid(
                "the model of digitalTwinAdapterId is another one than the model named beside it",
            ));
        }
        if self.adapter_compiled(adapter_id).await?.has_target_mapping() {
            return Err(Refusal::invalid(
                "the adapter maps a target, so it fits twins of connectivityType GATEWAY only",
            ));
        }
        Ok((Some(adapter.model_id), Some(adapter.spec_uri)))
    }
}

/// Nests `component.name` paths and adds `_metadata` when asked.
fn content_of(snapshot: &Snapshot, with_metadata: bool) -> Value {
    let mut content = Map::new();
    let mut metadata = Map::new();
    if let Some(heard_us) = snapshot.time_last_heard_us.filter(|_| with_metadata) {
        metadata.insert("timeLastHeard".to_owned(), rfc3339_offset(heard_us).into());
    }
    for (path, text, time_us) in &snapshot.values {
        insert(&mut content, path, serde_json::from_str(text).unwrap_or(Value::Null));
        if with_metadata {
            let observed = serde_json::json!({"timeObserved": rfc3339_offset(*time_us)});
            // The instance's own value wins over an element of this name (control-plane.md 5.7).
            if path != "timeLastHeard" {
                insert(&mut metadata, path, observed);
            }
        }
    }
    if with_metadata {
        content.insert("_metadata".to_owned(), Value::Object(metadata));
    }
    Value::Object(content)
}

fn insert(object: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            object.insert(path.to_owned(), value);
        }
        Some((component, rest)) => {
            let nested = object.entry(component).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(nested) = nested {
                insert(nested, rest, value);
            }
        }
    }
}

fn etag_of(content: &Value) -> String {
    let digest =
        aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, content.to_string().as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_are_nested_and_metadata_mirrors_them() {
        let snapshot = Snapshot {
            values: vec![
                ("flowRate".into(), "247.5".into(), 1_788_372_120_000_000),
                ("motor.temperature".into(), "68.4".into(), 1_788_372_120_000_000),
            ],
            time_last_heard_us: Some(1_788_372_120_000_000),
        };
        let time = "2026-09-02T18:02:00.000000+00:00";
        assert_eq!(
            content_of(&snapshot, false),
            serde_json::json!({"flowRate": 247.5, "motor": {"temperature": 68.4}})
        );
        assert_eq!(
            content_of(&snapshot, true)["_metadata"],
            serde_json::json!({
                "timeLastHeard": time,
                "flowRate": {"timeObserved": time},
                "motor": {"temperature": {"timeObserved": time}},
            })
        );
        assert_eq!(content_of(&Snapshot::default(), true), serde_json::json!({"_metadata": {}}));
    }
}
