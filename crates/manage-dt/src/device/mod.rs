//! A device as a client: one twin's credentials, over any of the protocols (devices.md 1 to 4).
//! `send` and `demo` are devices of this kind.

pub mod mqtt;
mod websocket;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use iot_client::Trust;
use rustls_pki_types::ServerName;
use tokio_rustls::TlsConnector;

use crate::client_errors::failed;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use mqtt::{MqttSession, Stream};

/// Time to connect and to sign in.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// An acknowledgement takes one commit; a platform under load may take longer.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// Most characters of an answer that are repeated.
const EXCERPT_CHARS_MAX: usize = 200;

/// Where a domain's devices connect.
#[derive(Debug, Clone)]
pub struct DeviceAddress {
    /// Host, without port.
    pub host: String,
    /// Port of HTTPS and of MQTT over WebSocket.
    pub https_port: u16,
    /// Port of MQTT over TLS.
    pub mqtts_port: u16,
}

/// Who the device is. `Debug` does not show the password.
#[derive(Clone)]
pub struct Credentials {
    /// External key of the twin.
    pub external_key: String,
    /// Password; a device with a certificate has none.
    pub password: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("external_key", &self.external_key)
            .finish_non_exhaustive()
    }
}

/// A device that is set up; nothing has been sent yet.
pub struct Device {
    /// Where it connects.
    pub address: DeviceAddress,
    /// Who it is.
    pub credentials: Credentials,
    tls: TlsConnector,
    http: reqwest::Client,
}

impl Device {
    /// A device that trusts, and shows the certificate of, `trust`.
    pub fn new(
        address: DeviceAddress,
        credentials: Credentials,
        trust: &Trust,
    ) -> Result<Device, Failure> {
        let setup = |error| failed("Cannot connect", &error);
        let tls = iot_client::tls_config(trust).map_err(setup)?;
        let http = iot_client::http_client(trust).map_err(setup)?;
        Ok(Device { address, credentials, tls: TlsConnector::from(Arc::new(tls)), http })
    }

    /// Another device of the same place; both share what they trust and their HTTP connections.
    pub fn as_another(&self, credentials: Credentials) -> Device {
        let (address, tls, http) = (self.address.clone(), self.tls.clone(), self.http.clone());
        Device { address, credentials, tls, http }
    }

    /// Signs in over MQTT and TLS.
    pub async fn mqtt(&self) -> Result<MqttSession, Failure> {
        let DeviceAddress { host, mqtts_port, .. } = &self.address;
        let open = async {
            let stream = iot_client::connect_tcp(host, *mqtts_port).await;
            let stream = stream.map_err(|error| self.unreachable(*mqtts_port, &error))?;
            let _ = stream.set_nodelay(true);
            let name = ServerName::try_from(host.clone()).map_err(Failure::usage)?;
            let stream = self.tls.connect(name, stream).await;
            let stream = stream.map_err(|error| self.unreachable(*mqtts_port, &error))?;
            MqttSession::open(Box::new(stream), &self.credentials).await
        };
        self.in_time(*mqtts_port, open).await
    }

    /// Signs in over MQTT and WebSocket.
    pub async fn websocket(&self) -> Result<MqttSession, Failure> {
        let DeviceAddress { host, https_port, .. } = &self.address;
        let open = async {
            let stream = websocket::open(&self.http, host, *https_port).await?;
            MqttSession::open(Box::new(stream) as Box<dyn Stream>, &self.credentials).await
        };
        self.in_time(*https_port, open).await
    }

    async fn in_time(
        &self,
        port: u16,
        open: impl Future<Output = Result<MqttSession, Failure>>,
    ) -> Result<MqttSession, Failure> {
        let late = |_| self.unreachable(port, &"it does not answer in time");
        tokio::time::timeout(CONNECT_TIMEOUT, open).await.map_err(late)?
    }

    /// Posts one message.
    ///
    /// # Errors
    /// Exit 4 when the credentials are not accepted, exit 1 for any other answer than 202.
    pub async fn post(&self, endpoint: &str, payload: Vec<u8>) -> Result<(), Failure> {
        let port = self.address.https_port;
        let mut url = reqwest::Url::parse(&format!("https://{}:{port}", self.address.host))
            .map_err(Failure::usage)?;
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.clear().extend(endpoint.split('/'));
        }
        let mut request = self.http.post(url).timeout(ANSWER_TIMEOUT);
        if let Some(password) = &self.credentials.password {
            request = request.basic_auth(&self.credentials.external_key, Some(password));
        }
        let request = request.header("content-type", content_type(&payload)).body(payload);
        let answer = request
            .send()
            .await
            .map_err(|error| self.unreachable(port, &innermost(&error.without_url())))?;
        match answer.status().as_u16() {
            202 => Ok(()),
            401 | 403 => Err(not_accepted(&self.credentials.external_key)),
            status => {
                let text = answer.text().await.unwrap_or_default();
                let text: String = text.chars().take(EXCERPT_CHARS_MAX).collect();
                let text = crate::print::json_text::plain(text.trim());
                Err(Failure::new(
                    ExitCode::Refused,
                    format!("the post was answered {status} {text}"),
                ))
            }
        }
    }

    fn unreachable(&self, port: u16, why: &dyn fmt::Display) -> Failure {
        let text = format!("cannot reach {}:{port}: {why}", self.address.host);
        Failure::new(ExitCode::Unreachable, text)
            .hint("check that the platform runs, host and port, and --cert-bundle")
    }
}

/// The platform does not say which part of the credentials was wrong.
fn not_accepted(external_key: &str) -> Failure {
    let text = format!("the platform does not accept the credentials of '{external_key}'");
    Failure::new(ExitCode::NotAuthorized, text).hint(
        "check that the twin exists and is ACTIVE, its external key, and where the password comes \
         from: --password-file, DEVICE_PASSWORD or the secret of its authId",
    )
}

fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// What a payload is, as far as its bytes tell.
fn content_type(payload: &[u8]) -> &'static str {
    if serde_json::from_slice::<serde::de::IgnoredAny>(payload).is_ok() {
        return "application/json";
    }
    match std::str::from_utf8(payload) {
        Ok(_) => "text/plain; charset=utf-8",
        Err(_) => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_types() {
        assert_eq!(content_type(b"{\"a\":1}"), "application/json");
        assert_eq!(content_type(b"{a"), "text/plain; charset=utf-8");
        assert_eq!(content_type(&[0xff, 0]), "application/octet-stream");
    }

    #[test]
    fn debug_output_shows_no_password() {
        let credentials =
            Credentials { external_key: "k".to_owned(), password: Some("secret".to_owned()) };
        assert!(!format!("{credentials:?}").contains("secret"));
    }
}
