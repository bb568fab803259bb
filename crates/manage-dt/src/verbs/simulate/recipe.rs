//! What devices send: the reference payload with its leaves varied, so that the adapter accepts it.
//!
//! Nothing is guessed about the adapter: every variation is tried on the engine that runs live, and
//! a leaf whose variation is not accepted stays as it is. So it works for any jq program.

mod leaves;

use adapter::{Adapter, Message, Outcome};
use serde_json::{Map, Value, json};

use self::leaves::{Leaf, TimeForm};
use super::random::Random;
use crate::failure::Failure;

/// Payloads that are tried at the start, each with other draws.
const TRIALS: u64 = 64;
/// How far into the past a late message goes, seconds.
const LATE_S: (f64, f64) = (60.0, 3600.0);
const SECOND_US: f64 = 1e6;

/// How to make payloads.
pub struct Recipe {
    base: Value,
    leaves: Vec<Leaf>,
    time: Option<(String, TimeForm)>,
    /// A leaf and a value for it that the adapter rejects.
    spoiler: Option<(String, Value)>,
    is_structured: bool,
}

/// What is to be different about a payload.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flaws {
    /// Observed a while ago.
    pub late: bool,
    /// Cut off, so that it is no JSON.
    pub malformed: bool,
    /// With a value that the adapter rejects.
    pub out_of_range: bool,
}

impl Recipe {
    /// Payloads of a twin without a model: anything is taken.
    pub fn unstructured() -> Recipe {
        let base = json!({"device": "", "time": "", "value": 20.0});
        let time = Some(("/time".to_owned(), TimeForm::Text));
        let leaves = vec![Leaf::number("/value", 10.0, 30.0, 2)];
        Recipe { base, leaves, time, spoiler: None, is_structured: false }
    }

    /// Payloads that this adapter accepts on this endpoint, made of `base`.
    ///
    /// # Errors
    /// Exit 2 when the adapter rejects the base itself.
    pub fn of(adapter: &Adapter, endpoint: &str, base: &Value) -> Result<Recipe, Failure> {
        let now_us = jiff::Timestamp::now().as_microsecond();
        let judge = Judge { adapter, endpoint, now_us };
        judge.accepts(base).map_err(|why| {
            Failure::usage(format!("the adapter does not accept the payload to vary: {why}"))
                .hint("name a better one with --payload FILE; `adapter try` explains each step")
        })?;
        let mut recipe = Recipe {
            base: base.clone(),
            leaves: Vec::new(),
            time: leaves::time(base, &judge),
            spoiler: None,
            is_structured: true,
        };
        let time = recipe.time.as_ref().map(|(pointer, _)| pointer.as_str());
        recipe.leaves = leaves::of(base, time, &judge);
        recipe.keep_accepted(&judge)?;
        let time = recipe.time.as_ref().map(|(pointer, _)| pointer.as_str());
        recipe.spoiler = leaves::spoiler(&recipe.base, time, &judge);
        Ok(recipe)
    }

    /// The payload to vary when there is none: one value for each element of the model that the
    /// adapter takes.
    pub fn base_of_model(adapter: &Adapter, endpoint: &str) -> Value {
        let now_us = jiff::Timestamp::now().as_microsecond();
        let judge = Judge { adapter, endpoint, now_us };
        let mut data = Map::new();
        for element in &adapter.model().elements {
            let value = leaves::sample(&element.schema, &element.constraints);
            let mut alone = data.clone();
            insert(&mut alone, &element.path, value);
            // Of what cannot be made up, such as a text with a pattern, there is none.
            if judge.accepts(&Value::Object(alone.clone())).is_ok() {
                data = alone;
            }
        }
        data.entry("time").or_insert_with(|| json!(now_us));
        Value::Object(data)
    }

    /// Whether an adapter looks at them.
    pub fn is_structured(&self) -> bool {
        self.is_structured
    }

    /// Whether payloads say when they were observed.
    pub fn has_time(&self) -> bool {
        self.time.is_some()
    }

    /// Whether there is a value that the adapter rejects.
    pub fn has_spoiler(&self) -> bool {
        self.spoiler.is_some()
    }

    /// One payload.
    pub fn payload(&self, key: &str, random: &mut Random, now_us: i64, flaws: Flaws) -> Vec<u8> {
        let mut value = self.base.clone();
        for leaf in &self.leaves {
            leaf.vary(&mut value, random);
        }
        let late_us = (LATE_S.0 + random.share() * (LATE_S.1 - LATE_S.0)) * SECOND_US;
        let cut = random.share();
        if let Some((pointer, form)) = &self.time {
            let observed_us = if flaws.late { now_us - late_us as i64 } else { now_us };
            set(&mut value, pointer, form.value(observed_us));
        }
        if !self.is_structured {
            set(&mut value, "/device", json!(key));
        }
        if let (true, Some((pointer, spoiled))) = (flaws.out_of_range, &self.spoiler) {
            set(&mut value, pointer, spoiled.clone());
        }
        let mut text = value.to_string().into_bytes();
        if flaws.malformed {
            // Something is left, and the last bracket never is.
            let rest = 1 + ((text.len() - 1) as f64 * cut) as usize;
            text.truncate(rest.min(text.len() - 1));
        }
        text
    }

    /// Leaves vary only as far as all of them together are accepted.
    fn keep_accepted(&mut self, judge: &Judge<'_>) -> Result<(), Failure> {
        while let Some(why) = self.trial(judge) {
            // A pair of leaves may have to fit together: the last one stays as it is then.
            if self.leaves.pop().is_none() {
                return Err(Failure::usage(format!(
                    "the adapter does not accept the payload with the present time in it: {why}"
                )));
            }
        }
        Ok(())
    }

    /// Why one of some payloads is not accepted.
    fn trial(&self, judge: &Judge<'_>) -> Option<String> {
        (0..TRIALS).find_map(|number| {
            let mut random = Random::of(0, [number, u64::MAX]);
            let payload = self.payload("", &mut random, judge.now_us, Flaws::default());
            judge.judge(&payload).err()
        })
    }
}

/// The adapter, asked whether it takes a payload.
struct Judge<'a> {
    adapter: &'a Adapter,
    endpoint: &'a str,
    now_us: i64,
}

impl Judge<'_> {
    /// The observed time of an accepted payload, or why it is not accepted.
    fn accepts(&self, payload: &Value) -> Result<i64, String> {
        self.judge(payload.to_string().as_bytes())
    }

    fn judge(&self, content: &[u8]) -> Result<i64, String> {
        let endpoint = self.endpoint;
        let message = Message { endpoint, content, time_received_us: self.now_us };
        match self.adapter.normalise(&message) {
            Outcome::Values(normalized) => Ok(normalized.time_observed_us),
            Outcome::Delegated(_) => Ok(self.now_us),
            Outcome::Rejected(rejection) => {
                Err(format!("{} {}", rejection.code, rejection.message))
            }
        }
    }
}

/// Puts a value at a place that exists.
fn set(value: &mut Value, pointer: &str, new: Value) {
    if let Some(place) = value.pointer_mut(pointer) {
        *place = new;
    }
}

/// Puts a value under a content path, which has one dot if it lies in a component.
fn insert(data: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            data.insert(path.to_owned(), value);
        }
        Some((component, name)) => {
            let component = data.entry(component).or_insert_with(|| json!({}));
            if let Value::Object(members) = component {
                members.insert(name.to_owned(), value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::templates::{ADAPTER_ENVELOPE, ADAPTER_ROUTES, MODEL_CUSTOM};

    fn model(text: &str) -> Arc<dtdl::Model> {
        let text = text.replace("\"placeholder\"", "\"dtmi:com:example:t;1\"");
        let interface = dtdl::Interface::parse(&text).unwrap();
        Arc::new(dtdl::Model::resolve(interface, &|_| None).unwrap())
    }

    fn interface(contents: &str) -> Arc<dtdl::Model> {
        model(&format!(
            r#"{{"@context": ["dtmi:dtdl:context;3", "dtmi:com:oracle:dtdl:extension:validation;1"],
                "@id": "placeholder", "@type": "Interface", "contents": {contents}}}"#
        ))
    }

    fn made(recipe: &Recipe, flaws: Flaws) -> Vec<Vec<u8>> {
        let now_us = jiff::Timestamp::now().as_microsecond();
        let one = |n| recipe.payload("k", &mut Random::of(1, [n, 0]), now_us, flaws);
        (0..300).map(one).collect()
    }

    fn accepted(adapter: &Adapter, endpoint: &str, payloads: &[Vec<u8>]) -> usize {
        let now_us = jiff::Timestamp::now().as_microsecond();
        let judge = Judge { adapter, endpoint, now_us };
        payloads.iter().filter(|payload| judge.judge(payload).is_ok()).count()
    }

    #[test]
    fn payloads_of_a_custom_adapter_vary_and_are_accepted() {
        let envelope: Value = serde_json::from_str(ADAPTER_ENVELOPE).unwrap();
        let routes: Value = serde_json::from_str(ADAPTER_ROUTES).unwrap();
        let adapter =
            Adapter::compile(model(MODEL_CUSTOM), Some(&envelope), Some(&routes)).unwrap();
        let endpoint = "iot/v1/telemetry";
        let base = &envelope["referencePayload"]["data"];
        let recipe = Recipe::of(&adapter, endpoint, base).unwrap();
        assert!(recipe.has_time() && recipe.has_spoiler());
        let payloads = made(&recipe, Flaws::default());
        assert_eq!(accepted(&adapter, endpoint, &payloads), 300);
        let values: Vec<Value> =
            payloads.iter().map(|text| serde_json::from_slice(text).unwrap()).collect();
        for member in ["humidity", "pressure", "count"] {
            assert!(values.iter().any(|value| value[member] != values[0][member]), "{member}");
        }
        assert!(values.iter().all(|value| value["count"].is_i64()));
        for flaws in [
            Flaws { malformed: true, ..Flaws::default() },
            Flaws { out_of_range: true, ..Flaws::default() },
        ] {
            assert_eq!(accepted(&adapter, endpoint, &made(&recipe, flaws)), 0, "{flaws:?}");
        }
        let late = made(&recipe, Flaws { late: true, ..Flaws::default() });
        assert_eq!(accepted(&adapter, endpoint, &late), 300);
    }

    #[test]
    fn payloads_of_a_default_adapter_keep_to_the_model() {
        let model = interface(
            r#"[{"@type": "Telemetry", "name": "level", "schema": "double"},
                {"@type": "Telemetry", "name": "on", "schema": "boolean"},
                {"@type": "Telemetry", "name": "day", "schema": "date"},
                {"@type": "Telemetry", "name": "at", "schema": "dateTime"},
                {"@type": "Telemetry", "name": "mode", "schema": {"@type": "Enum",
                  "valueSchema": "string", "enumValues": [
                  {"name": "a", "enumValue": "auto"}, {"name": "b", "enumValue": "manual"}]}},
                {"@type": "Telemetry", "name": "place", "schema": "point"},
                {"@type": "Telemetry", "name": "list", "schema": {"@type": "Array",
                  "elementSchema": "integer"}}]"#,
        );
        let adapter = Adapter::compile(model, None, None).unwrap();
        let base = Recipe::base_of_model(&adapter, "telemetry");
        for member in ["level", "on", "day", "at", "mode", "place", "list"] {
            assert!(!base[member].is_null(), "{member}: {base}");
        }
        let recipe = Recipe::of(&adapter, "telemetry", &base).unwrap();
        let payloads = made(&recipe, Flaws::default());
        assert_eq!(accepted(&adapter, "telemetry", &payloads), 300);
        let modes: Vec<Value> = payloads
            .iter()
            .map(|text| serde_json::from_slice::<Value>(text).unwrap()["mode"].clone())
            .collect();
        assert!(modes.contains(&json!("auto")) && modes.contains(&json!("manual")));
    }

    #[test]
    fn a_program_of_its_own_is_asked_and_not_guessed() {
        // Only even numbers below 100, and a text that must stay.
        let routes = json!([{"condition": "*", "payloadMapping": {
            "$.level": "${ if .kind == \"m\" and .raw % 2 == 0 and .raw < 100 then .raw else error(\"no\") end }"
        }}]);
        let envelope = json!({"referenceEndpoint": "/t", "envelopeMapping": {},
            "referencePayload": {"dataFormat": "JSON", "data": {"kind": "m", "raw": 98}}});
        let model = interface(r#"[{"@type": "Telemetry", "name": "level", "schema": "integer"}]"#);
        let adapter = Adapter::compile(model, Some(&envelope), Some(&routes)).unwrap();
        let base = &envelope["referencePayload"]["data"];
        let recipe = Recipe::of(&adapter, "t", base).unwrap();
        assert_eq!(accepted(&adapter, "t", &made(&recipe, Flaws::default())), 300);
        assert!(!recipe.has_time());
        let bad = Recipe::of(&adapter, "t", &json!({"kind": "x"}));
        assert!(bad.is_err_and(|failure| failure.message.unwrap().contains("does not accept")));
    }

    #[test]
    fn payloads_without_model_say_who_sent_them() {
        let recipe = Recipe::unstructured();
        let value: Value = serde_json::from_slice(&made(&recipe, Flaws::default())[0]).unwrap();
        assert_eq!(value["device"], "k");
        assert!(value["time"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
        let cut = made(&recipe, Flaws { malformed: true, ..Flaws::default() });
        assert!(cut.iter().all(|text| serde_json::from_slice::<Value>(text).is_err()));
        assert!(cut.iter().all(|text| !text.is_empty()));
    }
}
