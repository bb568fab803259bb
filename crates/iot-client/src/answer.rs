//! Reading answers, within bounds, and turning refusals into errors.

use std::time::{SystemTime, UNIX_EPOCH};

use http::header::{DATE, HeaderMap};
use oci_core::date::parse_imf_fixdate;
use reqwest::{Response, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::ClientError;
use crate::limits::{ANSWER_BYTES_MAX, CLOCK_SKEW_S_MAX, ERROR_BODY_BYTES_MAX, EXCERPT_CHARS_MAX};

/// An answer that has arrived completely.
pub(crate) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    body: Vec<u8>,
    host: String,
}

impl Answer {
    /// Reads the body, at most [`ANSWER_BYTES_MAX`] of it.
    pub async fn read(host: &str, mut response: Response) -> Result<Answer, ClientError> {
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let mut body = Vec::new();
        loop {
            let chunk = response.chunk().await;
            let Some(chunk) = chunk.map_err(|error| ClientError::unreachable(host, error))? else {
                return Ok(Answer { status, headers, body, host: host.to_owned() });
            };
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(ClientError::Protocol {
                    host: host.to_owned(),
                    message: format!("it is longer than {} MiB", ANSWER_BYTES_MAX >> 20),
                });
            }
            body.extend_from_slice(&chunk);
        }
    }

    /// The body as the JSON it should be.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ClientError> {
        serde_json::from_slice(&self.body).map_err(|error| {
            self.protocol(format!("{error}, in an answer that begins with `{}`", self.excerpt()))
        })
    }

    /// The body as JSON that holds a secret: an error repeats nothing of it.
    pub fn json_secret<T: DeserializeOwned>(&self) -> Result<T, ClientError> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let place = format!("line {}, column {}", error.line(), error.column());
            self.protocol(format!("it is not the JSON it should be, at {place}"))
        })
    }

    /// The body as text.
    pub fn text(&self) -> Result<String, ClientError> {
        String::from_utf8(self.body.clone()).map_err(|_| self.protocol("it is not UTF-8 text"))
    }

    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok().filter(|value| !value.is_empty())
    }

    /// An error about this answer.
    pub fn protocol(&self, message: impl Into<String>) -> ClientError {
        ClientError::Protocol { host: self.host.clone(), message: message.into() }
    }

    /// Itself when it says success, otherwise the error that it describes.
    pub fn success(self) -> Result<Answer, ClientError> {
        if self.status.is_success() {
            return Ok(self);
        }
        if !self.status.is_client_error() && !self.status.is_server_error() {
            let location = self.header("location").unwrap_or("nowhere");
            return Err(self.protocol(format!("{} to {location}", self.status)));
        }
        let (code, mut message) = self.code_and_message();
        if self.status == StatusCode::UNAUTHORIZED
            && let Some(skew) = self.clock_skew(now_s())
        {
            message.push_str(&skew);
        }
        Err(ClientError::Service {
            status: self.status.as_u16(),
            code,
            message,
            opc_request_id: self.header("opc-request-id").map(str::to_owned),
            body: String::from_utf8_lossy(self.first(ERROR_BODY_BYTES_MAX)).into_owned(),
        })
    }

    /// From the error body of the control plane or the data API (`code`, `message`), or of the
    /// token endpoint (`error`, `error_description`). Gateways answer with anything.
    fn code_and_message(&self) -> (String, String) {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let text = |names: [&str; 2]| {
            names.iter().find_map(|name| body.get(name)?.as_str().map(str::to_owned))
        };
        let code = text(["code", "error"])
            .unwrap_or_else(|| self.status.canonical_reason().unwrap_or("unknown").to_owned());
        let message = text(["message", "error_description"]).unwrap_or_else(|| {
            if self.body.is_empty() { "no explanation".to_owned() } else { self.excerpt() }
        });
        (code, message)
    }

    /// The beginning of the body, on one line.
    fn excerpt(&self) -> String {
        let text = String::from_utf8_lossy(self.first(4 * EXCERPT_CHARS_MAX));
        let words: Vec<&str> = text.split_whitespace().collect();
        words.join(" ").chars().take(EXCERPT_CHARS_MAX).collect()
    }

    fn first(&self, len: usize) -> &[u8] {
        &self.body[..self.body.len().min(len)]
    }

    /// A sentence about the clocks, when they differ by more than the server allows.
    fn clock_skew(&self, now_s: i64) -> Option<String> {
        let server_s = parse_imf_fixdate(self.headers.get(DATE)?.to_str().ok()?)?;
        let skew_s = server_s.abs_diff(now_s);
        let side = if now_s < server_s { "behind" } else { "ahead of" };
        (skew_s > CLOCK_SKEW_S_MAX).then(|| {
            format!(" (this machine's clock is {skew_s} seconds {side} the server's: set it)")
        })
    }
}

/// Seconds since 1970 UTC.
pub(crate) fn now_s() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_secs()).unwrap_or(i64::MAX)
}
