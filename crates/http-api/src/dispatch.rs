//! Which part of the platform a request is for: by host name, by path for a bare host.

use std::sync::Arc;

use http::request::Parts;
use http::{HeaderMap, Method, Request, Uri};
use hyper::body::Incoming;
use iot_api::ErrorCode;
use platform::Platform;
use platform::certificates::ClientCertificate;
use platform::metrics::Metrics;
use platform::names::Surface;
use tokio::sync::{Notify, watch};

use crate::answer::{Answer, basic, error, request_id, set};
use crate::websocket::{self, Slot};
use crate::{body, control, data, device, emulation, health, history, openapi, token, vault};

/// What is known of the other end of a connection.
pub(crate) struct Peer {
    /// Its certificate, which the TLS layer has checked.
    pub certificate: Option<ClientCertificate>,
    /// Where its WebSocket goes.
    pub websocket: Slot,
    /// The word to stop, for answers that have no end of their own.
    pub shutdown: watch::Receiver<bool>,
    /// Cuts the connection: its other end takes nothing.
    pub abort: Notify,
}

/// Answers one request.
pub(crate) async fn answer(
    platform: &Arc<Platform>,
    peer: &Arc<Peer>,
    mut request: Request<Incoming>,
) -> Answer {
    let websocket = websocket(platform, peer, &mut request);
    let (parts, mut incoming) = request.into_parts();
    let id = request_id(&parts.headers);
    let mut answer = match websocket {
        Some(answer) => answer,
        None => route(platform, peer, &parts, &mut incoming).await,
    };
    set(&mut answer, "opc-request-id", &id);
    let status = answer.status().as_u16();
    Metrics::count(&platform.metrics().https_answers, status.to_string());
    let (method, path) = (&parts.method, parts.uri.path().escape_debug());
    if status >= 500 {
        tracing::warn!(request.id = id, %method, %path, status, "request failed");
    } else if status >= 400 {
        tracing::info!(request.id = id, %method, %path, status, "request refused");
    }
    if status >= 400 {
        body::discard(&parts, &mut incoming).await;
    }
    answer
}

/// The answer to a WebSocket handshake for MQTT, if the request is one on a host of devices.
fn websocket(
    platform: &Arc<Platform>,
    peer: &Peer,
    request: &mut Request<Incoming>,
) -> Option<Answer> {
    if !websocket::is_wanted(request) {
        return None;
    }
    let host = host(request.headers(), request.uri());
    match platform.names().surface(&host)? {
        Surface::Device(_) => Some(websocket::answer(request, Some(host), &peer.websocket)),
        Surface::Bare => Some(websocket::answer(request, None, &peer.websocket)),
        _ => None,
    }
}

async fn route(
    platform: &Arc<Platform>,
    peer: &Arc<Peer>,
    parts: &Parts,
    incoming: &mut Incoming,
) -> Answer {
    if parts.headers.get_all(http::header::HOST).iter().count() > 1 {
        return error(ErrorCode::InvalidParameter, "a request has one Host header");
    }
    let path = parts.uri.path();
    if let Some(answer) = health::answer(platform, parts) {
        return answer;
    }
    if let Some(answer) = openapi::answer(&parts.method, path) {
        return answer;
    }
    let host = host(&parts.headers, &parts.uri);
    let certificate = peer.certificate.as_ref();
    match platform.names().surface(&host) {
        Some(Surface::Control) if history::is_meant(path) => {
            history::answer(platform, parts, incoming).await
        }
        Some(Surface::Control) => control::answer(platform, parts, incoming).await,
        Some(Surface::Data(group)) => {
            data::answer(platform, peer, parts, &host, Some(&group)).await
        }
        Some(Surface::Device(_)) => {
            device::answer(platform, parts, incoming, (Some(&host), certificate)).await
        }
        Some(Surface::Identity(id)) if id.eq_ignore_ascii_case(platform.identity_id()) => {
            token::answer(platform, parts, incoming).await
        }
        Some(Surface::Vaults | Surface::SecretBundles) => {
            vault::answer(platform, parts, incoming).await
        }
        Some(Surface::Bare) => bare(platform, peer, parts, incoming, &host).await,
        Some(Surface::Identity(_)) | None => {
            let message =
                format!("this platform does not serve the host '{}'", host.escape_debug());
            error(ErrorCode::NotFound, &message)
        }
    }
}

/// What the first segments of a path mean on a bare host (interface.md 2).
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Control,
    History,
    Data,
    Token,
    Vault,
    Other,
}

fn part(path: &str) -> Part {
    // An endpoint with a trailing slash doubles the first one (control-plane.md 1.1).
    let mut segments = path.trim_start_matches('/').split('/');
    match (segments.next(), segments.next(), segments.next()) {
        (Some("20250531"), ..) => Part::Control,
        (Some("platform"), Some("v1"), _) => Part::History,
        (Some("ords"), ..) => Part::Data,
        (Some("oauth2"), ..) | (Some("admin"), Some("v1"), Some("SigningCert")) => Part::Token,
        (Some("20180608" | "20190301"), ..) => Part::Vault,
        _ => Part::Other,
    }
}

/// A bare `localhost` or address: told apart by path.
async fn bare(
    platform: &Arc<Platform>,
    peer: &Arc<Peer>,
    parts: &Parts,
    incoming: &mut Incoming,
    host: &str,
) -> Answer {
    let certificate = peer.certificate.as_ref();
    let path = parts.uri.path();
    if let Some(answer) = emulation::answer(platform, parts, incoming).await {
        return answer;
    }
    let has_credentials = certificate.is_some() || basic(&parts.headers).is_some();
    match part(path) {
        Part::Control => control::answer(platform, parts, incoming).await,
        Part::History => history::answer(platform, parts, incoming).await,
        Part::Data => data::answer(platform, peer, parts, host, None).await,
        Part::Token => token::answer(platform, parts, incoming).await,
        Part::Vault => vault::answer(platform, parts, incoming).await,
        Part::Other if parts.method == Method::POST && has_credentials => {
            device::answer(platform, parts, incoming, (None, certificate)).await
        }
        Part::Other => {
            let message = "there is nothing at this path; devices POST with Basic credentials or a certificate";
            error(ErrorCode::NotFound, message)
        }
    }
}

fn host(headers: &HeaderMap, uri: &Uri) -> String {
    let header = headers.get(http::header::HOST).and_then(|host| host.to_str().ok());
    let authority = || uri.authority().map(|authority| authority.as_str());
    header.or_else(authority).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_hosts_are_told_apart_by_path() {
        let is = |path: &str, expected| assert_eq!(part(path), expected, "{path}");
        is("/20250531/iotDomains/x", Part::Control);
        is("//20250531/iotDomains/x", Part::Control);
        is("/platform/v1/digitalTwinInstances/x/actions/rewriteHistory", Part::History);
        is("/ords/d/20250531/rawData", Part::Data);
        is("/oauth2/v1/token", Part::Token);
        is("/admin/v1/SigningCert/jwk", Part::Token);
        is("/20180608/secrets", Part::Vault);
        is("/20190301/secretbundles/x", Part::Vault);
        is("/admin/telemetry", Part::Other);
        is("/iot/v1", Part::Other);
        is("/", Part::Other);
    }
}
