//! Instance principals and tokens handed to the process, against a stand-in for the metadata
//! service, the federation service and the control plane that checks every request as they do.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use iot_client::{ClientError, ControlClient, Identity, InstanceMetadata, InstancePrincipal};
use oci_core::date::parse_imf_fixdate;
use oci_core::key::{PrivateKey, PublicKey};
use oci_core::sign::{Signer, content_sha256};
use oci_core::verify::{Authorization, check, check_body};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use serde_json::{Value, json};

use crate::support::{Reply, Seen, Server, impatient, ok, plain_http, status};

const TENANCY: &str = "ocid1.tenancy.oc0..t";
const REGION: &str = r#"{"realmKey":"oc0","realmDomainComponent":"localhost:8443",
    "regionKey":"LOC","regionIdentifier":"local-1"}"#;

/// An instance as its metadata service describes it, and the services that know it.
struct Cloud {
    certificate: String,
    key: PrivateKey,
    intermediate: String,
    /// Public session keys, each belonging to the token of its number.
    sessions: Mutex<Vec<PublicKey>>,
    /// Seconds that a new token lives.
    life_s: AtomicI64,
    /// The first token that the control plane accepts.
    accepts_from: AtomicUsize,
    /// Answers of the federation service that are failures.
    failures: AtomicUsize,
}

impl Cloud {
    fn new() -> Arc<Cloud> {
        let mut ca = CertificateParams::new(vec![]).unwrap();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate().unwrap()).unwrap();
        let key = PrivateKey::generate();
        let pair = KeyPair::from_pem(&key.to_pkcs8_pem()).unwrap();
        let mut leaf = CertificateParams::new(vec![]).unwrap();
        leaf.distinguished_name.push(DnType::CommonName, "ocid1.instance.oc0..i");
        let unit = format!("opc-tenant:{TENANCY}");
        leaf.distinguished_name.push(DnType::OrganizationalUnitName, unit);
        let leaf = leaf.signed_by(&pair, &ca).unwrap();
        Arc::new(Cloud {
            certificate: leaf.pem(),
            key,
            intermediate: ca.pem(),
            sessions: Mutex::default(),
            life_s: AtomicI64::new(1200),
            accepts_from: AtomicUsize::new(0),
            failures: AtomicUsize::new(0),
        })
    }

    fn answer(&self, seen: &Seen) -> Reply {
        let Some(name) = seen.target.strip_prefix("/opc/v2/") else {
            return match seen.target.as_str() {
                "/v1/x509" => self.exchange(seen),
                _ => self.control(seen),
            };
        };
        if seen.method != "GET" || seen.header("authorization") != "Bearer Oracle" {
            return status(403, "no");
        }
        match name {
            "instance/regionInfo" => ok(REGION),
            "identity/cert.pem" => ok(&self.certificate),
            "identity/key.pem" => ok(&self.key.to_pkcs8_pem()),
            "identity/intermediate.pem" => ok(&self.intermediate),
            _ => status(404, ""),
        }
    }

    fn exchange(&self, seen: &Seen) -> Reply {
        if let Some(reason) = self.refuse_exchange(seen) {
            let body = json!({"code": "NotAuthenticated", "message": reason});
            return status(401, &body.to_string());
        }
        if self.failures.load(Ordering::SeqCst) > 0 {
            self.failures.fetch_sub(1, Ordering::SeqCst);
            return status(500, r#"{"code":"InternalServerError","message":"try again"}"#);
        }
        let body: Value = serde_json::from_slice(&seen.body).unwrap();
        let der = STANDARD.decode(body["publicKey"].as_str().unwrap()).unwrap();
        let mut sessions = self.sessions.lock().unwrap();
        sessions.push(PublicKey::from_spki_der(&der).unwrap());
        let end = now_s() + self.life_s.load(Ordering::SeqCst);
        ok(&json!({"token": token(sessions.len() - 1, end)}).to_string())
    }

    /// The first check that a request for a token fails (control-plane.md 2.6).
    fn refuse_exchange(&self, seen: &Seen) -> Option<String> {
        let Ok(authorization) = Authorization::from_headers(&seen.headers) else {
            return Some("no signature".to_owned());
        };
        let names = "date (request-target) content-length content-type x-content-sha256";
        if authorization.headers.join(" ") != names {
            return Some(format!("signs {}", authorization.headers.join(" ")));
        }
        let bare = bare(&self.certificate);
        let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, &STANDARD.decode(&bare).unwrap());
        let pairs: Vec<String> = hash.as_ref().iter().map(|b| format!("{b:02X}")).collect();
        let key_id = format!("{TENANCY}/fed-x509/{}", pairs.join(":"));
        if authorization.key_id != key_id {
            return Some(format!("key id {}", authorization.key_id));
        }
        let text = format!(
            "date: {}\n(request-target): post /v1/x509\ncontent-length: {}\n\
             content-type: application/json\nx-content-sha256: {}",
            seen.header("date"),
            seen.body.len(),
            content_sha256(&seen.body),
        );
        if !self.key.public().verify_sha256(text.as_bytes(), &authorization.signature) {
            return Some("the signature does not hold".to_owned());
        }
        if parse_imf_fixdate(seen.header("date")).is_none_or(|s| s.abs_diff(now_s()) > 300) {
            return Some("the date is old".to_owned());
        }
        let mut body: Value = serde_json::from_slice(&seen.body).unwrap();
        body["publicKey"] = Value::Null;
        let expected = json!({"certificate": bare, "publicKey": null,
            "intermediateCertificates": [self::bare(&self.intermediate)]});
        (body != expected).then(|| format!("body {body}"))
    }

    fn control(&self, seen: &Seen) -> Reply {
        let refused = status(401, r#"{"code":"NotAuthenticated","message":"no"}"#);
        let Ok(authorization) = Authorization::from_headers(&seen.headers) else {
            return refused;
        };
        let sessions = self.sessions.lock().unwrap();
        let number = authorization.key_id.strip_prefix("ST$").and_then(number_of);
        let key = number.and_then(|number| sessions.get(number));
        let (Some(number), Some(key)) = (number, key) else { return refused };
        let is_signed =
            check(&authorization, &seen.method, &seen.target, &seen.headers, now_s(), key).is_ok()
                && check_body(&seen.headers, &seen.body).is_ok();
        match is_signed && number >= self.accepts_from.load(Ordering::SeqCst) {
            true => ok(r#"{"id":"m","iotDomainId":"d","specUri":"dtmi:a;1","displayName":"n",
                           "lifecycleState":"ACTIVE","timeCreated":"t"}"#),
            false => refused,
        }
    }

    fn exchanges(&self) -> usize {
        self.sessions.lock().unwrap().len()
    }
}

fn now_s() -> i64 {
    let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    elapsed.as_secs() as i64
}

/// PEM without its frame and line ends.
fn bare(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect()
}

fn token(number: usize, exp: i64) -> String {
    let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let payload = encode(json!({"exp": exp, "iat": exp - 1200, "number": number}));
    format!("{}.{payload}.c2ln", encode(json!({"alg": "RS256"})))
}

fn number_of(token: &str) -> Option<usize> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let payload: Value = serde_json::from_slice(&payload).ok()?;
    payload["number"].as_u64().map(|number| number as usize)
}

async fn stand_in(cloud: &Arc<Cloud>) -> (Server, ControlClient) {
    let answering = cloud.clone();
    let server = Server::plain(move |_, seen| answering.answer(seen)).await;
    let base = server.url("http", "127.0.0.1");
    let metadata = InstanceMetadata::new(Some(&format!("{base}/opc/v2"))).unwrap();
    let principal = InstancePrincipal::new(metadata, plain_http(), &base).unwrap();
    let identity = Identity::instance(principal);
    let client = ControlClient::new(plain_http(), &base, identity).unwrap();
    (server, client.with_retry(impatient()))
}

#[tokio::test]
async fn a_certificate_is_exchanged_once_for_many_calls() {
    let cloud = Cloud::new();
    let (server, client) = stand_in(&cloud).await;
    let (one, two) = tokio::join!(client.model_get("m"), client.model_get("m"));
    one.unwrap();
    two.unwrap();
    client.model_get("m").await.unwrap();
    assert_eq!(cloud.exchanges(), 1);
    let targets: Vec<String> = server.seen().into_iter().map(|seen| seen.target).collect();
    let metadata = targets.iter().filter(|target| target.starts_with("/opc/v2/identity/")).count();
    assert_eq!((metadata, targets.len()), (3, 7), "{targets:?}");
}

#[tokio::test]
async fn a_token_is_renewed_before_it_ends() {
    let cloud = Cloud::new();
    cloud.life_s.store(59, Ordering::SeqCst);
    let (_server, client) = stand_in(&cloud).await;
    client.model_get("m").await.unwrap();
    client.model_get("m").await.unwrap();
    assert_eq!(cloud.exchanges(), 2);
    let sessions = cloud.sessions.lock().unwrap();
    assert_ne!(sessions[0], sessions[1], "each token has a key of its own");
}

#[tokio::test]
async fn a_refused_token_is_renewed_once() {
    let cloud = Cloud::new();
    let (_server, client) = stand_in(&cloud).await;
    client.model_get("m").await.unwrap();
    cloud.accepts_from.store(1, Ordering::SeqCst);
    client.model_get("m").await.unwrap();
    assert_eq!(cloud.exchanges(), 2);

    cloud.accepts_from.store(99, Ordering::SeqCst);
    let (server, client) = stand_in(&cloud).await;
    assert_eq!(client.model_get("m").await.unwrap_err().status(), Some(401));
    let is_control = |seen: &&Seen| seen.target.starts_with("/20250531/");
    assert_eq!(server.seen().iter().filter(is_control).count(), 2, "exactly two requests");
}

#[tokio::test]
async fn the_federation_service_may_fail_twice() {
    let cloud = Cloud::new();
    cloud.failures.store(2, Ordering::SeqCst);
    let (_server, client) = stand_in(&cloud).await;
    client.model_get("m").await.unwrap();
    cloud.failures.store(3, Ordering::SeqCst);
    let (server, client) = stand_in(&cloud).await;
    let error = client.model_get("m").await.unwrap_err();
    assert!(error.to_string().contains("exchange of the certificate at http://"), "{error}");
    let exchanges = server.seen().iter().filter(|seen| seen.target == "/v1/x509").count();
    assert_eq!(exchanges, 3);
}

#[tokio::test]
async fn an_instance_knows_its_region() {
    let cloud = Cloud::new();
    let server = Server::plain(move |_, seen| cloud.answer(seen)).await;
    let base = server.url("http", "127.0.0.1") + "/opc/v2/";
    let region = InstanceMetadata::new(Some(&base)).unwrap().region().await.unwrap();
    assert_eq!(region.name, "local-1");
    assert_eq!(region.described.unwrap().realm_domain_component, "localhost:8443");

    let old = Server::plain(|_, seen| match seen.target.as_str() {
        "/instance/region" => ok("PHX\n"),
        _ => status(404, ""),
    })
    .await;
    let base = old.url("http", "127.0.0.1");
    let region = InstanceMetadata::new(Some(&base)).unwrap().region().await.unwrap();
    assert_eq!((region.name.as_str(), region.described), ("us-phoenix-1", None));
}

#[tokio::test]
async fn what_is_no_instance_is_told() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = InstanceMetadata::new(Some(&base)).unwrap().region().await.unwrap_err();
    let ClientError::Unreachable { host, advice, .. } = &error else { panic!("{error}") };
    assert!(host.starts_with("the metadata service 127.0.0.1:"), "{host}");
    assert!(advice.contains("--auth api_key"), "{advice}");

    let server = Server::plain(|_, _| ok("s3cr3t, not PEM")).await;
    let base = server.url("http", "127.0.0.1");
    let metadata = InstanceMetadata::new(Some(&base)).unwrap();
    let principal = InstancePrincipal::new(metadata, plain_http(), &base).unwrap();
    let client = ControlClient::new(plain_http(), &base, Identity::instance(principal)).unwrap();
    let error = client.model_get("m").await.unwrap_err().to_string();
    assert!(error.contains("/identity/cert.pem: this is not a certificate"), "{error}");
    assert!(!error.contains("s3cr3t"), "{error}");
}

#[tokio::test]
async fn a_token_of_somebody_elses_making_is_read_again() {
    let cloud = Cloud::new();
    let keys = [PrivateKey::generate(), PrivateKey::generate()];
    *cloud.sessions.lock().unwrap() = keys.iter().map(PrivateKey::public).collect();
    let pems = keys.map(|key| key.to_pkcs8_pem());
    let reads = Arc::new(AtomicUsize::new(0));
    let reading = reads.clone();
    let identity = Identity::read(move || {
        let number = reading.fetch_add(1, Ordering::SeqCst).min(1);
        let key = PrivateKey::from_pem(&pems[number], None).unwrap();
        Ok(Signer::new(format!("ST${}", token(number, now_s() + 600)), key))
    });
    let answering = cloud.clone();
    let server = Server::plain(move |_, seen| answering.answer(seen)).await;
    let base = server.url("http", "127.0.0.1");
    let client = ControlClient::new(plain_http(), &base, identity).unwrap();
    client.model_get("m").await.unwrap();
    client.model_get("m").await.unwrap();
    assert_eq!(reads.load(Ordering::SeqCst), 1);
    cloud.accepts_from.store(1, Ordering::SeqCst);
    client.model_get("m").await.unwrap();
    assert_eq!(reads.load(Ordering::SeqCst), 2);
}
