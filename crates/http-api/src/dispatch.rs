//! Which part of the platform a request is for: by host name, by path for a bare host.

use std::sync::Arc;

use http::{Method, Request};
use hyper::body::Incoming;
use iot_api::ErrorCode;
use platform::Platform;
use platform::metrics::Metrics;
use platform::names::Surface;

use crate::answer::{Answer, error, request_id, set, text};
use crate::{control, data, device, token};

/// Answers one request.
pub(crate) async fn answer(platform: &Arc<Platform>, request: Request<Incoming>) -> Answer {
    let id = request_id(request.headers());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let mut answer = route(platform, request).await;
    set(&mut answer, "opc-request-id", &id);
    let status = answer.status().as_u16();
    Metrics::count(&platform.metrics().https_answers, status.to_string());
    if status >= 400 {
        tracing::info!(request.id = id, %method, path = %path.escape_debug(), status, "request refused");
    }
    answer
}

async fn route(platform: &Arc<Platform>, request: Request<Incoming>) -> Answer {
    if let Some(answer) = health(platform, request.method(), request.uri().path()) {
        return answer;
    }
    let host = host(&request);
    match platform.names().surface(&host) {
        Some(Surface::Control) => control::answer(platform, request).await,
        Some(Surface::Data(group)) => data::answer(platform, request, &host, Some(&group)).await,
        Some(Surface::Device(_)) => device::answer(platform, request, Some(&host)).await,
        Some(Surface::Identity(id)) if id == platform.identity_id() => {
            token::answer(platform, request).await
        }
        Some(Surface::Vaults | Surface::SecretBundles) => vault(),
        Some(Surface::Bare) => bare(platform, request, &host).await,
        Some(Surface::Identity(_)) | None => {
            let message = format!("this platform does not serve the host '{}'", host.escape_debug());
            error(ErrorCode::NotFound, &message)
        }
    }
}

/// A bare `localhost` or address: told apart by path (interface.md 2).
async fn bare(platform: &Arc<Platform>, request: Request<Incoming>, host: &str) -> Answer {
    let path = request.uri().path();
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    match first {
        "20250531" => control::answer(platform, request).await,
        "ords" => data::answer(platform, request, host, None).await,
        "oauth2" | "admin" => token::answer(platform, request).await,
        "20180608" | "20190301" => vault(),
        _ if request.method() == Method::POST => device::answer(platform, request, None).await,
        _ => error(ErrorCode::NotFound, "there is nothing at this path"),
    }
}

fn vault() -> Answer {
    let message = "the vault service's operations are not available on this platform";
    error(ErrorCode::MethodNotImplemented, message)
}

/// Health and metrics, on any host name.
fn health(platform: &Platform, method: &Method, path: &str) -> Option<Answer> {
    if *method != Method::GET {
        return None;
    }
    match path {
        "/health/live" => Some(text(200, "text/plain", "live\n")),
        "/health/ready" if platform.is_ready() => Some(text(200, "text/plain", "ready\n")),
        "/health/ready" => Some(text(503, "text/plain", "not ready\n")),
        "/metrics" => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            Some(text(200, kind, platform.metrics().text()))
        }
        _ => None,
    }
}

fn host(request: &Request<Incoming>) -> String {
    let header = request.headers().get(http::header::HOST).and_then(|host| host.to_str().ok());
    let authority = || request.uri().authority().map(|authority| authority.as_str());
    header.or_else(authority).unwrap_or_default().to_owned()
}
