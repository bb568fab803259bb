//! Handshakes of WebSockets: MQTT on `/mqtt` (devices.md 1), whose session is somebody else's, and
//! events.

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
use crate::data;

/// The path of every MQTT WebSocket.
const PATH: &str = "/mqtt";
/// Sub-protocols that clients ask for; the first that is asked for is taken.
const PROTOCOLS: [&str; 2] = ["mqtt", "mqttv3.1"];
/// What a server adds to the client's key (RFC 6455, section 1.3).
const KEY_SUFFIX: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// The version of the protocol that there is.
const VERSION: &str = "13";
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
pub(crate) enum Upgrade {
    /// MQTT of a device; `host` is `None` for a bare host.
    Mqtt { stream: OnUpgrade, host: Option<String> },
    /// Events for a subscriber.
    Events { stream: OnUpgrade, session: Box<data::Session> },
}

/// Where a connection looks for its WebSocket.
pub(crate) type Slot = Arc<Mutex<Option<Upgrade>>>;

/// Puts a WebSocket where its connection looks for it.
pub(crate) fn keep(slot: &Slot, upgrade: Upgrade) {
    *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(upgrade);
}

/// Whether a request wants to become a WebSocket.
pub(crate) fn is_upgrade(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::GET && has(headers, UPGRADE.as_str(), "websocket")
}

/// Whether a request wants a WebSocket for MQTT.
pub(crate) fn is_wanted(request: &Request<Incoming>) -> bool {
    request.uri().path() == PATH && is_upgrade(request.method(), request.headers())
}

/// Answers the handshake of MQTT; `host` is `None` for a bare host.
pub(crate) fn answer(request: &mut Request<Incoming>, host: Option<String>, slot: &Slot) -> Answer {
    let headers = request.headers();
    let mut answer = match switching(headers) {
        Ok(answer) => answer,
        Err(BadHandshake { is_version, message }) => {
            let mut answer = error(ErrorCode::InvalidParameter, message);
            if is_version {
                *answer.status_mut() = http::StatusCode::UPGRADE_REQUIRED;
                set(&mut answer, "sec-websocket-version", VERSION);
            }
            return answer;
        }
    };
    let wanted = |protocol: &&&str| has(headers, "sec-websocket-protocol", protocol);
    let Some(protocol) = PROTOCOLS.iter().find(wanted) else {
        return error(ErrorCode::InvalidParameter, "the WebSocket sub-protocol must be mqtt");
    };
    set(&mut answer, "sec-websocket-protocol", protocol);
    let stream = hyper::upgrade::on(request);
    keep(slot, Upgrade::Mqtt { stream, host });
    answer
}

/// What is wrong with a handshake.
pub(crate) struct BadHandshake {
    /// Whether it is of another version.
    pub is_version: bool,
    /// In words.
    pub message: &'static str,
}

/// The answer that makes a connection a WebSocket.
pub(crate) fn switching(headers: &HeaderMap) -> Result<Answer, BadHandshake> {
    let bad = |message| Err(BadHandshake { is_version: false, message });
    if !has(headers, CONNECTION.as_str(), "upgrade") {
        return bad("a WebSocket needs the header Connection: Upgrade");
    }
    if header(headers, "sec-websocket-version") != Some(VERSION) {
        let message = "the WebSocket version must be 13";
        return Err(BadHandshake { is_version: true, message });
    }
    let key = header(headers, "sec-websocket-key").unwrap_or_default();
    if STANDARD.decode(key).map_or(0, |bytes| bytes.len()) != KEY_BYTES {
        return bad("Sec-WebSocket-Key must be 16 bytes of base64");
    }
    let mut answer = empty(101);
    set(&mut answer, "connection", "Upgrade");
    set(&mut answer, "upgrade", "websocket");
    set(&mut answer, "sec-websocket-accept", &accept_key(key));
    Ok(answer)
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
