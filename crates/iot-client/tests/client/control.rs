//! What goes over the wire, and what comes back from it.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::support::{Reply, Server, client, ok, plain_http, signer, status};
use iot_api::instances::CreateDigitalTwinInstanceDetails;
use iot_api::models::CreateDigitalTwinModelDetails;
use iot_client::{
    AdapterQuery, ClientError, ControlClient, InstanceQuery, ModelQuery, Trust, http_client,
};
use oci_core::verify::{Authorization, check, check_body};

const EMPTY: &str = r#"{"items":[]}"#;

fn instance(id: &str) -> String {
    format!(
        r#"{{"id":"{id}","iotDomainId":"d","connectivityType":"DIRECT","displayName":"n",
            "lifecycleState":"ACTIVE","timeCreated":"2026-01-05T21:31:40.123456Z","new":1}}"#
    )
}

fn details() -> CreateDigitalTwinInstanceDetails {
    CreateDigitalTwinInstanceDetails {
        iot_domain_id: "d".to_owned(),
        display_name: Some("Größe".to_owned()),
        ..CreateDigitalTwinInstanceDetails::default()
    }
}

#[tokio::test]
async fn queries_are_encoded_as_the_python_client_does() {
    let server = Server::plain(|_, _| ok(EMPTY)).await;
    let client = client(&server);
    let query = ModelQuery {
        iot_domain_id: "ocid1.iotdomain.oc0.local-1.abc",
        spec_uri_starts_with: Some("dtmi:com:example:Thing;1"),
        display_name: Some("a b/ü"),
        lifecycle_state: Some("ACTIVE"),
    };
    assert!(client.model_list(&query).await.unwrap().is_empty());
    let seen = &server.seen()[0];
    assert_eq!(
        seen.target,
        "/20250531/digitalTwinModels?iotDomainId=ocid1.iotdomain.oc0.local-1.abc\
         &displayName=a+b%2F%C3%BC&specUriStartsWith=dtmi%3Acom%3Aexample%3AThing%3B1\
         &lifecycleState=ACTIVE"
    );
    assert_eq!(seen.header("accept"), "application/json");
    assert_eq!(seen.header("content-type"), "application/json");
    let id = seen.header("opc-request-id");
    assert_eq!(id.len(), 32);
    assert!(id.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'A'..=b'F')), "{id}");
    assert_eq!(seen.header("opc-retry-token"), "");
}

#[tokio::test]
async fn every_request_carries_a_signature_that_holds() {
    let server = Server::plain(|_, seen| match seen.method.as_str() {
        "DELETE" => status(204, ""),
        "POST" => ok(&instance("i")),
        _ if seen.target.ends_with("/content") => ok(r#"{"b":1,"a":2}"#),
        _ => ok(EMPTY),
    })
    .await;
    let signer = signer();
    let endpoint = server.url("http", "iot.local-1.oci.localhost") + "/";
    let client = ControlClient::new(plain_http(), &endpoint, signer.clone()).unwrap();

    let query =
        InstanceQuery { iot_domain_id: "d", display_name: Some("x y"), ..Default::default() };
    client.instance_list(&query).await.unwrap();
    let created = client.instance_create(&details()).await.unwrap();
    assert_eq!(created.id, "i");
    let content = client.instance_content("i d").await.unwrap();
    assert_eq!(content.to_string(), r#"{"b":1,"a":2}"#, "the order stays");
    client.instance_delete("i").await.unwrap();

    let now_s = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
    let targets = [
        "GET /20250531/digitalTwinInstances?iotDomainId=d&displayName=x+y",
        "POST /20250531/digitalTwinInstances",
        "GET /20250531/digitalTwinInstances/i%20d/content",
        "DELETE /20250531/digitalTwinInstances/i",
    ];
    let all = server.seen();
    assert_eq!(all.len(), targets.len());
    for (seen, target) in all.iter().zip(targets) {
        assert_eq!(format!("{} {}", seen.method, seen.target), target);
        let authorization = Authorization::from_headers(&seen.headers).unwrap();
        let key = signer.key.public();
        check(&authorization, &seen.method, &seen.target, &seen.headers, now_s, &key).unwrap();
        check_body(&seen.headers, &seen.body).unwrap();
        assert_eq!(seen.headers.get_all("host").iter().count(), 1);
        assert_eq!(seen.headers.get_all("content-type").iter().count(), 1);
    }
    assert_eq!(all[1].body, r#"{"iotDomainId":"d","displayName":"Größe"}"#.as_bytes());
    assert_eq!(all[1].header("opc-retry-token").len(), 30);
    assert_eq!(all[2].header("accept"), "application/json, application/ld+json");
}

#[tokio::test]
async fn documents_travel_byte_for_byte() {
    let spec = r#"{ "@id":"dtmi:a;1" ,"x":1.0e2}"#;
    let server = Server::plain(move |_, seen| match seen.method.as_str() {
        "GET" => ok(spec),
        _ => ok(r#"{"id":"m","iotDomainId":"d","specUri":"dtmi:a;1","displayName":"n",
                   "lifecycleState":"ACTIVE","timeCreated":"t"}"#),
    })
    .await;
    let client = client(&server);
    let details: CreateDigitalTwinModelDetails =
        serde_json::from_str(&format!(r#"{{"iotDomainId":"d","spec":{spec}}}"#)).unwrap();
    client.model_create(&details).await.unwrap();
    assert!(String::from_utf8_lossy(&server.seen()[0].body).contains(spec));
    assert_eq!(client.model_spec("m").await.unwrap().get(), spec);
}

#[tokio::test]
async fn lists_follow_their_pages() {
    let server = Server::plain(|number, _| {
        let headers = match number {
            0 => vec![("opc-next-page", "a b".to_owned())],
            1 => vec![("opc-next-page", "c".to_owned())],
            _ => vec![],
        };
        Reply::Answer(200, headers, format!(r#"{{"items":[{}]}}"#, instance(&number.to_string())))
    })
    .await;
    let query = InstanceQuery { iot_domain_id: "d", ..Default::default() };
    let all = client(&server).instance_list(&query).await.unwrap();
    let ids: Vec<&str> = all.iter().map(|instance| instance.id.as_str()).collect();
    assert_eq!(ids, ["0", "1", "2"]);
    let targets: Vec<String> = server.seen().into_iter().map(|seen| seen.target).collect();
    assert!(targets[1].ends_with("?iotDomainId=d&page=a+b"), "{targets:?}");
    assert!(targets[2].ends_with("?iotDomainId=d&page=c"), "{targets:?}");
    let ids: Vec<String> =
        server.seen().iter().map(|seen| seen.header("opc-request-id").to_owned()).collect();
    assert_ne!(ids[0], ids[1], "each request has its own name");
}

#[tokio::test]
async fn a_list_without_end_is_an_error() {
    let page = || vec![("opc-next-page", "again".to_owned())];
    let server = Server::plain(move |_, _| Reply::Answer(200, page(), EMPTY.to_owned())).await;
    let query = AdapterQuery { iot_domain_id: "d", ..Default::default() };
    let error = client(&server).adapter_list(&query).await.unwrap_err();
    assert!(matches!(error, ClientError::Protocol { .. }), "{error}");
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn ids_and_addresses_that_cannot_be() {
    let server = Server::plain(|_, _| ok("{}")).await;
    let client = client(&server);
    for id in ["", " ", ".", ".."] {
        let error = client.model_get(id).await.unwrap_err();
        assert!(matches!(error, ClientError::Setup { .. }), "{id:?}: {error}");
    }
    assert!(server.seen().is_empty());
    for endpoint in ["", "localhost:8443", "ftp://x", "https://u:p@x", "https://x?y", "https://"] {
        let result = ControlClient::new(plain_http(), endpoint, signer());
        assert!(matches!(result, Err(ClientError::Setup { .. })), "{endpoint}");
    }
}

#[tokio::test]
async fn a_whole_create_uses_one_tls_connection() {
    let (server, ca_pem) = Server::tls(&["*.local-1.oci.localhost"], |_, seen| {
        if seen.method == "POST" { ok(&instance("i")) } else { ok(EMPTY) }
    })
    .await;
    let signer = signer();
    let start = std::time::Instant::now();
    let http = http_client(&Trust { ca_pem: Some(ca_pem), identity: None }).unwrap();
    let endpoint = server.url("https", "iot.local-1.oci.localhost") + "/20250531/";
    let client = ControlClient::new(http, &endpoint, signer).unwrap();
    let query = InstanceQuery { iot_domain_id: "d", ..Default::default() };
    for _ in 0..3 {
        client.instance_list(&query).await.unwrap();
        client.instance_create(&details()).await.unwrap();
    }
    println!("3 lists and 3 creates: {:?}", start.elapsed());
    assert_eq!(server.connections(), 1);
    assert!(server.seen().iter().all(|seen| seen.target.starts_with("/20250531/digital")));
}
