//! `create`, `query` and `delete` against a stand-in: requests, results, log lines, exit codes.

use crate::kit::{DOMAIN, Desk, Fake};
use serde_json::{Value, json};

const INSTANCES: &str = "/20250531/digitalTwinInstances";
const ADAPTERS: &str = "/20250531/digitalTwinAdapters";
const MODELS: &str = "/20250531/digitalTwinModels";
const DTMI: &str = "dtmi:com:oracle:k:m5:env:cstm;1";
const TIME: &str = "2026-01-05T21:31:40.123456Z";

fn instance(unique: &str, external_key: &str) -> Value {
    json!({
        "id": format!("ocid1.iotdigitaltwininstance.oc0.local-1.{unique}"),
        "iotDomainId": DOMAIN, "connectivityType": "DIRECT", "lifecycleState": "ACTIVE",
        "externalKey": external_key, "displayName": "k-m5-env-cstm-01", "timeCreated": TIME,
        "digitalTwinAdapterId": "ocid1.iotdigitaltwinadapter.oc0.local-1.a",
    })
}

fn adapter(unique: &str, model: &str) -> Value {
    json!({
        "id": format!("ocid1.iotdigitaltwinadapter.oc0.local-1.{unique}"),
        "iotDomainId": DOMAIN, "digitalTwinModelId": "m", "digitalTwinModelSpecUri": model,
        "displayName": "k-m5-env-cstm-adapter", "lifecycleState": "ACTIVE", "timeCreated": TIME,
    })
}

fn model(unique: &str, spec_uri: &str) -> Value {
    json!({
        "id": format!("ocid1.iotdigitaltwinmodel.oc0.local-1.{unique}"), "iotDomainId": DOMAIN,
        "specUri": spec_uri, "displayName": spec_uri, "lifecycleState": "ACTIVE",
        "timeCreated": TIME,
    })
}

fn list(items: &[Value]) -> Value {
    json!({ "items": items })
}

/// A stand-in that lists these resources.
fn platform(models: &[Value], adapters: &[Value], instances: &[Value]) -> Fake {
    let fake = Fake::start();
    fake.on(&format!("GET {MODELS}"), 200, list(models));
    fake.on(&format!("GET {ADAPTERS}"), 200, list(adapters));
    fake.on(&format!("GET {INSTANCES}"), 200, list(instances));
    fake
}

fn run(desk: &Desk, fake: &Fake, arguments: &[&str]) -> (i32, String, String) {
    let all: Vec<&str> =
        ["--endpoint", &fake.address].into_iter().chain(arguments.iter().copied()).collect();
    desk.run(&all)
}

/// Log lines without time and source.
fn log_lines(err: &str) -> Vec<String> {
    let parts = err.lines().map(|line| line.splitn(4, " - ").collect::<Vec<_>>());
    let logged = parts.filter(|parts| parts.len() == 4);
    logged.map(|parts| format!("{} {}", parts[1].trim(), parts[3])).collect()
}

#[test]
fn create_sends_model_adapter_and_instance() {
    let desk = Desk::new();
    // A longer DTMI with the same beginning is another model.
    let fake = platform(&[model("x", "dtmi:com:oracle:k:m5:env:cstm;11")], &[], &[]);
    fake.on(&format!("POST {MODELS}"), 200, model("m", DTMI));
    fake.on(&format!("POST {ADAPTERS}"), 200, adapter("a", DTMI));
    fake.on(&format!("POST {INSTANCES}"), 200, instance("i", "k-m5-env-cstm-01"));
    let (code, out, err) = run(&desk, &fake, &["-v", "create", "custom-adapter"]);
    assert_eq!(code, 0, "{err}");
    for id in ["model.oc0.local-1.m", "adapter.oc0.local-1.a", "instance.oc0.local-1.i"] {
        assert!(out.contains(&format!("ocid1.iotdigitaltwin{id}\n")), "{out}");
    }
    assert_eq!(
        log_lines(&err),
        [
            &format!("INFO Create Digital Twin Model '{DTMI}'"),
            "INFO Digital Twin Model created",
            "INFO Create custom Digital Twin Adapter 'k-m5-env-cstm-adapter'",
            "INFO Digital Twin Adapter created",
            "INFO Create Digital Twin Instance k-m5-env-cstm-01 - Structured Telemetry with \
             custom Adapter",
            "INFO Digital Twin Instance created",
        ]
    );
    let requests = fake.requests();
    let posts: Vec<&String> = requests.iter().filter(|line| line.starts_with("POST")).collect();
    let body = |at: usize| -> Value {
        serde_json::from_str(posts[at].splitn(3, ' ').nth(2).unwrap()).unwrap()
    };
    assert_eq!(body(0)["spec"]["@id"], DTMI);
    assert_eq!(body(0)["description"], "M5 with EnvIII sensors (k-custom)");
    assert_eq!(body(1)["digitalTwinModelSpecUri"], DTMI);
    assert_eq!(body(1)["inboundEnvelope"]["envelopeMapping"]["timeObserved"], "$.time");
    assert_eq!(body(1)["inboundRoutes"][1]["condition"], "*");
    assert_eq!(body(2)["digitalTwinAdapterId"], "ocid1.iotdigitaltwinadapter.oc0.local-1.a");
    assert_eq!(body(2).get("connectivityType"), None);
}

#[test]
fn create_keeps_what_exists() {
    let desk = Desk::new();
    let fake =
        platform(&[model("m", DTMI)], &[adapter("a", DTMI)], &[instance("i", "k-m5-env-cstm-01")]);
    let (code, out, err) = run(&desk, &fake, &["--output", "json", "create", "custom-adapter"]);
    assert_eq!((code, err.as_str()), (0, ""));
    let document: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(document["complete"], true);
    let outcomes: Vec<&Value> =
        document["resources"].as_array().unwrap().iter().map(|part| &part["outcome"]).collect();
    assert_eq!(outcomes, ["kept", "kept", "kept"]);
    assert!(fake.requests().iter().all(|line| line.starts_with("GET")));
}

#[test]
fn create_that_fails_half_way_says_what_exists() {
    let desk = Desk::new();
    let fake = platform(&[], &[], &[]);
    fake.on(&format!("POST {MODELS}"), 200, model("m", DTMI));
    let refusal = r#"{"code":"InvalidParameter","message":"route 2: bad"}"#;
    fake.on(&format!("POST {ADAPTERS}"), 400, refusal);
    let (code, out, err) = run(&desk, &fake, &["create", "custom-adapter"]);
    assert_eq!(code, 1);
    assert!(out.starts_with("created  Digital Twin Model "), "{out}");
    assert_eq!(
        log_lines(&err),
        [
            "ERROR Cannot create Digital Twin Adapter",
            "ERROR   Status : 400 - InvalidParameter",
            "ERROR   Message: route 2: bad",
        ]
    );
    for words in [
        "Digital Twin Model ocid1.iotdigitaltwinmodel.oc0.local-1.m",
        "`manage-dt create custom-adapter` goes on",
        "`manage-dt delete custom-adapter` removes",
    ] {
        assert!(err.contains(words), "{err}");
    }
}

#[test]
fn create_does_not_use_an_adapter_of_another_model() {
    let desk = Desk::new();
    let fake = platform(&[], &[adapter("a", "dtmi:other;1")], &[]);
    let (code, _, err) = run(&desk, &fake, &["create", "custom-adapter"]);
    assert_eq!(code, 1);
    assert!(err.contains("dtmi:other;1") && err.contains("adapter_name"), "{err}");
    assert!(fake.requests().iter().all(|line| line.starts_with("GET")));
}

#[test]
fn delete_goes_on_and_tells_what_was_missing() {
    let desk = Desk::new();
    let fake = platform(
        &[model("m", DTMI), model("x", "dtmi:com:oracle:k:m5:env:cstm;12")],
        &[],
        &[instance("i", "k")],
    );
    let (instance, model) = (
        format!("DELETE {INSTANCES}/ocid1.iotdigitaltwininstance.oc0.local-1.i"),
        format!("DELETE {MODELS}/ocid1.iotdigitaltwinmodel.oc0.local-1.m"),
    );
    fake.on(&instance, 204, "").on(&model, 204, "");
    let (code, out, err) = run(&desk, &fake, &["-v", "delete", "custom-adapter"]);
    assert_eq!(code, 1);
    assert_eq!(
        log_lines(&err),
        [
            "INFO Delete Digital Twin Instance 'custom-adapter'",
            "INFO Digital Twin Instance deleted",
            "INFO Delete Digital Twin Adapter 'k-m5-env-cstm-adapter'",
            "ERROR Digital Twin Adapter does not exist",
            &format!("INFO Delete Digital Twin Model '{DTMI}'"),
            "INFO Digital Twin Model deleted",
        ]
    );
    assert_eq!(out.matches("deleted  ").count(), 2, "{out}");
    let requests = fake.requests();
    let deletes: Vec<&String> = requests.iter().filter(|line| line.starts_with("DELETE")).collect();
    assert_eq!(deletes, [&instance, &model]);
}

#[test]
fn two_of_one_name_are_refused_until_one_is_picked() {
    let desk = Desk::new();
    let fake = platform(&[], &[], &[instance("i", "k1"), instance("j", "k2")]);
    for verb in ["query", "delete"] {
        let (code, out, err) = run(&desk, &fake, &[verb, "custom-adapter"]);
        assert_eq!((code, out.as_str()), (1, ""));
        assert!(err.contains("Multiple Digital Twins exist with the same name"), "{err}");
        for words in ["oc0.local-1.i\n", "oc0.local-1.j\n", "external key k2", "--id OCID"] {
            assert!(err.contains(words), "{words} is missing in {err}");
        }
    }
    assert!(fake.requests().iter().all(|line| line.starts_with("GET")));
    let other = "ocid1.iotdigitaltwininstance.oc0.local-1.other";
    let (code, _, err) = run(&desk, &fake, &["delete", "--id", other, "custom-adapter"]);
    assert!(code == 1 && err.contains("no ACTIVE instance of this twin"), "{err}");

    let picked = "ocid1.iotdigitaltwininstance.oc0.local-1.j";
    fake.on(&format!("DELETE {INSTANCES}/{picked}"), 204, "");
    let (_, out, err) = run(&desk, &fake, &["delete", "--id", picked, "custom-adapter"]);
    assert!(out.contains(picked), "{out}{err}");
}

/// A desk whose token cache points at the stand-in.
fn cache(desk: &Desk, fake: &Fake, expires: i64) {
    let access = json!({
        "iot_domain_id": DOMAIN, "iot_data_endpoint": format!("{}/ords/d/20250531", fake.address),
        "oauth_endpoint": format!("{}/oauth2/v1/token", fake.address), "scope": "/g/iot/d",
        "token": "token-s3cr3t", "expires": expires,
    });
    desk.write("data/data_access.json", &access.to_string());
}

fn page(items: Value) -> Value {
    let count = items.as_array().unwrap().len();
    json!({"items": items, "hasMore": false, "limit": 100, "offset": 0, "count": count, "links": []})
}

/// A stand-in with one twin and a little data.
fn platform_with_data() -> Fake {
    let one = instance("i", "k");
    let id = one["id"].as_str().unwrap().to_owned();
    let fake = platform(&[], &[], std::slice::from_ref(&one));
    fake.on(&format!("GET {INSTANCES}/{id}"), 200, &one);
    fake.on(&format!("GET {INSTANCES}/{id}/content"), 200, json!({"humidity": 73}));
    let data = "GET /ords/d/20250531";
    let row = |number: u32| {
        json!({"id": number, "digital_twin_instance_id": id, "endpoint": "iot/v1/telemetry",
               "content_type": "application/json", "time_received": TIME})
    };
    fake.on(&format!("{data}/rawData"), 200, page(json!([row(3), row(2)])));
    let mut whole = row(3);
    whole["content"] = json!({"humidity": 73});
    fake.on(&format!("{data}/rawData/3"), 200, whole);
    fake.on(&format!("{data}/historizedData"), 200, page(json!([])));
    fake.on(&format!("{data}/rawCommandData"), 200, page(json!([])));
    fake.on(&format!("{data}/rejectedData"), 500, r#"{"code":"InternalServerError"}"#);
    fake
}

#[test]
fn query_shows_what_it_gets_and_tells_what_fails() {
    let desk = Desk::new();
    let fake = platform_with_data();
    cache(&desk, &fake, i64::MAX);
    let (code, out, err) = run(&desk, &fake, &["-v", "query", "custom-adapter"]);
    assert_eq!(code, 1, "{err}");
    crate::kit::golden("query_session.txt", &out);
    let expected = [
        "INFO Digital Twin Instance retrieved",
        "INFO Query Digital Twin Instance 'custom-adapter'",
        "INFO Digital Twin Instance content retrieved",
        "ERROR Unable to query raw data by ID (2)",
        "ERROR   Status : 404",
        r#"ERROR   Message: {"code":"NotAuthorizedOrNotFound","message":"no such thing"}"#,
        "ERROR Unable to query data API",
        "ERROR   Status : 500",
        r#"ERROR   Message: {"code":"InternalServerError"}"#,
    ];
    assert_eq!(log_lines(&err), expected);

    let (code, out, _) = run(&desk, &fake, &["--output", "json", "query", "custom-adapter"]);
    let document: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, 1);
    assert_eq!(document["content"], json!({"humidity": 73}));
    assert_eq!(document["rawData"][0]["content"], json!({"humidity": 73}));
    assert_eq!(document["rawData"][1]["content"], Value::Null);
    assert_eq!(document["rejectedData"], Value::Null);
}

#[test]
fn ended_token_is_replaced_without_asking_for_the_domain() {
    let desk = Desk::new();
    let fake = platform_with_data();
    cache(&desk, &fake, 1);
    let answer = json!({"access_token": "new-s3cr3t", "token_type": "Bearer", "expires_in": 3600});
    fake.on("POST /oauth2/v1/token", 200, answer);
    let (_, _, err) = run(&desk, &fake, &["query", "custom-adapter"]);
    assert!(!fake.requests().iter().any(|line| line.contains("/iotDomains")), "{err}");
    let cached: Value = serde_json::from_str(&desk.read("data/data_access.json")).unwrap();
    assert_eq!(cached["token"], "new-s3cr3t");
    assert_eq!(cached.as_object().unwrap().len(), 6);
}

#[test]
fn refused_token_is_replaced_once() {
    let desk = Desk::new();
    let fake = platform_with_data();
    let answer = json!({"access_token": "new-s3cr3t", "token_type": "Bearer", "expires_in": 3600});
    fake.on("POST /oauth2/v1/token", 200, answer);
    // Refused the first time, granted with the new token.
    let list = "GET /ords/d/20250531/rejectedData";
    fake.forget(list).on(list, 401, "{}").on(list, 200, page(json!([])));
    cache(&desk, &fake, i64::MAX);
    let (code, _, err) = run(&desk, &fake, &["query", "custom-adapter"]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(token_requests(&fake), 1);

    // Refused on and on: no second attempt.
    fake.forget(list).on(list, 401, "{}");
    let (code, _, err) = run(&desk, &fake, &["query", "custom-adapter"]);
    assert_eq!(code, 4, "{err}");
    assert_eq!(token_requests(&fake), 2);
    assert!(err.contains("Unable to query data API") && err.contains("  Status : 401"), "{err}");
}

fn token_requests(fake: &Fake) -> usize {
    fake.requests().iter().filter(|line| line.starts_with("POST /oauth2")).count()
}

#[test]
fn wrong_password_is_a_matter_of_credentials() {
    let desk = Desk::new();
    let fake = platform_with_data();
    cache(&desk, &fake, 1);
    let refusal = r#"{"error":"invalid_grant","error_description":"wrong"}"#;
    fake.on("POST /oauth2/v1/token", 400, refusal);
    let (code, _, err) = run(&desk, &fake, &["query", "custom-adapter"]);
    assert_eq!(code, 4, "{err}");
    assert!(err.contains("Unable to get OAuth access token"), "{err}");
    assert!(err.contains("section `identity` in"), "{err}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let desk = Desk::new();
    let fake = platform_with_data();
    cache(&desk, &fake, i64::MAX);
    let program = assert_cmd::cargo::cargo_bin("manage-dt");
    let line = format!(
        "'{}' --endpoint {} query custom-adapter | true; echo ${{PIPESTATUS[0]}}",
        program.display(),
        fake.address
    );
    let output = std::process::Command::new("bash")
        .args(["-c", &line])
        .env("HOME", desk.path("home"))
        .current_dir(desk.path("."))
        .output()
        .unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(!err.contains("panicked"), "{err}");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "1\n");
}

#[test]
fn ctrl_c_ends_with_130() {
    let desk = Desk::new();
    // Accepts and never answers.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let child = std::process::Command::new(assert_cmd::cargo::cargo_bin("manage-dt"))
        .args(["--endpoint", &endpoint, "create", "unstructured"])
        .env("HOME", desk.path("home"))
        .current_dir(desk.path("."))
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let _connection = listener.accept().unwrap();
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{err}");
    assert!(err.contains("interrupted") && err.contains("goes on from here"), "{err}");
}
