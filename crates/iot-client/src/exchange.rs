//! One call: tries, pauses, and what may be tried again (control-plane.md 1.12).

use std::time::Instant;

use http::header::RETRY_AFTER;
use oci_core::date::parse_imf_fixdate;
use reqwest::{RequestBuilder, StatusCode, Url};

use crate::answer::{Answer, now_s};
use crate::breaker::{Breaker, is_trouble, whole_seconds};
use crate::{ClientError, RetryPolicy};

/// Whether a call may be sent again after a failure that might pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// No: it could happen twice.
    Never,
    /// Yes: it changes nothing, or its retry token makes the server recognise it.
    Always,
    /// Yes, and a 404 on a later try says that an earlier one did the work.
    UntilGone,
}

/// How the calls of one client are tried, and what they know together of the service's health.
pub(crate) struct Tries {
    policy: RetryPolicy,
    breaker: Breaker,
}

impl Tries {
    pub fn new(policy: RetryPolicy) -> Tries {
        Tries { policy, breaker: Breaker::new(policy.failures_max, policy.rest) }
    }
}

/// Sends what `build` makes until it succeeds, fails for good, or has had all its tries. `build`
/// runs once per try, because each try is signed with the time at which it is sent.
pub(crate) async fn exchange(
    url: &Url,
    repeat: Repeat,
    tries: &Tries,
    mut build: impl FnMut() -> Result<RequestBuilder, ClientError>,
) -> Result<Answer, ClientError> {
    let Tries { policy, breaker } = tries;
    let host = host_and_port(url);
    let began = Instant::now();
    let mut tried = 0;
    loop {
        tried += 1;
        let is_done_when_gone = repeat == Repeat::UntilGone && tried > 1;
        let failed = match breaker.admit(&host, Instant::now()) {
            Ok(()) => match attempt(&host, build()?, is_done_when_gone).await {
                Ok(answer) => {
                    breaker.ended(&host, None, Instant::now());
                    return Ok(answer);
                }
                Err(failed) => {
                    let trouble = Some(&failed.error).filter(|error| is_trouble(error));
                    breaker.ended(&host, trouble, Instant::now());
                    failed
                }
            },
            Err((error, left)) => {
                Failed { error, may_pass: true, wanted_s: Some(whole_seconds(left)) }
            }
        };
        let pause = policy.pause(tried, failed.wanted_s.unwrap_or(0));
        let is_over =
            tried >= policy.tries_max || began.elapsed().saturating_add(pause) > policy.time_max;
        if repeat == Repeat::Never || !failed.may_pass || is_over {
            return Err(failed.error);
        }
        let (all, error) = (policy.tries_max, &failed.error);
        tracing::debug!("Try {tried} of {all}: {error}; again in {:.1} s", pause.as_secs_f64());
        tokio::time::sleep(pause).await;
    }
}

/// A try without success.
struct Failed {
    error: ClientError,
    may_pass: bool,
    /// Seconds that the server asks to wait.
    wanted_s: Option<u64>,
}

/// One try: a complete answer that says success, or why there is none.
async fn attempt(
    host: &str,
    request: RequestBuilder,
    is_done_when_gone: bool,
) -> Result<Answer, Failed> {
    let response = request.send().await.map_err(|error| {
        // Nobody listens, no such name, no trust: that does not pass by itself while somebody
        // waits at a terminal, as the cloud's own clients do for two minutes.
        let may_pass = error.is_timeout() || !(error.is_connect() || error.is_builder());
        Failed { error: ClientError::unreachable(host, error), may_pass, wanted_s: None }
    })?;
    let answer = Answer::read(host, response).await.map_err(|error| {
        let may_pass = matches!(error, ClientError::Unreachable { .. });
        Failed { error, may_pass, wanted_s: None }
    })?;
    if is_done_when_gone && answer.status == StatusCode::NOT_FOUND {
        return Ok(answer);
    }
    let wanted_s = retry_after_s(&answer, now_s());
    answer.success().map_err(|error| Failed { may_pass: may_pass(&error), error, wanted_s })
}

/// Whether a refusal may be gone at the next try (control-plane.md 1.12).
fn may_pass(error: &ClientError) -> bool {
    let ClientError::Service { status, code, .. } = error else {
        return false;
    };
    match status {
        429 => true,
        409 => matches!(code.as_str(), "IncorrectState" | "LockConflict"),
        status => *status >= 500 && *status != 501,
    }
}

/// The header `retry-after`: seconds, or a date.
fn retry_after_s(answer: &Answer, now_s: i64) -> Option<u64> {
    let text = answer.header(RETRY_AFTER.as_str())?.trim();
    let until = || u64::try_from(parse_imf_fixdate(text)?.saturating_sub(now_s)).ok();
    text.parse().ok().or_else(until)
}

/// The host as the `host` header names it: with the port when it is not the scheme's own.
pub(crate) fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Reads the base address of a service: http or https, a host, no query.
pub(crate) fn base_url(text: &str) -> Result<Url, ClientError> {
    let url = Url::parse(text.trim()).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    });
    url.ok_or_else(|| {
        ClientError::setup(format!("`{text}` is not an address such as `https://host:8443`"))
    })
}

/// The address of something below a base. `path` begins with a slash and is encoded already.
pub(crate) fn below(base: &Url, path: &str, query: &[(&str, &str)]) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
    if !query.is_empty() {
        url.set_query(Some(&crate::form::encode(query)));
    }
    url
}

/// One segment of a path. What is not a name would change the path's meaning.
pub(crate) fn segment(id: &str) -> Result<String, ClientError> {
    if id.trim().is_empty() || id.bytes().all(|byte| byte == b'.') {
        return Err(ClientError::setup(format!("`{id}` is not an id")));
    }
    Ok(crate::form::encode_segment(id))
}
