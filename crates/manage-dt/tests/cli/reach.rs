//! Where requests go: regions, realms and proxies; and when they stop going.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::json;

use crate::kit::{Desk, Fake};

/// A proxy that writes down the tunnels it is asked for, and opens none.
fn proxy() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (asked, tunnels) = channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut first = String::new();
            reader.read_line(&mut first).unwrap();
            let mut line = String::new();
            while reader.read_line(&mut line).unwrap() > 2 {
                line.clear();
            }
            let _ = stream.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
            let _ = asked.send(first.trim_end().to_owned());
        }
    });
    (address, tunnels)
}

/// The host that `list` asks first with these variables; it goes through a proxy that refuses.
fn host_asked(desk: &Desk, arguments: &[&str], variables: &[(&str, &str)]) -> Option<String> {
    let (address, tunnels) = proxy();
    let mut command = desk.command(&["--no-retry"]);
    let output = command
        .args(arguments)
        .arg("list")
        .env("HTTPS_PROXY", address)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    let line = tunnels.recv_timeout(Duration::from_millis(100)).ok()?;
    let host = line.strip_prefix("CONNECT ").and_then(|rest| rest.strip_suffix(" HTTP/1.1"));
    Some(host.unwrap_or_else(|| panic!("not a tunnel: {line}")).to_owned())
}

#[test]
fn a_region_becomes_a_host_and_the_proxy_leads_there() {
    let desk = Desk::new();
    let described = |region: &str, domain: &str| {
        json!({"realmKey": "oc77", "realmDomainComponent": domain, "regionKey": "XYZ",
               "regionIdentifier": region})
    };
    let variable = described("here-1", "corp.example:8443").to_string();
    desk.write(
        "home/.oci/regions-config.json",
        &json!([described("there-1", "file.example")]).to_string(),
    );
    let asked = |region: &str| {
        host_asked(&desk, &["--region", region], &[("OCI_REGION_METADATA", variable.as_str())])
    };
    assert_eq!(
        asked("eu-frankfurt-1").as_deref(),
        Some("iot.eu-frankfurt-1.oci.oraclecloud.com:443")
    );
    assert_eq!(
        asked("uk-gov-london-1").as_deref(),
        Some("iot.uk-gov-london-1.oci.oraclegovcloud.uk:443")
    );
    assert_eq!(asked("here-1").as_deref(), Some("iot.here-1.oci.corp.example:8443"));
    assert_eq!(asked("there-1").as_deref(), Some("iot.there-1.oci.file.example:443"));
}

#[test]
fn hosts_that_no_proxy_leads_to() {
    let desk = Desk::new();
    let asked = |endpoint: &str, without: &str| {
        host_asked(&desk, &["--endpoint", endpoint], &[("NO_PROXY", without)])
    };
    let endpoint = "https://iot.x.invalid:1";
    assert_eq!(asked(endpoint, "other.invalid").as_deref(), Some("iot.x.invalid:1"));
    assert_eq!(asked(endpoint, "x.invalid"), None);
    assert_eq!(asked(endpoint, "*"), None);
    assert_eq!(asked("https://iot.localhost:1", ""), None, "this machine is asked directly");
}

#[test]
fn http_goes_through_its_own_proxy() {
    let (desk, fake) = (Desk::new(), Fake::start());
    fake.on("GET http://iot.x.invalid/20250531/digitalTwinInstances", 401, json!({}));
    let mut command = desk.command(&["--endpoint", "http://iot.x.invalid", "list"]);
    let output = command.env("http_proxy", &fake.address).output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_circuit_is_seen_with_d() {
    let (desk, fake) = (Desk::new(), Fake::start());
    fake.on("GET /20250531/digitalTwinInstances", 200, json!({"items": []}));
    let busy = json!({"code": "TooManyRequests", "message": "slow down"});
    fake.on("POST /20250531/digitalTwinInstances", 429, &busy);
    let mut rows = "external_key\n".to_owned();
    (0..30).for_each(|number| rows.push_str(&format!("pump-{number}\n")));
    desk.write("rows.csv", &rows);
    let arguments =
        ["-d", "--no-retry", "--endpoint", &fake.address, "bulk", "unstructured", "rows.csv"];
    let (code, _, err) = desk.run(&arguments);
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("is open after 10 failures: nothing is sent for 30 s"), "{err}");
    assert!(err.contains(" times in a row, the last time with 429 TooManyRequests"), "{err}");
    let sent = fake.requests().iter().filter(|request| request.starts_with("POST")).count();
    assert!((10..18).contains(&sent), "{sent}: ten, and those that were under way");
}
