//! MQTT over WebSocket on `/mqtt` (devices.md 1): the handshake; the session is somebody else's.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONNECTION, UPGRADE};
use http::{HeaderMap, Method, Request};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use iot_api::ErrorCode;
use platform::certificates::ClientCertificate;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::answer::{Answer, empty, error, set};

/// The path of every MQTT WebSocket.
const PATH: &str = "/mqtt";
/// Sub-protocols that clients ask for; the first that is asked for is taken.
const PROTOCOLS: [&str; 2] = ["mqtt", "mqttv3.1"];
/// What a server adds to the client's key (RFC 6455, section 1.3).
const KEY_SUFFIX: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// Bytes of a client's key.
const KEY_BYTES: usize = 16;

/// A stream that has become a WebSocket.
pub trait WebSocketBytes: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> WebSocketBytes for T {}

/// Who runs MQTT sessions over WebSockets.
#[async_trait]
pub trait MqttSessions: Send + Sync + 'static {
    /// Runs one to its end. `host` is the device host asked for, `certificate` the client's, if it
    /// has one.
    async fn run(
        &self,
        stream: Box<dyn WebSocketBytes>,
        host: Option<String>,
        certificate: Option<ClientCertificate>,
    );
}

/// A WebSocket to come, once the answer is written.
pub(crate) struct Upgrade {
    pub stream: OnUpgrade,
    pub host: Option<String>,
}

/// Where a connection looks for its WebSocket.
pub(crate) type Slot = Arc<Mutex<Option<Upgrade>>>;

/// Whether a request wants a WebSocket for MQTT.
pub(crate) fn is_wanted(request: &Request<Incoming>) -> bool {
    request.uri().path() == PATH
        && request.method() == Method::GET
        && has(request.headers(), UPGRADE.as_str(), "websocket")
}

/// Answers the handshake; `host` is `None` for a bare host.
pub(crate) fn answer(request: &mut Request<Incoming>, host: Option<String>, slot: &Slot) -> Answer {
    let headers = request.headers();
    if !has(headers, CONNECTION.as_str(), "upgrade") {
        return error(
            ErrorCode::InvalidParameter,
            "a WebSocket needs the header Connection: Upgrade",
        );
    }
    if header(headers, "sec-websocket-version") != Some("13") {
        let mut answer = error(ErrorCode::InvalidParameter, "the WebSocket version must be 13");
        *answer.status_mut() = http::StatusCode::UPGRADE_REQUIRED;
        set(&mut answer, "sec-websocket-version", "13");
        return answer;
    }
    let key = header(headers, "sec-websocket-key").unwrap_or_default().to_owned();
    if STANDARD.decode(&key).map_or(0, |bytes| bytes.len()) != KEY_BYTES {
        return error(ErrorCode::InvalidParameter, "Sec-WebSocket-Key must be 16 bytes of base64");
    }
    let wanted = |protocol: &&&str| has(headers, "sec-websocket-protocol", protocol);
    let Some(protocol) = PROTOCOLS.iter().find(wanted) else {
        return error(ErrorCode::InvalidParameter, "the WebSocket sub-protocol must be mqtt");
    };
    let stream = hyper::upgrade::on(request);
    *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(Upgrade { stream, host });
    let mut answer = empty(101);
    set(&mut answer, "connection", "Upgrade");
    set(&mut answer, "upgrade", "websocket");
    set(&mut answer, "sec-websocket-accept", &accept_key(&key));
    set(&mut answer, "sec-websocket-protocol", protocol);
    answer
}

/// The `Sec-WebSocket-Accept` that a client with this key is owed.
pub fn accept_key(key: &str) -> String {
    STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, format!("{key}{KEY_SUFFIX}").as_bytes()))
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Whether a list in a header has this word.
fn has(headers: &HeaderMap, name: &str, word: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|part| part.trim().eq_ignore_ascii_case(word))
}
