//! The stream of events beside the data API: a path that `manage-dt serve` has and the cloud has
//! not. Server-sent events, one subscriber.

use std::time::Duration;

use reqwest::Response;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::ClientError;
use crate::limits::{EVENT_BYTES_MAX, STREAM_SILENCE_MAX};

/// Where a stream begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamStart {
    /// With what happens from now on.
    Now,
    /// Behind the event with this position.
    After(String),
    /// With the first event from this time on, RFC 3339 in UTC.
    Since(String),
}

/// One event.
#[derive(Debug, Clone)]
pub struct StreamEvent {
    /// `raw`, `normalized`, `rejected` or `command`; about the stream itself `ready`, `gap`,
    /// `behind` or `end`.
    pub kind: String,
    /// Where to go on behind it.
    pub position: String,
    /// JSON text of its members.
    pub data: Box<RawValue>,
}

/// A stream that is open.
#[derive(Debug)]
pub struct EventStream {
    host: String,
    response: Response,
    /// What has arrived and is not read yet.
    unread: Vec<u8>,
    /// Bytes at its beginning that were looked at and have no end of a line.
    looked_at: usize,
    kind: String,
    data: String,
    position: Option<String>,
}

impl EventStream {
    pub(crate) fn of(host: String, response: Response) -> EventStream {
        let (unread, looked_at) = (Vec::new(), 0);
        let (kind, data, position) = (String::new(), String::new(), None);
        EventStream { host, response, unread, looked_at, kind, data, position }
    }

    /// Where to go on behind what was read; heartbeats move it too.
    pub fn position(&self) -> Option<&str> {
        self.position.as_deref()
    }

    /// The next event; none when the platform has ended the stream.
    ///
    /// # Errors
    /// [`ClientError::Unreachable`] when the connection is lost or silent for three heartbeats,
    /// [`ClientError::Protocol`] for what is no stream of events.
    pub async fn next(&mut self) -> Result<Option<StreamEvent>, ClientError> {
        loop {
            while let Some(line) = self.line()? {
                if let Some(event) = self.take(&line)? {
                    return Ok(Some(event));
                }
            }
            let chunk = tokio::time::timeout(STREAM_SILENCE_MAX, self.response.chunk()).await;
            match chunk {
                Err(_) => {
                    return Err(ClientError::Unreachable {
                        host: self.host.clone(),
                        cause: "the stream of events fell silent".to_owned(),
                        advice: "check the network",
                    });
                }
                Ok(Err(error)) => return Err(ClientError::unreachable(&self.host, error)),
                Ok(Ok(None)) => return Ok(None),
                Ok(Ok(Some(chunk))) => self.unread.extend_from_slice(&chunk),
            }
        }
    }

    /// The next line that is complete.
    fn line(&mut self) -> Result<Option<String>, ClientError> {
        let end = self.unread[self.looked_at..].iter().position(|byte| *byte == b'\n');
        let Some(end) = end.map(|end| end + self.looked_at) else {
            self.looked_at = self.unread.len();
            if self.looked_at > EVENT_BYTES_MAX {
                return Err(self.protocol("an event is too long"));
            }
            return Ok(None);
        };
        let line = self.unread[..end].to_vec();
        self.unread.drain(..=end);
        self.looked_at = 0;
        let line = String::from_utf8(line).map_err(|_| self.protocol("it is not UTF-8 text"))?;
        Ok(Some(line.trim_end_matches('\r').to_owned()))
    }

    /// Takes one line in; the event that it completes.
    fn take(&mut self, line: &str) -> Result<Option<StreamEvent>, ClientError> {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "event" => value.clone_into(&mut self.kind),
            "id" => self.position = Some(value.to_owned()),
            "data" => self.data.push_str(value),
            _ if line.is_empty() => {
                let (kind, data) = (std::mem::take(&mut self.kind), std::mem::take(&mut self.data));
                if data.is_empty() {
                    return Ok(None);
                }
                let data = RawValue::from_string(data)
                    .map_err(|error| self.protocol(&format!("an event is no JSON: {error}")))?;
                let position = self.position.clone().unwrap_or_default();
                return Ok(Some(StreamEvent { kind, position, data }));
            }
            // A comment, or what later versions may send.
            _ => {}
        }
        Ok(None)
    }

    fn protocol(&self, message: &str) -> ClientError {
        ClientError::Protocol { host: self.host.clone(), message: message.to_owned() }
    }
}

/// Content of a twin as of an instant, from a platform that knows.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PastContent {
    /// Values by content path.
    pub values: Vec<PastValue>,
    /// Content paths without a value from then that is kept.
    pub unknown: Vec<String>,
    /// Time observed of the oldest message whose values are kept.
    pub time_oldest: Option<String>,
}

/// A value from then.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PastValue {
    /// Content path.
    pub content_path: String,
    /// JSON text.
    pub value: Box<RawValue>,
    /// When it was observed.
    pub time_observed: String,
}

/// No request of a stream ends by itself before its token does.
pub(crate) const STREAM_TIME_MAX: Duration = Duration::from_secs(7 * 24 * 3600);
