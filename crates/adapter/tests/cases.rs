//! Runs the case files in `tests/cases/adapters`: a definition, a model, messages, and what each
//! must turn into. `UPDATE=1` writes what they do turn into; review the difference.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use adapter::{Adapter, Message, Outcome};
use serde_json::{Map, Value, json};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases/adapters")
}

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).expect("the file is there");
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn model(name: &str) -> Arc<dtdl::Model> {
    let path = folder().join(format!("models/{name}.json"));
    let text = std::fs::read_to_string(path).expect("the model is there");
    let interface = dtdl::Interface::parse(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
    Arc::new(dtdl::Model::resolve(interface, &|_| None).unwrap_or_else(|e| panic!("{name}: {e}")))
}

fn describe(outcome: Outcome, model: &dtdl::Model) -> Value {
    match outcome {
        Outcome::Values(normalized) => {
            let values: Map<String, Value> = normalized
                .values
                .into_iter()
                .map(|v| (model.elements[v.element].path.to_string(), Value::String(v.value)))
                .collect();
            json!({"values": {"timeObservedUs": normalized.time_observed_us, "values": values}})
        }
        Outcome::Rejected(rejection) => {
            json!({"rejected": {"code": rejection.code, "message": rejection.message}})
        }
        Outcome::Delegated(delegation) => json!({"delegated": {
            "target": delegation.target,
            "content": String::from_utf8_lossy(&delegation.content),
            "timeObservedUs": delegation.time_observed_us,
        }}),
    }
}

/// The case with what really happens in place of what is expected.
fn run(case: &Value) -> Value {
    let mut actual = case.clone();
    let model = model(case["model"].as_str().expect("a model"));
    let adapter = Adapter::compile(model.clone(), case.get("envelope"), case.get("routes"));
    let adapter = match adapter {
        Ok(adapter) => adapter,
        Err(diagnostics) => {
            let lines: Vec<_> = diagnostics.iter().map(ToString::to_string).collect();
            actual["diagnostics"] = json!(lines);
            return actual;
        }
    };
    for message in actual["messages"].as_array_mut().expect("messages") {
        let content = match &message["content"] {
            Value::String(text) => text.clone(),
            value => value.to_string(),
        };
        let outcome = adapter.normalise(&Message {
            endpoint: message["endpoint"].as_str().expect("an endpoint"),
            content: content.as_bytes(),
            time_received_us: message["timeReceivedUs"].as_i64().expect("a time"),
        });
        message["expect"] = describe(outcome, &model);
    }
    actual
}

#[test]
fn cases() {
    let mut failed = Vec::new();
    let mut count = 0;
    for entry in std::fs::read_dir(folder()).expect("the cases are there") {
        let path = entry.expect("readable").path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        count += 1;
        let case = read(&path);
        let actual = run(&case);
        if std::env::var_os("UPDATE").is_some() {
            let text = serde_json::to_string_pretty(&actual).expect("a value") + "\n";
            std::fs::write(&path, text).expect("writable");
        } else if actual != case {
            failed.push(format!("{}\nexpected {case:#}\nfound {actual:#}", path.display()));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
    assert!(count >= 17, "only {count} cases found");
}
