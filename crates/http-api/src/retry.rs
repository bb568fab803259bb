//! Requests with `opc-retry-token`: answered once, repeated for a day (control-plane.md 1.2).

use bytes::Bytes;
use http::{HeaderMap, Method};
use http_body_util::BodyExt as _;
use platform::identity::Caller;
use platform::retries::{Attempt, Retry};
use platform::store::SavedAnswer;
use platform::{Platform, Refusal};

use crate::answer::{Answer, Body, empty, set};

/// Headers that belong to the answer of an operation; the others are made anew each time.
const KEPT: [&str; 5] =
    ["content-type", "etag", "location", "content-location", "opc-work-request-id"];

/// The token of a POST, if it has one.
pub(crate) fn token<'h>(method: &Method, headers: &'h HeaderMap) -> Option<&'h str> {
    let token = headers.get("opc-retry-token").filter(|_| *method == Method::POST)?;
    // What is not text is as good as a wrong token.
    Some(token.to_str().unwrap_or_default())
}

/// What a request with this token is.
pub(crate) enum Begun<'a> {
    /// One that was answered so.
    Answered(Answer),
    /// A new one, whose answer is to be kept.
    New(Attempt<'a>),
}

/// Looks a token up; `path` and `body` are what makes the request what it is.
pub(crate) async fn begin<'a>(
    platform: &'a Platform,
    caller: &Caller,
    token: &str,
    path: &str,
    body: &[u8],
) -> Result<Begun<'a>, Refusal> {
    Ok(match platform.retry_begin(&caller.user_id, token, &[path.as_bytes(), body]).await? {
        Retry::Answered(saved) => Begun::Answered(repeated(saved)),
        Retry::New(attempt) => Begun::New(attempt),
    })
}

/// The answer that was given before.
fn repeated(saved: SavedAnswer) -> Answer {
    let mut answer = empty(saved.status);
    for name in KEPT {
        let kept = saved.headers.iter().find(|(kept, _)| kept == name);
        kept.iter().for_each(|(_, value)| set(&mut answer, name, value));
    }
    *answer.body_mut() = saved.body.into();
    answer
}

/// An answer as it is kept.
pub(crate) async fn saved(attempt: &Attempt<'_>, answer: &Answer) -> SavedAnswer {
    let headers = KEPT.iter().filter_map(|name| {
        let value = answer.headers().get(*name)?.to_str().ok()?;
        Some(((*name).to_owned(), value.to_owned()))
    });
    let body = match answer.body() {
        // In memory: there is nothing that could fail.
        Body::Whole(whole) => whole.clone().collect().await.unwrap_or_default().to_bytes(),
        // No operation that knows retry tokens answers with a stream.
        Body::Chunks(_) => Bytes::new(),
    };
    attempt.answer(answer.status().as_u16(), headers.collect(), body.to_vec())
}
