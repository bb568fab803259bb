//! Requests with `opc-retry-token`: answered once, repeated for a day (control-plane.md 1.2).

use http::{HeaderMap, Method};
use http_body_util::BodyExt as _;
use iot_api::Operation;
use platform::Refusal;
use platform::retries::Retry;

use super::Call;
use crate::answer::{Answer, empty, set};

/// Headers that belong to the answer of an operation; the others are made anew each time.
const KEPT: [&str; 6] = [
    "content-type",
    "etag",
    "location",
    "content-location",
    "opc-work-request-id",
    "opc-next-page",
];

/// The token of a POST, if it has one.
pub(super) fn token<'h>(method: &Method, headers: &'h HeaderMap) -> Option<&'h str> {
    let token = headers.get("opc-retry-token").filter(|_| *method == Method::POST)?;
    // What is not text is as good as a wrong token.
    Some(token.to_str().unwrap_or_default())
}

/// Carries an operation out, or repeats its answer.
pub(super) async fn run(
    call: &Call<'_>,
    operation: Operation,
    path: &str,
    token: &str,
) -> Result<Answer, Refusal> {
    let request = [path.as_bytes(), call.body.as_ref()];
    match call.platform.retry_begin(&call.caller.user_id, token, &request).await? {
        Retry::Answered(saved) => {
            let mut answer = empty(saved.status);
            for name in KEPT {
                let kept = saved.headers.iter().find(|(kept, _)| kept == name);
                kept.iter().for_each(|(_, value)| set(&mut answer, name, value));
            }
            *answer.body_mut() = saved.body.into();
            Ok(answer)
        }
        Retry::New(attempt) => {
            let (parts, body) = call.answer(operation).await?.into_parts();
            // The body is in memory: there is nothing that could fail.
            let bytes = body.collect().await.unwrap_or_default().to_bytes();
            let headers = KEPT.iter().filter_map(|name| {
                let value = parts.headers.get(*name)?.to_str().ok()?;
                Some(((*name).to_owned(), value.to_owned()))
            });
            let (status, headers) = (parts.status.as_u16(), headers.collect());
            call.platform.retry_keep(attempt, status, headers, bytes.to_vec()).await?;
            Ok(Answer::from_parts(parts, bytes.into()))
        }
    }
}
