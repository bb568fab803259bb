//! One call: tries, pauses, and what may be tried again (control-plane.md 1.12).

use std::time::Duration;

use reqwest::{RequestBuilder, StatusCode, Url};

use crate::ClientError;
use crate::answer::Answer;
use crate::limits::{RETRY_PAUSE, TRIES_MAX};

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

/// Sends what `build` makes until it succeeds, fails for good, or has had all its tries. `build`
/// runs once per try, because each try is signed with the time at which it is sent.
pub(crate) async fn exchange(
    url: &Url,
    repeat: Repeat,
    mut build: impl FnMut() -> Result<RequestBuilder, ClientError>,
) -> Result<Answer, ClientError> {
    let host = host_and_port(url);
    let mut pause = RETRY_PAUSE;
    let mut tried = 0;
    loop {
        tried += 1;
        let may_repeat = repeat != Repeat::Never && tried < TRIES_MAX;
        match build()?.send().await {
            // No connection, or a minute without an answer: a further try only takes longer.
            Err(error) if !may_repeat || error.is_connect() || error.is_timeout() => {
                return Err(ClientError::unreachable(&host, error));
            }
            Err(_) => {}
            Ok(response) => {
                let answer = Answer::read(&host, response).await?;
                let is_gone = answer.status == StatusCode::NOT_FOUND && tried > 1;
                if repeat == Repeat::UntilGone && is_gone {
                    return Ok(answer);
                }
                match answer.success() {
                    Err(error) if may_repeat && may_pass(&error) => {}
                    result => return result,
                }
            }
        }
        tokio::time::sleep(pause + jitter(pause)).await;
        pause *= 4;
    }
}

/// Whether a refusal may be gone at the next try.
fn may_pass(error: &ClientError) -> bool {
    let ClientError::Service { status, code, .. } = error else {
        return false;
    };
    match status {
        429 => true,
        409 => code == "IncorrectState",
        status => *status >= 500 && *status != 501,
    }
}

/// Up to a quarter of the pause, so that clients refused together do not return together.
fn jitter(pause: Duration) -> Duration {
    let random = oci_core::ocid::random_hex(2);
    pause * u32::from_str_radix(&random, 16).unwrap_or_default() / 1024
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
