//! What bounds an adapter: definitions that are refused, and messages that cost themselves a
//! rejection and nobody else anything.

use std::sync::Arc;
use std::time::{Duration, Instant};

use adapter::{Adapter, Message, Outcome};
use serde_json::{Value, json};

fn model() -> Arc<dtdl::Model> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/cases/adapters/models/pump.json");
    let text = std::fs::read_to_string(path).expect("the model is there");
    let interface = dtdl::Interface::parse(&text).expect("valid");
    Arc::new(dtdl::Model::resolve(interface, &|_| None).expect("complete"))
}

fn compiled(routes: &Value) -> Result<Adapter, String> {
    Adapter::compile(model(), None, Some(routes)).map_err(|found| found[0].to_string())
}

fn mapping(state: &str) -> Value {
    json!([{"condition": "*", "payloadMapping": {"$.state": state}}])
}

#[test]
fn there_are_at_most_128_routes() {
    let routes = |count| Value::Array(vec![mapping("$.a")[0].clone(); count]);
    assert!(compiled(&routes(128)).is_ok());
    let error = compiled(&routes(129)).expect_err("one too many");
    assert_eq!(error, "inboundRoutes: an adapter has at most 128 routes (adapter:limit)");
}

#[test]
fn date_patterns_are_checked_when_the_adapter_is_saved() {
    for letters in
        ["yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'", "d MMM yy h:mm a", "EEE MM/dd/y HH:mm[:ss] z"]
    {
        assert!(compiled(&mapping(&format!("${{.t | fromdateformat(\"{letters}\")}}"))).is_ok());
    }
    for letters in ["QQQ yyyy", "yyyy-MM-dd w", "yyyy 'open", "[yyyy"] {
        let error = compiled(&mapping(&format!("${{.t | fromdateformat(\"{letters}\")}}")));
        assert!(error.expect_err(letters).contains("fromdateformat: "), "{letters}");
    }
}

#[test]
fn text_that_is_too_much_is_refused() {
    for text in [
        format!("${{{}}}", "1 + ".repeat(3000) + "1"),
        format!("${{{}1{}}}", "(".repeat(70), ")".repeat(70)),
        format!("$[?{}@.a{}]", "(".repeat(70), ")".repeat(70)),
        format!("$.a{}", "[0]".repeat(4000)),
    ] {
        assert!(compiled(&mapping(&text)).is_err(), "{}", &text[..40]);
    }
}

/// A payload of many nodes, some of them deep.
fn large() -> String {
    let deep = format!("{}1{}", "[".repeat(60), "]".repeat(60));
    let node = format!("{{\"a\":{deep},\"b\":[1,2,3,\"x\"]}}");
    format!("{{\"list\":[{}]}}", vec![node; 400].join(","))
}

#[test]
fn what_never_ends_costs_its_message_a_rejection() {
    let content = large();
    for source in [
        "$..*..*..*",
        "$..[?count(@..*) == count($..a)]",
        "$..[*,*,*,*]..[*,*,*,*]",
        "$..[?@..[?count($..*) < 1]]",
        "${def f: f; f}",
        "${[repeat(.)]}",
        "${[..] | combinations}",
        "${reduce range(1e9) as $i (.; [., .]) | tojson}",
        "${[.. | tojson] | join(\"\") * 1000000}",
    ] {
        let adapter = compiled(&mapping(source)).expect(source);
        let started = Instant::now();
        let content = content.as_bytes();
        let outcome = adapter.normalise(&Message { endpoint: "p", content, time_received_us: 0 });
        // The limit is 50 ms; unoptimised builds on busy machines get time.
        assert!(started.elapsed() < Duration::from_secs(2), "{source}: {:?}", started.elapsed());
        let Outcome::Rejected(rejection) = outcome else { panic!("{source}: {outcome:?}") };
        assert_eq!(rejection.code, 400, "{source}");
        let field = "Failed to evaluate inboundRoutes[0].payloadMapping[\"$.state\"]: ";
        assert!(rejection.message.starts_with(field), "{source}: {}", rejection.message);
    }
}
