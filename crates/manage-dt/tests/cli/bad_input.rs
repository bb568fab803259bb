//! Bad input of every kind: what is said, and the exit code.

use crate::kit::{Desk, Fake};

/// Runs and expects nothing on stdout, this exit code, and all of these words on stderr.
fn refused(desk: &Desk, arguments: &[&str], code: i32, words: &[&str]) {
    let (actual, out, err) = desk.run(arguments);
    assert_eq!((actual, out.as_str()), (code, ""), "{arguments:?}: {err}");
    for word in words {
        assert!(err.contains(word), "{arguments:?}: `{word}` is missing in:\n{err}");
    }
}

#[test]
fn arguments() {
    let desk = Desk::new();
    refused(&desk, &[], 2, &["Usage:"]);
    refused(&desk, &["creat", "t"], 2, &["creat", "create"]);
    refused(&desk, &["create"], 2, &["TWIN"]);
    refused(&desk, &["query", "-l", "soon", "unstructured"], 2, &["soon"]);
    refused(&desk, &["query", "--id", "x", "unstructured"], 2, &["--id x", "OCID"]);
    refused(
        &desk,
        &["--auth", "resource_principal", "query", "unstructured"],
        2,
        &["OCI_RESOURCE_PRINCIPAL_VERSION is not set"],
    );
    refused(&desk, &["--local", "query", "unstructured"], 2, &["manage-dt serve"]);
    refused(&desk, &["env"], 2, &["manage-dt serve"]);
    refused(
        &desk,
        &["replay", "custom-adapter", "--since", "1h", "--until", "2h"],
        2,
        &["--until is not after --since"],
    );
}

#[test]
fn configuration_file() {
    let desk = Desk::new();
    refused(&desk, &["create", "nope"], 2, &["'nope'", "unstructured, default-adapter, custom"]);
    refused(
        &desk,
        &["--data-dir", "none", "create", "x"],
        2,
        &["none does not exist", "--data-dir"],
    );
    let words = ["data/other.yaml does not exist", "--iot-config-file"];
    refused(&desk, &["--iot-config-file", "other.yaml", "create", "x"], 2, &words);

    desk.write("data/iot_config.yaml", "iot:\n  domain_id: [x\n");
    let words = ["data/iot_config.yaml, line ", "column "];
    refused(&desk, &["create", "unstructured"], 2, &words);
    desk.write("data/iot_config.yaml", "identity:\n  password: @user-password-s3cr3t\n");
    refused(&desk, &["create", "unstructured"], 2, &["line 2, column 13", "password: ***"]);
    desk.write("data/iot_config.yaml", "digital_twins: {t: {device_name: d}}\n");
    refused(&desk, &["create", "t"], 2, &["lacks `iot.domain_id`"]);
}

#[test]
fn definition_files() {
    let desk = Desk::new();
    std::fs::remove_file(desk.path("data/m5_adapter_routes.json")).unwrap();
    let words = ["data/m5_adapter_routes.json", "`digital_twins.custom-adapter.adapter_routes`"];
    refused(&desk, &["create", "custom-adapter"], 2, &words);
    desk.write("data/m5_model_default.json", "{\n  \"@context\": oops\n}\n");
    let words = ["data/m5_model_default.json", "is not JSON: line 2, column 15"];
    refused(&desk, &["create", "default-adapter"], 2, &words);
}

#[test]
fn profile_and_key() {
    let desk = Desk::new();
    refused(&desk, &["--profile", "P", "query", "unstructured"], 2, &["no profile `P`", "DEFAULT"]);
    desk.write("home/.oci/key.pem", "not a key");
    refused(&desk, &["query", "unstructured"], 2, &["key.pem", "PEM"]);
    std::fs::remove_file(desk.path("home/.oci/key.pem")).unwrap();
    refused(&desk, &["query", "unstructured"], 2, &["key.pem cannot be read"]);
    std::fs::remove_file(desk.path("home/.oci/config")).unwrap();
    refused(&desk, &["query", "unstructured"], 2, &["no OCI configuration file", "--local"]);
}

#[test]
fn certificates_and_addresses() {
    let desk = Desk::new();
    let query =
        |option: &'static str, value: &'static str| [option, value, "query", "unstructured"];
    refused(&desk, &query("--cert-bundle", "none.pem"), 2, &["none.pem cannot be read"]);
    desk.write("empty.pem", "");
    refused(&desk, &query("--cert-bundle", "empty.pem"), 2, &["certificate bundle"]);
    refused(&desk, &query("--endpoint", "nonsense"), 2, &["nonsense"]);
    refused(&desk, &query("--region", "no region"), 2, &["no region"]);
}

#[test]
fn platform_that_is_not_there() {
    let desk = Desk::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    for verb in ["create", "query", "delete"] {
        let arguments = ["--endpoint", &endpoint, verb, "unstructured"];
        let (code, _, err) = desk.run(&arguments);
        assert_eq!(code, 3, "{err}");
        assert!(
            err.contains("cannot reach 127.0.0.1:") && err.contains("manage-dt serve"),
            "{err}"
        );
    }
    // It answers, but not in TLS.
    let fake = Fake::start();
    let endpoint = fake.address.replace("http:", "https:");
    let (code, _, err) = desk.run(&["--endpoint", &endpoint, "query", "unstructured"]);
    assert_eq!(code, 3, "{err}");
}

#[test]
fn credentials_that_are_not_accepted() {
    let desk = Desk::new();
    let fake = Fake::start();
    let body = r#"{"code":"NotAuthenticated","message":"unknown key"}"#;
    fake.on("GET /20250531/digitalTwinInstances", 401, body);
    let arguments = ["--endpoint", &fake.address, "query", "unstructured"];
    let words = ["  Status : 401 - NotAuthenticated", "  Message: unknown key"];
    refused(&desk, &arguments, 4, &words);
}

#[cfg(unix)]
#[test]
fn files_that_never_end() {
    let desk = Desk::new();
    let longer = "it is longer than 16 MiB";
    let zero = "/dev/zero";
    refused(&desk, &["--iot-config-file", zero, "create", "unstructured"], 2, &[zero, longer]);
    refused(&desk, &["--cert-bundle", zero, "list"], 2, &[zero, longer]);
    refused(&desk, &["replay", "custom-adapter", "--adapter", zero], 2, &[zero, longer]);
    refused(&desk, &["--config-file", zero, "list"], 2, &["/dev/zero is not a file"]);
    refused(&desk, &["bulk", "unstructured", zero], 2, &[zero]);
    refused(&desk, &["plan", zero], 2, &[zero]);
    refused(&desk, &["model", "check", zero], 2, &[zero]);
    desk.write("home/.oci/config", &desk.read("home/.oci/config").replace("~/.oci/key.pem", zero));
    refused(&desk, &["list"], 2, &["private key /dev/zero", longer]);
}

#[test]
fn a_table_that_is_none() {
    let desk = Desk::new();
    desk.write("rows.csv", &"{".repeat(100_000));
    let (code, _, err) = desk.run(&["bulk", "unstructured", "rows.csv"]);
    assert_eq!(code, 2);
    assert!(err.len() < 500 && err.contains("is not known") && err.contains("columns: "), "{err}");
}

/// A full disk behind stdout is told; no verb breaks down over it.
#[cfg(target_os = "linux")]
#[test]
fn results_that_cannot_be_written() {
    let desk = Desk::new();
    for arguments in [
        &["completions", "bash"][..],
        &["config", "show"],
        &["--output", "json", "config", "show"],
        &["model", "check", "data/m5_model_default.json"],
        &["doctor"],
    ] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let program = assert_cmd::cargo::cargo_bin("manage-dt");
        let output = std::process::Command::new(program)
            .args(arguments)
            .current_dir(desk.path(""))
            .env_clear()
            .env("HOME", desk.path("home"))
            .stdout(full)
            .output()
            .unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {err}");
        assert!(err.contains("cannot write the "), "{arguments:?}: {err}");
    }
}
