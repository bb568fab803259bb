//! Content of instances: the latest values (control-plane.md 5.7).

use serde_json::{Map, Value};

use crate::clock::rfc3339_offset;
use crate::error::Refusal;
use crate::limits::DELETED_CONTENT_US;
use crate::platform::Platform;
use crate::store::{Instance, Lifecycle, PastContent, Snapshot, Stored};

impl Platform {
    /// Latest values, components nested, and the etag of this content.
    ///
    /// # Errors
    /// `NotAuthorizedOrNotFound` for an instance that does not exist, has no model, or was deleted
    /// more than a day ago.
    pub async fn instance_content(
        &self,
        id: &str,
        with_metadata: bool,
    ) -> Result<(Value, String), Refusal> {
        let instance = self.instance_get(id).await?;
        let (now_us, common) = (self.now_us(), &instance.common);
        if common.lifecycle == Lifecycle::Deleted
            && now_us - common.time_updated_us > DELETED_CONTENT_US
        {
            return Err(Refusal::not_found("content of the digital twin instance", id));
        }
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

    /// Content as of an instant, by time observed; `None` when the domain has no such instance.
    /// Deleted ones have one too, as long as their data is kept.
    ///
    /// # Errors
    /// The store's.
    pub async fn content_at(
        &self,
        domain_id: &str,
        instance_id: &str,
        at_us: i64,
    ) -> Stored<Option<PastContent>> {
        let instance = self.store().get::<Instance>(instance_id).await?;
        match instance.filter(|one| one.common.parent_id == domain_id) {
            Some(instance) => self.store().content_at(instance.no, at_us).await.map(Some),
            None => Ok(None),
        }
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
