//! Request signatures, the client's side: OCI HTTP Signature, version 1 (control-plane.md 2.1).

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::key::PrivateKey;

/// The pseudo header that stands for method and target.
pub const REQUEST_TARGET: &str = "(request-target)";

/// Key ids that begin with this carry a session token.
const TOKEN_PREFIX: &str = "ST$";

/// Signs requests in the name of one key.
///
/// ```
/// use oci_core::{key::PrivateKey, sign::Signer};
/// let signer = Signer::new("tenancy/user/fingerprint", PrivateKey::generate());
/// let date = "Mon, 05 Jan 2026 21:31:40 GMT";
/// let headers = signer.sign("GET", "/20250531/iotDomains/x", "iot.example:8443", date, None);
/// assert_eq!(headers[0], ("date", date.to_owned()));
/// ```
pub struct Signer {
    /// `<tenancy>/<user>/<fingerprint>`, or `ST$<token>` (control-plane.md 2.4).
    pub key_id: String,
    /// The key that `key_id` names.
    pub key: PrivateKey,
}

impl Signer {
    /// A signer for this key.
    pub fn new(key_id: impl Into<String>, key: PrivateKey) -> Signer {
        Signer { key_id: key_id.into(), key }
    }

    /// The headers that make a request a signed one; add all of them, as they are.
    ///
    /// `target` is path and query exactly as they go on the request line, `host` carries a port
    /// that is not the scheme's own, `date` is [`crate::date::imf_fixdate`] of now. `body` is the
    /// content and its type, and must be given for POST, PUT and PATCH, even when it is empty.
    pub fn sign(
        &self,
        method: &str,
        target: &str,
        host: &str,
        date: &str,
        body: Option<(&[u8], &str)>,
    ) -> Vec<(&'static str, String)> {
        let headers = vec![("date", date.to_owned()), ("host", host.to_owned())];
        self.signed(method, target, headers, body)
    }

    /// As [`Signer::sign`], without the host: so an instance signs the request that exchanges its
    /// certificate for a token (control-plane.md 2.6, step 7), and no other request.
    pub fn sign_without_host(
        &self,
        method: &str,
        target: &str,
        date: &str,
        body: (&[u8], &str),
    ) -> Vec<(&'static str, String)> {
        self.signed(method, target, vec![("date", date.to_owned())], Some(body))
    }

    fn signed(
        &self,
        method: &str,
        target: &str,
        mut headers: Vec<(&'static str, String)>,
        body: Option<(&[u8], &str)>,
    ) -> Vec<(&'static str, String)> {
        if let Some((content, content_type)) = body {
            headers.push(("content-length", content.len().to_string()));
            headers.push(("content-type", content_type.to_owned()));
            headers.push(("x-content-sha256", content_sha256(content)));
        }
        // All clients of the cloud sign in this order: date, target, then the others.
        let request_target = request_target(method, target);
        let mut lines: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        lines.insert(1, (REQUEST_TARGET, &request_target));

        let names: Vec<&str> = lines.iter().map(|(name, _)| *name).collect();
        let signature = STANDARD.encode(self.key.sign_sha256(&signing_string(&lines)));
        let authorization = format!(
            "Signature version=\"1\",keyId=\"{}\",algorithm=\"rsa-sha256\",headers=\"{}\",\
             signature=\"{signature}\"",
            self.key_id,
            names.join(" "),
        );
        headers.push(("authorization", authorization));
        headers
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("key_id", &printable_key_id(&self.key_id)).finish()
    }
}

/// The key id of a session token, read from its file (control-plane.md 2.4).
pub fn token_key_id(token: &str) -> String {
    format!("{TOKEN_PREFIX}{}", token.trim())
}

/// A key id fit for logs: a token is a secret, the other forms are names.
pub fn printable_key_id(key_id: &str) -> &str {
    if key_id.starts_with(TOKEN_PREFIX) { "ST$…" } else { key_id }
}

/// The value of the line `(request-target)`.
pub fn request_target(method: &str, target: &str) -> String {
    format!("{} {target}", method.to_ascii_lowercase())
}

/// The text that is signed: `name: value` per line, in the order of the list, without a newline
/// at the end. Names are lower-cased, because some clients list them in mixed case.
pub fn signing_string<N: AsRef<str>, V: AsRef<[u8]>>(lines: &[(N, V)]) -> Vec<u8> {
    let mut text = Vec::with_capacity(512);
    for (name, value) in lines {
        if !text.is_empty() {
            text.push(b'\n');
        }
        text.extend(name.as_ref().bytes().map(|byte| byte.to_ascii_lowercase()));
        text.extend_from_slice(b": ");
        text.extend_from_slice(value.as_ref());
    }
    text
}

/// The value of `x-content-sha256`.
pub fn content_sha256(body: &[u8]) -> String {
    STANDARD.encode(digest(&SHA256, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_adds_three_headers_and_signs_them() {
        let signer = Signer::new("t/u/f", PrivateKey::generate());
        let date = "Mon, 05 Jan 2026 21:31:40 GMT";
        let headers = signer.sign("POST", "/x", "h:1", date, Some((b"", "application/json")));
        let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
        let expected =
            ["date", "host", "content-length", "content-type", "x-content-sha256", "authorization"];
        assert_eq!(names, expected);
        assert_eq!(headers[4].1, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        assert!(headers[5].1.contains(
            "headers=\"date (request-target) host content-length content-type x-content-sha256\""
        ));
    }

    #[test]
    fn debug_output_shows_neither_key_nor_token() {
        let shown = format!("{:?}", Signer::new("ST$abc.def.ghi", PrivateKey::generate()));
        assert_eq!(shown, "Signer { key_id: \"ST$…\" }");
    }
}
