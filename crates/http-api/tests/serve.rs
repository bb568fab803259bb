//! The listener over TLS, from a signed create to a row read back.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod kit;

use kit::{Got, Served};
use oci_core::date::imf_fixdate;
use platform::clock::wall_clock_us;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::rustls::pki_types::ServerName;

#[tokio::test]
async fn health_is_for_any_host_and_the_rest_for_ours() {
    let served = Served::start().await;
    let get =
        |host: &'static str, path: &'static str| served.plain(("GET", host, path), ("x", "y"), b"");
    assert_eq!(get("example.org", "/health/live").await.status, 200);
    assert_eq!(get("example.org", "/health/ready").await.status, 503);
    served.platform.set_ready(true);
    assert_eq!(get("localhost", "/health/ready").await.status, 200);
    assert_eq!(get("example.org", "/20250531/iotDomains").await.status, 404);
    assert_eq!(get("localhost", "/nothing").await.status, 404);
    let vault = get("localhost", "/20190301/secretbundles/x").await;
    assert_eq!((vault.status, vault.body.contains("NotAuthenticated")), (401, true));
    assert!(
        get("localhost", "/metrics").await.body.contains("https_answers_total{reason=\"404\"} 2")
    );
    served.stop.send(true).unwrap();
    served.task.await.unwrap();
}

#[tokio::test]
async fn the_control_plane_verifies_then_answers() {
    let served = Served::start().await;
    let domain = served.setup.domain.common.id.clone();
    let unsigned =
        served.plain(("HEAD", "localhost", "/20250531/x"), ("opc-request-id", "mine"), b"").await;
    assert_eq!(unsigned.status, 401);
    assert!(unsigned.header("date").is_some());
    assert!(unsigned.header("opc-request-id").unwrap().starts_with("mine/"));

    let got = served.signed("GET", &format!("//20250531/iotDomains/{domain}"), None).await;
    assert_eq!(got.status, 200, "{}", got.body);
    assert!(got.header("etag").is_some());
    let host = served.platform.names().device(&served.setup.domain.short_id);
    assert_eq!(got.json()["deviceHost"], host);

    let is = |got: Got, status: u16, code: &str| {
        assert_eq!((got.status, got.json()["code"].as_str()), (status, Some(code)), "{}", got.body);
    };
    let models = "/20250531/digitalTwinModels";
    is(served.signed("POST", models, Some("{")).await, 400, "CannotParseRequest");
    is(served.signed("POST", models, Some("{}")).await, 400, "MissingParameter");
    is(served.signed("POST", models, Some("{\"x\":1}")).await, 400, "InvalidParameter");
    is(served.signed("GET", models, None).await, 400, "MissingParameter");
    let list = format!("{models}?iotDomainId={domain}");
    is(
        served.signed("GET", &format!("{list}&lifecycleState=X"), None).await,
        400,
        "InvalidParameter",
    );
    is(
        served.signed("GET", &format!("{models}?iotDomainId=x"), None).await,
        404,
        "NotAuthorizedOrNotFound",
    );
    is(
        served.signed("PUT", &format!("{models}/x"), Some("{}")).await,
        404,
        "NotAuthorizedOrNotFound",
    );
    is(served.signed("PUT", models, Some("{}")).await, 405, "MethodNotAllowed");
    is(served.signed("GET", "/20250531/nothing", None).await, 404, "NotFound");

    for number in 1..=2 {
        let spec = json!({"@context": "dtmi:dtdl:context;3", "@type": "Interface",
            "@id": format!("dtmi:test:m{number};1")});
        let body = json!({"iotDomainId": domain, "spec": spec}).to_string();
        let made = served.signed("POST", models, Some(&body)).await;
        assert_eq!(made.status, 200, "{}", made.body);
    }
    let page = served.signed("GET", &format!("{list}&limit=1"), None).await;
    assert_eq!(page.json()["items"].as_array().unwrap().len(), 1);
    let next = format!("{list}&limit=1&page={}", page.header("opc-next-page").unwrap());
    let last = served.signed("GET", &next, None).await;
    assert_ne!(last.json()["items"][0]["id"], page.json()["items"][0]["id"]);
    assert_eq!(last.header("opc-next-page"), None);
    is(served.signed("GET", &format!("{list}&page=x"), None).await, 400, "InvalidParameter");
    let id = page.json()["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(served.signed("DELETE", &format!("{models}/{id}"), None).await.status, 204);
}

#[tokio::test]
async fn a_device_posts_and_the_data_api_reads() {
    let served = Served::start().await;
    let (setup, names) = (&served.setup, served.platform.names());
    let body = json!({"iotDomainId": setup.domain.common.id, "authId": setup.secret.id,
        "externalKey": "dev"});
    let made =
        served.signed("POST", "/20250531/digitalTwinInstances", Some(&body.to_string())).await;
    assert_eq!(made.status, 200, "{}", made.body);

    let host = names.device(&setup.domain.short_id);
    let good = served.basic("dev", &setup.secret.content);
    let bad = served.basic("dev", b"wrong");
    let payload = b"{\"a\": 1.50}";
    let post = |credentials: String, path: &'static str, body: Vec<u8>| {
        let (served, host) = (&served, host.clone());
        async move {
            let header = ("authorization", credentials.as_str());
            served.plain(("POST", &host, path), header, &body).await
        }
    };
    let refused = post(bad, "/iot/v1", payload.to_vec()).await;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.header("www-authenticate"), Some("Basic realm=\"iot\""));
    assert_eq!(post(good.clone(), "/", payload.to_vec()).await.status, 404);
    assert_eq!(post(good.clone(), "/iot/v1", vec![b'x'; 600_000]).await.status, 413);
    let accepted = post(good, "/iot/v1%20a?x=y", payload.to_vec()).await;
    assert_eq!((accepted.status, accepted.body.as_str()), (202, ""));

    let identity = names.identity(served.platform.identity_id());
    let scope = format!("/{}/iot/{}", setup.group.short_id, setup.domain.short_id);
    let form = format!("grant_type=client_credentials&scope={}", scope.replace('/', "%2F"));
    let client = served.basic(&setup.app.client_id, setup.app.client_secret.as_bytes());
    let at = ("POST", identity.as_str(), "/oauth2/v1/token");
    let granted = served.plain(at, ("authorization", &client), form.as_bytes()).await;
    assert_eq!(granted.status, 200, "{}", granted.body);
    assert_eq!(granted.header("cache-control"), Some("no-store"));
    let unknown = served.plain(at, ("x", "y"), form.as_bytes()).await;
    assert_eq!((unknown.status, unknown.header("www-authenticate").is_some()), (401, true));

    let bearer = format!("Bearer {}", granted.json()["access_token"].as_str().unwrap());
    let data_host = names.with_port(&names.data(&setup.group.short_id));
    let read = |path: String, bearer: String| {
        let (served, host) = (&served, data_host.clone());
        async move { served.plain(("GET", &host, &path), ("authorization", &bearer), b"").await }
    };
    let base = format!("/ords/{}/20250531/rawData", setup.domain.short_id);
    let page = read(format!("{base}/?q=%7B%22endpoint%22:%22iot/v1+a%22%7D"), bearer.clone()).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let page = page.json();
    assert_eq!(
        (&page["count"], &page["limit"], &page["hasMore"]),
        (&json!(1), &json!(25), &json!(false))
    );
    assert_eq!(page["items"][0]["endpoint"], "iot/v1 a");
    let item = read(format!("{base}/{}", page["items"][0]["id"]), bearer.clone()).await;
    assert!(item.body.contains("\"content\":{\"a\": 1.50}"), "{}", item.body);
    assert_eq!(item.json()["links"][0]["href"], format!("https://{data_host}{base}"));
    for query in ["limit=0", "offset=-1", "limit=x", "q=%7B", "q=%7B%22no%22:1%7D"] {
        let got = read(format!("{base}?{query}"), bearer.clone()).await;
        assert_eq!(got.status, 400, "{query}: {}", got.body);
        assert_eq!(got.header("content-type"), Some("application/problem+json"));
    }
    assert_eq!(read(base.clone(), "Bearer x".into()).await.status, 401);
    assert_eq!(read(format!("{base}/x/y"), bearer.clone()).await.status, 404);
    assert_eq!(read("/ords/other/20250531/rawData".into(), bearer).await.status, 404);
}

#[tokio::test]
async fn a_changed_body_is_refused_and_a_request_in_hand_is_finished() {
    let served = Served::start().await;
    let names = served.platform.names();
    let (target, host) = ("/20250531/digitalTwinModels", names.with_port(&names.control()));
    let date = imf_fixdate(wall_clock_us() / 1_000_000);
    let content = Some((&b"{\"x\":1}"[..], "application/json"));
    let headers = served.signer.sign("POST", target, &host, &date, content);
    let changed = served.raw("POST", target, &headers, b"{\"x\":2}").await;
    assert_eq!(changed.status, 401, "{}", changed.body);

    // The stop comes after the head and before the body.
    let tcp = TcpStream::connect(("127.0.0.1", served.port)).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = served.tls.connect(name, tcp).await.unwrap();
    let form = "POST /oauth2/v1/token HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\n\
                content-length: 3\r\n\r\n";
    stream.write_all(form.as_bytes()).await.unwrap();
    let mut first = [0; 25];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 100 Continue\r\n\r\n");
    served.stop.send(true).unwrap();
    tokio::task::yield_now().await;
    stream.write_all(b"a=b").await.unwrap();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).await.unwrap();
    assert!(rest.starts_with("HTTP/1.1 401"), "{rest}");
    served.task.await.unwrap();
}
