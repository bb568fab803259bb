//! `doctor` and `config show`: each step that can break is broken once.

use serde_json::{Value, json};

use crate::kit::{DOMAIN, Desk, Fake};

const GROUP: &str = "ocid1.iotdomaingroup.oc0.local-1.g";

/// A control plane that knows the domain.
fn platform() -> Fake {
    let fake = Fake::start();
    let domain = json!({
        "id": DOMAIN, "iotDomainGroupId": GROUP, "compartmentId": "c", "displayName": "d",
        "deviceHost": "dom.device.iot.localhost", "lifecycleState": "ACTIVE",
        "timeCreated": "2026-01-05T21:31:40.123456Z",
    });
    fake.on(&format!("GET /20250531/iotDomains/{DOMAIN}"), 200, domain);
    fake
}

/// Exit code, the last step, and the JSON document.
fn examined(desk: &Desk, arguments: &[&str]) -> (i32, Value, Value) {
    let all: Vec<&str> = ["--output", "json"].iter().chain(arguments).copied().collect();
    let (code, out, _) = desk.run(&[&all[..], &["doctor"]].concat());
    let document: Value = serde_json::from_str(&out).unwrap();
    let last = document["steps"].as_array().unwrap().last().unwrap().clone();
    (code, last, document)
}

#[test]
fn the_first_broken_step_is_named() {
    let desk = Desk::new();
    let fake = platform();
    let broken = |arguments: &[&str], step: &str, exit: i32| {
        let (code, last, document) = examined(&desk, arguments);
        assert_eq!((code, last["step"].as_str().unwrap()), (exit, step), "{last}");
        assert_eq!((&last["ok"], &document["healthy"]), (&json!(false), &json!(false)));
        last
    };
    let last = broken(&["--data-dir", "none"], "configuration", 2);
    assert!(last["fix"].as_str().unwrap().contains("--data-dir"), "{last}");
    let last = broken(&["--profile", "X"], "sign-in", 2);
    assert!(last["problem"].as_str().unwrap().contains("no profile `X`"), "{last}");
    broken(&["--endpoint", "localhost:1"], "address", 2);
    let last = broken(&["--endpoint", "http://127.0.0.1:1"], "control plane", 3);
    assert!(last["problem"].as_str().unwrap().contains("manage-dt serve"), "{last}");
    // The domain has no access to the data API.
    let last = broken(&["--endpoint", &fake.address], "data API token", 1);
    assert!(last["fix"].as_str().unwrap().contains("configure-ords-data-access"), "{last}");

    fake.forget(&format!("GET /20250531/iotDomains/{DOMAIN}"));
    let refused = r#"{"code":"NotAuthenticated","message":"no such key"}"#;
    fake.on(&format!("GET /20250531/iotDomains/{DOMAIN}"), 401, refused);
    let (code, out, err) = desk.run(&["--endpoint", &fake.address, "doctor"]);
    assert_eq!(code, 4, "{out}{err}");
    assert!(out.contains("BROKEN  control plane") && err.contains("no such key"), "{out}{err}");
    assert!(out.contains("ok      sign-in         profile DEFAULT in"), "{out}");
}

#[test]
fn traps_are_told_beside_the_steps() {
    let desk = Desk::new();
    let output = desk
        .command(&["doctor"])
        .env("OCI_CONFIG_FILE", "/other/config")
        .env("CURL_CA_BUNDLE", "/a")
        .env("SSL_CERT_FILE", "/b")
        .output()
        .unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(out.contains("hides /other/config (OCI_CONFIG_FILE)"), "{out}");
    assert!(out.contains("CURL_CA_BUNDLE=/a, SSL_CERT_FILE=/b"), "{out}");
}

#[test]
fn settings_have_an_origin() {
    let desk = Desk::new();
    let output = desk
        .command(&["--output", "json", "--endpoint", "https://h", "config", "show", "--origin"])
        .env("OCI_CLI_REGION", "r-1")
        .env("OCI_CLI_PASSPHRASE", "s3cr3t")
        .env("SSL_CERT_FILE", "/ca.pem")
        .output()
        .unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(!out.contains("s3cr3t"), "{out}");
    let document: Value = serde_json::from_str(&out).unwrap();
    let lines = document["settings"].as_array().unwrap();
    let has = |name: &str, value: &str, origin: &str| {
        let line = lines.iter().find(|line| line["name"] == name).unwrap();
        assert_eq!(line["value"], value, "{name}");
        assert!(line["origin"].as_str().unwrap().starts_with(origin), "{line}");
    };
    has("endpoint", "https://h", "--endpoint");
    has("region", "r-1", "variable OCI_CLI_REGION");
    has("cert_bundle", "/ca.pem", "variable SSL_CERT_FILE");
    has("profile", "DEFAULT", "default");
    has("user", "ocid1.user.oc0..u", "profile DEFAULT in ");
    assert!(
        !out.contains("OCI_CLI_PASSPHRASE"),
        "it counts only beside OCI_CLI_KEY_CONTENT: {out}"
    );
    let output = desk
        .command(&["config", "show", "--origin"])
        .env("OCI_CLI_KEY_CONTENT", "s3cr3t")
        .env("OCI_CLI_PASSPHRASE", "s3cr3t")
        .output()
        .unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(!out.contains("s3cr3t") && out.contains("variable OCI_CLI_PASSPHRASE"), "{out}");
    let (code, out, _) = desk.run(&["config", "show"]);
    assert!(code == 0 && !out.contains("Origin") && out.contains("local-1"), "{out}");
}
