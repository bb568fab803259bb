//! Prints how many messages of the sample twins one thread normalises in a second:
//! `cargo run --release -p adapter --example normalise_rate`.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use adapter::{Adapter, Message, Outcome};

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/cases/adapters");
const MESSAGES: u32 = 500_000;

fn main() {
    let third = r#"{"count":2,"humidity":73.12,"pressure":1023.4,"qmp_temperature":22.10,"sht_temperature":22.3,"time":1700000000000000}"#;
    let other = r#"{"cpu":{"load":0.5,"cores":4},"disk":[10,20],"uptime":123456,"name":"m5-01"}"#;
    let psi = r#"{"dischPressPsi":62.37,"vibrationLevel":0.4,"flow":12}"#;
    let pump = r#"{"time":1700000000000000,"motor":{"motorTemperature":68.4,"vibrationLevel":0.1},"flowRate":247.5}"#;
    rate("custom adapter, mapped", "a10-3-third-segment", "iot/v1/telemetry", third);
    rate("custom adapter, whole payload", "a10-3-third-segment", "iot/v1/other", other);
    rate("default adapter, component", "a6-default", "iot/v1/telemetry", pump);
    rate("arithmetic in jq", "a10-4-psi", "pump", psi);
    rate(
        "object built in jq",
        "a10-5-object-built",
        "iot/v1/file/cmd",
        r#"{"op":"put","id":7,"data":[1]}"#,
    );
}

fn rate(name: &str, case: &str, endpoint: &str, content: &str) {
    let read = |path: String| std::fs::read_to_string(path).expect("the case is there");
    let case: serde_json::Value =
        serde_json::from_str(&read(format!("{CASES}/{case}.json"))).expect("JSON");
    let model = case["model"].as_str().expect("a model");
    let text = read(format!("{CASES}/models/{model}.json"));
    let interface = dtdl::Interface::parse(&text).expect("valid");
    let model = Arc::new(dtdl::Model::resolve(interface, &|_| None).expect("complete"));
    let adapter = Adapter::compile(model, case.get("envelope"), case.get("routes")).expect("valid");
    let message = Message { endpoint, content: content.as_bytes(), time_received_us: 0 };
    assert!(matches!(adapter.normalise(&message), Outcome::Values(_)), "{name} yields values");
    let started = Instant::now();
    for _ in 0..MESSAGES {
        black_box(adapter.normalise(black_box(&message)));
    }
    let took = started.elapsed().as_secs_f64();
    let (rate, each) = (f64::from(MESSAGES) / took, took / f64::from(MESSAGES) * 1e6);
    println!("{name:32} {rate:>12.0} messages/s {each:>8.2} us each");
}
