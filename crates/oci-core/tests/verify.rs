//! What case files cannot hold: odd headers, bounds, and texts that nobody thought of.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue};
use oci_core::config::profile_from_ini;
use oci_core::key::{PrivateKey, PublicKey};
use oci_core::ocid::Ocid;
use oci_core::sign::Signer;
use oci_core::verify::{Authorization, SignatureError, check, check_body};
use proptest::prelude::*;

const NOW_S: i64 = 1_767_648_700;
const DATE: &str = "Mon, 05 Jan 2026 21:31:40 GMT";

fn signed(method: &str, body: Option<&[u8]>) -> (HeaderMap, PublicKey) {
    let key = PrivateKey::generate();
    let public = key.public();
    let body = body.map(|body| (body, "application/json"));
    let headers = Signer::new("t/u/f", key).sign(method, "/x", "h", DATE, body);
    let headers = headers
        .into_iter()
        .map(|(name, value)| {
            (http::HeaderName::from_static(name), HeaderValue::from_str(&value).unwrap())
        })
        .collect();
    (headers, public)
}

fn verify(headers: &HeaderMap, now_s: i64, key: &PublicKey) -> Result<(), SignatureError> {
    let authorization = Authorization::from_headers(headers)?;
    check(&authorization, "POST", "/x", headers, now_s, key)
}

#[test]
fn what_we_sign_we_accept() {
    let (headers, key) = signed("POST", Some(b"{}"));
    assert_eq!(verify(&headers, NOW_S, &key), Ok(()));
    assert_eq!(check_body(&headers, b"{}"), Ok(()));
}

#[test]
fn an_unsigned_request_is_refused() {
    let (mut headers, key) = signed("POST", Some(b"{}"));
    headers.remove("authorization");
    assert_eq!(verify(&headers, NOW_S, &key), Err(SignatureError::Missing));
}

#[test]
fn the_clock_may_differ_by_300_seconds() {
    let (headers, key) = signed("POST", Some(b""));
    for (now_s, is_near) in
        [(NOW_S - 301, false), (NOW_S - 300, true), (NOW_S + 300, true), (NOW_S + 301, false)]
    {
        assert_eq!(verify(&headers, now_s, &key).is_ok(), is_near, "{now_s}");
    }
    let far =
        SignatureError::Clock { header: "date", skew_s: i64::MAX.abs_diff(NOW_S), side: "behind" };
    assert_eq!(verify(&headers, i64::MAX, &key), Err(far));
}

#[test]
fn another_key_is_refused() {
    let (headers, _) = signed("POST", Some(b""));
    let other = PrivateKey::generate().public();
    assert_eq!(verify(&headers, NOW_S, &other), Err(SignatureError::Signature));
}

#[test]
fn headers_that_come_twice() {
    let (headers, key) = signed("POST", Some(b"{}"));
    let twice = |name: &'static str| {
        let mut headers = headers.clone();
        headers.append(name, headers[name].clone());
        headers
    };
    assert_eq!(verify(&twice("authorization"), NOW_S, &key), Err(SignatureError::Several));
    assert_eq!(verify(&twice("date"), NOW_S, &key), Err(SignatureError::Date("date")));
    assert_eq!(verify(&twice("host"), NOW_S, &key), Err(SignatureError::Signature));
    for name in ["content-length", "x-content-sha256"] {
        assert_eq!(check_body(&twice(name), b"{}"), Err(SignatureError::BodyHeader(name)));
    }
}

#[test]
fn a_body_needs_its_hash() {
    let none = HeaderMap::new();
    assert_eq!(check_body(&none, b""), Ok(()));
    assert_eq!(check_body(&none, b"x"), Err(SignatureError::BodyNotCovered));
    let (headers, _) = signed("POST", Some(b"{}"));
    assert_eq!(check_body(&headers, b"[]"), Err(SignatureError::BodyHash));
    assert_eq!(check_body(&headers, b"{}\n"), Err(SignatureError::BodyLength));
}

#[test]
fn sizes_are_bounded() {
    let parse = |headers: &str, key_id: &str| {
        Authorization::parse(&format!(
            "Signature headers=\"{headers}\",keyId=\"{key_id}\",algorithm=\"rsa-sha256\",\
             signature=\"AAAA\""
        ))
    };
    assert!(parse("date", &"k".repeat(8000)).is_ok());
    assert_eq!(parse("date", &"k".repeat(17_000)), Err(SignatureError::TooLong));
    assert!(parse(&"a ".repeat(32), "k").is_ok());
    assert_eq!(parse(&"a ".repeat(33), "k"), Err(SignatureError::TooManyHeaders));
    assert_eq!(parse("da\u{e4}te", "k"), Err(SignatureError::HeaderName));
}

#[test]
fn nothing_secret_is_shown() {
    let value = "Signature headers=\"host\",keyId=\"ST$se.cr.et\",algorithm=\"rsa-sha256\",\
                 signature=\"c2VjcmV0\"";
    let authorization = Authorization::parse(value).unwrap();
    let shown = format!("{authorization:?}");
    assert!(!shown.contains("se.cr.et") && !shown.contains("115, 101"), "{shown}");
    assert_eq!(format!("{:?}", PrivateKey::generate()), "PrivateKey(…)");
}

proptest! {
    #[test]
    fn parsing_never_panics(text in ".{0,400}") {
        let _ = Authorization::parse(&text);
        let _ = Ocid::parse(&text);
        let _ = profile_from_ini(&text, "DEFAULT");
        let _ = PrivateKey::from_pem(&text, Some("x"));
    }

    #[test]
    fn parsing_what_looks_right_never_panics(
        names in "[ -~]{0,60}", key_id in "[ -~é]{0,40}", glue in "[, =\"\t]{0,4}",
        signature in "[A-Za-z0-9+/=]{0,40}",
    ) {
        let text = format!(
            "Signature version=\"1\",{glue}headers=\"{names}\",keyId=\"{key_id}\",\
             algorithm=\"rsa-sha256\"{glue},signature=\"{signature}\"{glue}"
        );
        if let Ok(authorization) = Authorization::parse(&text) {
            prop_assert!(authorization.headers.len() <= 32);
        }
    }

    #[test]
    fn damaged_keys_never_panic(at in 0usize..110, byte in any::<u8>(), kept in 0usize..3000) {
        let text = include_str!("../../../tests/cases/signing/keys/encrypted_aes128_sha1.pem");
        let base64: String = text.lines().filter(|line| !line.starts_with('-')).collect();
        let mut der = STANDARD.decode(base64).unwrap();
        // The first hundred bytes say how the key is encrypted: the part that we read ourselves.
        der[at] = byte;
        der.truncate(kept);
        let pem = format!(
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\n{}\n-----END ENCRYPTED PRIVATE KEY-----\n",
            STANDARD.encode(der)
        );
        let _ = PrivateKey::from_pem(&pem, Some("x"));
    }
}
