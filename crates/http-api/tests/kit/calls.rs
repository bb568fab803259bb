//! Calls of the control plane, followed to their end.

use oci_core::date::imf_fixdate;
use platform::clock::wall_clock_us;
use serde_json::Value;

use super::{Got, Served};

impl Served {
    /// A signed request with more headers, which are not signed.
    pub async fn signed_with(
        &self,
        method: &str,
        target: &str,
        body: Option<&str>,
        more: &[(&'static str, &str)],
    ) -> Got {
        let host = self.platform.names().with_port(&self.platform.names().control());
        let date = imf_fixdate(wall_clock_us() / 1_000_000);
        let content = body.map(|body| (body.as_bytes(), "application/json"));
        let mut headers = self.signer.sign(method, target, &host, &date, content);
        headers.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        self.raw(method, target, &headers, body.unwrap_or_default().as_bytes()).await
    }

    /// A control-plane call whose answer must have this status; its JSON, or null.
    pub async fn call(&self, expected: u16, call: &str, body: Value) -> Value {
        let (method, path) = call.split_once(' ').unwrap();
        let target = format!("/20250531{path}");
        let text = text(method, &body);
        let got = self.signed(method, &target, text.as_deref()).await;
        assert_eq!(got.status, expected, "{call}: {}", got.body);
        if got.body.is_empty() { Value::Null } else { got.json() }
    }

    /// A call that must be refused with this code; the message.
    pub async fn refused(&self, code: &str, call: &str, body: Value) -> String {
        let (method, path) = call.split_once(' ').unwrap();
        let target = format!("/20250531{path}");
        let text = text(method, &body);
        let got = self.signed(method, &target, text.as_deref()).await;
        let answer = got.json();
        assert_eq!(answer["code"], code, "{call}: {}", got.body);
        answer["message"].as_str().unwrap().to_owned()
    }

    /// A call that is accepted, followed until its work request has succeeded; the answer.
    pub async fn work(&self, call: &str, body: Value) -> Got {
        let (method, path) = call.split_once(' ').unwrap();
        let target = format!("/20250531{path}");
        let text = text(method, &body);
        let got = self.signed(method, &target, text.as_deref()).await;
        assert_eq!(got.status, 202, "{call}: {}", got.body);
        let id = got.header("opc-work-request-id").unwrap();
        for _ in 0..500 {
            let path = format!("GET /workRequests/{id}");
            let work = self.call(200, &path, Value::Null).await;
            match work["status"].as_str() {
                Some("SUCCEEDED") => return got,
                Some("ACCEPTED" | "IN_PROGRESS") => {}
                other => panic!("{call}: {other:?}"),
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("{call}: the work request does not end");
    }
}

/// The body of a call: clients send one with every POST and PUT, if only an empty one.
fn text(method: &str, body: &Value) -> Option<String> {
    match (method, body.is_null()) {
        (_, false) => Some(body.to_string()),
        ("POST" | "PUT", true) => Some(String::new()),
        _ => None,
    }
}

/// Ids of a list answer.
pub fn ids(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap();
    items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}
