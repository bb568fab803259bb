//! Whatever comes in, normalising and compiling answer instead of panicking.

use std::sync::Arc;

use adapter::{Adapter, Message, Outcome};
use proptest::prelude::*;
use serde_json::json;

fn model() -> Arc<dtdl::Model> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/cases/adapters/models/pump.json");
    let text = std::fs::read_to_string(path).expect("the model is there");
    let interface = dtdl::Interface::parse(&text).expect("valid");
    Arc::new(dtdl::Model::resolve(interface, &|_| None).expect("complete"))
}

fn adapters() -> Vec<Adapter> {
    let envelope = json!({"referenceEndpoint": "/", "envelopeMapping": {
        "timeObserved": "$.time", "target": "${.to?}", "contentRoot": "$.a"}});
    let routes = json!([
        {"condition": "$.b", "payloadMapping": {"$": "${.a}", "$.state": "x-${.b}"}},
        {"condition": "*", "payloadMapping": {
            "$.flowRate": "$.a", "$.velocity": "${.a | floor}", "$.state": "$..b",
            "$.limits.low": "$.a[0]", "$.file.commandDetails": "$", "$.readings": "$.a[*]"}},
    ]);
    let costly = json!([
        {"condition": "$..[?count(@..a) == count($..b)]", "payloadMapping": {"$.state": "$..*..*..*"}},
        {"condition": "${[..] | length > 3}", "payloadMapping": {
            "$.state": "${tojson}", "$.file": "${{commandDetails: .}}",
            "$.velocity": "${[.. | numbers] | add}"}},
        {"condition": "${true}", "target": "${.to | strings}", "contentRoot": "$..a"},
    ]);
    vec![
        Adapter::compile(model(), None, None).expect("valid"),
        Adapter::compile(model(), Some(&envelope), Some(&routes)).expect("valid"),
        Adapter::compile(model(), None, Some(&costly)).expect("valid"),
    ]
}

/// JSON that uses the names the adapters look for.
fn payload() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|b| json!(b)),
        any::<i64>().prop_map(|n| json!(n)),
        any::<f64>().prop_map(|n| json!(n)),
        "[ -~]{0,8}".prop_map(|s| json!(s)),
        "-?[0-9]{1,4}(\\.[0-9]{1,3})?".prop_map(|s| json!(s)),
    ];
    let names = "time|to|a|b|flowRate|velocity|motor|state|limits|readings|low|position";
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(|v| json!(v)),
            prop::collection::btree_map(names, inner, 0..6).prop_map(|m| json!(m)),
        ]
    })
}

fn check(adapter: &Adapter, endpoint: &str, content: &[u8]) {
    let message = Message { endpoint, content, time_received_us: 1 };
    let outcome = adapter.normalise(&message);
    // Whoever asks why gets the answer that the message got.
    assert_eq!(adapter.explain(&message).outcome, outcome);
    if let Outcome::Values(normalized) = outcome {
        assert!(!normalized.values.is_empty());
        for value in normalized.values {
            assert!(value.element < adapter.model().elements.len());
            serde_json::from_str::<serde_json::Value>(&value.value).expect("JSON");
        }
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes(endpoint in ".{0,20}", content in prop::collection::vec(any::<u8>(), 0..200)) {
        adapters().iter().for_each(|adapter| check(adapter, &endpoint, &content));
    }

    #[test]
    fn arbitrary_json(content in payload()) {
        let content = content.to_string();
        adapters().iter().for_each(|adapter| check(adapter, "a/b", content.as_bytes()));
    }

    #[test]
    fn broken_json(content in payload(), at in 0usize..100, byte in any::<u8>()) {
        let mut content = content.to_string().into_bytes();
        let at = at % content.len();
        content[at] = byte;
        adapters().iter().for_each(|adapter| check(adapter, "a/b", &content));
    }

    #[test]
    fn arbitrary_expressions(text in "[$*]?[.\\[\\]{}()'\"$a-c|,0-9 @?:;=<>+*/#\\\\-]{0,40}") {
        let routes = json!([{"condition": format!("${{{text}}}"),
            "payloadMapping": {"$.flowRate": text, "$.state": format!("${{{text}}}")}}]);
        let _ = Adapter::compile(model(), None, Some(&routes));
        let routes = json!([{"condition": "*", "payloadMapping": {"$.state": format!("${{{text}}}")}}]);
        if let Ok(adapter) = Adapter::compile(model(), None, Some(&routes)) {
            check(&adapter, "a/b", br#"{"a":1,"b":[2,{"c":"3"}]}"#);
        }
    }
}
