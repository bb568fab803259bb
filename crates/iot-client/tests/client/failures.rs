//! Refusals, lost connections, and what is tried again.

use crate::support::{Reply, Server, client, impatient, ok, plain_http, signer, status};
use iot_api::data::DataCollection;
use iot_api::instances::CreateDigitalTwinInstanceDetails;
use iot_client::{
    ClientError, ControlClient, DataClient, RetryPolicy, TokenRequest, Trust, http_client,
    token_password,
};
use oci_core::date::imf_fixdate;
use oci_core::verify::{Authorization, check};

const INSTANCE: &str = r#"{"id":"i","iotDomainId":"d","connectivityType":"DIRECT",
    "displayName":"n","lifecycleState":"ACTIVE","timeCreated":"t"}"#;
const BUSY: &str = r#"{"code":"ServiceUnavailable","message":"busy"}"#;

/// Status, code and message of a refusal.
fn service(error: ClientError) -> (u16, String, String) {
    match error {
        ClientError::Service { status, code, message, .. } => (status, code, message),
        other => panic!("not a refusal: {other}"),
    }
}

fn unreachable(error: ClientError) -> (String, String, &'static str) {
    match error {
        ClientError::Unreachable { host, cause, advice } => (host, cause, advice),
        other => panic!("not a connection failure: {other}"),
    }
}

#[tokio::test]
async fn error_bodies() {
    let refused = async |code: u16, body: &str| {
        let body = body.to_owned();
        let server = Server::plain(move |_, _| {
            Reply::Answer(code, vec![("opc-request-id", "A/B/C".to_owned())], body.clone())
        })
        .await;
        client(&server).model_get("m").await.unwrap_err()
    };
    let error = refused(404, r#"{"code":"NotAuthorizedOrNotFound","message":"no `m`"}"#).await;
    assert_eq!(error.to_string(), "404 NotAuthorizedOrNotFound: no `m`");
    let ClientError::Service { opc_request_id, body, .. } = &error else { panic!("{error}") };
    assert_eq!(opc_request_id.as_deref(), Some("A/B/C"));
    assert!(body.starts_with("{\"code\""));
    assert_eq!(error.status(), Some(404));

    let html = refused(400, "<html>\n  <b>no</b>\n</html>").await;
    assert_eq!(html.to_string(), "400 Bad Request: <html> <b>no</b> </html>");
    assert_eq!(refused(403, "").await.to_string(), "403 Forbidden: no explanation");
    let redirect = refused(307, "").await;
    assert!(matches!(redirect, ClientError::Protocol { .. }), "{redirect}");
    let not_json = refused(200, "<html>").await;
    assert!(matches!(not_json, ClientError::Protocol { .. }), "{not_json}");
}

#[tokio::test]
async fn a_401_explains_a_wrong_clock() {
    let body = r#"{"code":"NotAuthenticated","message":"the date is old"}"#;
    let at = |date: i64| {
        move |_: usize, _: &crate::support::Seen| {
            Reply::Answer(401, vec![("date", imf_fixdate(date))], body.to_owned())
        }
    };
    let server = Server::plain(at(1_767_648_700)).await;
    let (code, _, message) = service(client(&server).model_get("m").await.unwrap_err());
    assert_eq!(code, 401);
    assert!(message.starts_with("the date is old (this machine's clock is "), "{message}");
    assert!(message.ends_with(" seconds ahead of the server's: set it)"), "{message}");

    // The server's own date header is right.
    let server = Server::plain(move |_, _| status(401, body)).await;
    let (_, _, message) = service(client(&server).model_get("m").await.unwrap_err());
    assert_eq!(message, "the date is old");
}

#[tokio::test]
async fn a_create_is_repeated_with_its_token_and_a_new_signature() {
    let server = Server::plain(|number, _| match number {
        0 => status(503, BUSY),
        1 => Reply::CutConnection,
        _ => ok(INSTANCE),
    })
    .await;
    let signer = signer();
    let endpoint = server.url("http", "localhost");
    let client = ControlClient::new(plain_http(), &endpoint, signer.clone()).unwrap();
    let details = CreateDigitalTwinInstanceDetails::default();
    client.instance_create(&details).await.unwrap();

    let all = server.seen();
    assert_eq!(all.len(), 3);
    for name in ["opc-retry-token", "opc-request-id"] {
        assert!(all.iter().all(|seen| seen.header(name) == all[0].header(name)), "{name}");
    }
    for seen in &all {
        let authorization = Authorization::from_headers(&seen.headers).unwrap();
        let date_s = oci_core::date::parse_imf_fixdate(seen.header("date")).unwrap();
        let key = signer.key.public();
        check(&authorization, "POST", &seen.target, &seen.headers, date_s, &key).unwrap();
    }
    let dates: Vec<&str> = all.iter().map(|seen| seen.header("date")).collect();
    assert_ne!(dates[0], dates[2], "a second passes between the tries");
}

#[tokio::test]
async fn what_is_tried_again() {
    let tries = async |code: u16, body: &'static str| {
        let server = Server::plain(move |_, _| status(code, body)).await;
        assert_eq!(client(&server).model_get("m").await.unwrap_err().status(), Some(code));
        server.seen().len()
    };
    let transient = r#"{"code":"IncorrectState","message":""}"#;
    let (a, b, c, d, e, f) = tokio::join!(
        tries(429, "{}"),
        tries(500, "{}"),
        tries(501, "{}"),
        tries(400, "{}"),
        tries(409, transient),
        tries(409, r#"{"code":"Conflict","message":""}"#),
    );
    assert_eq!([a, b, c, d, e, f], [8, 8, 1, 1, 8, 1]);
}

#[tokio::test]
async fn the_server_says_when_to_come_again() {
    let busy =
        |after: &str| Reply::Answer(429, vec![("retry-after", after.to_owned())], "{}".into());
    let server = Server::plain(move |number, _| match number {
        0 => busy("1"),
        _ => ok(INSTANCE),
    })
    .await;
    let start = std::time::Instant::now();
    client(&server).instance_get("i").await.unwrap();
    assert!(start.elapsed().as_millis() >= 1000, "{:?}", start.elapsed());

    // Longer than all tries may take: there is no use in waiting.
    let server = Server::plain(move |_, _| busy("601")).await;
    let start = std::time::Instant::now();
    let error = client(&server).instance_get("i").await.unwrap_err();
    assert_eq!((error.status(), server.seen().len()), (Some(429), 1));
    assert!(start.elapsed().as_secs() < 1);
}

#[tokio::test]
async fn one_try_is_one_try() {
    let server = Server::plain(|_, _| status(503, BUSY)).await;
    let once = RetryPolicy { tries_max: 1, ..RetryPolicy::default() };
    let client = client(&server).with_retry(once);
    assert_eq!(client.instance_get("i").await.unwrap_err().status(), Some(503));
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_service_that_fails_time_after_time_is_left_alone() {
    let server = Server::plain(|number, _| match number {
        0..10 => status(503, BUSY),
        _ => ok(INSTANCE),
    })
    .await;
    let rest = std::time::Duration::from_millis(1500);
    let policy = |tries_max| RetryPolicy { tries_max, rest, ..impatient() };
    let once = client(&server).with_retry(policy(1));
    let clone = once.clone();
    for _ in 0..5 {
        assert_eq!(once.instance_get("i").await.unwrap_err().status(), Some(503));
        assert_eq!(clone.instance_get("i").await.unwrap_err().status(), Some(503));
    }
    let error = clone.instance_get("i").await.unwrap_err();
    assert!(matches!(error, ClientError::Resting { failures: 10, .. }), "{error}");
    assert_eq!(server.seen().len(), 10, "nothing is sent meanwhile");
    tokio::time::sleep(rest).await;
    once.instance_get("i").await.unwrap();
    clone.instance_get("i").await.unwrap();
}

#[tokio::test]
async fn a_call_waits_for_the_end_of_the_rest() {
    let server = Server::plain(|number, _| match number {
        0..3 => status(503, BUSY),
        _ => ok(INSTANCE),
    })
    .await;
    let rest = std::time::Duration::from_millis(900);
    let patient = client(&server).with_retry(RetryPolicy { failures_max: 3, rest, ..impatient() });
    let start = std::time::Instant::now();
    patient.instance_get("i").await.unwrap();
    assert!(start.elapsed() >= rest, "{:?}", start.elapsed());
    assert_eq!(server.seen().len(), 4);
}

#[tokio::test]
async fn a_delete_that_worked_unseen_has_worked() {
    let gone = r#"{"code":"NotAuthorizedOrNotFound","message":""}"#;
    let server = Server::plain(move |number, _| match number {
        0 => Reply::CutConnection,
        _ => status(404, gone),
    })
    .await;
    client(&server).model_delete("m").await.unwrap();
    let server = Server::plain(move |_, _| status(404, gone)).await;
    assert_eq!(client(&server).model_delete("m").await.unwrap_err().status(), Some(404));
}

#[tokio::test]
async fn nobody_listens() {
    let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = server.local_addr().unwrap().port();
    drop(server);
    let endpoint = format!("http://iot.local-1.oci.localhost:{port}");
    let client = ControlClient::new(plain_http(), &endpoint, signer()).unwrap();
    let start = std::time::Instant::now();
    let (host, cause, advice) = unreachable(client.model_get("m").await.unwrap_err());
    assert!(start.elapsed().as_millis() < 150, "refused connections are not tried again");
    assert_eq!(host, format!("iot.local-1.oci.localhost:{port}"));
    assert!(cause.contains("refused") && !cause.contains("http://"), "{cause}");
    assert!(advice.contains("manage-dt serve"), "{advice}");
}

#[tokio::test]
async fn no_such_host() {
    let client = ControlClient::new(plain_http(), "http://nothing.invalid", signer()).unwrap();
    let (host, _, advice) = unreachable(client.model_get("m").await.unwrap_err());
    assert_eq!(host, "nothing.invalid");
    assert!(advice.contains("region"), "{advice}");
}

#[tokio::test]
async fn tls_failures_say_what_to_do() {
    let (server, _) = Server::tls(&["localhost"], |_, _| ok("{}")).await;
    let ask = async |http, url: String| {
        let client = ControlClient::new(http, &url, signer()).unwrap();
        unreachable(client.model_get("m").await.unwrap_err())
    };
    let (_, cause, advice) = ask(plain_http(), server.url("https", "localhost")).await;
    assert!(cause.contains("UnknownIssuer") && advice.contains("--cert-bundle"), "{cause}");

    let (_, of_old_ca) = Server::tls(&["localhost"], |_, _| ok("{}")).await;
    let http = http_client(&Trust { ca_pem: Some(of_old_ca), identity: None }).unwrap();
    let (_, cause, advice) = ask(http, server.url("https", "localhost")).await;
    assert!(advice.contains("--cert-bundle"), "{cause}");

    let (server, ca_pem) = Server::tls(&["other.localhost"], |_, _| ok("{}")).await;
    let http = http_client(&Trust { ca_pem: Some(ca_pem), identity: None }).unwrap();
    let (_, cause, advice) = ask(http, server.url("https", "iot.localhost")).await;
    assert!(advice.contains("another host name"), "{cause}; {advice}");

    let plain = Server::plain(|_, _| ok("{}")).await;
    let (_, cause, advice) = ask(plain_http(), plain.url("https", "localhost")).await;
    assert!(advice.contains("http://"), "{cause}; {advice}");
}

#[tokio::test]
async fn answers_are_bounded() {
    let server = Server::plain(|_, _| ok(&" ".repeat(65 << 20))).await;
    let error = client(&server).model_get("m").await.unwrap_err();
    assert!(error.to_string().ends_with("it is longer than 64 MiB"), "{error}");
}

#[tokio::test]
async fn tokens() {
    let server = Server::plain(|number, _| match number {
        0 => ok(r#"{"access_token":"se.cr.et","token_type":"Bearer","expires_in":3600}"#),
        1 => status(401, r#"{"error":"invalid_client","error_description":"unknown client"}"#),
        2 => status(503, ""),
        _ => ok(r#"{"access_token":"se.cr.et"}"#),
    })
    .await;
    let http = plain_http();
    let endpoint = server.url("http", "id.identity.oci.localhost") + "/oauth2/v1/token";
    let request = TokenRequest {
        oauth_endpoint: &endpoint,
        client_id: "app",
        client_secret: "s:1",
        user: "someone@example.com",
        password: "p w&",
        scope: "/g/iot/d",
    };
    let answer = token_password(&http, &request).await.unwrap();
    assert_eq!((answer.access_token.as_str(), answer.expires_in), ("se.cr.et", 3600));
    let seen = &server.seen()[0];
    assert_eq!(seen.target, "/oauth2/v1/token");
    assert_eq!(seen.header("authorization"), "Basic YXBwOnM6MQ==");
    assert_eq!(seen.header("content-type"), "application/x-www-form-urlencoded");
    assert_eq!(
        String::from_utf8_lossy(&seen.body),
        "grant_type=password&username=someone%40example.com&password=p+w%26&scope=%2Fg%2Fiot%2Fd"
    );
    let refused = token_password(&http, &request).await.unwrap_err();
    assert_eq!(refused.to_string(), "401 invalid_client: unknown client");
    assert_eq!(token_password(&http, &request).await.unwrap_err().status(), Some(503));
    assert_eq!(server.seen().len(), 3, "a log-in is tried once");
    let strange = token_password(&http, &request).await.unwrap_err().to_string();
    assert!(!strange.contains("se.cr.et"), "{strange}");
    for shown in [format!("{request:?}"), format!("{answer:?}")] {
        assert!(!shown.contains("s:1") && !shown.contains("p w") && !shown.contains("se.cr"));
    }
}

#[tokio::test]
async fn the_data_api() {
    let server = Server::plain(|number, seen| match number {
        0 => ok(r#"{"items":[{"id":7012,"value":1.10,"a":null}],"hasMore":true,"limit":100,
                   "offset":0,"count":1,"links":[]}"#),
        1 => ok(r#"{"id":7012}"#),
        2 => status(
            401,
            r#"{"code":"Unauthorized","title":"Unauthorized",
                           "message":"expired","type":"t","instance":"i"}"#,
        ),
        _ => status(404, &seen.target),
    })
    .await;
    let base = server.url("http", "g.data.iot.local-1.oci.localhost") + "/ords/d/20250531";
    let data = DataClient::new(plain_http(), &base, "to.ke.n").unwrap();
    assert!(!format!("{data:?}").contains("to.ke.n"));
    let q = r#"{"id": {"$gt": 1}}"#;
    let page = data.list(DataCollection::RawData, q, 100, 0).await.unwrap();
    assert!(page.has_more);
    assert_eq!(page.items[0]["id"], 7012);
    let row = data.get(DataCollection::RawData, "7012").await.unwrap();
    assert_eq!(row["id"], 7012);
    let seen = server.seen();
    assert_eq!(
        seen[0].target,
        "/ords/d/20250531/rawData?q=%7B%22id%22%3A+%7B%22%24gt%22%3A+1%7D%7D&limit=100&offset=0"
    );
    assert_eq!(seen[0].header("authorization"), "Bearer to.ke.n");
    assert_eq!(seen[1].target, "/ords/d/20250531/rawData/7012");
    let expired = data.list(DataCollection::RawData, "", 25, 50).await.unwrap_err();
    assert_eq!(expired.to_string(), "401 Unauthorized: expired");
    assert!(server.seen()[2].target.ends_with("/rawData?limit=25&offset=50"));
    assert!(DataClient::new(plain_http(), &base, "a\nb").is_err());
}
