//! `/emulation/…` on a bare host: snapshots, reset and clock of a platform for tests.
//!
//! Where it was not allowed there is nothing at these paths. Whoever asks shows the owner's token.

use std::sync::Arc;
use std::time::Instant;

use http::Method;
use http::header::AUTHORIZATION;
use http::request::Parts;
use hyper::body::Incoming;
use iot_api::ErrorCode;
use platform::clock::rfc3339;
use platform::emulation::{Emulation, Kept, START, check_name};
use platform::{Platform, Refusal};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::{Answer, error, json as json_answer, refused, set};
use crate::body;

/// Bytes of a request's body; it is one number.
const BODY_BYTES_MAX: usize = 1024;

/// The answer, if emulation was allowed and the path is one of these.
pub(crate) async fn answer(
    platform: &Arc<Platform>,
    parts: &Parts,
    incoming: &mut Incoming,
) -> Option<Answer> {
    let path = parts.uri.path().strip_prefix("/emulation/")?;
    let emulation = platform.emulation()?;
    if !bearer(parts).is_some_and(|token| emulation.knows(token)) {
        let mut answer = error(
            ErrorCode::NotAuthenticated,
            "send `Authorization: Bearer` with the value of MANAGE_DT_EMULATION_TOKEN",
        );
        set(&mut answer, "www-authenticate", "Bearer");
        return Some(answer);
    }
    let segments: Vec<&str> = path.split('/').collect();
    let done = match (&parts.method, segments.as_slice()) {
        (&Method::POST, ["reset"]) => restore(&*emulation, START).await,
        (&Method::GET, ["snapshots"]) => {
            Ok(json!({ "snapshots": emulation.kept().iter().map(shape).collect::<Vec<_>>() }))
        }
        (&Method::PUT, ["snapshots", name]) => keep(&*emulation, name).await,
        (&Method::DELETE, ["snapshots", name]) => {
            emulation.forget(name).await.map(|()| json!({ "name": name }))
        }
        (&Method::POST, ["snapshots", name, "restore"]) => restore(&*emulation, name).await,
        (&Method::GET, ["clock"]) => Ok(clock(platform)),
        (&Method::POST, ["clock"]) => advance(platform, incoming).await,
        _ => return Some(error(ErrorCode::NotFound, "there is nothing at this path and method")),
    };
    Some(match done {
        Ok(value) => json_answer(200, &value),
        Err(refusal) => refused(&refusal),
    })
}

fn bearer(parts: &Parts) -> Option<&[u8]> {
    let value = parts.headers.get(AUTHORIZATION)?.as_bytes();
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then_some(token)
}

async fn keep(emulation: &dyn Emulation, name: &str) -> Result<Value, Refusal> {
    check_name(name)?;
    if name == START {
        return Err(Refusal::invalid(format!("'{START}' is the state that a reset brings back")));
    }
    timed(emulation.keep(name)).await
}

async fn restore(emulation: &dyn Emulation, name: &str) -> Result<Value, Refusal> {
    timed(emulation.restore(name)).await
}

/// What was done, and how long it took.
async fn timed(done: impl Future<Output = Result<Kept, Refusal>>) -> Result<Value, Refusal> {
    let started = Instant::now();
    let mut value = shape(&done.await?);
    value["milliseconds"] = json!(started.elapsed().as_micros() as f64 / 1000.0);
    Ok(value)
}

fn shape(kept: &Kept) -> Value {
    json!({ "name": kept.name, "bytes": kept.bytes, "time": rfc3339(kept.time_us) })
}

fn clock(platform: &Platform) -> Value {
    let ahead_s = platform.clock().ahead_us() / 1_000_000;
    json!({ "time": rfc3339(platform.now_us()), "aheadSeconds": ahead_s })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Advance {
    advance_seconds: u32,
}

async fn advance(platform: &Arc<Platform>, incoming: &mut Incoming) -> Result<Value, Refusal> {
    let bytes = body::read(incoming, BODY_BYTES_MAX).await;
    let details = bytes.ok().and_then(|bytes| serde_json::from_slice::<Advance>(&bytes).ok());
    let Some(Advance { advance_seconds }) = details else {
        return Err(Refusal::invalid("send {\"advanceSeconds\": N}, a whole number"));
    };
    platform.clock_advance(i64::from(advance_seconds) * 1_000_000).await?;
    Ok(clock(platform))
}
