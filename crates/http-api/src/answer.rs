//! Answers and what all of them carry.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Response, StatusCode};
use http_body_util::Full;
use hyper::body::{Frame, SizeHint};
use iot_api::{ErrorBody, ErrorCode};
use platform::Refusal;
use serde::Serialize;
use tokio::sync::mpsc;

/// Every answer's type.
pub(crate) type Answer = Response<Body>;

/// The body of an answer.
pub(crate) enum Body {
    /// All of it.
    Whole(Full<Bytes>),
    /// What comes, until its sender is gone.
    Chunks(mpsc::Receiver<Bytes>),
}

impl<T: Into<Bytes>> From<T> for Body {
    fn from(bytes: T) -> Body {
        Body::Whole(Full::new(bytes.into()))
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Body::Whole(whole) => Pin::new(whole).poll_frame(context),
            Body::Chunks(chunks) => {
                chunks.poll_recv(context).map(|chunk| chunk.map(|chunk| Ok(Frame::data(chunk))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Body::Whole(whole) => whole.is_end_stream(),
            Body::Chunks(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Body::Whole(whole) => whole.size_hint(),
            Body::Chunks(_) => SizeHint::default(),
        }
    }
}

/// Longest segment of a request id (control-plane.md 1.3).
const SEGMENT_CHARS_MAX: usize = 32;
/// Segments of the client's that stay; with ours there are at most three.
const CLIENT_SEGMENTS_MAX: usize = 2;

/// An answer without body.
pub(crate) fn empty(status: u16) -> Answer {
    let mut answer = Response::new(Body::Whole(Full::default()));
    *answer.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answer
}

/// An answer with text of this type.
pub(crate) fn text(status: u16, content_type: &'static str, text: impl Into<Bytes>) -> Answer {
    let mut answer = empty(status);
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    *answer.body_mut() = Body::from(text);
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

/// The request id of the answer: the client's segments, then ours.
pub(crate) fn request_id(headers: &HeaderMap) -> String {
    let ours = || oci_core::ocid::random_hex(SEGMENT_CHARS_MAX);
    let theirs = headers.get("opc-request-id").and_then(|value| value.to_str().ok());
    let segments: Vec<String> = theirs
        .unwrap_or_default()
        .split('/')
        .map(|segment| {
            segment.chars().filter(char::is_ascii_graphic).take(SEGMENT_CHARS_MAX).collect()
        })
        .filter(|segment: &String| !segment.is_empty())
        .take(CLIENT_SEGMENTS_MAX)
        .collect();
    let client = if segments.is_empty() { ours() } else { segments.join("/") };
    format!("{client}/{}", ours())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn id_for(value: &'static str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert("opc-request-id", HeaderValue::from_static(value));
        request_id(&headers)
    }

    #[test]
    fn request_ids_begin_with_the_clients_and_have_three_segments_at_most() {
        let ours = |id: &str, client: &str| {
            let rest = id.strip_prefix(client).unwrap_or_else(|| panic!("{id}"));
            assert_eq!(rest.len(), 33, "{id}");
            assert!(rest.starts_with('/'), "{id}");
        };
        ours(&id_for("mine"), "mine");
        ours(&id_for("a/b/c/d"), "a/b");
        ours(&id_for("303A7240E668-11F1-A21B-15D89E14C79F"), "303A7240E668-11F1-A21B-15D89E14C");
        assert_eq!(id_for(" ").len(), 65);
        assert_eq!(request_id(&HeaderMap::new()).len(), 65);
    }

    #[test]
    fn basic_credentials_are_split_at_the_first_colon() {
        let mut headers = HeaderMap::new();
        assert_eq!(basic(&headers), None);
        headers.insert("authorization", HeaderValue::from_static("basic azpwOnE="));
        assert_eq!(basic(&headers), Some(("k".to_owned(), b"p:q".to_vec())));
        headers.insert("authorization", HeaderValue::from_static("Basic a2V5"));
        assert_eq!(basic(&headers), None);
    }
}
