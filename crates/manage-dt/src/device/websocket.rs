//! The way to MQTT over WebSocket: the handshake over the HTTP client, so that names, proxies and
//! certificates are those of every other request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use device_gateway::Bytestream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::{CONNECT_TIMEOUT, innermost};
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// Largest message the platform may send us; acknowledgements are tiny.
const MESSAGE_BYTES_MAX: usize = 64 * 1024;

/// Opens `wss://host:port/mqtt` with the sub-protocol `mqtt` (devices.md 1).
pub async fn open(
    http: &reqwest::Client,
    host: &str,
    port: u16,
) -> Result<Bytestream<reqwest::Upgraded>, Failure> {
    let key = STANDARD.encode(oci_core::ocid::random_text(16));
    let request = http
        .get(format!("https://{host}:{port}/mqtt"))
        .timeout(CONNECT_TIMEOUT)
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-protocol", "mqtt")
        .header("sec-websocket-key", &key);
    let lost = |error: reqwest::Error| {
        let why = innermost(&error.without_url());
        Failure::new(ExitCode::Unreachable, format!("cannot reach {host}:{port}: {why}"))
            .hint("check that the platform runs, host and port, and --cert-bundle")
    };
    let answer = request.send().await.map_err(lost)?;
    let is_ours = |name: &str, value: &str| {
        answer.headers().get(name).is_some_and(|found| found.as_bytes() == value.as_bytes())
    };
    let is_open = answer.status().as_u16() == 101
        && is_ours("sec-websocket-accept", &http_api::accept_key(&key))
        && is_ours("sec-websocket-protocol", "mqtt");
    if !is_open {
        let text =
            format!("{host}:{port} does not open a WebSocket: it answered {}", answer.status());
        return Err(Failure::new(ExitCode::Refused, text));
    }
    let stream = answer.upgrade().await.map_err(lost)?;
    let config = WebSocketConfig::default()
        .max_message_size(Some(MESSAGE_BYTES_MAX))
        .max_frame_size(Some(MESSAGE_BYTES_MAX));
    let socket = WebSocketStream::from_raw_socket(stream, Role::Client, Some(config)).await;
    Ok(Bytestream::of(socket))
}
