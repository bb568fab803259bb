//! Answers and what all of them carry.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Response, StatusCode};
use http_body_util::Full;
use iot_api::{ErrorBody, ErrorCode};
use platform::Refusal;
use serde::Serialize;

/// Every answer's type.
pub(crate) type Answer = Response<Full<Bytes>>;

/// Longest segment of a request id, and how many there are (control-plane.md 1.3).
const SEGMENT_CHARS_MAX: usize = 32;

/// An answer without body.
pub(crate) fn empty(status: u16) -> Answer {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answer
}

/// An answer with text of this type.
pub(crate) fn text(status: u16, content_type: &'static str, text: impl Into<Bytes>) -> Answer {
    let mut answer = empty(status);
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    *answer.body_mut() = Full::new(text.into());
    answer
}

/// A JSON answer.
pub(crate) fn json<T: Serialize>(status: u16, value: &T) -> Answer {
    match serde_json::to_vec(value) {
        Ok(bytes) => text(status, "application/json", bytes),
        Err(error) => {
            tracing::error!(%error, "an answer cannot be written as JSON");
            empty(500)
        }
    }
}

/// The control plane's error body.
pub(crate) fn refused(refusal: &Refusal) -> Answer {
    error(refusal.code, &refusal.message)
}

/// An error of this code.
pub(crate) fn error(code: ErrorCode, message: &str) -> Answer {
    let body = ErrorBody { code: code.as_str().to_owned(), message: message.to_owned() };
    json(code.status(), &body)
}

/// Sets a header whose value is ours.
pub(crate) fn set(answer: &mut Answer, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(HeaderName::from_static(name), value);
    }
}

/// The request id of the answer: the client's first segment, then ours.
pub(crate) fn request_id(headers: &HeaderMap) -> String {
    let ours = || oci_core::ocid::random_hex(SEGMENT_CHARS_MAX);
    let theirs = headers.get("opc-request-id").and_then(|value| value.to_str().ok());
    let first = theirs.and_then(|text| text.split('/').next()).unwrap_or_default();
    let first: String =
        first.chars().filter(char::is_ascii_graphic).take(SEGMENT_CHARS_MAX).collect();
    if first.is_empty() { format!("{}/{}", ours(), ours()) } else { format!("{first}/{}", ours()) }
}

/// User and password of Basic credentials.
pub(crate) fn basic(headers: &HeaderMap) -> Option<(String, Vec<u8>)> {
    use base64::Engine as _;
    let value = headers.get(http::header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = base64::engine::general_purpose::STANDARD.decode(encoded.trim()).ok()?;
    let colon = decoded.iter().position(|byte| *byte == b':')?;
    let user = String::from_utf8(decoded[..colon].to_vec()).ok()?;
    Some((user, decoded[colon + 1..].to_vec()))
}
