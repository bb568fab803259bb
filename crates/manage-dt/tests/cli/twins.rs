//! `list` and `show` against a stand-in.

use serde_json::{Value, json};

use crate::kit::{DOMAIN, Desk, Fake};

const INSTANCES: &str = "/20250531/digitalTwinInstances";
const ADAPTERS: &str = "/20250531/digitalTwinAdapters";
const MODELS: &str = "/20250531/digitalTwinModels";
const DTMI: &str = "dtmi:com:oracle:k:m5:env:cstm;1";
const TIME: &str = "2026-01-05T21:31:40.123456Z";
const INSTANCE: &str = "ocid1.iotdigitaltwininstance.oc0.local-1.i";
const ADAPTER: &str = "ocid1.iotdigitaltwinadapter.oc0.local-1.a";
const MODEL: &str = "ocid1.iotdigitaltwinmodel.oc0.local-1.m";

fn instance() -> Value {
    json!({
        "id": INSTANCE, "iotDomainId": DOMAIN, "connectivityType": "DIRECT",
        "lifecycleState": "ACTIVE", "externalKey": "k-m5-env-cstm-01",
        "displayName": "k-m5-env-cstm-01", "timeCreated": TIME, "digitalTwinAdapterId": ADAPTER,
        "digitalTwinModelId": MODEL, "digitalTwinModelSpecUri": DTMI,
    })
}

/// The adapter as the list has it; its single form has envelope and routes as well.
fn adapter() -> Value {
    json!({
        "id": ADAPTER, "iotDomainId": DOMAIN, "digitalTwinModelId": MODEL,
        "digitalTwinModelSpecUri": DTMI, "displayName": "k-m5-env-cstm-adapter",
        "lifecycleState": "ACTIVE", "timeCreated": TIME,
    })
}

fn whole_adapter(desk: &Desk) -> Value {
    let file = |name: &str| -> Value {
        serde_json::from_str(&desk.read(&format!("data/{name}"))).unwrap()
    };
    let mut adapter = adapter();
    adapter["inboundEnvelope"] = file("m5_adapter_envelope.json");
    adapter["inboundRoutes"] = file("m5_adapter_routes.json");
    adapter
}

/// A platform that has the custom twin and nothing else.
fn platform(adapter_shown: &Value) -> Fake {
    let fake = Fake::start();
    let model = json!({
        "id": MODEL, "iotDomainId": DOMAIN, "specUri": DTMI, "displayName": DTMI,
        "lifecycleState": "ACTIVE", "timeCreated": TIME,
    });
    fake.on(&format!("GET {MODELS}"), 200, json!({"items": [model]}));
    fake.on(&format!("GET {ADAPTERS}"), 200, json!({"items": [adapter()]}));
    fake.on(&format!("GET {INSTANCES}"), 200, json!({"items": [instance()]}));
    fake.on(&format!("GET {MODELS}/{MODEL}"), 200, model);
    fake.on(&format!("GET {ADAPTERS}/{ADAPTER}"), 200, adapter_shown);
    let content = json!({
        "_metadata": {"count": {"timeObserved": "2026-01-05T21:31:41.000000+00:00"},
            "timeLastHeard": "2026-01-05T21:31:42.000000+00:00"},
        "count": 7,
    });
    fake.on(&format!("GET {INSTANCES}/{INSTANCE}/content"), 200, content);
    fake
}

fn listed(desk: &Desk, fake: &Fake) -> Vec<Value> {
    let (code, out, err) = desk.run(&["--endpoint", &fake.address, "--output", "json", "list"]);
    assert_eq!((code, err.as_str()), (0, ""));
    let mut document: Value = serde_json::from_str(&out).unwrap();
    serde_json::from_value(document["digitalTwins"].take()).unwrap()
}

#[test]
fn list_tells_what_exists_and_what_is_missing() {
    let desk = Desk::new();
    let fake = platform(&whole_adapter(&desk));
    let twins = listed(&desk, &fake);
    let names: Vec<&Value> = twins.iter().map(|twin| &twin["name"]).collect();
    assert_eq!(names, ["unstructured", "default-adapter", "custom-adapter"]);
    let states: Vec<&Value> = twins.iter().map(|twin| &twin["state"]).collect();
    assert_eq!(states, ["absent", "absent", "exists"]);
    assert_eq!(twins[1]["missing"], json!(["instance", "model", "adapter"]));
    assert_eq!(twins[2]["timeLastHeard"], "2026-01-05T21:31:42.000000+00:00");
    let is_content = |line: &&String| line.contains("/content");
    let asked = fake.requests();
    let asked: Vec<&String> = asked.iter().filter(is_content).collect();
    assert!(asked[0].contains("shouldIncludeMetadata=true"), "{asked:?}");

    let (code, out, _) = desk.run(&["--endpoint", &fake.address, "list"]);
    assert_eq!(code, 0);
    assert!(out.lines().all(|line| line.chars().count() <= 80), "{out}");
    assert!(out.contains("2026-01-05 21:31:42"), "{out}");
}

#[test]
fn list_tells_how_an_adapter_has_drifted() {
    let desk = Desk::new();
    let mut changed = whole_adapter(&desk);
    changed["inboundRoutes"][0]["condition"] = json!("*");
    let twins = listed(&desk, &platform(&changed));
    assert_eq!(twins[2]["state"], "drifted");
    assert_eq!(twins[2]["drift"], json!(["the adapter's routes differ"]));
}

#[test]
fn list_goes_on_behind_a_twin_that_is_wrong() {
    let desk = Desk::new();
    let fake = platform(&whole_adapter(&desk));
    std::fs::remove_file(desk.path("data/m5_model_default.json")).unwrap();
    let twins = listed(&desk, &fake);
    assert_eq!(twins[1]["state"], "invalid");
    let problem = twins[1]["problem"].as_str().unwrap();
    assert!(problem.contains("m5_model_default.json"), "{problem}");
    assert_eq!(twins[2]["state"], "exists");
}

#[test]
fn show_has_all_parts() {
    let desk = Desk::new();
    let fake = platform(&whole_adapter(&desk));
    let arguments = ["--endpoint", &fake.address, "--output", "json", "show", "custom-adapter"];
    let (code, out, err) = desk.run(&arguments);
    assert_eq!((code, err.as_str()), (0, ""));
    let document: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(document["instance"]["id"], INSTANCE);
    assert_eq!(document["model"]["specUri"], DTMI);
    assert!(document["adapter"]["inboundRoutes"].is_array());
    assert_eq!(document["content"]["count"], 7);
    assert!(document["content"]["_metadata"]["count"]["timeObserved"].is_string());
    assert_eq!(fake.requests().len(), 4, "one list, then three at once");

    let (code, out, _) = desk.run(&["--endpoint", &fake.address, "show", "custom-adapter"]);
    assert_eq!(code, 0);
    for words in [INSTANCE, DTMI, "k-m5-env-cstm-adapter", "2026-01-05 21:31:41", "count"] {
        assert!(out.contains(words), "{words} in\n{out}");
    }
}

#[test]
fn show_of_what_does_not_exist() {
    let desk = Desk::new();
    let fake = Fake::start();
    fake.on(&format!("GET {INSTANCES}"), 200, json!({"items": []}));
    let (code, out, err) = desk.run(&["--endpoint", &fake.address, "show", "custom-adapter"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains("manage-dt create custom-adapter"), "{err}");
}
