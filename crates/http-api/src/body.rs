//! Bounded reading of request bodies.

use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::{Body as _, Incoming};

/// A whole body arrives within this time.
const BODY: Duration = Duration::from_secs(60);
/// How long a body that nobody wants is read, so that its sender sees the answer and not a reset.
const DISCARD: Duration = Duration::from_secs(5);
/// How much of it is read, bytes: as much again as the largest body that is wanted.
const DISCARD_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyError {
    /// Over the limit.
    TooLarge,
    /// Broken off or too slow.
    Broken,
}

/// The body, if it has at most `limit` bytes. One that says it is larger is not even begun.
pub(crate) async fn read(body: &mut Incoming, limit: usize) -> Result<Bytes, BodyError> {
    if body.size_hint().lower() > limit as u64 {
        return Err(BodyError::TooLarge);
    }
    match tokio::time::timeout(BODY, Limited::new(body, limit).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            Err(BodyError::TooLarge)
        }
        _ => Err(BodyError::Broken),
    }
}

/// Reads what a refused request still sends: closing on unread bytes would reset the connection
/// before its client has read the answer. A client that waits for `100 Continue` sends nothing.
pub(crate) async fn discard(parts: &Parts, body: &mut Incoming) {
    let too_large = body.size_hint().lower() > DISCARD_BYTES_MAX as u64;
    if body.is_end_stream() || too_large || parts.headers.contains_key(http::header::EXPECT) {
        return;
    }
    let rest = async {
        let mut read = 0;
        while let Some(Ok(frame)) = body.frame().await {
            read += frame.data_ref().map_or(0, Bytes::len);
            if read > DISCARD_BYTES_MAX {
                break;
            }
        }
    };
    // Whoever is still sending after that gets the reset.
    let _ = tokio::time::timeout(DISCARD, rest).await;
}
