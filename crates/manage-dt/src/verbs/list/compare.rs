//! How far a twin on the platform is the twin of the files.

use iot_api::adapters::DigitalTwinAdapter;
use iot_api::instances::DigitalTwinInstance;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::verbs::create::plan::{Plan, Structure};

/// In one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// All parts are there, as the files have them.
    Exists,
    /// All parts are there, and one is not as the files have it.
    Drifted,
    /// Some parts are missing.
    Partial,
    /// There is no part.
    Absent,
    /// Several instances could be meant.
    Ambiguous,
    /// The files do not make a twin.
    Invalid,
}

impl State {
    pub fn word(self) -> &'static str {
        match self {
            State::Exists => "exists",
            State::Drifted => "drifted",
            State::Partial => "partial",
            State::Absent => "absent",
            State::Ambiguous => "ambiguous",
            State::Invalid => "invalid",
        }
    }
}

/// A twin of the file, and what was found of it.
#[derive(Debug, Default)]
pub struct Twin {
    pub name: String,
    /// Why the files do not make a twin.
    pub invalid: Option<String>,
    pub instance: Option<DigitalTwinInstance>,
    /// Instances of the twin's device name.
    pub instances: usize,
    pub has_structure: bool,
    pub missing_model: bool,
    pub missing_adapter: bool,
    /// What is not as in the files.
    pub drift: Vec<String>,
    pub last_heard: Option<String>,
}

impl Twin {
    pub fn named(name: &str) -> Twin {
        Twin { name: name.to_owned(), ..Twin::default() }
    }

    pub fn with_instances(mut self, plan: &Plan, mut found: Vec<DigitalTwinInstance>) -> Twin {
        self.has_structure = plan.structure.is_some();
        self.instances = found.len();
        let key = &plan.instance.external_key;
        // Another device may have the same name; the key says which one is the twin's.
        let same = found.iter().position(|instance| instance.external_key.as_ref() == Some(key));
        if same.is_none() && found.len() == 1 {
            self.drift.push("the instance has another external key".to_owned());
        }
        let at = same.or((found.len() == 1).then_some(0));
        self.instance = at.map(|at| found.swap_remove(at));
        self
    }

    /// A default adapter is the platform's own work; of a custom one, envelope and routes count.
    pub fn compare_adapter(&mut self, wanted: &Structure, found: &DigitalTwinAdapter) {
        let mut drift = |text: &str| self.drift.push(text.to_owned());
        if found.digital_twin_model_spec_uri != wanted.model_name {
            drift("the adapter is for another model");
        }
        if let Some(custom) = &wanted.custom {
            if differ(&custom.envelope, found.inbound_envelope.as_deref()) {
                drift("the adapter's envelope differs");
            }
            if differ(&custom.routes, found.inbound_routes.as_deref()) {
                drift("the adapter's routes differ");
            }
        }
        let used = self.instance.as_ref().map(|instance| &instance.digital_twin_adapter_id);
        if used.is_some_and(|used| used.as_ref() != Some(&found.id)) {
            drift("the instance uses another adapter");
        }
    }

    pub fn missing(&self) -> Vec<&'static str> {
        let parts = [
            (self.instance.is_none(), "instance"),
            (self.missing_model, "model"),
            (self.missing_adapter, "adapter"),
        ];
        parts.into_iter().filter_map(|(is_missing, part)| is_missing.then_some(part)).collect()
    }

    pub fn state(&self) -> State {
        let parts = if self.has_structure { 3 } else { 1 };
        match self.missing().len() {
            _ if self.invalid.is_some() => State::Invalid,
            _ if self.instance.is_none() && self.instances > 0 => State::Ambiguous,
            0 if self.drift.is_empty() => State::Exists,
            0 => State::Drifted,
            missing if missing == parts => State::Absent,
            _ => State::Partial,
        }
    }

    pub fn remarks(&self) -> String {
        let mut remarks = match self.state() {
            State::Invalid => self.invalid.iter().cloned().collect(),
            State::Ambiguous => vec![format!("{} instances have its name", self.instances)],
            State::Partial => vec![format!("missing: {}", self.missing().join(", "))],
            State::Exists | State::Drifted | State::Absent => Vec::new(),
        };
        remarks.extend(self.drift.iter().cloned());
        remarks.join("; ")
    }

    pub fn to_json(&self) -> Value {
        json!({
            "name": self.name,
            "state": self.state().word(),
            "missing": self.missing(),
            "drift": self.drift,
            "problem": self.invalid,
            "instanceId": self.instance.as_ref().map(|instance| &instance.id),
            "timeLastHeard": self.last_heard,
        })
    }
}

/// Whether two documents differ in more than members that are null or absent.
fn differ(wanted: &RawValue, found: Option<&RawValue>) -> bool {
    let read = |text: &RawValue| {
        let mut value: Value = serde_json::from_str(text.get()).unwrap_or_default();
        drop_nulls(&mut value);
        value
    };
    found.map(read) != Some(read(wanted))
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, value| !value.is_null());
            members.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_differ_by_what_they_say() {
        let raw = |text: &str| RawValue::from_string(text.to_owned()).unwrap();
        let wanted = raw(r#"{"a": 1, "b": [{"c": null}]}"#);
        assert!(!differ(&wanted, Some(&raw(r#"{"b":[{}],"a":1,"d":null}"#))));
        assert!(differ(&wanted, Some(&raw(r#"{"a":2,"b":[{}]}"#))));
        assert!(differ(&wanted, None));
    }

    #[test]
    fn states() {
        let instance = || {
            serde_json::from_value(json!({
                "id": "i", "iotDomainId": "d", "connectivityType": "DIRECT", "displayName": "n",
                "lifecycleState": "ACTIVE", "timeCreated": "t",
            }))
            .unwrap()
        };
        let whole = || Twin {
            instance: Some(instance()),
            instances: 1,
            has_structure: true,
            ..Twin::named("t")
        };
        assert_eq!(whole().state(), State::Exists);
        assert_eq!(Twin { drift: vec!["x".to_owned()], ..whole() }.state(), State::Drifted);
        let partial = Twin { missing_adapter: true, ..whole() };
        assert_eq!(
            (partial.state(), partial.remarks()),
            (State::Partial, "missing: adapter".into())
        );
        let two = Twin { instance: None, instances: 2, ..whole() };
        assert_eq!(two.state(), State::Ambiguous);
        assert_eq!(Twin::named("t").state(), State::Absent);
        let invalid = Twin { invalid: Some("no file".to_owned()), ..whole() };
        assert_eq!((invalid.state(), invalid.remarks()), (State::Invalid, "no file".to_owned()));
    }
}
