//! Runs every case of `tests/cases/signing` (its README says what a case is).
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use std::fs;
use std::path::{Path, PathBuf};

use http::{HeaderMap, HeaderName, HeaderValue};
use oci_core::date::parse_imf_fixdate;
use oci_core::key::{KeyError, PrivateKey, PublicKey};
use oci_core::sign::{Signer, request_target, signing_string};
use oci_core::verify::{Authorization, SignatureError, check, check_body};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Case {
    about: String,
    now: String,
    method: String,
    target: String,
    headers: Vec<String>,
    body: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signing_string: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signing_string_sha256: Option<String>,
    expected: String,
}

fn dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases/signing")
}

fn read(name: &str) -> String {
    let path = dir().join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn key() -> PrivateKey {
    PrivateKey::from_pem(&read("key.pem"), None).unwrap()
}

impl Case {
    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in &self.headers {
            let (name, value) = line.split_once(": ").unwrap();
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn run(&self, key: &PublicKey) -> Result<(), SignatureError> {
        let headers = self.headers();
        let now_s = parse_imf_fixdate(&self.now).unwrap();
        let authorization = Authorization::from_headers(&headers)?;
        check(&authorization, &self.method, &self.target, &headers, now_s, key)?;
        check_body(&headers, self.body.as_bytes())
    }
}

fn cases() -> Vec<(PathBuf, Case)> {
    let mut cases: Vec<(PathBuf, Case)> = fs::read_dir(dir())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let case = serde_json::from_str(&text)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            (path, case)
        })
        .collect();
    cases.sort_by(|a, b| a.0.cmp(&b.0));
    cases
}

#[test]
fn every_case_ends_as_expected() {
    let key = key().public();
    let update = std::env::var_os("UPDATE").is_some();
    let mut failures = Vec::new();
    let cases = cases();
    assert!(cases.len() >= 30, "only {} cases found", cases.len());
    for (path, mut case) in cases {
        let outcome = match case.run(&key) {
            Ok(()) => "ok".to_owned(),
            Err(error) => error.to_string(),
        };
        if outcome == case.expected {
            continue;
        }
        if update {
            case.expected = outcome;
            fs::write(&path, serde_json::to_string_pretty(&case).unwrap() + "\n").unwrap();
        } else {
            failures.push(format!("{}: {outcome:?}, not {:?}", path.display(), case.expected));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn signing_strings_are_exact() {
    for (path, case) in cases() {
        let Some(expected) = &case.signing_string else {
            continue;
        };
        let headers = case.headers();
        let authorization = Authorization::from_headers(&headers).unwrap();
        let lines: Vec<(&str, String)> = authorization
            .headers
            .iter()
            .map(|name| match name.as_str() {
                "(request-target)" => (name.as_str(), request_target(&case.method, &case.target)),
                _ => (name.as_str(), headers[name.as_str()].to_str().unwrap().to_owned()),
            })
            .collect();
        let text = signing_string(&lines);
        assert_eq!(String::from_utf8_lossy(&text), expected.join("\n"), "{}", path.display());
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &text);
        let hash: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(Some(hash), case.signing_string_sha256, "{}", path.display());
    }
}

/// RSASSA-PKCS1-v1_5 is deterministic, so our signer must make the official signer's signature.
#[test]
fn our_signer_makes_the_official_signature() {
    for (path, case) in cases() {
        let is_official = path.file_name().unwrap().to_string_lossy().starts_with("python-");
        if !is_official {
            continue;
        }
        let headers = case.headers();
        let official = Authorization::from_headers(&headers).unwrap();
        let signer = Signer::new(official.key_id.clone(), key());
        let body = (case.method == "POST").then_some((case.body.as_bytes(), "application/json"));
        let host = headers["host"].to_str().unwrap();
        let signed = signer.sign(&case.method, &case.target, host, &case.now, body);
        let (_, ours) = signed.last().unwrap();
        assert_eq!(Authorization::parse(ours).unwrap(), official, "{}", path.display());
        for (name, value) in &signed[..signed.len() - 1] {
            assert_eq!(headers[*name], value, "{}", path.display());
        }
    }
}

#[test]
fn key_files_of_every_form() {
    let original = key().public();
    let opens = |name: &str, pass_phrase: Option<&str>| {
        let read = PrivateKey::from_pem(&read(name), pass_phrase);
        let read = read.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(read.public(), original, "{name}");
    };
    opens("key.pem", None);
    opens("key.pem", Some("not needed"));
    opens("keys/pkcs1.pem", None);
    opens("keys/encrypted_aes256.pem", Some("swordfish"));
    opens("keys/encrypted_aes128_sha1.pem", Some("swordfish"));

    let refused = |name: &str, pass_phrase: Option<&str>, expected: KeyError| {
        let error = PrivateKey::from_pem(&read(name), pass_phrase).map(|_| ()).unwrap_err();
        assert_eq!(error, expected, "{name}");
    };
    refused("keys/encrypted_aes256.pem", None, KeyError::PassPhraseMissing);
    refused("keys/encrypted_aes256.pem", Some("wrong"), KeyError::PassPhrase);
    refused("keys/encrypted_scrypt.pem", Some("swordfish"), KeyError::Encryption);
    refused("keys/encrypted_old_form.pem", Some("swordfish"), KeyError::OldEncryption);
    refused("keys/elliptic_curve.pem", None, KeyError::Rejected);
    refused("keys/bits_1024.pem", None, KeyError::Rejected);
    refused("keys/public.pem", None, KeyError::NotPrivate);
    refused("README.md", None, KeyError::NotPem);
}

#[test]
fn public_keys_and_fingerprints() {
    let key = PublicKey::from_spki_pem(&read("keys/public.pem")).unwrap();
    let (_, case) = cases()
        .into_iter()
        .find(|(path, _)| path.ends_with("python-get.json"))
        .expect("the case is there");
    // The key id of the official signer's case ends with the fingerprint that OpenSSL computes.
    let authorization = Authorization::from_headers(&case.headers()).unwrap();
    assert!(authorization.key_id.ends_with(&format!("/{}", key.fingerprint())));
    assert_eq!(PublicKey::from_spki_pem(&key.to_spki_pem()), Ok(key.clone()));
    assert_eq!((key.modulus().len(), key.exponent()), (256, &[1, 0, 1][..]));
    let small = PublicKey::from_spki_pem(&read("keys/bits_1024_public.pem"));
    assert_eq!(small, Err(KeyError::Size { bits: 1024 }));
    assert_eq!(PublicKey::from_spki_pem(&read("key.pem")), Err(KeyError::NotPublic));
}
