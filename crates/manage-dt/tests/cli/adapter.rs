//! `adapter try`, `lint` and `test`, offline.

use serde_json::{Value, json};

use crate::kit::{Desk, golden};

const READING: &str =
    r#"{"humidity": 56.1, "pressure": "1012.2", "count": 1, "time": 1767225600000000}"#;

const MODEL: &str = r#"{"@context": "dtmi:dtdl:context;3", "@id": "dtmi:com:example:pump;1",
  "@type": "Interface", "contents": [
    {"@type": "Telemetry", "name": "flow", "schema": "double"},
    {"@type": "Telemetry", "name": "level", "schema": "integer"}]}"#;

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn a_message_of_the_sample_twin_is_explained() {
    let desk = Desk::new();
    let (code, out, err) = desk.run(&["adapter", "try", "custom-adapter", READING]);
    assert_eq!(code, 0, "{err}");
    let widest = out.lines().map(|line| line.chars().count()).max().unwrap();
    assert!(widest <= 80, "{widest} wide:\n{out}");
    golden("adapter_try.txt", &out);
    let (code, out, _) =
        desk.run(&["--output", "json", "adapter", "try", "custom-adapter", READING]);
    let message = &json_of(&out)["messages"][0];
    assert_eq!(code, 0);
    assert_eq!(message["outcome"]["content"]["humidity"], 56.1);
    assert_eq!(message["outcome"]["timeObserved"], "2026-01-01T00:00:00.000000Z");
    assert_eq!(message["routes"][1]["state"], "not tried");
    assert_eq!(message["fields"][1]["kept"], 1012.2);
}

#[test]
fn a_rejected_message_says_what_was_missing() {
    let desk = Desk::new();
    desk.write("m.ndjson", "{\"speed\": 1}\n\n{\"humidity\": \"wet\"}\nnope\n");
    let (code, out, err) =
        desk.run(&["--output", "json", "adapter", "try", "custom-adapter", "m.ndjson"]);
    assert_eq!((code, err.as_str()), (1, "error: 3 of 3 messages would be rejected\n"));
    let messages = json_of(&out)["messages"].clone();
    let outcome = &messages[0]["outcome"];
    assert_eq!(outcome["code"], 500);
    assert_eq!(outcome["message"], "Normalization output is empty");
    assert_eq!(outcome["missing"][2], "$.humidity");
    let field = &messages[1]["fields"][0];
    assert_eq!((&field["rule"], &field["found"]), (&json!("schema"), &json!("\"wet\"")));
    assert_eq!(messages[2]["outcome"]["code"], 400);
}

#[test]
fn the_endpoint_chooses_the_route_and_not_the_control_plane() {
    let desk = Desk::new();
    let arguments = ["--output", "json", "adapter", "try", "custom-adapter", r#"{"cpu": 5}"#];
    let output = desk.command(&arguments).env("OCI_CLI_ENDPOINT", "https://x").output().unwrap();
    let document = json_of(&String::from_utf8(output.stdout).unwrap());
    assert_eq!(document["endpoint"], "iot/v1/telemetry");
    let (code, out, _) = desk.run(&[&arguments[..], &["--endpoint", "iot/v1/system"]].concat());
    assert_eq!(code, 0);
    assert_eq!(json_of(&out)["messages"][0]["outcome"]["content"]["system"], json!({"cpu": 5}));
}

#[test]
fn a_model_alone_gets_the_default_adapter() {
    let desk = Desk::new();
    desk.write("pump.json", MODEL);
    let mut command = desk.command(&["--output", "json", "adapter", "try", "--model", "pump.json"]);
    let output = command.write_stdin("{\"flow\": 2}\n{\"level\": 2.5}\n").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let document = json_of(&String::from_utf8(output.stdout).unwrap());
    assert_eq!(document["messages"][0]["outcome"]["result"], "accepted");
    assert_eq!(document["messages"][1]["fields"][0]["rule"], "schema");
}

#[test]
fn wrong_usage_is_told() {
    let desk = Desk::new();
    desk.write("pump.json", MODEL);
    for (arguments, part) in [
        (&["adapter", "try"][..], "neither a twin nor a model"),
        (&["adapter", "try", "nobody", "{}"], "unknown digital twin 'nobody'"),
        (&["adapter", "try", "unstructured", "{}"], "has no model"),
        (&["adapter", "try", "--model", "absent.json", "{}"], "absent.json cannot be read"),
        (&["adapter", "try", "--model", "pump.json", "absent"], "neither JSON nor a file"),
        (&["adapter", "try", "custom-adapter", "--routes", "r.json"], "--model"),
        (&["adapter", "lint"], "required"),
        (&["adapter", "test", "absent"], "directory absent cannot be read"),
        (&["--output", "sarif", "adapter", "test", "."], "use `--output json`"),
    ] {
        let (code, _, err) = desk.run(arguments);
        assert!(code == 2 && err.contains(part), "{arguments:?}: {code} {err}");
    }
}

#[test]
fn lint_finds_what_messages_would_suffer_from() {
    let desk = Desk::new();
    let (code, out, err) = desk.run(&["adapter", "lint", "custom-adapter"]);
    assert_eq!((code, out.as_str()), (0, "Nothing found.\n"), "{err}");
    desk.write("pump.json", MODEL);
    desk.write(
        "a.json",
        r#"{"inboundEnvelope": {"referenceEndpoint": "/p",
  "referencePayload": {"dataFormat": "JSON", "data": {"flow": "fast", "time": 1700000000000}},
  "envelopeMapping": {"timeObserved": "$.time"}},
 "inboundRoutes": [
  {"condition": "*", "payloadMapping": {
    "$.flow": "$.flow",
    "$.level": "${.mm / 10}",
    "$.speed": "${.s | abs}"}},
  {"condition": "${.x}", "payloadMapping": {"$.flow": "flow",
    "$.level": "$.tanks[*].level"}}]}"#,
    );
    let arguments = ["adapter", "lint", "--model", "pump.json", "--adapter", "a.json"];
    let (code, out, err) = desk.run(&[&["--output", "json"], &arguments[..]].concat());
    assert_eq!((code, err.as_str()), (1, "error: 1 error in the adapter\n"));
    golden("adapter_lint.json", &out);
    let (code, out, _) = desk.run(&[&["--output", "sarif"], &arguments[..]].concat());
    let log = json_of(&out);
    assert_eq!((code, &log["version"]), (1, &json!("2.1.0")));
    let region = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"];
    assert!(region["startLine"].as_u64().unwrap() > 1, "{region}");
}

#[test]
fn golden_tests_run_and_can_be_updated() {
    let desk = Desk::new();
    desk.write("t/pump.json", MODEL);
    desk.write(
        "t/pump.yaml",
        "model: pump.json\ncases:\n- name: a reading\n  payload: {flow: 22.10, level: 3}\n  \
         expect: {content: {flow: 22.1, level: 3}}\n- name: nothing\n  payload: {}\n  \
         expect: {rejected: {code: 500}}\n- name: wrong\n  payload: {level: 3.5}\n  \
         expect: {content: {level: 3}}\n",
    );
    let (code, out, err) = desk.run(&["adapter", "test", "t", "--junit", "r.xml"]);
    assert_eq!(code, 1, "{out}{err}");
    assert!(err.contains("1 of 3 cases failed"), "{err}");
    assert!(out.contains("FAILED t/pump.yaml: wrong"), "{out}");
    let junit = desk.read("r.xml");
    assert!(junit.contains("tests=\"3\" failures=\"1\""), "{junit}");
    let (code, _, err) = desk.run(&["adapter", "test", "t", "--update"]);
    assert_eq!(code, 0, "{err}");
    let (code, out, _) = desk.run(&["--output", "json", "adapter", "test", "t"]);
    assert_eq!(code, 0, "{out}\n{}", desk.read("t/pump.yaml"));
    assert_eq!(json_of(&out)["files"][0]["fields"]["covered"], 2);
}

#[test]
fn mistakes_in_golden_tests_are_told() {
    let desk = Desk::new();
    desk.write("t/pump.json", MODEL);
    for (file, words) in [
        ("model: pump.json\ncases: []\n", "t/pump.yaml: there are no cases"),
        (
            "model: pump.json\ncases:\n- {name: a, payload: {}, expect: {contents: {}}}\n",
            "case `a` expects `contents`, which no message gives; known are content,",
        ),
        (
            "model: none.json\ncases:\n- {name: a, payload: {}}\n",
            "t/pump.yaml: file t/none.json cannot be read",
        ),
    ] {
        desk.write("t/pump.yaml", file);
        let (code, _, err) = desk.run(&["adapter", "test", "t"]);
        assert!(code == 2 && err.contains(words), "{code} {err}");
    }
    // A case that expects nothing could not fail.
    desk.write("t/pump.yaml", "model: pump.json\ncases:\n- {name: a, payload: {}, expect: {}}\n");
    let (code, out, _) = desk.run(&["adapter", "test", "t"]);
    assert!(code == 1 && out.contains("nothing is expected"), "{out}");
    desk.write("empty/readme.md", "");
    let (code, _, err) = desk.run(&["adapter", "test", "empty"]);
    assert!(code == 2 && err.contains("hint: `manage-dt adapter test --help`"), "{err}");
}

#[test]
fn a_model_whose_dtmi_is_left_to_the_configuration_gets_a_hint() {
    let desk = Desk::new();
    desk.write("m.json", &MODEL.replace("dtmi:com:example:pump;1", "placeholder"));
    let (code, _, err) = desk.run(&["adapter", "lint", "--model", "m.json"]);
    assert!(code == 2 && err.contains("model_name"), "{err}");
}

#[test]
fn lint_knows_what_gives_nothing_and_what_jq_calls_it() {
    let desk = Desk::new();
    desk.write("pump.json", MODEL);
    for (definition, words) in [
        (r#"{"inboundRoutes": []}"#, "there is no route"),
        (r#"{"inboundRoutes": [{"condition": "*", "payloadMapping": {}}]}"#, "it maps nothing"),
        (
            r#"{"inboundRoutes": [{"condition": "*",
                "payloadMapping": {"$.level": "${.a | toInteger}"}}]}"#,
            "toInteger/0 is not available; use `floor`",
        ),
    ] {
        desk.write("a.json", definition);
        let arguments =
            ["--output", "json", "adapter", "lint", "--model", "pump.json", "--adapter", "a.json"];
        let (_, out, err) = desk.run(&arguments);
        assert!(out.contains(words), "{definition}: {out}{err}");
    }
}

#[test]
fn a_model_with_a_byte_order_mark_and_one_that_lacks_what_it_refers_to() {
    let desk = Desk::new();
    let model = |id: &str, extends: Value| {
        json!({"@context": "dtmi:dtdl:context;3", "@id": id, "@type": "Interface",
               "extends": extends, "contents": [
            {"@type": "Telemetry", "name": if extends == json!([]) { "a" } else { "b" },
             "schema": "long"}]})
    };
    let heir = model("dtmi:x:heir;1", json!(["dtmi:x:base;1"]));
    desk.write("heir.json", &format!("\u{feff}{heir}"));
    desk.write("base.json", &format!("\u{feff}{}", model("dtmi:x:base;1", json!([]))));
    let attempt = ["adapter", "try", "--model", "heir.json", r#"{"a": 1, "b": 2}"#];
    let (code, _, err) = desk.run(&attempt);
    assert!(code == 2 && err.contains("--with names the file"), "{err}");
    let (code, out, err) = desk.run(&[&attempt[..], &["--with", "base.json"]].concat());
    assert!(code == 0 && out.contains("accepted: 2 of 2 elements"), "{out}{err}");
}
